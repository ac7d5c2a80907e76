"""The files of a report, as bytes that are the same whenever the records are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import harness
from harness.records import Record, to_json
from harness.report.build import Choices
from harness.report.bundle.build import Report
from harness.report.bundle.index import index_page
from harness.report.curve_data import CurveData
from harness.report.figure_data import FigureData
from harness.report.formats import render
from harness.report.formats.json_text import identity
from harness.report.web.figure_page import figure_page

if TYPE_CHECKING:
    from harness.report.draw import Drawing

SCHEMA = 1
MADE_BY = "harness report"
INDEX, RECORDS, MANIFEST = "index.html", "records.jsonl", "report.json"
TABLE_FORMATS = {"md": "markdown", "tex": "latex", "html": "html", "csv": "csv", "json": "json"}
IMAGE_FORMATS = ("pdf", "png", "svg")
DRAWN_BY = ("matplotlib", "seaborn", "numpy")  # what the bytes of images depend on


def report_files(
    report: Report, used: Sequence[Record], choices: Choices, command: str
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the content of every file by its name, and the warnings.

    Args:
        report: Tables and figures.
        used: The records that it rests on.
        choices: What was decided.
        command: What makes it again.
    """
    files: dict[str, bytes] = {}
    links: dict[str, list[str]] = {}
    for table in report.tables:
        links[f"table-{table.name}"] = []
        for suffix, name in TABLE_FORMATS.items():
            links[f"table-{table.name}"].append(f"table-{table.name}.{suffix}")
            files[f"table-{table.name}.{suffix}"] = render(table, name).encode()
    drawings, warnings = _figures(report)
    for name, content in drawings.items():
        links.setdefault(name.rpartition(".")[0], []).append(name)
        files[name] = content
    lines = tuple(dict.fromkeys((*report.warnings(), *warnings)))
    versions = {"harness": harness.__version__}
    if report.figures:
        versions |= {name: version(name) for name in DRAWN_BY}
    files[RECORDS] = "".join(f"{to_json(record)}\n" for record in used).encode()
    files[INDEX] = index_page(
        report,
        used,
        links=links,
        command=command,
        versions=versions,
        warnings=lines,
        drawings={name: drawings[f"{name}.svg"] for name in _curves(report)},
    ).encode()
    files[MANIFEST] = _manifest(report, used, choices, command, versions, lines, files)
    return files, lines


def _curves(report: Report) -> list[str]:
    return [f.definition.name for f in report.figures if isinstance(f, CurveData)]


def _figures(report: Report) -> tuple[dict[str, bytes], list[str]]:
    """Return the files of all figures, the interactive page first, and what drawing them says."""
    files: dict[str, bytes] = {}
    warnings: list[str] = []
    for figure in report.figures:
        name = figure.definition.name
        if isinstance(figure, FigureData):  # a curve has no page of its own
            files[f"{name}.html"] = figure_page(figure).encode()
        for format_name in IMAGE_FORMATS:
            drawing = _drawing(figure, format_name)
            files[f"{name}.{format_name}"] = drawing.content
            warnings += drawing.warnings
    return files, warnings


def _drawing(figure: FigureData | CurveData, format_name: str) -> Drawing:
    if isinstance(figure, CurveData):
        from harness.report.draw_curve import draw_curve  # matplotlib

        return draw_curve(figure, format_name)
    from harness.report.draw import draw

    return draw(figure, format_name)


def _manifest(
    report: Report,
    used: Sequence[Record],
    choices: Choices,
    command: str,
    versions: Mapping[str, str],
    warnings: Sequence[str],
    files: Mapping[str, bytes],
) -> bytes:
    definition = report.definition
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "made_by": MADE_BY,
        "command": command,
        "definition": {
            "name": definition.name,
            "title": definition.title,
            "text": definition.text,
            "tables": [table.name for table in definition.tables],
            "figures": [figure.name for figure in definition.figures],
            "sha256": dict(definition.sources),
        },
        "choices": asdict(choices),
        "versions": dict(versions),
        "warnings": list(warnings),
        "files": {name: sha256(content) for name, content in files.items()},
        "records": [
            {"sha256": sha256(to_json(record).encode()), **identity(record)} for record in used
        ],
    }
    return (json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def sha256(content: bytes) -> str:
    """Return the hash of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
