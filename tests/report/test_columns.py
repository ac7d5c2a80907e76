"""Figures in print: digits and units as the paper has them."""

from __future__ import annotations

import pytest

from harness.report.columns import COLUMNS


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("gflops", 45.112, "45.1"),
        ("params", 2.845351, "2.85M"),
        ("params", 1.896379, "1.90M"),
        ("delta_params", 0.95, "0.95M"),
        ("delta_params", 0.0, "0M"),
        ("delta_params", -0.004, "0.00M"),  # something, but not minus nothing
        ("delta_params", -0.12, "-0.12M"),
        ("fps", 41.06, "41.1"),
        ("fps", 1.0297, "1.03"),  # three significant figures, where one digit says nothing
        ("fps", 0.22459, "0.225"),
        ("fps_norm", 82.97, "83.0"),
        ("fps_norm", 1.0297, "1.03"),
        ("miou", 78.0, "78.0"),
    ],
)
def test_digits_and_unit_of_a_printed_figure(column: str, value: float, text: str) -> None:
    assert COLUMNS[column].print(value) == text


def test_every_column_is_found_by_its_own_name() -> None:
    assert all(name == column.name for name, column in COLUMNS.items())
