"""What becomes of Master's samples in a file."""

import struct

import numpy


def one_channel(samples):
    """0.5 (L + R), in f32."""
    total = (samples[:, 0] + samples[:, 1]).astype(numpy.float32).astype(numpy.float64)
    return (0.5 * total).astype(numpy.float32).astype(numpy.float64)[:, None]


def integers(samples, bits):
    """Clamped to +-1, times 32767 or 8388607, rounded to nearest even, without dither."""
    return numpy.rint(numpy.clip(samples, -1.0, 1.0) * (2.0 ** (bits - 1) - 1)).astype(numpy.int64)


def read_wav(path):
    """The samples as the file has them: f32 in double, or whole numbers; and the rate."""
    with open(path, "rb") as file:
        data = file.read()
    at, layout, body = 12, None, b""
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        if kind == b"fmt ":
            layout = struct.unpack("<HHIIHH", data[at + 8 : at + 24])
            if layout[0] == 0xFFFE:
                layout = struct.unpack("<H", data[at + 32 : at + 34]) + layout[1:]
        elif kind == b"data":
            body = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    tag, channels, rate, _, _, bits = layout
    if tag == 3:
        return numpy.frombuffer(body, dtype="<f4").astype(numpy.float64).reshape(-1, channels), rate
    raw = numpy.frombuffer(body, dtype="u1").reshape(-1, bits // 8).astype(numpy.int64)
    whole = sum(raw[:, k] << (8 * k) for k in range(bits // 8))
    return (whole - ((whole >> (bits - 1)) << bits)).reshape(-1, channels), rate
