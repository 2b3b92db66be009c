"""Hand-picked timelines: a name, header keys (and "--rate" for the option), and the lines after the header."""

import base64
import struct

# One millisecond a frame: the declick is 10 frames.
RATE = 1000


def constant(name="c", value=0.5, seconds=1.0, **more):
    return {"sound": name, "constant": dict(value=value, seconds=seconds, **more)}


def slope(name="r", count=100, **more):
    """Every frame has a value of its own, exact in f32: n / 128."""
    return {"sound": name, "ramp": dict({"from": 0.0, "to": (count - 1) / 128, "seconds": count / RATE}, **more)}


def pcm_s16(*values):
    return base64.b64encode(struct.pack("<%dh" % len(values), *values)).decode()


def pcm_f32(*values):
    return base64.b64encode(struct.pack("<%df" % len(values), *values)).decode()


def cases():
    for curve in ("smooth", "linear", "db", "power"):
        yield from curves(curve)
    yield from replaced_ramps()
    yield from starts()
    yield from gates()
    yield from tails()
    yield from buses()
    yield from sources()
    yield from markers()
    yield from feeds()
    yield from ends()
    yield from written()


def case(name, *lines, **header):
    return name, header, list(lines)


def curves(curve):
    fade = {"fade": 16, "curve": curve}
    yield case(
        f"curve {curve}: volume, pan, gates",
        constant(),
        {"at": 3, "play": "c", "as": "in", "fade": 16, "curve": curve},
        {"at": 5, "play": "c", "as": "v"},
        {"at": 10, "set": "v", "volume_db": -12, **fade},
        {"at": 40, "set": "v", "volume_db": -80, **fade},
        {"at": 60, "set": "v", "volume_db": 6, **fade},
        {"at": 80, "set": "v", "pan": 0.75, **fade},
        {"at": 100, "set": "v", "pan": -1, **fade},
        {"at": 120, "pause": "v", **fade},
        {"at": 150, "resume": "v", **fade},
        {"at": 180, "set_bus": "Master", "volume_db": -6, **fade},
        {"at": 200, "set_bus": "Master", "mute": True, **fade},
        {"at": 230, "set_bus": "Master", "mute": False, **fade},
        {"at": 260, "stop": "v", **fade},
        {"at": 300, "end": True},
    )
    yield case(
        f"curve {curve}: pitch, seek, bus",
        slope(count=1000),
        {"bus": "A", "volume_db": -6},
        {"at": 0, "play": "r", "as": "v"},
        {"at": 10, "set": "v", "pitch": 2, **fade},
        {"at": 40, "set": "v", "pitch": 0.25, **fade},
        {"at": 80, "seek": "v", "to": 500, **fade},
        {"at": 120, "set": "v", "bus": "A", **fade},
        {"at": 160, "end": True},
    )


def replaced_ramps():
    for first in ("smooth", "linear", "db", "power"):
        for second in ("smooth", "linear", "db", "power"):
            for at in (20, 21, 27, 35, 36):
                yield case(
                    f"{first} replaced by {second} at {at}",
                    constant(),
                    {"at": 0, "play": "c", "as": "v"},
                    {"at": 20, "set": "v", "volume_db": -20, "pan": -1, "pitch": 2, "fade": 16, "curve": first},
                    {"at": at, "set": "v", "volume_db": 3, "pan": 0.5, "pitch": 0.5, "fade": 12, "curve": second},
                    {"at": 80, "end": True},
                )
    for longer in (1, 2, 16, 17, 40, 300):
        yield case(
            f"a fade of 16 replaced by one of {longer}, down and up",
            constant(),
            {"at": 0, "play": "c", "as": "v"},
            {"at": 20, "set": "v", "volume_db": -80, "fade": 16},
            {"at": 28, "set": "v", "volume_db": -80, "fade": longer},
            {"at": 350, "set": "v", "volume_db": 0, "fade": 16},
            {"at": 359, "set": "v", "volume_db": -6, "fade": longer},
            {"at": 363, "set": "v", "volume_db": -3, "fade": longer},
            {"at": 700, "end": True},
        )


def starts():
    yield case(
        "changes on the frame of play set the start",
        slope(),
        {"bus": "A", "volume_db": -6},
        {"at": 7, "play": "r", "as": "v"},
        {"at": 7, "set": "v", "volume_db": -6, "pan": 1, "pitch": 2, "bus": "A", "fade": 50},
        {"at": 7, "seek": "v", "to": 10},
        {"at": 8, "set": "v", "volume_db": 0, "fade": 4},
        {"at": 60, "end": True},
    )
    yield case(
        "a stop on the frame of play cancels",
        constant(),
        {"at": 7, "play": "c", "as": "v"},
        {"at": 7, "stop": "v", "fade": 20},
        {"at": 30, "play": "c", "as": "w"},
        {"at": 30, "stop_sound": "c"},
        {"at": 60, "end": True},
    )
    yield case(
        "a paused start waits at its first frame; resume ramps in",
        slope(),
        {"at": 7, "play": "r", "as": "v", "paused": True},
        {"at": 7, "play": "r", "as": "w", "paused": True, "from": 30},
        {"at": 12, "set": "v", "volume_db": -12, "fade": 40},
        {"at": 20, "resume": "v"},
        {"at": 25, "resume": "w", "fade": 0},
        {"at": 27, "play": "r", "as": "x", "paused": True},
        {"at": 27, "resume": "x"},
        {"at": 33, "play": "r", "as": "y"},
        {"at": 33, "pause": "y"},
        {"at": 40, "stop": "y"},
        {"at": 150, "end": True},
    )
    yield case(
        "from inside the sound has the declick, a fade of 0 has none",
        slope(),
        {"at": 3, "play": "r", "from": 20},
        {"at": 13, "play": "r", "from": 40, "fade": 0},
        {"at": 23, "play": "r", "from": 60, "fade": 5},
        {"at": 33, "play": "r", "from": 100, "as": "past"},
        {"at": 34, "play": "r", "from": 99, "as": "last"},
        {"at": 120, "end": True},
    )
    yield case(
        "paused plays with a fade in",
        slope(),
        {"at": 3, "play": "r", "as": "v", "paused": True, "fade": 30},
        {"at": 10, "resume": "v", "fade": 0},
        {"at": 13, "play": "r", "as": "w", "paused": True, "fade": 30},
        {"at": 60, "resume": "w", "fade": 8},
        {"at": 120, "end": True},
    )
    yield case(
        "a fade in that meets pause, stop, seek and volume",
        slope(count=900),
        {"at": 0, "play": "r", "as": "a", "fade": 40},
        {"at": 10, "pause": "a", "fade": 6},
        {"at": 22, "resume": "a", "fade": 6},
        {"at": 100, "stop": "a", "fade": 0},
        {"at": 110, "play": "r", "as": "b", "fade": 40},
        {"at": 120, "seek": "b", "to": 300},
        {"at": 123, "set": "b", "volume_db": -12},
        {"at": 180, "stop": "b", "fade": 0},
        {"at": 190, "play": "r", "as": "c", "fade": 40},
        {"at": 200, "stop": "c", "fade": 12},
        {"at": 230, "end": True},
    )


def gates():
    yield case(
        "pause and resume with fade 0 lose no frame",
        slope(),
        {"at": 0, "play": "r", "as": "v"},
        {"at": 10, "pause": "v", "fade": 0},
        {"at": 15, "resume": "v", "fade": 0},
        {"at": 20, "pause": "v", "fade": 0},
        {"at": 20, "resume": "v", "fade": 0},
        {"at": 150, "end": True},
    )
    yield case(
        "pause and resume in mid-fade",
        slope(),
        {"at": 0, "play": "r", "as": "v"},
        {"at": 10, "pause": "v", "fade": 8},
        {"at": 13, "resume": "v", "fade": 8},
        {"at": 16, "pause": "v", "fade": 4},
        {"at": 18, "pause": "v", "fade": 9},
        {"at": 40, "resume": "v"},
        {"at": 45, "pause": "v"},
        {"at": 56, "resume": "v", "fade": 3},
        {"at": 56, "pause": "v", "fade": 3},
        {"at": 70, "resume": "v", "fade": 3},
        {"at": 200, "end": True},
    )
    yield case(
        "stop: of a playing, pausing, paused and resuming voice",
        constant(),
        {"at": 0, "play": "c", "as": "a"},
        {"at": 10, "stop": "a"},
        {"at": 30, "play": "c", "as": "b"},
        {"at": 40, "pause": "b", "fade": 8},
        {"at": 44, "stop": "b", "fade": 12},
        {"at": 70, "play": "c", "as": "c"},
        {"at": 80, "pause": "c", "fade": 8},
        {"at": 88, "stop": "c", "fade": 12},
        {"at": 100, "play": "c", "as": "d"},
        {"at": 110, "stop": "d", "fade": 30},
        {"at": 115, "pause": "d", "fade": 5},
        {"at": 125, "resume": "d", "fade": 5},
        {"at": 160, "play": "c", "as": "e"},
        {"at": 170, "stop": "e", "fade": 40},
        {"at": 180, "stop": "e", "fade": 5},
        {"at": 200, "play": "c", "as": "f"},
        {"at": 210, "stop": "f", "fade": 5},
        {"at": 212, "stop": "f", "fade": 40},
        {"at": 270, "play": "c", "as": "g"},
        {"at": 280, "stop": "g", "fade": 0},
        {"at": 281, "stop": "g", "fade": 0},
        {"at": 290, "play": "c", "as": "h"},
        {"at": 300, "pause": "h", "fade": 8},
        {"at": 307, "stop": "h", "fade": 12},
        {"at": 340, "end": True},
    )
    yield case(
        "all at one frame",
        slope(count=900),
        {"bus": "A", "volume_db": -12},
        {"at": 0, "play": "r", "as": "v"},
        {"at": 20, "seek": "v", "to": 200},
        {"at": 20, "set": "v", "bus": "A"},
        {"at": 20, "pause": "v"},
        {"at": 60, "resume": "v"},
        {"at": 60, "seek": "v", "to": 300},
        {"at": 90, "seek": "v", "to": 400},
        {"at": 90, "seek": "v", "to": 500},
        {"at": 120, "pause": "v"},
        {"at": 120, "resume": "v"},
        {"at": 150, "stop": "v"},
        {"at": 150, "seek": "v", "to": 600},
        {"at": 200, "end": True},
    )


def tails():
    yield case(
        "seeks and bus changes within the declick",
        slope(count=900),
        slope("s", count=900, channels=2),
        {"bus": "A", "volume_db": -6},
        {"bus": "B", "volume_db": -12},
        {"at": 0, "play": "r", "as": "v"},
        {"at": 0, "play": "s", "as": "w", "pan": 0.5},
        {"at": 20, "seek": "v", "to": 200},
        {"at": 23, "seek": "v", "to": 400},
        {"at": 27, "seek": "v", "to": 600},
        {"at": 28, "seek": "w", "to": 200},
        {"at": 50, "set": "v", "bus": "A"},
        {"at": 53, "set": "v", "bus": "B"},
        {"at": 56, "set": "v", "bus": "A"},
        {"at": 56, "set": "w", "bus": "A"},
        {"at": 58, "seek": "w", "to": 5},
        {"at": 90, "seek": "v", "to": 10, "fade": 0},
        {"at": 100, "seek": "v", "to": 300},
        {"at": 104, "seek": "v", "to": 100, "fade": 0},
        {"at": 150, "end": True},
    )
    yield case(
        "tails follow stop and pause, not volume, pan and pitch",
        slope(count=900),
        {"at": 0, "play": "r", "as": "v"},
        {"at": 20, "seek": "v", "to": 200},
        {"at": 22, "stop": "v", "fade": 4},
        {"at": 40, "play": "r", "as": "w"},
        {"at": 60, "seek": "w", "to": 200, "fade": 40},
        {"at": 62, "pause": "w", "fade": 4},
        {"at": 70, "resume": "w", "fade": 4},
        {"at": 76, "set": "w", "volume_db": -12, "pan": 1, "pitch": 2, "fade": 5},
        {"at": 150, "seek": "w", "to": 10, "fade": 40},
        {"at": 152, "pause": "w", "fade": 0},
        {"at": 170, "seek": "w", "to": 500},
        {"at": 172, "resume": "w", "fade": 0},
        {"at": 220, "stop": "w", "fade": 0},
        {"at": 230, "end": True},
    )
    yield case(
        "a tail outlives its voice's natural end",
        slope(count=200),
        {"at": 0, "play": "r", "as": "v"},
        {"at": 20, "seek": "v", "to": 195},
        {"at": 27, "stop": "v", "fade": 0},
        {"at": 40, "play": "r", "as": "w"},
        {"at": 60, "seek": "w", "to": 200},
        {"at": 80, "play": "r", "as": "x"},
        {"at": 100, "seek": "x", "to": 5000, "fade": 0},
        {"at": 130, "end": True},
    )
    yield case(
        "tails: the oldest is dropped when none is free",
        slope(count=900),
        {"at": 0, "play": "r", "as": "v"},
        {"at": 0, "play": "r", "as": "w", "from": 50},
        {"at": 20, "seek": "v", "to": 200},
        {"at": 22, "seek": "w", "to": 300},
        {"at": 25, "seek": "v", "to": 500},
        {"at": 27, "seek": "v", "to": 600},
        {"at": 60, "end": True},
        max_voices=2,
        max_virtual_voices=0,
    )
    yield case(
        "pitch glides in a tail go on",
        slope(count=900),
        {"at": 0, "play": "r", "as": "v"},
        {"at": 20, "set": "v", "pitch": 3, "volume_db": -20, "fade": 30},
        {"at": 25, "seek": "v", "to": 200, "fade": 30},
        {"at": 30, "set": "v", "pitch": 1, "volume_db": 0, "fade": 30},
        {"at": 80, "end": True},
    )


def buses():
    yield case(
        "nested buses: volume, mute, solo",
        constant("m", 0.5),
        constant("s", 0.25, channels=2),
        {"bus": "A", "volume_db": -6},
        {"bus": "A1", "parent": "A", "volume_db": -3},
        {"bus": "A2", "parent": "A", "mute": True},
        {"bus": "B", "parent": "Master"},
        {"at": 0, "play": "m", "bus": "A", "pan": -1},
        {"at": 0, "play": "s", "bus": "A1", "pan": 0.25},
        {"at": 0, "play": "m", "bus": "A2", "volume_db": -7},
        {"at": 0, "play": "s", "bus": "B", "volume_db": -9},
        {"at": 0, "play": "m", "volume_db": -11},
        {"at": 10, "set_bus": "A2", "mute": False},
        {"at": 40, "set_bus": "A", "solo": True, "fade": 20},
        {"at": 50, "set_bus": "B", "solo": True, "fade": 5},
        {"at": 80, "set_bus": "A", "mute": True},
        {"at": 84, "set_bus": "A", "mute": False, "fade": 4},
        {"at": 100, "set_bus": "A", "solo": False},
        {"at": 120, "set_bus": "A1", "solo": True, "volume_db": -80, "fade": 15},
        {"at": 127, "set_bus": "A1", "volume_db": 6, "fade": 20},
        {"at": 160, "set_bus": "Master", "solo": True},
        {"at": 180, "set_bus": "Master", "solo": False, "fade": 0},
        {"at": 180, "set_bus": "B", "solo": False, "fade": 0},
        {"at": 185, "set_bus": "A1", "solo": False},
        {"at": 200, "set_bus": "A1", "mute": True, "fade": 20},
        {"at": 205, "set_bus": "A1", "mute": True, "fade": 3},
        {"at": 250, "end": True},
    )
    yield case(
        "a bus set at frame 0",
        constant(),
        {"bus": "A", "solo": True},
        {"bus": "B"},
        {"at": 0, "set_bus": "A", "volume_db": -12},
        {"at": 0, "play": "c", "bus": "A"},
        {"at": 0, "play": "c", "bus": "B"},
        {"at": 30, "set_bus": "A", "solo": False},
        {"at": 60, "end": True},
    )
    yield case(
        "buses paused and resumed",
        slope(count=900),
        slope("s", count=900, channels=2),
        {"bus": "A", "volume_db": -6},
        {"bus": "A1", "parent": "A"},
        {"bus": "B", "paused": True},
        {"at": 0, "play": "r", "as": "v", "bus": "A1"},
        {"at": 0, "play": "s", "as": "w", "bus": "A"},
        {"at": 3, "play": "r", "as": "x", "bus": "B", "from": 40},
        {"at": 10, "pause_bus": "A"},
        {"at": 14, "pause": "v", "fade": 3},
        {"at": 30, "resume_bus": "A", "fade": 5},
        {"at": 40, "resume": "v", "fade": 0},
        {"at": 50, "set": "x", "volume_db": -12},
        {"at": 60, "resume_bus": "B", "fade": 0},
        {"at": 80, "pause_bus": "A1", "fade": 0},
        {"at": 81, "pause_bus": "A", "fade": 40, "curve": "db"},
        {"at": 90, "resume_bus": "A1"},
        {"at": 100, "resume_bus": "A"},
        {"at": 120, "pause_bus": "B", "fade": 0},
        {"at": 130, "set": "w", "bus": "B"},
        {"at": 135, "resume_bus": "B"},
        {"at": 150, "set": "w", "bus": "A", "fade": 30},
        {"at": 155, "pause_bus": "B", "fade": 4},
        {"at": 165, "set": "v", "bus": "B"},
        {"at": 170, "resume_bus": "B", "fade": 0},
        {"at": 190, "stop_bus": "A"},
        {"at": 210, "pause_bus": "Master"},
        {"at": 230, "stop_bus": "Master"},
        {"at": 240, "end": True},
    )
    yield case(
        "stems are paused with the bus of any of them",
        slope(count=900),
        slope("s", count=900, channels=2),
        {"bus": "A"},
        {"bus": "B", "volume_db": -6},
        {"at": 0, "play_stems": ["r", "s"], "as": ["v", "w"], "bus": "A"},
        {"at": 10, "set": "w", "bus": "B"},
        {"at": 30, "pause_bus": "B"},
        {"at": 50, "resume_bus": "B"},
        {"at": 70, "set": "v", "bus": "B", "fade": 0},
        {"at": 75, "pause_bus": "A"},
        {"at": 80, "set": "v", "bus": "A", "fade": 20},
        {"at": 120, "set": "w", "bus": "A"},
        {"at": 130, "set": "v", "bus": "B"},
        {"at": 150, "stop": "w"},
        {"at": 530, "resume_bus": "A"},
        {"at": 540, "end": True},
    )
    yield case(
        "sums in play order",
        *[constant(f"c{k}", value=[9e5, 1.0, -9e5, 3.1e-3, 1 / 3][k], channels=1 + k % 2) for k in range(5)],
        {"bus": "A"},
        {"bus": "B"},
        *[{"at": k // 4, "play": f"c{k * 7 % 5}", "bus": ["Master", "A", "B"][k % 3]} for k in range(24)],
        {"at": 40, "end": True},
    )


def sources():
    for quality in ("linear", "cubic"):
        for loop in (False, True):
            yield case(
                f"pitches, {quality}, loop {loop}",
                slope(count=23),
                slope("s", count=17, channels=2),
                slope("q", count=31, rate=1470),
                *[
                    {"at": 40 * k, "play": "rsq"[k % 3], "as": f"v{k}", "pitch": p, "quality": quality, "loop": loop}
                    for k, p in enumerate((0.5, 0.37, 1.25, 3.3, 1.0, 0.01, 40.0, 64.0, 1 / 1.47))
                ],
                {"at": 400, "end": True},
            )
    yield case(
        "one frame, looped and not, and no frame",
        constant("one", 0.25, 0.001),
        constant("none", 0.25, 0.0),
        {"at": 5, "play": "one", "as": "a"},
        {"at": 8, "play": "one", "as": "b", "loop": True},
        {"at": 10, "play": "one", "as": "c", "loop": True, "pitch": 0.3, "pan": 1},
        {"at": 12, "play": "none", "as": "d", "loop": True},
        {"at": 13, "play": "none", "as": "e"},
        {"at": 14, "play": "none", "as": "f", "paused": True},
        {"at": 20, "set": "b", "loop": False},
        {"at": 30, "set": "c", "loop": False},
        {"at": 60, "end": True},
    )
    yield case(
        "loops switched on and off",
        slope(count=20),
        {"at": 0, "play": "r", "as": "v"},
        {"at": 10, "set": "v", "loop": True},
        {"at": 50, "set": "v", "loop": False},
        {"at": 70, "play": "r", "as": "w", "loop": True, "pitch": 0.7},
        {"at": 150, "set": "w", "loop": False},
        {"at": 200, "play": "r", "as": "x"},
        {"at": 219, "set": "x", "loop": True},
        {"at": 240, "set": "x", "loop": False},
        {"at": 270, "play": "r", "as": "y"},
        {"at": 290, "set": "y", "loop": True},
        {"at": 300, "play": "r", "as": "z", "loop": True},
        {"at": 310, "seek": "z", "to": 19},
        {"at": 330, "seek": "z", "to": 20},
        {"at": 360, "end": True},
    )
    yield case(
        "looped seeks and tails across the seam",
        slope(count=20),
        {"at": 0, "play": "r", "as": "v", "loop": True, "from": 15},
        {"at": 32, "seek": "v", "to": 3},
        {"at": 34, "set": "v", "loop": False},
        {"at": 80, "end": True},
    )


def markers():
    marked = {**slope(count=100), "markers": [{"at": at} for at in (0, 10, 10, 50, 99)]}
    yield case(
        "markers: pitches, one at each end, several in one frame",
        marked,
        {"at": 3, "play": "r", "as": "one"},
        {"at": 3, "play": "r", "as": "slow", "pitch": 0.37},
        {"at": 3, "play": "r", "as": "fast", "pitch": 1.3},
        {"at": 505, "play": "r", "as": "across", "pitch": 64},
        {"at": 506, "play": "r", "as": "late", "pitch": 2},
    )
    yield case(
        "markers: loops, seeks, pauses, a glide",
        marked,
        {"at": 0, "play": "r", "as": "v", "loop": True, "pitch": 0.9},
        {"at": 20, "play": "r", "as": "w", "from": 11},
        {"at": 30, "seek": "w", "to": 50},
        {"at": 31, "seek": "w", "to": 9, "fade": 0},
        {"at": 32, "pause": "w", "fade": 0},
        {"at": 600, "resume": "w"},
        {"at": 610, "set": "v", "pitch": 2.5, "fade": 200},
        {"at": 700, "set": "v", "loop": False},
        {"at": 1100, "end": True},
    )
    yield case(
        "markers: what is told behind the end",
        marked,
        {"at": 1000, "play": "r", "as": "v", "loop": True},
        {"at": 1010, "end": True},
        max_virtual_voices=0,
    )


def feeds():
    one = pcm_s16(*[256 * k for k in range(1, 21)])
    yield case(
        "a feed that runs dry and ends",
        {"at": 5, "open": "s", "rate": 1000},
        {"at": 9, "feed": "s", "base64": one},
        {"at": 15, "feed": "s", "base64": one},
        {"at": 40, "feed": "s", "base64": one},
        {"at": 45, "finish": "s"},
        {"at": 70, "end": True},
    )
    yield case(
        "start_after, and again after a gap",
        {"at": 5, "open": "s", "rate": 1000, "channels": 1, "start_after": 25, "volume_db": -6, "pan": 1},
        {"at": 5, "feed": "s", "base64": one},
        {"at": 9, "feed": "s", "base64": one},
        {"at": 60, "feed": "s", "base64": one},
        {"at": 75, "feed": "s", "base64": one},
        {"at": 130, "feed": "s", "base64": one},
        {"at": 140, "finish": "s"},
        {"at": 180, "end": True},
    )
    yield case(
        "feeds of another rate, pitched, with gaps",
        {"at": 0, "open": "s", "rate": 441, "channels": 1},
        {"at": 0, "feed": "s", "base64": one},
        {"at": 30, "feed": "s", "base64": one},
        {"at": 30, "open": "t", "rate": 1470, "channels": 2, "format": "f32", "pitch": 1.3},
        {"at": 30, "feed": "t", "base64": pcm_f32(*[0.1 * k for k in range(40)])},
        {"at": 60, "feed": "t", "base64": pcm_f32(*[0.1 * k for k in range(40)])},
        {"at": 80, "finish": "t"},
        {"at": 120, "feed": "s", "base64": one},
        {"at": 130, "finish": "s"},
        {"at": 220, "end": True},
    )
    yield case(
        "a feed paused, resumed, moved, stopped",
        {"bus": "A", "volume_db": -6},
        {"at": 0, "open": "s", "rate": 1000, "channels": 1},
        {"at": 0, "feed": "s", "base64": one},
        {"at": 0, "feed": "s", "base64": one},
        {"at": 0, "feed": "s", "base64": one},
        {"at": 10, "pause": "s", "fade": 4},
        {"at": 20, "resume": "s", "fade": 4},
        {"at": 28, "set": "s", "bus": "A", "volume_db": -12},
        {"at": 42, "stop": "s", "fade": 12},
        {"at": 60, "open": "t", "rate": 1000},
        {"at": 70, "stop": "t"},
        {"at": 80, "open": "u", "rate": 1000},
        {"at": 82, "finish": "u"},
        {"at": 90, "open": "w", "rate": 1000},
        {"at": 90, "finish": "w"},
        {"at": 100, "end": True},
    )


def ends():
    yield case(
        "without end: until the last voice has ended",
        slope(count=30),
        {"at": 3, "play": "r", "pitch": 0.9},
        {"at": 5, "play": "r", "as": "v"},
        {"at": 20, "stop": "v"},
    )
    yield case("without end: a stop is last", constant(), {"at": 3, "play": "c", "as": "v"}, {"at": 9, "stop": "v"})
    yield case(
        "natural ends inside fades",
        slope(count=30),
        {"at": 0, "play": "r", "as": "a"},
        {"at": 25, "stop": "a", "fade": 20},
        {"at": 40, "play": "r", "as": "b"},
        {"at": 60, "stop": "b", "fade": 10},
        {"at": 80, "play": "r", "as": "c"},
        {"at": 105, "pause": "c", "fade": 20},
        {"at": 120, "play": "r", "as": "d"},
        {"at": 145, "pause": "d", "fade": 5},
        {"at": 160, "resume": "d"},
        {"at": 180, "play": "r", "as": "e"},
        {"at": 209, "set": "e", "pitch": 0.1},
        {"at": 230, "play": "r", "as": "f"},
        {"at": 260, "stop": "f"},
        {"at": 270, "play": "r", "as": "g"},
        {"at": 295, "stop": "g", "fade": 5},
        {"at": 320, "end": True},
    )


def written():
    """Ways to write the same: strings, other rates, files."""
    yield case(
        "times and positions as strings",
        {"sound": "t", "ramp": {"from": -1, "to": 1, "seconds": 0.0205, "rate": 22050}},
        constant("c", seconds=0.04, channels=2),
        {"at": "15", "play": "c", "as": "v", "fade": "1.005ms"},
        {"at": "2.5ms", "play": "t", "as": "t", "from": "3.33ms", "quality": "cubic"},
        {"at": "0.005s", "seek": "t", "to": "12ms", "fade": "2ms", "curve": "power"},
        {"at": "0.0075s", "pause": "v"},
        {"at": "19ms", "resume": "v", "fade": "0s"},
        {"at": "25.01ms", "end": True},
        rate=44100,
    )
    lines = [
        {"sound": "t", "ramp": {"from": -1, "to": 1, "seconds": 0.0205}},
        {"sound": "u", "sine": {"hz": 330, "seconds": 0.02, "amplitude": 0.5, "rate": 3000}},
        {"at": "3ms", "play": "t", "as": "t"},
        {"at": "5ms", "play": "u", "quality": "linear"},
        {"at": "8ms", "stop": "t", "fade": "4ms"},
        {"at": 160, "end": True},
    ]
    yield case("another rate than the header's", *lines, rate=48000, **{"--rate": 6000})
    yield case(
        "WAV files",
        *[{"sound": name, "file": name + ".wav"} for name in ("u8", "i16", "i24", "i32", "float")],
        {"sound": "rounded", "file": "float.wav", "store": "s16"},
        {"sound": "kept", "file": "i16.wav", "store": "f32"},
        *[{"at": 3 * k, "play": s, "pan": 0.25 * k} for k, s in enumerate(("u8", "i16", "i24", "i32", "float"))],
        {"at": 40, "play": "rounded", "pitch": 0.9, "quality": "linear"},
        {"at": 41, "play": "kept", "pitch": 1.1, "quality": "cubic"},
        {"at": 200, "end": True},
    )
