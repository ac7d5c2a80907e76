"""A printed figure, and when an exact one is the same: rounding half up to the printed digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Literal

DIGITS = 50  # of a quotient before it is rounded: far more than any figure here has

_FORM = re.compile(r"([~<>]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?")


@dataclass(frozen=True)
class Printed:
    """A figure as it stands in print.

    Attributes:
        sign: `~` about, `<` less than, `>` more than, or nothing.
        value: The number.
        decimals: Digits after the point.
    """

    sign: Literal["", "~", "<", ">"]
    value: Decimal
    decimals: int

    def __str__(self) -> str:
        return f"{self.sign}{self.value:,.{self.decimals}f}"

    @property
    def step(self) -> Decimal:
        """The distance of two neighbouring figures in print.

        It is one in the last digit; of an integer that is only about right, in the last digit that
        is not 0, since `~40` tells tens.
        """
        if self.sign == "~" and self.decimals == 0 and self.value:
            digits = str(int(self.value))
            return Decimal(10) ** (len(digits) - len(digits.rstrip("0")))
        return Decimal(1).scaleb(-self.decimals)

    def same(self, exact: Fraction) -> bool:
        """Return whether `exact` is what is printed."""
        if self.sign == "<":
            return exact < Fraction(self.value)
        if self.sign == ">":
            return exact > Fraction(self.value)
        return half_up(exact, self.step) == self.value

    def rounded(self, exact: Fraction) -> str:
        """Return `exact` with as many digits as this figure."""
        return f"{half_up(exact, self.step):,.{self.decimals}f}"


def half_up(exact: Fraction, step: Decimal) -> Decimal:
    """Return the multiple of `step` nearest to `exact`; of two, the one farther from 0."""
    with localcontext() as context:
        context.prec = DIGITS
        steps = Decimal(exact.numerator) / Decimal(exact.denominator) / step
        return steps.quantize(Decimal(1), ROUND_HALF_UP) * step


def parse(text: str) -> Printed | None:
    """Return a figure of print; null where `text` is not a number (`512×1024×16`).

    Example:
        >>> parse("5,000").value, parse("~2.1").sign, parse("4.10").decimals
        (Decimal('5000'), '~', 2)
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    sign, whole, decimals = found.groups(default="")
    number = whole.replace(",", "") + (f".{decimals}" if decimals else "")
    return Printed(sign, Decimal(number), len(decimals))  # type: ignore[arg-type]


def plain(exact: Fraction, decimals: int) -> str:
    """Return `exact` to read: at most `decimals` digits after the point, no zeros at the end."""
    text = f"{half_up(exact, Decimal(1).scaleb(-decimals)):,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
