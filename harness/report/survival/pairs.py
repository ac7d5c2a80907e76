"""Every pair of networks, with its published and its measured ratio and what becomes of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.records import ProfileRecord, Record, ReportedRecord
from harness.report.ratio import Ratio, rate_ratio
from harness.report.scales import plain_name
from harness.report.side import timing_of
from harness.report.survival.judge import Verdict, judge
from harness.report.survival.published import PublishedRate, Range

Basis = Literal["one GPU", "across GPUs", "TensorRT", "bound"]


@dataclass(frozen=True, kw_only=True)
class Network:
    """A row of the published table that was measured too.

    Attributes:
        label: Its name, with its input size where another row has the name too.
        rate: Its published FPS.
        reported: The published row.
        measured: Our timing, at the input size of that row.
    """

    label: str
    rate: PublishedRate
    reported: ReportedRecord
    measured: ProfileRecord

    @property
    def records(self) -> tuple[Record, ...]:
        """What it rests on."""
        return (self.reported, self.measured)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two networks; ratios are the first one's rate over the second one's.

    Attributes:
        first: The one that is ahead in print, by normalised FPS.
        second: The other one.
        basis: What stands between the two published figures.
        published: What print allows of the normalised ratio.
        printed: What print allows of the ratio of the two figures as they stand there.
        measured: The measured ratio.
        verdict: What becomes of the normalised ratio.
        raw_verdict: What becomes of the ratio as it is printed.
    """

    first: Network
    second: Network
    basis: Basis
    published: Range
    printed: Range
    measured: Ratio
    verdict: Verdict
    raw_verdict: Verdict

    @property
    def value(self) -> float | None:
        """The normalised published ratio; null where print gives a bound."""
        first, second = self.first.rate, self.second.rate
        if first.value is None or second.value is None:
            return None
        return (first.value / first.factor) / (second.value / second.factor)

    @property
    def change(self) -> float | None:
        """The measured ratio over the published one; null where print gives a bound."""
        return None if self.value is None else self.measured.value / self.value


def pairs_of(networks: Sequence[Network], tolerance: float) -> tuple[Pair, ...]:
    """Return every pair, those ahead in print first.

    Args:
        networks: In the order of their published rates, the fastest first.
        tolerance: As in `judge`.
    """
    return tuple(_pair(a, b, tolerance) for a, b in itertools.combinations(networks, 2))


def _pair(first: Network, second: Network, tolerance: float) -> Pair:
    measured = rate_ratio(timing_of(second.measured), timing_of(first.measured))
    published = first.rate.normalised.over(second.rate.normalised)
    printed = first.rate.raw.over(second.rate.raw)
    return Pair(
        first=first,
        second=second,
        basis=_basis(first, second),
        published=published,
        printed=printed,
        measured=measured,
        verdict=judge(published, measured, tolerance),
        raw_verdict=judge(printed, measured, tolerance),
    )


def _basis(first: Network, second: Network) -> Basis:
    if first.rate.value is None or second.rate.value is None:
        return "bound"
    if first.reported.tensorrt or second.reported.tensorrt:
        return "TensorRT"
    one = plain_name(first.reported.device) == plain_name(second.reported.device)
    return "one GPU" if one else "across GPUs"
