"""motet render: every sample against a restatement of the rules in numpy, and the same samples for every block size."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, main, near, render, run, same, timeline_bytes, write_timeline

RATE = 48000
DECLICK = 480


def db(value):
    return 10 ** (value / 20) if value > -80 else 0.0


def smooth(frames):
    t = np.arange(frames) / frames
    return t * t * (3 - 2 * t)


def glide(before, after, at, fade, total, curve=None):
    """A value that moves at a frame: the old one at `at`, exactly the new one from at + fade on."""
    value = np.full(total, float(before))
    value[at:at + fade] = before + (after - before) * (smooth(fade) if curve is None else curve)
    value[at + fade:] = after
    return value


def stereo(mono):
    return np.repeat(np.asarray(mono, dtype=np.float32)[:, None], 2, axis=1)


def constant(name="a", value=0.5, seconds=1.0, **more):
    return {"sound": name, "constant": {"value": value, "seconds": seconds, **more}}


def ramp(name="a", start=0.0, to=0.9375, seconds=1.0, **more):
    return {"sound": name, "ramp": {"from": start, "to": to, "seconds": seconds, **more}}


def ramp_samples(start=0.0, to=0.9375, frames=RATE):
    n = np.arange(frames)
    return (start + (to - start) * n / (frames - 1)).astype(np.float32)


def stats(lines, *options, header=None):
    result = run("render", "-", "-o", "out.wav", "--stats", "--json", *options, stdin=timeline_bytes(lines, header))
    equal(result.code, 0, result.error)
    return result.json


# -------------------------------------------------------------------------------------------------- generated sounds

def test_generated_sounds():
    n = np.arange(RATE)
    sine = 0.5 * np.sin(2 * np.pi * ((441.5 * n / RATE) % 1))
    out = render([{"sound": "a", "sine": {"hz": 441.5, "seconds": 1.0, "amplitude": 0.5}}, {"play": "a"}])
    near(out, stereo(sine), 2 ** -25, "sine")
    same(render([constant(value=0.3), {"play": "a"}]), stereo(np.full(RATE, 0.3)), "constant")
    same(render([ramp(start=-0.5, to=0.5), {"play": "a"}]), stereo(ramp_samples(-0.5, 0.5)), "ramp")
    impulse = np.zeros(4800, np.float32)
    impulse[480] = 0.5
    same(render([{"sound": "a", "impulse": {"at": "10ms", "value": 0.5, "seconds": 0.1}}, {"play": "a"}]), stereo(impulse))
    lone = np.zeros(4800, np.float32)
    lone[0] = -0.25
    same(render([{"sound": "a", "impulse": {"value": -0.25, "seconds": 0.1}}, {"play": "a"}]), stereo(lone))


def test_noise():
    noise = {"seconds": 1.0, "amplitude": 0.5, "seed": 1}
    one = render([{"sound": "a", "noise": noise}, {"play": "a"}])
    equal(one.shape, (RATE, 2))
    same(one[:, 0], one[:, 1], "one channel is played on both sides")
    assert np.abs(one).max() <= 0.5 and abs(one.mean()) < 0.01 and np.abs(one).max() > 0.499
    assert abs(one[:, 0].var() - 0.25 / 3) < 0.002
    same(one, render([{"sound": "a", "noise": noise}, {"play": "a"}]), "the same seed")
    other = render([{"sound": "a", "noise": dict(noise, seed=2)}, {"play": "a"}])
    assert np.count_nonzero(one[:, 0] == other[:, 0]) < 10
    two = render([{"sound": "a", "noise": dict(noise, channels=2)}, {"play": "a"}])
    assert np.count_nonzero(two[:, 0] == two[:, 1]) < 10
    # The seed left out is the header's; channels may stand beside the generator.
    del noise["seed"]
    same(one, render([{"sound": "a", "noise": noise}, {"play": "a"}], header={"seed": 1}))
    same(two, render([{"sound": "a", "noise": noise, "channels": 2}, {"play": "a"}], header={"seed": 1}))


def test_lengths_are_rounded():
    for seconds, rate, frames in ((0.1, 44100, 4410), (1 / 3, 48000, 16000), (0.00001, 48000, 0), (0.0000105, 48000, 1),
                                  (0, 48000, 0)):
        out = render([constant(seconds=seconds), {"play": "a"}], header={"rate": rate})
        equal(len(out), frames, (seconds, rate))


# ------------------------------------------------------------------------------------------------------------- time

def test_times_as_strings():
    for text, rate, frames in (("480", 48000, 480), ("10ms", 48000, 480), ("1.5s", 48000, 72000), ("10ms", 44100, 441),
                               ("0.5ms", 44100, 22), ("1.5ms", 44100, 66), ("0.0104166666s", 48000, 500),
                               ("0.03125ms", 48000, 2), ("0.010416ms", 48000, 0), ("0.010417ms", 48000, 1),
                               ("1.499999999999", 48000, 1), ("1.5", 48000, 2), (7, 48000, 7), (7.0, 48000, 7),
                               ("0.00002267573696145s", 44100, 1), ("0.000011337869s", 44100, 1),
                               ("0.0000113378684s", 44100, 0), ("3s", 8000, 24000), ("00010ms", 48000, 480)):
        equal(len(render([{"at": text, "end": True}], header={"rate": rate})), frames, text)


def test_end_and_seconds():
    sound = constant(seconds=1.0)
    equal(len(render([sound, {"at": 100, "play": "a"}])), RATE + 100)
    equal(len(render([sound, {"at": 100, "play": "a"}, {"at": 200, "end": True}])), 200)
    equal(len(render([sound, {"at": 100, "play": "a"}, {"at": "3s", "end": True}])), 3 * RATE)
    equal(len(render([sound, {"at": 100, "play": "a"}, {"at": 200, "end": True}], "--seconds", "0.5")), RATE // 2)
    equal(len(render([sound, {"at": 100, "play": "a"}], "--seconds", "0.0000105")), 1)
    equal(len(render([sound, {"at": 100, "play": "a"}], "--seconds", "0")), 0)
    equal(len(render([])), 0)
    equal(len(render([{"at": 500, "note": "nothing sounds"}])), 0)
    # Every rendering is the beginning of the longer ones.
    lines = [{"sound": "a", "noise": {"seconds": 1.0, "amplitude": 1.0}}, {"play": "a"}, {"at": 9000, "play": "a"}]
    whole = render(lines, header={"limiter": True})
    for frames in (1, 500, 9000, 9001, 50000):
        same(render([*lines, {"at": 9000, "stop_sound": "a"}][:3] + [{"at": max(frames, 9000), "note": "x"}],
                    "--seconds", repr(frames / RATE), header={"limiter": True}), whole[:frames], f"{frames} frames")


def test_rate_option_replaces_the_header():
    lines = [constant(seconds=0.5), {"at": "100ms", "play": "a"}]
    equal(len(render(lines, "--rate", "8000")), 800 + 4000)
    equal(stats(lines, "--rate", "8000")["rate"], 8000)


def test_mono():
    lines = [{"sound": "a", "noise": {"seconds": 0.1, "amplitude": 0.5, "channels": 2}}, {"play": "a", "pan": 0.25}]
    two = render(lines)
    one = render(lines, header={"channels": 1}, channels=1)
    near(one[:, 0], 0.5 * (two[:, 0].astype(np.float64) + two[:, 1]), 2 ** -24)


# ----------------------------------------------------------------------------------------------------- level and pan

def test_volume_and_pan():
    for volume, pan in ((0, 0), (-6, 0), (0, 0.25), (-12, -1), (6, 1), (-80, 0), (-100, 0.5), (100, 0), (-79.9, 0)):
        out = render([constant(value=0.25, seconds=0.01), {"play": "a", "volume_db": volume, "pan": pan}])
        gain = db(max(-80, min(24, volume)))
        near(out[:, 0], np.full(480, 0.25 * gain * min(1, 1 - pan)), 2e-7 * max(gain, 1))
        near(out[:, 1], np.full(480, 0.25 * gain * min(1, 1 + pan)), 2e-7 * max(gain, 1))
    same(render([constant(seconds=0.01), {"play": "a", "volume_db": -80}]), np.zeros((480, 2), np.float32))


def test_fades():
    lines = [constant(seconds=1.0), {"play": "a", "as": "v"}]
    total = RATE

    def check(change, expected):
        near(render([*lines, {"at": 20000, "set": "v", **change}]), stereo(0.5 * expected), 1e-7, change)

    target = db(-12)
    t = np.arange(2400) / 2400
    check({"volume_db": -12}, glide(1, target, 20000, DECLICK, total))
    check({"volume_db": -12, "fade": "50ms"}, glide(1, target, 20000, 2400, total))
    check({"volume_db": -12, "fade": 1}, glide(1, target, 20000, 1, total))
    check({"volume_db": -12, "fade": 0}, glide(1, target, 20000, 0, total))
    check({"volume_db": -12, "fade": "50ms", "curve": "linear"}, glide(1, target, 20000, 2400, total, t))
    check({"volume_db": -12, "fade": "50ms", "curve": "db"},
          glide(1, target, 20000, 2400, total, (10 ** (-12 * t / 20) - 1) / (target - 1)))
    check({"volume_db": -12, "fade": "50ms", "curve": "power"},
          glide(1, target, 20000, 2400, total, 1 - np.cos(t * np.pi / 2)))
    check({"volume_db": 6, "fade": "50ms", "curve": "power"}, glide(1, db(6), 20000, 2400, total, np.sin(t * np.pi / 2)))
    # Without a fade of its own a play starts at once; with one it grows from 0.
    near(render([lines[0], {"play": "a", "fade": 1000}]), stereo(0.5 * glide(0, 1, 0, 1000, total)), 1e-7)
    near(render(lines, header={"declick": "20ms"}), stereo(np.full(total, 0.5)), 0)
    near(render([*lines, {"at": 100, "set": "v", "volume_db": -12}], header={"declick": "20ms"}),
         stereo(0.5 * glide(1, target, 100, 960, total)), 1e-7)
    near(render([*lines, {"at": 100, "set": "v", "volume_db": -12}], header={"declick": 0}),
         stereo(0.5 * glide(1, target, 100, 0, total)), 1e-7)


def test_pan_fades_and_groups():
    out = render([constant(), {"play": "a", "as": "v"},
                  {"at": 10000, "set": "v", "pan": 0.5, "volume_db": -6, "fade": "50ms"}])
    volume = glide(1, db(-6), 10000, 2400, RATE)
    pan = glide(0, 0.5, 10000, 2400, RATE)
    near(out[:, 0], 0.5 * volume * (1 - pan), 1e-7)
    near(out[:, 1], 0.5 * volume, 1e-7)


def test_changes_before_the_first_frame_are_start_values():
    lines = [constant(seconds=0.1), {"at": 1000, "play": "a", "as": "v", "volume_db": -3},
             {"at": 1000, "set": "v", "volume_db": -12, "pan": 1}]
    out = render(lines)
    near(out[1000:, 1], np.full(4800, 0.5 * db(-12)), 1e-7)
    same(out[:, 0], np.zeros(5800, np.float32))


def test_lines_of_one_frame_apply_in_their_order():
    lines = [constant(seconds=0.1), {"play": "a", "as": "v"}, {"at": 100, "set": "v", "volume_db": -20, "fade": 0},
             {"at": 100, "set": "v", "volume_db": -6, "fade": 0}]
    near(render(lines)[100:], stereo(np.full(4700, 0.5 * db(-6))), 1e-7)


def test_voices_end_at_their_last_frame():
    same(render([ramp(), {"at": 7, "play": "a"}])[7:], stereo(ramp_samples()))
    for length in (1, 2, 511, 512, 513):
        lines = [constant(seconds=length / RATE), {"at": 3, "play": "a", "as": "v"}]
        equal(stats(lines)["events"], [{"frame": 3 + length, "event": "voice_ended", "reason": "ended", "voice": "v", "line": 3}])
        equal(stats(lines)["frames"], 3 + length)


def test_stop():
    lines = [constant(), {"play": "a", "as": "v"}, {"at": 10000, "stop": "v", "fade": "20ms"}]
    near(render(lines), stereo(0.5 * glide(1, 0, 10000, 960, 10960)), 1e-7)
    equal(stats(lines)["events"][0], {"frame": 10960, "event": "voice_ended", "reason": "stopped", "voice": "v", "line": 3})
    lines[-1] = {"at": 10000, "stop": "v"}
    equal(len(render(lines)), 10480)
    lines[-1] = {"at": 10000, "stop": "v", "fade": 0}
    same(render(lines), stereo(np.full(10000, 0.5)))
    # The material ends inside the fade.
    lines[-1] = {"at": RATE - 100, "stop": "v"}
    equal(stats(lines)["events"][0]["reason"], "ended")
    # Before its first frame: cancelled.
    lines = [constant(), {"at": 500, "play": "a", "as": "v"}, {"at": 500, "stop": "v"}]
    equal(stats(lines)["events"][0]["reason"], "stopped")
    same(render([*lines, {"at": 1000, "end": True}]), np.zeros((1000, 2), np.float32))


def test_stop_sound():
    write_timeline("x.jsonl", [])
    lines = [constant("a", 0.25), constant("b", 0.125), {"play": "a"}, {"play": "a", "as": "v"}, {"play": "b"},
             {"at": 1000, "stop_sound": "a", "fade": 0}, {"at": 1000, "play": "a"}]
    out = render(lines)
    same(out[:1000], stereo(np.full(1000, 0.625)))
    same(out[1000:RATE], stereo(np.full(RATE - 1000, 0.375)))
    same(out[RATE:], stereo(np.full(1000, 0.25)))


def test_stop_sound_of_one_name_of_a_file():
    np.full(4800, 8192, "<i2").tofile("x.s16")
    run("render", "-", "-o", "x.wav", "--format", "s16", stdin=timeline_bytes(
        [constant("a", 0.25, 0.1), {"play": "a"}]))
    lines = [{"sound": "a", "file": "x.wav"}, {"sound": "b", "file": "x.wav"}, {"play": "a"}, {"play": "b"},
             {"at": 1000, "stop_sound": "a", "fade": 0}]
    out = render(lines)
    near(out[1000:], out[:1000][:1].repeat(len(out) - 1000, 0) / 2, 1e-6)


def test_pause_and_resume():
    source = ramp_samples()
    lines = [ramp(), {"play": "a", "as": "v"}, {"at": 1000, "pause": "v", "fade": 0}, {"at": 5000, "resume": "v", "fade": 0}]
    same(render(lines), stereo(np.concatenate([source[:1000], np.zeros(4000, np.float32), source[1000:]])))
    # With a fade the source runs on through it and is held at its end; it comes back with a ramp in.
    lines = [ramp(), {"play": "a", "as": "v"}, {"at": 1000, "pause": "v", "fade": 100}, {"at": 5000, "resume": "v", "fade": 200}]
    out = render(lines)
    near(out[:1100], stereo(source[:1100] * glide(1, 0, 1000, 100, 1100)), 1e-7)
    same(out[1100:5000], np.zeros((3900, 2), np.float32))
    near(out[5000:], stereo(source[1100:] * glide(0, 1, 0, 200, RATE - 1100)), 1e-7)
    # A voice may start paused; pausing a paused voice does nothing.
    lines = [ramp(), {"play": "a", "as": "v", "paused": True}, {"at": 10, "pause": "v"}, {"at": 100, "resume": "v", "fade": 0}]
    same(render(lines), stereo(np.concatenate([np.zeros(100, np.float32), source])))


def test_seek():
    source = ramp_samples()
    out = render([ramp(), {"play": "a", "as": "v"}, {"at": 1000, "seek": "v", "to": 40000, "fade": 0}])
    same(out, stereo(np.concatenate([source[:1000], source[40000:]])))
    out = render([ramp(), {"play": "a", "as": "v"}, {"at": 1000, "seek": "v", "to": "500ms"}])
    new = source[24000:] * glide(0, 1, 0, DECLICK, 24000)
    new[:DECLICK] += source[1000:1000 + DECLICK] * glide(1, 0, 0, DECLICK, DECLICK)
    near(out, stereo(np.concatenate([source[:1000], new])), 2e-7)
    # Past the end: the voice is over, and its old place fades out into the end of the file.
    out = render([constant(), {"play": "a", "as": "v"}, {"at": 1000, "seek": "v", "to": "2s"}])
    near(out[:1000], stereo(np.full(1000, 0.5)), 0)
    tail = 0.5 * glide(1, 0, 0, DECLICK, DECLICK)
    assert 1470 < len(out) <= 1480, len(out)
    near(out[1000:], stereo(tail[:len(out) - 1000]), 1e-7)


def test_positions_count_in_the_sounds_own_rate():
    sound = ramp(seconds=1.0, rate=24000)
    whole = render([sound, {"play": "a"}])
    equal(len(whole), RATE)
    for place in ("250ms", 6000, "6000"):
        same(render([sound, {"play": "a", "from": place, "fade": 0}]), whole[12000:], place)
    out = render([sound, {"play": "a", "as": "v"}, {"at": 480, "seek": "v", "to": "250ms", "fade": 0}])
    same(out[480:], whole[12000:])
    # From inside a sound a play has the declick.
    near(render([constant(), {"play": "a", "from": 100}]), stereo(0.5 * glide(0, 1, 0, DECLICK, RATE - 100)), 1e-7)
    equal(stats([sound, {"play": "a", "from": "1s"}])["frames"], 0)


def test_loops():
    source = ramp_samples(frames=4800)
    sound = ramp(seconds=0.1)
    out = render([sound, {"play": "a", "loop": True}, {"at": 10000, "end": True}])
    same(out, stereo(np.tile(source, 3)[:10000]))
    out = render([sound, {"play": "a", "as": "v", "loop": True}, {"at": 10000, "set": "v", "loop": False}])
    same(out, stereo(np.tile(source, 3)))
    out = render([sound, {"play": "a", "as": "v"}, {"at": 100, "set": "v", "loop": True}, {"at": 6000, "stop": "v", "fade": 0}])
    same(out, stereo(np.tile(source, 2)[:6000]))
    # Of one frame, and of none.
    out = render([constant(seconds=1 / RATE), {"play": "a", "loop": True}, {"at": 1000, "end": True}])
    same(out, stereo(np.full(1000, 0.5)))
    out = render([constant(seconds=0), {"play": "a", "loop": True}, {"at": 1000, "end": True}])
    same(out, np.zeros((1000, 2), np.float32))


def test_pitch():
    out = render([ramp(to=1.0), {"play": "a", "pitch": 2, "quality": "linear"}])
    equal(len(out), RATE // 2)
    near(out, stereo(ramp_samples(to=1.0)[::2]), 1e-7)
    for quality in ("linear", "cubic", "default"):
        out = render([ramp(to=1.0), {"play": "a", "pitch": 0.5, "quality": quality}])
        near(out[20:-20], stereo(np.interp(np.arange(2 * RATE) / 2, np.arange(RATE), ramp_samples(to=1.0)))[20:len(out) - 20], 1e-4)
    # Clamped, not refused.
    equal(len(render([constant(), {"play": "a", "pitch": 1e9}])), RATE // 64)


def test_buses():
    lines = [{"bus": "Music", "volume_db": -6}, {"bus": "Drums", "parent": "Music", "volume_db": -6}, constant(),
             {"play": "a", "bus": "Drums"}]
    near(render(lines), stereo(np.full(RATE, 0.5 * db(-6) * db(-6))), 1e-7)
    out = render([*lines, {"at": 1000, "set_bus": "Music", "volume_db": 0, "fade": 2000}])
    near(out, stereo(0.5 * db(-6) * glide(db(-6), 1, 1000, 2000, RATE)), 1e-7)
    out = render([*lines, {"at": 1000, "set_bus": "Music", "mute": True}, {"at": 9000, "set_bus": "Music", "mute": False}])
    near(out[:9000], stereo(0.5 * db(-12) * glide(1, 0, 1000, DECLICK, 9000)), 1e-6)
    near(out[9000:], stereo(0.5 * db(-12) * glide(0, 1, 0, DECLICK, RATE - 9000)), 1e-6)
    two = [{"bus": "A"}, {"bus": "B"}, constant("a", 0.25), constant("b", 0.125), {"play": "a", "bus": "A"},
           {"play": "b", "bus": "B"}]
    out = render([*two, {"at": 1000, "set_bus": "B", "solo": True, "fade": 0}, {"at": 2000, "set_bus": "B", "solo": False, "fade": 0}])
    same(out[:1000], stereo(np.full(1000, 0.375)))
    same(out[1000:2000], stereo(np.full(1000, 0.125)))
    same(out[2000:], stereo(np.full(RATE - 2000, 0.375)))
    same(render([{"bus": "A", "mute": True}, constant(), {"play": "a", "bus": "A"}]), np.zeros((RATE, 2), np.float32))


def test_taking_a_voice_to_another_bus():
    lines = [{"bus": "A", "volume_db": -20}, constant(), {"play": "a", "as": "v"}, {"at": 1000, "set": "v", "bus": "A", "fade": 2000}]
    fade = glide(0, 1, 1000, 2000, RATE)
    near(render(lines), stereo(0.5 * (1 - fade) + 0.5 * db(-20) * fade), 2e-7)


def test_names_used_again_name_the_newer_voice():
    lines = [constant("a", 0.25), {"play": "a", "as": "v"}, {"play": "a", "as": "v"}, {"at": 100, "stop": "v", "fade": 0}]
    out = render(lines)
    same(out, stereo(np.concatenate([np.full(100, 0.5), np.full(RATE - 100, 0.25)])))


def test_commands_to_ended_voices_do_nothing():
    lines = [constant(seconds=0.01), {"play": "a", "as": "v"}]
    late = [{"at": 1000, "set": "v", "volume_db": 3, "pan": 1}, {"at": 1000, "pause": "v"}, {"at": 1001, "seek": "v", "to": 0},
            {"at": 1002, "resume": "v"}, {"at": 1003, "stop": "v"}, {"at": 1004, "set": "v", "loop": True}]
    same(render([*lines, *late]), render(lines))


# ---------------------------------------------------------------------------------------------------------- limiter

def test_limiter_keeps_time_and_quiet_samples():
    lines = [{"sound": "a", "noise": {"seconds": 0.5, "amplitude": 0.9}}, {"at": 100, "play": "a"}]
    same(render(lines, header={"limiter": True}), render(lines, header={"limiter": False}))
    loud = [{"sound": "a", "sine": {"hz": 100, "seconds": 0.5, "amplitude": 0.9}}, {"play": "a"}, {"play": "a", "pan": 0.2}]
    assert np.abs(render(loud)).max() > 1.7
    assert np.abs(render(loud, header={"limiter": True})).max() <= 1.0
    assert np.abs(render(loud, header={"limiter": True, "ceiling_db": -6})).max() <= db(-6) * 1.000001
    equal(len(render(loud, header={"limiter": True})), RATE // 2)


# ------------------------------------------------------------------------------------------------- the size of blocks

RICH = [
    {"bus": "Music", "volume_db": -3}, {"bus": "SFX"}, {"bus": "Drums", "parent": "SFX", "volume_db": -2},
    {"sound": "s", "sine": {"hz": 440, "seconds": 0.6, "amplitude": 0.6}},
    {"sound": "n", "noise": {"seconds": 0.3, "amplitude": 0.4, "channels": 2, "rate": 44100}},
    {"sound": "r", "ramp": {"from": -0.5, "to": 0.5, "seconds": 0.05}},
    {"sound": "c", "constant": {"value": 0.1, "seconds": 0.4, "rate": 22050}},
    {"at": 0, "play": "s", "as": "m", "bus": "Music", "fade": "50ms"},
    {"at": 0, "play": "n", "as": "x", "pitch": 1.31, "pan": -0.4},
    {"at": 333, "play": "r", "as": "loop", "loop": True, "pitch": 0.77, "bus": "Drums"},
    {"at": 1000, "open": "f", "rate": 44100, "channels": 1, "format": "s16", "pitch": 1.1},
    {"at": 1500, "feed": "f", "base64": "AAAA8ADgAHAAMABQAGAAcACAAIAAcAA="},
    {"at": 1777, "set": "m", "volume_db": -9, "pan": 0.3, "fade": "30ms"},
    {"at": 1778, "set": "m", "volume_db": 2, "fade": "20ms"},
    {"at": 2000, "set": "x", "pitch": 0.6, "fade": "100ms"},
    {"at": 2500, "set": "loop", "bus": "Music"},
    {"at": 2600, "seek": "m", "to": "300ms"},
    {"at": 2650, "seek": "m", "to": 100},
    {"at": 3000, "set_bus": "Music", "volume_db": -15, "mute": False, "fade": "40ms", "curve": "db"},
    {"at": 3100, "set_bus": "Drums", "solo": True},
    {"at": 3500, "pause": "x"}, {"at": 3900, "resume": "x", "fade": 33},
    {"at": 4000, "set_bus": "Drums", "solo": False},
    {"at": 4096, "play": "c", "as": "c", "from": 17, "curve": "power"},
    {"at": 4097, "feed": "f", "base64": "AAAA8ADgAHAAMABQAGAAcACAAIAAcAA="},
    {"at": 4200, "finish": "f"},
    {"at": 5000, "set": "loop", "loop": False, "volume_db": -30, "curve": "linear"},
    {"at": 5001, "stop": "c", "fade": "5ms"},
    {"at": 6000, "play": "s", "volume_db": 6}, {"at": 6000, "play": "s", "volume_db": 6, "pitch": 1.00001},
    {"at": 9000, "stop_sound": "n"},
]


def test_every_block_size_gives_the_same_samples():
    for limiter in (False, True):
        whole = render(RICH, header={"limiter": limiter, "max_voices": 16})
        assert len(whole) > 20000 and np.abs(whole).max() > 0.5
        for block in (1, 63, 64, 4096, 65536):
            same(render(RICH, "--block", block, header={"limiter": limiter, "max_voices": 16}), whole, f"block {block}")


def test_what_is_refused_does_not_depend_on_blocks():
    lines = [constant("a", 0.125, 0.01), {"sound": "b", "constant": {"value": 0.25, "seconds": 0.003}}]
    for i in range(60):
        lines.append({"at": 97 * i, "play": "ab"[i % 2], "as": f"v{i}"})
        lines.append({"at": 97 * i, "set": f"v{i}", "pan": 0.5})
    # A voice that ends at frame 480 makes room for the one that starts there.
    exact = [constant("a", 0.125, 0.01), {"play": "a"}, {"at": 480, "play": "a"}, {"at": 700, "play": "a"}]
    few = {"max_virtual_voices": 0}
    for scene, header, refused in ((lines, {"max_voices": 2, **few}, None), (exact, {"max_voices": 1, **few}, 1)):
        reference = stats(scene, header=header)
        count = sum(event["reason"] == "refused" for event in reference["events"])
        assert count > 0 and refused in (None, count), (count, reference["events"])
        equal(reference["voices_started"] + count, sum("play" in line for line in scene if isinstance(line, dict)))
        whole = render(scene, header=header)
        for block in (1, 63, 100, 4096):
            equal(stats(scene, "--block", block, header=header)["events"], reference["events"], f"block {block}")
            same(render(scene, "--block", block, header=header), whole, f"block {block}")


def test_a_burst_of_plays():
    lines = [constant("a", 0.01, 0.02)] + [{"at": 5, "play": "a", "as": f"v{i}"} for i in range(10000)]
    lines += [{"at": 6, "set": f"v{i}", "volume_db": -6, "pan": 0.1} for i in range(10000)]
    for header, voices in (({}, 256 + 4096), ({"max_virtual_voices": 0}, 256), ({"max_virtual_voices": 1000}, 1256),
                           ({"max_voices": 10000}, 10000), ({"max_voices": 1, "max_virtual_voices": 20000}, 10000)):
        document = stats(lines, header=header)
        equal(document["voices_started"], voices, header)
        equal(document["peak_voices"], voices, header)
        equal(sum(event["reason"] == "refused" for event in document["events"]), 10000 - voices, header)


# ---------------------------------------------------------------------------------------------------------- no end

def test_what_never_ends_is_refused_before_anything_is_written():
    sound = constant(seconds=0.1)
    ending = 'expected an "end" line, or --seconds'
    for lines, message in (
            ([sound, {"play": "a", "as": "v", "loop": True}], f'-:3: voice "v" loops for ever; {ending}'),
            ([sound, {"play": "a", "loop": True}], f'-:3: the voice of "a" loops for ever; {ending}'),
            ([sound, {"play": "a", "as": "v", "paused": True}], f'-:3: voice "v" stays paused; {ending}'),
            ([sound, {"play": "a", "as": "v"}, {"at": 100, "pause": "v"}], f'-:3: voice "v" stays paused; {ending}'),
            ([sound, {"play": "a", "as": "v"}, {"at": 100, "set": "v", "loop": True}], f'-:3: voice "v" loops for ever; {ending}'),
            ([{"bus": "B", "paused": True}, sound, {"play": "a", "as": "v", "bus": "B"}],
             f'-:4: voice "v" stays in a paused bus; {ending}'),
            ([{"bus": "B"}, {"bus": "C", "parent": "B"}, sound, {"play": "a", "as": "v", "bus": "C"},
              {"at": 100, "pause_bus": "B"}], f'-:5: voice "v" stays in a paused bus; {ending}'),
            ([{"open": "s"}, {"feed": "s", "base64": "AAAAAA=="}], f'-:2: voice "s" is never finished; {ending}')):
        for output in ("out.wav", "-"):
            result = run("render", "-", "-o", output, stdin=timeline_bytes(lines))
            equal((result.code, result.lines, result.bytes), (1, [f"motet: {message}"], b""), lines)
        equal(os.listdir("."), [], "files left")
        equal(len(render(lines, "--seconds", "0.5")), RATE // 2)
        equal(len(render([*lines, {"at": 20000, "end": True}])), 20000)
    # These do end: by a stop, by an end of the loop, because the voice is over before the command comes.
    for lines, frames in (
            ([sound, {"play": "a", "as": "v", "loop": True}, {"at": 7000, "stop": "v", "fade": 0}], 7000),
            ([sound, {"play": "a", "as": "v", "loop": True}, {"at": 5000, "set": "v", "loop": False}], 9600),
            ([sound, {"play": "a", "as": "v"}, {"at": 5000, "set": "v", "loop": True}], 4800),
            ([sound, {"play": "a", "as": "v"}, {"at": 5000, "pause": "v"}], 4800),
            ([sound, {"play": "a", "as": "v", "loop": True}, {"at": 5000, "stop_sound": "a", "fade": 0}], 5000),
            ([sound, {"play": "a", "as": "v", "loop": True}, {"at": 5000, "seek": "v", "to": "1s", "fade": 0}], 5000),
            ([sound, {"play": "a"}, {"at": 100, "pause_bus": "Master", "fade": 0}, {"at": 300, "resume_bus": "Master"}], 5000),
            ([sound, {"play": "a"}, {"at": 4800, "pause_bus": "Master"}], 4800),
            ([sound, {"play": "a", "loop": True}, {"at": 5000, "stop_bus": "Master", "fade": 0}], 5000),
            ([sound, {"play": "a", "as": "v", "paused": True}, {"at": 50, "stop": "v"}], 50)):
        equal(len(render(lines)), frames, lines)


# ---------------------------------------------------------------------------------------------------------- output

def test_stats():
    lines = [constant(value=0.5, seconds=0.1), {"bus": "b"}, {"play": "a", "as": "x"}, {"at": 4000, "play": "a", "pan": -1},
             {"at": 9000, "note": "x"}]
    document = stats(lines)
    assert document["cpu_seconds"] >= 0 and document["realtime_factor"] > 0
    for key in ("cpu_seconds", "realtime_factor"):
        del document[key]
    near([document.pop("peak_dbfs"), document.pop("seconds")], [0.0, 8800 / 48000], 1e-6)
    equal(document, {"frames": 8800, "rate": 48000, "channels": 2, "voices_started": 2,
                     "peak_voices": 2, "tails_dropped": 0, "events": [
                         {"frame": 4800, "event": "voice_ended", "reason": "ended", "voice": "x", "line": 4},
                         {"frame": 8800, "event": "voice_ended", "reason": "ended", "voice": None, "line": 5}]})
    equal(stats([])["peak_dbfs"], None)
    text = run("render", "-", "-o", "out.wav", "--stats", stdin=timeline_bytes(lines))
    assert "frames           8800" in text.text and "voice \"x\"" in text.text and text.error == ""
    # With the sound on standard output they go to standard error; without --stats nothing is said.
    result = run("render", "-", "-o", "-", "--stats", stdin=timeline_bytes(lines))
    equal((len(result.bytes), "frames           8800" in result.error), (8800 * 8, True))
    quiet = run("render", "-", "-o", "out.wav", stdin=timeline_bytes(lines))
    equal((quiet.code, quiet.text, quiet.error), (0, "", ""))


def test_json_of_a_failure():
    result = run("render", "-", "-o", "out.wav", "--json", stdin=timeline_bytes([{"play": "x"}]))
    equal(result.code, 1)
    document = json.loads(result.text)
    equal([(e["file"], e["line"]) for e in document["errors"]], [("-", 2)])
    assert document["errors"][0]["message"].startswith('unknown sound "x"')


def test_formats():
    lines = [{"sound": "a", "noise": {"seconds": 0.2, "amplitude": 1.3, "channels": 2}}, {"play": "a"},
             {"sound": "c", "ramp": {"from": -1, "to": 0.999938964844, "seconds": 32768 / 48000}}, {"at": "0.2s", "play": "c"}]
    floats = render(lines)
    clamped = np.clip(floats.astype(np.float64), -1, 1)
    s16 = np.rint(clamped * 32767).astype("<i2")
    s24 = np.rint(clamped * 8388607).astype("<i4")
    s24_bytes = s24.reshape(-1).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()

    def raw(form):
        return run("render", "-", "-o", "-", "--format", form, stdin=timeline_bytes(lines)).bytes

    assert raw("s16") == s16.tobytes()
    assert raw("s24") == s24_bytes
    assert raw("f32") == floats.tobytes()
    for form, data in (("s16", s16.tobytes()), ("s24", s24_bytes), ("f32", floats.tobytes())):
        equal(run("render", "-", "-o", f"{form}.wav", "--format", form, stdin=timeline_bytes(lines)).code, 0)
        with open(f"{form}.wav", "rb") as file:
            content = file.read()
        at = content.index(b"data")
        equal(int.from_bytes(content[at + 4:at + 8], "little"), len(data), form)
        assert content[at + 8:at + 8 + len(data)] == data, form
        assert b"PEAK" not in content, "a peak chunk carries the time"
    equal(run("render", "-", "-o", "default.wav", stdin=timeline_bytes(lines)).code, 0)
    assert open("default.wav", "rb").read() == open("f32.wav", "rb").read()
    for form in ("s16", "s24"):
        equal(run("render", "-", "-o", f"{form}.flac", "--format", form, stdin=timeline_bytes(lines)).code, 0)
        equal(run("compare", f"{form}.flac", f"{form}.wav").code, 0)
    equal(run("render", "-", "-o", "default.flac", stdin=timeline_bytes(lines)).code, 0)
    equal(run("compare", "default.flac", "s24.wav").code, 0)


def test_a_wav_that_would_be_too_long_is_not_begun():
    result = run("render", "-", "-o", "x.wav", "--seconds", "20000", stdin=timeline_bytes([]))
    equal((result.code, result.lines, os.listdir(".")),
          (1, ["motet: x.wav: longer than a WAV file can be (4 GiB); expected FLAC, or - for raw samples"], []))


def test_the_same_bytes_every_time():
    for name in ("x.wav", "x.flac", "x.ogg"):
        contents = []
        for _ in range(2):
            equal(run("render", "-", "-o", name, stdin=timeline_bytes(RICH)).code, 0)
            contents.append(open(name, "rb").read())
        assert contents[0] == contents[1], name
    assert contents[0][:4] == b"OggS"


def test_the_file_appears_when_it_is_complete():
    lines = [constant(seconds=0.1), {"play": "a"}]
    with open("old.wav", "w", encoding="ascii") as file:
        file.write("old")
    result = run("render", "-", "-o", "old.wav", stdin=timeline_bytes([{"play": "x"}]))
    equal((result.code, open("old.wav", encoding="ascii").read(), os.listdir(".")), (1, "old", ["old.wav"]))
    os.symlink("real.wav", "link.wav")
    with open("real.wav", "w", encoding="ascii") as file:
        file.write("old")
    equal(run("render", "-", "-o", "link.wav", stdin=timeline_bytes(lines)).code, 0)
    assert os.path.islink("link.wav") and os.path.getsize("real.wav") > 4800 * 8
    equal(sorted(os.listdir(".")), ["link.wav", "old.wav", "real.wav"])
    result = run("render", "-", "-o", "no/where/x.wav", stdin=timeline_bytes(lines))
    equal((result.code, result.lines), (1, ["motet: no/where/x.wav: cannot be written: No such file or directory"]))
    os.symlink("/dev/null", "null.wav")
    equal(run("render", "-", "-o", "null.wav", stdin=timeline_bytes(lines)).code, 0)
    assert os.path.islink("null.wav")
    if os.path.exists("/dev/full"):
        os.symlink("/dev/full", "full.wav")
        result = run("render", "-", "-o", "full.wav", stdin=timeline_bytes(lines))
        equal(result.code, 1, result.error)
        assert "writing failed" in result.error or "cannot be written" in result.error, result.error


if __name__ == "__main__":
    sys.exit(main(globals()))
