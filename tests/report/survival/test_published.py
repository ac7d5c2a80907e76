"""What print says of a rate: by its digits, its sign, its card and TensorRT."""

from __future__ import annotations

import math

import pytest

from harness.errors import BadRequest
from harness.report.scales import load_scales
from harness.report.survival.published import PublishedRate, Range, published_rate
from tests.report.survival.made_up import published


def rate(fps: str, device: str = "GTX 1080 Ti", **changes: object) -> PublishedRate:
    return published_rate(published("a", fps, device, **changes), load_scales(), "table t")


@pytest.mark.parametrize(
    ("fps", "low", "high", "value"),
    [
        ("41.7", 41.65, 41.75, 41.7),  # half a step of the last digit on both sides
        ("40", 39.5, 40.5, 40.0),
        ("27.70", 27.695, 27.705, 27.7),
        ("~1", 0.5, 1.5, None),
        ("~40", 35.0, 45.0, None),  # tells tens
        ("<1", 0.0, 1.0, None),
        (">100", 100.0, math.inf, None),
    ],
)
def test_a_printed_rate_is_what_its_digits_and_sign_allow(
    fps: str, low: float, high: float, value: float | None
) -> None:
    found = rate(fps)
    assert (found.raw.low, found.raw.high) == pytest.approx((low, high))
    assert found.value == value


def test_it_is_normalised_by_its_card_and_by_tensorrt() -> None:
    # Titan X (Maxwell) 0.61, TensorRT 1.65: 41.7 / (0.61 * 1.65) = 41.7 / 1.0065 = 41.4307
    found = rate("41.7", "Titan X (M)", tensorrt=True)
    assert found.factor == pytest.approx(1.0065)
    assert found.place == pytest.approx(41.4307, abs=1e-4)
    assert found.normalised.low == pytest.approx(41.65 / 1.0065)
    assert found.normalised.high == pytest.approx(41.75 / 1.0065)
    assert rate("41.7").normalised == rate("41.7").raw  # the reference


def test_a_bound_without_an_upper_end_stands_where_it_begins() -> None:
    assert rate(">100").place == 100


@pytest.mark.parametrize("fps", ["fast", "0", "0.0"])
def test_what_is_no_rate_is_refused_with_its_place(fps: str) -> None:
    with pytest.raises(BadRequest, match=r"table t: FPS of A \(Table I, row 1\) must be a number"):
        rate(fps)


@pytest.mark.parametrize("tensorrt", [False, True])
def test_a_card_without_a_factor_is_refused_by_name(tensorrt: bool) -> None:
    with pytest.raises(BadRequest, match=r"must have a scale of .* got none of Tesla K80"):
        rate("10", "Tesla K80", tensorrt=tensorrt)


def test_ratios_of_ranges_go_from_the_least_to_the_greatest() -> None:
    assert Range(2.0, 4.0).over(Range(1.0, 2.0)) == Range(1.0, 4.0)
    assert Range(2.0, 4.0).over(Range(0.0, 1.0)) == Range(2.0, math.inf)
    assert Range(2.0, 4.0).widened(0.25) == Range(1.6, 5.0)
    assert Range(2.0, 4.0).scaled(0.5) == Range(1.0, 2.0)


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [(1.01, 2, 1), (0.5, 0.99, -1), (0.9, 1.1, 0), (1.0, 2.0, 0), (0.5, 1.0, 0)],
)
def test_a_range_that_holds_1_is_on_neither_side(low: float, high: float, side: int) -> None:
    assert Range(low, high).side == side
