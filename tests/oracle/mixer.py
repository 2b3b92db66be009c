"""Buses, and the loop over engine frames."""

import numpy

from .material import FedSource, Material, Source, decode_pcm, f32, frames_of, whole_frames
from .ramp import Ramp
from .timeline import Timeline, frames
from .voice import Voice, gain_of_setting

ULP = 2.0**-24
CELL = 512  # markers passed in so many frames share an event


def summed(missed, total):
    """Where something may differ before a rounding, the rounding may go the other way: one step of f32. Where nothing
    may, it goes the same way."""
    return missed + 2 * abs(total) if missed > 0 else 0.0


class Bus:
    def __init__(self, line, parent):
        self.name = line["bus"]
        self.parent = parent
        self.children = []
        self.volume = Ramp(gain_of_setting(line.get("volume_db", 0)))
        self.solo = line.get("solo", False)
        self.paused = line.get("paused", False)
        self.mute_gate = Ramp(0.0 if line.get("mute", False) else 1.0)
        self.own_gate = Ramp(1.0)  # closed while others are soloed: its own voices, not its children
        self.clear()

    def clear(self):
        self.sums = {1: [0.0, 0.0], 2: [0.0, 0.0]}  # by the channel count of the voices' sources
        self.missed = [0.0, 0.0]

    def add(self, channels, contribution):
        for side, (value, missed) in enumerate(contribution):
            total = self.sums[channels]
            total[side] = f32(total[side] + value)
            self.missed[side] = summed(self.missed[side] + missed, total[side])

    def soloed(self):
        return self.solo or (self.parent is not None and self.parent.soloed())

    def stands(self):
        """It, or one above it, is paused."""
        return self.paused or (self.parent is not None and self.parent.stands())

    def below(self, name):
        """It is that bus, or lies below it."""
        return self.name == name or (self.parent is not None and self.parent.below(name))

    def output(self, frame):
        """Left and right with their bounds: own voices, children in order of creation, fader, gate."""
        own = self.own_gate.at(frame)
        values = [f32(f32(m + s) * f32(own)) for m, s in zip(self.sums[1], self.sums[2])]
        rough = 4.0 if self.own_gate.running(frame) else 0.0
        missed = [
            summed(m * self.own_gate.bound(frame) + rough * (abs(a) + abs(b)), 2 * (abs(a) + abs(b)))
            for m, a, b in zip(self.missed, self.sums[1], self.sums[2])
        ]
        for child in self.children:
            for side, (value, error) in enumerate(child.output(frame)):
                values[side] = f32(values[side] + value)
                missed[side] = summed(missed[side] + error, values[side])
        gain = self.volume.at(frame) * self.mute_gate.at(frame)
        bound = self.volume.bound(frame) * self.mute_gate.bound(frame)
        moving = self.volume.running(frame) or self.mute_gate.running(frame)
        rough = 4.0 if moving else 0.0
        return [(f32(v * f32(gain)), summed(m + rough * abs(v), v) * bound) for v, m in zip(values, missed)]


class Mixer:
    def __init__(self, timeline):
        self.timeline = timeline
        self.buses = {}
        for line in timeline.buses:
            parent = None if line["bus"] == "Master" else self.buses[line.get("parent", "Master")]
            bus = self.buses[line["bus"]] = Bus(line, parent)
            if parent is not None:
                parent.children.append(bus)
        for bus in self.buses.values():
            bus.own_gate.set(1.0 if self.may_sound(bus) else 0.0)
        self.voices = []  # in the order of their plays; an ended one stays while a tail of it sounds
        self.names = {}
        self.queued = []  # (voice, the one that it follows, frames of the crossfade), in the order of their lines
        self.tails = []  # (voice, place), oldest first
        self.played = 0
        self.events = []

    def may_sound(self, bus):
        return bus.soloed() or not any(other.solo for other in self.buses.values())

    def add_tail(self, voice, place):
        self.tails = [(v, p) for v, p in self.tails if p in v.tails]  # those that still sound
        if len(self.tails) >= self.timeline.max_voices:
            owner, oldest = self.tails.pop(0)
            owner.tails.remove(oldest)
        voice.tails.insert(0, place)
        self.tails.append((voice, place))

    # Commands ------------------------------------------------------------------------------------------------

    def apply(self, frame, command):
        verb, name = command["verb"], command["name"]
        fade = self.timeline.declick if command["fade"] is None else command["fade"]
        if verb in ("play", "open"):
            self.start(frame, command)
        elif verb == "play_stems":
            self.start_stems(frame, command)
        elif verb == "set_bus":
            self.set_bus(frame, self.buses[name], command, fade)
        elif verb in ("pause_bus", "resume_bus"):
            self.pause_bus(frame, self.buses[name], verb == "pause_bus", fade, command["curve"])
        elif verb == "stop_bus":
            for voice in self.voices + [queued[0] for queued in self.queued]:
                if voice.over is None and self.buses[voice.place.bus].below(name):
                    voice.stop(frame, fade, command["curve"])
        elif verb == "stop_sound":
            for voice in self.voices + [queued[0] for queued in self.queued]:
                if voice.sound == name and voice.over is None:
                    voice.stop(frame, fade, command["curve"])
        elif self.names[name] is not None and self.names[name].over is None:
            self.command_stems(frame, self.names[name], command, fade)
        self.start_followers(frame)

    def command_stems(self, frame, voice, command, fade):
        """What moves the position of one stem moves all."""
        verb = command["verb"]
        for stem in voice.stems:
            if stem is voice or (stem.over is None and verb in ("pause", "resume", "seek")):
                self.command_voice(frame, stem, command, fade)
            elif stem.over is None and verb == "set":
                shared = {key: command[key] for key in ("pitch", "loop", "curve") if key in command}
                stem.set(frame, shared, fade, self)

    # Voices of paused buses ----------------------------------------------------------------------------------

    def hold(self, frame, voice, fade, curve):
        """A voice is held with its own bus and with those of its stems; a tail in another bus with that one."""
        held = any(self.buses[stem.place.bus].stands() for stem in voice.stems if stem.over is None)
        for place in [*([] if voice.over is not None else [voice.place]), *voice.tails]:
            follows = voice.over is None and place.bus == voice.place.bus
            stands = held if follows else self.buses[place.bus].stands()
            pauses = place.pauses | {"bus"} if stands else place.pauses - {"bus"}
            voice.pause_place(place, frame, pauses, fade, curve)

    def pause_bus(self, frame, bus, paused, fade, curve):
        before = [other.stands() for other in self.buses.values()]
        was, bus.paused = bus.paused, paused
        if [other.stands() for other in self.buses.values()] != before:
            bus.paused = was
            self.let_go_of_left(frame)
            bus.paused = paused
            self.hold_all(frame, fade, curve)

    def hold_stems(self, frame, voice, fade, curve):
        for stem in voice.stems:
            if stem.over is None:
                self.hold(frame, stem, fade, curve)

    def hold_all(self, frame, fade, curve):
        for voice in self.voices + [queued[0] for queued in self.queued]:
            self.hold(frame, voice, fade, curve)

    def let_go_of_left(self, frame):
        """Those that only the bus of a stem has held that is over."""
        left = [voice for voice in self.voices if voice.stem_left]
        for voice in left:
            voice.stem_left = False
        if left:
            self.hold_all(frame, self.timeline.declick, "smooth")

    # Voices behind others ------------------------------------------------------------------------------------

    def follow(self, frame, voice, leader, fade):
        """Behind one that is over it starts at once, unless that was stopped by a line of the same frame."""
        if leader is None:
            self.begin(frame, voice)
        elif leader.over is None:
            self.queued.append((voice, leader, fade or 0))
        elif leader.over[1] != "ended" and not leader.reported:
            voice.end(frame, "stopped")
            self.voices.append(voice)
        else:
            self.begin(frame, voice)

    def begin(self, frame, voice):
        voice.play_frame = frame
        voice.number = self.played
        self.played += 1
        voice.fade_in(voice.play)
        self.voices.append(voice)
        voice.end_if_played_out(frame)

    def start_followers(self, frame):
        """Those whose leaders are over; which may bring others to their end in turn, all of them later in the list."""
        for queued in list(self.queued):
            voice, leader, _ = queued
            if voice.over is not None:
                self.queued.remove(queued)
                self.voices.append(voice)
            elif all(stem.over is not None for stem in leader.stems):
                self.queued.remove(queued)
                last = max((stem.over for stem in leader.stems), key=lambda over: over[0])
                if last[1] == "ended":
                    self.begin(frame, voice)
                else:
                    voice.end(last[0], "stopped")
                    self.voices.append(voice)

    def cross_over(self, frame):
        """After all lines of a frame: crossfades begin as soon as no more than their fade is left."""
        for queued in list(self.queued):
            voice, leader, fade = queued
            for stem in leader.stems:
                if stem.play_frame is not None and not stem.held(frame):
                    stem.end_if_played_out(frame)  # a feed that is finished while it waits
            self.start_followers(frame)
            if queued not in self.queued or fade == 0:
                continue
            alive = [stem for stem in leader.stems if stem.over is None]
            alive = [stem for stem in alive if stem.stop_frame is None] or alive
            ends = [stem.frames_left(frame) for stem in alive]
            left = None if None in ends else max(ends)
            if left is not None and 0 < left <= fade:
                curve = "power" if voice.play["curve"] == "smooth" else voice.play["curve"]
                self.queued.remove(queued)
                voice.play = dict(voice.play, fade=left, curve=curve)
                for stem in leader.stems:
                    if stem.over is None:
                        stem.fade_away(frame, left, curve)
                self.begin(frame, voice)
                self.start_followers(frame)

    def start_stems(self, frame, command):
        names = command["as"]
        if self.is_full(len(names)):
            for name in names:
                self.events.append((frame, "refused", name, None))
                self.names[name] = None
            return
        longest = max(len(self.timeline.sounds[sound].frames) for sound in command["name"])
        stems = []
        for sound, name in zip(command["name"], names):
            one = dict(command, verb="play", name=sound, **{"as": name})
            fits = len(self.timeline.sounds[sound].frames) == longest
            voice = self.new_voice(one, frame, loop=one.get("loop", False) and fits)
            voice.loop_fits, voice.stems = fits, stems
            stems.append(voice)
        for voice in stems:
            self.hold(frame, voice, 0, "smooth")
            self.begin(frame, voice)

    def new_voice(self, command, frame, loop):
        quality = command.get("quality", "default")
        source = Source(self.timeline.sounds[command["name"]], command["from"], loop, quality)
        voice = Voice(command, None, source, None, self.timeline)
        voice.feed_format, voice.fed_rest = None, b""
        if voice.as_name is not None:
            self.names[voice.as_name] = voice
        return voice

    def is_full(self, count):
        return len(self.voices) + len(self.queued) + count > self.timeline.max_voices

    def command_voice(self, frame, voice, command, fade):
        verb, curve, source = command["verb"], command["curve"], voice.place.source
        if verb == "set":
            voice.set(frame, command, fade, self)
        elif verb == "pause":
            voice.pause(frame, fade, curve)
        elif verb == "resume":
            voice.resume(frame, fade, curve)
        elif verb == "stop":
            voice.stop(frame, fade, curve)
        elif verb == "seek":
            voice.seek(frame, frames(command["to"], source.material.rate), fade, curve, self)
        elif verb == "feed":
            layout = (voice.feed_format, source.material.channels)
            data, voice.fed_rest = whole_frames(voice.fed_rest + command["data"], *layout)
            source.material.frames.extend(frames_of(decode_pcm(data, *layout)))
        elif verb == "finish":
            source.material.finished = True

    def start(self, frame, command):
        """Beyond `max_voices` a play is refused. A place is free again from the frame after the one that its voice, or
        the last tail of it, was heard in last."""
        if self.is_full(1):
            name = command.get("as", command["name"] if command["verb"] == "open" else None)
            self.events.append((frame, "refused", name, None))
            self.names[name] = None
            return
        if command["verb"] == "play":
            leader = self.names.get(command.get("after"))  # before it gets its own name, which may be the same
            voice = self.new_voice(command, frame, command.get("loop", False))
            if "after" in command and command["fade"] and command["curve"] == "smooth":
                voice.play = dict(command, curve="power")
            self.hold(frame, voice, 0, "smooth")
            self.follow(frame, voice, leader, command["fade"] if leader is not None else None)
            return
        quality = command.get("quality", "default")
        material = Material(command["rate"], command["channels"], [], finished=False)
        source = FedSource(material, command["start_after"], quality)
        voice = Voice(command, self.played, source, frame, self.timeline)
        voice.feed_format, voice.fed_rest = command.get("format"), b""  # part of a frame waits for its other part
        self.played += 1
        self.hold(frame, voice, 0, "smooth")
        self.voices.append(voice)
        self.names[voice.as_name] = voice

    def set_bus(self, frame, bus, command, fade):
        curve = command["curve"]
        if "volume_db" in command:
            bus.volume.change(frame, gain_of_setting(command["volume_db"]), fade, curve)
        if "mute" in command:
            bus.mute_gate.change(frame, 0.0 if command["mute"] else 1.0, fade, curve)
        if "solo" in command:
            before = {other.name: self.may_sound(other) for other in self.buses.values()}
            bus.solo = command["solo"]
            for other in self.buses.values():
                if self.may_sound(other) != before[other.name]:
                    other.own_gate.change(frame, 1.0 if self.may_sound(other) else 0.0, fade, curve)

    # Frames --------------------------------------------------------------------------------------------------

    def report(self, frame, voice, what):
        self.events.append((frame, what, voice.as_name, voice.number))

    def tell_markers(self, voice):
        if voice.marks is not None:
            frame, number, count = voice.marks
            self.report(frame, voice, "voice_marker %d x %d" % (number, count))
            voice.marks = None

    def settle(self):
        """True when nothing sounds any more from here on."""
        self.retire()
        return not self.queued and all(voice.over is not None and not voice.tails for voice in self.voices)

    def lasts(self, frame):
        """True when something plays that no more commands come for and that does not end by itself."""
        return any(voice.lasts(frame) for voice in self.voices)

    def frame(self, frame):
        """Master's left and right, with bounds."""
        for bus in self.buses.values():
            bus.clear()
        for voice in self.voices:
            parts, starved = voice.render(frame)
            if starved:
                self.report(frame, voice, "starved")
            if (frame + 1) % CELL == 0:
                self.tell_markers(voice)
            for bus, channels, contribution in parts:
                self.buses[bus].add(channels, contribution)
        self.retire()
        self.voices = [voice for voice in self.voices if voice.over is None or voice.tails]
        return self.buses["Master"].output(frame)

    def retire(self):
        for voice in self.voices:
            if voice.over is not None and not voice.reported:
                voice.reported = True
                self.tell_markers(voice)
                self.report(voice.over[0], voice, voice.over[1])


class NoEnd(Exception):
    """Without "end" the timeline would last for ever."""


class Result:
    """`samples` and `bounds` are arrays of frames by two; `events` are (frame, what, name, play number)."""

    def __init__(self, samples, bounds, events):
        self.samples = numpy.array(samples, dtype=numpy.float64).reshape(-1, 2)
        self.bounds = numpy.array(bounds, dtype=numpy.float64).reshape(-1, 2) * ULP
        self.events = events


def render(path, rate=None):
    """`rate` replaces the header's."""
    timeline = Timeline(path, rate)
    mixer = Mixer(timeline)
    waiting = list(timeline.commands)
    samples, bounds, frame = [], [], 0
    heard = timeline.end
    if heard is not None and any(sound.markers for sound in timeline.sounds.values()):
        heard += -heard % CELL  # what is passed before the end may be told behind it
    while True:
        if frame == heard:
            break
        if frame % CELL == 0:
            mixer.let_go_of_left(frame)
        mixer.start_followers(frame)
        while waiting and waiting[0]["at"] <= frame:
            mixer.apply(frame, waiting.pop(0))
        mixer.cross_over(frame)
        quiet = mixer.settle()
        if timeline.end is None:
            if quiet and not any(command["verb"] in ("play", "play_stems", "open") for command in waiting):
                break
            if not waiting and mixer.lasts(frame):
                raise NoEnd
        sides = mixer.frame(frame)
        samples.append([value for value, _ in sides])
        bounds.append([bound for _, bound in sides])
        frame += 1
    if timeline.end is not None:
        samples = samples[: timeline.end]
        mixer.events = [event for event in mixer.events if event[0] <= timeline.end]
    else:
        # Behind the last voice's end (or refusal) only tails sound; the file ends with the last frame heard.
        last = max((voice_end[0] for voice_end in mixer.events if not voice_end[1].startswith(("starved", "voice_marker"))), default=0)
        while len(samples) > last and samples[-1] == [0.0, 0.0]:
            samples.pop()
    return Result(samples, bounds[: len(samples)], mixer.events)
