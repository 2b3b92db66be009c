"""motet draw: what a picture says is read back from it, and compared with what was drawn."""
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, main, near, run, timeline_bytes, write_timeline
from test_cli_lint import write_float_wav, write_wav

RATE = 48000
SVG = "{http://www.w3.org/2000/svg}"
RIGHT_MARGIN = 42


class Picture:
    def __init__(self, text, width=960, left=24):
        self.root = ElementTree.fromstring(text)
        self.text = text.decode()
        self.width, self.left = width, left
        self.columns = width - left - RIGHT_MARGIN
        equal((self.root.get("width"), self.root.tag), (str(width), SVG + "svg"))

    def all(self, name, css):
        return [e for e in self.root.iter(SVG + name) if css in (e.get("class") or "").split()]

    def words(self, css=None):
        return [e.text for e in self.root.iter(SVG + "text") if css is None or css in (e.get("class") or "").split()]

    def x(self, part):
        """The place of a part of the whole time."""
        return self.left + part * self.columns

    def shape(self, css, place=0):
        """The upper and the lower edge of a wave, in pixels from its middle, by column."""
        steps = re.findall(r"([MVhl])(-?\d+)(?: (-?\d+))?", self.all("path", css)[place].get("d"))
        x, y, points = 0, 0, []
        for kind, first, second in steps:
            if kind == "M":
                x, y = int(first), int(second)
            elif kind == "V":
                y = int(first)
            else:
                x, y = x + int(first), y + int(second or 0)
            points.append((x, y))
        points = np.array(points)
        half = len(points) // 2
        equal((half, len(points)), (self.columns, 2 * self.columns))
        return -points[:half, 1] / 10, -points[half:, 1][::-1] / 10


def draw(path, *options, stdin=b"", **keys):
    result = run("draw", path, "-o", "-", *options, stdin=stdin)
    equal((result.code, result.error), (0, ""))
    return Picture(result.bytes, **keys)


def test_wave():
    """A constant that steps: its edge, its RMS, in both channels."""
    n = np.arange(RATE * 2)
    left = np.where(n < RATE, 0.5, -0.25)
    right = np.where(n < RATE, 0, 1.0)
    write_float_wav("a.wav", np.stack([left, right], axis=1).ravel(), channels=2)
    picture = draw("a.wav", left=58)
    half = picture.columns // 2
    height = 52
    for channel, levels in enumerate(((0.5, -0.25), (0, 1))):
        high, low = picture.shape("wave", channel)
        for part, level in ((slice(0, half - 2), levels[0]), (slice(half + 2, None), levels[1])):
            near(high[part], np.full(len(high[part]), level * height), 0.36)
            near(low[part], np.full(len(low[part]), level * height), 0.36)
    write_float_wav("b.wav", np.where(n % 2 == 0, 0.5, -0.5))
    high, low = draw("b.wav").shape("rms")
    near(high, np.full(len(high), 37.5), 0.11)
    near(low, np.full(len(low), -37.5), 0.11)


def test_words():
    write_wav("a & b <c>.wav", 0.5 * np.sin(np.arange(RATE * 3 // 2) / 10))
    picture = draw("a & b <c>.wav")
    equal(picture.words("title"), ["a & b <c>.wav"])
    equal(picture.root.find(SVG + "title").text, "a & b <c>.wav")
    words = picture.words()
    assert "1.50 s \u00b7 48 kHz \u00b7 mono" in words and "peak \u22126.0 dBFS" in words, words
    assert any(re.fullmatch(r"\u2212\d\.\d LUFS", word) for word in words), words
    equal([w for w in words if w.endswith(" s")], ["0.0 s", "0.2 s", "0.4 s", "0.6 s", "0.8 s", "1.0 s", "1.2 s", "1.4 s"])
    equal(picture.words("small"), ["0 dB", "\u22126", "\u221212"])
    for frames, expected in ((0, "0 ms"), (1, "0.02083 ms"), (480, "10 ms"), (RATE * 100, "1:40.0")):
        write_wav("n.wav", np.zeros((frames, 1)))
        words = draw("n.wav").words()
        assert f"{expected} \u00b7 48 kHz \u00b7 mono" in words and "silence" in words, (frames, words)


def test_over_and_not_finite():
    samples = np.zeros(RATE)
    samples[24000:30000] = 1.5
    samples[40000] = np.nan
    write_float_wav("a.wav", samples)
    picture = draw("a.wav")
    high, _ = picture.shape("wave")
    near([high.max()], [75], 0.4)
    mark = picture.all("path", "over")
    equal(len(mark), 1)
    start, length = map(int, re.match(r"M(\d+) -750h(\d+)v30", mark[0].get("d")).groups())
    assert abs(start - picture.columns / 2) <= 2 and abs(length - picture.columns / 8) <= 3, (start, length)
    assert "peak +3.5 dBFS" in picture.words()


def test_loop_points():
    write_wav("a.wav", np.sin(np.arange(RATE) / 20), loop=(12000, 36000))
    picture = draw("a.wav")
    box = picture.all("rect", "range")[0]
    near([float(box.get("x")), float(box.get("width"))], [picture.x(0.25), picture.columns / 2], 0.06)
    assert "1.00 s \u00b7 48 kHz \u00b7 mono \u00b7 loop 0.25 \u2013 0.75 s" in picture.words()
    write_wav("a.wav", np.sin(np.arange(RATE) / 20))
    equal(draw("a.wav").all("rect", "range"), [])


SCENE = [{"bus": "Music", "volume_db": 0}, {"bus": "SFX & <more>", "volume_db": -6.0206},
         {"sound": "tone", "sine": {"hz": 220, "seconds": 1, "amplitude": 0.2}},
         {"at": 0, "play": "tone", "as": "m", "bus": "Music", "loop": True, "fade": "1s"},
         {"at": "1s", "play": "tone", "bus": "SFX & <more>"}, {"at": "1.5s", "play": "tone", "bus": "SFX & <more>"},
         {"at": "2s", "pause": "m", "fade": 0}, {"at": "3s", "resume": "m"},
         {"at": "4s", "set_bus": "Music", "volume_db": -80, "fade": "1s"},
         {"at": "6s", "stop": "m", "fade": "2s"}, {"at": "10s", "end": True}]


def points_of(path):
    """The corners of a path of M, L, H and V."""
    points = []
    for kind, numbers in re.findall(r"([MLHV])([^MLHVz]*)", path.get("d")):
        values = [float(v) for v in numbers.split()]
        last = points[-1] if points else (0, 0)
        points.append((values[0], last[1]) if kind == "H" else (last[0], values[0]) if kind == "V" else tuple(values))
    return points


def test_pauses_of_buses():
    lines = [{"bus": "A"}, {"bus": "B", "parent": "A"}, {"bus": "C", "paused": True},
             {"sound": "a", "sine": {"hz": 220, "seconds": 1, "amplitude": 0.2}},
             {"at": 0, "play": "a", "as": "v", "bus": "B", "loop": True}, {"at": 0, "play": "a", "as": "w", "bus": "C"},
             {"at": "1s", "pause_bus": "A", "fade": 0}, {"at": "2s", "resume_bus": "C"},
             {"at": "3s", "pause": "v", "fade": 0}, {"at": "4s", "resume_bus": "A"}, {"at": "5s", "resume": "v"},
             {"at": "6s", "stop_bus": "A", "fade": "1s"}, {"at": "10s", "end": True}]
    write_timeline("scene.jsonl", lines)
    picture = draw("scene.jsonl", left=92)
    pauses = [(float(p.get("x")), float(p.get("width"))) for p in picture.all("rect", "pause")]
    near(sum(sorted(pauses), ()), [picture.x(0), picture.columns / 5, picture.x(0.1), picture.columns * 0.4], 0.11)
    bars = [p for p in picture.root.iter(SVG + "path") if p.find(SVG + "title") is not None]
    near([x for x, _ in points_of(bars[0])], [picture.x(p) for p in (0, 0, 0.6, 0.7)], 0.06)


def test_timeline():
    write_timeline("scene.jsonl", SCENE)
    picture = draw("scene.jsonl", left=92)
    equal(picture.words("title"), ["scene.jsonl"])
    assert "10.00 s \u00b7 48 kHz \u00b7 stereo \u00b7 3 voices" in picture.words()
    equal(picture.words("name"), ["left", "right", "Music", "SFX & <more>"[:10] + "\u2026"])
    # Each bar: from its first frame, up along its fade in, along, down its fade out.
    bars = [p for p in picture.root.iter(SVG + "path") if p.find(SVG + "title") is not None]
    equal([bar.find(SVG + "title").text for bar in bars],
          ["m: 0.000 s to 8.000 s", "tone: 1.000 s to 2.000 s", "tone: 1.500 s to 2.500 s"])
    near([x for x, _ in points_of(bars[0])], [picture.x(p) for p in (0, 0.1, 0.6, 0.8)], 0.06)
    near([x for x, _ in points_of(bars[1])], [picture.x(p) for p in (0.1, 0.1, 0.2, 0.2)], 0.06)
    tops = [points_of(bar)[1][1] for bar in bars]
    assert tops[0] < tops[1] < tops[2], tops  # two at once are in two lanes
    equal(picture.words("bar"), ["m", "tone", "tone"])
    pause = picture.all("rect", "pause")
    near([float(pause[0].get("x")), float(pause[0].get("width"))], [picture.x(0.2), picture.columns / 10], 0.11)
    # The bus's gain: 1, and from 4 s to 5 s smoothly to 0; half as high all the time.
    gain = dict(points_of(picture.all("path", "fader")[0]))
    ground = [points_of(path) for path in picture.all("path", "gain")]
    bottom, top = ground[0][0][1], ground[0][1][1]
    x = np.array(sorted(gain))
    t = np.clip((x - picture.x(0.4)) / (picture.columns / 10), 0, 1)
    near((bottom - np.array([gain[v] for v in x])) / (bottom - top), 1 - t * t * (3 - 2 * t), 0.01)
    height = ground[1][0][1] - ground[1][1][1]
    near([height], [(2 * 3 + 2 * 18 - 3) / 2], 0.06)
    equal(len(picture.all("path", "fader")), 1)


def test_many_voices():
    lines = [{"sound": "n", "noise": {"seconds": 0.1, "amplitude": 0.01}}, {"bus": "B"}]
    lines += [{"at": 100 * i, "play": "n", "bus": "B"} for i in range(3000)]
    lines += [{"at": 300000, "play": "n", "as": "one"}, {"at": 400000, "end": True}]
    result = run("draw", "-", "-o", "-", stdin=timeline_bytes(lines))
    assert result.code == 0 and len(result.bytes) < 200000, (result.error, len(result.bytes))
    picture = Picture(result.bytes, left=92)
    assert "3000 voices," in picture.words("small") and "48 at once" in picture.words("small"), picture.words("small")
    equal(picture.words("title"), ["timeline"])
    assert "one" in picture.words()


def test_same_bytes_and_nothing_from_outside():
    write_timeline("scene.jsonl", SCENE)
    write_wav("a.wav", np.random.default_rng(1).uniform(-1, 1, (RATE * 3, 2)))
    for path in ("scene.jsonl", "a.wav"):
        texts = []
        for name in ("1.svg", "2.svg"):
            result = run("draw", path, "-o", name)
            equal((result.code, result.text, result.error), (0, "", ""))
            with open(name, "rb") as file:
                texts.append(file.read())
        equal(texts[0], texts[1])
        equal(run("draw", path, "-o", "-").bytes, texts[0])
        assert len(texts[0]) < 200000, len(texts[0])
        text = texts[0].decode().replace('xmlns="http://www.w3.org/2000/svg"', "")
        for word in ("http", "url(", "@import", "@font-face", "href", "<script", "<image", "nan", "inf"):
            assert word not in text, word
    for width in (320, 4000):
        draw("a.wav", "--width", width, width=width, left=58)


def test_messages():
    write_wav("a.wav", np.zeros((100, 1)))
    write_timeline("endless.jsonl", [SCENE[2], {"at": 0, "play": "tone", "as": "m", "loop": True}])
    usage = 'motet: wrong use of "draw"; expected: motet draw FILE -o OUT.svg [OPTION]...'
    for arguments, code, message in (
            (["a.wav"], 2, usage), (["-o", "a.svg"], 2, usage), (["a.wav", "b.wav", "-o", "a.svg"], 2, usage),
            (["a.wav", "-o", "a.png"], 2,
             "motet: a.png: unknown kind of file; expected an ending .svg, or - for standard output"),
            (["a.wav", "-o", "a.svg", "--seconds", "3"], 2,
             'motet: "--seconds" with a sound file; expected it with a timeline only'),
            (["a.wav", "-o", "a.svg", "--width", "100"], 2,
             'motet: "--width" is "100"; expected a whole number from 320 to 4000'),
            (["none.wav", "-o", "a.svg"], 1, f"motet: none.wav: no such file (looked in {os.getcwd()})"),
            (["endless.jsonl", "-o", "a.svg"], 1,
             'motet: endless.jsonl:3: voice "m" loops for ever; expected an "end" line, or --seconds'),
            (["a.wav", "-o", "no/a.svg"], 1, "motet: no/a.svg: writing failed: No such file or directory")):
        result = run("draw", *arguments)
        equal((result.code, result.lines, result.text), (code, [message], ""))
        assert not os.path.exists("a.svg"), arguments
    picture = draw("endless.jsonl", "--seconds", "2.5", left=92)
    assert "2.50 s \u00b7 48 kHz \u00b7 stereo \u00b7 1 voice" in picture.words()


if __name__ == "__main__":
    sys.exit(main({name: item for name, item in globals().items() if getattr(item, "__module__", "") == "__main__"}))
