"""--simd and MOTET_SIMD: scenes come out with the same bytes at every level that the machine has, and names are checked."""
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from motet_cli import equal, main, run, timeline_bytes
from oracle import random_timelines

NAMES = ["c", "sse2", "avx2", "avx512", "neon"]
TONE = [{"sound": "a", "sine": {"hz": 441.5, "seconds": 0.1, "amplitude": 0.5}}, {"play": "a"}]


def levels():
    """Those that this machine has, by what the tool says of one that it has not."""
    lacking = [name for name in NAMES if render_with(name).code != 0]
    have = [name for name in NAMES if name not in lacking]
    for name in lacking:
        result = render_with(name)
        equal((result.code, result.lines),
              (1, [f'motet: -: simd is "{name}"; expected one of {", ".join(have)}']))
    return have


def render_with(name, lines=None):
    return run("render", "-", "-o", "-", "--simd", name, stdin=timeline_bytes(lines or TONE))


def test_the_levels_of_this_machine():
    have = levels()
    assert "c" in have, have
    machine = os.uname().machine
    if machine == "x86_64":
        assert "sse2" in have and "neon" not in have, have
    if machine == "aarch64":
        equal(have, ["c", "neon"])


def test_the_environment_chooses():
    have = levels()
    equal(run("version", "--json").json["simd"], have[-1])
    for name in have:
        equal(run("version", "--json", environment={"MOTET_SIMD": name}).json["simd"], name)
    for name in ("mmx", "", *[name for name in NAMES if name not in have]):
        equal(run("version", "--json", environment={"MOTET_SIMD": name}).json["simd"], have[-1])


def test_wrong_names():
    for verb in (["render", "x.jsonl", "-o", "x.wav"], ["play", "x.wav"]):
        result = run(*verb, "--simd", "mmx")
        equal((result.code, result.lines),
              (2, ['motet: "--simd" is "mmx"; expected "c", "sse2", "avx2", "avx512", "neon"']))


def test_an_unknown_name_in_the_environment_is_told_once():
    best = levels()[-1]
    unknown = {"MOTET_SIMD": "mmx"}
    told = [f'motet: warning: MOTET_SIMD is "mmx", which cannot be had here; {best} is used']
    result = run("render", "-", "-o", "a.wav", stdin=timeline_bytes(TONE), environment=unknown)
    equal((result.code, result.lines), (0, told))
    result = run("play", "--quiet", "a.wav", environment={**unknown, "MOTET_DEVICE": "null"})
    equal((result.code, result.lines), (0, told))
    for environment in ({"MOTET_SIMD": ""}, {"MOTET_SIMD": "c"}):
        equal(run("render", "-", "-o", "a.wav", stdin=timeline_bytes(TONE), environment=environment).lines, [])
    result = run("render", "-", "-o", "a.wav", "--simd", "c", stdin=timeline_bytes(TONE), environment=unknown)
    equal((result.code, result.lines), (0, []))


def same_bytes_at_every_level(path, have, *options):
    seen = {}
    for name in have:
        out = f"{name}.wav"
        result = run("render", path, "-o", out, "--simd", name, *options)
        equal(result.code, 0, result.error)
        with open(out, "rb") as file:
            seen[name] = hashlib.sha256(file.read()).hexdigest()
    equal(len(set(seen.values())), 1, f"{path}: {seen}")


def test_random_scenes():
    have = levels()
    random_timelines.write_assets(".")
    compared = 0
    for seed in range(40):
        header, lines = random_timelines.make(seed)
        path = f"scene{seed}.jsonl"
        with open(path, "wb") as file:
            file.write(timeline_bytes(lines, header))
        if run("check", path).code == 0:
            same_bytes_at_every_level(path, have, "--seconds", "1.5", *(["--block", "333"] if seed % 2 else []))
            compared += 1
    assert compared >= 20, compared


def test_a_crowd():
    """Dozens of voices of every kind at once, steady and moving, mono and stereo, s16 and f32, loud enough to limit."""
    lines = []
    for kind in range(8):
        noise = {"seconds": 0.31 + 0.013 * kind, "amplitude": 0.6, "seed": kind, "channels": 1 + kind % 2}
        lines.append({"sound": f"s{kind}", "noise": noise, "store": "s16" if kind % 4 < 2 else "f32"})
    for voice in range(80):
        lines.append({"at": voice * 97, "play": f"s{voice % 8}", "as": f"v{voice}", "loop": True,
                      "pan": (voice % 9) / 4 - 1, "volume_db": -(voice % 5),
                      **({"pitch": 0.7 + voice / 100} if voice % 3 == 0 else {})})
    for voice in range(80):
        lines.append({"at": 15000 + voice * 31, "set": f"v{voice}", "volume_db": -30, "pan": 0, "fade": 1440})
    with open("crowd.jsonl", "wb") as file:
        file.write(timeline_bytes(lines, {"limiter": True}))
    have = levels()
    same_bytes_at_every_level("crowd.jsonl", have, "--seconds", "0.7")
    same_bytes_at_every_level("crowd.jsonl", have, "--seconds", "0.7", "--block", "441")


if __name__ == "__main__":
    sys.exit(main(globals()))
