"""Sounds that timelines load in the background: the samples and events of the same sounds loaded before."""
import os
import sys
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, errors_of, main, render, run, same, timeline_bytes

rng = np.random.default_rng(12)


def write_wav(path, frames, channels, rate):
    with wave.open(path, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(rng.integers(-10000, 10000, (frames, channels)).astype("<i2").tobytes())


def scene(later, stream):
    sounds = [{"sound": name, "file": f"{name}.wav", "async": later, "stream": stream} for name in ("a", "b")]
    sounds[0]["markers"] = [{"at": "100ms", "name": "here"}]
    return sounds + [
        {"sound": "set", "variations": ["a", "b"], "pitch_jitter_semitones": 3},
        {"play": "a", "as": "a", "loop": True, "loop_start": "100ms", "loop_end": 40001, "loop_crossfade": "20ms"},
        {"at": 3, "play": "b", "as": "b", "pitch": 1.3, "loop": True, "loop_count": 2},
        {"at": "500ms", "seek": "a", "to": 30000, "fade": "300ms"},
        {"at": "700ms", "play": "set", "from": 11000},
        {"at": "800ms", "set": "b", "loop": False},
        {"at": "900ms", "stop": "a"},
    ]


def test_async_renders_as_loaded():
    write_wav("a.wav", 50000, 2, 48000)
    write_wav("b.wav", 33000, 1, 22050)
    for stream in (False, True):
        loaded = render(scene(False, stream), "--seconds", "2")
        assert np.abs(loaded).max() > 0.1
        for block in ("37", "4096"):
            same(render(scene(True, stream), "--seconds", "2", "--block", block), loaded, f"in blocks of {block}")
        events = [run("render", "-", "-o", "out.wav", "--seconds", "2", "--stats", "--json",
                      stdin=timeline_bytes(scene(later, stream))).json["events"] for later in (False, True)]
        equal(events[1], events[0])


def test_missing_files_are_told_before():
    lines = errors_of([{"sound": "a", "file": "none.wav", "async": True}, {"play": "a"}])
    assert any("none.wav: no such file" in line for line in lines), lines


def test_what_is_wrong_behind_the_header_is_told_too():
    noise = [{"sound": "a", "noise": {"seconds": 1, "amplitude": 0.5}}, {"play": "a"}]
    equal(run("render", "-", "-o", "x.flac", stdin=timeline_bytes(noise)).code, 0)
    with open("x.flac", "r+b") as file:
        whole = file.read()
        file.seek(100)
        file.write(bytes(len(whole) - 100))
    lines = [{"sound": "a", "file": "x.flac", "async": True}, {"play": "a"}]
    result = run("render", "-", "-o", "out.wav", stdin=timeline_bytes(lines))
    equal(result.code, 1)
    assert "x.flac: damaged FLAC between frames 0 and" in result.error, result.error


def test_check_reads_them_at_once():
    write_wav("a.wav", 1000, 1, 48000)
    with open("a.wav", "r+b") as file:
        file.truncate(600)
    result = run("check", "-", stdin=timeline_bytes([{"sound": "a", "file": "a.wav", "async": True}, {"play": "a"}]))
    equal(result.code, 0, result.error)
    assert "is cut short" in result.error, result.error


def test_only_files_are_loaded_later():
    lines = errors_of([{"sound": "a", "sine": {"hz": 440, "seconds": 1.0, "amplitude": 0.5}, "async": True},
                       {"play": "a"}])
    assert any('"async" in "sound" beside "sine"; expected it with "file" only' in line for line in lines), lines


if __name__ == "__main__":
    sys.exit(main(globals()))
