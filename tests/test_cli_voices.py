"""motet render of many voices: loops, repeats, musical times, sets, the rules of sounds, virtual voices. Every sample
and every event against what the rules say, in numpy; and the same for every block size."""
import math
import os
import sys
from fractions import Fraction

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import numpy as np
from motet_cli import equal, main, near, render, run, same, timeline_bytes

RATE = 48000
DECLICK = 480
BLOCKS = (1, 63, 64, 4096)


def stereo(mono):
    return np.repeat(np.asarray(mono, dtype=np.float32)[:, None], 2, axis=1)


def constant(name="a", value=0.25, frames=4800, **more):
    return {"sound": name, "constant": {"value": value, "seconds": frames / RATE}, **more}


def ramp(name="a", frames=4800, start=0.0, to=0.9375, **more):
    return {"sound": name, "ramp": {"from": start, "to": to, "seconds": frames / RATE}, **more}


def ramp_samples(frames=4800, start=0.0, to=0.9375):
    return (start + (to - start) * np.arange(frames) / (frames - 1)).astype(np.float32)


def smooth(frames):
    t = np.arange(frames) / frames
    return t * t * (3 - 2 * t)


def stats(lines, *options, header=None):
    result = run("render", "-", "-o", "out.wav", "--stats", "--json", *options, stdin=timeline_bytes(lines, header))
    equal(result.code, 0, result.error)
    return result.json


def ends(lines, *options, header=None):
    """How each voice ended, by its name: (frame, reason)."""
    events = [event for event in stats(lines, *options, header=header)["events"] if event["event"] == "voice_ended"]
    found = {event["voice"]: (event["frame"], event["reason"]) for event in events}
    equal(len(found), len(events), "one end for each voice")
    return found


def check_blocks(lines, header=None):
    """The samples and events, which are the same for every block size."""
    whole = render(lines, header=header)
    events = stats(lines, header=header)["events"]
    for block in BLOCKS:
        same(render(lines, "--block", block, header=header), whole, f"block {block}")
        equal(stats(lines, "--block", block, header=header)["events"], events, f"block {block}")
    return whole, events


# -------------------------------------------------------------------------------------------------------------- times

def test_beats_and_bars():
    def frames(text, rate, tempo, beats_per_bar):
        number, unit = (text[:-4], 1) if text.endswith("beat") else (text.rstrip("s")[:-4], 1) if "beat" in text else (
            text.rstrip("s")[:-3], beats_per_bar)
        return math.floor(Fraction(number) * unit * 60 * rate / Fraction(str(tempo)) + Fraction(1, 2))

    count = 0
    for rate in (8000, 44100, 48000):
        for tempo in (120, 60, 97, 128.5, 174.03, 999.999999):
            for beats_per_bar in (4, 3, 7):
                for text in ("1beat", "2beats", "4bars", "1bar", "0.5beats", "0.333333bars", "1.25bars", "0.000001beats", "0bars"):
                    header = {"rate": rate, "tempo": tempo, "beats_per_bar": beats_per_bar}
                    if count % 7 == 0:
                        equal(len(render([{"at": text, "end": True}], header=header)), frames(text, rate, tempo, beats_per_bar),
                              (text, header))
                    count += 1
    equal(len(render([{"at": "2beats", "end": True}])), RATE, "120 beats a minute, if nothing else is said")
    equal(len(render([{"at": "1bars", "end": True}])), 2 * RATE)
    equal(len(render([{"at": "1bars", "end": True}], "--rate", "8000")), 16000)
    # Half a frame is rounded up: 4 beats at 128 a minute are 82687.5 frames.
    equal(len(render([{"at": "4beats", "end": True}], header={"rate": 44100, "tempo": 128})), 82688)


def test_beats_stand_wherever_times_do():
    lines = [ramp(frames=RATE), {"play": "a", "as": "v", "fade": "0.1beats"}, {"at": "0.5beats", "seek": "v", "to": "1beats", "fade": 0},
             {"at": "0.75beats", "stop": "v", "fade": "0.125beats"}]
    plain = [ramp(frames=RATE), {"play": "a", "as": "v", "fade": 2400}, {"at": 12000, "seek": "v", "to": 24000, "fade": 0},
             {"at": 18000, "stop": "v", "fade": 3000}]
    same(render(lines), render(plain))
    # In a sound of another rate a beat is as long.
    sound = {"sound": "a", "ramp": {"from": 0, "to": 1, "seconds": 1.0, "rate": 24000}}
    same(render([sound, {"play": "a", "from": "1beats"}]), render([sound, {"play": "a", "from": 12000}]))
    same(render([ramp(frames=RATE), {"play": "a", "as": "v"}, {"at": 100, "set": "v", "volume_db": -6}], header={"declick": "0.01beats"}),
         render([ramp(frames=RATE), {"play": "a", "as": "v"}, {"at": 100, "set": "v", "volume_db": -6}], header={"declick": 240}))


# -------------------------------------------------------------------------------------------------------------- loops

def looped(source, start, end, total):
    """The first `total` frames of a voice that goes round a range for ever."""
    place = np.arange(total)
    return source[np.where(place < end, place, start + (place - start) % (end - start))]


def test_loop_ranges():
    source = ramp_samples()
    for start, end in ((0, 4800), (1000, 3000), (0, 1), (4799, 4800), (1, 2), (100, 4800), (4000, 99999)):
        lines = [ramp(), {"play": "a", "loop": True, "loop_start": start, "loop_end": end}, {"at": 20000, "end": True}]
        whole, _ = check_blocks(lines)
        same(whole, stereo(looped(source, start, min(end, 4800), 20000)), (start, end))
    lines = [ramp(), {"play": "a", "loop": True, "loop_start": "10ms", "loop_end": "30ms"}, {"at": 9000, "end": True}]
    same(render(lines), stereo(looped(source, 480, 1440, 9000)))
    # The range counts in the sound's own frames.
    slow = {"sound": "a", "ramp": {"from": 0, "to": 1, "seconds": 0.1, "rate": 24000}, "convert": False}
    out = render([slow, {"play": "a", "loop": True, "loop_start": "50ms", "quality": "linear"}, {"at": 9600, "end": True}])
    near(out[2400:4790], stereo(np.interp(np.arange(2400, 4790) / 2, np.arange(2400), np.arange(2400) / 2399)), 1e-6)
    near(out[7200:9590], out[4800:7190], 1e-6, "the second pass")


def test_loop_counts():
    source = ramp_samples()
    for count in (1, 2, 3, 1000):
        lines = [ramp(), {"play": "a", "as": "v", "loop": True, "loop_start": 1000, "loop_end": 1100, "loop_count": count}]
        whole, events = check_blocks(lines)
        same(whole, stereo(np.concatenate([source[:1000], np.tile(source[1000:1100], count), source[1100:]])), count)
        equal(sum(event.get("count", 0) for event in events if event["event"] == "voice_looped"), count - 1)
        equal(events[-1], {"frame": 4700 + 100 * count, "event": "voice_ended", "reason": "ended", "voice": "v", "line": 3})
    # Switched on later it counts from there, and needs no end either.
    lines = [ramp(), {"play": "a", "as": "v", "loop_count": 2}, {"at": 100, "set": "v", "loop": True}]
    same(render(lines), stereo(np.tile(source, 2)))


def test_loop_events():
    lines = [constant(frames=1000), {"at": 7, "play": "a", "as": "v", "loop": True}, {"at": 3500, "end": True}]
    _, events = check_blocks(lines)
    equal(events, [{"frame": 7 + 1000 * k, "event": "voice_looped", "reason": None, "voice": "v", "line": 3, "count": 1}
                   for k in (1, 2, 3)])
    # Short loops are told together, once in 512 frames.
    lines = [constant(frames=100), {"play": "a", "as": "v", "loop": True}, {"at": 5120, "end": True}]
    _, events = check_blocks(lines)
    equal([event["frame"] for event in events], [100 * (512 * k // 100 + 1) for k in range(10)])
    equal(sum(event["count"] for event in events), 51)
    text = run("render", "-", "-o", "x.wav", "--stats", stdin=timeline_bytes(lines)).text
    assert "voice_looped 5 times  voice \"v\"" in text, text


def marker_events(events):
    return [(event["frame"], event["voice"], event["marker"], event["marker_name"], event["count"])
            for event in events if event["event"] == "voice_marker"]


def test_markers():
    sound = ramp(markers=[{"at": "50ms", "name": "half"}, {"at": 0}, {"at": 4799, "name": "last"}, {"at": 2400, "name": "again"}])
    lines = [sound, {"at": 7, "play": "a", "as": "v"}, {"at": 7, "play": "a", "as": "w", "pitch": 1.3, "from": 1}]
    _, events = check_blocks(lines)
    equal(marker_events(events), [(7, "v", 0, "", 1), (7 + 1846, "w", 1, "half", 2), (7 + 2400, "v", 1, "half", 2),
                                  (7 + 3691, "w", 3, "last", 1), (7 + 4799, "v", 3, "last", 1)])
    equal(events[0], {"frame": 7, "event": "voice_marker", "reason": None, "voice": "v", "line": 3, "count": 1, "marker": 0,
                      "marker_name": ""})
    text = run("render", "-", "-o", "x.wav", "--stats", stdin=timeline_bytes(lines)).text
    assert 'voice_marker "half" 2 times  voice "v"' in text and "voice_marker 0  voice" in text, text
    # The end of a voice is the last that is told of it.
    _, events = check_blocks([sound, {"play": "a", "as": "v", "pitch": 64}])
    equal([event["event"] for event in events], ["voice_marker", "voice_ended"])
    _, events = check_blocks([sound, {"play": "a", "as": "v", "pitch": 64, "from": 4750}])
    equal([(event["frame"], event["event"]) for event in events], [(1, "voice_marker"), (1, "voice_ended")])


def test_markers_are_told_behind_the_end():
    # Of a converted sound, round a loop, up to an end in the middle of what shares an event.
    sound = ramp(frames=9600, rate=24000, markers=[{"at": "100ms", "name": "x"}])
    for end in (4801, 5000, 5120, 5121):
        _, events = check_blocks([sound, {"play": "a", "as": "v", "loop": True}, {"at": end, "end": True}])
        equal(marker_events(events), [(4800, "v", 0, "x", 1)], end)
    _, events = check_blocks([sound, {"play": "a", "as": "v", "loop": True}, {"at": 4799, "end": True}])
    equal(marker_events(events), [])


def test_markers_of_a_set():
    lines = [ramp("a", markers=[{"at": 5, "name": "of a"}]), ramp("b", markers=[{"at": 1}, {"at": 9, "name": "of b"}]),
             {"sound": "s", "variations": ["a", "b"]}, {"play": "s", "as": "v", "repeat": 4, "every": 5120}]
    _, events = check_blocks(lines)
    # Never the same twice in a row.
    found = [(frame % 5120, name, count) for frame, _, _, name, count in marker_events(events)]
    equal(sorted(found), [(1, "", 2)] * 2 + [(5, "of a", 1)] * 2)


def test_loop_crossfade():
    source = ramp_samples(start=-0.5)
    share = smooth(200)
    # The last frames of the range fade over to those before its start.
    one = source[1000:3000].astype(np.float64)
    one[-200:] += share * (source[800:1000].astype(np.float64) - one[-200:])
    expected = np.concatenate([source[:1000], one, one, one])[:6500]
    for crossfade in (200, "200", "0.008333333beats"):
        lines = [ramp(start=-0.5), {"play": "a", "loop": True, "loop_start": 1000, "loop_end": 3000, "loop_crossfade": crossfade},
                 {"at": 6500, "end": True}]
        near(check_blocks(lines)[0], stereo(expected), 1e-6, crossfade)
    # With a count the last pass goes on into what follows.
    lines = [ramp(start=-0.5), {"play": "a", "loop": True, "loop_start": 1000, "loop_end": 3000, "loop_crossfade": 200, "loop_count": 2}]
    near(check_blocks(lines)[0], stereo(np.concatenate([source[:1000], one, source[1000:]])), 1e-6)


def test_loops_changed_in_flight():
    source = ramp_samples()

    def check(changes, expected, total=9000, **play):
        lines = [ramp(), {"play": "a", "as": "v", "loop": True, **play}, *changes, {"at": total, "end": True}]
        same(check_blocks(lines)[0], stereo(expected[:total]), (changes, play))

    def cut(*pieces):
        return np.concatenate([source[start:end] for start, end in pieces])

    both = {"at": 500, "set": "v", "loop_start": 1000, "loop_end": 2000}
    check([both], looped(source, 1000, 2000, 9000))
    check([{"at": 500, "set": "v", "loop_start": 1000}], looped(source, 1000, 4800, 9000))
    check([{"at": 500, "set": "v", "loop_end": 2000}], looped(source, 0, 2000, 9000))
    # One alone keeps the other as it was, which the play or an earlier line has set.
    check([{"at": 500, "set": "v", "loop_end": 2000}], looped(source, 700, 2000, 9000), loop_start=700)
    check([{"at": 500, "set": "v", "loop_start": 1000}], looped(source, 1000, 1500, 9000), loop_start=10, loop_end=1500)
    check([{"at": 100, "set": "v", "loop_start": 300}, {"at": 200, "set": "v", "loop_end": 600}], looped(source, 300, 600, 9000))
    check([both, {"at": 600, "set": "v", "loop_start": 0, "loop_end": 0}], looped(source, 0, 4800, 9000))
    # Together with the rest of the line.
    lines = [ramp(), {"play": "a", "as": "v"}, {"at": 500, "set": "v", "loop": True, "loop_start": 1000, "loop_end": "25ms", "volume_db": -80,
                                               "fade": 0}, {"at": 501, "set": "v", "volume_db": 0, "fade": 0}, {"at": 9000, "end": True}]
    expected = looped(source, 1000, 1200, 9000).copy()
    expected[500] = 0
    same(check_blocks(lines)[0], stereo(expected))
    # A voice past the new range plays to the sound's end.
    check([{"at": 3000, "set": "v", "loop_start": 1000, "loop_end": 2000}], np.concatenate([source, np.zeros(4200, np.float32)]))
    # Gone into a second pass.
    check([{"at": 5300, "set": "v", "loop_end": 600}], cut((0, 4800), (0, 600), *[(0, 600)] * 6))


# ------------------------------------------------------------------------------------------------------------ repeats

def test_repeats():
    lines = [ramp(frames=700), {"at": 10, "play": "a", "as": "v", "volume_db": -6, "repeat": 5, "every": 300}]
    written = [ramp(frames=700)] + [{"at": 10 + 300 * k, "play": "a", "volume_db": -6} for k in range(5)]
    whole, events = check_blocks(lines)
    same(whole, render(written))
    equal([(event["frame"], event["voice"], event["line"]) for event in events], [(710 + 300 * k, "v", 3) for k in range(5)])
    equal(stats(lines)["voices_started"], 5)
    document = run("check", "-", "--json", stdin=timeline_bytes(lines)).json
    equal((document["voices"], document["commands"]), (5, 5))
    # All at once, and one.
    same(render([constant(value=0.125), {"play": "a", "repeat": 3, "every": 0}]), stereo(np.full(4800, 0.375)))
    same(render([constant(), {"at": 5, "play": "a", "repeat": 1, "every": "1s"}]), render([constant(), {"at": 5, "play": "a"}]))
    # By the beat.
    equal(stats([constant(frames=10), {"play": "a", "repeat": 3, "every": "1beats"}])["frames"], 48010)


def test_lines_between_repeats():
    """Later lines come between the plays of an earlier one, and in file order where they meet."""
    lines = [constant("a", 0.25, 10000), constant("b", 0.0625, 10000), {"at": 0, "play": "a", "repeat": 3, "every": 1000},
             {"at": 1000, "stop_sound": "a", "fade": 0}, {"at": 1500, "play": "b", "as": "b"}, {"at": 1600, "stop": "b", "fade": 0}]
    expected = np.zeros(12000)
    expected[:1000] = 0.25  # the play of frame 1000 stands before the line that stops it there
    expected[1500:1600] = 0.0625
    expected[2000:] = 0.25
    same(check_blocks(lines)[0], stereo(expected))


def test_a_repeated_name_is_the_newest_voice():
    def heard(*changes):
        lines = [constant("a", 0.25, 1000), constant("b", 0.0625, 1000), {"at": 100, "play": "a", "as": "v", "repeat": 3, "every": 400},
                 *changes]
        return {(event["line"], event["frame"]): event["reason"] for event in check_blocks(lines)[1]}

    def stop(at):
        return {"at": at, "stop": "v", "fade": 0}

    equal(heard(), {(4, 1100): "ended", (4, 1500): "ended", (4, 1900): "ended"})
    equal(heard(stop(499)), {(4, 499): "stopped", (4, 1500): "ended", (4, 1900): "ended"})
    equal(heard(stop(500)), {(4, 500): "stopped", (4, 1100): "ended", (4, 1900): "ended"})
    equal(heard(stop(899)), {(4, 1100): "ended", (4, 899): "stopped", (4, 1900): "ended"})
    equal(heard(stop(1000)), {(4, 1100): "ended", (4, 1500): "ended", (4, 1000): "stopped"})
    # Another line uses the name too: the voice that started last has it, by time and not by line.
    other = {"at": 600, "play": "b", "as": "v"}
    equal(heard(other, stop(700)), {(4, 1100): "ended", (4, 1500): "ended", (4, 1900): "ended", (5, 700): "stopped"})
    equal(heard(other, stop(950)), {(4, 1100): "ended", (4, 1500): "ended", (4, 950): "stopped", (5, 1600): "ended"})
    other = {"at": 900, "play": "b", "as": "v", "repeat": 2, "every": 50}
    equal(heard(other, stop(920)), {(4, 1100): "ended", (4, 1500): "ended", (4, 1900): "ended", (5, 920): "stopped", (5, 1950): "ended"})
    equal(heard(other, stop(960)), {(4, 1100): "ended", (4, 1500): "ended", (4, 1900): "ended", (5, 1900): "ended", (5, 960): "stopped"})


def test_repeats_without_an_end():
    lines = [constant(), {"play": "a", "as": "v", "loop": True, "repeat": 2, "every": 100}, {"at": 500, "stop": "v"}]
    result = run("render", "-", "-o", "x.wav", stdin=timeline_bytes(lines))
    equal(result.lines, ['motet: -:3: voice "v" loops for ever; expected an "end" line, or --seconds'])
    equal(len(render([*lines, {"at": 500, "stop_sound": "a"}])), 980)


# --------------------------------------------------------------------------------------------------------------- sets

def set_scene(count, **more):
    """Plays of a set of three constants, one after the other, each a power of two: what is heard tells which it was."""
    return [constant("s0", 0.5, 100), constant("s1", 0.25, 100), constant("s2", 0.125, 100),
            {"sound": "step", "variations": ["s0", "s1", "s2"], **more}, {"play": "step", "repeat": count, "every": 200}]


def test_variations():
    picked = render(set_scene(600))[::200, 0]
    equal(set(np.unique(picked)), {0.5, 0.25, 0.125})
    assert np.count_nonzero(picked[1:] == picked[:-1]) == 0, "twice in a row"
    for value in (0.5, 0.25, 0.125):
        part = np.mean(picked == value)
        assert 0.25 < part < 0.42, (value, part)
    whole, _ = check_blocks(set_scene(50, volume_jitter_db=3, pitch_jitter_semitones=1))
    same(whole, check_blocks(set_scene(50, volume_jitter_db=3, pitch_jitter_semitones=1))[0], "the same seed")
    other = render(set_scene(50, volume_jitter_db=3, pitch_jitter_semitones=1), header={"seed": 1})
    assert other.shape != whole.shape or np.any(other != whole), "another seed"
    # One sound alone is played again and again.
    same(render([constant(), {"sound": "s", "variations": ["a"]}, {"play": "s"}, {"at": 4800, "play": "s"}]), stereo(np.full(9600, 0.25)))


def test_weights():
    picked = render(set_scene(1500, weights=[1, 1000000, 1000]))[::200, 0]
    # Nearly always the second, but never twice in a row: so every other time another one, nearly always the third.
    assert 0.48 < np.mean(picked == 0.25) <= 0.5 and 0.48 < np.mean(picked == 0.125) <= 0.51, picked[:20]


def test_jitter():
    lines = [constant("s", 0.25, 100), {"sound": "step", "variations": ["s"], "volume_jitter_db": 6},
             {"play": "step", "volume_db": -6, "repeat": 500, "every": 200}]
    level = 20 * np.log10(render(lines)[::200, 0].astype(np.float64) / 0.25)
    assert level.min() >= -12 - 1e-5 and level.max() <= 1e-5 and level.min() < -11.8 and level.max() > -0.2, (level.min(), level.max())
    assert abs(level.mean() + 6) < 0.5, level.mean()
    lines = [constant("s", 0.25, 4800), {"sound": "step", "variations": ["s"], "pitch_jitter_semitones": 12},
             {"play": "step", "as": "v", "repeat": 200, "every": 12000}]
    events = stats(lines)["events"]
    lengths = np.array([event["frame"] - 12000 * k for k, event in enumerate(sorted(events, key=lambda e: e["frame"]))])
    assert lengths.min() >= 2400 and lengths.max() <= 9600 and lengths.min() < 2500 and lengths.max() > 9200, (lengths.min(), lengths.max())


def test_stopping_sets_and_their_sounds():
    def reasons(line):
        lines = [constant("s0", frames=1000), {"sound": "step", "variations": ["s0"]}, {"sound": "other", "variations": ["s0"]},
                 {"play": "step", "as": "set"}, {"play": "other", "as": "other"}, {"play": "s0", "as": "single"}, line]
        return {name for name, (_, reason) in ends(lines).items() if reason == "stopped"}

    equal(reasons({"at": 100, "stop_sound": "step"}), {"set"})
    equal(reasons({"at": 100, "stop_sound": "other"}), {"other"})
    equal(reasons({"at": 100, "stop_sound": "s0"}), {"set", "other", "single"})
    # One that loops is known to end by that.
    lines = [constant("s0"), {"sound": "step", "variations": ["s0"]}, {"play": "step", "loop": True}, {"at": 100, "stop_sound": "s0", "fade": 0}]
    equal(len(render(lines)), 100)


def test_refused_plays_draw_nothing():
    """A play that finds no place at first is asked for again: the choices stay those of the plays that are heard."""
    for header in ({"max_voices": 1, "max_virtual_voices": 0}, {"max_voices": 3, "max_virtual_voices": 0}):
        lines = set_scene(0 + 1, volume_jitter_db=3, pitch_jitter_semitones=1)[:-1]
        lines += [{"at": 23 * k, "play": "step", "as": f"v{k}"} for k in range(60)]
        _, events = check_blocks(lines, header)
        assert any(event["reason"] == "refused" for event in events) and any(event["reason"] == "ended" for event in events)


# -------------------------------------------------------------------------------------------------------------- rules

def test_max_voices():
    plays = [{"at": 100 * k, "play": "a", "as": f"v{k}", "volume_db": level} for k, level in enumerate((-20, -10, -30, -6))]
    limit = {"max_voices": 2}
    check_blocks([constant(frames=2000, **limit), *plays])
    # The quietest goes (the default), the oldest, or the new one does not come.
    equal(ends([constant(frames=2000, **limit), *plays]),
          {"v0": (680, "stolen"), "v2": (780, "stolen"), "v1": (2100, "ended"), "v3": (2300, "ended")})
    equal(ends([constant(frames=2000, **limit, **{"yield": "oldest"}), *plays]),
          {"v0": (680, "stolen"), "v1": (780, "stolen"), "v2": (2200, "ended"), "v3": (2300, "ended")})
    equal(ends([constant(frames=2000, **limit, **{"yield": "new"}), *plays]),
          {"v0": (2000, "ended"), "v1": (2100, "ended"), "v2": (200, "refused"), "v3": (300, "refused")})
    # A voice that has ended does not count; one that is being stolen does not either.
    lines = [constant(frames=100, **limit, **{"yield": "new"}), {"play": "a", "as": "v", "repeat": 9, "every": 50}]
    equal({event["reason"] for event in check_blocks(lines)[1]}, {"ended"})
    lines = [constant(frames=101, **limit, **{"yield": "new"}), {"play": "a", "as": "v", "repeat": 9, "every": 50}]
    equal([event["reason"] for event in check_blocks(lines)[1]].count("refused"), 3)
    # What is stolen fades out, and is not heard again.
    out = check_blocks([constant(frames=2000, max_voices=1), {"play": "a"}, {"at": 1000, "play": "a"}])[0]
    near(out[1000:1480], stereo(0.25 + 0.25 * (1 - smooth(DECLICK))), 1e-7)
    same(out[1480:], stereo(np.full(1520, 0.25)))
    stolen = stats([constant(frames=2000, max_voices=1), {"play": "a"}, {"at": 1000, "play": "a"}])
    equal((stolen["voices_started"], stolen["peak_voices"]), (2, 2))


def test_min_interval():
    lines = [constant(frames=50, min_interval="10ms"), {"play": "a", "as": "v", "repeat": 20, "every": 100}]
    whole, events = check_blocks(lines)
    reasons = [event["reason"] for event in sorted(events, key=lambda e: (e["frame"] - 50 if e["reason"] == "ended" else e["frame"]))]
    equal(reasons, [("ended" if k % 5 == 0 else "refused") for k in range(20)])
    equal(np.flatnonzero(np.diff(whole[:, 0]) > 0).tolist(), [499, 999, 1499])
    document = stats(lines)
    equal((document["voices_started"], document["peak_voices"], document["frames"]), (4, 1, 1900))
    # Frames of the engine, exactly.
    for interval, refused in ((99, 0), (100, 0), (101, 1)):
        lines = [constant(frames=50, min_interval=interval), {"play": "a"}, {"at": 100, "play": "a"}]
        equal([event["reason"] for event in stats(lines)["events"]].count("refused"), refused, interval)


def test_rules_of_sets_and_of_their_sounds():
    members = [constant("s0", 0.5, 1000, max_voices=1), constant("s1", 0.25, 1000)]
    # The set's own rules hold for all of its sounds together.
    lines = [*members, {"sound": "step", "variations": ["s0", "s1"], "max_voices": 2, "yield": "new"},
             {"play": "step", "as": "v", "repeat": 10, "every": 10}]
    equal([event["reason"] for event in check_blocks(lines)[1]].count("refused"), 8)
    # Without, those of the sound that is picked.
    lines = [*members, {"sound": "step", "variations": ["s0", "s1"]}, {"play": "step", "as": "v", "repeat": 10, "every": 10}]
    equal([event["reason"] for event in check_blocks(lines)[1]].count("stolen"), 4)


def test_two_sounds_of_one_file_have_rules_of_their_own():
    equal(run("render", "-", "-o", "x.wav", "--format", "s16", stdin=timeline_bytes([constant(frames=1000), {"play": "a"}])).code, 0)
    lines = [{"sound": "a", "file": "x.wav", "max_voices": 1, "yield": "new"}, {"sound": "b", "file": "x.wav"},
             {"sound": "c", "file": "x.wav", "max_voices": 2, "yield": "new"}]
    for name in "abc":
        lines.append({"play": name, "as": name, "repeat": 5, "every": 0})
    refused = [event["voice"] for event in stats(lines)["events"] if event["reason"] == "refused"]
    equal(sorted(refused), ["a"] * 4 + ["c"] * 3)


# ----------------------------------------------------------------------------------------------------- virtual voices

def test_the_loudest_are_heard():
    source = ramp_samples(RATE)
    lines = [ramp("quiet", RATE), constant("loud", 0.25, 10000), {"play": "quiet", "as": "q", "volume_db": -20},
             {"at": 1000, "play": "loud", "as": "l"}]
    whole, events = check_blocks(lines, {"max_voices": 1})
    gain = 10 ** (-20 / 20)
    near(whole[:1000], stereo(gain * source[:1000]), 1e-7)
    near(whole[1000:1480], stereo(0.25 + gain * source[1000:1480] * (1 - smooth(DECLICK))), 1e-7)
    near(whole[1480:11000], stereo(np.full(9520, 0.25)), 1e-7)
    # It comes back where it would be, at a multiple of 512 frames, and fades in.
    back = -(-11000 // 512) * 512
    near(whole[11000:back], np.zeros((back - 11000, 2)), 0)
    near(whole[back:back + DECLICK], stereo(gain * source[back:back + DECLICK] * smooth(DECLICK)), 1e-7)
    near(whole[back + DECLICK:], stereo(gain * source[back + DECLICK:]), 1e-7)
    equal([(event["frame"], event["reason"]) for event in events], [(11000, "ended"), (48000, "ended")])
    document = stats(lines, header={"max_voices": 1})
    equal((document["voices_started"], document["peak_voices"]), (2, 2))


def test_a_slot_used_again_is_another_voice():
    """Between two choices a voice that was ranked ends, and another one gets its slot."""
    lines = [constant("a", 0.5, 2000), constant("b", 0.5, 20), constant("c", 0.5, 4), constant("d", 0.5, 1000),
             {"play": "a"}, {"play": "b", "volume_db": -20}, {"at": 10, "play": "c", "volume_db": -30},
             {"at": 30, "play": "d", "volume_db": -6}, {"at": 30, "play": "d", "volume_db": -10}]
    whole, events = check_blocks(lines, {"max_voices": 2, "max_virtual_voices": 1})
    second = 0.5 * np.concatenate([np.full(20, 10 ** (-20 / 20)), np.zeros(10), np.full(1000, 10 ** (-6 / 20)), np.zeros(970)])
    near(whole, stereo(0.5 + second), 1e-7)
    equal([event["frame"] for event in events], [14, 20, 1030, 1030, 2000])


def test_priority():
    lines = [constant("quiet", 0.0625, 20000), constant("loud", 0.25, 20000), {"play": "quiet", "priority": 20, "volume_db": -6},
             {"at": 100, "play": "loud", "priority": 0}, {"at": 20000, "end": True}]
    whole, _ = check_blocks(lines, {"max_voices": 1})
    near(whole[200:], stereo(np.full(19800, 0.0625 * 10 ** (-6 / 20))), 1e-7, "14 dB above, by its priority")
    lines[2]["priority"] = -1000  # clamped
    whole, _ = check_blocks(lines, {"max_voices": 1})
    near(whole[600:], stereo(np.full(19400, 0.25)), 1e-7)
    # Feeds have one too, though they are always heard.
    lines = [constant(frames=1000), {"play": "a", "priority": 100}, {"open": "f", "channels": 1, "rate": 48000, "priority": -100},
             {"feed": "f", "base64": "ACAAIAAg"}, {"finish": "f"}, {"at": 1000, "end": True}]
    whole, events = check_blocks(lines, {"max_voices": 1})
    near(whole[:512], stereo(np.concatenate([np.full(3, 0.25), np.zeros(509)])), 0)
    near(whole[992:1000], stereo(np.full(8, 0.25)), 0)
    equal({event["voice"]: event["reason"] for event in events}, {"f": "ended", None: "ended"})


def test_more_feeds_than_real_voices():
    lines = [{"open": f"f{k}", "channels": 1, "rate": 48000} for k in range(3)]
    lines += [{"feed": f"f{k}", "base64": "ACAAIAAg"} for k in range(3)] + [{"finish": f"f{k}"} for k in range(3)]
    _, events = check_blocks(lines, {"max_voices": 2})
    equal({event["voice"]: event["reason"] for event in events}, {"f0": "ended", "f1": "ended", "f2": "refused"})


def test_virtual_voices_keep_their_time():
    """Whatever is heard of them, voices end at the frames at which they would."""
    plays = []
    for k in range(300):
        plays.append({"at": 31 * k, "play": "ab"[k % 2], "as": f"v{k}", "volume_db": -(k * 7 % 40), "pitch": 0.5 + (k * 13 % 29) / 10})
        if k % 5 == 0:
            plays.append({"at": 31 * k + 10, "pause": f"v{k}"})
            plays.append({"at": 31 * k + 20, "set": f"v{k - k % 3}", "pitch": 1.5})
    lines = [ramp("a", 3000), constant("b", 0.1, 2000), *plays]
    lines += [{"at": 9400, "resume": f"v{k}"} for k in range(0, 300, 5)]
    free = ends(lines, header={"max_voices": 300})
    for voices in (1, 7, 64):
        equal(ends(lines, header={"max_voices": voices, "max_virtual_voices": 300}), free, voices)
    check_blocks(lines, {"max_voices": 7})


def test_many_loops_at_once():
    """More voices go round in one block than events used to fit into."""
    lines = [constant("a", 1e-6, 600), {"play": "a", "as": "v", "loop": True, "repeat": 4300, "every": 0},
             {"at": 2000, "stop_sound": "a", "fade": 0}]
    for block in (512, 65536):
        events = stats(lines, "--block", block)["events"]
        equal(sum(event["event"] == "overflow" for event in events), 0)
        equal(sum(event["reason"] == "stopped" and event["frame"] == 2000 for event in events), 4300)
        equal(sum(event.get("count", 0) for event in events), 3 * 4300)


if __name__ == "__main__":
    sys.exit(main(globals()))
