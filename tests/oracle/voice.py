"""A voice: one source at one place, the gates and fades that shape it, and the tails it leaves behind."""

from .material import ONE, f32
from .ramp import Ramp, gain_of_db


def gain_of_setting(volume_db):
    """`volume_db` is a float of the C API, clamped."""
    return gain_of_db(min(24.0, max(-80.0, f32(volume_db))))


def shares_of_setting(pan):
    """Left and right: each fades by itself, so that a pan that crosses the centre has no corner."""
    pan = min(1.0, max(-1.0, f32(pan)))
    return min(1.0, 1.0 - pan), min(1.0, 1.0 + pan)


def pitch_of_setting(pitch):
    return min(64.0, max(0.01, float(pitch)))


class Place:
    """Where a voice sounds: source, bus, volume, pan, pitch, and a gate of its own, which opens after a jump and
    closes on the copy of the place that the voice has left."""

    def __init__(self, source, bus, volume, pan, pitch, engine_rate):
        self.engine_rate = engine_rate
        self.source = source
        self.bus = bus
        self.volume = Ramp(volume)
        self.left, self.right = (Ramp(share, "pan") for share in pan)
        self.pitch = Ramp(pitch, "pitch")
        self.gate = Ramp(1.0)
        self.pause_gate = Ramp(1.0)
        self.pauses = frozenset()  # who has it paused: "itself", "bus"

    def copy(self):
        twin = object.__new__(Place)
        twin.source = self.source.copy()
        twin.bus = self.bus
        twin.engine_rate = self.engine_rate
        twin.pauses = self.pauses
        for name in ("volume", "left", "right", "pitch", "gate", "pause_gate"):
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def held(self, frame):
        """Paused, and the fade is over: the position stays and nothing sounds."""
        return bool(self.pauses) and not self.pause_gate.running(frame)

    def contribution(self, frame, shared, shared_bound):
        """Left, right and how far a rendering may be from each, in units of 2^-24."""
        taps, missed = self.source.sample()
        shares = (self.left, self.right)
        balance = [max(0.0, share.at(frame)) for share in shares]
        shared *= self.pause_gate.at(frame)
        shared_bound *= self.pause_gate.bound(frame)
        common = self.volume.at(frame) * self.gate.at(frame) * shared
        bound = self.volume.bound(frame) * self.gate.bound(frame) * shared_bound
        moving = any(ramp.running(frame) for ramp in (self.volume, self.gate, *shares)) or shared != shared_bound
        result = []
        for side in (0, 1):
            tap = taps[side % len(taps)]
            gain = f32(common * balance[side])
            size = bound * (shares[side].bound(frame) + 1 if shares[side].running(frame) else balance[side])
            result.append((f32(tap * gain), 4 * moving * abs(tap) * size + missed * size))
        return result

    def begin_frame(self, frame):
        return self.source.begin_frame(not self.pitch.running(frame) and self.step(frame) == ONE)

    def step(self, frame):
        """The distance to the next frame's position; the pitch of a frame moves the source from it to the next."""
        return round(self.pitch.at(frame) * self.source.material.rate / self.engine_rate * ONE)


class Voice:
    def __init__(self, command, number, source, frame, timeline):
        self.number = number
        self.as_name = command.get("as", command["name"] if command["verb"] == "open" else None)
        self.sound = command["name"] if command["verb"] == "play" else None
        self.play_frame = frame  # None as long as it is queued
        self.stems = [self]  # those that share its position, itself included
        self.loop_fits = True  # of a stem: the loop that they share ends inside its sound
        self.stop_reason = "stopped"
        self.reported = False
        self.declick = timeline.declick
        self.place = Place(
            source,
            command.get("bus", "Master"),
            gain_of_setting(command.get("volume_db", 0)),
            shares_of_setting(command.get("pan", 0)),
            pitch_of_setting(command.get("pitch", 1)),
            timeline.rate,
        )
        self.tails = []  # newest first
        self.start_gate = Ramp(1.0)  # the fade in that a play asks for
        self.stop_gate = Ramp(1.0)
        self.stem_left = False  # a stem that a bus held is over
        self.stop_frame = None
        self.started = False  # its first frame has been rendered
        self.over = None
        self.marks = None  # markers passed and not told yet: the first one's frame and number, and how many
        self.fade_in(command)
        if command.get("paused", False):
            self.place.pauses = frozenset(("itself",))
            self.place.pause_gate.set(0.0)

    def fade_in(self, command):
        """None unless asked for, or unless the start lies inside the sound. It runs from the frame of the play on,
        also while the voice waits there."""
        self.play = command
        if self.play_frame is None:
            return
        fade = command["fade"]
        if fade is None:
            fade = self.declick if self.place.source.position > 0 else 0
        self.start_gate.set(0.0)
        self.start_gate.change(self.play_frame, 1.0, fade, command["curve"])

    # Commands ------------------------------------------------------------------------------------------------

    def held(self, frame):
        return self.place.held(frame)

    def change(self, ramp, frame, goal, fade, curve):
        """Before the first frame a change sets the start value."""
        ramp.change(frame, goal, fade if self.started else 0, curve)

    def pause(self, frame, fade, curve):
        for place in [self.place, *self.tails]:
            self.pause_place(place, frame, place.pauses | {"itself"}, fade, curve)

    def resume(self, frame, fade, curve):
        for place in [self.place, *self.tails]:
            self.pause_place(place, frame, place.pauses - {"itself"}, fade, curve)

    def pause_place(self, place, frame, pauses, fade, curve):
        """A place runs while nobody has it paused."""
        was_held, before, place.pauses = place.held(frame), place.pauses, pauses
        if pauses and not before:
            self.change(place.pause_gate, frame, 0.0, fade, curve)
        elif before and not pauses:
            if place is self.place and place.gate.goal == 0.0:  # it has gone into a paused bus
                place.gate.change(frame, 1.0, 0 if was_held else fade, curve)
            at_start = self.play_frame is None or frame == self.play_frame
            place.pause_gate.change(frame, 1.0, 0 if at_start else fade, curve)

    def stop(self, frame, fade, curve):
        if not self.started or self.held(frame) or fade == 0:
            self.end(frame, "stopped")
            self.tails.clear()
            return
        self.stop_gate.change(frame, 0.0, fade, curve)
        self.stop_frame = frame + fade

    def fade_away(self, frame, left, curve):
        """Over its last frames, so that it comes to its end and is not stopped."""
        self.stop_gate.change(frame, 0.0, left, curve)
        self.stop_frame = frame + left
        self.stop_reason = "ended"

    def leave_place(self, frame, fade, curve, mixer):
        """The old place goes on as a tail that fades out, while the voice fades in at the new one."""
        if not self.started or self.held(frame) or fade == 0:
            self.place.gate.set(1.0)
            return
        tail = self.place.copy()
        tail.gate.change(frame, 0.0, fade, curve)
        if tail.gate.running(frame):
            mixer.add_tail(self, tail)
        self.place.gate.set(0.0)
        self.place.gate.change(frame, 1.0, fade, curve)

    def seek(self, frame, position, fade, curve, mixer):
        self.leave_place(frame, fade, curve, mixer)
        self.place.source.seek(position)
        if not self.started:
            self.fade_in(self.play)
        self.end_if_played_out(frame)

    def set(self, frame, command, fade, mixer):
        curve = command["curve"]
        if "volume_db" in command:
            self.change(self.place.volume, frame, gain_of_setting(command["volume_db"]), fade, curve)
        if "pan" in command:
            for ramp, share in zip((self.place.left, self.place.right), shares_of_setting(command["pan"])):
                self.change(ramp, frame, share, fade, curve)
        if "pitch" in command:
            self.change(self.place.pitch, frame, pitch_of_setting(command["pitch"]), fade, curve)
        if "loop" in command:
            self.place.source.loop = command["loop"] and self.loop_fits
        if "bus" in command and command["bus"] != self.place.bus:
            self.leave_place(frame, fade, curve, mixer)
            self.place.bus = command["bus"]
            mixer.hold_stems(frame, self, fade, curve)
            if self.started and mixer.buses[self.place.bus].stands():
                self.place.gate.set(1.0 if self.held(frame) else 0.0)  # not heard in a bus that is paused

    def lasts(self, frame):
        """Does not end by itself, and no stop is on its way."""
        source = self.place.source
        unfinished = source.loop or not source.material.finished
        return self.over is None and self.stop_frame is None and (self.held(frame) or unfinished)

    # Frames --------------------------------------------------------------------------------------------------

    def end(self, frame, reason):
        if self.over is None:
            self.over = (frame, reason)
            for stem in self.stems:
                stem.stem_left = stem.stem_left or (len(self.stems) > 1 and "bus" in self.place.pauses)

    def end_if_played_out(self, frame):
        """At once: what comes for this frame finds the voice ended."""
        if self.play_frame is not None and self.place.source.ended():
            self.end(frame, "ended")

    def frames_left(self, frame):
        """Of its material, at the present step; None: it goes on for ever, or it does not move towards its end."""
        source = self.place.source
        if self.play_frame is None or self.over is not None or self.place.pauses or self.stop_frame is not None:
            return None
        if source.loop or not source.material.finished:
            return None
        left = len(source.material.frames) * ONE - source.position
        return -(-left // self.place.step(frame))

    def end_if_stopped(self, frame):
        if self.stop_frame is not None and frame >= self.stop_frame:
            self.end(frame, self.stop_reason)
            self.tails.clear()

    def render(self, frame):
        """Every place's bus, channel count and contribution at this frame; then moves on. Returns also whether a
        feed ran dry."""
        parts, starved = self.next_frame(frame)
        self.end_if_stopped(frame + 1)
        self.tails = [tail for tail in self.tails if tail.gate.running(frame + 1) and not tail.source.ended()]
        return parts, starved

    def pass_markers(self, frame, passed):
        for number, here in passed:
            first, least, count = self.marks or (frame + (0 if here else 1), number, 0)
            self.marks = (first, least, count + 1)

    def next_frame(self, frame):
        parts, starved = [], False
        places = [tail for tail in self.tails if not tail.held(frame)]
        if not self.held(frame):
            self.end_if_played_out(frame)  # a feed that is finished while it waits
        if self.over is None and not self.held(frame):
            self.started = True
            starved = self.place.begin_frame(frame) is not None
            places.insert(0, self.place)
        gates = (self.start_gate, self.stop_gate)
        shared = shared_bound = 1.0
        for gate in gates:
            shared *= gate.at(frame)
            shared_bound *= gate.bound(frame)
        for place in places:
            if place is not self.place:
                place.begin_frame(frame)
            if place.source.ended() or not place.source.sounding():
                continue
            parts.append((place.bus, place.source.material.channels, place.contribution(frame, shared, shared_bound)))
            if place is self.place:
                self.pass_markers(frame, place.source.passed(place.step(frame)))
            place.source.advance(place.step(frame))
        if not self.held(frame):
            self.end_if_played_out(frame + 1)
        return parts, starved
