"""motet bench: what it prints and draws, and that the limit does the work that it stands for. Never a time."""
import json
import math
import os
import sys
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from motet_cli import equal, main, run

SVG = "{http://www.w3.org/2000/svg}"
SHORT = ("--voices", "9", "--seconds", "0.01", "--rounds", "1")
PITCHED = [f"{workload}/{quality}" for workload in "CMD" for quality in ("linear", "cubic", "sinc16", "sinc32")]
NAMES = [f"{name}/{form}" for name in ["A", "A1", "B", *sorted(PITCHED, key=lambda n: "CMD".index(n[0]))]
         for form in ("s16", "f32")]


def bench(*options, **keys):
    result = run("bench", *SHORT, *options, **keys)
    equal((result.code, result.error), (0, ""))
    return result


def is_time(value):
    return isinstance(value, float) and math.isfinite(value) and value > 0


def test_document():
    document = bench("--json").json
    equal([row["name"] for row in document["workloads"]], NAMES)
    equal({key: document[key] for key in ("voices", "rate", "block_frames", "clips", "rounds", "peers")},
          {"voices": 9, "rate": 48000, "block_frames": 512, "clips": 64, "rounds": 1, "peers": []})
    for row in document["workloads"]:
        assert all(is_time(row[key]) for key in ("ns", "low_ns", "high_ns", "limit_ns", "ratio", "worst_block_us")), row
        assert row["low_ns"] <= row["ns"] <= row["high_ns"], row
        assert abs(row["voices_per_core"] - 1e9 / 48000 / row["ns"]) <= 1.001, row
        equal((row["format"], row["quality"]),
              (row["name"].split("/")[-1], row["name"].split("/")[1] if row["name"].count("/") == 2 else None))
        equal(is_time(row["push_ns"]), row["name"].startswith("D"), row["name"])
    costs = document["costs"]
    assert all(is_time(costs[key]) for key in ("start_ns", "stop_ns", "churn_percent", "churn_calls_percent",
                                               "create_ms", "voice_bytes")), costs
    seconds = costs["second_bytes"]
    for name, bytes_of_frame in (("s16_mono", 2), ("s16_stereo", 4), ("f32_mono", 4), ("f32_stereo", 8)):
        assert 1 <= seconds[name] / (48000 * bytes_of_frame) < 1.02, (name, seconds)


def check_difference(simd):
    """Where filters and ramps are the same, so are the samples, up to the order of the sum and the limit's positions."""
    document = bench("--json", "--workload", "A,A1,B,C/linear,C/cubic,M/linear,M/cubic,C/sinc16", "--simd", simd).json
    for row in document["workloads"]:
        if "sinc" in row["name"]:
            equal(row["difference_db"], None)
        else:
            assert row["difference_db"] <= -100, row
    return document["limit_simd"]


def test_the_limit_mixes_the_same():
    equal(check_difference("c"), "vector")
    assert check_difference("avx2") in ("avx2", "vector", "avx512")
    assert check_difference("avx512") in ("avx512", "avx2", "vector")


def test_table():
    lines = bench("--workload", "A,D/linear/s16").text.splitlines()
    equal(lines[0].split()[:2], ["motet", run("version", "--json").json["version"] + ","])
    rows = [line.split() for line in lines if "/" in line.split(" ")[0] and not line.startswith("ns/")]
    equal([row[0] for row in rows], ["A/s16", "A/f32", "D/linear/s16"])
    for row in rows:
        assert all(float(cell) > 0 for cell in row[1:6]), row
    for words in ("starting a voice", "stopping a voice", "10,000 plays and stops a second", "creating an engine"):
        equal(sum(line.startswith(words) for line in lines), 1, words)


def test_workloads():
    for given, expected in (("A", ["A/s16", "A/f32"]), ("A1/f32,B/s16", ["A1/f32", "B/s16"]),
                            ("C/linear", ["C/linear/s16", "C/linear/f32"]), ("M/sinc32/s16", ["M/sinc32/s16"])):
        equal([row["name"] for row in bench("--json", "--workload", given).json["workloads"]], expected)


def test_sweeps():
    for kind, values in (("pitch", [0.25, 0.5, 0.7, 1, 1.2, 1.4, 2, 3, 4, 6, 8, 12, 16]),
                         ("buses", [1, 2, 4, 8, 16, 32, 64, 128, 256])):
        document = bench("--sweep", kind, "--workload", "M/linear/s16", "--json").json
        equal((document["sweep"], document["voices"]), (kind, 9))
        equal([row[kind] for row in document["rows"]], values)
        assert all(list(row["ns"]) == ["M/linear/s16"] and is_time(row["ns"]["M/linear/s16"])
                   for row in document["rows"]), document
    lines = bench("--sweep", "buses", "--workload", "B/s16,A/s16").text.splitlines()
    equal(lines[:2], ["| buses | A/s16 | B/s16 |", "|---|---|---|"])
    equal(len(lines), 2 + 9)


def words_of(path):
    return [text.text for text in ElementTree.parse(path).getroot().iter(SVG + "text")]


def test_picture():
    document = bench("--workload", "B", "--json", "-o", "b.svg").json
    for words in ("ns for each voice and frame, 9 voices", "the limit", "Motet", "B/s16", "B/f32"):
        assert words in words_of("b.svg"), (words, words_of("b.svg"))
    bars = [e for e in ElementTree.parse("b.svg").getroot().iter(SVG + "rect") if e.get("class") in ("motet", "limit")]
    equal(len(bars), 2 + 2 * 2)
    # With others beside it, from a document: nothing is measured.
    document["peers"] = ["Some <One>"]
    document["workloads"][0]["peers"] = {"Some <One>": 123.0}
    with open("with.json", "w", encoding="utf-8") as file:
        json.dump(document, file)
    result = run("bench", "--from", "with.json", "-o", "with.svg")
    equal((result.code, result.error), (0, ""))
    assert "Some <One>" in result.text, result.text
    assert "Some <One>" in words_of("with.svg") and "123.0" in words_of("with.svg"), words_of("with.svg")
    equal(run("bench", "--from", "with.json", "--json").json, document)


def test_messages():
    def message(code, *options):
        result = run("bench", *options)
        equal((result.code, result.bytes), (code, b""))
        return result.error
    for names in ("X", "A,", "A,,B", "A/linear", "C/lin", "a"):
        wrong = [word for word in names.split(",") if word != "A" and word != "B"][0]
        assert f'"--workload" has "{wrong}"; expected A, A1, B, C, M or D' in message(2, "--workload", names), names
    equal(message(2, "--voices", "0"), 'motet: "--voices" is "0"; expected a whole number from 1 to 16384\n')
    equal(message(2, "--simd", "mmx"),
          'motet: "--simd" is "mmx"; expected "c", "sse2", "avx2", "avx512", "neon"\n')
    equal(message(2, "-o", "out.png"), "motet: out.png: unknown kind of file; expected an ending .svg\n")
    equal(message(2, "--sweep", "pitch", "-o", "out.svg"),
          'motet: "--sweep" with "-o" or "--from"; expected it without them\n')
    equal(message(2, "more"), "motet: wrong use of \"bench\"; expected: motet bench [OPTION]...\n")
    assert message(1, "--from", "none.json").startswith("motet: none.json: no such file"), message(1, "--from", "none")
    with open("bad.json", "w", encoding="utf-8") as file:
        file.write("[")
    assert message(1, "--from", "bad.json").startswith("motet: bad.json:1: "), message(1, "--from", "bad.json")
    with open("empty.json", "w", encoding="utf-8") as file:
        file.write("{}")
    equal(message(1, "--from", "empty.json"),
          'motet: empty.json: no "workloads"; expected a document of "motet bench --json"\n')


if __name__ == "__main__":
    sys.exit(main(globals()))
