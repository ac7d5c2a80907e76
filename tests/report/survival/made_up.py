"""A published table and its measurements, made up so that all figures can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.records import ProfileRecord, ReportedRecord
from tests.report.sample import GPU, profile, protocol, reported, timing

TABLE = (
    "title: Published\nsource: table-9\ninput: 1024x2048\nconvention: paper\n"
    "columns: [method, input_size, fps]\nrows:\n"
)


def published(variant: str, fps: str, device: str = "GTX 1080 Ti", **changes: Any) -> Any:
    """Return a published row of the made-up table."""
    return reported(variant, table="table-9", device=device, figures={"fps": fps}, **changes)


def measured(variant: str, fps: float, half: float | None = 0.001, **changes: Any) -> ProfileRecord:
    """Return a timing whose 95% interval is `fps` give or take the share `half`; null for none."""
    shape = changes.pop("input_shape", (1, 3, 1024, 2048))
    interval = None if half is None else (fps * (1 - half), fps * (1 + half))
    conditions = protocol(input=list(shape), **changes.pop("protocol", {}))
    record = profile(variant, fps=fps, device=changes.pop("device", GPU), **changes)
    assert isinstance(record, ProfileRecord)
    return replace(
        record, input_shape=shape, timing=timing(fps, fps_ci95=interval, protocol=conditions)
    )


def definition_file(
    folder: Path, rows: list[ReportedRecord], *, show: str = "pairs", more: str = ""
) -> Path:
    """Write the definitions of the published table and of one of its ratios; return the latter."""
    lines = []
    for row in rows:
        assert row.input_shape is not None
        size = "x".join(map(str, row.input_shape[2:]))
        lines.append(f"  - {{variant: {row.variant}, input: {size}}}\n")
    (folder / "published.yaml").write_text(TABLE + "".join(lines), encoding="utf-8")
    path = folder / "mine.yaml"
    path.write_text(f"title: Mine\nratios: published.yaml\nshow: {show}\n{more}", encoding="utf-8")
    return path
