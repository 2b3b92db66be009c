#!/usr/bin/env bash
# labels: project
# The first C sample of README.md compiles without a warning, runs, and plays a real sound.
set -euo pipefail
readme=$MOTET_SOURCE/README.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[[ -f $readme ]] || { echo "no README.md"; exit 77; }
awk '/^```c$/ { on = 1; next } /^```/ && on { exit } on' "$readme" >"$work/block"
[[ -s $work/block ]] || { echo "README.md has no C sample"; exit 77; }

# A sample without main() is the inside of one.
if grep -q 'main *(' "$work/block"; then
    cp "$work/block" "$work/sample.c"
else
    {
        printf '#include <motet/motet.h>\nint main(void)\n{\n'
        cat "$work/block"
        printf 'return 0;\n}\n'
    } >"$work/sample.c"
fi

build() {
    "${CC:-cc}" -std=c11 -Wall -Wextra -Wpedantic -Werror -I "$MOTET_SOURCE/include" "$1" -o "$work/sample" \
        -L "$MOTET_BUILD" -lmotet
}
build "$work/sample.c"

# The control: a call that does not exist must not build.
sed 's/motet_engine_create/motet_engine_creat/' "$work/sample.c" >"$work/wrong.c"
if build "$work/wrong.c" 2>/dev/null; then
    echo "a sample with a wrong call was not noticed"
    exit 1
fi

build "$work/sample.c"
LD_LIBRARY_PATH=$MOTET_BUILD "$MOTET_SOURCE/scripts/run-example" "$work/sample"
echo "README.md: its sample compiles and runs"
