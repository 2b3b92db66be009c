"""One fading value: frame T has the old value, T+i has curve(i/N), T+N is the first with exactly the new one."""

import math

SILENCE_DB = -80.0

def gain_of_db(db):
    """-80 dB and below is exactly nothing."""
    return 0.0 if db <= SILENCE_DB else 10.0 ** (db / 20.0)


def db_of_gain(gain):
    return max(SILENCE_DB, 20.0 * math.log10(gain)) if gain > 0 else SILENCE_DB


class Ramp:
    """A value that stands still or moves to a goal. `kind` is "gain", "pan" or "pitch"."""

    def __init__(self, value, kind="gain"):
        self.kind = kind
        self.set(value)

    def set(self, value):
        """A step: from now on the value, with no history."""
        self.goal = value
        self.origin = value
        self.first = 0  # frame of the change
        self.length = 0  # frames
        self.curve = None
        self.start_slope = None  # of a cubic; None for a curve by name
        self.shedding = 0  # frames over which the start slope is lost

    def copy(self):
        twin = Ramp(self.goal, self.kind)
        twin.__dict__.update(self.__dict__)
        return twin

    def running(self, frame):
        """True from the frame of the change up to, not including, the first with the new value."""
        return frame < self.first + self.length

    def change(self, frame, goal, length, curve):
        """Several changes for one frame leave what the last of them asks for: the frame still has the old value and
        the old slope, which is none when nothing was moving before it."""
        value, slope = self.at(frame), self._slope_before(frame)
        if length == 0:
            self.set(goal)
            return
        if slope is None and value == goal:
            self.set(goal)  # nothing moves
            return
        longest = self.shedding if frame == self.first else 4 * self.length
        self.shedding = min(longest, length)  # at most four times as long as the fade that it comes from
        self.origin, self.goal, self.first, self.length, self.curve = value, goal, frame, length, curve
        self.start_slope = slope

    def at(self, frame):
        i = frame - self.first
        if i >= self.length:
            return self.goal
        if i <= 0:
            return self.origin
        return self._held_in_range(self._shape(i)[0])

    def bound(self, frame):
        """The largest size that the running ramp touches: what its rounding is measured by."""
        if not self.running(frame):
            return abs(self.goal)
        bound = max(abs(self.origin), abs(self.goal))
        return bound + (abs(self.start_slope) * self.shedding * 4 / 27 if self.start_slope is not None else 0.0)

    def _slope_before(self, frame):
        """Per frame; None when the value stands still, so that a curve by name applies."""
        if not self.running(frame):
            return None
        i = frame - self.first
        if i <= 0:
            return self.start_slope
        value, slope = self._shape(i)
        return slope if self._held_in_range(value) == value else 0.0  # it stands at the edge of its range

    def _held_in_range(self, value):
        if self.kind == "pan":
            return min(1.0, max(-1.0, value))
        if self.kind == "pitch":
            return min(64.0, max(0.01, value))
        return max(0.0, value)

    def _shape(self, i):
        """The value and its slope per frame, i frames after the change."""
        a, d, n = self.origin, self.goal - self.origin, self.length
        t = i / n
        if self.start_slope is not None:
            # The slope that was taken over is shed within `shedding` frames.
            k, m = self.start_slope, self.shedding
            u = min(1.0, i / m)
            value = a + d * (3 * t**2 - 2 * t**3) + m * k * u * (1 - u) ** 2
            return value, d * (6 * t - 6 * t**2) / n + k * (1 - u) * (1 - 3 * u)
        if self.curve == "db" and self.kind == "gain":
            low, high = db_of_gain(self.origin), db_of_gain(self.goal)
            value = 10.0 ** ((low + (high - low) * t) / 20.0)
            return value, value * math.log(10.0) / 20.0 * (high - low) / n
        if self.curve == "db" and self.kind == "pitch":
            value = a * (self.goal / a) ** t
            return value, value * math.log(self.goal / a) / n
        angle = t * math.pi / 2
        if self.curve == "smooth":
            return a + d * (3 * t**2 - 2 * t**3), d * (6 * t - 6 * t**2) / n
        if self.curve == "power" and d > 0:
            return a + d * math.sin(angle), d * math.cos(angle) * math.pi / 2 / n
        if self.curve == "power":
            return a + d * (1 - math.cos(angle)), d * math.sin(angle) * math.pi / 2 / n
        return a + d * t, d / n  # linear; a pan has no decibels
