"""An audit as markdown: a section a table, a row a figure."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.audit.check import Check
from harness.report.audit.run import TITLES
from harness.report.audit.summary import by_table, count_line, lines, name, ours, printed
from harness.report.formats.markdown import escape

HEADER = "| figure | printed | ours | verdict | how |\n|---|---:|---:|---|---|"


def to_markdown(checks: Sequence[Check], *, every: bool = False) -> str:
    """Return the audit as markdown.

    Args:
        checks: The checks.
        every: Whether the equal figures have rows too.
    """
    sections = ["# The paper's figures"]
    for table, found in by_table(checks).items():
        rows = [_row(check) for check in found if every or check.verdict != "equal"]
        section = f"## {TITLES[table]}\n\n{count_line(found)}."
        sections.append("\n".join([f"{section}\n\n{HEADER}", *rows]) if rows else section)
    sections.append(f"All: {count_line(checks)}.")
    return "\n\n".join(sections) + "\n"


def _row(check: Check) -> str:
    cells = (name(check), printed(check), ours(check), check.verdict, ". ".join(_said(check)))
    return "| " + " | ".join(escape(cell) for cell in cells) + " |"


def _said(check: Check) -> list[str]:
    return [line.rstrip(".") for line in lines(check)]
