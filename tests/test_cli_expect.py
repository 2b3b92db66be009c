"""Timelines as tests: what "expect" lines look at, what they say when they are not met, and what is left then."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, main, run, timeline_bytes

RATE = 48000
BLOCKS = (1, 63, 64, 512, 4096)


def constant(name="a", value=0.5, frames=4800, **more):
    return {"sound": name, "constant": {"value": value, "seconds": frames / RATE}, **more}


def expect(at, **what):
    return {"at": at, "expect": what}


def in_order(lines):
    return sorted(lines, key=lambda line: line.get("at", 0))


def complaints(lines, *options, header=None, blocks=BLOCKS):
    """What a rendering complains of, the same for every block size: "LINE: text"."""
    told = None
    for block in blocks:
        result = run("render", "-", "-o", "x.wav", "--block", block, *options, stdin=timeline_bytes(lines, header))
        equal(result.code, 1 if any("warning" not in line for line in result.lines) else 0, result.error)
        assert all(line.startswith("motet: -:") for line in result.lines), result.error
        told = result.lines if told is None else told
        equal(result.lines, told, f"block {block}")
    return [line[len("motet: -:"):] for line in told]


def test_what_is_met_says_nothing():
    lines = [{"bus": "Music"}, constant(), {"play": "a", "bus": "Music"}, expect(2400, peak_db=[-6.03, -6.02], voices=[1, 1], clicks=0),
             expect(4800, bus="Music", peak_db=[-7, 0], voices=[0, 12]), expect(9600, peak_db=[-80, -80], voices=[0, 0])]
    for header in ({}, {"limiter": True}, {"channels": 1}, {"limiter": True, "rate": 44100}):
        equal(complaints(lines, header=header), [])
        equal(complaints(lines[:-1] + [{"at": 9600, "end": True}], header=header), [])


def test_peaks():
    lines = [{"bus": "Music", "volume_db": -20}, {"bus": "Drums", "parent": "Music"}, {"bus": "SFX"}, constant("a", 0.5, 1000),
             constant("b", 0.25, 1000), {"play": "a", "bus": "Drums"}, {"at": 500, "play": "b", "bus": "SFX"}]
    high, low = 20 * np.log10(0.5), 20 * np.log10(0.05)

    def check(*wanted, header=None):
        """Expectations that are never met, by frame, bus, and what they say."""
        expects = [expect(at, peak_db=[50, 51], **({"bus": bus} if bus else {})) for at, bus, *_ in wanted]
        body = in_order([*lines[5:], *expects])
        told = [f'{7 + body.index(line)}: the peak of "{bus or "Master"}" since frame {since} is {level}; expected 50 to 51 dB'
                for line, (at, bus, since, level) in zip(expects, wanted)]
        equal(complaints([*lines[:5], *body], header=header), told)

    for header in ({}, {"limiter": True}):
        check((100, "Drums", 0, f"{high:.2f} dB"), (200, "Music", 100, f"{low:.2f} dB"), (200, "SFX", 100, "silence"),
              (200, None, 100, f"{low:.2f} dB at frame 100"), (501, "Drums", 200, f"{high:.2f} dB"),
              (501, "SFX", 200, "-12.04 dB"), (501, None, 200, f"{20 * np.log10(0.3):.2f} dB at frame 500"),
              (1200, "Drums", 501, f"{high:.2f} dB"), (1300, "Drums", 1200, "silence"), (1300, "SFX", 1200, "-12.04 dB"),
              (5000, "SFX", 1300, "-12.04 dB"), (6000, "SFX", 5000, "silence"), (7000, None, 6000, "silence"), header=header)
    # To the frame.
    check((1000, "Drums", 0, f"{high:.2f} dB"), (1001, "Drums", 1000, "silence"), (1499, None, 1001, "-12.04 dB at frame 1001"),
          (1500, None, 1499, "-12.04 dB at frame 1499"), (1501, None, 1500, "silence"))
    # Of one channel what is in the file; with the limiter what comes out of it.
    check((100, None, 0, f"{low:.2f} dB at frame 0"), header={"channels": 1})
    out = complaints([constant("a", 4.0, 1000), {"play": "a"}, expect(1000, peak_db=[-1, -0.5])], header={"limiter": True})
    assert len(out) == 1 and out[0].startswith('4: the peak of "Master" since frame 0 is 0.00 dB') or "-0.0" in out[0], out
    # The header's gates count: what is muted has no peak, though its children have.
    lines[0]["mute"] = True
    check((100, "Drums", 0, f"{high:.2f} dB"), (100, "Music", 0, "silence"))


def test_bounds_of_peaks():
    def met(low, high, value=0.5):
        sounds = [constant("a", value)] if value else [constant("a", 0.5, 0)]
        return complaints([*sounds, {"play": "a"}, expect(4800, peak_db=[low, high])], blocks=(512,)) == []

    level = float(20 * np.log10(0.5))
    assert met(level - 1e-9, level + 1e-9) and met(-80, level + 0.01) and met(level - 0.01, 0)
    assert not met(level + 0.001, 0) and not met(-80, level - 0.001) and not met(-1000, -1000)
    # Silence is at -80 dB, and below any bound.
    assert met(-80, -80, 0) and met(-1000, -1000, 0) and met(-80, 0, 0) and met(-90, -85, 0)
    assert not met(-79.9, 0, 0) and not met(-40, -1, 0)
    assert met(-80, -80, 1e-5) and not met(-80, -110, 1e-5)


def test_voices():
    sounds = [{"bus": "A"}, {"bus": "B", "parent": "A"}, constant("a", 0.1, 1000)]
    plays = [{"at": 0, "play": "a", "as": "x"}, {"at": 500, "play": "a", "as": "y", "bus": "B"}, {"at": 1000, "play": "a", "as": "z", "bus": "A"}]

    def check(expects, *told, lines=(), **options):
        body = in_order([*plays, *lines, *expects])
        places = {id(line): 5 + k for k, line in enumerate(body)}
        equal(complaints([*sounds, *body], **options), [f"{places[id(expects[k])]}: {text}" for k, text in told])

    # Both bounds, to the frame: from each start on, up to each end.
    check([expect(500, voices=[1, 1]), expect(501, voices=[2, 2]), expect(1000, voices=[2, 2]), expect(1500, voices=[2, 2]),
           expect(2000, voices=[1, 1]), expect(3000, voices=[0, 0])])
    check([expect(501, voices=[1, 1])], (0, '2 voices in "Master" at frame 500; expected 1 to 1'))
    check([expect(1600, voices=[2, 9])], (0, '1 voice in "Master" at frame 0; expected 2 to 9'))
    check([expect(1000, voices=[0, 2]), expect(2001, voices=[1, 2])], (1, '0 voices in "Master" at frame 2000; expected 1 to 2'))
    check([expect(700, voices=[0, 9]), expect(800, voices=[3, 9])], (1, '2 voices in "Master" at frame 700; expected 3 to 9'))
    # Of a bus and those below it; taken to another bus it counts there.
    check([expect(600, bus="B", voices=[0, 0]), expect(600, bus="A", voices=[0, 1]), expect(1200, bus="A", voices=[1, 1])],
          (0, '1 voice in "B" at frame 500; expected 0 to 0'), (2, '2 voices in "A" at frame 1000; expected 1 to 1'))
    check([expect(600, bus="B", voices=[0, 1]), expect(700, bus="B", voices=[1, 1]), expect(2000, bus="B", voices=[0, 0]),
           expect(2000, bus="A", voices=[0, 1]), expect(2000, voices=[1, 2])], lines=[{"at": 700, "set": "y", "bus": "Master"}])
    # Paused ones count, refused ones, and those stopped before they start, do not.
    check([expect(5000, voices=[0, 3]), expect(6000, voices=[1, 1]), expect(7000, voices=[0, 1])], lines=[
        {"at": 900, "pause": "x", "fade": 0}, {"at": 6500, "stop": "x"}, {"at": 900, "play": "a", "as": "n"}, {"at": 900, "stop": "n"}])
    check([expect(3000, voices=[0, 2])], header={"max_voices": 2, "max_virtual_voices": 0})
    check([expect(1000, voices=[1, 2]), expect(3000, voices=[0, 2])], header={"max_voices": 1}, lines=[])


def test_voices_include_virtual_ones():
    lines = [constant("a", 0.01, 1000), {"play": "a", "repeat": 100, "every": 5}, expect(495, voices=[1, 99]), expect(1000, voices=[99, 100]),
             expect(1200, voices=[60, 100])]
    for voices in (1, 10, 256):
        equal(complaints(lines, header={"max_voices": voices}), [])
    equal(complaints(lines[:2] + [expect(500, voices=[0, 99])]), ['4: 100 voices in "Master" at frame 495; expected 0 to 99'])


def test_clicks():
    sine = {"sound": "s", "sine": {"hz": 440, "seconds": 1.0, "amplitude": 0.5}}
    lines = [sine, {"play": "s", "as": "v"}]
    smooth = [{"at": 10007, "set": "v", "volume_db": -12}, {"at": 20011, "seek": "v", "to": 123}, {"at": 30000, "pause": "v"},
              {"at": 35000, "resume": "v"}]
    equal(complaints([*lines, *smooth, expect(40000, clicks=0)]), [])
    # A planted one is found, in its own time.
    hard = [{"at": 10007, "set": "v", "volume_db": -12, "fade": 0}, {"at": 20033, "seek": "v", "to": 123, "fade": 0}]
    for header in ({}, {"limiter": True}, {"channels": 1}):
        expects = [expect(at, clicks=0) for at in (15000, 16000, 30000, 40000)]
        equal(complaints(in_order([*lines, *hard, *expects]), header=header),
              ["5: 1 click since frame 0, the first at frame 10007; expected at most 0",
               "8: 1 click since frame 16000, the first at frame 20033; expected at most 0"])
    equal(complaints([*lines, *hard, expect(30000, clicks=1)]),
          ["6: 2 clicks since frame 0, the first at frame 10007; expected at most 1"])
    equal(complaints([*lines, *hard, expect(30000, clicks=2)]), [])


def test_markers():
    sound = constant(markers=[{"at": at} for at in (0, 100, 1000, 4799)])
    lines = [sound, {"play": "a"}, expect(512, markers=[2, 2]), {"at": 1000, "play": "a"}, expect(2000, markers=[3, 3]),
             expect(9600, markers=[3, 3])]
    equal(complaints(lines), [])
    told = [f"{line}: {passed} passed since frame {since}; expected 5 to 6"
            for line, passed, since in ((4, "2 markers", 0), (6, "3 markers", 512), (7, "1 marker", 2000))]
    lines[2:] = [expect(512, markers=[5, 6]), lines[3], expect(2000, markers=[5, 6]), expect(4799, markers=[5, 6])]
    equal(complaints(lines), told)


def test_several_at_one_frame_look_at_the_same_time():
    lines = [{"bus": "A"}, constant(), {"play": "a", "bus": "A"}, expect(1000, voices=[1, 1]), expect(1000, bus="A", peak_db=[-7, -6]),
             expect(1000, peak_db=[-7, -6]), expect(1000, clicks=0), expect(1000, peak_db=[0, 0]), expect(1001, peak_db=[0, 0])]
    equal(complaints(lines), ['9: the peak of "Master" since frame 0 is -6.02 dB at frame 0; expected 0 to 0 dB',
                              '10: the peak of "Master" since frame 1000 is -6.02 dB at frame 1000; expected 0 to 0 dB'])


def test_everything_that_is_not_met_is_told():
    lines = [constant(), {"play": "a"}, expect(4800, peak_db=[-3, 0], voices=[2, 3], clicks=0), expect(9600, peak_db=[-40, 0])]
    equal(complaints(lines), ['4: the peak of "Master" since frame 0 is -6.02 dB at frame 0; expected -3 to 0 dB',
                              '4: 1 voice in "Master" at frame 0; expected 2 to 3',
                              '5: the peak of "Master" since frame 4800 is silence; expected -40 to 0 dB'])


def test_the_file_stays():
    lines = [constant(), {"play": "a"}, expect(4800, peak_db=[-3, 0])]
    equal(run("render", "-", "-o", "x.wav", stdin=timeline_bytes(lines)).code, 1)
    equal(run("render", "-", "-o", "y.wav", stdin=timeline_bytes(lines[:-1])).code, 0)
    assert open("x.wav", "rb").read() == open("y.wav", "rb").read()
    raw = run("render", "-", "-o", "-", stdin=timeline_bytes(lines))
    equal((raw.code, len(raw.bytes)), (1, 4800 * 8))
    # What it was is told all the same.
    result = run("render", "-", "-o", "x.wav", "--json", stdin=timeline_bytes(lines))
    document = result.json
    equal((result.code, document["frames"], document["voices_started"]), (1, 4800, 1))
    equal(document["errors"], [{"file": "-", "line": 4, "message":
                                'the peak of "Master" since frame 0 is -6.02 dB at frame 0; expected -3 to 0 dB'}])
    equal(document["warnings"], [])
    assert "errors" not in run("render", "-", "-o", "x.wav", "--json", stdin=timeline_bytes(lines[:-1])).json
    result = run("render", "-", "-o", "x.wav", "--stats", stdin=timeline_bytes(lines))
    equal((result.code, len(result.lines)), (1, 1))
    assert "frames           4800" in result.text


def test_the_length_is_that_without_them():
    lines = [constant(), {"play": "a"}]
    late = [*lines, expect(9600, voices=[0, 1]), expect(20000, voices=[0, 0], peak_db=[-80, -80], clicks=0)]
    for header in ({}, {"limiter": True}):
        equal(complaints(late, header=header), [])
        equal(run("render", "-", "-o", "-", stdin=timeline_bytes(late, header)).bytes,
              run("render", "-", "-o", "-", stdin=timeline_bytes(lines, header)).bytes)


def test_what_is_cut_off_is_not_looked_at():
    lines = [constant(), {"play": "a"}, expect(2400, peak_db=[-7, 0]), expect(4000, peak_db=[5, 6])]
    equal(complaints(lines, "--seconds", "0.05"), ['5: warning: this "expect" lies behind the end, at frame 2400, and has not been looked at'])
    equal(complaints(lines, "--seconds", "1"), ['5: the peak of "Master" since frame 2400 is -6.02 dB at frame 2400; expected 5 to 6 dB'])


def test_other_verbs_do_not_look():
    lines = [constant(), {"play": "a"}, expect(4800, peak_db=[5, 6])]
    with open("x.jsonl", "wb") as file:
        file.write(timeline_bytes(lines))
    equal(run("check", "x.jsonl").code, 0)
    equal(run("render", "x.jsonl", "-o", "x.wav").code, 1)
    equal((run("compare", "x.jsonl", "x.wav").code, run("compare", "x.jsonl", "x.wav").error), (0, ""))
    equal(run("play", "x.jsonl", "--quiet", environment={"MOTET_DEVICE": "null"}).code, 0)


if __name__ == "__main__":
    sys.exit(main(globals()))
