"""Reads a timeline: definitions and commands with every default and every time in frames written out."""

import base64
import json
import math
import os
from fractions import Fraction

from . import material

UNITS = {"ms": Fraction(1, 1000), "s": Fraction(1)}
SETTABLE = ("volume_db", "pan", "pitch", "loop", "bus")


def frames(value, rate):
    """A time: whole frames, or a string rounded half up to a frame."""
    if isinstance(value, str):
        for unit, seconds in UNITS.items():
            number = value[: -len(unit)]
            if value.endswith(unit) and number.replace(".", "", 1).isdigit():
                return math.floor(Fraction(number) * seconds * rate + Fraction(1, 2))
        return int(value)
    return value


class Timeline:
    def __init__(self, path, rate=None):
        self.folder = os.path.dirname(os.path.abspath(path))
        with open(path, encoding="utf-8") as file:
            lines = [json.loads(text) for text in file if text.strip() and not text.startswith("#")]
        header = lines[0]
        self.rate = rate or header.get("rate", 48000)
        self.channels = header.get("channels", 2)
        self.declick = frames(header.get("declick", "10ms"), self.rate)
        self.max_voices = header.get("max_voices", 256)
        self.buses = [{"bus": "Master"}]
        self.sounds = {}
        self.commands = []
        self.end = None
        for line in lines[1:]:
            self._add(line)

    def _add(self, line):
        if "at" not in line and "bus" in line:
            if line["bus"] == "Master":
                self.buses[0] = line
            elif line not in self.buses:
                self.buses.append(line)
        elif "at" not in line and "sound" in line:
            self.sounds[line["sound"]] = material.load(line, self.folder, self.rate)
        elif "end" in line:
            self.end = frames(line.get("at", 0), self.rate)
        elif "note" not in line:
            self.commands.append(self._command(line))

    def _command(self, line):
        verbs = "play play_stems open set pause resume seek stop stop_sound feed finish set_bus"
        verbs = (verbs + " pause_bus resume_bus stop_bus").split()
        verb = next(word for word in verbs if word in line)
        command = dict(line, verb=verb, name=line[verb], at=frames(line.get("at", 0), self.rate))
        command["fade"] = frames(line["fade"], self.rate) if "fade" in line else None
        command.setdefault("curve", "smooth")
        if verb == "play_stems":
            command["from"] = frames(line.get("from", 0), self.sounds[line["play_stems"][0]].rate)
            command.setdefault("as", [None] * len(line["play_stems"]))
        elif verb == "play":
            rate = self.sounds[line["play"]].rate
            command["from"] = frames(line.get("from", 0), rate)
        elif verb == "open":
            command.setdefault("rate", 44100)
            command.setdefault("channels", 2)
            command.setdefault("format", "s16")
            # Held frames are the feed's own; the time is written in the engine's.
            ratio = Fraction(command["rate"], self.rate)
            command["start_after"] = math.floor(frames(line.get("start_after", 0), self.rate) * ratio + Fraction(1, 2))
        elif verb == "feed":
            if "file" in line:
                with open(os.path.join(self.folder, line["file"]), "rb") as file:
                    command["data"] = file.read()
            else:
                command["data"] = base64.b64decode(line["base64"])
        return command
