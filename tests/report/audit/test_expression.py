"""Arithmetic that stands in data."""

from __future__ import annotations

from fractions import Fraction

import pytest

from harness.report.audit.expression import MissingFigureError, Operand, compute
from harness.report.audit.printed import parse

FIGURES = {
    "a": Operand((Fraction(49),), "49", "Table IV"),
    "b": Operand((Fraction("2.85"),), "2.85", "Table I"),
    "row": Operand((Fraction(1), Fraction(5), Fraction(3)), "all of row", "Table III"),
    "other": Operand((Fraction(1), Fraction(6), Fraction(2)), "all of other", "Table III"),
}


def look_up(path: str) -> Operand:
    if path not in FIGURES:
        raise MissingFigureError(path)
    return FIGURES[path]


def value(text: str) -> Fraction:
    return compute(text, look_up).value


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{a} / {b}", Fraction(980, 57)),  # 49 / 2.85 = 4900 / 285
        ("{a} - {b} + 1", Fraction("47.15")),
        ("-{b} * 2", Fraction("-5.7")),
        ("0.1 + 0.2", Fraction(3, 10)),  # exact: binary fractions give 0.30000000000000004
        ("2 ** 20", Fraction(1048576)),
        ("10 ** -2", Fraction(1, 100)),
        ("{a} > {b}", Fraction(1)),
        ("{a} < {b}", Fraction(0)),
        ("3 == {b}", Fraction(0)),
        ("1 <= 1 <= 2", Fraction(1)),
        ("2 >= 3", Fraction(0)),
        ("mean({row})", Fraction(3)),
        ("mean({a}, 51)", Fraction(50)),
        ("round({b}, 1)", Fraction("2.9")),  # half up
        ("floor({b} * 10) / 10", Fraction("2.8")),
        ("rank({b}, {a}, 3, 2.85)", Fraction(3)),  # 49 and 3 are higher, the equal one is not
        ("wins({row}, {other})", Fraction(2)),  # 1 >= 1, 5 < 6, 3 >= 2
        ("wins({other}, {row})", Fraction(2)),
    ],
)
def test_computes_exactly(text: str, result: Fraction) -> None:
    assert value(text) == result


def test_the_working_shows_the_operands_as_they_stand() -> None:
    result = compute("{a} / {b}", look_up, like=parse("17.2"))
    assert result.working == "49 / 2.85 = 17.193"
    assert result.operands == ("a", "b")
    assert compute("{a} * 4 / 2 ** 20", look_up).working.startswith("49 * 4 / 2^20 = ")


def test_where_nothing_is_computed_the_working_says_where_the_figure_stands() -> None:
    assert compute("{b}", look_up).working == "Table I: 2.85"


@pytest.mark.parametrize(
    "text",
    ["{a} /", "__import__('os')", "{a}.real", "[1]", "'text'", "True", "{row}", "{row} + 1",
     "2 ** 0.5", "2 ** 100", "1 / 0", "1 % 2", "1 in 2", "sum({row})", "mean(x=1)", "x"],
)  # fmt: skip
def test_refuses_what_is_not_arithmetic(text: str) -> None:
    with pytest.raises(ValueError, match="expression: "):
        compute(text, look_up)


def test_a_missing_operand_is_named() -> None:
    with pytest.raises(MissingFigureError, match="nowhere"):
        compute("{nowhere} + 1", look_up)
