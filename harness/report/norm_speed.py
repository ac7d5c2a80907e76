"""The column FPS (norm.): figures of unlike devices, made comparable by one scale each.

Unlike devices may share it, which is what it is for, and so may measured and reported figures, each
marked. Unlike protocols may not: no scale makes up for another precision or another backend.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import BadRequest
from harness.records import ProfileRecord, ReportedRecord
from harness.report.conditions import Conditions, device_name, differences, of_profile, of_reported
from harness.report.model import NO_FIGURE
from harness.report.normalise import DEVICE_BOUND, normalised, uses_tensorrt
from harness.report.rows import RowRecords
from harness.report.scales import Scales
from harness.report.speed import FpsChoice, matching
from harness.report.speed_notes import protocol_text, weights_notes

COLUMN = "FPS (norm.)"


@dataclass(frozen=True, kw_only=True)
class NormSpeeds:
    """The records behind the column.

    Attributes:
        records: The record of each row that has one, by the row's position.
        scales: The table that measured figures are normalised by; null without the column.
        besides: Protocol keys that a column beside it states for every row.
    """

    records: dict[int, ProfileRecord | ReportedRecord]
    scales: Scales | None
    besides: Collection[str] = ()

    def value(self, record: ProfileRecord) -> float | None:
        """Return the figure of a measured record; null where its device has no scale."""
        return normalised(record, self.scales) if self.scales else None


def choose_norm_speeds(
    rows: Sequence[RowRecords],
    choice: FpsChoice,
    scales: Scales,
    *,
    besides: Collection[str] = (),
) -> NormSpeeds:
    """Return the records for the column.

    A row's own measurement goes before a reported figure, and of several measurements the newest on
    a device that has a scale. `choice` narrows the measured figures, or the reported ones where
    nothing was measured. `besides` are protocol keys that a column states for every row.

    Raises:
        BadRequest: If measured figures of more than one protocol are left, or none although
            `choice` names a device or protocol.
    """
    measured = [
        (i, record, of_profile(record, besides=besides))
        for i, row in enumerate(rows)
        for record in row.timed
    ]
    reported = [
        (i, row.reported, of_reported(row.reported))
        for i, row in enumerate(rows)
        if row.reported and "fps_norm" in row.reported.figures
    ]
    if choice.origin == "reported":
        measured = []
    elif choice.origin == "measured":
        reported = []
    records: dict[int, ProfileRecord | ReportedRecord] = {}
    left = _left([c for _, _, c in measured or reported], choice)
    records.update((i, r) for i, r, c in reported if measured or c in left)
    _refuse_unlike([c for _, _, c in measured if c in left])
    newest = [(i, r) for i, r, c in measured if c in left]  # oldest first: the newest remains
    records.update(newest)
    records.update((i, r) for i, r in newest if normalised(r, scales) is not None)
    return NormSpeeds(records=records, scales=scales, besides=besides)


def norm_notes(rows: Sequence[RowRecords], speeds: NormSpeeds) -> list[str]:
    """Return the footnotes of the column."""
    scales = speeds.scales
    assert scales is not None  # there is no column without
    profiles = [r for r in speeds.records.values() if isinstance(r, ProfileRecord)]
    shown = [r for r in profiles if speeds.value(r) is not None]
    reported = [r for r in speeds.records.values() if isinstance(r, ReportedRecord)]
    notes = []
    if shown:
        notes += [
            _rule(shown, scales),
            *_protocols(shown, speeds.besides),
            *weights_notes(COLUMN, shown),
        ]
    if reported:
        devices = ", ".join(dict.fromkeys(r.device for r in reported))
        notes.append(f"{COLUMN}: as reported, normalised there, of {devices}.")
    missing = [r for r in profiles if speeds.value(r) is None]
    if missing:
        names = ", ".join(dict.fromkeys(_scaled_by(r) for r in missing))
        notes.append(
            f"{NO_FIGURE} in {COLUMN}: {scales.name} has no scale of {names}; give one in a table "
            "of your own, by the key `scales` of this table's definition (`harness compare A B "
            "--across device` measures it)."
        )
    if len(speeds.records) < len(rows):
        notes.append(f"{NO_FIGURE} in {COLUMN}: not timed, or nowhere reported.")
    return notes


def _left(conditions: Sequence[Conditions], choice: FpsChoice) -> set[Conditions]:
    return set(matching(conditions, choice, what=f"{COLUMN} column: no figure"))


def _refuse_unlike(conditions: Sequence[Conditions]) -> None:
    """Refuse two protocols on one device, or on two that differ in more than a device brings."""
    by_device: dict[str, dict[str, Conditions]] = {}
    conditions = list(dict.fromkeys(conditions))
    for each in conditions:
        by_device.setdefault(each.device, {})[each.protocol_id] = each
    for several in by_device.values():
        _refuse_several([(c, dict(c.protocol)) for c in several.values()])
    portable: dict[str, tuple[Conditions, dict[str, Any]]] = {}
    for each in conditions:
        protocol = {k: v for k, v in each.protocol.items() if k not in DEVICE_BOUND}
        portable.setdefault(json.dumps(protocol, sort_keys=True), (each, protocol))
    _refuse_several(list(portable.values()))


def _refuse_several(protocols: Sequence[tuple[Conditions, dict[str, Any]]]) -> None:
    if len(protocols) > 1:
        names = "; ".join(str(conditions) for conditions, _ in protocols)
        differ = differences([protocol for _, protocol in protocols])
        raise BadRequest(
            f"{COLUMN} column: one protocol, got {names}; protocols differ in {differ}; "
            "decide with --protocol"
        )


def _rule(records: Sequence[ProfileRecord], scales: Scales) -> str:
    """Return what the figures are, and which device's FPS was divided by what."""
    divided: dict[str, None] = {}
    for record in records:
        device = device_name(record.environment)
        tensorrt = f" and by {scales.tensorrt:g} for TensorRT" if uses_tensorrt(record) else ""
        divided[f"{device} by {scales.scale(device):g}{tensorrt}"] = None
    return (
        f"{COLUMN}: an estimate of the FPS on {scales.reference}, as if one factor fitted every "
        f"network; FPS divided by the scale of its device ({scales.source}): {', '.join(divided)}."
    )


def _protocols(records: Sequence[ProfileRecord], besides: Collection[str]) -> list[str]:
    found = dict.fromkeys(of_profile(record, besides=besides) for record in records)
    texts = dict.fromkeys(protocol_text(conditions) for conditions in found)
    return [f"{COLUMN}: protocol {text}." for text in texts]


def _scaled_by(record: ProfileRecord) -> str:
    return device_name(record.environment) + (" with TensorRT" if uses_tensorrt(record) else "")
