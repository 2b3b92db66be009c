"""The tool's messages by their text, and its exit codes."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from motet_cli import equal, errors_of, main, run, timeline_bytes, write_timeline

SOUND = {"sound": "a", "constant": {"value": 0.5, "seconds": 0.1}}
BUS = {"bus": "Music"}


def expect(lines, *messages, header=None):
    """The lines after the header (line 1) give exactly these messages, each "LINE: text"."""
    wanted = [f"motet: -:{m}" for m in messages]
    equal(errors_of(lines, header), wanted, f"check {lines}")
    equal(errors_of(lines, header, verb="render"), wanted, f"render {lines}")
    assert not os.path.exists("out.wav")


def raw(text, code=1):
    result = run("check", "-", stdin=text if isinstance(text, bytes) else text.encode())
    equal(result.code, code, result.error)
    return result.lines


# ------------------------------------------------------------------------------------------- the contract's messages

def test_examples_of_the_contract():
    lines = ["# one", "", SOUND, BUS, "# five", {"at": 0, "play": "a", "volum_db": 3}]
    write_timeline("scene.jsonl", lines)
    result = run("check", "scene.jsonl")
    equal(result.lines, ['motet: scene.jsonl:7: unknown key "volum_db" in "play"; did you mean "volume_db"?'])
    equal(result.code, 1)

    lines = ["#", "#", "#", "#", "#", SOUND, {"at": 4800, "play": "a"}, {"at": 480, "play": "a"}]
    write_timeline("scene.jsonl", lines)
    equal(run("render", "scene.jsonl", "-o", "x.wav").lines,
          ['motet: scene.jsonl:9: "at" is 480, but line 8 was already at 4800'])

    os.makedirs("game/sfx")
    here = os.path.realpath("game")
    write_timeline("game/scene.jsonl", [{"sound": "m", "file": "music.ogg"}, {"sound": "b", "file": "sfx/boom.wav"},
                                        {"sound": "c", "file": "/nowhere/at/all.wav"}, {"play": "m"}])
    result = run("check", "game/scene.jsonl")
    equal(result.code, 1)
    equal(result.lines, [f"motet: music.ogg: no such file (looked in {here})",
                         f"motet: sfx/boom.wav: no such file (looked in {here})",
                         "motet: /nowhere/at/all.wav: no such file"])
    result = run("play", "music.ogg")
    equal(result.lines, [f"motet: music.ogg: no such file (looked in {os.path.realpath('.')})"])
    equal(result.code, 1)


def test_the_timeline_itself():
    here = os.path.realpath(".")
    for verb in (["check", "no.jsonl"], ["render", "no.jsonl", "-o", "x.wav"], ["play", "no.jsonl"]):
        result = run(*verb)
        equal(result.lines, [f"motet: no.jsonl: no such file (looked in {here})"])
        equal(result.code, 1)
    os.mkdir("folder.jsonl")
    equal(run("check", "folder.jsonl").lines, ["motet: folder.jsonl: is a folder; expected a file"])


# --------------------------------------------------------------------------------------------- lines that are wrong

def test_header():
    nothing = "motet: -: nothing in it; expected a timeline, whose first line is {\"motet\": 1}"
    equal(raw(""), [nothing])
    equal(raw("# only\n\n"), [nothing])
    equal(raw('{"sound": "a", "sine": {"hz": 1, "seconds": 1, "amplitude": 1}}\n{"play": "a"}\n'),
          ['motet: -:1: no header before this line; expected {"motet": 1} as the first line'])
    equal(raw('{"motet": 1}\n{"motet": 1}\n'),
          ['motet: -:2: "motet" stands here again; expected the header once, as the first line'])
    equal(raw('{"motet": 2}\n'), ['motet: -:1: "motet" is 2; expected 1, the version that this program reads'])
    expect([], '1: "rate" in "motet" is 0; expected a whole number from 1 to 384000', header={"rate": 0})
    expect([], '1: "rate" in "motet" is "fast"; expected a whole number from 1 to 384000', header={"rate": "fast"})
    expect([], '1: "channels" in "motet" is 3; expected a whole number from 1 to 2', header={"channels": 3})
    expect([], '1: "limiter" in "motet" is 1; expected true or false', header={"limiter": 1})
    expect([], '1: "ceiling_db" in "motet" is 1; expected a number from -24 to 0', header={"ceiling_db": 1})
    expect([], '1: "declick" in "motet" is "2s"; expected at most 1 s', header={"declick": "2s"})
    expect([], '1: "seed" in "motet" is -1; expected a whole number, 0 or above', header={"seed": -1})
    expect([], '1: "tempo" in "motet" is 0; expected a number from 1 to 1000', header={"tempo": 0})
    expect([], '1: "beats_per_bar" in "motet" is 0; expected a whole number from 1 to 1000', header={"beats_per_bar": 0})
    expect([], '1: "max_voices" in "motet" is 0; expected a whole number from 1 to 16384', header={"max_voices": 0})
    expect([], '1: "max_virtual_voices" in "motet" is -1; expected a whole number from 0 to 262144',
           header={"max_virtual_voices": -1})
    expect([], '1: unknown key "ratte" in "motet"; did you mean "rate"?', header={"ratte": 1})
    expect([], '1: "quiet_voice_db" is -39.5; expected 0 (off) or a number from -120 to -40', header={"quiet_voice_db": -39.5})
    expect([], '1: "quiet_voice_db" in "motet" is -121; expected a number from -120 to 0', header={"quiet_voice_db": -121})
    good = {"quiet_voice_db": -40, "rate": 44100, "channels": 1, "limiter": True, "ceiling_db": -1, "declick": "5ms", "seed": 7, "tempo": 90.5,
            "beats_per_bar": 3, "max_voices": 8, "max_virtual_voices": 0}
    equal(run("check", "-", stdin=timeline_bytes([], good)).code, 0)


def test_lines_that_are_no_objects():
    equal(raw('{"motet": 1}\n[1, 2]\n'),
          ['motet: -:2: the line is [1, 2]; expected an object like {"at": 0, "play": "name"}'])
    equal(raw('{"motet": 1}\n3\n')[0][:22], "motet: -:2: the line i")
    wrong = raw('{"motet": 1}\n{"at": 0,, "play": "a"}\n{"note": "x"}\n')
    equal(len(wrong), 1)
    assert wrong[0].startswith("motet: -:2: not valid JSON: ") and wrong[0].endswith("; expected one object a line"), wrong
    for number in ("NaN", "Infinity", "-Infinity"):
        wrong = raw('{"motet": 1}\n{"bus": "b", "volume_db": %s}\n{"note": "x"}\n' % number)
        assert len(wrong) == 1 and wrong[0].startswith("motet: -:2: "), wrong
        assert "NaN and Infinity are no numbers in JSON" in wrong[0], wrong
    for number in ("1e999", "-1e999", "99999999999999999999", "-99999999999999999999"):
        wrong = raw('{"motet": 1}\n{"bus": "b", "volume_db": %s}\n{"note": "x"}\n' % number)
        assert len(wrong) == 1 and wrong[0].startswith("motet: -:2: "), wrong
        assert wrong[0].endswith("expected a number that is not so large"), wrong
    wrong = raw('{"motet": 1}\n{"bus": "b", "bus": "c"}\n')
    assert len(wrong) == 1 and "duplicate" in wrong[0], wrong
    wrong = raw(b'{"motet": 1}\n{"note": "\xff"}\n')
    assert len(wrong) == 1 and wrong[0].startswith("motet: -:2: not valid JSON"), wrong


def test_a_message_is_one_line():
    expect([{"play": "a\nb\x1b[31m"}], '2: unknown sound "a?b?[31m" in "play"; expected one that an earlier line defines')
    wrong = raw('{"motet": 1}\n{"note": "x\ty"}\n{"note": "x"}\n')
    equal(len(wrong), 1)


def test_a_cut_last_line():
    cut = 'motet: -:3: warning: the last line is cut off and has been dropped'
    equal(raw('{"motet": 1}\n{"note": "x"}\n{"at": 5, "pl', code=0), [cut])
    # With a newline it is an error, and so is a last line that parses and is wrong.
    assert raw('{"motet": 1}\n{"note": "x"}\n{"at": 5, "pl\n')[0].startswith("motet: -:3: not valid JSON")
    equal(raw('{"motet": 1}\n{"not": "x"}'), ['motet: -:2: unknown verb "not"; did you mean "note"?'])
    equal(raw('{"motet": 1}\n{"note": "x"}', code=0), [])
    # A cut header leaves nothing.
    equal(raw('{"motet": ')[0], "motet: -: nothing in it; expected a timeline, whose first line is {\"motet\": 1}")


def test_layout():
    equal(raw(b'\xef\xbb\xbf{"motet": 1}\r\n\r\n# comment\r\n{"note": "x"}\r\n', code=0), [])
    equal(raw('# first\n\n   \n{"motet": 1}\n', code=0), [])


def test_verbs():
    expect([SOUND, {"at": 0, "pley": "a"}], '3: unknown verb "pley"; did you mean "play"?')
    expect([{"at": 0, "set_buss": "Master"}], '2: unknown verb "set_buss"; did you mean "set_bus"?')
    ending = ('expected a definition ("sound", "bus", "effect", "send") or a command ("play", "set", "stop", "seek", '
              '"pause", "resume", "open", "feed", "finish", "set_bus", "pause_bus", "resume_bus", "stop_bus", '
              '"set_effect", "set_send", "stop_sound", "expect", "note", "end")')
    expect([{"at": 0, "xyzzyx": "a"}], f'2: unknown verb "xyzzyx"; {ending}')
    expect([{"at": 0, "as": "v", "volume_db": 1}], f"2: no verb in the line; {ending}")
    expect([{}], f"2: no verb in the line; {ending}")
    expect([SOUND, {"at": 0, "play": "a", "stop": "a"}],
           '3: unknown key "stop" in "play"; expected one verb a line')
    expect([SOUND, {"at": 0, "play": "a", "wxyz": "a"}],
           '3: unknown key "wxyz" in "play"; expected one of ' + ", ".join(f'"{k}"' for k in (
               "play", "at", "as", "volume_db", "pan", "pitch", "loop", "loop_start", "loop_end", "loop_count",
               "loop_crossfade", "loop_whole", "from", "bus", "priority", "quality", "mode", "paused", "fade", "curve",
               "position", "velocity", "min_distance", "max_distance", "rolloff", "repeat", "every", "after", "sends",
               "effects")))


def test_definitions_carry_no_time():
    expect([{"bus": "b", "at": 0}], '2: unknown key "at" in "bus"; expected none: a definition holds from frame 0')
    expect([dict(SOUND, at=0)], '2: unknown key "at" in "sound"; expected none: a definition holds from frame 0')


def test_times():
    ending = 'expected a whole number of frames, 0 or above, or a string like "10ms", "1.5s" or "2beats"'
    for value in (-1, "2 beats", "beats", "1.bars", "2Beats", "3beatss", "99999999999999999bars", 1.5, True, None, [], "", "ten", "10 ms", "-1s", "1e3", "1.5", "ms", "1.s", ".5s", "10MS", "1m", 2**53,
                  "99999999999999999999s"):
        if value == "1.5":
            continue  # frames, rounded
        shown = json.dumps(value)
        expect([{"at": value, "note": "x"}], f'2: "at" in "note" is {shown}; {ending}')
    for value in (0, 480.0, "480", "1.5", "10ms", "0.5ms", "1.5s", "2beats", "1beat", "4bars", "0.25bar", "1.5beats"):
        equal(raw(timeline_bytes([{"at": value, "note": "x"}]), code=0), [])
    expect([SOUND, {"play": "a", "fade": "25h"}], f'3: "fade" in "play" is "25h"; {ending}')
    expect([SOUND, {"play": "a", "fade": "86401s"}], '3: "fade" in "play" is "86401s"; expected at most 86400 s')
    expect([SOUND, {"play": "a", "fade": -5}], f'3: "fade" in "play" is -5; {ending}')
    expect([SOUND, {"play": "a", "fade": "50000bars"}], '3: "fade" in "play" is "50000bars"; expected at most 86400 s')
    ending = 'expected a whole number of the sound\'s frames, 0 or above, or a string like "10ms", "1.5s" or "2beats"'
    expect([SOUND, {"play": "a", "from": -1}], f'3: "from" in "play" is -1; {ending}')
    expect([SOUND, {"play": "a", "as": "v"}, {"seek": "v"}], f'4: no "to" in "seek"; {ending}')


def test_order_of_times():
    expect([{"at": "10ms", "note": "x"}, {"note": "y"}], '3: "at" is 0, but line 2 was already at 480')
    expect([{"at": 10, "note": "x"}, BUS, {"at": 9, "note": "y"}, {"at": 9, "note": "z"}, {"at": 8, "note": "z"}],
           '4: "at" is 9, but line 2 was already at 10', '6: "at" is 8, but line 5 was already at 9')


def test_types_of_values():
    expect([SOUND, {"play": "a", "volume_db": "loud"}], '3: "volume_db" in "play" is "loud"; expected a number')
    expect([SOUND, {"play": "a", "pan": [0]}], '3: "pan" in "play" is [0]; expected a number')
    expect([SOUND, {"play": "a", "pitch": 0}], '3: "pitch" in "play" is 0; expected a number above 0')
    expect([SOUND, {"play": "a", "pitch": -1}], '3: "pitch" in "play" is -1; expected a number above 0')
    expect([SOUND, {"play": "a", "as": "v"}, {"set": "v", "pitch": 0}], '4: "pitch" in "set" is 0; expected a number above 0')
    expect([SOUND, {"play": "a", "loop": "yes"}], '3: "loop" in "play" is "yes"; expected true or false')
    expect([SOUND, {"play": 3}], '3: "play" in "play" is 3; expected a string that is not empty')
    expect([SOUND, {"play": "a", "as": ""}], '3: "as" in "play" is ""; expected a string that is not empty')
    expect([SOUND, {"play": "a", "fade": 5, "curve": "smoth"}],
           '3: "curve" in "play" is "smoth"; expected "smooth", "linear", "db" or "power"; did you mean "smooth"?')
    expect([SOUND, {"play": "a", "quality": "best"}],
           '3: "quality" in "play" is "best"; expected "default", "linear", "cubic", "sinc16" or "sinc32"')
    expect([SOUND, {"play": "a", "priority": "high"}], '3: "priority" in "play" is "high"; expected a number')
    long = "x" * 200
    message = errors_of([SOUND, {"play": "a", "pan": long}])[0]
    assert len(message) < 150 and "..." in message, message


def test_unknown_names():
    expect([{"sound": "boom", "sine": {"hz": 1, "seconds": 1, "amplitude": 1}}, {"play": "bom"}],
           '3: unknown sound "bom" in "play"; did you mean "boom"?')
    expect([{"play": "x"}], '2: unknown sound "x" in "play"; expected one that an earlier line defines')
    expect([{"play": "x"}, dict(SOUND, sound="x")], '2: unknown sound "x" in "play"; expected one that an earlier line defines')
    for verb in ("pause_bus", "resume_bus", "stop_bus"):
        expect([{verb: "x"}], f'2: unknown bus "x" in "{verb}"; expected "Master" or one that an earlier line defines')
        expect([{verb: "Master", "mute": True}], f'2: unknown key "mute" in "{verb}"; expected one of "{verb}", "at", "fade", "curve"')
    expect([{"bus": "A", "paused": True}, {"bus": "A"}],
           '3: bus "A" is already defined in line 2 with another "paused"; expected the same values')
    expect([{"stop_sound": "x"}], '2: unknown sound "x" in "stop_sound"; expected one that an earlier line defines')
    expect([BUS, SOUND, {"play": "a", "bus": "Musik"}], '4: unknown bus "Musik" in "play"; did you mean "Music"?')
    expect([SOUND, {"play": "a", "bus": "Effects"}],
           '3: unknown bus "Effects" in "play"; expected "Master" or one that an earlier line defines')
    expect([{"bus": "b", "parent": "Mastr"}], '2: unknown bus "Mastr" in "bus"; did you mean "Master"?')
    expect([{"set_bus": "master"}], '2: unknown bus "master" in "set_bus"; did you mean "Master"?')
    ending = 'expected the "as" of an earlier "play" or the name of an earlier "open"'
    for line in ({"set": "v", "pan": 0}, {"pause": "v"}, {"resume": "v"}, {"seek": "v", "to": 0}, {"stop": "v"},
                 {"feed": "v", "base64": ""}, {"finish": "v"}):
        verb = next(iter(line))
        expect([line], f'2: unknown voice "v" in "{verb}"; {ending}')
    expect([SOUND, {"play": "a", "as": "voice"}, {"stop": "vioce"}], '4: unknown voice "vioce" in "stop"; did you mean "voice"?')
    # A wrong line still defines its name.
    expect([SOUND, {"play": "a", "as": "v", "pan": "x"}, {"stop": "v"}], '3: "pan" in "play" is "x"; expected a number')
    expect([{"sound": "a", "sine": {}}, {"play": "a"}], '2: no "hz" in "sine"; expected a number above 0, at most 1000000',
           '2: no "amplitude" in "sine"; expected a number from -1000000 to 1000000', '2: no "seconds" in "sine"; expected a number, 0 or above')


def test_sounds():
    sources = '"file", "pcm", "sine", "noise", "constant", "ramp", "impulse" or "variations"'
    expect([{"sound": "a"}], f'2: nothing to make the sound of in "sound"; expected {sources}')
    expect([{"sound": "a", "file": "x", "sine": {}}], '2: "file" and "sine" in one "sound"; expected one of them')
    expect([SOUND, SOUND], '3: sound "a" is already defined in line 2; expected another name')
    expect([{"sound": "a", "sine": {"hertz": 1, "hz": 1, "seconds": 1, "amplitude": 1}}],
           '2: unknown key "hertz" in "sine"; expected one of "hz", "amplitude", "seconds", "channels", "rate"')
    expect([{"sound": "a", "sine": {"hz": 0, "seconds": 1, "amplitude": 1}}], '2: "hz" in "sine" is 0; expected a number above 0, at most 1000000')
    expect([{"sound": "a", "constant": {"value": 1e39, "seconds": 1}}],
           '2: "value" in "constant" is 1e39; expected a number from -1000000 to 1000000')
    expect([{"sound": "a", "noise": {"seconds": -1, "amplitude": 1}}],
           '2: "seconds" in "noise" is -1; expected a number, 0 or above')
    expect([{"sound": "a", "constant": {"value": 1, "seconds": 1, "channels": 3}}],
           '2: "channels" in "constant" is 3; expected a whole number from 1 to 2')
    expect([{"sound": "a", "sine": 440}], '2: "sine" in "sound" is 440; expected an object')
    expect([{"sound": "a", "constant": {"value": 1, "seconds": 1e15}}], '2: "seconds" in "constant" is too long')
    expect([{"sound": "a", "pcm": {"file": "x.s16", "channels": 2, "rate": 1}}],
           '2: no "format" in "pcm"; expected "s16" or "f32"')
    expect([{"sound": "a", "pcm": {"file": "x.s16", "format": "s16", "channels": 9, "rate": 1}}],
           '2: "channels" in "pcm" is 9; expected a whole number from 1 to 8')
    here = os.path.realpath(".")
    equal(errors_of([{"sound": "a", "pcm": {"file": "x.s16", "format": "s16", "channels": 2, "rate": 1}}]),
          [f"motet: x.s16: no such file (looked in {here})"])
    expect([{"sound": "a", "file": "x", "rate": 48000}],
           '2: "rate" in "sound" beside "file"; expected it with a generated sound only')


def test_variations():
    pair = [{"sound": "s0", "sine": {"hz": 100, "seconds": 1, "amplitude": 1}},
            {"sound": "s1", "sine": {"hz": 100, "seconds": 1, "amplitude": 1, "rate": 8000}}]

    def wrong(line, *messages):
        expect([*pair, {"sound": "s", **line}], *(f"4: {message}" for message in messages))

    wrong({"variations": "s0"}, '"variations" in "sound" is "s0"; expected a list of names')
    wrong({"variations": ["s0", 3]}, '"variations" in "sound" is ["s0", 3]; expected a list of names')
    wrong({"variations": []}, '"variations" in "sound" has 0 names; expected 1 to 256')
    wrong({"variations": ["s0"] * 257}, '"variations" in "sound" has 257 names; expected 1 to 256')
    wrong({"variations": ["s0", "s2", "s"]}, 'unknown sound "s2" in "sound"; did you mean "s0"?',
          'unknown sound "s" in "sound"; did you mean "s0"?')
    wrong({"variations": ["s0"], "weights": [1, 2]}, '"weights" in "sound" has 2 numbers; expected 1, one for each variation')
    for weight in (0, -1, "1", 1e7):
        wrong({"variations": ["s0"], "weights": [weight]},
              f'"weights" in "sound" is {json.dumps([weight])}; '
              'expected a list of numbers above 0, at most 1000000')
    wrong({"variations": ["s0"], "volume_jitter_db": 25}, '"volume_jitter_db" in "sound" is 25; expected a number from 0 to 24')
    wrong({"variations": ["s0"], "file": "x.wav"}, '"file" and "variations" in one "sound"; expected one of them')
    wrong({"variations": ["s0"], "rate": 8000}, '"rate" in "sound" beside "variations"; expected it with a generated sound only')
    wrong({"variations": ["s0"], "store": "s16"}, '"store" in "sound" beside "variations"; expected it with the sounds that it picks from')
    wrong({"constant": {"value": 1, "seconds": 1}, "pitch_jitter_semitones": 1},
          '"pitch_jitter_semitones" in "sound" beside "constant"; expected it with "variations" only')
    wrong({"variations": ["s0"], "yield": "newest"}, '"yield" in "sound" is "newest"; expected "quietest", "oldest" or "new"')
    wrong({"variations": ["s0"], "min_interval": "61s"}, '"min_interval" in "sound" is "61s"; expected at most 60 s')
    wrong({"variations": ["s0"], "max_voices": -1}, '"max_voices" in "sound" is -1; expected a whole number from 0 to 4294967295')
    sets = [*pair, {"sound": "s", "variations": ["s0", "s1"], "store": "auto", "convert": True}]
    expect([*sets, {"sound": "t", "variations": ["s0", "s"]}], '5: "s" in "variations" has variations itself; expected single sounds')
    expect([*sets, {"play": "s", "from": "10ms"}], '5: "from" in "play" is a time, but the sounds of "s" have several rates; '
                                                   'expected a whole number of frames')
    expect([*sets, {"play": "s", "as": "v", "from": 10, "loop_end": "1s"}, {"seek": "v", "to": "1beat"}],
           '5: "loop_end" in "play" is a time, but the sounds of "s" have several rates; expected a whole number of frames',
           '6: "to" in "seek" is a time, but the sounds of "s" have several rates; expected a whole number of frames')
    # A sound that is not there is told once.
    equal(errors_of([{"sound": "f", "file": "no.wav"}, {"sound": "s", "variations": ["f"]}, {"play": "s"}]),
          [f"motet: no.wav: no such file (looked in {os.path.realpath('.')})"])


def test_loops():
    def wrong(play, message, line=3, **change):
        lines = [SOUND, {"play": "a", "as": "v", **play}] + ([{"at": 1, "set": "v", **change}] if change else [])
        expect(lines, f"{line}: {message}")

    order = 'of "a", which has 4800 frames; expected its start before its end'
    wrong({"loop_start": 4800}, f'a loop from frame 4800 to 4800 in "play" {order}')
    wrong({"loop": True, "loop_start": "10ms", "loop_end": 480}, f'a loop from frame 480 to 480 in "play" {order}')
    wrong({"loop_start": 5000, "loop_end": 6000}, f'a loop from frame 5000 to 4800 in "play" {order}')
    wrong({"loop_start": 1000, "loop_end": 2000}, f'a loop from frame 3000 to 2000 in "set" {order}', 4, loop_start=3000)
    wrong({"loop_start": 1000, "loop_end": 2000}, f'a loop from frame 1000 to 500 in "set" {order}', 4, loop_end=500)
    wrong({"loop_whole": True, "loop_end": 5}, '"loop_whole" beside "loop_end" in "play"; expected one of them')
    wrong({"loop_count": 2 ** 32}, '"loop_count" in "play" is 4294967296; expected a whole number from 0 to 4294967295')
    wrong({"loop_crossfade": "-1ms"}, '"loop_crossfade" in "play" is "-1ms"; expected a whole number of frames, 0 or above, '
                                      'or a string like "10ms", "1.5s" or "2beats"')
    for key in ("loop_start", "loop_end"):
        expect([{"open": "s"}, {"set": "s", key: 5}], f'3: "{key}" in "set" of "s", which is fed; expected a voice of "play"')
    # Of a line that repeats it is told once.
    expect([SOUND, {"play": "a", "repeat": 5, "every": 10, "loop_start": 4800}],
           f'3: a loop from frame 4800 to 4800 in "play" {order}')


def test_markers():
    def wrong(markers, *messages, **more):
        expect([{**SOUND, "markers": markers, **more}], *(f"2: {message}" for message in messages))

    for value in (5, "a", {"at": 5}, [5], [[]]):
        wrong(value, f'"markers" in "sound" is {json.dumps(value)}; expected a list of objects')
    wrong([{"at": 0}, {}], 'no "at" in "markers"; expected a whole number of the sound\'s frames, 0 or above, or a string like '
                           '"10ms", "1.5s" or "2beats"')
    wrong([{"at": 0, "nmae": "x"}], 'unknown key "nmae" in "markers"; did you mean "name"?')
    wrong([{"at": 0, "name": 5}], '"name" in "markers" is 5; expected a string')
    wrong([{"at": 0, "name": "x" * 256}], 'a "name" in "markers" is too long; expected at most 255 bytes')
    wrong([{"at": 0}] * 1001, '"markers" in "sound" has 1001 entries; expected at most 1000')
    wrong([{"at": 4800}, {"at": 0}], "a: marker 1 is at frame 4800 of a sound of 4800 frames; expected it inside the sound")
    expect([SOUND, {"sound": "s", "variations": ["a"], "markers": [{"at": 0}]}],
           '3: "markers" in "sound" beside "variations"; expected it with the sounds that it picks from')
    expect([BUS, {"at": 5, "expect": {"markers": 3}}],
           '3: "markers" in "expect" is 3; expected two whole numbers like [0, 12], the least and the most')
    expect([BUS, {"at": 5, "expect": {"bus": "Music", "markers": [0, 1]}}],
           '3: "markers" in "expect" of bus "Music"; expected them of "Master" only')


def test_repeats():
    expect([SOUND, {"play": "a", "repeat": 5}], '3: "repeat" without "every" in "play"; expected both or none')
    expect([SOUND, {"play": "a", "every": "1s"}], '3: "every" without "repeat" in "play"; expected both or none')
    expect([SOUND, {"play": "a", "repeat": 0, "every": 5}], '3: "repeat" in "play" is 0; expected a whole number from 1 to 1000000')
    expect([SOUND, {"play": "a", "repeat": 2, "every": 2 ** 53 - 1}],
           '3: the last "repeat" in "play" is too late; expected fewer, or a shorter "every"')


def test_expectations():
    def wrong(expected, *messages, at=5):
        expect([BUS, {"at": at, "expect": expected}], *(f"3: {message}" for message in messages))

    wrong([], '"expect" in "expect" is []; expected an object')
    wrong({}, 'nothing is expected in "expect"; expected "peak_db", "voices", "clicks" or "markers"')
    wrong({"bus": "Music"}, 'nothing is expected in "expect"; expected "peak_db", "voices", "clicks" or "markers"')
    wrong({"bus": "Musik", "voices": [0, 1]}, 'unknown bus "Musik" in "expect"; did you mean "Music"?')
    wrong({"bus": "Music", "clicks": 0}, '"clicks" in "expect" of bus "Music"; expected them of "Master" only')
    wrong({"peek_db": [0, 1]}, 'unknown key "peek_db" in "expect"; did you mean "peak_db"?')
    for value in (-3, [-3], [0, -3], [0, 1, 2], ["a", "b"], {}):
        wrong({"peak_db": value}, f'"peak_db" in "expect" is {json.dumps(value)}; '
                                  'expected two numbers like [-40, -1], the lowest and the highest')
    for value in (3, [-1, 3], [0.5, 1], [2, 1]):
        wrong({"voices": value}, f'"voices" in "expect" is {json.dumps(value)}; '
                                 'expected two whole numbers like [0, 12], the least and the most')
    wrong({"clicks": -1}, '"clicks" in "expect" is -1; expected a whole number, 0 or above')
    wrong({"clicks": 0}, 'an "expect" at 0 has no time before it to look at; expected a later "at"', at=0)
    expect([{"at": 5, "end": True}, {"at": 5, "expect": {"clicks": 0}}, {"at": 6, "expect": {"clicks": 0}}],
           '4: "expect" at 6 is behind the "end" of line 2; expected it at 5 or before')


def test_buses():
    equal(raw(timeline_bytes([{"bus": "M", "volume_db": -3}, {"bus": "M", "volume_db": -3, "parent": "Master"},
                              {"bus": "Master"}]), code=0), [])
    expect([{"bus": "M", "volume_db": -3}, {"bus": "M"}],
           '3: bus "M" is already defined in line 2 with another "volume_db"; expected the same values')
    expect([{"bus": "M"}, {"bus": "N", "parent": "M"}, {"bus": "N"}],
           '4: bus "N" is already defined in line 3 with another "parent"; expected the same values')
    expect([{"bus": "Master", "volume_db": -3}],
           '2: bus "Master" exists from the start with another "volume_db"; expected the same values '
           '("set_bus" changes them)')
    expect([{"bus": "x" * 64}], '2: the name in "bus" is too long; expected at most 63 bytes')


def test_feeds():
    open_s = {"open": "s"}
    expect([open_s, {"feed": "s"}], '3: neither "file" nor "base64" in "feed"; expected one of them')
    expect([open_s, {"feed": "s", "file": "x", "base64": ""}], '3: "file" and "base64" in "feed"; expected one of them')
    expect([open_s, {"feed": "s", "base64": "A"}], '3: "base64" in "feed" is not base64; expected a text like "AAA="')
    expect([SOUND, {"play": "a", "as": "v"}, {"feed": "v", "base64": ""}],
           '4: "feed" of "v", which "play" started in line 3; expected the name of an "open"')
    expect([SOUND, {"play": "a", "as": "v"}, {"finish": "v"}],
           '4: "finish" of "v", which "play" started in line 3; expected the name of an "open"')
    expect([open_s, {"finish": "s"}, {"feed": "s", "base64": ""}],
           '4: "feed" of "s", which line 3 finished; expected it before its "finish"')
    expect([open_s, {"finish": "s"}, {"finish": "s"}], '4: "finish" of "s", which line 3 finished already; expected one "finish"')
    expect([open_s, {"seek": "s", "to": 0}], '3: "seek" of "s", which is fed; expected a voice of "play"')
    expect([open_s, {"set": "s", "loop": True}], '3: "loop" in "set" of "s", which is fed; expected a voice of "play"')
    expect([{"open": "s", "format": "s24"}], '2: "format" in "open" is "s24"; expected "s16" or "f32"')
    expect([{"open": "s", "buffer": "61s"}], '2: "buffer" in "open" is "61s"; expected at most 60 s')
    expect([open_s, {"feed": "s", "file": 3}], '3: "file" in "feed" is 3; expected a string that is not empty')
    equal(errors_of([open_s, {"feed": "s", "file": "chunk.s16"}]),
          [f"motet: chunk.s16: no such file (looked in {os.path.realpath('.')})"])


def test_plain_voices_have_no_position():
    expect([SOUND, {"play": "a", "position": [1, 0, 0]}],
           '3: "position" in "play" of a plain voice; expected "mode" to be "2d" or "3d" beside it')
    expect([SOUND, {"play": "a", "mode": "plain", "position": [1, 0, 0]}],
           '3: "position" in "play" of a plain voice; expected "mode" to be "2d" or "3d" beside it')
    expect([SOUND, {"play": "a", "as": "v"}, {"set": "v", "position": [1, 0, 0]}],
           '4: "position" in "set" of a plain voice; expected a voice with "mode" "2d" or "3d"')
    expect([SOUND, {"play": "a", "mode": "3d", "position": [1, 0, 0]}], '3: "mode" "3d" in "play" is not in this version')


def test_end():
    expect([{"at": 5, "end": False}], '2: "end" in "end" is false; expected true')
    expect([{"at": 5, "end": 1}], '2: "end" in "end" is 1; expected true or false')
    expect([{"at": 5, "end": True}, {"at": 6, "end": True}], '3: a second "end", after that of line 2; expected one')


def test_not_in_this_version():
    def later(line, what, before=()):
        expect([SOUND, *before, line], f"{len(before) + 3}: {what} is not in this version")

    for verb, line in {
            "duck": {"duck": "World", "key": "Speech"}, "snapshot": {"snapshot": "Menu", "buses": {}},
            "listener": {"listener": 0, "position": [0, 0, 0]},
            "set_snapshot": {"at": 0, "set_snapshot": "Menu"}, "set_listener": {"at": 0, "set_listener": 0}}.items():
        later(line, f'"{verb}"')
    for key, value in {"sends": {"Verb": -12}, "effects": []}.items():
        later({"play": "a", key: value}, f'"{key}" in "play"')
    for value in ("2d", "3d"):
        later({"play": "a", "mode": value}, f'"mode" "{value}" in "play"')


def test_defaults_written_out_are_accepted():
    lines = [dict(SOUND, stream=False, convert=True, store="auto"),
             {"bus": "Music", "parent": "Master", "volume_db": -3, "mute": False, "solo": False, "paused": False},
             {"at": 0, "play": "a", "as": "v", "volume_db": 0, "pan": 0, "pitch": 1, "loop": False, "loop_start": 0,
              "loop_end": 0, "loop_count": 0, "loop_crossfade": 0, "from": 0, "bus": "Master", "priority": 0,
              "quality": "default", "mode": "plain", "paused": False, "loop_whole": True},
             {"at": 0, "open": "s", "rate": 44100, "channels": 2, "format": "s16", "volume_db": 0, "pan": 0, "pitch": 1,
              "bus": "Master", "buffer": "500ms", "start_after": 0},
             {"at": 1, "set": "v", "volume_db": -12, "pan": 0.5, "pitch": 1.2, "loop": False, "bus": "Music",
              "fade": "50ms", "loop_start": 0, "loop_end": 0},
             {"at": 2, "set_bus": "Music", "volume_db": -80, "mute": True, "solo": False, "parent": "Master", "fade": "1s"},
             {"at": 3, "pause": "v"}, {"at": 3, "resume": "v"}, {"at": 3, "seek": "v", "to": "5ms"},
             {"at": 3, "stop": "v", "fade": "20ms"}, {"at": 4, "finish": "s"}, {"at": 5, "stop_sound": "a"},
             {"at": 6, "note": "boss appears"}, {"at": 7, "end": True}]
    equal(run("check", "-", stdin=timeline_bytes(lines)).lines, [])
    equal(run("render", "-", "-o", "-", stdin=timeline_bytes(lines)).code, 0)


def test_the_examples_of_the_page():
    """Every line that docs/timeline.md shows is one that the tool takes."""
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "timeline.md")
    with open(page, encoding="utf-8") as file:
        shown = [json.loads(line) for line in file if line.startswith('{"') and not line.startswith('{"motet"')]
    os.mkdir("sfx")
    source = timeline_bytes([SOUND, {"play": "a"}])
    for name in ("theme.ogg", "sfx/boom.wav", "x.flac"):
        equal(run("render", "-", "-o", name, stdin=source).code, 0)
    for name in ("x.s16", "chunk.s16"):
        with open(name, "wb") as file:
            file.write(bytes(4000))
    definitions = [line for line in shown if "at" not in line]
    commands = [line for line in shown if "at" in line]
    assert len(definitions) > 8 and len(commands) > 15, (definitions, commands)
    late = [line for line in commands if "expect" in line] + [line for line in commands if "end" in line][:1]
    commands = [line for line in commands if "expect" not in line and "end" not in line]
    for line in commands:
        line["at"] = 0
    for line in late:
        line["at"] = 1
    commands += late
    stems = [{**SOUND, "sound": name} for name in ("drums", "bass")]
    lines = definitions + stems + [{"play": "a", "as": "v"}] + commands
    result = run("check", "-", stdin=timeline_bytes(lines))
    equal((result.code, result.lines), (0, []))


def test_every_error_at_once():
    write_timeline("x.jsonl", [{"sound": "a", "file": "no.wav"}, {"at": 5, "play": "b"}, {"at": 4, "stop": "c"}])
    for verb in (["check", "x.jsonl"], ["render", "x.jsonl", "-o", "x.wav"]):
        lines = run(*verb).lines
        equal(len(lines), 4, lines)
        assert lines[0].startswith("motet: no.wav: no such file")
        assert lines[1].startswith('motet: x.jsonl:3: unknown sound "b"')
        assert lines[2].startswith('motet: x.jsonl:4: unknown voice "c"') or "already at 5" in lines[2]
    result = run("check", "x.jsonl", "--json")
    equal(result.code, 1)
    document = result.json
    equal(document["ok"], False)
    equal([(e["file"], e["line"]) for e in document["errors"]], [("x.jsonl", 2), ("x.jsonl", 3)] + 2 * [("x.jsonl", 4)])


# ------------------------------------------------------------------------------------------------- the command line

def test_wrong_usage():
    def usage(*arguments, message):
        result = run(*arguments)
        equal((result.code, result.lines[:1], result.text), (2, [message], ""), arguments)

    equal(run().code, 2)
    usage("rendr", message='motet: unknown verb "rendr"; did you mean "render"?')
    usage("qqqqqqqq", message='motet: unknown verb "qqqqqqqq"; "motet --help" lists them')
    usage("render", "x.jsonl", message='motet: wrong use of "render"; expected: motet render TIMELINE -o OUT [OPTION]...')
    usage("render", "-o", "x.wav", message='motet: wrong use of "render"; expected: motet render TIMELINE -o OUT [OPTION]...')
    usage("check", message='motet: wrong use of "check"; expected: motet check TIMELINE [--json]')
    usage("compare", "a", message='motet: wrong use of "compare"; expected: motet compare A B [--tolerance-db DB] [--json]')
    usage("info", message='motet: wrong use of "info"; expected: motet info FILE... [--json]')
    usage("play", message='motet: wrong use of "play"; expected: motet play FILE... [OPTION]...')
    usage("devices", "x", message='motet: wrong use of "devices"; expected: motet devices [--json]')
    usage("render", "x", "-o", "y.wav", "--blok", "3", message='motet: unknown option "--blok" in "render"; did you mean "--block"?')
    usage("render", "x", "-o", "y.wav", "--block", "0", message='motet: "--block" is "0"; expected a whole number from 1 to 65536')
    usage("render", "x", "-o", "y.wav", "--block", message='motet: "--block" in "render" has no value; expected one after it')
    usage("render", "x", "-o", "y.wav", "--format", "s32", message='motet: "--format" is "s32"; expected "s16", "s24", "f32"')
    usage("render", "x", "-o", "y.wav", "--rate=1e9", message='motet: "--rate" is "1e9"; expected a whole number from 1 to 384000')
    usage("render", "x", "-o", "y.wav", "--seconds", "nan", message='motet: "--seconds" is "nan"; expected a number, 0 or above')
    usage("render", "x", "-o", "y.mp3", message="motet: y.mp3: unknown kind of file; expected an ending .wav, .flac or .ogg, "
                                                "or - for raw samples")
    usage("render", "x", "-o", "y.flac", "--format", "f32", message="motet: y.flac: FLAC cannot hold f32; expected --format s16 or s24")
    usage("render", "x", "-o", "y.ogg", "--format", "s16", message="motet: y.ogg: Ogg Vorbis has no sample format; expected no --format")
    usage("render", "x", "-o", "-", "--json", message='motet: "-o -" and "--json" both need standard output; expected one of them')
    usage("play", "x.jsonl", "--pan", "1", message='motet: "--pan" with a timeline; expected it with sound files only')
    usage("play", "a.wav", "b.wav", "--loop", message='motet: "--loop" with several files; expected one FILE')
    usage("play", "a.wav", "--pitch", "0", message='motet: "--pitch" is "0"; expected a number from 0.01 to 64')


def test_help():
    for verb in ("play", "render", "check", "compare", "lint", "draw", "info", "devices", "version", "bench"):
        result = run(verb, "--help")
        equal((result.code, result.error), (0, ""))
        assert result.text.startswith(f"Usage: motet {verb}"), result.text
        assert all(len(line) <= 120 for line in result.text.splitlines()), verb
        equal(run("help", verb).text, result.text)
        assert verb in run("--help").text
    equal(run("--help").code, 0)
    options = {"play": "--volume-db --pan --pitch --loop --bus --device --seconds --simd --quiet",
               "render": "-o --rate --seconds --format --block --simd --stats --json", "check": "--json",
               "compare": "--tolerance-db --json", "lint": "--loop --all --json", "draw": "-o --seconds --width", "info": "--json", "devices": "--json", "version": "--json",
               "bench": "--voices --workload --seconds --rounds --simd --sweep --from --json -o"}
    for verb, names in options.items():
        for name in names.split():
            assert name in run(verb, "--help").text, (verb, name)


def test_version():
    document = run("version", "--json").json
    equal(sorted(document), ["build_options", "decoders", "device_backends", "simd", "version"])
    assert document["decoders"] and document["simd"] in ("c", "sse2", "avx2", "avx512", "neon") and "null" in document["device_backends"]
    assert run("version").text.startswith(f"motet {document['version']}\n")
    equal(run("--version").text, run("version").text)


def test_devices():
    result = run("devices", "--json")
    equal(result.code, 0)
    document = result.json
    for device in document["devices"]:
        equal(sorted(device), ["channels", "default", "name", "rate"])
    assert document["devices"] or document["reason"]


if __name__ == "__main__":
    sys.exit(main(globals()))
