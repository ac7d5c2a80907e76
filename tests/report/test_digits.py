"""Digits by the spread of a figure, against numbers rounded by hand."""

from __future__ import annotations

import pytest

from harness.report.build import Choices, build_table
from harness.report.definition import Definition
from harness.report.digits import deviating, spread
from harness.report.model import Cell
from harness.report.row_definition import Row

from .sample import logged, profile, timing


@pytest.mark.parametrize(
    ("value", "half_width", "text"),
    [
        (41.1234, 0.287, "41.1 ± 0.3"),
        (41.1234, 0.0287, "41.12 ± 0.03"),
        (41.1234, 0.14, "41.12 ± 0.14"),  # a first digit 1 takes a second one along
        (41.1234, 0.1949, "41.12 ± 0.19"),
        (41.1234, 0.196, "41.1 ± 0.2"),  # rounds to 2, and a 2 stands alone
        (0.9733, 0.0137, "0.973 ± 0.014"),
        (41.1234, 0.96, "41.1 ± 1.0"),  # rounds up to a 1
        (41.1234, 2.5, "41 ± 2"),  # half to even, like Python's own rounding
        (1234.0, 250.0, "1200 ± 200"),
        (1234.0, 120.0, "1230 ± 120"),
        (1234.0, 9.7, "1234 ± 10"),
        (0.5, 3.0, "0 ± 3"),
    ],
)
def test_digits_end_where_the_spread_begins(value: float, half_width: float, text: str) -> None:
    assert spread(value, half_width) == text


def test_a_deviation_has_the_digits_of_its_figure() -> None:
    assert deviating(78.2345, 0.567, 1) == "78.2 ± 0.6"
    assert deviating(78.0, 0.0, 1) == "78.0 ± 0.0"


DEFINITION = Definition(
    name="t",
    title="T",
    source="none",
    input_shape=(1, 3, 1024, 2048),
    convention="paper",
    baseline=None,
    columns=("params", "fps", "fps_norm", "miou"),
    rows=(Row(variant="a"),),
)


def cells(digits: str, interval: tuple[float, float] | None) -> list[Cell]:
    timed = profile("a", timing=timing(41.1234, fps_ci95=interval), device="Titan XP")
    logs = [logged("a", 0.781, file_sha256="1"), logged("a", 0.785, file_sha256="2")]
    choices = Choices(digits=digits, miou="mean")  # type: ignore[arg-type]
    return list(build_table(DEFINITION, [timed, *logs], choices).rows[0].cells)


def test_by_spread_rates_and_means_are_printed_with_theirs_and_counts_are_not() -> None:
    params, fps, norm, miou = cells("spread", (40.5, 41.41))
    assert params.text == "1.00M"
    # Upwards 41.41 - 41.1234 = 0.29; the lower end may be cut off at 0.
    assert fps.text == "41.1 ± 0.3"
    # By 1.12, the paper's scale of a Titan XP: 36.717 and 0.256.
    assert norm.text == "36.7 ± 0.3"
    # 78.1 and 78.5: mean 78.3, standard deviation of the sample 0.4 / sqrt(2) = 0.283.
    assert miou.text == "78.3 ± 0.3"


def test_as_the_paper_prints_a_rate_has_one_digit_and_a_mean_its_deviation() -> None:
    _, fps, norm, miou = cells("paper", (40.5, 41.41))
    assert (fps.text, norm.text, miou.text) == ("41.1", "36.7", "78.3 ± 0.3")


def test_values_and_intervals_stay_exact_whatever_the_digits() -> None:
    for digits in ("paper", "spread"):
        _, fps, norm, miou = cells(digits, (40.5, 41.41))
        assert (fps.value, fps.interval) == (41.1234, (40.5, 41.41))
        assert norm.value == pytest.approx(41.1234 / 1.12)
        assert norm.interval == pytest.approx((40.5 / 1.12, 41.41 / 1.12))
        assert miou.value == pytest.approx(78.3)
        assert miou.deviation == pytest.approx(0.4 / 2**0.5)


@pytest.mark.parametrize("interval", [None, (41.1234, 41.1234)])
def test_without_a_spread_digits_are_the_papers(interval: tuple[float, float] | None) -> None:
    assert [cell.text for cell in cells("spread", interval)[1:3]] == ["41.1", "36.7"]


def test_logs_that_agree_deviate_by_nothing() -> None:
    logs = [logged("a", 0.78, file_sha256=sha) for sha in "12"]
    choices = Choices(digits="spread", miou="mean")
    (row,) = build_table(DEFINITION, logs, choices).rows
    assert row.cells[3].text == "78.0 ± 0.0"
