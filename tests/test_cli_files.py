"""motet compare and info: on files made here, on files of Debian's packages where they are installed, and on files
that are broken."""
import glob
import math
import os
import struct
import sys
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, main, near, run, timeline_bytes, write_timeline

rng = np.random.default_rng(3)


def write_wav(path, samples, rate=48000):
    samples = np.asarray(samples, "<i2")
    with wave.open(path, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


def noise(frames=5000, channels=2):
    return rng.integers(-10000, 10000, (frames, channels))


def compare(*arguments, code):
    result = run("compare", *arguments)
    equal(result.code, code, result.error + result.text)
    return result.text.splitlines()


def compare_json(*arguments, code):
    result = run("compare", *arguments, "--json")
    equal(result.code, code, result.error + result.text)
    return result.json


# ------------------------------------------------------------------------------------------------------------ compare

def test_compare_the_same():
    samples = noise()
    write_wav("a.wav", samples)
    write_wav("b.wav", samples)
    equal(compare("a.wav", "b.wav", code=0), ["same: 5000 frames"])
    document = compare_json("a.wav", "b.wav", code=0)
    equal(document, {"a": "a.wav", "b": "b.wav", "same": True, "differences": [], "first_frame": None,
                     "largest_frame": None, "largest_lsb": 0.0, "largest_db": None})


def test_compare_different_samples():
    samples = noise()
    write_wav("a.wav", samples)
    samples[1234, 1] += 1
    samples[2000, 0] -= 5
    write_wav("b.wav", samples)
    five = 20 * math.log10(5 / 32768)
    equal(compare("a.wav", "b.wav", code=1),
          [f"samples: first at frame 1234 (0.026 s), channel 2; largest 5 LSB ({five:.1f} dB) at frame 2000"])
    document = compare_json("a.wav", "b.wav", code=1)
    equal((document["same"], document["first_frame"], document["largest_frame"], document["largest_lsb"]),
          (False, 1234, 2000, 5.0))
    near([document["largest_db"]], [five], 1e-6)
    # With a tolerance the first difference is the first beyond it.
    document = compare_json("a.wav", "b.wav", "--tolerance-db", "-85", code=1)
    equal(document["first_frame"], 2000)
    document = compare_json("a.wav", "b.wav", "--tolerance-db", "-76", code=0)
    equal((document["same"], document["first_frame"], document["largest_lsb"]), (True, None, 5.0))
    equal(compare("a.wav", "b.wav", "--tolerance-db", "-76", code=0),
          [f"same within the tolerance: largest difference 5 LSB ({five:.1f} dB) at frame 2000"])


def test_compare_different_shapes():
    samples = noise()
    write_wav("a.wav", samples)
    write_wav("short.wav", samples[:4000])
    write_wav("rate.wav", samples, 44100)
    write_wav("mono.wav", samples[:, :1])
    equal(compare("a.wav", "short.wav", code=1), ["length: 5000 and 4000 frames"])
    equal(compare_json("a.wav", "short.wav", code=1)["first_frame"], 4000)
    equal(compare("a.wav", "rate.wav", code=1), ["rate: 48000 and 44100 Hz"])
    equal(compare("a.wav", "mono.wav", code=1), ["channels: 2 and 1"])
    equal(compare("rate.wav", "mono.wav", "--tolerance-db", "0", code=1), ["rate: 44100 and 48000 Hz", "channels: 2 and 1"])


def test_compare_timelines():
    lines = [{"sound": "a", "sine": {"hz": 440, "seconds": 0.1, "amplitude": 0.5}}, {"play": "a", "as": "v"}]
    write_timeline("a.jsonl", lines)
    write_timeline("named_otherwise", lines)
    write_timeline("b.jsonl", [*lines, {"at": 100, "set": "v", "volume_db": -6, "fade": 0}])
    equal(run("render", "a.jsonl", "-o", "a.wav").code, 0)
    equal(compare("a.jsonl", "a.wav", code=0), ["same: 4800 frames"])
    equal(compare("named_otherwise", "a.jsonl", code=0), ["same: 4800 frames"])
    equal(compare_json("a.jsonl", "b.jsonl", code=1)["first_frame"], 100)
    result = run("compare", "-", "a.wav", stdin=timeline_bytes(lines))
    equal((result.code, result.text), (0, "same: 4800 frames\n"))
    equal(run("render", "a.jsonl", "-o", "s16.wav", "--format", "s16").code, 0)
    compare("a.jsonl", "s16.wav", "--tolerance-db", "-84", code=0)
    write_timeline("bad.jsonl", [{"play": "x"}])
    result = run("compare", "a.wav", "bad.jsonl")
    equal(result.code, 1)
    assert result.lines[0].startswith('motet: bad.jsonl:2: unknown sound "x"'), result.error
    write_timeline("endless.jsonl", [*lines[:1], {"play": "a", "loop": True}])
    assert "loops for ever" in run("compare", "a.wav", "endless.jsonl").error


def test_compare_unreadable_files():
    write_wav("a.wav", noise())
    here = os.path.realpath(".")
    result = run("compare", "no.wav", "nor.wav")
    equal((result.code, result.lines), (1, [f"motet: no.wav: no such file (looked in {here})",
                                            f"motet: nor.wav: no such file (looked in {here})"]))
    document = compare_json("a.wav", "no.wav", code=1)
    equal([e["message"] for e in document["errors"]], [f"no.wav: no such file (looked in {here})"])


# --------------------------------------------------------------------------------------------------------------- info

def test_info_of_a_wav():
    frames = 48000
    sine = np.rint(32767 * 0.5 * np.sin(2 * np.pi * 997 * np.arange(frames) / 48000))
    write_wav("a.wav", np.stack([sine, sine], 1))
    result = run("info", "a.wav", "--json")
    equal(result.code, 0)
    document = result.json
    peak, lufs = document.pop("peak_dbfs"), document.pop("integrated_lufs")
    near([peak], [-6.02], 0.01)
    near([lufs], [-6.02 - 3.01 + 3.01], 0.1)  # a 997 Hz sine of 0 dBFS in two channels is at 0 LUFS
    equal(document, {"file": "a.wav", "format": "WAV", "sample_format": "16-bit PCM", "rate": 48000, "channels": 2,
                     "frames": 48000, "seconds": 1.0, "lossy": False, "truncated": False, "loop_points": None, "markers": [], "tags": {}})
    text = run("info", "a.wav").text
    for part in ("a.wav\n", "48000 Hz", "1.000", "-6.02 dBFS", "LUFS", "16-bit PCM"):
        assert part in text, text


def test_info_of_several():
    write_wav("a.wav", noise())
    write_wav("silent.wav", np.zeros((100, 1)))
    result = run("info", "a.wav", "silent.wav", "no.wav", "--json")
    equal(result.code, 1)
    files = result.json["files"]
    equal([f["file"] for f in files], ["a.wav", "silent.wav", "no.wav"])
    equal((files[1]["peak_dbfs"], files[1]["integrated_lufs"], files[1]["channels"]), (None, None, 1))
    equal(files[2], {"file": "no.wav", "error": f"no.wav: no such file (looked in {os.path.realpath('.')})"})
    equal(run("info", "no.wav", "--json").json["file"], "no.wav")
    assert "silence" in run("info", "silent.wav").text


def test_info_markers():
    write_wav("a.wav", noise(1000, 1))
    equal(run("info", "a.wav", "--json").json["markers"], [])
    assert "markers" not in run("info", "a.wav").text
    with open("a.wav", "rb") as file:
        content = file.read()
    cue = struct.pack("<I", 3) + b"".join(struct.pack("<II4sIII", i + 1, 0, b"data", 0, 0, at) for i, at in enumerate((700, 30, 1000)))
    label = struct.pack("<I", 1) + b"verse two\0"
    labels = b"adtl" + b"labl" + struct.pack("<I", len(label)) + label
    content += b"cue " + struct.pack("<I", len(cue)) + cue + b"LIST" + struct.pack("<I", len(labels)) + labels
    with open("cued.wav", "wb") as file:
        file.write(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    equal(run("info", "cued.wav", "--json").json["markers"], [{"frame": 30, "name": ""}, {"frame": 700, "name": "verse two"}])
    text = run("info", "cued.wav").text
    assert "  markers       30\n                700  verse two\n" in text, text
    # Voices tell them; those of the line are in their place. The file's rate is that of its positions.
    sound = {"sound": "a", "file": "cued.wav"}
    for more, expected in (({}, [(30, ""), (700, "verse two")]),
                           ({"markers": [{"at": "10ms", "name": "own"}]}, [(480, "own")]),
                           ({"markers": [{"at": 3}]}, [(3, "")])):
        write_timeline("x.jsonl", [{**sound, **more}, {"play": "a"}])
        events = run("render", "x.jsonl", "-o", "x.wav", "--json").json["events"]
        equal([(event["frame"], event["marker_name"]) for event in events if event["event"] == "voice_marker"], expected)


def test_info_loop_points():
    write_wav("a.wav", noise(1000, 1))
    with open("a.wav", "rb") as file:
        content = file.read()
    smpl = struct.pack("<9I", 0, 0, 20833, 60, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 100, 899, 0, 0)
    content += b"smpl" + struct.pack("<I", len(smpl)) + smpl
    with open("looped.wav", "wb") as file:
        file.write(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    equal(run("info", "looped.wav", "--json").json["loop_points"], {"start": 100, "end": 900})
    assert "100 to 900" in run("info", "looped.wav").text
    # A timeline that loops it goes round between its points, or round the whole sound.
    lines = [{"sound": "a", "file": "looped.wav"}, {"play": "a", "loop": True, "as": "v"}, {"at": 2500, "end": True}]
    write_timeline("x.jsonl", lines)
    equal(run("render", "x.jsonl", "-o", "points.wav").lines, [])
    lines[1].update(loop_start=100, loop_end=900)
    write_timeline("x.jsonl", lines)
    equal(run("render", "x.jsonl", "-o", "range.wav").lines, [])
    equal(run("compare", "points.wav", "range.wav").code, 0)
    lines[1] = {"play": "a", "loop": True, "loop_whole": True, "as": "v"}
    write_timeline("x.jsonl", lines)
    equal(run("render", "x.jsonl", "-o", "whole.wav").lines, [])
    equal(run("compare", "points.wav", "whole.wav").code, 1)


def test_broken_files():
    """Each is an error that names the file; nothing crashes, and a timeline tells all of them."""
    good = write_wav("good.wav", noise())
    with open(good, "rb") as file:
        content = file.read()
    broken = {"empty.wav": b"", "text.wav": b"this is no sound\n" * 10, "header.wav": content[:20],
              "zeros.flac": bytes(1000), "cut.ogg": b"OggS" + bytes(60), "noise.mp3": rng.bytes(1000)[:1] + bytes(999)}
    for name, data in broken.items():
        with open(name, "wb") as file:
            file.write(data)
        result = run("info", name)
        equal((result.code, len(result.lines)), (1, 1), (name, result.error))
        assert result.lines[0].startswith(f"motet: {name}: "), (name, result.error)
    os.mkdir("folder.wav")
    equal(run("info", "folder.wav").lines, ["motet: folder.wav: is a folder; expected a file"])
    lines = [{"sound": name, "file": name} for name in [*broken, "folder.wav", good]] + [{"play": good}]
    write_timeline("x.jsonl", lines)
    result = run("check", "x.jsonl", "--json")
    equal(result.code, 1)
    equal([e["line"] for e in result.json["errors"]], list(range(2, len(broken) + 3)), result.error)


def test_a_file_that_is_cut_short():
    write_wav("whole.wav", noise(5000, 2))
    with open("whole.wav", "rb") as file:
        content = file.read()
    with open("cut.wav", "wb") as file:
        file.write(content[:44 + 4 * 3000 + 3])
    document = run("info", "cut.wav", "--json").json
    equal((document["frames"], document["truncated"]), (3000, True))
    write_timeline("x.jsonl", [{"sound": "a", "file": "cut.wav"}, {"play": "a"}])
    result = run("render", "x.jsonl", "-o", "-")
    equal((result.code, len(result.bytes), result.lines),
          (0, 3000 * 8, ["motet: x.jsonl:2: warning: cut.wav: is cut short; its first 3000 frames play"]))
    # 112 bytes that claim 2 GB.
    claim = content[:4] + struct.pack("<I", 2**31 - 1) + content[8:40] + struct.pack("<I", 2**31 - 100) + content[44:112]
    equal(len(claim), 112)
    with open("claim.wav", "wb") as file:
        file.write(claim)
    document = run("info", "claim.wav", "--json").json
    equal((document["frames"], document["truncated"]), (17, True))


def test_real_files():
    """Kinds of files as Debian ships them: whatever is installed is read, and FLAC survives a rendering."""
    found = 0
    for pattern, form in (("/usr/share/sounds/freedesktop/stereo/*.oga", "Ogg"), ("/usr/share/sounds/alsa/*.wav", "WAV"),
                          ("/usr/share/sonic-pi/samples/*.flac", "FLAC")):
        for path in sorted(glob.glob(pattern))[:3]:
            found += 1
            result = run("info", path, "--json")
            equal(result.code, 0, result.error)
            document = result.json
            assert form.lower() in document["format"].lower(), document
            assert document["frames"] > 0 and document["peak_dbfs"] is not None, document
            lines = [{"sound": "a", "file": path}, {"play": "a"}]
            rendered = run("render", "-", "-o", "x.wav", "--rate", document["rate"], stdin=timeline_bytes(lines))
            equal(rendered.code, 0, rendered.error)
            if document["channels"] == 2 and not document["lossy"]:
                equal(compare_json("x.wav", path, code=0)["largest_lsb"], 0.0)
            equal(run("info", "x.wav", "--json").json["frames"], document["frames"])
    print(f"{found} files of Debian's packages read")


if __name__ == "__main__":
    sys.exit(main(globals()))
