"""A published rate as a range: what its printed digits, its `~` or its `<` allow."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.errors import BadRequest
from harness.records import ReportedRecord
from harness.report.audit.printed import Printed, parse
from harness.report.normalise import factor
from harness.report.scales import Scales


@dataclass(frozen=True)
class Range:
    """From the least to the greatest value that something can have; both may be it."""

    low: float
    high: float

    def over(self, other: Range) -> Range:
        """Return the range of the ratio of this one to `other`; neither reaches below 0."""
        return Range(self.low / other.high, self.high / other.low if other.low else math.inf)

    def scaled(self, by: float) -> Range:
        """Return `by` times this range."""
        return Range(self.low * by, self.high * by)

    def widened(self, share: float) -> Range:
        """Return this range of ratios, reaching `1 + share` times as far on both sides."""
        return Range(self.low / (1 + share), self.high * (1 + share))

    @property
    def side(self) -> int:
        """On which side of 1 it lies: 1 above, -1 below, 0 where it holds 1."""
        return 1 if self.low > 1 else -1 if self.high < 1 else 0


@dataclass(frozen=True, kw_only=True)
class PublishedRate:
    """A printed FPS.

    Attributes:
        value: The printed number; null for a bound (`<1`) and for what is only about right (`~1`).
        raw: What print allows, on the card of the row.
        factor: What it is divided by to be normalised.
    """

    value: float | None
    raw: Range
    factor: float

    @property
    def normalised(self) -> Range:
        """What print allows, on the reference card without TensorRT."""
        return self.raw.scaled(1 / self.factor)

    @property
    def place(self) -> float:
        """Where it stands among normalised rates."""
        value = self.raw.low if math.isinf(self.raw.high) else (self.raw.low + self.raw.high) / 2
        return value / self.factor


def published_rate(record: ReportedRecord, scales: Scales, where: str) -> PublishedRate:
    """Return the FPS of a reported row.

    Args:
        record: The row; it has an FPS.
        scales: Factors of the cards.
        where: Begins a message, e.g. `table ratios`.

    Raises:
        BadRequest: If the FPS is no number above 0, or `scales` lacks its card or TensorRT.
    """
    printed = parse(record.figures["fps"])
    if printed is None or printed.value <= 0:
        raise BadRequest(
            f"{where}: FPS of {record.label} ({record.source.place}) must be a number above 0, "
            f"got {record.figures['fps']!r}"
        )
    by = factor(record.device, scales, tensorrt=record.tensorrt)
    if by is None:
        device = record.device + (" with TensorRT" if record.tensorrt else "")
        raise BadRequest(
            f"{where}: {scales.name} must have a scale of every published device, got none of "
            f"{device}"
        )
    value = None if printed.sign else float(printed.value)
    return PublishedRate(value=value, raw=_range(printed), factor=by)


def _range(printed: Printed) -> Range:
    value, half = float(printed.value), float(printed.step) / 2
    if printed.sign == "<":
        return Range(0.0, value)
    if printed.sign == ">":
        return Range(value, math.inf)
    return Range(value - half, value + half)
