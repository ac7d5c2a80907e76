"""What a results folder already holds of a sweep, read off its records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import FailedRecord, ProfileRecord, Record
from harness.store import stream
from harness.sweep.plan import Key, Plan
from harness.sweep.tally import Size


@dataclass(frozen=True)
class Expected:
    """Which records are those of a sweep, besides having one of its specs.

    Attributes:
        shapes: Input of a count, by the size that the plan has.
        protocols: Of a timing, by size; null where the sweep only counts. A sweep times networks as
            built, so that records of trained weights are none of it.
        device: Name of the device of a timing.
    """

    shapes: Mapping[Size, tuple[int, ...]]
    protocols: Mapping[Size, Mapping[str, Any]] | None = None
    device: str | None = None

    def sizes(self, record: ProfileRecord | FailedRecord | ProxyRecord) -> list[Size]:
        """Return the sizes of the plan that the record measures; none if it is of another kind."""
        if isinstance(record, ProxyRecord):
            inputs = self.shapes if self.protocols is None else _inputs(self.protocols)
            return [size for size, shape in inputs.items() if shape == record.input_shape]
        if self.protocols is None:
            if isinstance(record, FailedRecord) and record.protocol:
                return []
            return [size for size, shape in self.shapes.items() if shape == record.input_shape]
        protocol = record.protocol if isinstance(record, FailedRecord) else _completed(record)
        if protocol is None or record.weights is not None or _device(record) != self.device:
            return []
        return [size for size, wanted in self.protocols.items() if wanted == protocol]


@dataclass
class Known:
    """What was found, by position in the plan.

    Attributes:
        done: Variants that are measured.
        failed: Why others could not be.
        miou: Of variants with logged records, each one's mIoU as a fraction.
        problems: A line for each record that cannot be read.
    """

    done: set[int] = field(default_factory=set)
    failed: dict[int, str] = field(default_factory=dict)
    miou: dict[int, list[float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def records_of(
    results: Path, plan: Plan, expected: Expected, problems: list[str]
) -> Iterator[tuple[Sequence[int], Record]]:
    """Yield the records that are about variants of a plan, each with the positions of these.

    Records of the sweep's own measurements, its failures, and what is known of its specs besides.

    Raises:
        OtherSchema: If a record there is of another schema.
    """
    by_spec: dict[bytes, list[int]] = {}
    for key, position in plan.positions.items():
        by_spec.setdefault(key.spec, []).append(position)
    for record in stream(results, problems, refuse_other_schemas=True):
        if not isinstance(record, ProfileRecord | FailedRecord | LoggedRecord | ProxyRecord):
            continue
        try:
            spec = bytes.fromhex(record.spec_sha256)
        except ValueError:
            continue
        if spec not in by_spec:
            continue
        if isinstance(record, LoggedRecord):
            yield by_spec[spec], record
            continue
        keys = [Key(spec, *size) for size in expected.sizes(record)]
        if positions := [plan.positions[key] for key in keys if key in plan.positions]:
            yield positions, record


def look(
    results: Path,
    plan: Plan,
    expected: Expected,
    see: Callable[[int, ProfileRecord], None] = lambda _position, _record: None,
) -> Known:
    """Return what `results` holds of a plan.

    Args:
        results: The folder; one that does not exist is empty.
        plan: The sweep.
        expected: Which records count.
        see: Hears of the first record of each variant that is measured.

    Raises:
        OtherSchema: If a record there is of another schema.
    """
    known = Known()
    for positions, record in records_of(results, plan, expected, known.problems):
        for position in positions:
            if isinstance(record, LoggedRecord):
                known.miou.setdefault(position, []).append(record.miou)
            elif isinstance(record, FailedRecord):
                known.failed[position] = record.reason
            elif isinstance(record, ProfileRecord) and position not in known.done:
                known.done.add(position)
                see(position, record)
    for position in known.done & known.failed.keys():
        del known.failed[position]
    return known


def _inputs(protocols: Mapping[Size, Mapping[str, Any]]) -> dict[Size, tuple[int, ...]]:
    return {size: tuple(protocol["input"]) for size, protocol in protocols.items()}


def _completed(record: ProfileRecord) -> Mapping[str, Any] | None:
    """Return the protocol of a timing that was not cut short."""
    if record.timing is None or record.timing.stopped_by == "interrupt":
        return None
    return record.timing.protocol


def _device(record: ProfileRecord | FailedRecord) -> str | None:
    device = record.environment.get("device")
    return device.get("name") if isinstance(device, dict) else None
