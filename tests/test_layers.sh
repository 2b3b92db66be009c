#!/usr/bin/env bash
# labels: project
# Includes point downwards in the tree, and scripts/check-layers would see one that does not.
set -euo pipefail
check=$MOTET_SOURCE/scripts/check-layers

"$check" "$MOTET_SOURCE"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{cli,examples,include/motet} "$root"/src/{base,dsp,effects,space,engine,decode,device,adapters}
touch "$root/include/motet/motet.h" "$root/cli/play.h" \
    "$root"/src/{base/ring.h,dsp/mix.h,effects/echo.h,space/pan.h,engine/{engine,decoder,device,adapters}.h} \
    "$root"/src/{decode/vorbis.h,device/sdl.h}

# expect allowed|refused FILE INCLUDE...: one file with these includes.
expect() {
    local wanted=$1 file=$root/$2 got=refused
    shift 2
    printf '#include %s\n' "$@" >"$file"
    if "$check" "$root" >"$root/out"; then got=allowed; fi
    if [[ $got != "$wanted" ]]; then
        echo "$file with $* should be $wanted:"
        cat "$root/out"
        exit 1
    fi
    if [[ $got == refused ]] && ! grep -qF "${file#"$root/"}:1:" "$root/out"; then
        echo "the message does not name ${file#"$root/"}:1:"
        cat "$root/out"
        exit 1
    fi
    rm "$file"
}

expect allowed src/base/a.c '"base/ring.h"' '"ring.h"' '<motet/motet.h>' '<stdint.h>' '<sys/mman.h>'
expect allowed src/dsp/a.c '"dsp/mix.h"' '"base/ring.h"'
expect allowed src/effects/a.c '"effects/echo.h"' '"dsp/mix.h"' '"base/ring.h"'
expect allowed src/space/a.c '"space/pan.h"' '"dsp/mix.h"' '"base/ring.h"'
expect allowed src/engine/a.c '"effects/echo.h"' '"space/pan.h"' '"dsp/mix.h"' '"base/ring.h"' '"engine/device.h"'
expect allowed src/decode/a.c '"engine/decoder.h"' '"base/ring.h"' '<sndfile.h>' '<vorbis/vorbisfile.h>'
expect allowed src/device/a.c '"engine/device.h"' '"base/ring.h"' '<SDL.h>'
expect allowed src/adapters/full.c '"engine/adapters.h"' '"decode/vorbis.h"' '"device/sdl.h"'
expect allowed cli/a.c '"motet/motet.h"' '"play.h"' '<jansson.h>' '<sndfile.h>' '<ebur128.h>'

expect refused src/base/a.c '"dsp/mix.h"'
expect refused src/base/a.c '<dsp/mix.h>'
expect refused src/base/a.c '"../dsp/mix.h"'
expect refused src/base/a.c '<sndfile.h>'
expect refused src/dsp/a.c '"engine/engine.h"'
expect refused src/effects/a.c '"space/pan.h"'
expect refused src/space/a.c '"effects/echo.h"'
expect refused src/engine/a.c '"decode/vorbis.h"'
expect refused src/engine/a.c '<SDL2/SDL.h>'
expect refused src/decode/a.c '"engine/engine.h"'
expect refused src/decode/a.c '"device/sdl.h"'
expect refused src/device/a.c '"engine/decoder.h"'
expect refused src/adapters/full.c '"engine/engine.h"'
expect refused cli/a.c '"base/ring.h"'
expect refused cli/a.c '<SDL.h>'
expect refused examples/a.c '"engine/engine.h"'
expect refused examples/a.c '<sndfile.h>'
expect refused src/other.c '"base/ring.h"'
echo "layers: planted violations are found"
