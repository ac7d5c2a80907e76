"""What there is to judge a timing by."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.timing import telemetry
from harness.timing.part import Part
from harness.timing.protocol import Protocol
from harness.timing_records import Telemetry


@dataclass(frozen=True)
class Evidence:
    """What a rule may look at.

    Attributes:
        protocol: What was asked.
        parts: The rounds, in the order of time.
        half_width: Of the 95% interval of the mean, relative; null where there is none.
        stopped_by: Why timing ended.
    """

    protocol: Protocol
    parts: tuple[Part, ...]
    half_width: float | None
    stopped_by: str

    @property
    def pass_s(self) -> tuple[float, ...]:
        """Seconds of all passes, in the order of time."""
        return tuple(seconds for part in self.parts for seconds in part.pass_s)

    @property
    def round_means_s(self) -> tuple[float, ...]:
        """Mean seconds per pass of each round."""
        return tuple(math.fsum(part.pass_s) / len(part.pass_s) for part in self.parts)

    @property
    def telemetry(self) -> Telemetry | None:
        """What the machine said over all rounds; null where nobody asked."""
        return telemetry.combine([part.telemetry for part in self.parts if part.telemetry])


def percent(share: float) -> str:
    """Return a share as text, three digits: one just beyond its limit does not read as at it."""
    return f"{share * 100:,.0f}%" if share >= 1 else f"{share * 100:.3g}%"
