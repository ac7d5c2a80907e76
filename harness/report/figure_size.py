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

    None is above the largest by more than a twentieth: its marker has to fit.

    Example:
        >>> examples([0.76, 2.85, 11.8, 49])
        (1.0, 5.0, 50.0)
    """
    low, high = min(values), max(values)
    rounds = {_round(low), _round(math.sqrt(low * high)), _round(high), _round(high / 2)}
    fitting = sorted(value for value in rounds if value <= 1.05 * high)
    if len(fitting) > EXAMPLES:
        fitting = [fitting[0], fitting[1], fitting[-1]]
    return tuple(fitting)


def _round(value: float) -> float:
    """Return the 1, 2 or 5 times a power of ten that is nearest to `value` as a ratio."""
    power = 10.0 ** math.floor(math.log10(value))
    near = [step * power for step in (*STEPS, 10.0)]
    return min(near, key=lambda each: abs(math.log(each / value)))
