"""Random timelines from a seed: many commands, often on equal and neighbouring frames."""

import base64
import random
import struct

import numpy

CURVES = ("smooth", "linear", "db", "power")
PITCHES = (1, 1, 1, 0.5, 2, 0.25, 1.3, 0.77, 3.1, 0.05, 9.5)
PANS = (0, 0, -1, 1, 0.5, -0.3, 0.7, 3)
VOLUMES = (0, 0, -6, -12, -80, 3, -90, -33.3, 30)
SOUND_NAMES = ("mono", "stereo", "short", "one", "slow", "fast", "s16", "f32", "s16s", "as16", "late", "later")


# As files: name, rate, channels.
NOISES = (("s16", 1000, 1), ("s16s", 800, 2), ("f32", 1000, 2), ("f32m", 1000, 1))


def write_wav(path, tag, channels, rate, data, bits=None):
    bits = bits or 8 * data.itemsize
    data = bytes(data)
    layout = struct.pack("<HHIIHH", tag, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(layout)) + layout + b"data" + struct.pack("<I", len(data)) + data
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", len(body)) + body)


def write_assets(folder):
    """Raw PCM and WAV files that the timelines name."""
    chance = numpy.random.default_rng(20)
    s16 = chance.integers(-32768, 32767, 400).astype("<i2")
    f32 = chance.uniform(-1, 1, 400).astype("<f4")
    with open(folder + "/noise.s16", "wb") as file:
        file.write(s16.tobytes())
    with open(folder + "/noise.f32", "wb") as file:
        file.write(f32.tobytes())
    for name, rate, channels in NOISES:
        data = s16 if name[0] == "s" else f32
        write_wav(f"{folder}/noise-{name}.wav", 1 if name[0] == "s" else 3, channels, rate, data)

    layouts = (("u8", 1, 1, 8), ("i16", 1, 2, 16), ("i24", 1, 1, 24), ("i32", 1, 2, 32), ("float", 3, 2, 32))
    for name, tag, channels, bits in layouts:
        data = chance.bytes(60 * channels * bits // 8)
        if tag == 3:
            data = chance.uniform(-1.5, 1.5, 60 * channels).astype("<f4").tobytes()
        write_wav(f"{folder}/{name}.wav", tag, channels, 1000, data, bits)


def sounds(chance):
    yield {"sound": "mono", "ramp": {"from": -0.5, "to": 0.75, "seconds": chance.choice((0.05, 0.2, 0.6))}}
    seconds = chance.choice((0.06, 0.3))
    yield {"sound": "stereo", "sine": {"hz": 37, "seconds": seconds, "amplitude": 0.8, "channels": 2}}
    yield {"sound": "short", "ramp": {"from": 0.2, "to": 0.9, "seconds": 0.007}}
    yield {"sound": "one", "constant": {"value": -0.625, "seconds": 0.001, "channels": 2}}
    yield {"sound": "slow", "sine": {"hz": 21, "seconds": 0.15, "amplitude": 1, "rate": 441}}
    yield {"sound": "fast", "ramp": {"from": -1, "to": 1, "seconds": 0.15, "rate": 2205, "channels": 2}}
    for name, noise, rest in (("s16", 0, {}), ("s16s", 1, {}), ("f32", 2, {}), ("as16", 3, {"store": "s16"})):
        file, rate, channels = NOISES[noise]
        form = chance.choice(("pcm", "loaded", "streamed", "streamed"))
        if form == "pcm":
            pcm = {"file": "noise." + file[:3], "format": file[:3], "channels": channels, "rate": rate}
            yield {"sound": name, "pcm": pcm, **rest}
        else:
            yield {"sound": name, "file": f"noise-{file}.wav", "stream": form == "streamed", **rest}
    # Whether a file is there before it is played, or while it waits to be, changes nothing.
    yield {"sound": "late", "file": "i16.wav", "async": True}
    yield {"sound": "later", "file": "float.wav", "async": chance.choice((True, False))}


MARKERS = {
    "mono": (0, 1, 19, 20, 20, 33, 49),
    "stereo": (3, 50, 59),
    "short": (6,),
    "one": (0, 0),
    "slow": (0, 1, 20, 65),
    "fast": (5, 99, 100, 329),
    "s16": (0, 200, 399),
}


def marked(line):
    places = MARKERS.get(line["sound"])
    return {**line, "markers": [{"at": at, "name": "at %d" % at} for at in places]} if places else line


class Maker:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.storm = self.maybe(0.25)  # few voices, and jump upon jump
        self.length = self.chance.randrange(40, 90) if self.storm else self.chance.randrange(60, 500)
        self.hot = [self.chance.randrange(self.length) for _ in range(4)]
        # The engine cuts its blocks at multiples of 512: often the commands lie around one.
        self.shift = 512 - self.chance.choice(self.hot) if self.maybe(0.3) else 0
        self.voices = []  # (name, fed)
        self.finished = set()
        self.followed = set()  # voices that another one is queued behind
        self.stems = 0  # lines of them
        self.buses = ["Master"]
        self.lines = []

    def maybe(self, probability):
        return self.chance.random() < probability

    def frame(self):
        if self.maybe(0.7):
            return max(0, self.chance.choice(self.hot) + self.chance.choice((0, 0, 0, 0, 1, 2, 3, -1, 5, 10, 11, 9)))
        return self.chance.randrange(self.length)

    def fade(self, line, probability=0.6):
        if self.maybe(probability):
            line["fade"] = self.chance.choice((0, 0, 1, 2, 5, 10, 10, 17, 40, 120))
        if "fade" in line and self.maybe(0.4):
            line["curve"] = self.chance.choice(CURVES)
        return line

    def definitions(self):
        for line in sounds(self.chance):
            self.lines.append(marked(line))
        for k in range(self.chance.randrange(4)):
            line = {"bus": "B%d" % k, "parent": self.chance.choice(self.buses)}
            if self.maybe(0.5):
                line["volume_db"] = self.chance.choice(VOLUMES)
            if self.maybe(0.1):
                line["mute"] = True
            if self.maybe(0.1):
                line["solo"] = True
            if self.maybe(0.1):
                line["paused"] = True
            self.lines.append(line)
            self.buses.append(line["bus"])

    def play(self, at):
        name = "v%d" % (self.chance.randrange(len(self.voices) + 1))
        line = {"at": at, "play": self.chance.choice(SOUND_NAMES), "as": name}
        self.start_values(line)
        if self.maybe(0.35):
            line["loop"] = True
        if self.maybe(0.2):
            line["from"] = self.chance.choice((1, 3, 20, 99, 200))
        if self.maybe(0.15):
            line["paused"] = True
        if self.maybe(0.3):
            line["quality"] = self.chance.choice(("linear", "cubic"))
        leaders = [voice[0] for voice in self.voices if voice[0] not in self.followed]
        if leaders and self.maybe(0.35):
            line["after"] = self.chance.choice(leaders)
            self.followed.add(line["after"])
            if self.maybe(0.4):
                line["fade"] = self.chance.choice((0, 1, 5, 17, 40, 120))
        self.lines.append(self.fade(line, 0.2))
        self.followed.discard(name)
        self.voices = [voice for voice in self.voices if voice[0] != name] + [(name, False)]

    def play_stems(self, at):
        count = self.chance.choice((2, 2, 3))
        sounds = [self.chance.choice(("mono", "stereo", "short", "one", "s16", "f32", "as16")) for _ in range(count)]
        line = {"at": at, "play_stems": sounds, "as": ["s%d%d" % (self.stems, k) for k in range(count)]}
        self.start_values(line)
        if self.maybe(0.4):
            line["loop"] = True
        if self.maybe(0.2):
            line["from"] = self.chance.choice((1, 3, 20))
        if self.maybe(0.15):
            line["paused"] = True
        if self.maybe(0.3):
            line["quality"] = self.chance.choice(("linear", "cubic"))
        self.lines.append(self.fade(line, 0.2))
        self.stems += 1
        self.followed.update(line["as"][1:])  # the first is asked for all of them
        self.voices += [(name, False) for name in line["as"]]

    def open(self, at):
        name = "f%d" % len(self.voices)
        line = {"at": at, "open": name, "rate": self.chance.choice((1000, 1000, 441, 1600))}
        line["channels"] = self.chance.choice((1, 2))
        line["format"] = self.chance.choice(("s16", "f32"))
        line["buffer"] = 1000
        if self.maybe(0.5):
            line["start_after"] = self.chance.choice((1, 7, 20, 50))
        self.start_values(line)
        self.lines.append(line)
        self.voices.append((name, True))
        self.layouts = dict(getattr(self, "layouts", {}), **{name: (line["channels"], line["format"])})
        self.feed(at, name)

    def start_values(self, line):
        for key, values in (("volume_db", VOLUMES), ("pan", PANS), ("pitch", PITCHES), ("bus", self.buses)):
            if self.maybe(0.4):
                line[key] = self.chance.choice(values)

    def feed(self, at, name):
        if name in self.finished:
            return
        channels, sample_format = self.layouts[name]
        count = self.chance.choice((0, 1, 2, 5, 20, 60)) * channels
        if sample_format == "s16":
            data = numpy.array([self.chance.randrange(-32768, 32768) for _ in range(count)], dtype="<i2")
        else:
            data = numpy.array([self.chance.uniform(-1, 1) for _ in range(count)], dtype="<f4")
        data = data.tobytes()
        if sample_format == "s16" and self.maybe(0.1):
            data = data[: -self.chance.choice((1, 3))]  # the rest is lost: from here on the samples are others
        self.lines.append({"at": at, "feed": name, "base64": base64.b64encode(data).decode()})

    def command(self, at):
        name, fed = self.chance.choice(self.voices)
        verbs = ("set", "set", "set", "pause", "resume", "resume", "seek", "seek", "bus", "stop")
        verb = self.chance.choice(("seek", "bus", "pause", "resume", "set") if self.storm else verbs)
        if verb == "seek" and fed:
            if self.maybe(0.15) and name not in self.finished:
                self.lines.append({"at": at, "finish": name})
                self.finished.add(name)
            else:
                self.feed(at, name)
            return
        line = {"at": at, verb: name}
        if verb == "set":
            keys = self.chance.sample(("volume_db", "pan", "pitch", "loop"), self.chance.choice((1, 1, 2, 4)))
            for key in keys:
                if key == "loop" and not fed:
                    line[key] = self.maybe(0.5)
                elif key != "loop":
                    line[key] = self.chance.choice({"volume_db": VOLUMES, "pan": PANS, "pitch": PITCHES}[key])
            if len(line) == 2:
                line["pan"] = 0.25
        elif verb == "bus":
            line = {"at": at, "set": name, "bus": self.chance.choice(self.buses)}
        elif verb == "seek":
            line["to"] = self.chance.choice((0, 0, 1, 5, 6, 50, 119, 199, 500))
        self.lines.append(self.fade(line))

    def bus_command(self, at):
        if self.maybe(0.5):
            verb = self.chance.choice(("pause_bus", "pause_bus", "resume_bus", "resume_bus", "resume_bus", "stop_bus"))
            bus = self.chance.choice(self.buses)
            if verb == "resume_bus" or self.maybe(0.7 if bus != "Master" else 0.2):
                self.lines.append(self.fade({"at": at, verb: bus}))
                return
        line = {"at": at, "set_bus": self.chance.choice(self.buses)}
        for key, values in (("volume_db", VOLUMES), ("mute", (False, True)), ("solo", (False, False, True))):
            if self.maybe(0.5):
                line[key] = self.chance.choice(values)
        if len(line) == 2:
            line["volume_db"] = -3
        self.lines.append(self.fade(line))

    def make(self):
        self.definitions()
        for at in sorted(max(0, self.frame() + self.shift) for _ in range(self.chance.choice((6, 15, 30, 60)))):
            if not self.voices or self.maybe(0.06 if self.storm else 0.15):
                self.play(at)
            elif self.maybe(0.05):
                self.open(at)
            elif self.maybe(0.05):
                self.play_stems(at)
            elif self.maybe(0.15):
                self.bus_command(at)
            elif self.maybe(0.04):
                self.lines.append(self.fade({"at": at, "stop_sound": self.chance.choice(SOUND_NAMES)}))
            else:
                self.command(at)
        if self.maybe(0.85):
            self.lines.append({"at": self.length + max(self.shift, 0) + 60, "end": True})
        header = {}
        if self.maybe(0.15):
            header["declick"] = self.chance.choice((0, 1, 3, 25, "7ms"))
        if self.maybe(0.5 if self.storm else 0.15):
            header["max_voices"] = self.chance.choice((1, 2, 3, 5))
            header["max_virtual_voices"] = 0
        return header, self.lines


def make(seed):
    """Header keys and lines."""
    return Maker(seed).make()
