"""Every record is a row, with what it says under the names that queries use."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from example_records import DETAILED, DEVICE, FAILED, REPORTED

from harness.errors import BadRequest
from harness.records import Record
from harness.report.conditions import of_profile
from harness.report.query.columns import FIXED
from harness.report.query.files import plain_rows
from harness.report.query.frame import Table, build_table

from .made import counted, logged, timed


def rows(*records: Record) -> list[dict[str, Any]]:
    table = build_table(records)
    return list(plain_rows(table, list(table.columns.values())))


def said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def test_a_counted_record_says_what_was_counted() -> None:
    (row,) = rows(counted("x"))
    assert said(row) == {
        "kind": "profile",
        "variant": "x",
        "input": "1x3x1024x2048",
        "params": 2,
        "params_constructed": 3,
        "macs.conv": 5,
        "macs.paper": 7,
        "conv_io": 11,
        "peak_activation_bytes": 13,
        "spec_sha256": "x" * 64,
        "created": "2026-01-01T00:00:00+00:00",
        "context.name": "dapf",
        "context.alpha": 2,
        "fusion.name": "mda",
        "fusion.dilations": "[8,4,2]",
    }


def test_a_timed_record_says_how_fast_under_which_conditions() -> None:
    timing = DETAILED.timing
    assert timing is not None
    protocol = {"name": "paper", "backend": "eager", "precision": "bf16"}
    latency = replace(timing.latency_s, mean=0.1, min=0.2, p50=0.3, p90=0.4, p95=0.5, p99=0.6)
    timing = replace(
        timing, protocol=protocol, latency_s=replace(latency, max=0.7), peak_memory_bytes=99
    )
    record = replace(DETAILED, timing=timing)
    (row,) = rows(record)
    expected = {
        "fps": 10.0,
        "fps_low": 9.5,
        "fps_high": 10.5,
        **{f"latency_s.{n}": v for n, v in vars(timing.latency_s).items()},
        "iterations": 4,
        "energy_j": 12.5,
        "peak_memory_bytes": 99,
        "roofline_s": 0.025,
        "roofline_share": 0.25,
        "device": "A CPU",
        "protocol": of_profile(record).protocol_id,
        "backend": "eager",
        "precision": "bf16",
        "weights": "a.pth@00000000",
        "warnings": 1,
    }
    assert {name: row[name] for name in expected} == expected


def test_a_failure_says_why_and_under_which_conditions() -> None:
    (row,) = rows(FAILED)
    assert (row["kind"], row["reason"], row["peak_memory_bytes"]) == (
        "failed",
        FAILED.reason,
        12345,
    )
    assert row["input"] == "8x3x1024x2048"
    assert (row["device"], row["protocol"].partition("@")[0]) == ("A CPU", "paper")
    assert row["context.rates"] == "[12,24,36]"


def test_what_was_timed_without_a_file_was_timed_as_built() -> None:
    with_file = replace(FAILED, weights=DETAILED.weights)
    found = rows(timed("x", 1.0), FAILED, with_file, counted("x"), replace(FAILED, protocol={}))
    assert [row["weights"] for row in found] == [
        "as built", "as built", "a.pth@00000000", None, None,
    ]  # fmt: skip
    assert found[2]["protocol"] == rows(DETAILED)[0]["protocol"]
    assert found[2]["protocol"].startswith("paper+weights@")
    assert found[2]["protocol"] != found[1]["protocol"]


def test_a_count_that_failed_has_no_device() -> None:
    (row,) = rows(replace(FAILED, protocol={}))
    assert (row["device"], row["protocol"]) == (None, None)


def test_a_reported_row_gives_its_figures_as_numbers_where_they_are() -> None:
    figures = {"gflops": "45.1", "fps": "41.1", "miou": "78.2", "params_m": "~1", "fps_norm": "<1"}
    (row,) = rows(replace(REPORTED, figures=figures))
    assert said(row) == {
        "kind": "reported",
        "variant": "fassd-net",
        "label": "FASSD-Net",
        "table": "table-1",
        "input": "1x3x1024x2048",
        "device": "GTX 1080 Ti",
        "protocol": "reported",
        "fps": 41.1,
        "miou": 0.782,
        "reported.gflops": 45.1,
        "reported.fps": 41.1,
        "reported.miou": 78.2,
    }


def test_a_reported_figure_that_reads_as_a_number_and_is_none_is_left_out() -> None:
    (row,) = rows(replace(REPORTED, figures={"fps": "nan", "gflops": "inf", "miou": "1"}))
    assert {name for name in row if name.startswith("reported.")} == {"reported.miou"}


def test_a_device_says_what_it_does_at_best() -> None:
    (row,) = rows(DEVICE)
    assert (row["device"], row["device_bytes_per_s"]) == ("A CPU", 2e11)
    assert (row["device_macs_per_s.fp32"], row["device_macs_per_s.bf16"]) == (1e12, 4e12)


def test_accuracy_is_that_of_the_newest_log_of_the_same_spec() -> None:
    newest = logged("x", 0.77, created="2026-03-01T00:00:00Z", use="final", split=None)
    older = logged("x", 0.75, created="2026-02-28T23:00:00+00:00")
    x, y, *logs = rows(counted("x"), counted("y"), newest, older, logged("z", 0.5))
    assert (x["miou"], x["miou_use"], x["miou_split"]) == (0.77, "final", None)
    assert (y["miou"], y["miou_use"], y["miou_split"]) == (None, None, None)
    assert [row["miou"] for row in logs] == [0.77, 0.75, 0.5]
    assert logs[1]["miou_split"] == "val"


def test_a_log_that_comes_first_counts_as_well() -> None:
    first, second = rows(logged("x", 0.7), timed("x", 5.0))
    assert (first["miou"], second["miou"], second["fps"]) == (0.7, 0.7, 5.0)


def test_a_log_without_a_date_is_refused() -> None:
    with pytest.raises(BadRequest, match="created must be ISO 8601, got 'once'"):
        build_table([logged("x", 0.7, created="once"), logged("x", 0.7)])


def test_every_table_has_the_fixed_columns_and_those_of_its_records() -> None:
    table = build_table([counted("x", spec={"context": {"alpha": 1}}, macs={"mine": 3})])
    assert set(table.columns) == {*FIXED, "macs.mine", "context.alpha"}
    assert list(table.frame.columns) == list(table.columns)
    assert len(build_table([])) == 0
    assert set(build_table([]).columns) == set(FIXED)


def types(table: Table, *names: str) -> list[str]:
    return [table.columns[name].type for name in names]


def test_options_have_the_types_of_their_values() -> None:
    specs: list[dict[str, Any]] = [
        {"a": {"whole": 2, "number": 1, "text": "x", "flag": True, "mixed": 1, "list": [1, [2]]}},
        {"a": {"whole": 3, "number": 1.5, "text": "y", "flag": False, "mixed": "b", "list": None}},
        {"b": {"huge": 2**70}},
    ]
    table = build_table([counted("x", spec=spec) for spec in specs])
    names = [f"a.{n}" for n in ("whole", "number", "text", "flag", "mixed", "list")]
    assert types(table, *names) == ["whole", "number", "text", "flag", "text", "text"]
    one, two, three = plain_rows(table, [table.columns[n] for n in (*names, "b.huge")])
    assert list(one.values()) == [2, 1.0, "x", True, "1", "[1,[2]]", None]
    assert list(two.values()) == [3, 1.5, "y", False, "b", None, None]
    assert list(three.values()) == [None] * 6 + [float(2**70)]


def test_lists_of_equal_values_and_other_types_stay_apart() -> None:
    specs = [{"a": {"b": value}} for value in ([1, 0], [1.0, 0.0], [True, False], ["1", "0"])]
    found = [row["a.b"] for row in rows(*(counted("x", spec=spec) for spec in specs))]
    assert found == ["[1,0]", "[1.0,0.0]", "[true,false]", '["1","0"]']


def test_counts_are_exact_and_unknown_ones_are_nan() -> None:
    large = 2**62 + 1
    exact = build_table([counted("x", large)])
    assert exact.frame["params"].tolist() == [large]
    table = build_table([counted("x"), logged("x", 0.5)])
    assert table.frame["params"].tolist()[0] == 2
    assert math.isnan(table.frame["params"].tolist()[1])


def test_a_spec_that_is_not_of_slots_has_no_options() -> None:
    (row,) = rows(counted("x", spec={"filler": "text"}))
    assert "filler" not in row


def test_an_unknown_column_is_named_with_what_is_near() -> None:
    table = build_table([counted("x")])
    with pytest.raises(BadRequest, match=r"^--sort: no column 'param'; did you mean params"):
        table.column("param", "--sort")
    with pytest.raises(
        BadRequest, match=r"no column 'zzz'; harness results --list-columns names them all$"
    ):
        table.column("zzz", "--sort")
