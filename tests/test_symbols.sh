#!/usr/bin/env bash
# labels: project
# The shared library exports what the header declares and nothing else; no global name of the static ones can meet a
# program's own; and the core needs only libc and libm, all of it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat "$MOTET_SOURCE"/include/motet/*.h | tr '\n' ' ' | tr ';' '\n' | grep 'MOTET_API' |
    grep -oE '\bmotet_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u >"$work/declared"
nm -D --defined-only "$MOTET_BUILD/libmotet.so" | awk '{ print $3 }' |
    grep -vxE '__bss_start|_edata|_end' | sort -u >"$work/exported" # without the linker's own
if ! diff "$work/declared" "$work/exported"; then
    echo "< declared but not exported; > exported but not declared"
    exit 1
fi
(($(wc -l <"$work/declared") > 20)) || { echo "hardly a function was found in the header"; exit 1; }

for library in libmotet.a libmotet_core.a; do
    nm -g --defined-only "$MOTET_BUILD/$library" | awk 'NF == 3 && $3 !~ /^motet_/ { print $3 }' >"$work/foreign"
    if [[ -s $work/foreign ]]; then
        echo "$library has global names that do not start with motet_:"
        cat "$work/foreign"
        exit 1
    fi
done

# The tool is linked with the static library, where a name that both have would silently be the tool's.
names() { awk 'NF == 3 { print $3 }' | sort -u; }
nm -g --defined-only "$MOTET_BUILD/libmotet.a" | names >"$work/library"
find "$MOTET_BUILD/CMakeFiles" -path '*/cli/*.o' -print0 | xargs -0 nm -g --defined-only | names >"$work/tool"
[[ -s $work/tool ]] || { echo "the tool's objects were not found"; exit 1; }
if comm -12 "$work/library" "$work/tool" | grep .; then
    echo "are names of the library and of the tool at once"
    exit 1
fi

echo 'int main(void) { return 0; }' >"$work/main.c"
"${CC:-cc}" "$work/main.c" -o "$work/main" -pthread \
    -Wl,--whole-archive "$MOTET_BUILD/libmotet_core.a" -Wl,--no-whole-archive -lm
for library in $(readelf -d "$work/main" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'); do
    case $library in
    libc.so.* | libm.so.* | libpthread.so.* | ld-linux*) ;;
    *) echo "motet::core needs $library"; exit 1 ;;
    esac
done
echo "symbols: $(wc -l <"$work/declared") functions exported"
