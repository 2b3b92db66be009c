"""Sounds and fed data: frames as tuples of f32 values, one or two of them."""

import math
import os
import struct

import numpy

ONE = 1 << 32  # a source position of one frame: 32.32 fixed point


def f32(value):
    """Rounded once to f32, kept in a double."""
    return float(numpy.float32(value))


class Material:
    """A list of frames with its rate; a feed appends to it."""

    def __init__(self, rate, channels, frames, finished=True):
        self.rate = rate
        self.channels = channels
        self.frames = frames
        self.finished = finished  # nothing more comes
        self.markers = []


def frames_of(array):
    array = numpy.asarray(array, dtype=numpy.float64)
    return [tuple(row) for row in array.tolist()]


def whole_frames(data, sample_format, channels):
    """Bytes up to the last whole frame, and the rest."""
    size = {"s16": 2, "f32": 4}[sample_format] * channels
    end = len(data) // size * size
    return data[:end], data[end:]


def decode_pcm(data, sample_format, channels):
    """s16 is times 2^-15, exactly; a last part of a frame does not count."""
    dtype = {"s16": "<i2", "f32": "<f4"}[sample_format]
    data, _ = whole_frames(data, sample_format, channels)
    array = numpy.frombuffer(data, dtype=dtype).reshape(-1, channels)
    scale = 2.0**-15 if sample_format == "s16" else 1.0
    return fold(array.astype(numpy.float64) * scale)


def fold(array):
    """More than two channels become stereo: centre and surrounds at the root of a half, LFE dropped (order of WAV)."""
    channels = array.shape[1]
    if channels <= 2:
        return array
    raise ValueError("the oracle does not fold %d channels" % channels)


def to_s16(array):
    """As a store of s16 rounds: to nearest, 1.0 not reached from above."""
    return numpy.clip(numpy.rint(array * 32768.0), -32768, 32767) / 32768.0


def decode_wav(data):
    """Plain WAV: 8, 16, 24 and 32 bit integers and f32."""
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE"
    at, layout, samples = 12, None, None
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        body = data[at + 8 : at + 8 + size]
        if kind == b"fmt ":
            layout = struct.unpack("<HHIIHH", body[:16])
            if layout[0] == 0xFFFE:
                layout = (struct.unpack("<H", body[24:26])[0],) + layout[1:]
        elif kind == b"data":
            samples = body
        at += 8 + size + size % 2
    tag, channels, rate, _, _, bits = layout
    if tag == 3:
        array = numpy.frombuffer(samples, dtype="<f4").astype(numpy.float64)
    elif bits == 8:
        array = (numpy.frombuffer(samples, dtype="u1").astype(numpy.float64) - 128) / 128
    elif bits == 24:
        raw = numpy.frombuffer(samples, dtype="u1").reshape(-1, 3).astype(numpy.int64)
        whole = raw[:, 0] | raw[:, 1] << 8 | raw[:, 2] << 16
        array = (whole - ((whole & 0x800000) << 1)) / 8388608.0
    else:
        array = numpy.frombuffer(samples, dtype="<i%d" % (bits // 8)).astype(numpy.float64) / 2.0 ** (bits - 1)
    return rate, fold(array.reshape(-1, channels))


def generate(kind, values, engine_rate):
    """The generated sounds, computed in double and rounded once."""
    rate = values.get("rate", engine_rate)
    channels = values.get("channels", 1)
    count = math.floor(values["seconds"] * rate + 0.5)
    n = numpy.arange(count, dtype=numpy.float64)
    if kind == "sine":
        turns = values["hz"] * n / rate
        turns -= numpy.floor(turns)
        wave = values["amplitude"] * numpy.where(turns == 0.5, 0.0, numpy.sin(2 * math.pi * turns))
    elif kind == "constant":
        wave = numpy.full(count, float(values["value"]))
    elif kind == "ramp":
        wave = values["from"] + (values["to"] - values["from"]) * n / max(count - 1, 1)
    elif kind == "impulse":
        wave = numpy.where(n == values.get("at", 0), float(values["value"]), 0.0)
    else:
        raise ValueError("the oracle does not make %s" % kind)
    wave = wave.astype(numpy.float32).astype(numpy.float64)
    return Material(rate, channels, frames_of(numpy.repeat(wave[:, None], channels, axis=1)))


def load(line, folder, engine_rate):
    """A "sound" line's material; its markers are whole frames here."""
    material = load_frames(line, folder, engine_rate)
    material.markers = sorted(marker["at"] for marker in line.get("markers", ()))
    return material


def load_frames(line, folder, engine_rate):
    for kind in ("sine", "constant", "ramp", "impulse", "noise"):
        if kind in line:
            return generate(kind, line[kind], engine_rate)
    store = line.get("store", "auto")
    if "pcm" in line:
        pcm = line["pcm"]
        with open(os.path.join(folder, pcm["file"]), "rb") as file:
            array = decode_pcm(file.read(), pcm.get("format", "s16"), pcm.get("channels", 2))
        rate = pcm.get("rate", 44100)
    else:
        with open(os.path.join(folder, line["file"]), "rb") as file:
            rate, array = decode_wav(file.read())
    array = to_s16(array) if store == "s16" else array.astype(numpy.float32).astype(numpy.float64)
    return Material(rate, array.shape[1], frames_of(array))


class Source:
    """A position in a sound. What lies outside the sound is silence, or with a loop the sound again; what lies before
    it stays the sound's end when a loop that has gone round is switched off."""

    def __init__(self, material, position, loop, quality):
        self.material = material
        self.length = len(material.frames) * ONE
        self.position = position * ONE
        self.loop = loop
        self.wrapped = False
        self.linear = quality == "linear"

    def copy(self):
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def begin_frame(self, plain):
        """Nothing to get ready; returns no event. `plain`: the pitch makes one source frame an engine frame."""
        return None

    def sounding(self):
        return True

    def ended(self):
        return self.position >= self.length

    def seek(self, position):
        self.position = position * ONE
        self.wrapped = False

    def passed(self, step):
        """The markers on the way to the next frame's position, round the loop too: numbers, and whether they are at the
        present one."""
        start, end = self.position, self.position + step
        rounds = end // self.length + 1 if self.loop and self.length > 0 else 1
        places = [
            (round * self.length + frame * ONE, number)
            for round in range(rounds)
            for number, frame in enumerate(self.material.markers)
        ]
        return [(number, place == start) for place, number in sorted(places) if start <= place < end]

    def advance(self, step):
        self.position += step
        if self.loop and self.length > 0:
            self.wrapped = self.wrapped or self.position >= self.length
            self.position %= self.length

    def tap(self, index):
        frames = self.material.frames
        if self.loop or (self.wrapped and index < 0):
            return frames[index % len(frames)]
        return frames[index] if 0 <= index < len(frames) else (0.0,) * self.material.channels

    def sample(self):
        """The frame here, rounded to f32, and by how much f32 arithmetic may miss it in units of 2^-24."""
        whole, part = self.position >> 32, (self.position & (ONE - 1)) / ONE
        if part == 0.0:
            return self.tap(whole), 0.0
        reach = range(0, 2) if self.linear else range(-1, 3)
        taps = [self.tap(whole + k) for k in reach]
        largest = max(abs(x) for tap in taps for x in tap)
        return tuple(f32(self._between(part, *column)) for column in zip(*taps)), 12 * largest

    def _between(self, t, *x):
        if self.linear:
            return x[0] + t * (x[1] - x[0])
        # Catmull-Rom: through x[1] and x[2], with the slopes (x[2] - x[0]) / 2 and (x[3] - x[1]) / 2 there.
        m1, m2 = (x[2] - x[0]) / 2, (x[3] - x[1]) / 2
        return (
            (2 * t**3 - 3 * t**2 + 1) * x[1]
            + (t**3 - 2 * t**2 + t) * m1
            + (3 * t**2 - 2 * t**3) * x[2]
            + (t**3 - t**2) * m2
        )


class FedSource(Source):
    """A position in what has been written so far. It plays exactly what it holds, then there is a gap, which lasts
    until `start_after` frames are held. A frame between others waits for those that it is made of."""

    def __init__(self, material, start_after, quality):
        super().__init__(material, 0, False, quality)
        self.start_after = start_after
        self.waiting = True
        self.asked = None  # how much was written when it was looked at last
        self.dry = True  # the gap's event has been given; waiting for the first frames is no gap

    def held(self):
        """Frames from the position to the end of what was written."""
        return len(self.material.frames) - (self.position >> 32)

    def begin_frame(self, plain):
        held = self.held()
        needed = 1 if plain and self.position % ONE == 0 else 2 if self.linear else 3
        if self.material.finished:
            self.waiting = False
        elif not self.waiting:
            self.waiting = held < needed
            self.asked = len(self.material.frames)
        elif self.asked != len(self.material.frames):  # asked again only when something has been written
            self.waiting = held < max(self.start_after, needed)
            self.asked = len(self.material.frames)
        if self.waiting and not self.dry:
            self.dry = True
            return "starved"
        self.dry = self.waiting
        return None

    def sounding(self):
        return not self.waiting

    def ended(self):
        return self.material.finished and self.held() <= 0
