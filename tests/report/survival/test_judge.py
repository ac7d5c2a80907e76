"""The four verdicts, each at its edges. Tolerance 10%: P = 2 is widened to 1.8182 ... 2.2."""

from __future__ import annotations

import math

import pytest

from harness.report.ratio import Ratio
from harness.report.survival.judge import VERDICTS, could_survive, judge
from harness.report.survival.published import Range

TWO = Range(2.0, 2.0)


def measured(low: float, high: float) -> Ratio:
    """Return a ratio whose 95% interval is `low` to `high`; its estimate in their middle."""
    return Ratio(math.sqrt(low * high), math.log(high / low) / 2)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (1.95, 2.05, "survives"),
        (1.82, 2.19, "survives"),
        (1.81, 2.00, "undecided"),  # reaches below 2 / 1.1 = 1.818
        (2.00, 2.21, "undecided"),  # and above 2 * 1.1
        (1.50, 1.81, "same order"),
        (2.21, 3.00, "same order"),
        (1.01, 1.20, "same order"),
        (0.99, 1.20, "undecided"),  # another factor for sure, but which order
        (0.50, 3.00, "undecided"),
        (0.50, 0.99, "reversed"),
        (0.50, 1.01, "undecided"),
    ],
)
def test_a_published_ratio_of_2(low: float, high: float, verdict: str) -> None:
    assert judge(TWO, measured(low, high), 0.1) == verdict


def test_a_ratio_below_1_is_judged_as_its_inverse() -> None:
    half = Range(0.5, 0.5)
    for low, high in ((1.95, 2.05), (1.81, 2.0), (1.5, 1.81), (0.99, 1.2), (0.5, 0.99)):
        straight = judge(TWO, measured(low, high), 0.1)
        assert judge(half, measured(1 / high, 1 / low), 0.1) == straight


def test_an_order_that_flips_beyond_the_noise_is_reversed_even_within_the_tolerance() -> None:
    # 1.03 in print, 0.97 measured: within 10%, but the other one is ahead.
    assert judge(Range(1.02, 1.04), measured(0.96, 0.98), 0.1) == "reversed"
    assert judge(Range(1.02, 1.04), measured(0.96, 1.00), 0.1) == "survives"  # may not be a flip


def test_the_tolerance_decides() -> None:
    assert judge(TWO, measured(1.5, 1.6), 0.1) == "same order"
    assert judge(TWO, measured(1.5, 1.6), 0.4) == "survives"  # from 2 / 1.4 = 1.43
    assert judge(TWO, measured(1.99, 2.01), 0.0) == "undecided"


def test_an_unknown_interval_decides_nothing() -> None:
    assert judge(TWO, Ratio(2.0, None), 0.1) == "undecided"


def test_what_print_allows_widens_what_survives() -> None:
    # 3 over 2 by whole numbers: 2.5/2.5 to 3.5/1.5.
    assert judge(Range(2.5, 3.5).over(Range(1.5, 2.5)), measured(2.2, 2.3), 0.0) == "survives"


def test_a_bound_is_one() -> None:
    # 41.1 over `<1` is more than 41: anything above 41 / 1.1 survives.
    above = Range(41.0, math.inf)
    assert judge(above, measured(300, 310), 0.1) == "survives"
    assert judge(above, measured(30, 31), 0.1) == "same order"
    assert judge(above, measured(0.5, 0.6), 0.1) == "reversed"


def test_where_print_has_no_order_none_can_be_reversed() -> None:
    # `~1` over `<1`: 0.5 and more. Another factor contradicts no order.
    open_ = Range(0.5, math.inf)
    assert judge(open_, measured(0.9, 1.1), 0.1) == "survives"
    assert judge(open_, measured(0.1, 0.2), 0.1) == "same order"


@pytest.mark.parametrize(
    ("width", "could"),
    [(1.20, True), (1.22, False)],  # what survives of 2 reaches 2.2 / 1.8182 = 1.21 times as far
)
def test_an_interval_wider_than_what_survives_cannot_wherever_it_lies(
    width: float, could: bool
) -> None:
    for value in (0.5, 2.0, 7.0):
        ends = value / math.sqrt(width), value * math.sqrt(width)
        assert could_survive(TWO, measured(*ends), 0.1) is could


def test_beside_a_bound_every_known_interval_could_survive_and_no_unknown_one() -> None:
    assert could_survive(Range(41.0, math.inf), measured(1.0, 100.0), 0.1)
    assert could_survive(Range(0.0, 2.0), measured(1.0, 100.0), 0.1)  # `<1` over 0.5
    assert not could_survive(Range(0.0, 2.0), Ratio(1.0, None), 0.1)


def test_every_verdict_has_a_place_in_the_order_of_print() -> None:
    assert VERDICTS == ("reversed", "same order", "undecided", "survives")
