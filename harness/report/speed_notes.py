"""What a reader of an FPS column has to know: machine, protocol, passes, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.records import ProfileRecord, Timing
from harness.report.model import NO_FIGURE
from harness.report.rows import RowRecords
from harness.report.speed import Speeds

SOFTWARE = ("torch", "cuda", "cudnn")  # keys of a record's environment that an FPS depends on


def speed_notes(rows: Sequence[RowRecords], speeds: Speeds) -> list[str]:
    """Return the footnotes of the FPS column."""
    if speeds.conditions is None:
        return [_missing(rows)]
    if speeds.origin == "reported":
        return [f"FPS: as reported for {speeds.conditions.device}."]
    protocol = ", ".join(
        f"{key.replace('_', ' ')} {_show(value)}"
        for key, value in speeds.conditions.protocol.items()
        if key != "name"  # which is part of the id
    )
    software = "; ".join(_software(speeds))
    notes = [
        f"FPS: {speeds.conditions.device}, {software}; protocol {speeds.conditions.protocol_id}: "
        f"{protocol}.",
        _passes(speeds),
    ]
    if len(speeds.records) < len(rows):
        notes.append(_missing(rows))
    return notes


def speed_warnings(speeds: Speeds) -> list[str]:
    """Return a line for every reason to distrust the FPS column."""
    lines = []
    for record, timing in _timed(speeds):
        if timing.stopped_by == "interrupt":
            lines.append(
                f"{record.variant}: FPS was interrupted after {timing.iterations:,} of "
                f"{timing.protocol.get('iterations', 'unknown')} passes"
            )
        lines += [f"{record.variant}: {warning}" for warning in timing.warnings]
    software = _software(speeds)
    if len(software) > 1:
        lines.append(f"FPS column: records are of different software: {'; '.join(software)}")
    return lines


def _missing(rows: Sequence[RowRecords]) -> str:
    """Return what an empty cell means, and where else there are figures."""
    note = f"{NO_FIGURE} in FPS: not timed"
    if any(row.reported and "fps" in row.reported.figures for row in rows):
        note += " under these conditions; `--fps reported` prints the published figures instead"
    return f"{note}."


def _timed(speeds: Speeds) -> list[tuple[ProfileRecord, Timing]]:
    return [
        (record, record.timing)
        for record in speeds.records.values()
        if isinstance(record, ProfileRecord) and record.timing is not None
    ]


def _passes(speeds: Speeds) -> str:
    """Return how many passes the figures rest on, and what ended them early."""
    timings = [timing for _, timing in _timed(speeds)]
    text = f"FPS: mean over {_range([t.iterations for t in timings])} timed passes"
    early = {
        "the time budget": [t.iterations for t in timings if t.stopped_by == "budget"],
        "an interrupt": [t.iterations for t in timings if t.stopped_by == "interrupt"],
    }
    for reason, passes in early.items():
        if passes:
            text += f", {len(passes)} of {len(timings)} rows ended by {reason}"
            text += f" after {_range(passes)}" if len(passes) < len(timings) else ""
    return f"{text}."


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _software(speeds: Speeds) -> list[str]:
    """Return the software behind the figures, one entry for each combination that occurs."""
    combinations = [
        ", ".join(f"{key} {r.environment[key]}" for key in SOFTWARE if r.environment.get(key))
        for r, _ in _timed(speeds)
    ]
    return list(dict.fromkeys(text or "unknown software" for text in combinations))


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return "x".join(map(str, value))
    return "none" if value is None else str(value)
