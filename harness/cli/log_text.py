"""Readings of logs as `harness log` prints them: a few lines of 80 columns, or plain JSON types."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.logged_record import LoggedRecord, LogReading
    from harness.logs import LogFile, Survey

COLUMNS = 80


def name_of(path: Path) -> str:
    """Return a path that any terminal and file can take, whatever bytes are in it."""
    return _printable(os.fsencode(path).decode("utf-8", "replace"))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return wrap(_printable(text), COLUMNS, initial_indent=indent, subsequent_indent=f"{indent}  ")


def reading_dict(reading: LogReading) -> dict[str, Any]:
    """Return a reading as `--json` prints it."""
    data = asdict(reading)
    final, best = data["final"], data["best"]
    return {
        "format": data["format"],
        "final": {"miou": final["miou"], "step": final["step"]},
        "best": {"miou": best["miou"], "step": best["step"]},
        "per_class_iou": final["per_class_iou"],
        "validations": data["validations"],
        "finished": data["finished"],
        "split": data["split"],
        "notes": list(data["notes"]),
        "best_per_class_iou": best["per_class_iou"],
        "unit": data["unit"],
        "step_unit": data["step_unit"],
        "metric": data["metric"],
    }


def reading_lines(reading: LogReading) -> list[str]:
    """Return a reading in full."""
    lines = _wrapped(_title(reading), "")
    for name, score in (("final", reading.final), ("best", reading.best)):
        at = f" at {reading.step_unit} {score.step}" if score.step is not None else ""
        lines.append(f"  {name:5}  mIoU {score.miou:.2%}{at}")
    if classes := reading.final.per_class_iou:
        lines += _wrapped("classes " + ", ".join(f"{of} {iou:.2%}" for of, iou in classes.items()))
    for note in reading.notes:
        lines += _wrapped(f"note: {note}")
    return lines


def _title(reading: LogReading) -> str:
    ended = {True: "finished", False: "unfinished", None: "may be unfinished"}[reading.finished]
    count = f"{reading.validations} validation{'s' * (reading.validations != 1)}"
    unit = f"printed as {'fractions' if reading.unit == 'fraction' else 'percent'}"
    return (
        f"{reading.format}: {reading.metric} on {reading.split or 'an unnamed split'}, {count}, "
        f"{ended}, {unit}"
    )


def readings_lines(logs: Iterable[LogFile]) -> list[str]:
    """Return the readings of several files in full, each below its name."""
    lines: list[str] = []
    for log in logs:
        lines += ["", name_of(log.source.path), *reading_lines(log.reading)]
    return lines[1:]


def survey_lines(folder: Path, found: Survey) -> list[str]:
    """Return which files of a folder hold mIoU, in two lines each."""
    count = len(found.logs) + len(found.refused)
    of = f"{count} of {count + found.without} files"
    lines = [f"{name_of(folder)}: {of} hold{'s' * (count == 1)} mIoU"]
    for log in found.logs:
        reading = log.reading
        lines.append(f"  {name_of(log.source.path.relative_to(folder))}")
        figures = f"final {reading.final.miou:.2%}, best {reading.best.miou:.2%}; "
        lines += _wrapped(figures + _title(reading), "    ")
    return lines


def stored_line(record: LoggedRecord) -> str:
    """Return what was stored."""
    return _printable(
        f"{record.variant}  mIoU {record.miou:.2%}, the {record.use} of {record.file}"
    )
