"""What `harness profile` prints and stores: a few lines, JSON or CSV, and the records."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from harness.cli.speed_text import failure_line, record_lines, summary_lines
from harness.records import FailedRecord, ProfileRecord, to_dict

if TYPE_CHECKING:
    from harness.profiling.request import Measured

CSV_FIELDS = (
    "variant", "input", "params", "macs_conv", "macs_paper", "fps", "fps_low", "fps_high",
    "iterations", "rounds", "mean_s", "min_s", "p50_s", "p90_s", "p95_s", "p99_s", "max_s",
    "setup_s", "peak_memory_bytes", "energy_j", "roofline_s", "device", "protocol", "backend",
    "precision", "memory_format", "threads", "stopped_by", "warnings", "failure", "weights",
)  # fmt: skip


@dataclass
class Answer:
    """Takes variants as they are done.

    Attributes:
        form: What standard output is.
        results: Folder that the records go to; null for nowhere.
        records: What was taken.
        failures: How many could not be measured.
    """

    form: Literal["text", "json", "csv"]
    results: Path | None
    records: list[ProfileRecord] = field(default_factory=list)
    failures: list[FailedRecord] = field(default_factory=list)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended a timing."""
        return any(r.timing and r.timing.stopped_by == "interrupt" for r in self.records)

    def add(self, measured: Measured) -> None:
        """Store and print one variant."""
        record = measured.record()
        if self.results is not None:
            from harness.store import append, path_for

            append(path_for(self.results, record), record)
        if isinstance(record, FailedRecord):
            self.failures.append(record)
            typer.echo(f"harness: {failure_line(record)}", err=True)
            return
        self.records.append(record)
        if self.form == "text":
            typer.echo("\n".join(record_lines(record, measured.comparisons)) + "\n")

    def end(self) -> None:
        """Print what comes after the last variant."""
        if self.form == "json" and self.records:
            typer.echo(json.dumps([to_dict(record) for record in self.records], indent=2))
        elif self.form == "csv" and (self.records or self.failures):
            _write_csv([*self.records, *self.failures])
        elif self.form == "text":
            lines = summary_lines(self.records)
            if lines:
                typer.echo("\n".join(lines))


def _write_csv(records: list[ProfileRecord | FailedRecord]) -> None:
    writer = csv.DictWriter(sys.stdout, CSV_FIELDS, lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow(csv_row(record))


def csv_row(record: ProfileRecord | FailedRecord) -> dict[str, object]:
    """Return one variant's figures by `CSV_FIELDS`, raw: seconds, bytes, counts."""
    row: dict[str, object] = {
        "variant": record.variant,
        "input": "x".join(map(str, record.input_shape)),
        "device": (record.environment.get("device") or {}).get("name"),
        "weights": record.weights.label if record.weights else None,
    }
    if isinstance(record, FailedRecord):
        return row | {"failure": record.reason, **_protocol_columns(record.protocol)}
    row |= {"params": record.static.params}
    row |= {f"macs_{name}": record.static.macs.get(name) for name in ("conv", "paper")}
    timing = record.timing
    if timing is None:
        return row
    low, high = timing.fps_ci95 or (None, None)
    row |= {"fps": timing.fps, "fps_low": low, "fps_high": high}
    row |= {f"{name}_s": value for name, value in vars(timing.latency_s).items()}
    for name in ("iterations", "setup_s", "peak_memory_bytes", "energy_j", "stopped_by"):
        row[name] = getattr(timing, name)
    row["rounds"] = len(timing.rounds)
    row["roofline_s"] = timing.limits.roofline_s if timing.limits else None
    row["warnings"] = "; ".join(timing.warnings)
    return row | _protocol_columns(timing.protocol)


def _protocol_columns(protocol: dict[str, object]) -> dict[str, object]:
    names = ("backend", "precision", "memory_format", "threads")
    return {"protocol": protocol.get("name")} | {name: protocol.get(name) for name in names}
