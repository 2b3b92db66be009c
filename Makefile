# A thin front for CMake; see CONTRIBUTING.md. Each goal works on a clean clone, and again.
.PHONY: all build demo purity clicks pictures test format check-format lint sanitize rtsan clean help

all: build

help:
	@echo 'make               the library and the tool, into build/'
	@echo 'make demo          install what the demo needs, render a scene, play it'
	@echo 'make purity        how clean pitched voices are, measured, beside the figures to reach'
	@echo 'make clicks        how smooth every default change is, measured, beside the figure to reach'
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

purity:
	@scripts/setup --build
	@scripts/build
	@cmake --build build --target motet_purity --parallel >/dev/null
	@build/bench/purity

clicks:
	@scripts/setup --build
	@scripts/build
	@cmake --build build --target motet_clicks --parallel >/dev/null
	@build/bench/clicks

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
