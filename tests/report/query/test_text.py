"""The table on a terminal: what is shared above, what differs in columns, nothing cut."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from example_records import DETAILED_TIMING, DEVICE, FAILED, REPORTED

from harness.records import ProfileRecord, Record
from harness.report.conditions import of_profile
from harness.report.query.cells import cell, printable, significant
from harness.report.query.columns import Column
from harness.report.query.files import plain_rows
from harness.report.query.frame import Table, build_table
from harness.report.query.text import table_text

from .made import DETAILED, counted, logged, timed

FAST = timed("fassd-net", 41.12, ci95=(40.9, 41.4), params=2_845_351, macs={"paper": 45112279040})
BASE = timed("baseline", 56.0, ci95=(55.0, 56.5), params=1_896_365, macs={"paper": 32909393920})
LONG = "fassd-net[context.alpha={},context.rates=[1,2,3],decoder.multiplier={},fusion.merge=add]"


def shown(*records: Record, columns: str = "", asked: str = "", width: int = 80) -> list[str]:
    table = build_table(records)
    text = table_text(table, of(table, columns) or None, of(table, asked), width)
    assert text.endswith("\n")
    return text.splitlines()


def of(table: Table, names: str) -> list[Column]:
    return [table.columns[name] for name in names.split(",") if name]


def heads(lines: list[str]) -> list[str]:
    """Return the names of the columns, `variant` apart."""
    (place,) = (i for i, line in enumerate(lines) if line.startswith("─"))
    over = lines[place - 2].split() if place > 1 else []
    units = {"M", "G", "±", "95%", "%", "ms", "MiB", "1/s", "s", "J", "variant"}
    return over + [word for word in lines[place - 1].split() if word not in units]


def protocol_id(record: ProfileRecord) -> str:
    return of_profile(record).protocol_id


def test_a_terminal_shows_figures_with_units_and_intervals() -> None:
    # The larger half of the interval is 41.4 - 41.12 = 0.28, and 56 - 55 = 1.
    assert shown(FAST, BASE, logged("fassd-net", 0.7665)) == [
        f"A CPU  {protocol_id(FAST)}  1x3x1024x2048  eager  fp32",
        "                    params  macs.paper         fps   miou",
        "variant    kind          M           G       ± 95%      %",
        "─────────────────────────────────────────────────────────",
        "fassd-net  profile   2.845      45.112  41.1 ± 0.3  76.65",
        "baseline   profile   1.896      32.909  56.0 ± 1.0",
        "fassd-net  logged                                   76.65",
    ]


def test_what_the_names_share_stands_above_and_what_varies_is_left() -> None:
    lines = shown(*(counted(LONG.format(*pair)) for pair in ((1, 1.5), (2, 1.5), (2, 1.7))))
    assert lines[0].startswith("fassd-net[context.rates=[1,2,3],fusion.merge=add]  1x3x1024x2048")
    assert [re.split("  +", line)[0] for line in lines[-3:]] == [
        "alpha=1 multiplier=1.5", "alpha=2 multiplier=1.5", "alpha=2 multiplier=1.7",
    ]  # fmt: skip


def test_networks_of_one_name_are_told_apart_by_their_hashes() -> None:
    lines = shown(counted("x", spec_sha256="ab" * 32), counted("x", spec_sha256="cd" * 32))
    assert [line.split("  ")[0] for line in lines[-2:]] == ["x #ababab", "x #cdcdcd"]


def test_facts_that_differ_are_columns() -> None:
    gpu = timed("y", 60.0, device="A GPU", protocol={"precision": "bf16"})
    lines = shown(timed("x", 5.0), gpu, width=120)
    assert lines[0] == "1x3x1024x2048  eager"
    assert heads(lines) == ["params", "macs.paper", "fps", "device", "protocol", "precision"]
    assert "A GPU" in lines[-1]
    assert "bf16" in lines[-1]


def test_weights_are_shown_where_any_record_has_some() -> None:
    with_file = replace(FAST, weights=DETAILED.weights)
    assert "as built" not in "".join(shown(FAST, BASE))
    assert "  a.pth@00000000" in shown(with_file)[0]
    lines = shown(FAST, with_file, width=200)
    assert {"protocol", "weights"} <= set(heads(lines))
    assert [line for line in lines if "as built" in line] == [lines[-2]]
    assert "a.pth@00000000" in lines[-1]


def test_a_record_without_a_fact_makes_no_column_of_it() -> None:
    lines = shown(timed("x", 5.0), counted("y"))
    assert lines[0] == f"A CPU  {protocol_id(timed('x', 5.0))}  1x3x1024x2048  eager  fp32"
    assert heads(lines) == ["params", "macs.paper", "fps"]


def test_figures_that_no_row_has_are_no_columns() -> None:
    assert heads(shown(counted("x"))) == ["params", "macs.paper"]
    assert heads(shown(counted("x", macs={"conv": 3}))) == ["params", "macs.conv"]


def test_columns_that_were_asked_for_are_there_too() -> None:
    asked = heads(shown(FAST, asked="latency_s.mean,macs.paper"))
    assert asked == ["params", "macs.paper", "fps", "latency_s.mean"]
    both = counted("x", macs={"conv": 3, "paper": 4})
    assert heads(shown(both, asked="macs.conv")) == ["params", "macs.conv"]


def test_failures_come_with_their_reason_in_full() -> None:
    reason = "context dapf: alpha must divide the 224 input channels, \x1b[31mgot\nalpha=3"
    lines = shown(counted("x"), replace(FAILED, variant="y", reason=reason), width=80)
    (start,) = {line.index("reason") for line in lines if "reason" in line}
    (ruler,) = (place for place, line in enumerate(lines) if line.startswith("─"))
    told = " ".join(line[start:].strip() for line in lines[ruler + 1 :])
    assert (
        told.strip() == "context dapf: alpha must divide the 224 input channels, ?[31mgot alpha=3"
    )
    assert not any("\x1b" in line for line in lines)


def test_reported_rows_show_what_was_reported() -> None:
    figures = {"gflops": "45.1", "params_m": "2.85", "fps": "41.1"}
    lines = shown(replace(REPORTED, figures=figures))
    assert lines[0] == "GTX 1080 Ti  reported  1x3x1024x2048  table-1  FASSD-Net"
    assert lines[-1].split() == ["fassd-net", "45.1", "2.85", "41.1"]
    assert "1/s" in lines[2]  # no interval, so no ±


def test_devices_show_what_they_do_at_best() -> None:
    assert heads(shown(DEVICE)) == [
        "device_bytes_per_s", "device_macs_per_s.bf16", "device_macs_per_s.fp32",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [30, 50, 60, 80, 100, 200])
def test_no_figure_is_ever_cut(width: int) -> None:
    names = ("1", "2", "3456")
    records = [
        timed(
            LONG.format(name, 1.25), 1234.5, params=123_456_789, macs={"paper": 10**13},
            device=f"NVIDIA H{name}00 80GB HBM3",
        )
        for name in names
    ]  # fmt: skip
    lines = shown(*records, width=width)
    text = "\n".join(lines)
    assert text.count("123.457") == text.count("10,000.000") == 3
    assert text.count("1230 ± 120") == 3
    assert width < 60 or max(map(len, lines)) <= width


def test_facts_give_way_and_are_named_the_device_last() -> None:
    records = [
        timed("x", 5.0, device="NVIDIA H100"),
        timed("y", 5.0, protocol={"precision": "bf16", "backend": "compile"}),
    ]
    lines = shown(*records, width=60)
    assert "device" in heads(lines)
    text = " ".join(lines)
    assert re.search(r"too wide for this terminal: .*precision \(--columns\)$", text)
    assert max(map(len, lines)) <= 60
    assert "too wide" not in " ".join(shown(*records, width=140))


def test_a_fact_that_was_asked_for_does_not_give_way() -> None:
    records = [
        timed("x", 5.0, device="NVIDIA H100"),
        timed("y", 5.0, protocol={"precision": "bf16", "backend": "compile"}),
    ]
    assert "precision" not in heads(shown(*records, width=60))
    assert "precision" in heads(shown(*records, width=60, asked="precision"))


def test_chosen_columns_are_all_that_is_shown() -> None:
    lines = shown(FAST, columns="latency_s.mean,variant,spec_sha256")
    assert lines == [
        "latency_s.mean",
        "            ms  variant    spec_sha256",
        "───────────────────────────────────────",
        f"         24.32  fassd-net  {FAST.spec_sha256[:12]}",  # 1 / 41.12 = 0.024319
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("peak_activation_bytes", "1.24e-05"),  # 13 / 2**20
        ("conv_io", "3.500"),
        ("iterations", "10,000"),
        ("roofline_share", "25.00"),
        ("miou", "76.65"),
        ("a.flag", "yes"),
        ("a.whole", "1,024"),
        ("a.number", "1.7"),
        ("a.none", ""),
    ],
)
def test_figures_are_shown_in_the_unit_of_their_column(name: str, text: str) -> None:
    spec = {"a": {"flag": True, "whole": 1024, "number": 1.7, "none": None}}
    record = timed("x", 5.0, spec=spec)
    static = replace(record.static, peak_activation_bytes=13, conv_io=3_500_000)
    assert record.timing is not None
    timing = replace(record.timing, iterations=10_000, limits=DETAILED_TIMING.limits)
    table = build_table([replace(record, static=static, timing=timing), logged("x", 0.7665)])
    row = next(plain_rows(table, list(table.columns.values())))
    assert cell(table.columns[name], row) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.973312, "0.9733"), (52.3, "52.3"), (123456.7, "123,457"), (41.0, "41"), (1e-7, "1e-07")],
)
def test_numbers_have_four_significant_digits(value: float, text: str) -> None:
    assert significant(value) == text


def test_nothing_printed_steers_a_terminal() -> None:
    assert printable("a\x1b[2J\r\nb\u202ec\t d") == "a?[2J b?c d"
