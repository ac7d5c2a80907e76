"""What a reader may ask of a record: what it is, of what, when, by which rule."""

from __future__ import annotations

from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import DeviceRecord, FailedRecord, ProfileRecord, Record, ReportedRecord
from harness.report.conditions import device_name, of_profile

HASH_DIGITS = 12

Facts = tuple[tuple[str, str], ...]


def record_facts(record: Record) -> Facts:
    """Return name and text of each fact; the first says what kind of record it is."""
    if isinstance(record, ReportedRecord):
        return _reported(record)
    if isinstance(record, LoggedRecord):
        return _logged(record)
    if isinstance(record, ProfileRecord):
        return _profile(record)
    return _other(record)


def record_line(record: Record) -> str:
    """Return the facts in one line."""
    (_, kind), *facts = record_facts(record)
    return f"{kind}: " + ", ".join(f"{name} {text}" for name, text in facts)


def _reported(record: ReportedRecord) -> Facts:
    facts = [("record", "reported"), ("source", record.source.work), ("place", record.source.place)]
    if record.input_shape:
        facts.append(("input", _size(record.input_shape)))
    device = record.device + (" with TensorRT" if record.tensorrt else "")
    return (*facts, ("device", device))


def _logged(record: LoggedRecord) -> Facts:
    reading = record.reading
    return (
        ("record", "training log"),
        ("file", record.file),
        ("file hash", record.file_sha256[:HASH_DIGITS]),
        ("validation", {"best": "best of the run", "final": "last of the run"}[record.use]),
        ("split", reading.split or "not stated"),
        *_dated(record),
    )


def _profile(record: ProfileRecord) -> Facts:
    facts = [("record", "counted" if record.timing is None else "measured")]
    facts.append(("input", _size(record.input_shape)))
    if record.timing is not None:
        conditions = of_profile(record)
        facts += [("device", conditions.device), ("protocol", conditions.protocol_id)]
        facts.append(("passes", f"{record.timing.iterations:,}"))
    return (*facts, *_weights(record), *_dated(record))


def _weights(record: ProfileRecord | FailedRecord) -> Facts:
    return (("weights", record.weights.label),) if record.weights else ()


def _dated(record: ProfileRecord | LoggedRecord | FailedRecord | ProxyRecord) -> Facts:
    return ("created", record.created), ("spec hash", record.spec_sha256[:HASH_DIGITS])


def _other(record: FailedRecord | DeviceRecord | ProxyRecord) -> Facts:
    device = ("device", device_name(record.environment))
    if isinstance(record, DeviceRecord):
        return ("record", "device"), device, ("created", record.created)
    if isinstance(record, ProxyRecord):
        return ("record", "proxy"), (record.name, str(record.value)), *_dated(record)
    return (
        ("record", "failed"),
        device,
        ("reason", record.reason),
        *_weights(record),
        *_dated(record),
    )


def _size(shape: tuple[int, int, int, int]) -> str:
    return f"{shape[2]}×{shape[3]}"
