"""A ratio of two rates with its 95% interval, and what it allows to claim.

Each rate comes with the half-width of its own 95% interval, a Student t times its standard error.
Half-widths are joined in quadrature, which for any number of independent rates, whatever their
variances and their numbers of blocks, gives an interval that covers at least 95%, slightly more
where blocks are few (Banerjee, Sankhya 22, 1960). They are joined on logarithms, so that B over A
is the exact inverse of A over B.

The interval knows the noise that the two measurements saw. What differed between them and stayed
the same during each (another kernel, a neighbour on the machine all along) it cannot know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.timing_records import Timing

Verdict = Literal["faster", "slower", "no difference", "unknown"]


@dataclass(frozen=True)
class Ratio:
    """B's rate over A's: above 1, B is faster.

    Attributes:
        value: The ratio.
        log_half_width: Half-width of the 95% interval of its logarithm; null where it is unknown.
    """

    value: float
    log_half_width: float | None

    @property
    def ci95(self) -> tuple[float, float] | None:
        """The 95% interval; null where it is unknown."""
        if self.log_half_width is None:
            return None
        factor = math.exp(self.log_half_width)
        return self.value / factor, self.value * factor

    @property
    def verdict(self) -> Verdict:
        """What may be claimed: a difference only where the interval excludes 1."""
        if self.ci95 is None:
            return "unknown"
        low, high = self.ci95
        if low <= 1 <= high:
            return "no difference"
        return "faster" if low > 1 else "slower"

    def slower_by(self, share: float) -> bool:
        """Whether B is slower beyond the noise, and its rate is below `1 - share` of A's.

        Two conditions, since a gate has two ways to be wrong. The interval alone would fail a
        build for 0.1% that was measured well; the estimate alone for 20% that is noise. That the
        whole interval lies below `1 - share` is not asked: it would let a loss of just above
        `share` pass every time.
        """
        return self.verdict == "slower" and self.value < 1 - share


def rate_ratio(a: Timing, b: Timing) -> Ratio:
    """Return `b`'s FPS over `a`'s."""
    widths = [relative_half_width(timing) for timing in (a, b)]
    return Ratio(b.fps / a.fps, _quadrature(widths))


def geometric_mean(ratios: Sequence[Ratio]) -> Ratio:
    """Return the geometric mean of independent ratios; its interval needs that of each of them.

    The interval is that of the noise in these ratios. It does not say what the ratio of a network
    that is not among them would be.
    """
    logs = [math.log(ratio.value) for ratio in ratios]
    width = _quadrature([ratio.log_half_width for ratio in ratios])
    return Ratio(
        math.exp(math.fsum(logs) / len(logs)), None if width is None else width / len(ratios)
    )


def relative_half_width(timing: Timing) -> float | None:
    """Return the half-width of the interval of `timing.fps`, relative to it.

    From the upper end, since the lower one is cut off at 0.
    """
    if timing.fps_ci95 is None:
        return None
    return timing.fps_ci95[1] / timing.fps - 1


def _quadrature(widths: Sequence[float | None]) -> float | None:
    known = [width for width in widths if width is not None]
    return math.hypot(*known) if len(known) == len(widths) else None
