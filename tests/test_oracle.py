"""Renders timelines with the tool named by MOTET and compares every sample and every event with tests/oracle.

    test_oracle.py                      the hand-picked timelines and a few random ones
    test_oracle.py --seeds 5000         more random ones, from --first on
    test_oracle.py --keep FOLDER        leaves the timelines that differ there
    test_oracle.py FILE.jsonl ...       these timelines alone
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from oracle import cases, mixer, output, random_timelines  # noqa: E402

MOTET = os.environ.get("MOTET")
SKIPPED = 77
BLOCKS = (1, 63, 64, 512, 4096)


def what(event):
    if event["event"] == "voice_marker":
        return "voice_marker %d x %d" % (event["marker"], event["count"])
    return event["reason"] or event["event"].replace("feed_", "")


def run_tool(path, out, *options):
    """The samples as the file has them, and the events as (frame, what, name)."""
    command = [MOTET, "render", path, "-o", out, "--stats", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError("exit %d: %s%s" % (done.returncode, done.stderr, done.stdout))
    report = json.loads(done.stdout)
    samples, _ = output.read_wav(out)
    if report["frames"] != len(samples):
        raise AssertionError("it reports %d frames and writes %d" % (report["frames"], len(samples)))
    events = [(event["frame"], what(event), event["voice"]) for event in report["events"] if event["event"] != "voice_looped"]
    return samples, sorted(events, key=str)


def compare(got, want, bounds):
    """None, or where and by how much `got` misses."""
    if got.shape != want.shape:
        return "%d frames of %d channels, expected %d of %d" % (got.shape + want.shape)
    error = numpy.abs(got - want)
    wrong = numpy.argwhere(~(error <= bounds))
    if len(wrong) == 0:
        return None
    frame, side = (int(k) for k in wrong[0])
    return "%d samples differ, first at frame %d channel %d: got %.9g, expected %.9g; at most by %.3g" % (
        len(wrong), frame, side, got[frame, side], want[frame, side], numpy.nanmax(error),
    )  # fmt: skip


class Check:
    """One timeline, rendered by both."""

    def __init__(self, path, folder, rate=None):
        self.path = path
        self.wav = os.path.join(folder, "out.wav")
        self.options = ["--rate", str(rate)] if rate else []
        try:
            self.expected = mixer.render(path, rate)
        except mixer.NoEnd:
            self.expected = None
            return
        self.bounds = self.expected.bounds * 1.01 + 1e-12 * (self.expected.bounds > 0)

    def tool(self, *options):
        return run_tool(self.path, self.wav, *self.options, *options)

    def problems(self, blocks):
        if self.expected is None:
            yield self.problem_without_end()
            return
        first, events = self.tool()
        problem = compare(first, self.expected.samples, self.bounds)
        if problem:
            yield problem
        expected = sorted((event[:3] for event in self.expected.events), key=str)
        if events != expected:
            yield "events %s, expected %s" % (events, expected)
        for block in blocks:
            again, _ = self.tool("--block", str(block))
            problem = compare(again, first, 0 * first)
            if problem:
                yield "with --block %d: %s" % (block, problem)

    def problem_without_end(self):
        done = subprocess.run([MOTET, "render", self.path, "-o", self.wav], capture_output=True, text=True, timeout=120)
        if done.returncode == 1 and "--seconds" in done.stderr:
            return None
        return "exit %d and %r, expected 1 and the advice to give --seconds" % (done.returncode, done.stderr)


def without_filters(line):
    """The line with what the oracle knows of where the tool's default is a longer filter."""
    if "sound" in line:
        return {"convert": False, **line}
    return {"quality": "cubic", **line} if "play" in line or "play_stems" in line or "open" in line else line


def write(folder, header, lines):
    path = os.path.join(folder, "timeline.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        for line in [{"motet": 1, "rate": cases.RATE, "limiter": False, **header}, *map(without_filters, lines)]:
            file.write(json.dumps(line) + "\n")
    return path


# What becomes of the mix on its way into a file ---------------------------------------------------------------------


def check_formats(folder, seed):
    """Whole numbers, rounded from the very floats that the tool writes; some of them are beyond +-1."""
    path = write(folder, *random_timelines.make(seed))
    check = Check(path, folder)
    floats, _ = check.tool()
    for name, bits in (("s16", 16), ("s24", 24)):
        whole, _ = check.tool("--format", name)
        yield compare(whole, output.integers(floats, bits), 0)


def check_one_channel(folder, seed):
    header, lines = random_timelines.make(seed)
    two, _ = Check(write(folder, header, lines), folder).tool()
    one, _ = Check(write(folder, {**header, "channels": 1}, lines), folder).tool()
    yield compare(one, output.one_channel(two), 0)


def check_limiter(folder, seed):
    """Below the ceiling it changes no bit, and the file starts at engine frame 0."""
    header, lines = random_timelines.make(seed)
    lines = [{"at": 0, "set_bus": "Master", "volume_db": -60, "fade": 0}] + [
        {key: value for key, value in line.items() if line.get("set_bus") != "Master" or key != "volume_db"}
        for line in lines
    ]
    lines = [line for line in lines if line.keys() - {"at", "fade", "curve"} != {"set_bus"}]
    lines.sort(key=lambda line: line.get("at", -1))
    without, events = Check(write(folder, header, lines), folder).tool()
    yield None if numpy.abs(without).max() < 1 else "the sum is too loud for this check"
    limited, limited_events = Check(write(folder, {**header, "limiter": True}, lines), folder).tool()
    yield compare(limited, without, 0)
    yield None if events == limited_events else "events %s, without the limiter %s" % (limited_events, events)


def check_controls(folder):
    """What the comparison must see: a fade that is a frame longer, a gain that is a step of f32 higher, another order
    of the sum."""
    lines = [
        cases.constant(value=0.7),
        cases.constant("d", value=0.3, channels=1),
        {"at": 0, "play": "c", "as": "v", "volume_db": -7},
        {"at": 0, "play": "d", "as": "w", "volume_db": -3},
        {"at": 0, "play": "d", "as": "x", "volume_db": -11.1},
        {"at": 20, "set": "v", "volume_db": -20, "fade": 100},
        {"at": 200, "end": True},
    ]
    check = Check(write(folder, {}, lines), folder)
    longer = lines[:5] + [dict(lines[5], fade=101)] + lines[6:]
    got, _ = run_tool(write(folder, {}, longer), check.wav)
    if compare(got, check.expected.samples, check.bounds) is None:
        yield "a longer fade is not seen"
    swapped = lines[:2] + [lines[4], lines[3], lines[2]] + lines[5:]
    got, _ = run_tool(write(folder, {}, swapped), check.wav)
    if compare(got, check.expected.samples, check.bounds) is None:
        yield "another order of the sum is not seen"
    higher = numpy.nextafter(check.expected.samples.astype(numpy.float32), numpy.float32(2)).astype(numpy.float64)
    if compare(higher[:20], check.expected.samples[:20], check.bounds[:20]) is None:
        yield "a step of f32 is not seen"


class Run:
    def __init__(self, folder, keep):
        self.folder = folder
        self.keep = keep
        self.count = self.failures = 0

    def report(self, name, path, problems):
        self.count += 1
        found = []
        try:
            found = [problem for problem in problems() if problem]
        except AssertionError as error:
            found = [str(error)]
        for problem in found:
            print("%s: %s" % (name, problem), flush=True)
        self.failures += bool(found)
        if found and path and self.keep:
            os.makedirs(self.keep, exist_ok=True)
            with open(path) as source, open(os.path.join(self.keep, name + ".jsonl"), "w") as copy:
                copy.write(source.read())

    def timeline(self, name, path, blocks, rate=None):
        self.report(name, path, lambda: Check(path, self.folder, rate).problems(blocks))


def run_all(run, options):
    random_timelines.write_assets(run.folder)
    for index, (name, header, lines) in enumerate(cases.cases()):
        if options.only in name:
            header = dict(header)
            rate = header.pop("--rate", None)
            run.timeline(name, write(run.folder, header, lines), (BLOCKS[index % 5],), rate)
    for seed in range(options.first, options.first + options.seeds):
        path = write(run.folder, *random_timelines.make(seed))
        run.timeline("seed %d" % seed, path, (BLOCKS[seed % 5],))
    if not options.only:
        for check in (check_formats, check_one_channel, check_limiter):
            for seed in range(900000, 900004):
                run.report("%s %d" % (check.__name__, seed), None, lambda: check(run.folder, seed))
        run.report("controls", None, lambda: check_controls(run.folder))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=int(os.environ.get("MOTET_TEST_SEEDS", "200")))
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--keep", metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="TEXT", help="of the picked ones, those with this in their name")
    parser.add_argument("files", nargs="*", metavar="FILE.jsonl")
    options = parser.parse_args()
    if not MOTET:
        print("MOTET does not name the tool")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        run = Run(folder, options.keep)
        for path in options.files:
            run.timeline(path, path, BLOCKS)
        if not options.files:
            run_all(run, options)
    print("%d timelines, %d differ" % (run.count, run.failures))
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
