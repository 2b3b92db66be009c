# A thin front for CMake; see CONTRIBUTING.md. Each goal works on a clean clone, and again.
.PHONY: all build demo figures purity clicks loops voices streams stream-figures effects hashes bench bench-peers \
    performance pictures test format check-format lint sanitize rtsan clean help

all: build

help:
	@echo 'make               the library and the tool, into build/'
	@echo 'make demo          install what the demo needs, render a scene, play it'
	@echo 'make purity        how clean pitched voices are, measured, beside the figures to reach'
	@echo 'make clicks        how smooth every default change is, measured, beside the figure to reach'
	@echo 'make loops         whether loops have a seam, measured'
	@echo 'make voices        what thousands of virtual voices cost, measured'
	@echo 'make streams       streams from disk beside loaded sounds: samples, gaps, starts, memory, measured'
	@echo 'make effects       how good effects are, measured beside the marks to reach, and what they cost'
	@echo 'make figures       the first five, one after the other; of streams what is quick'
	@echo 'make stream-figures  measure all of streams and write it into docs/streams.md'
	@echo 'make hashes        whether the examples render to the same samples at every block size, with their hashes'
	@echo 'make bench         how fast this machine mixes, beside the least that it could take'
	@echo 'make bench-peers   the same beside other mixers: FAudio, OpenAL Soft and SDL2_mixer'
	@echo 'make performance   measure all that and write it into docs/performance.md'
	@echo 'make pictures      draw the pictures of the documentation'
	@echo 'make test          install what the tests need, run all of them with gcc, clang and the sanitizers'
	@echo 'make format        format the sources'
	@echo 'make check-format  say which sources are not formatted'
	@echo 'make lint          clang-tidy'
	@echo 'make sanitize      the tests under ASan and UBSan, and under TSan'
	@echo 'make rtsan         the tests under RealtimeSanitizer (clang 22)'
	@echo 'make clean         remove build/'

build:
	@scripts/build

demo:
	@scripts/setup --demo
	@scripts/build
	@scripts/demo

purity clicks loops voices streams:
	@scripts/setup --build
	@scripts/build
	@cmake --build build --target motet_$@ --parallel >/dev/null
	@build/bench/$@

effects:
	@scripts/setup --build
	@scripts/build
	@cmake --build build --target motet_effects_filters motet_effects_space motet_effects_convolution --parallel >/dev/null
	@failed=0; for name in filters space convolution; do \
	    echo "== $$name"; build/bench/effects_$$name || failed=1; echo; done; exit $$failed

# Goes on after one that does not reach its figures, and fails at the end.
figures:
	@scripts/setup --build
	@scripts/build
	@cmake --build build --target motet_purity motet_clicks motet_loops motet_voices motet_streams --parallel >/dev/null
	@failed=0; for name in purity clicks loops voices "streams samples gaps hour"; do \
	    echo "== $$name"; build/bench/$$name || failed=1; echo; done; exit $$failed

stream-figures:
	@scripts/setup --build
	@scripts/build
	@cmake --build build --target motet_streams --parallel >/dev/null
	@scripts/stream-figures

hashes:
	@scripts/setup --build
	@scripts/build
	@scripts/hashes

bench:
	@scripts/setup --build
	@scripts/build
	@build/motet bench

bench-peers:
	@scripts/setup --peers
	@scripts/build -DMOTET_PEERS=ON
	@cmake --build build --target motet_peers --parallel >/dev/null
	@build/bench/peers --json build/bench/peers.json
	@build/motet bench --from build/bench/peers.json -o build/bench/peers.svg >/dev/null
	@echo 'bench-peers: build/bench/peers.json, build/bench/peers.svg'

performance: bench-peers
	@scripts/performance

pictures:
	@scripts/setup --demo
	@scripts/build
	@mkdir -p docs/images
	build/motet draw examples/demo.jsonl -o docs/images/demo.svg

test:
	@scripts/setup --test
	@scripts/test gcc asan tsan rtsan

sanitize:
	@scripts/test asan tsan

rtsan:
	@scripts/test rtsan

format:
	@scripts/format

check-format:
	@scripts/format --check

lint:
	@scripts/lint

clean:
	rm -rf build
