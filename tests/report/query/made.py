"""Records made up for the tests of the flat table; each test states what it changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from example_records import DETAILED, PROFILE, TIMING

from harness.logged_record import LoggedRecord, LogReading, Score
from harness.records import ProfileRecord

SPEC = {"context": {"name": "dapf", "alpha": 2}, "fusion": {"name": "mda", "dilations": [8, 4, 2]}}


def counted(variant: str, params: int = 2, **changes: Any) -> ProfileRecord:
    """Return a record without timing; `macs` and `spec` may be given."""
    macs = changes.pop("macs", PROFILE.static.macs)
    static = replace(PROFILE.static, params=params, macs=macs)
    base: dict[str, Any] = {
        "variant": variant,
        "spec": SPEC,
        "spec_sha256": (variant * 64)[:64],
        "static": static,
        "timing": None,
    }
    return replace(PROFILE, **base | changes)


def timed(variant: str, fps: float, **changes: Any) -> ProfileRecord:
    """Return a timed record; `device`, `protocol` and `ci95` may be given."""
    device = changes.pop("device", "A CPU")
    protocol = {"name": "paper", "backend": "eager", "precision": "fp32"}
    timing = replace(
        TIMING,
        fps=fps,
        fps_ci95=changes.pop("ci95", (fps * 0.9, fps * 1.1)),
        latency_s=replace(TIMING.latency_s, mean=1 / fps),
        protocol=protocol | changes.pop("protocol", {}),
    )
    changes = {"timing": timing, "environment": {"device": {"name": device}}} | changes
    return counted(variant, **changes)


def logged(variant: str, miou: float, **changes: Any) -> LoggedRecord:
    """Return what a log says of a variant; `split` may be given."""
    score = Score(miou=miou, step=None, per_class_iou=None)
    reading = LogReading(
        format="mmseg1-text", metric="mIoU", final=score, best=score, unit="fraction",
        step_unit=None, validations=1, finished=True, split=changes.pop("split", "val"), notes=(),
    )  # fmt: skip
    record = LoggedRecord(
        variant=variant, spec=SPEC, spec_sha256=(variant * 64)[:64], miou=miou, use="best",
        reading=reading, file="a.log", file_sha256="cd" * 32, file_bytes=1,
        created="2026-01-01T00:00:00+00:00",
    )  # fmt: skip
    return replace(record, **changes)


__all__ = ["DETAILED", "SPEC", "counted", "logged", "timed"]
