"""Constraints as people write them."""

import math

import pytest

from harness.errors import BadRequest
from harness.sweep.search.limit import UNKNOWN, Limit, read_limit

UNITS = {
    "params": "", "macs.conv": "", "macs.paper": "", "fps": "1/s", "latency_s.p50": "s",
    "peak_memory_bytes": "bytes", "miou": "fraction", "context.alpha": "", "proxy.x-1": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "column", "sign", "value"),
    [
        ("params <= 3M", "params", "<=", 3_000_000),
        ("params<=2.51M", "params", "<=", 2_510_000),  # 2.51 * 1e6 in binary is less
        ("conv GMACs <= 40", "macs.conv", "<=", 40_000_000_000),
        ("paper GMACs < 0.5", "macs.paper", "<", 500_000_000),
        ("conv MMACs <= 1.5", "macs.conv", "<=", 1_500_000),
        ("conv macs <= 7", "macs.conv", "<=", 7),
        ("macs.conv <= 40G", "macs.conv", "<=", 40_000_000_000),
        ("macs.conv <= 4e10", "macs.conv", "<=", 40_000_000_000),
        ("macs.conv > 2 T", "macs.conv", ">", 2e12),
        ("params <= 300k", "params", "<=", 300_000),
        ("params <= 3_000_000", "params", "<=", 3_000_000),
        ("fps >= 30", "fps", ">=", 30),
        ("latency_s.p50 < 20 ms", "latency_s.p50", "<", 0.02),
        ("latency_s.p50 < 0.02", "latency_s.p50", "<", 0.02),
        ("peak_memory_bytes <= 2 GiB", "peak_memory_bytes", "<=", 2**31),
        ("peak_memory_bytes <= 2GB", "peak_memory_bytes", "<=", 2_000_000_000),
        ("miou >= 0.75", "miou", ">=", 0.75),
        ("miou >= 75%", "miou", ">=", 0.75),
        ("context.alpha >= 2", "context.alpha", ">=", 2),
        (" proxy.x-1 > -1.5 ", "proxy.x-1", ">", -1.5),
    ],
)
def test_a_constraint_is_a_column_a_sign_and_a_number_in_some_unit(
    text: str, column: str, sign: str, value: float
) -> None:
    found = read_limit(text, UNITS)
    assert (found.column, found.sign, found.value) == (column, sign, value)
    assert found.text == text.strip()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("params", "a constraint is COLUMN <= NUMBER"),
        ("<= 3", "a constraint is COLUMN <= NUMBER"),
        ("params = 3", "a constraint is COLUMN <= NUMBER"),
        ("params == 3", "a constraint is COLUMN <= NUMBER"),
        ("1 <= params <= 3", "a constraint is COLUMN <= NUMBER"),
        ("3M >= params", "a limit must be a number, got 'params'"),
        ("params <=", "a limit must be a number, got ''"),
        ("params <= many", "a limit must be a number, got 'many'"),
        ("params <= 3,000", "may bear k, K, M, G, T, got ,000"),
        ("params <= 3 ms", "may bear k, K, M, G, T, got ms"),
        ("miou >= 75M", "may bear %, got M"),
        ("latency_s.p50 < 20 mS", "may bear s, ms, us, got mS"),
        ("conv GMACs <= 40G", "the number bears no unit, got G"),
        ("GMACs <= 40", "MACs need a counting rule, such as conv GMACs, got GMACs"),
        ("cnv GMACs <= 40", "no counting rule 'cnv'; did you mean conv"),
        ("parms <= 3M", "no column 'parms'; did you mean params"),
        ("zzz <= 3", "no column 'zzz'; harness results --list-columns"),
        ("params <= 1e999", "a limit must be finite, got '1e999'"),
    ],
)
def test_what_is_no_constraint_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(BadRequest, match=f"^a.yaml:3.*({message})"):
        read_limit(text, UNITS, "a.yaml:3")


def test_a_limit_is_missed_by_a_share_of_it() -> None:
    most = Limit("x", "x", "<=", 200)
    assert [most.excess(x) for x in (300, 200, 100)] == [0.5, 0, -0.5]
    least = Limit("x", "x", ">=", 200)
    assert [least.excess(x) for x in (300, 200, 100)] == [-0.5, 0, 0.5]
    assert Limit("x", "x", "<=", 0).excess(3) == 3  # no share of nothing
    assert Limit("x", "x", "<=", -4).excess(-2) == 0.5


def test_a_strict_limit_is_missed_by_what_equals_it() -> None:
    assert Limit("x", "x", "<", 5).excess(5) > 0
    assert Limit("x", "x", ">", 5).excess(5) > 0
    assert Limit("x", "x", "<", 5).excess(4.999) < 0


def test_what_is_unknown_meets_no_limit() -> None:
    limit = Limit("x", "x", "<=", 5)
    assert limit.excess(None) == limit.excess(math.nan) == UNKNOWN > 0
