"""The arithmetic of the SimVX backend, restated in numpy: with the limiter off, s16 output at 44100 Hz is within 1 LSB
of it for every sample at pitch 1 with constant volume and pan: loops, several voices, buses, feeds, clipping."""
import base64
import os
import sys
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, main, run, timeline_bytes

RATE = 44100
HEADER = {"rate": RATE, "limiter": False}
rng = np.random.default_rng(7)


def of(db):
    return 0.0 if db <= -80 else 10 ** (db / 20)


class Voice:
    """One sound of the original: s16 stereo, played once, in a loop or as a feed that takes what is there."""

    def __init__(self, samples, start=0, volume_db=0.0, pan=0.0, bus_db=0.0, loop=False):
        samples = np.asarray(samples, np.int16)
        self.samples = np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples
        self.start, self.loop = start, loop
        gain = of(volume_db + bus_db)
        self.left, self.right = gain * min(1, 1 - pan), gain * min(1, 1 + pan)

    def add(self, mix):
        count = len(mix) - self.start
        source = self.samples.astype(np.float32) / np.float32(32768)
        if self.loop:
            source = np.tile(source, (count // len(source) + 1, 1))
        source = source[:count]
        place = mix[self.start:self.start + len(source)]
        place[:, 0] += source[:, 0] * np.float32(self.left)
        place[:, 1] += source[:, 1] * np.float32(self.right)


def original(voices, frames):
    mix = np.zeros((frames, 2), np.float32)
    for voice in voices:
        voice.add(mix)
    return np.trunc(np.clip(mix, -1, 1) * np.float32(32767)).astype(np.int16)


def parity(lines, voices, frames):
    result = run("render", "-", "-o", "-", "--format", "s16", "--seconds", repr(frames / RATE),
                 stdin=timeline_bytes(lines, HEADER))
    equal(result.code, 0, result.error)
    ours = np.frombuffer(result.bytes, "<i2").reshape(-1, 2)
    theirs = original(voices, frames)
    equal(ours.shape, theirs.shape)
    difference = np.abs(ours.astype(np.int32) - theirs)
    assert difference.max() <= 1, f"{difference.max()} LSB at frame {np.argmax(difference.max(axis=1))}"
    assert np.abs(theirs).max() > 1000, "the comparison has something to compare"
    print(f"parity: {len(voices)} voices, {frames} frames: {difference.max()} LSB at most, "
          f"{np.count_nonzero(difference)} of {difference.size} samples differ")


def sound(name, frames, channels, level=32767):
    samples = rng.integers(-level, level + 1, (frames, channels), dtype=np.int16)
    with wave.open(f"{name}.wav", "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return samples, {"sound": name, "file": f"{name}.wav"}


def test_one_voice():
    for channels in (1, 2):
        samples, line = sound(f"a{channels}", 3000, channels)
        for volume, pan in ((0, 0), (-6, 0.3), (-20.5, -1), (-79.9, 0), (-3, 1), (0, -0.77)):
            if volume > -70:
                parity([line, {"play": f"a{channels}", "volume_db": volume, "pan": pan}], [Voice(samples, 0, volume, pan)], 3500)


def test_loop():
    samples, line = sound("a", 777, 2)
    parity([line, {"play": "a", "loop": True, "volume_db": -1}], [Voice(samples, 0, -1, loop=True)], 10000)
    one, line = sound("one", 1, 2)
    parity([line, {"play": "one", "loop": True}], [Voice(one, loop=True)], 1000)


def test_several_voices_and_buses():
    lines, voices = [{"bus": "Music", "volume_db": -4}, {"bus": "Sub", "parent": "Music", "volume_db": -2.5}], []
    for i in range(12):
        samples, line = sound(f"s{i}", 2000 + 100 * i, 1 + i % 2, 6000)
        bus, bus_db = (("Master", 0), ("Music", -4), ("Sub", -6.5))[i % 3]
        volume, pan = -0.5 * i, (i - 6) / 6
        lines += [line, {"at": 50 * i, "play": f"s{i}", "bus": bus, "volume_db": volume, "pan": pan}]
        voices.append(Voice(samples, 50 * i, volume, pan, bus_db))
    parity(lines, voices, 5000)


def test_clipping():
    loud = [sound(f"s{i}", 4000, 2) for i in range(3)]
    lines = [line for _, line in loud] + [{"play": f"s{i}", "volume_db": 3} for i in range(3)]
    voices = [Voice(samples, 0, 3) for samples, _ in loud]
    assert (np.abs(original(voices, 4000)) == 32767).mean() > 0.1
    parity(lines, voices, 4000)


def test_feed():
    data = rng.integers(-32768, 32767, (3000, 2), dtype=np.int16)
    lines = [{"at": 0, "open": "s", "volume_db": -2}]
    for i in range(3):
        piece = base64.b64encode(data[1000 * i:1000 * i + 1000].astype("<i2").tobytes()).decode()
        lines.append({"at": 1500 * i, "feed": "s", "base64": piece})
    voices = [Voice(data[1000 * i:1000 * i + 1000], 1500 * i, -2) for i in range(3)]
    parity(lines, voices, 5000)


if __name__ == "__main__":
    sys.exit(main(globals()))
