"""Records survive the file, and nothing that is not a record passes for one."""

import json
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import pytest
from example_records import DETAILED, DEVICE, FAILED, PROFILE, PROXY, REPORTED, TIMING

from harness.errors import BadRequest
from harness.records import ProfileRecord, Record, from_json, to_dict, to_json

COMMITTED = Path(__file__).parents[1] / "reports" / "table-1" / "records.jsonl"
EVERY = {
    "profile": PROFILE,
    "untimed": replace(PROFILE, timing=None),
    "detailed": DETAILED,
    "reported": REPORTED,
    "failed": FAILED,
    "failed on the CPU": replace(FAILED, peak_memory_bytes=None),
    "failed with weights": replace(FAILED, weights=DETAILED.weights),
    "device": DEVICE,
    "proxy": PROXY,
    "proxy without a score": replace(PROXY, value=None, reason="ValueError: no"),
}


@pytest.mark.parametrize("record", EVERY.values(), ids=EVERY)
def test_round_trip_gives_an_equal_record(record: Record) -> None:
    line = to_json(record)
    assert from_json(line, where="f:1") == record
    assert json.loads(line)["kind"] == record.kind


def test_a_detailed_record_leaves_no_field_at_its_default() -> None:
    # Otherwise the round trip would not notice a field that is dropped.
    for part in (DETAILED, DETAILED.timing):
        for field in fields(part):
            if field.default is not MISSING and field.name not in ("schema", "kind"):
                assert getattr(part, field.name) != field.default, field.name


def test_records_written_before_later_fields_came_are_read() -> None:
    lines = COMMITTED.read_text(encoding="utf-8").splitlines()
    assert lines
    for number, line in enumerate(lines, start=1):
        record = from_json(line, where=f"{COMMITTED.name}:{number}")
        if isinstance(record, ProfileRecord) and record.timing:
            old = json.loads(line)["timing"]
            assert record.timing.fps == old["fps"]
            assert record.timing.protocol == old["protocol"]


def test_a_failure_from_before_weights_were_stated_is_one_as_built() -> None:
    assert "weights" not in to_dict(FAILED)
    used = replace(FAILED, weights=DETAILED.weights)
    data = to_dict(used)
    assert data["weights"] == {
        "file": "a.pth", "sha256": "0" * 64, "layout": "fassd-net", "whole": True,
    }  # fmt: skip
    del data["weights"]
    assert from_json(json.dumps(data), where="f:1") == FAILED


def test_a_record_without_the_later_fields_says_what_it_said_then() -> None:
    data = to_dict(DETAILED)
    del data["layers"], data["stages"], data["weights"]
    for later in LATER:
        del data["timing"][later]
    record = from_json(json.dumps(data), where="f:1")
    assert record == replace(PROFILE, timing=replace(TIMING, stopped_by="until"))


LATER = (
    *("rounds", "setup_s", "backend", "output_error", "host_s", "gpu_s", "gpu_busy", "energy_j"),
    *("telemetry", "limits"),
)


@pytest.mark.parametrize("record", [FAILED, DEVICE, PROXY], ids=["failed", "device", "proxy"])
def test_failures_devices_and_scores_are_read_as_strictly(record: Record) -> None:
    data = to_dict(record)
    with pytest.raises(BadRequest, match=r"^f:1: \w+Record has unknown field fps"):
        from_json(json.dumps(data | {"fps": 1}), where="f:1")
    for field in data:
        rest = {key: value for key, value in data.items() if key != field}
        if field not in ("schema", "kind"):
            with pytest.raises(BadRequest, match=rf"^f:1: \w+Record lacks field {field}$"):
                from_json(json.dumps(rest), where="f:1")


def test_a_record_is_one_line_that_begins_with_schema_and_kind() -> None:
    line = to_json(replace(PROFILE, variant="two\nlines"))
    assert "\n" not in line
    assert list(json.loads(line))[:3] == ["schema", "kind", "variant"]


def test_what_only_some_records_say_is_absent_from_the_others() -> None:
    assert {"layers", "stages", "weights"}.isdisjoint(to_dict(PROFILE))
    assert {"layers", "stages", "weights"} <= set(to_dict(DETAILED))


def test_an_unset_interval_and_unknown_memory_stay_null() -> None:
    timing = to_dict(replace(PROFILE, timing=replace(TIMING, fps_ci95=None)))["timing"]
    assert timing["fps_ci95"] is None
    assert timing["peak_memory_bytes"] is None


def changed(path: str, value: Any) -> str:
    """Return the detailed example's line with the value at the dotted `path` replaced."""
    data = to_dict(DETAILED)
    *parents, last = path.split(".")
    inner: Any = data
    for key in parents:
        inner = inner[int(key) if key.isdigit() else key]
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
        ("timing.speed", 1, "Timing has unknown field speed"),
        ("timing.latency_s.p98", 1, "Latency has unknown field p98"),
        ("timing.rounds.1.frames", 1, "Timing.rounds[1]: Round has unknown field frames"),
        ("timing.rounds.0.fps", None, "Round.fps must be float, got None"),
        ("timing.output_error.l2", 1, "OutputError has unknown field l2"),
        ("timing.telemetry.humidity", 1, "Telemetry has unknown field humidity"),
        ("timing.telemetry.sm_clock_mhz.p50", 1, "Range has unknown field p50"),
        ("timing.telemetry.throttle", {"heat": "much"}, "throttle.heat must be float, got 'much'"),
        ("timing.limits.speed", 1, "Limits has unknown field speed"),
        ("timing.backend", {"torch": 2}, "Timing.backend.torch must be str, got 2"),
        ("layers.1.flops", 1, "ProfileRecord.layers[1]: LayerTime has unknown field flops"),
        ("layers", {}, "ProfileRecord.layers must be a list, got {}"),
        ("timing.block_means_s", [0.1, None], "Timing.block_means_s[1] must be float, got None"),
        ("schema", 2, "this version reads schema 1, got 2"),
        ("schema", True, "ProfileRecord.schema must be int, got True"),
        (
            "kind",
            "guess",
            "kind must be one of profile, reported, failed, device, logged, proxy, got 'guess'",
        ),
        ("kind", [], "profile, reported, failed, device, logged, proxy, got []"),
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


@pytest.mark.parametrize("field", sorted(set(to_dict(PROFILE)) - {"layers"}))
def test_every_missing_field_that_was_always_there_is_refused(field: str) -> None:
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
