"""How many digits of a figure mean something: as the paper prints it, or as its spread says."""

from __future__ import annotations

import math
from typing import Literal

Digits = Literal["paper", "spread"]
CHOICES: tuple[Digits, ...] = ("paper", "spread")

PLUS_MINUS = " ± "


def spread(value: float, half_width: float) -> str:
    """Return `value` and its half-width, down to the first significant digit of the latter.

    Where that digit is 1 there is one more, since a rounding step would be as large as the spread.
    The half-width is above 0.

    Example:
        >>> spread(41.1234, 0.287)
        '41.1 ± 0.3'
        >>> spread(0.9733, 0.0137)
        '0.973 ± 0.014'
        >>> spread(1234.0, 250.0)
        '1200 ± 300'
    """
    digits = -math.floor(math.log10(half_width))
    first = half_width * 10**digits  # from 1 up to, not including, 10
    digits += round(first, 1) < 2
    return deviating(round(value, digits), round(half_width, digits), max(digits, 0))


def deviating(value: float, deviation: float, digits: int) -> str:
    """Return `value` and what it deviates by, both with `digits` after the point."""
    return f"{value:.{digits}f}{PLUS_MINUS}{deviation:.{digits}f}"
