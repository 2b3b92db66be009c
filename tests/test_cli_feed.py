"""Voices that a timeline feeds: every frame plays at its time, whatever the blocks are."""
import base64
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, main, near, render, run, same, timeline_bytes, write_timeline

RATE = 48000
rng = np.random.default_rng(1)


def text(samples):
    return base64.b64encode(np.ascontiguousarray(samples).tobytes()).decode()


def s16(frames, channels=2):
    return rng.integers(-20000, 20000, (frames, channels), dtype=np.int16).astype("<i2")


def sounding(samples):
    """What s16 samples sound like: exactly times 2^-15, one channel on both sides."""
    out = samples.astype(np.float32) / np.float32(32768)
    return np.repeat(out, 2, axis=1) if out.shape[1] == 1 else out


def silence(frames):
    return np.zeros((frames, 2), np.float32)


def events(lines, *options):
    result = run("render", "-", "-o", "out.wav", "--stats", "--json", *options, stdin=timeline_bytes(lines))
    equal(result.code, 0, result.error)
    return [(e["frame"], e["event"], e["reason"]) for e in result.json["events"]]


def test_a_feed_plays_what_it_gets_at_its_time():
    a, b = s16(1000), s16(500)
    lines = [{"at": 100, "open": "s", "rate": RATE}, {"at": 100, "feed": "s", "base64": text(a)},
             {"at": 3000, "feed": "s", "base64": text(b)}, {"at": 3000, "finish": "s"}]
    expected = np.concatenate([silence(100), sounding(a), silence(1900), sounding(b)])
    for block in (1, 63, 512, 65536):
        same(render(lines, "--block", block), expected, f"block {block}")
        equal(events(lines, "--block", block), [(1100, "feed_starved", None), (3500, "voice_ended", "ended")])


def test_data_in_pieces_without_gaps():
    whole = s16(5000)
    lines = [{"at": 0, "open": "s", "rate": RATE}]
    lines += [{"at": 900 * i, "feed": "s", "base64": text(whole[1000 * i:1000 * i + 1000])} for i in range(5)]
    lines.append({"at": 4500, "finish": "s"})
    same(render(lines), sounding(whole))
    equal(events(lines), [(5000, "voice_ended", "ended")])


def test_files_mono_and_floats():
    os.makedirs("scene/data")
    mono = s16(700, 1)
    mono.tofile("scene/data/m.s16")
    floats = rng.uniform(-0.9, 0.9, (800, 2)).astype("<f4")
    floats.tofile("scene/data/f.f32")
    write_timeline("scene/x.jsonl", [
        {"open": "m", "rate": RATE, "channels": 1}, {"feed": "m", "file": "data/m.s16"}, {"finish": "m"},
        {"at": 1000, "open": "f", "rate": RATE, "format": "f32"}, {"at": 1000, "feed": "f", "file": "data/f.f32"},
        {"at": 1000, "finish": "f"}])
    result = run("render", "scene/x.jsonl", "-o", "-")
    equal(result.code, 0, result.error)
    out = np.frombuffer(result.bytes, "<f4").reshape(-1, 2)
    same(out, np.concatenate([sounding(mono), silence(300), floats]))


def test_frames_may_be_split_between_feeds():
    data = s16(100).tobytes()
    encode = lambda part: base64.b64encode(part).decode()
    lines = [{"open": "s", "rate": RATE}, {"feed": "s", "base64": encode(data[:201])}, {"feed": "s", "base64": encode(data[201:203])},
             {"feed": "s", "base64": encode(data[203:])}, {"feed": "s", "base64": ""}, {"finish": "s"}]
    same(render(lines), sounding(np.frombuffer(data, "<i2").reshape(-1, 2)))
    # What never becomes a frame is left out, with a warning.
    lines[-2]["base64"] = encode(b"\1\2\3")
    result = run("render", "-", "-o", "-", stdin=timeline_bytes(lines))
    equal((result.code, len(result.bytes), result.lines),
          (0, 800, ["motet: -:7: warning: the last 3 bytes fed are not a whole frame and are left out"]))


def test_more_than_any_buffer():
    """70 s at once, into a feed whose longest buffer is 60 s."""
    samples = np.tile(s16(8000, 1), (70, 1))
    samples.tofile("long.s16")
    lines = [{"open": "s", "rate": 8000, "channels": 1, "buffer": "10ms"}, {"feed": "s", "file": "long.s16"}, {"finish": "s"}]
    write_timeline("x.jsonl", lines, {"rate": 8000})
    for block in (512, 65536):
        result = run("render", "x.jsonl", "-o", "-", "--block", block)
        equal(result.code, 0, result.error)
        same(np.frombuffer(result.bytes, "<f4").reshape(-1, 2), sounding(samples), f"block {block}")


def test_start_after():
    data = s16(1000)
    lines = [{"open": "s", "rate": RATE, "start_after": 600}, {"at": 100, "feed": "s", "base64": text(data[:400])},
             {"at": 2000, "feed": "s", "base64": text(data[400:])}, {"at": 2000, "finish": "s"}]
    same(render(lines), np.concatenate([silence(2000), sounding(data)]))
    # A finish lets go of what is held.
    lines = [{"open": "s", "rate": RATE, "start_after": "1s"}, {"at": 100, "feed": "s", "base64": text(data)}, {"at": 700, "finish": "s"}]
    same(render(lines), np.concatenate([silence(700), sounding(data)]))


def test_another_rate_and_pitch():
    ramp = (np.arange(2400) * 10).astype("<i2")[:, None]
    lines = [{"open": "s", "rate": 24000, "channels": 1, "pitch": 0.5}, {"feed": "s", "base64": text(ramp)}, {"finish": "s"}]
    out = render(lines)
    assert abs(len(out) - 9600) <= 4, len(out)
    near(out[8:9000, 0], np.interp(np.arange(8, 9000) / 4, np.arange(2400), ramp[:, 0] / 32768), 1e-4)


def test_changes_of_a_fed_voice():
    data = s16(4000)
    lines = [{"open": "s", "rate": RATE, "volume_db": -6, "pan": 1}, {"feed": "s", "base64": text(data)}, {"finish": "s"},
             {"at": 1000, "pause": "s", "fade": 0}, {"at": 1500, "resume": "s", "fade": 0},
             {"at": 2000, "set": "s", "volume_db": -80, "fade": 0}]
    out = render(lines)
    gain = np.float32(10 ** (-6 / 20))
    near(out[:1000, 1], sounding(data)[:1000, 1] * gain, 1e-7)
    same(out[1000:1500], silence(500))
    near(out[1500:2000, 1], sounding(data)[1000:1500, 1] * gain, 1e-7)
    same(out[2000:], silence(2500))
    same(out[:, 0], np.zeros(4500, np.float32))


def test_feeds_of_a_voice_that_is_over_or_refused():
    data = text(s16(100))
    lines = [{"open": "s", "rate": RATE}, {"at": 0, "feed": "s", "base64": data}, {"at": 50, "stop": "s", "fade": 0},
             {"at": 60, "feed": "s", "base64": data}, {"at": 70, "finish": "s"}]
    equal(len(render(lines)), 50)
    two = [{"open": "a", "rate": RATE}, {"open": "b", "rate": RATE}, {"feed": "a", "base64": data}, {"feed": "b", "base64": data},
           {"finish": "b"}, {"finish": "a"}]
    result = run("render", "-", "-o", "x.wav", "--stats", "--json", stdin=timeline_bytes(two, {"max_voices": 1}))
    equal([e["reason"] for e in result.json["events"]], ["refused", "ended"])
    equal(result.json["frames"], 100)


def test_pcm_sounds():
    stereo, mono = s16(300), rng.uniform(-1, 1, (200, 1)).astype("<f4")
    stereo.tofile("s.s16")
    mono.tofile("m.f32")
    with open("odd.s16", "wb") as file:
        file.write(stereo.tobytes() + b"\1")
    lines = [{"sound": "s", "pcm": {"file": "s.s16", "format": "s16", "channels": 2, "rate": RATE}},
             {"sound": "m", "pcm": {"file": "m.f32", "format": "f32", "channels": 1, "rate": RATE}},
             {"sound": "o", "pcm": {"file": "odd.s16", "format": "s16", "channels": 2, "rate": RATE}},
             {"play": "s"}, {"at": 300, "play": "m"}, {"at": 500, "play": "o"}]
    result = run("render", "-", "-o", "-", stdin=timeline_bytes(lines))
    equal(result.lines, ["motet: -:4: warning: odd.s16: its last 1 bytes are not a whole frame and are left out"])
    out = np.frombuffer(result.bytes, "<f4").reshape(-1, 2)
    same(out, np.concatenate([sounding(stereo), np.repeat(mono, 2, axis=1), sounding(stereo)]))


if __name__ == "__main__":
    sys.exit(main(globals()))
