"""An audit for a terminal: by table, what is not equal and how often the rest is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from harness.report.audit.check import Check
from harness.report.audit.measured import CLASS
from harness.report.audit.run import TITLES
from harness.report.audit.summary import (
    by_table,
    count_line,
    label,
    lines,
    name,
    open_groups,
    ours,
    printed,
    quantity,
)

WIDTH = 80
INDENT = 12


def to_text(checks: Sequence[Check], *, every: bool = False) -> str:
    """Return the audit in at most 80 columns.

    Args:
        checks: The checks.
        every: Whether each figure gets its lines, the equal and the open ones too.
    """
    blocks = []
    for table, found in by_table(checks).items():
        shown = [c for c in found if every or c.verdict in ("explained", "different")]
        body = [line for check in shown for line in _check(check)]
        if not every:
            body += _open(found)
        blocks.append("\n".join([f"{TITLES[table]}: {count_line(found)}", *body]))
    if len(blocks) > 1:
        blocks.append(f"All: {count_line(checks)}")
    return "\n\n".join(blocks) + "\n"


def _check(check: Check) -> Iterator[str]:
    figure = f"{name(check)}: {printed(check)} printed" + (f", {o}" if (o := ours(check)) else "")
    yield from _wrapped(check.verdict, figure)
    for line in lines(check):
        yield from _wrapped("", line)


def _open(checks: Sequence[Check]) -> Iterator[str]:
    """Yield the open figures, those of one column and reason together."""
    for (_, reason), group in open_groups(checks).items():
        if len(group) == 1:
            yield from _check(group[0])
            continue
        yield from _wrapped("open", f"{_column(group)}: {_figures(group)}")
        yield from _wrapped("", reason)


def _column(group: Sequence[Check]) -> str:
    if group[0].question.quantity.startswith(CLASS):
        return f"{len(group)} class IoUs"
    return f"{len(group)} {quantity(group[0])}"


def _figures(group: Sequence[Check]) -> str:
    """Return the printed figures with their rows; of one row's many classes, how many."""
    if group[0].question.quantity.startswith(CLASS):
        rows: dict[str, int] = {}
        for check in group:
            rows[check.question.label] = rows.get(check.question.label, 0) + 1
        return ", ".join(f"{label} {count}" for label, count in rows.items())
    return ", ".join(f"{label(check)} {check.question.printed}" for check in group)


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"  {head:<{INDENT - 2}}",
        subsequent_indent=" " * INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
