"""From where to where an axis goes: as the definition says, else around all points."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.errors import BadRequest
from harness.report.figure_definition import Axis
from harness.report.figure_values import Value

Limits = tuple[float, float]

MARGIN = 0.06  # of the spread of the points, on each side
LONE_MARGIN = 0.1  # of the one figure there is
FURTHEST = 700.0  # the largest logarithm of which a float holds the exponential, in round figures


def limits_of(axis: Axis, values: Sequence[Value], name: str) -> Limits:
    """Return the limits of an axis that shows `values`.

    Args:
        name: Name of the figure, for messages.

    Raises:
        BadRequest: If a logarithmic axis would show what is not above 0, or there is no exact
            figure that limits could be fitted to.
    """
    exact = [value for value in values if value.exact]
    if axis.scale == "log":
        for value in exact:
            if value.value <= 0:
                raise BadRequest(
                    f"figure {name}: {axis.figure} must be above 0 on a logarithmic axis, "
                    f"got {value.text}"
                )
    if axis.range is not None:
        return axis.range
    if not exact:
        raise BadRequest(
            f"figure {name}: {axis.figure} needs a range, since none of its figures is exact, "
            f"got {values[0].text}"
        )
    ends = [end for value in exact for end in (value.value, *(value.ci95 or ()))]
    return fitted(ends, log=axis.scale == "log")


def fitted(ends: Sequence[float], *, log: bool) -> Limits:
    """Return limits with a margin around `ends`; an axis of figures above 0 stays above 0."""
    if log:
        # A lower end of an interval may be 0, which no logarithmic axis reaches.
        low, high = (math.log(f(e for e in ends if e > 0)) for f in (min, max))
        margin = MARGIN * (high - low) or LONE_MARGIN
        return math.exp(max(low - margin, -FURTHEST)), math.exp(min(high + margin, FURTHEST))
    low, high = min(ends), max(ends)
    margin = MARGIN * (high - low) or LONE_MARGIN * abs(high) or 1.0
    return max(low - margin, 0.0) if low >= 0 else low - margin, high + margin
