"""When an exact figure is the printed one."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from harness.report.audit.printed import Printed, half_up, parse, plain


def printed(text: str) -> Printed:
    found = parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("exact", "step", "rounded"),
    [
        ("0.125", "0.01", "0.13"),  # binary rounding, and half to even, give 0.12
        ("0.135", "0.01", "0.14"),
        ("2.5", "1", "3"),  # half to even gives 2
        ("-2.5", "1", "-3"),
        ("0.12499999999999999999", "0.01", "0.12"),
        ("44.5", "10", "40"),
        ("45", "10", "50"),
    ],
)
def test_halves_go_up(exact: str, step: str, rounded: str) -> None:
    assert half_up(Fraction(exact), Decimal(step)) == Decimal(rounded)


@pytest.mark.parametrize(
    ("text", "exact", "same"),
    [
        ("45.1", "45.05", True),
        ("45.1", "45.15", False),
        ("45.1", "45.049", False),
        ("4.10", "4.119257", False),  # 4.12
        ("4.1", "4.119257", True),
        ("0", "0.49", True),
        ("5,000", "5000", True),
        ("~40", "41.1", True),  # tens
        ("~40", "45", False),  # 50
        ("~2.1", "2.108", True),
        ("~2.1", "2.15", False),
        ("~1", "0.97", True),
        ("<1", "0.97", True),
        ("<1", "1", False),
        (">4", "4.0001", True),
        (">4", "4", False),
    ],
)
def test_a_figure_is_the_printed_one_after_rounding_to_its_digits(
    text: str, exact: str, same: bool
) -> None:
    assert printed(text).same(Fraction(exact)) is same


def test_ours_is_rounded_as_the_printed_figure_is() -> None:
    assert printed("4.10").rounded(Fraction(4_119_257, 10**6)) == "4.12"
    assert printed("49").rounded(Fraction(12_894_163, 10**6)) == "13"
    assert printed("5,000").rounded(Fraction(49996, 10)) == "5,000"


@pytest.mark.parametrize("text", ["512×1024×16", "-", "", "1.", "about 3", "1,0", "4.1M"])
def test_what_is_no_figure_is_not_read_as_one(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("text", ["4.10", "~40", "<1", "5,000", "0", ">4"])
def test_a_figure_reads_back_as_it_was_printed(text: str) -> None:
    assert str(printed(text)) == text


def test_a_result_is_shown_without_zeros_at_its_end() -> None:
    assert plain(Fraction(1, 3), 3) == "0.333"
    assert plain(Fraction("82.90"), 3) == "82.9"
    assert plain(Fraction(5000), 4) == "5,000"
