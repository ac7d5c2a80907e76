"""What a reader of an FPS column has to know: machine, protocol, passes, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from harness.records import ProfileRecord
from harness.report.conditions import RUNTIMES, Conditions
from harness.report.model import NO_FIGURE, REPORTED_MARK
from harness.report.rows import RowRecords
from harness.report.speed import Speeds
from harness.report.together import together
from harness.timing_records import Timing

SOFTWARE = (
    "torch",
    "cuda",
    "cudnn",
    "allocator",
)  # keys of a record's environment that an FPS depends on


def speed_notes(
    rows: Sequence[RowRecords], speeds: Speeds, *, published_beside: bool = False
) -> list[str]:
    """Return the footnotes of the FPS column.

    Args:
        rows: The rows.
        speeds: Its records.
        published_beside: Whether the published figures have a column of their own.
    """
    hint = not published_beside
    if speeds.origin is None:
        return [_missing(rows, hint=hint)]
    if speeds.conditions is None or speeds.origin == "reported":
        return _as_reported("FPS", speeds)
    software = "; ".join(_software(speeds))
    notes = [
        f"FPS: {speeds.conditions.device}, {software}; protocol "
        f"{protocol_text(speeds.conditions)}.",
        _passes(speeds),
        *weights_notes("FPS", [record for record, _ in _timed(speeds)]),
    ]
    if len(speeds.records) < len(rows):
        notes.append(_missing(rows, hint=hint))
    return notes


def cpu_notes(conditions: Conditions | None) -> list[str]:
    """Return what figures of a CPU beside published ones of GPUs do not say; nothing of a GPU."""
    if conditions is None or not conditions.on_cpu:
        return []
    return [
        f"Measured on {conditions.device_text}: this judges no factor between GPUs, and no ratio "
        "on a GPU. A CPU spends its time otherwise (on the arithmetic of fp32 and on memory, where "
        "a GPU may wait for kernels to be launched), so what holds here may not hold on a GPU, and "
        "what does not hold here may."
    ]


def published_notes(speeds: Speeds) -> list[str]:
    """Return the footnotes of a column that holds published FPS alone."""
    return _as_reported(f"FPS{REPORTED_MARK}", speeds) if speeds.records else []


def _as_reported(column: str, speeds: Speeds) -> list[str]:
    if speeds.conditions is not None:
        return [f"{column}: as reported for {speeds.conditions.device}."]
    return [
        f"{column}: as reported, each on the device of its row and by its own protocol; no two "
        "rows of unlike devices compare."
    ]


def weights_notes(column: str, records: Iterable[ProfileRecord]) -> list[str]:
    """Return which file each network of a column was timed with, where any was with one."""
    files = [
        f"{record.variant} {record.weights.label}" + ("" if record.weights.whole else " (in part)")
        for record in records
        if record.weights is not None
    ]
    return [f"{column}: with the weights of {', '.join(dict.fromkeys(files))}."] if files else []


def protocol_text(conditions: Conditions) -> str:
    """Return a protocol's id and what it says; what it leaves open (null) is left out."""
    said = (
        f"{key.replace('_', ' ')} {_show(value)}"
        for key, value in conditions.protocol.items()
        if key != "name" and value is not None  # the name is part of the id
    )
    return f"{conditions.protocol_id}: {', '.join(said)}"


def speed_warnings(speeds: Speeds) -> list[str]:
    """Return a line for every reason to distrust the FPS column, with the rows that it is about."""
    found = []
    for record, timing in _timed(speeds):
        if timing.stopped_by == "interrupt":
            asked = timing.protocol.get("iterations", "unknown")
            text = f"FPS was interrupted after {timing.iterations:,} of {asked} passes"
            found.append((record.variant, text))
        found += [(record.variant, warning) for warning in timing.warnings]
    lines = together(found)
    software = _software(speeds)
    if len(software) > 1:
        lines.append(f"FPS column: records are of different software: {'; '.join(software)}")
    return lines


def _missing(rows: Sequence[RowRecords], *, hint: bool) -> str:
    """Return what an empty cell means, with a `hint` where else there are figures."""
    note = f"{NO_FIGURE} in FPS: not timed"
    if hint and any(row.reported and "fps" in row.reported.figures for row in rows):
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
    rounds = [max(1, len(t.rounds)) for t in timings]  # a record without was one process
    if max(rounds) > 1:
        text += f" in {_range(rounds)} fresh processes"
    early = {
        "reaching the precision asked for": [
            t.iterations for t in timings if t.stopped_by == "until"
        ],
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
    combinations = []
    for record, timing in _timed(speeds):
        backend = timing.backend or {}
        versions = {key: record.environment.get(key) for key in SOFTWARE}
        versions |= {key: backend.get(key) for key in RUNTIMES}
        combinations.append(", ".join(f"{key} {v}" for key, v in versions.items() if v))
    return list(dict.fromkeys(text or "unknown software" for text in combinations))


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return "x".join(map(str, value))
    return str(value)
