"""What a results folder holds already that a search may propose, as figures by variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.proxy_record import ProxyRecord
from harness.records import FailedRecord, ProfileRecord, Record
from harness.store import stream
from harness.sweep.known import Expected
from harness.sweep.plan import Key
from harness.sweep.search.aim import Figures


class FiguresOf(Protocol):
    """What reports make of records: figures by column, mIoU and proxies joined."""

    def __call__(self, records: Sequence[ProfileRecord]) -> Sequence[Figures]:
        """Return the figures of each record."""

    def add(self, record: ProxyRecord) -> None:
        """Take what a proxy says, to be joined from now on."""


_TOGETHER = 1000


@dataclass
class Recorded:
    """What is known by variant.

    Attributes:
        measured: Figures of those of which all is measured that the sweep measures.
        counted: In a sweep that times, figures of those that are counted.
        failed: Why others could not be measured.
    """

    measured: dict[Key, Figures] = field(default_factory=dict)
    counted: dict[Key, Figures] = field(default_factory=dict)
    failed: dict[Key, str] = field(default_factory=dict)


def recorded(
    results: Path, expected: Expected, counted: Expected, figures_of: FiguresOf
) -> Recorded:
    """Return what `results` holds of a sweep; of several records of a variant the newest.

    Args:
        results: The folder; one that does not exist is empty.
        expected: Which records have all that the sweep measures.
        counted: Which have its counts.
        figures_of: Makes figures of records.
    """
    found = Recorded()
    waiting: list[ProfileRecord] = []
    for record in stream(results, [], refuse_other_schemas=True):
        if isinstance(record, FailedRecord):
            for key in _keys(record, expected):
                found.failed[key] = record.reason
        elif isinstance(record, ProfileRecord):
            waiting.append(record)
            if len(waiting) == _TOGETHER:
                _take(found, waiting, expected, counted, figures_of)
                waiting.clear()
    _take(found, waiting, expected, counted, figures_of)
    for key in found.measured.keys() & found.failed.keys():
        del found.failed[key]
    return found


def _take(
    found: Recorded,
    records: Sequence[ProfileRecord],
    expected: Expected,
    counted: Expected,
    figures_of: FiguresOf,
) -> None:
    for record, figures in zip(records, figures_of(records), strict=True):
        for key in _keys(record, expected):
            found.measured[key] = figures
        for key in _keys(record, counted) if counted is not expected else ():
            found.counted[key] = figures


def _keys(record: Record, expected: Expected) -> list[Key]:
    assert isinstance(record, ProfileRecord | FailedRecord)
    try:
        spec = bytes.fromhex(record.spec_sha256)
    except ValueError:
        return []
    return [Key(spec, *size) for size in expected.sizes(record)]
