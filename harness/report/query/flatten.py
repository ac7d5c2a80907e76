"""A record as one flat row, by the names of `columns`; what it does not say is not in the row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import (
    DeviceRecord,
    FailedRecord,
    ProfileRecord,
    Record,
    ReportedRecord,
    StaticCost,
)
from harness.report.conditions import (
    AS_BUILT,
    WEIGHTS,
    device_name,
    identified,
    of_reported,
)
from harness.report.query.columns import DEVICE_BYTES, DEVICE_MACS, MACS, PROXY, REPORTED
from harness.timing_records import Timing

Row = dict[str, Any]
PERCENT = 100


class Flattener:
    """Makes rows of records; texts that many of them share are made and kept once."""

    def __init__(self) -> None:
        self._lists: dict[str, str] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._texts: dict[str, str] = {}

    def row(self, record: Record) -> Row:
        """Return the row of a record."""
        row: Row = {"kind": record.kind}
        if isinstance(record, DeviceRecord):
            return row | _of_device(record)
        row["variant"] = record.variant
        if isinstance(record, ReportedRecord):
            return row | _of_reported(record)
        row["spec_sha256"] = record.spec_sha256
        row["created"] = self._once(record.created)
        self._add_options(row, record.spec)
        if isinstance(record, LoggedRecord):
            row |= {"miou": record.miou, "miou_use": record.use}
            row["miou_split"] = record.reading.split
            return row
        row["input"] = shape_text(record.input_shape)
        if isinstance(record, ProxyRecord):
            return row | {f"{PROXY}{record.name}": record.value, "reason": record.reason}
        if isinstance(record, ProfileRecord):
            _add_counts(row, record.static)
            if record.timing is not None:
                row |= _of_timing(record.timing)
                self._add_conditions(row, record, record.timing.protocol)
            return row
        row |= {"reason": record.reason, "peak_memory_bytes": record.peak_memory_bytes}
        self._add_conditions(row, record, record.protocol)
        return row

    def _once(self, text: str) -> str:
        return self._texts.setdefault(text, text)

    def _add_options(self, row: Row, spec: Mapping[str, Any]) -> None:
        for slot, choice in spec.items():
            if not isinstance(choice, dict):
                continue  # no slot, so nothing that has a name of the form slot.option
            for option, value in choice.items():
                name = self._names.get((slot, option))
                if name is None:
                    name = self._names[slot, option] = f"{slot}.{option}"
                if type(value) is list or type(value) is dict:
                    key = str(value)
                    text = self._lists.get(key)
                    if text is None:
                        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
                        self._lists[key] = text
                    value = text
                elif type(value) is str:
                    value = self._texts.setdefault(value, value)
                row[name] = value

    def _add_conditions(
        self, row: Row, record: ProfileRecord | FailedRecord, protocol: Mapping[str, Any]
    ) -> None:
        """Add what a timing was taken on; a count that failed has no protocol, and no device."""
        if not protocol:
            return
        row["protocol"] = self._once(identified(protocol, record.weights)[0])
        row["device"] = self._once(device_name(record.environment))
        row[WEIGHTS] = self._once(record.weights.label if record.weights else AS_BUILT)
        for name in ("backend", "precision"):
            if protocol.get(name) is not None:
                row[name] = self._once(str(protocol[name]))


@cache
def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as the column `input` has it."""
    return "x".join(map(str, shape))


@cache
def _macs(convention: str) -> str:
    return f"{MACS}{convention}"


def _add_counts(row: Row, static: StaticCost) -> None:
    row["params"] = static.params
    row["params_constructed"] = static.params_constructed
    row["conv_io"] = static.conv_io
    row["peak_activation_bytes"] = static.peak_activation_bytes
    for convention, macs in static.macs.items():
        row[_macs(convention)] = macs


def _of_timing(timing: Timing) -> Row:
    row: Row = {f"latency_s.{name}": value for name, value in vars(timing.latency_s).items()}
    row |= {"fps": timing.fps, "iterations": timing.iterations, "energy_j": timing.energy_j}
    row |= {"peak_memory_bytes": timing.peak_memory_bytes, "warnings": len(timing.warnings)}
    if timing.fps_ci95 is not None:
        row["fps_low"], row["fps_high"] = timing.fps_ci95
    if timing.limits is not None:
        row |= {"roofline_s": timing.limits.roofline_s, "roofline_share": timing.limits.share}
    return row


def _of_reported(record: ReportedRecord) -> Row:
    """Return a printed row: frames per second and mIoU beside ours, all figures as `reported`.

    A printed count is rounded and does not name its rule, so it does not stand beside ours.
    """
    row: Row = {"label": record.label, "table": record.table}
    if record.input_shape is not None:
        row["input"] = shape_text(record.input_shape)
    figures = {name: _number(text) for name, text in record.figures.items()}
    row |= {f"{REPORTED}{name}": value for name, value in figures.items() if value is not None}
    if (fps := figures.get("fps")) is not None:
        conditions = of_reported(record)
        row |= {"fps": fps, "device": conditions.device, "protocol": conditions.protocol_id}
    if (miou := figures.get("miou")) is not None:
        row["miou"] = miou / PERCENT
    return row


def _number(text: str) -> float | None:
    """Return a printed figure; null where it is none, such as `~1` or `<1`."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value - value == 0 else None  # what is no number can still read `nan`


def _of_device(record: DeviceRecord) -> Row:
    row: Row = {f"{DEVICE_MACS}{name}": rate for name, rate in record.macs_per_s.items()}
    row |= {DEVICE_BYTES: record.bytes_per_s, "created": record.created}
    return row | {"device": device_name(record.environment)}
