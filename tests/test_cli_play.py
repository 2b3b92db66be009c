"""motet play on the null device: what it says, how it ends. What is heard is the business of test_pulse."""
import os
import pty
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from motet_cli import MOTET, equal, main, run, timeline_bytes, write_timeline

NULL = {"MOTET_DEVICE": "null"}
TOLD = "motet: playing to the null device in real time, as MOTET_DEVICE asks"
SOUND = {"sound": "a", "sine": {"hz": 440, "seconds": 0.2, "amplitude": 0.1}}


def make_sound(name="a.wav", seconds=0.2):
    lines = [dict(SOUND, sine={"hz": 440, "seconds": seconds, "amplitude": 0.1}), {"play": "a"}]
    equal(run("render", "-", "-o", name, stdin=timeline_bytes(lines)).code, 0)
    return name


def play(*arguments, code=0, lines=(TOLD,), stdin=b""):
    result = run("play", *arguments, environment=NULL, stdin=stdin)
    equal((result.code, result.text, result.lines), (code, "", list(lines)), arguments)


def test_sound_files():
    make_sound()
    make_sound("b.flac")
    play("a.wav")
    play("a.wav", "b.flac")
    play("a.wav", "--volume-db", "-20", "--pan", "-0.5", "--pitch", "2", "--bus", "Music")
    play("a.wav", "--loop", "--seconds", "0.5")
    play("a.wav", "--quiet", lines=[])


def test_files_that_cannot_be_played():
    make_sound()
    with open("broken.wav", "wb") as file:
        file.write(b"RIFF")
    here = os.path.realpath(".")
    missing = f"motet: no.wav: no such file (looked in {here})"
    # Without a file that can be opened no device is looked for; else the others play.
    play("no.wav", code=1, lines=[missing])
    play("no.wav", "a.wav", code=1, lines=[missing, TOLD])
    result = run("play", "broken.wav", "a.wav", environment=NULL)
    equal((result.code, result.lines[0]), (1, TOLD))
    equal([line for line in result.lines if line.startswith("motet: broken.wav: ")], result.lines[1:])
    equal(len(result.lines), 2, result.error)


def test_timelines():
    lines = [SOUND, {"bus": "b"}, {"play": "a", "as": "v", "bus": "b"}, {"at": "50ms", "set": "v", "volume_db": -6},
             {"at": "100ms", "open": "s", "rate": 48000}, {"at": "100ms", "feed": "s", "base64": "AAAAAAAAAAA="},
             {"at": "150ms", "feed": "s", "base64": "AAAAAAAAAAA="}, {"at": "200ms", "finish": "s"}]
    write_timeline("x.jsonl", lines)
    write_timeline("without_ending", lines)
    play("x.jsonl")
    play("without_ending")
    play("-", stdin=timeline_bytes(lines))
    endless = [SOUND, {"play": "a", "loop": True}]
    play("-", "--seconds", "0.3", stdin=timeline_bytes(endless))
    play("-", stdin=timeline_bytes([*endless, {"at": "300ms", "end": True}]))
    # More plays than voices are not an error.
    play("-", stdin=timeline_bytes([SOUND] + 5 * [{"play": "a"}], {"max_voices": 2}))
    # What is wrong is told before a device is opened.
    play("-", stdin=timeline_bytes([{"play": "x"}]), code=1,
         lines=['motet: -:2: unknown sound "x" in "play"; expected one that an earlier line defines'])
    play("-", stdin=timeline_bytes([{"sound": "x", "file": "no.wav"}]), code=1,
         lines=[f"motet: no.wav: no such file (looked in {os.path.realpath('.')})"])


def test_without_a_device():
    environment = {key: "" for key in ("MOTET_DEVICE", "DISPLAY", "PULSE_SERVER", "DBUS_SESSION_BUS_ADDRESS")}
    reason = run("devices", "--json", environment=environment).json["reason"]
    if reason is None:
        print("there is a sound device: its absence is not tested")
        return
    make_sound()
    result = run("play", "a.wav", environment=environment)
    equal((result.code, result.lines),
          (0, ["motet: no sound device (SDL: no available audio device); playing to the null device in real time"]))
    equal(run("play", "a.wav", "--quiet", environment=environment).lines, [])
    # One that was asked for by name is not replaced.
    result = run("play", "a.wav", "--device", "Grand Piano", environment=environment)
    equal((result.code, len(result.lines)), (1, 1), result.error)


def test_interruption():
    make_sound("long.wav", 30)
    for path in ("long.wav", write_timeline("x.jsonl", [SOUND, {"play": "a", "loop": True}])):
        with subprocess.Popen([MOTET, "play", path], stderr=subprocess.PIPE, env=dict(os.environ, **NULL)) as process:
            equal(process.stderr.readline().decode().strip(), TOLD)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            equal((process.wait(timeout=20), process.stderr.read()), (130, b""))


def on_terminal(*arguments):
    """What the tool writes to a terminal as standard error."""
    leader, follower = pty.openpty()
    with subprocess.Popen([MOTET, *arguments], stderr=follower, stdout=subprocess.PIPE, env=dict(os.environ, **NULL)) as process:
        os.close(follower)
        written = b""
        while select.select([leader], [], [], 20)[0]:
            try:
                piece = os.read(leader, 4096)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            written += piece
        equal((process.wait(timeout=20), process.stdout.read()), (0, b""))
    os.close(leader)
    return written.decode()


def test_progress_on_a_terminal():
    make_sound("a.wav", 0.6)
    shown = on_terminal("play", "a.wav")
    for part in ("a.wav", "0:00", " / 0:00.6", "L #", "R #", "voices"):
        assert part in shown, repr(shown)
    assert shown.endswith("\r\033[K"), repr(shown)
    assert "L #" not in on_terminal("play", "a.wav", "--quiet")
    write_timeline("x.jsonl", [SOUND, {"play": "a"}, {"at": "20s", "end": True}])
    shown = on_terminal("render", "x.jsonl", "-o", "x.wav")
    assert " s of 20.0 s" in shown and shown.endswith("\r\033[K"), repr(shown)


if __name__ == "__main__":
    sys.exit(main(globals()))
