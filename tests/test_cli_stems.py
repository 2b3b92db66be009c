"""Timelines whose voices follow each other or are locked together: queues and stems. Every sample against what the rules
say, in numpy; the same for every block size; and what is wrong with such lines."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, errors_of, main, render, run, same, timeline_bytes

RATE = 48000
BLOCKS = (1, 63, 64, 512)
A = {"sound": "a", "ramp": {"from": 0.0, "to": 0.5, "seconds": 4801 / RATE}}
B = {"sound": "b", "constant": {"value": 0.25, "seconds": 1000 / RATE}}
C = {"sound": "c", "constant": {"value": 0.25, "seconds": 0.1, "rate": 24000}}
SLOPE = (0.5 * np.arange(4801) / 4800).astype(np.float32)


def stereo(mono):
    return np.repeat(np.asarray(mono, dtype=np.float32)[:, None], 2, axis=1)


def report(lines, *options):
    result = run("render", "-", "-o", "out.wav", "--stats", "--json", *options, stdin=timeline_bytes(lines))
    equal(result.code, 0, result.error)
    return result.json


def ends(lines):
    events = report(lines)["events"]
    return {event["voice"]: (event["frame"], event["reason"]) for event in events if event["event"] == "voice_ended"}


def check_blocks(lines):
    whole = render(lines)
    for block in BLOCKS:
        same(render(lines, "--block", block), whole, f"block {block}")
    return whole


def test_queue():
    lines = [A, B, {"at": 0, "play": "a", "as": "v"}, {"at": 100, "play": "b", "as": "w", "after": "v"},
             {"at": 200, "play": "a", "as": "x", "after": "w"}]
    whole = check_blocks(lines)
    same(whole, stereo(np.concatenate([SLOPE, np.full(1000, 0.25), SLOPE])))
    equal(ends(lines), {"v": (4801, "ended"), "w": (5801, "ended"), "x": (10602, "ended")}, "ends")
    equal(report(lines)["voices_started"], 3, "voices")


def test_queue_behind_one_that_is_over():
    lines = [A, B, {"at": 0, "play": "b", "as": "v"}, {"at": 5000, "play": "b", "as": "w", "after": "v"}]
    same(check_blocks(lines), stereo([0.25] * 1000 + [0] * 4000 + [0.25] * 1000))
    lines[3:] = [{"at": 500, "play": "b", "as": "w", "after": "v"}, {"at": 600, "stop": "v", "fade": 0}]
    same(check_blocks(lines), stereo([0.25] * 600))
    equal(ends(lines), {"v": (600, "stopped"), "w": (600, "stopped")}, "ends")
    equal(report(lines)["voices_started"], 1, "voices")


def test_crossfade():
    lines = [A, B, {"at": 0, "play": "b", "as": "v"},
             {"at": 0, "play": "b", "as": "w", "after": "v", "fade": 400, "curve": "linear"}]
    t = np.arange(400) / 400
    out = np.float32(0.25) * (1 - t).astype(np.float32) + np.float32(0.25) * t.astype(np.float32)
    whole = check_blocks(lines)
    assert np.abs(whole - stereo(np.concatenate([np.full(600, 0.25), out, np.full(600, 0.25)]))).max() < 1e-7
    equal(ends(lines), {"v": (1000, "ended"), "w": (1600, "ended")}, "ends")


def test_stems():
    lines = [A, B, {"at": 10, "play_stems": ["a", "b"], "as": ["s", "t"]},
             {"at": 10, "set": "t", "pan": -1},
             {"at": 500, "pause": "t", "fade": 0}, {"at": 700, "resume": "s", "fade": 0},
             {"at": 800, "seek": "t", "to": 2000, "fade": 0}]
    left = np.zeros(10 + 490 + 200 + 100 + 2801, dtype=np.float32)
    left[10:500] = SLOPE[:490]
    left[700:800] = SLOPE[490:590]
    left[800:] = SLOPE[2000:]
    right = left.copy()
    for from_frame, to_frame in ((10, 500), (700, 800)):
        left[from_frame:to_frame] += np.float32(0.25)
    whole = check_blocks(lines)
    same(whole, np.stack([left, right], axis=1))
    equal(ends(lines), {"s": (3601, "ended"), "t": (800, "ended")}, "ends")


def test_a_line_for_a_stem_that_is_over_is_for_none():
    lines = [A, B, {"at": 0, "play_stems": ["a", "b"], "as": ["s", "t"]}, {"at": 2000, "pause": "t", "fade": 0}]
    same(check_blocks(lines)[2000:], stereo(SLOPE[2000:]))


def test_without_names():
    lines = [A, B, {"at": 0, "play_stems": ["a", "b"], "volume_db": -80}]
    equal(render(lines).shape, (4801, 2), "frames")


def test_errors():
    for line, message in (
        ({"at": 0, "play": "a", "after": "w"},
         '-:5: unknown voice "w" in "play"; expected the "as" of an earlier "play" or the name of an earlier "open"'),
        ({"at": 0, "play": "a", "after": "voic"}, '-:5: unknown voice "voic" in "play"; did you mean "voice"?'),
        ({"at": 0, "play": "a", "after": "voice", "repeat": 2, "every": 10},
         '-:5: "repeat" beside "after" in "play"; expected one of them'),
        ({"at": 0, "play_stems": ["a"]}, '-:5: 1 sounds in "play_stems"; expected 2 to 32'),
        ({"at": 0, "play_stems": ["a", "b"], "as": ["x"]},
         '-:5: 1 names in "as" and 2 sounds in "play_stems"; expected a name for each'),
        ({"at": 0, "play_stems": ["a", "c"]},
         '-:5: "a" has 48000 Hz and "c" 24000 Hz in "play_stems"; expected sounds of one rate'),
        ({"at": 0, "play_stems": ["a", "b"], "afte": "voice"}, None),
        ({"at": 0, "play_stems": "a"}, None),
    ):
        lines = [A, {**C, "convert": False}, {"at": 0, "play": "a", "as": "voice"}, line]
        if "b" in line.get("play_stems", ()):
            lines[1] = B
        found = errors_of(lines)
        equal(len(found), 1, str(found))
        assert message is None or found[0] == "motet: " + message, found


def test_a_second_follower():
    lines = [A, {"at": 0, "play": "a", "as": "v"}, {"at": 0, "play": "a", "after": "v"},
             {"at": 1, "play": "a", "after": "v"}]
    found = errors_of(lines, verb="render")
    assert "-:5: a voice is queued after this one already" in found[0], found


if __name__ == "__main__":
    sys.exit(main(globals()))
