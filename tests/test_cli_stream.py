"""Sounds that timelines stream: the samples and events of the same sounds loaded, for every block size."""
import os
import sys
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, errors_of, main, render, run, same, timeline_bytes

rng = np.random.default_rng(11)


def write_wav(path, frames, channels, rate):
    with wave.open(path, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(rng.integers(-10000, 10000, (frames, channels)).astype("<i2").tobytes())


def scene(stream):
    sounds = [{"sound": name, "file": f"{name}.wav", "stream": stream} for name in ("a", "b")]
    return sounds + [
        {"sound": "set", "variations": ["a", "b"], "pitch_jitter_semitones": 3},
        {"play": "a", "as": "a", "loop": True, "loop_start": 20000, "loop_end": 70001, "loop_crossfade": "200ms"},
        {"play": "b", "as": "b", "pitch": 1.3, "loop": True, "loop_count": 2},
        {"at": "500ms", "seek": "a", "to": 60000, "fade": "300ms"},
        {"at": "500ms", "set": "b", "pitch": 0.7, "fade": "1s"},
        {"at": "1s", "play": "set", "from": 11000},
        {"at": 55555, "seek": "b", "to": "1s"},
        {"at": 55556, "seek": "b", "to": 7},
        {"at": "2s", "pause": "a"},
        {"at": "2100ms", "seek": "a", "to": 30000},
        {"at": "2200ms", "resume": "a"},
        {"at": "2500ms", "set": "a", "loop": False},
    ]


def test_streams_render_as_loaded_sounds():
    write_wav("a.wav", 100000, 2, 48000)
    write_wav("b.wav", 66000, 1, 22050)
    loaded = render(scene(False), "--seconds", "5")
    assert np.abs(loaded).max() > 0.1
    for block in ("37", "512", "4096"):
        same(render(scene(True), "--seconds", "5", "--block", block), loaded, f"in blocks of {block}")
    events = [run("render", "-", "-o", "out.wav", "--seconds", "5", "--stats", "--json",
                  stdin=timeline_bytes(scene(stream))).json["events"] for stream in (False, True)]
    equal(events[1], events[0])
    assert not any(event["event"] == "stream_starved" for event in events[1])


def test_only_files_are_streamed():
    lines = errors_of([{"sound": "a", "sine": {"hz": 440, "seconds": 1.0, "amplitude": 0.5}, "stream": True},
                       {"play": "a"}])
    assert any('"stream" in "sound" beside "sine"; expected it with "file" only' in line for line in lines), lines


def test_too_many_streams_are_refused():
    write_wav("a.wav", 1000, 1, 48000)
    lines = [{"sound": "a", "file": "a.wav", "stream": True}] + [{"play": "a", "pitch": 0.1}] * 65
    result = run("render", "-", "-o", "out.wav", "--stats", "--json", stdin=timeline_bytes(lines))
    equal(result.code, 0, result.error)
    reasons = [event["reason"] for event in result.json["events"] if event["event"] == "voice_ended"]
    equal(sorted(reasons), ["ended"] * 64 + ["refused"])


if __name__ == "__main__":
    sys.exit(main(globals()))
