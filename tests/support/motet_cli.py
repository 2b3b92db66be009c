"""What the tests of the command line have in common: running the tool, rendering timelines into arrays, counting."""
import json
import os
import subprocess
import sys
import tempfile
import traceback

import numpy as np

MOTET = os.path.abspath(os.environ.get("MOTET") or (sys.argv[1] if len(sys.argv) > 1 else "build/motet"))
HEADER = {"motet": 1, "rate": 48000, "limiter": False}


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.bytes = done.stdout
        self.error = done.stderr.decode()

    @property
    def text(self):
        return self.bytes.decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def lines(self):
        return self.error.splitlines()


def run(*arguments, stdin=b"", environment=None, timeout=60):
    """Runs the tool in the present folder."""
    full = dict(os.environ, **(environment or {}))
    done = subprocess.run([MOTET, *[str(a) for a in arguments]], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=full, timeout=timeout, check=False)
    return Result(done)


def timeline_bytes(lines, header=None):
    """Lines as dictionaries or text, after a header (HEADER, changed by `header`)."""
    first = dict(HEADER, **(header or {}))
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in [first, *lines]).encode()


def write_timeline(path, lines, header=None):
    with open(path, "wb") as file:
        file.write(timeline_bytes(lines, header))
    return path


def render(lines, *options, header=None, channels=2):
    """Renders to an array of float32 frames."""
    result = run("render", "-", "-o", "-", *options, stdin=timeline_bytes(lines, header))
    assert result.code == 0, result.error
    return np.frombuffer(result.bytes, dtype="<f4").reshape(-1, channels)


def errors_of(lines, header=None, verb="check"):
    """The error lines of a timeline that is wrong, with the file called -."""
    arguments = ["check", "-"] if verb == "check" else ["render", "-", "-o", "out.wav"]
    result = run(*arguments, stdin=timeline_bytes(lines, header))
    assert result.code == 1, f"exit {result.code}: {result.error}"
    return result.lines


def same(got, expected, what=""):
    """Two arrays of the same shape and bits; says where they first differ."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{what} shape {got.shape}, expected {expected.shape}"
    different = np.flatnonzero((got != expected).reshape(len(got), -1).any(axis=1))
    if len(different):
        at = different[0]
        raise AssertionError(f"{what} differs first at frame {at}: {got[at]!r}, expected {expected[at]!r}; "
                             f"{len(different)} of {len(got)} frames")


def near(got, expected, tolerance, what=""):
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{what} shape {got.shape}, expected {expected.shape}"
    if len(got):
        difference = np.abs(got.astype(np.float64) - expected)
        at = int(np.argmax(difference.reshape(len(got), -1).max(axis=1)))
        assert difference.max() <= tolerance, f"{what} differs by {difference.max()} at frame {at}"


def equal(got, expected, what=""):
    assert got == expected, f"{what}\n  got      {got!r}\n  expected {expected!r}"


def main(namespace):
    """Runs every function of the caller whose name starts with test_, each in an empty folder of its own."""
    if not os.path.exists(MOTET):
        print(f"no tool at {MOTET}; set MOTET")
        return 1
    failed = 0
    tests = [(name, item) for name, item in namespace.items() if name.startswith("test_") and callable(item)]
    for name, test in tests:
        home = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                test()
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(f"FAILED {name}")
                traceback.print_exc()
            finally:
                os.chdir(home)
    print(f"{len(tests) - failed} of {len(tests)} passed")
    return 1 if failed or not tests else 0
