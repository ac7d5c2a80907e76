"""How large a marker is that shows a figure by its area."""

from __future__ import annotations

import math
from collections.abc import Sequence

LARGEST, SMALLEST = 15.0, 2.6  # points; a smaller marker does not show its shape
STEPS = (1.0, 2.0, 5.0)
EXAMPLES = 3


def diameter(value: float, largest: float) -> float:
    """Return the diameter in points of the marker of `value`, its area in proportion to it.

    Below `SMALLEST` it no longer shrinks.
    """
    return max(SMALLEST, LARGEST * math.sqrt(max(value, 0.0) / largest))


def examples(values: Sequence[float]) -> tuple[float, ...]:
    """Return up to three round figures that span `values`, for the legend of the sizes.

    Example:
        >>> examples([0.76, 2.85, 11.8, 49])
        (1.0, 5.0, 50.0)
    """
    low, high = min(values), max(values)
    rounds = sorted({_round(low), _round(math.sqrt(low * high)), _round(high)})
    return tuple(rounds[-EXAMPLES:])


def _round(value: float) -> float:
    """Return the 1, 2 or 5 times a power of ten that is nearest to `value` as a ratio."""
    power = 10.0 ** math.floor(math.log10(value))
    near = [step * power for step in (*STEPS, 10.0)]
    return min(near, key=lambda each: abs(math.log(each / value)))
