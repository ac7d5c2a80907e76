"""Axes as numbers: where a figure stands along one, and where its ticks are."""

from __future__ import annotations

import math
from dataclasses import dataclass

FEWEST = 3
LOG_STEPS = (1.0, 2.0, 5.0)
LINEAR_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From where to where an axis goes, in its figure's unit and on the page.

    Attributes:
        low: Figure at `start`.
        high: Figure at `end`.
        start: Coordinate.
        end: Coordinate.
        log: Whether equal ratios have equal lengths.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return the coordinate of a figure; beyond the axis it goes on."""
        low, high = self._line(self.low), self._line(self.high)
        share = (self._line(value) - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def within(self, value: float) -> float:
        """Return the coordinate of a figure, at the nearer end where it lies beyond."""
        return self.at(min(max(value, self.low), self.high))

    def ticks(self, most: int) -> tuple[float, ...]:
        """Return round figures along the axis, about `most` of them at most."""
        if self.log:
            found = _log_ticks(self.low, self.high, most)
            if len(found) >= FEWEST:
                return found
        return _linear_ticks(self.low, self.high, most)

    def _line(self, value: float) -> float:
        return math.log(max(value, self.low * 1e-3)) if self.log else value


def _linear_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(s * power for s in LINEAR_STEPS if (high - low) / (s * power) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(k * step, 10) for k in range(first, last + 1))


def _log_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Return 1, 2 and 5 times powers of ten, or the powers alone where those are too many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in (LOG_STEPS, LOG_STEPS[:1]):
        found = [s * 10.0**k for k in powers for s in steps]
        inside = tuple(float(f"{t:.10g}") for t in found if low <= t <= high)
        if len(inside) <= most:
            break
    return inside


def tick_text(value: float) -> str:
    """Return a tick as a plain number."""
    return f"{value:.10g}"
