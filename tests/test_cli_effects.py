"""Effects, sends and buses that move, in timelines; and `motet effects`."""
import math
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from motet_cli import equal, errors_of, main, render, run, timeline_bytes

LEVEL = {"sound": "level", "constant": {"value": 0.5, "seconds": 0.2}}
BUSES = [{"bus": "Music"}, {"bus": "Room"}]


def left(lines, *options):
    return render([LEVEL, *BUSES, *lines], *options)[:, 0]


def gain(db):
    return 10 ** (db / 20)


def test_an_effect_and_its_fade():
    heard = left([{"effect": "g", "on": "Music", "type": "gain", "volume_db": -6},
                  {"play": "level", "bus": "Music"},
                  {"at": 1000, "set_effect": "g", "volume_db": 0, "fade": 480}])
    np.testing.assert_allclose(heard[:1000], 0.5 * gain(-6), atol=1e-6)
    t = np.arange(480) / 480
    np.testing.assert_allclose(heard[1000:1480], 0.5 * gain(-6 + 6 * t * t * (3 - 2 * t)), atol=1e-6)
    np.testing.assert_allclose(heard[1480:9600], 0.5, atol=1e-6)


def test_wet_and_bypass():
    heard = left([{"effect": "g", "on": "Music", "type": "gain", "volume_db": -20, "wet": 0.5},
                  {"play": "level", "bus": "Music"},
                  {"at": 1000, "set_effect": "g", "bypass": True, "fade": 0}])
    np.testing.assert_allclose(heard[:1000], 0.5 * 0.55, atol=1e-6)
    np.testing.assert_allclose(heard[1001:9600], 0.5, atol=1e-6)


def test_sends_and_moves():
    heard = left([{"send": "Music", "to": "Room", "volume_db": -20},
                  {"send": "Music", "to": "Room", "volume_db": -40, "pre": True},
                  {"play": "level", "bus": "Music"},
                  {"at": 1000, "set_bus": "Music", "volume_db": -80, "fade": 0},
                  {"at": 2000, "set_send": "Music", "to": "Room", "pre": True, "volume_db": -80, "fade": 0}])
    np.testing.assert_allclose(heard[:1000], 0.5 * 1.11, atol=1e-6)
    np.testing.assert_allclose(heard[1001:2000], 0.5 * 0.01, atol=1e-6)
    equal(float(np.abs(heard[2001:]).max()), 0.0)
    heard = left([{"play": "level", "bus": "Music"}, {"at": 0, "set_bus": "Room", "volume_db": -6, "fade": 0},
                  {"at": 1000, "set_bus": "Music", "parent": "Room", "fade": 480}])
    np.testing.assert_allclose(heard[:1000], 0.5, atol=1e-6)
    np.testing.assert_allclose(heard[1480:9600], 0.5 * gain(-6), atol=1e-6)


def test_every_type_in_any_blocks():
    types = [effect["name"] for effect in run("effects", "--json").json]
    assert len(types) > 20, types
    noise = {"sound": "noise", "noise": {"seconds": 0.3, "amplitude": 0.5, "seed": 1, "channels": 2}}
    lines = [noise, *BUSES, {"send": "Music", "to": "Room", "volume_db": -6},
             {"effect": "key", "on": "Room", "type": "compressor", "key": "Music", "threshold_db": -40}]
    lines += [{"effect": name, "on": "Music", "type": name} for name in types if name != "convolution"]
    lines += [{"play": "noise", "bus": "Music"}, {"at": 3000, "set_effect": "lowpass", "cutoff_hz": 400, "fade": 2000},
              {"at": 7000, "set_effect": "reverb", "bypass": True}, {"at": 12000, "set_effect": "reverb", "bypass": False}]
    whole = render(lines, "--seconds", "0.5", "--block", "512")
    assert np.isfinite(whole).all() and np.abs(whole).max() > 0.01
    for block in ("1", "63", "4096"):
        equal(bool((render(lines, "--seconds", "0.5", "--block", block) == whole).all()), True, block)


def test_a_tail_rings_out():
    lines = [LEVEL, *BUSES, {"effect": "e", "on": "Music", "type": "delay", "delay_seconds": 0.5, "feedback": 0,
                             "wet": 0.5}, {"play": "level", "bus": "Music"}]
    heard = render(lines)[:, 0]
    assert len(heard) >= 0.7 * 48000, len(heard)
    np.testing.assert_allclose(heard[24100:33000], 0.25, atol=1e-3)


def test_what_is_wrong_is_named():
    effect = {"effect": "e", "on": "Music", "type": "lowpass"}
    for lines, part in (([{**effect, "type": "lowpas"}], 'did you mean "lowpass"?'),
                        ([{**effect, "cutof_hz": 100}], 'did you mean "cutoff_hz"?'),
                        ([{**effect, "cutoff_hz": 5}], "cutoff_hz"),
                        ([{**effect, "on": "Musik"}], 'did you mean "Music"?'),
                        ([{"send": "Music", "to": "Master"}, {"send": "Master", "to": "Music"}], "Music")):
        told = errors_of([LEVEL, *BUSES, *lines, {"play": "level"}])
        assert any(part in line for line in told), (part, told)


def test_the_list():
    effects = run("effects", "--json").json
    text = run("effects").text
    for effect in effects:
        assert effect["name"] in text
        one = run("effects", effect["name"])
        equal(one.code, 0)
        for parameter in effect["parameters"]:
            assert parameter["name"] in one.text, (effect["name"], parameter["name"])
            assert math.isfinite(parameter["minimum"]) and parameter["minimum"] <= parameter["default"] <= parameter["maximum"]
    result = run("effects", "revreb")
    equal(result.code, 1)
    assert 'did you mean "reverb"?' in result.error, result.error


if __name__ == "__main__":
    sys.exit(main(globals()))
