"""Figures made up for the tests of interactive pages."""

from __future__ import annotations

from pathlib import Path

from harness.records import Record
from harness.report.figure_data import FigureData, collect
from harness.report.figure_definition import load_figure
from report.sample import logged, profile, timing

EVIL = "<img src=x onerror=alert(1)>"

OWN = """\
title: "</script><b>Own</b> figures"
x: {figure: fps, label: "FPS <i>", range: [5, 100]}
y: {figure: miou, label: mIoU}
input: 1024x2048
fps: measured
line: {x: 30, label: "<u>real</u> time"}
ours: [good]
groups:
  - {group: 1, label: "first <em>", marker: o, colour: "#0072B2"}
  - {group: 2, label: second, marker: s, colour: "#E69F00"}
rows:
  - {variant: good, group: 1}
  - {variant: evil, group: 1, label: "<img src=x onerror=alert(1)>"}
  - {variant: slow, group: 2}
  - {variant: tiny, group: 2}
"""


def records() -> list[Record]:
    """Return measurements with intervals, and logs, of the rows of `OWN`."""
    found: list[Record] = []
    for variant, fps, miou in (
        ("good", 80.0, 0.75),
        ("evil", 40.0, 0.78),
        ("slow", 20.0, 0.72),
        ("tiny", 2.0, 0.70),
    ):
        rate = timing(fps, fps_ci95=(0.95 * fps, 1.05 * fps))
        found.append(profile(variant, timing=rate))
        found.append(logged(variant, miou))
    return found


def own(folder: Path, **changes: str) -> FigureData:
    """Return the figure of `OWN`; `changes` are keys of its YAML with other values."""
    lines = [f"{line.split(':')[0]}: {changes.pop(line.split(':')[0], '')}".rstrip()
             if line.split(":")[0] in changes else line for line in OWN.splitlines()]  # fmt: skip
    lines += [f"{key}: {value}" for key, value in changes.items()]
    path = folder / "own.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return collect(load_figure(path), records())
