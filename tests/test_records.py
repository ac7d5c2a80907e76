"""Records survive the file, and nothing that is not a record passes for one."""

import json
from dataclasses import replace
from typing import Any

import pytest
from example_records import PROFILE, REPORTED, TIMING

from harness.errors import BadRequest
from harness.records import from_json, to_dict, to_json


def test_round_trip_gives_an_equal_record() -> None:
    for record in (PROFILE, replace(PROFILE, timing=None), REPORTED):
        assert from_json(to_json(record), where="f:1") == record


def test_a_record_is_one_line_that_begins_with_schema_and_kind() -> None:
    line = to_json(replace(PROFILE, variant="two\nlines"))
    assert "\n" not in line
    assert list(json.loads(line))[:3] == ["schema", "kind", "variant"]


def test_an_unset_interval_and_unknown_memory_stay_null() -> None:
    timing = to_dict(replace(PROFILE, timing=replace(TIMING, fps_ci95=None)))["timing"]
    assert timing["fps_ci95"] is None
    assert timing["peak_memory_bytes"] is None


def changed(path: str, value: Any) -> str:
    """Return the example's line with the value at the dotted `path` replaced."""
    data = to_dict(PROFILE)
    *parents, last = path.split(".")
    inner = data
    for key in parents:
        inner = inner[key]
    inner[last] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("static.flops", 1, "StaticCost has unknown field flops"),
        ("varient", "x", "ProfileRecord has unknown field varient; did you mean variant?"),
        ("static.params", "2", "StaticCost.params must be int, got '2'"),
        ("static.params", 2.0, "StaticCost.params must be int, got 2.0"),
        ("static.params", True, "StaticCost.params must be int, got True"),
        ("static.macs.conv", None, "StaticCost.macs.conv must be int, got None"),
        ("static.macs", [], "StaticCost.macs must be"),
        ("static", None, "StaticCost must be an object, got None"),
        ("variant", None, "ProfileRecord.variant must be str, got None"),
        ("input_shape", [1, 3, 1024], "ProfileRecord.input_shape must be a list of 4"),
        ("timing.stopped_by", "boredom", "Timing.stopped_by must be"),
        ("timing.fps", "fast", "Timing.fps must be float, got 'fast'"),
        ("timing.fps", 10**400, "Timing.fps must be float, got 1000"),
        ("timing.fps_ci95", [1.0], "Timing.fps_ci95 must be a list of 2"),
        ("timing.block_means_s", [0.1, None], "Timing.block_means_s[1] must be float, got None"),
        ("schema", 2, "this version reads schema 1, got 2"),
        ("schema", True, "ProfileRecord.schema must be int, got True"),
        ("kind", "guess", "kind must be one of profile, reported, got 'guess'"),
        ("kind", [], "kind must be one of profile, reported, got []"),
    ],
)
def test_what_does_not_fit_is_refused_with_place_and_value(
    path: str, value: Any, message: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        from_json(changed(path, value), where="runs.jsonl:7")
    assert str(caught.value).startswith("runs.jsonl:7: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", sorted(to_dict(PROFILE)))
def test_every_missing_field_is_refused(field: str) -> None:
    data = to_dict(PROFILE)
    del data[field]
    with pytest.raises(BadRequest, match=rf"^f:3: .*{field}"):
        from_json(json.dumps(data), where="f:3")


def test_a_missing_field_inside_is_refused() -> None:
    data = to_dict(PROFILE)
    del data["timing"]["latency_s"]["p99"]
    with pytest.raises(BadRequest, match=r"^f:3: .*: Latency lacks field p99"):
        from_json(json.dumps(data), where="f:3")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_nan_and_infinity_are_not_read(number: str) -> None:
    line = to_json(PROFILE).replace('"fps": 10.0', f'"fps": {number}')
    with pytest.raises(BadRequest, match=f"f:1: .*{number} is not a finite number"):
        from_json(line, where="f:1")


def test_nan_is_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(replace(PROFILE, timing=replace(TIMING, fps=float("nan"))))


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "1", "null", '{"schema": 1}', "[" * 100_000, "9" * 5_000]
)
def test_a_foreign_line_is_a_bad_request_whatever_it_holds(line: str) -> None:
    with pytest.raises(BadRequest, match=r"^f:1: "):
        from_json(line, where="f:1")
