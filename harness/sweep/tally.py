"""What a sweep's summary says, kept while it runs: counts, failures and the extremes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.proxy_record import ProxyRecord
from harness.records import FailedRecord, ProfileRecord, Record

Figures = Mapping[str, float]
Size = tuple[int, int]


class Failure(NamedTuple):
    """A variant that could not be measured at a height and width, and why."""

    variant: str
    size: Size
    reason: str


class Extreme(NamedTuple):
    """The least or most of a figure, the first variant that has it, and at which size."""

    value: float
    variant: str
    size: Size


@dataclass
class Tally:
    """How a sweep stands.

    Attributes:
        planned: Variants of the sweep.
        reused: Variants that the results folder held already.
        measured: Variants measured now; their records are on the disk.
        failures: Variants that could not be measured, now or before.
        least: By figure.
        most: By figure.
    """

    planned: int = 0
    reused: int = 0
    measured: int = 0
    failures: list[Failure] = field(default_factory=list)
    least: dict[str, Extreme] = field(default_factory=dict)
    most: dict[str, Extreme] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Variants that need nothing more."""
        return self.reused + self.measured + len(self.failures)

    def see(self, variant: str, size: Size, figures: Figures) -> None:
        """Note a variant's figures at a height and width."""
        for name, value in figures.items():
            if name not in self.least or value < self.least[name].value:
                self.least[name] = Extreme(value, variant, size)
            if name not in self.most or value > self.most[name].value:
                self.most[name] = Extreme(value, variant, size)


def size_of(record: ProfileRecord | FailedRecord | ProxyRecord) -> Size:
    """Return height and width of a record's input."""
    height, width = record.input_shape[2:]
    return height, width


def figures_of(record: Record) -> dict[str, float]:
    """Return the figures of a record that a summary shows: counts, bytes and FPS as stored."""
    if not isinstance(record, ProfileRecord):
        return {}
    figures: dict[str, float] = {
        "params": record.static.params,
        "macs_conv": record.static.macs["conv"],
        "macs_paper": record.static.macs["paper"],
        "conv_io": record.static.conv_io,
        "peak_activation_bytes": record.static.peak_activation_bytes,
    }
    if record.timing is not None:
        figures["fps"] = record.timing.fps
    return figures
