"""Random scenes of everything at once: the samples and the events of each are the same for every block size."""
import base64
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from motet_cli import equal, main, run, timeline_bytes

SCENES = int(os.environ.get("SCENES", "60"))
FIRST = int(os.environ.get("FIRST", "0"))
BUSES = ["Master", "A", "B", "C"]


class Scene:
    """A timeline of random lines, as `seed` wants it."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.at = 0
        self.voices = []
        self.feeds = []
        self.lines = [
            {"bus": "A", "volume_db": -2}, {"bus": "B", "parent": "A"}, {"bus": "C", "mute": self.chance(0.2)},
            {"sound": "s", "sine": {"hz": 440, "seconds": 0.1, "amplitude": 0.4},
             "markers": [{"at": at} for at in (0, 5, 511, 512, "50ms", 4799)]},
            {"sound": "n", "noise": {"seconds": 0.05, "amplitude": 0.3, "channels": 2, "rate": 44100},
             "markers": [{"at": "0.02s", "name": "a"}, {"at": 1, "name": "b"}]},
            {"sound": "r", "ramp": {"from": -0.3, "to": 0.3, "seconds": 0.01}},
            {"sound": "none", "constant": {"value": 0.1, "seconds": 0}},
            {"sound": "one", "constant": {"value": 0.1, "seconds": 1 / 48000}, "markers": [{"at": 0, "name": "all"}]},
            self.ruled({"sound": "few", "sine": {"hz": 700, "seconds": 0.02, "amplitude": 0.2}}),
            self.ruled({"sound": "set", "variations": self.r.choices(["s", "n", "r", "one", "few"], k=self.r.randint(1, 4)),
                        "volume_jitter_db": self.r.choice([0, 6]), "pitch_jitter_semitones": self.r.choice([0, 5])})]
        self.header = {"limiter": self.chance(0.5), "max_voices": self.r.choice([1, 2, 3, 8, 64]),
                       "max_virtual_voices": self.r.choice([0, 1, 5, 4096]), "quiet_voice_db": self.r.choice([0, 0, -40, -60.5]), "seed": seed, "tempo": self.r.choice([120, 97.3])}
        makers = [self.play, self.play, self.play, self.repeat, self.open, self.feed, self.set, self.set, self.pause,
                  self.resume, self.seek, self.stop, self.stop_sound, self.set_bus, self.expect]
        for _ in range(self.r.randint(5, 60)):
            if self.chance(0.6):
                self.at += self.r.choice([0, 1, 2, 3, 17, 63, 64, 65, 100, 333, 512, 1000])
            line = (self.r.choice(makers) if self.voices else self.play)()
            if line is not None:
                self.lines.append({"at": self.at, **line})
        if self.chance(0.8):
            self.at += self.r.choice([0, 500, 3000])
            self.lines += [{"at": self.at, **self.expect()}] if self.at > 0 else []
            self.lines.append({"at": self.at, "end": True})

    def chance(self, part):
        return self.r.random() < part

    def faded(self, line):
        if self.chance(0.6):
            line["fade"] = self.r.choice([0, 1, 7, 64, 100, 480, 1000, "5ms"])
        if self.chance(0.4):
            line["curve"] = self.r.choice(["smooth", "linear", "db", "power"])
        return line

    def some(self, line, **values):
        line.update({key: self.r.choice(value) for key, value in values.items() if self.chance(0.4)})
        return self.faded(line)

    def ruled(self, line):
        if self.chance(0.6):
            line["max_voices"] = self.r.choice([1, 2, 5])
            line["yield"] = self.r.choice(["quietest", "oldest", "new"])
        if self.chance(0.4):
            line["min_interval"] = self.r.choice([1, 100, "5ms"])
        return line

    def named(self, names):
        return self.r.choice(names) if names else None

    def play(self):
        self.voices.append(f"v{len(self.voices)}")
        return self.some({"play": self.r.choice(["s", "n", "r", "none", "one", "few", "few", "set", "set"]), "as": self.voices[-1]},
                         pitch=[0.5, 1.3, 2, 3.7, 0.01, 64], pan=[-1, -0.3, 0.8], volume_db=[-6, -80, 3, -42], bus=BUSES,
                         loop=[True], paused=[True, False, False], quality=["linear", "cubic", "sinc16", "sinc32"],
                         priority=[-20, 0, 30], loop_count=[0, 0, 1, 2, 7], loop_crossfade=[0, 10, "1ms"],
                         **{"from": [1, 48, 100, 5000]})

    def repeat(self):
        return {**self.play(), "repeat": self.r.choice([1, 2, 5, 30]), "every": self.r.choice([0, 1, 37, 100, "0.01beats"])}

    def open(self):
        self.feeds.append(f"f{len(self.feeds)}")
        return self.some({"open": self.feeds[-1]}, rate=[48000, 44100, 22050], channels=[1, 2], pitch=[1.5, 0.7],
                         start_after=[100], format=["s16"])

    def feed(self):
        name = self.named(self.feeds)
        data = base64.b64encode(self.r.randbytes(self.r.choice([2, 4, 100, 1000]))).decode()
        return {"feed": name, "base64": data} if name else None

    def set(self):
        name = self.named(self.voices + self.feeds)
        # Ranges that are good for every sound, be it of one frame.
        loop = {} if name in self.feeds else {"loop": [True, False], "loop_start": [0], "loop_end": [0, 1, 48, 200, 5000]}
        return self.some({"set": name}, volume_db=[0, -6, -80, 6], pan=[-1, 0, 0.7], pitch=[0.5, 1, 2, 1.01], bus=BUSES, **loop)

    def pause(self):
        return self.faded({"pause": self.named(self.voices + self.feeds)})

    def resume(self):
        return self.faded({"resume": self.named(self.voices + self.feeds)})

    def seek(self):
        return self.faded({"seek": self.named(self.voices), "to": self.r.choice([0, 5, 96, 100, 1000, 99999])})

    def stop(self):
        return self.faded({"stop": self.named(self.voices + self.feeds)})

    def stop_sound(self):
        return self.faded({"stop_sound": self.r.choice(["s", "n", "r"])})

    def expect(self):
        """Met or not: what is said of it may not depend on blocks either."""
        if self.at == 0:
            return None
        bus = self.r.choice([*BUSES, "Master", "Master", "Master"])
        what = {"bus": bus, "peak_db": [self.r.choice([-80, -20]), 12], "voices": [0, self.r.choice([3, 30, 1000])]}
        of_master = {"clicks": self.r.choice([0, 1000]), "markers": [0, self.r.choice([3, 10 ** 6])]}
        return {"expect": {**what, **of_master} if bus == "Master" else what}

    def set_bus(self):
        return self.some({"set_bus": self.r.choice(BUSES)}, volume_db=[0, -6, -80, 3], mute=[True, False], solo=[True, False])


def outcome(source, block):
    """All that may not depend on the block: exit code, samples, stats, messages."""
    if os.path.exists("x.wav"):
        os.remove("x.wav")
    result = run("render", "-", "-o", "x.wav", "--json", "--block", block, stdin=source)
    document = result.json
    for key in ("cpu_seconds", "realtime_factor"):
        document.pop(key, None)
    samples = open("x.wav", "rb").read() if os.path.exists("x.wav") else b""
    return result.code, document, result.error, samples


def test_random_scenes():
    rendered = unmet = 0
    seen = {}
    for seed in range(FIRST, FIRST + SCENES):
        scene = Scene(seed)
        source = timeline_bytes(scene.lines, scene.header)
        expected = outcome(source, 512)
        complete = "frames" in expected[1]
        assert complete or 'expected an "end" line' in expected[2], (seed, expected[2])
        rendered += complete
        for event in expected[1].get("events", []):
            seen[event["reason"] or event["event"]] = seen.get(event["reason"] or event["event"], 0) + 1
        unmet += expected[0] == 1 and complete
        for block in (1, random.Random(seed).randint(2, 2000), 65536):
            got = outcome(source, block)
            equal(got[:3], expected[:3], f"scene {seed}, block {block}")
            assert got[3] == expected[3], f"scene {seed}, block {block}: other samples"
    print(f"{rendered} scenes rendered, {unmet} not as expected, {SCENES - rendered} without an end refused; {seen}")
    assert rendered > SCENES / 2, rendered
    # The scenes are worth comparing.
    if SCENES >= 60:
        assert unmet > SCENES / 10, unmet
        for what in ("ended", "stopped", "stolen", "refused", "voice_looped", "voice_marker", "feed_starved"):
            assert seen.get(what, 0) > 3, (what, seen)


if __name__ == "__main__":
    sys.exit(main(globals()))
