#!/usr/bin/env bash
# labels: project
# The public header compiles alone, as C11 and as C++, without a warning; two translation units can share it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
c=${CC:-cc}
cxx=${CXX:-c++}
for header in "$MOTET_SOURCE"/include/motet/*.h; do
    echo "#include <motet/${header##*/}>"
done >"$work/unit.c"
cp "$work/unit.c" "$work/unit.cpp"
warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror -I "$MOTET_SOURCE/include")

# compiles COMMAND...: as C11, as C++11 and as C++20.
compiles() {
    "$c" -std=c11 "${warnings[@]}" -Wstrict-prototypes -fsyntax-only "$@" "$work/unit.c" &&
        "$cxx" -std=c++11 "${warnings[@]}" -fsyntax-only "$@" "$work/unit.cpp" &&
        "$cxx" -std=c++20 "${warnings[@]}" -fsyntax-only "$@" "$work/unit.cpp"
}
compiles
if command -v clang >/dev/null && command -v clang++ >/dev/null; then
    c=clang cxx=clang++ compiles
fi

# The control: a header that is only C is seen.
mkdir -p "$work/planted/motet"
echo 'int motet_class(int class);' >"$work/planted/motet/motet.h"
if compiles -I "$work/planted" -include "$work/planted/motet/motet.h" 2>/dev/null; then
    echo "a header that is not C++ was not noticed"
    exit 1
fi

# Functions in the header must not collide at link time.
cp "$work/unit.c" "$work/second.c"
echo 'int main(void) { return 0; }' >>"$work/unit.c"
"$c" -std=c11 -I "$MOTET_SOURCE/include" "$work/unit.c" "$work/second.c" -o "$work/linked"
echo "header: compiles alone as C11, C++11 and C++20"
