#!/usr/bin/env bash
# labels: project
# What `cmake --install` leaves can be used through find_package and through pkg-config, from another place than the
# one it was installed to.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
compiler=${CC:-cc}
export MOTET_DEVICE=null

cmake --install "$MOTET_BUILD" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix"
prefix=$work/prefix
libdir=$(dirname "$(find "$prefix" -name libmotet_core.a)")

cat >"$work/consumer.c" <<'C'
#include <motet/motet.h>
int main(void)
{
    motet_engine *engine = motet_engine_create(NULL);
    motet_engine_destroy(engine);
    return engine == NULL;
}
C

# The core alone offers no device, so its consumer renders for itself.
cat >"$work/core.c" <<'C'
#include <motet/motet.h>
int main(void)
{
    float frames[64 * 2];
    motet_engine_def def = {.device = MOTET_DEVICE_MANUAL};
    motet_engine *engine = motet_engine_create(&def);
    if (engine == NULL) return 1;
    motet_engine_render_f32(engine, frames, 64);
    motet_engine_destroy(engine);
    return 0;
}
C

echo "find_package: motet::motet, motet::core, motet::static"
cat >"$work/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(consumer C)
find_package(motet 0.1 REQUIRED COMPONENTS motet core static)
add_executable(with_motet consumer.c)
target_link_libraries(with_motet PRIVATE motet::motet)
add_executable(with_static consumer.c)
target_link_libraries(with_static PRIVATE motet::static)
add_executable(with_core core.c)
target_link_libraries(with_core PRIVATE motet::core)
CMAKE
if ! cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$compiler" >"$work/log" 2>&1 ||
    ! cmake --build "$work/build" >>"$work/log" 2>&1; then
    cat "$work/log"
    exit 1
fi
for program in with_motet with_static with_core; do
    "$work/build/$program" || { echo "$program failed"; exit 1; }
done

# depends PROGRAM LIBRARY: whether the program asks for the shared library.
depends() {
    grep -q "NEEDED.*\[$2" <<<"$(readelf -d "$1")"
}
depends "$work/build/with_motet" libmotet.so.0 || { echo "motet::motet is not libmotet.so.0"; exit 1; }
for library in libmotet libsndfile libvorbis libSDL; do
    if depends "$work/build/with_core" $library; then echo "motet::core needs $library"; exit 1; fi
done
for library in libmotet libSDL; do
    if depends "$work/build/with_static" $library; then echo "motet::static needs $library"; exit 1; fi
done

echo "pkg-config: shared and static"
export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra flags <<<"$(pkg-config --cflags --libs motet)"
"$compiler" "$work/consumer.c" -o "$work/by_pkg_config" "${flags[@]}"
LD_LIBRARY_PATH=$libdir "$work/by_pkg_config"
# Only motet itself: Debian's sndfile.pc asks, for a static program, for libraries that its package does not bring.
read -ra private <<<"$(pkg-config --print-requires-private motet | tr '\n' ' ')"
read -ra flags <<<"$(pkg-config --cflags --libs "${private[@]}")"
"$compiler" -I "$prefix/include" "$work/consumer.c" "$libdir/libmotet.a" -o "$work/by_pkg_config_static" \
    "${flags[@]}" -lm -ldl -pthread
"$work/by_pkg_config_static"

echo "the tool that was installed"
version=$(pkg-config --modversion motet)
grep -qF "$version" <<<"$("$prefix/bin/motet" version)" || { echo "the tool does not say that it is $version"; exit 1; }
