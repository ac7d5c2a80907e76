"""HTML: the table in a page of its own, whose table element can be pasted into any other."""

from __future__ import annotations

from harness.report.model import Table
from harness.report.web.page import page
from harness.report.web.table import fragment


def to_html(table: Table) -> str:
    """Return a complete page without scripts."""
    body = f"<main>\n{fragment(table)}\n</main>"
    return page(table.title, body, styles=("base.css", "table.css"))
