"""motet lint: on files made here with faults planted in them, on renderings, and on real sounds of Debian's packages."""
import glob
import os
import re
import struct
import sys
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, main, run, timeline_bytes, write_timeline

RATE = 48000
rng = np.random.default_rng(5)


def write_wav(path, samples, rate=RATE, loop=None):
    """Floats to a 16-bit WAV; `loop`: a smpl chunk with the loop's start and exclusive end."""
    samples = np.asarray(samples, float)
    samples = samples.reshape(len(samples), -1) if samples.size else samples.reshape(0, 1)
    data = np.rint(np.clip(samples * 32768, -32768, 32767)).astype("<i2").tobytes()
    with wave.open(path, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(data)
    if loop is not None:
        smpl = struct.pack("<9I6I", 0, 0, 10**9 // rate, 60, 0, 0, 0, 1, 0, 0, 0, loop[0], loop[1] - 1, 0, 0)
        with open(path, "r+b") as file:
            whole = file.read() + b"smpl" + struct.pack("<I", len(smpl)) + smpl
            file.seek(0)
            file.write(whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:])
    return path


def write_float_wav(path, samples, channels=1, rate=RATE):
    data = np.asarray(samples, "<f4").tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 3, channels, rate,
                       rate * channels * 4, channels * 4, 32, b"data", len(data))
    with open(path, "wb") as file:
        file.write(head + data)
    return path


def sine(hz=200, seconds=1.0, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def lint(*arguments, code):
    result = run("lint", *arguments)
    equal(result.code, code, result.error + result.text)
    equal(result.error, "")
    return result.text.splitlines()


def lint_json(*arguments, code, stdin=b""):
    result = run("lint", *arguments, "--json", stdin=stdin)
    equal(result.code, code, result.error + result.text)
    return result.json


def kinds(*arguments, code=1):
    return [finding["kind"] for finding in lint_json(*arguments, code=code)["findings"]]


def test_clean():
    write_wav("a.wav", sine())
    equal(lint("a.wav", "--loop", code=0), ["a.wav: nothing found"])
    equal(lint_json("a.wav", code=0),
          {"file": "a.wav", "rate": RATE, "channels": 1, "frames": RATE, "seconds": 1.0, "findings": []})
    equal(lint_json("a.wav", "a.wav", code=0)["files"][1]["findings"], [])


def test_click():
    left = sine()
    right = sine()
    left[24576:] += 0.01
    left[-100:] -= 0.01 * np.arange(1, 101) / 100
    write_wav("rain.wav", np.stack([left, right], axis=1))
    lines = lint("rain.wav", code=1)
    equal(len(lines), 1)
    assert re.fullmatch(r"rain\.wav:0\.512 s \(frame 24576, left\): click, 2\d x the level around it "
                        r"\(-(39|40)\.\d dBFS\)", lines[0]), lines[0]
    write_wav("rain.wav", np.stack([left, left], axis=1))
    assert "(frame 24576, both channels): click" in lint("rain.wav", code=1)[0]
    write_wav("rain.wav", left)
    assert "(frame 24576): click" in lint("rain.wav", code=1)[0]
    finding = lint_json("rain.wav", code=1)["findings"][0]
    equal((finding["kind"], finding["frame"], finding["frames"], finding["channel"], finding["seconds"]),
          ("click", 24576, 1, None, 0.512))
    assert 20 < finding["times"] < 30 and -42 < finding["level_dbfs"] < -39, finding


def test_many_clicks():
    wave_ = sine(seconds=2.0)
    for at in range(5000, 95000, 3000):
        wave_[at] += 0.1
    write_wav("a.wav", wave_)
    lines = lint("a.wav", code=1)
    equal((len(lines), lines[-1]), (11, "a.wav: click: 20 more; --all lists them"))
    equal(len(lint("a.wav", "--all", code=1)), 30)
    equal([f["frame"] for f in lint_json("a.wav", code=1)["findings"]], list(range(5000, 95000, 3000)))


def test_levels():
    write_wav("clipped.wav", np.clip(sine(amplitude=1.5), -1, 0.999))
    equal(kinds("clipped.wav"), ["clipping"])
    line = lint("clipped.wav", code=1)[0]
    assert re.fullmatch(r"clipped\.wav:0\.00\d s \(frame \d+\): clipping, \d+ samples at 0\.0 dBFS within "
                        r"99\d\.\d ms", line), line
    write_float_wav("over.wav", 3 * sine())  # 130 of a period's 240 samples are above 1
    equal(kinds("over.wav"), ["beyond full scale"])
    equal(lint("over.wav", code=1),
          ["over.wav:0.001 s (frame 60): beyond full scale, 26000 samples, the highest +3.5 dBFS here"])
    write_wav("dc.wav", sine() + 0.02)
    equal(lint("dc.wav", code=1), ["dc.wav:0.000 s (frame 0): DC offset of +0.0200 (-34.0 dBFS)"])


def test_edges():
    write_wav("hard.wav", 0.3 * np.cos(2 * np.pi * np.arange(24000) / 240))
    equal(lint("hard.wav", code=1), ["hard.wav:0.000 s (frame 0): hard start, the first sample is at -10.5 dBFS",
                                     "hard.wav:0.500 s (frame 23999): hard end, the last sample is at -10.5 dBFS"])
    equal(lint("hard.wav", "--loop", code=0), ["hard.wav: nothing found"])
    write_wav("late.wav", np.concatenate([np.zeros(4800), sine(), np.zeros(24000)]))
    equal(lint("late.wav", code=1), ["late.wav:0.000 s (frame 0): silence at the start, 0.100 s",
                                     "late.wav:1.100 s (frame 52800): silence at the end, 0.500 s"])
    write_wav("none.wav", np.zeros(4800))
    equal(lint("none.wav", code=1), ["none.wav:0.000 s (frame 0): silence, 0.100 s"])
    write_wav("empty.wav", np.zeros(0))
    assert run("lint", "empty.wav").code in (0, 1)


def test_loop_seams():
    write_wav("good.wav", sine(), loop=(2400, 4800))
    equal(lint("good.wav", code=0), ["good.wav: nothing found"])
    write_wav("bad.wav", sine(), loop=(2400, 4861))
    lines = lint("bad.wav", code=1)
    equal(len(lines), 1)
    assert re.fullmatch(r"bad\.wav:0\.101 s \(frame 4861\): loop seam to frame 2400, more than 1000 x the sound's own "
                        r"peak there \(-5\.\d dBFS\)", lines[0]), lines[0]
    # The whole as a loop, beside its own loop points.
    write_wav("whole.wav", sine(seconds=1.00125), loop=(2400, 4800))
    equal(kinds("whole.wav"), ["hard end"])
    findings = lint_json("whole.wav", "--loop", code=1)["findings"]
    equal([(f["kind"], f["frame"]) for f in findings], [("loop seam", 48060)])


def test_non_finite():
    samples = np.repeat(sine(), 2)
    samples[2 * 24000] = np.nan
    samples[2 * 24050 + 1] = -np.inf
    write_float_wav("nan.wav", samples, channels=2)
    equal(lint("nan.wav", code=1),
          ["nan.wav:0.500 s (frame 24000, left): not a number, 1 sample of NaN or infinity",
           "nan.wav:0.501 s (frame 24050, right): not a number, 1 sample of NaN or infinity"])


def test_cut_short():
    write_wav("a.wav", sine())
    with open("a.wav", "r+b") as file:
        file.truncate(44 + 2 * 24000)
    equal(lint("a.wav", code=1), ["a.wav:0.500 s (frame 24000): cut short, the header says that more follows"])


SOUND = {"sound": "a", "sine": {"hz": 220, "seconds": 2, "amplitude": 0.5}}


def test_timelines():
    # What an engine does by default is no click; a step is one.
    smooth = [SOUND, {"at": 4800, "play": "a", "as": "v", "from": 777}, {"at": 20000, "seek": "v", "to": 5555},
              {"at": 30000, "set": "v", "volume_db": -20, "pan": 0.7}, {"at": 40000, "pause": "v"},
              {"at": 50000, "resume": "v"}, {"at": 60000, "stop": "v"}, {"at": 70000, "end": True}]
    write_timeline("scene.jsonl", smooth)
    equal(lint("scene.jsonl", code=0), ["scene.jsonl: nothing found"])
    steps = [dict(line, fade=0) if "at" in line and "end" not in line else line for line in smooth]
    document = lint_json("-", code=1, stdin=timeline_bytes(steps))
    equal([f["kind"] for f in document["findings"]], ["click"] * 6, document)
    equal([f["frame"] for f in document["findings"]], [4800, 20000, 30000, 40000, 50000, 60000])
    equal(document["findings"][0]["channel"], "both channels")
    result = run("lint", "wrong.jsonl")
    equal((result.code, result.lines[0].split(":")[:2]), (1, ["motet", " wrong.jsonl"]))


def test_messages():
    write_wav("a.wav", sine())
    result = run("lint", "none.wav", "a.wav")
    equal((result.code, result.text), (1, "a.wav: nothing found\n"))
    equal(result.error, f"motet: none.wav: no such file (looked in {os.getcwd()})\n")
    document = run("lint", "none.wav", "a.wav", "--json").json
    equal([sorted(entry) for entry in document["files"]],
          [["error", "file"], ["channels", "file", "findings", "frames", "rate", "seconds"]])
    equal(run("lint").code, 2)
    equal(run("lint", "a.wav", "--loud").code, 2)
    equal(run("lint", "--help").code, 0)


def test_real_sounds():
    """Sound as it is gives hardly any report of a click; a planted one in the same files is found."""
    files = sorted(glob.glob("/usr/share/sounds/alsa/*.wav") + glob.glob("/usr/share/sounds/freedesktop/stereo/*.oga"))
    if not files:
        return
    document = lint_json(*files, code=1)
    clicks = [(entry["file"], f) for entry in document["files"] for f in entry["findings"] if f["kind"] == "click"]
    equal(clicks, [])
    planted = found = 0
    for path in glob.glob("/usr/share/sounds/alsa/*.wav"):
        with wave.open(path, "rb") as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float) / 32768
        # In speech a step of -40 dBFS shows wherever the sound's own bends do not cover it.
        for at in rng.integers(2000, len(samples) - 2000, 10):
            bends = np.abs(np.diff(samples[at - 960:at + 960], 2)).max()
            if bends < 0.002:
                faulty = samples.copy()
                faulty[at:] += 0.01
                write_wav("faulty.wav", faulty, rate)
                planted += 1
                frames = [f["frame"] for f in run("lint", "faulty.wav", "--json").json["findings"] if f["kind"] == "click"]
                found += int(at) in frames
    assert planted >= 15 and found == planted, (planted, found)


if __name__ == "__main__":
    sys.exit(main(globals()))
