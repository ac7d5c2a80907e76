"""The formats that a table can be printed in: each is one function from `Table` to text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.errors import BadRequest, did_you_mean
from harness.report.formats.csv_text import to_csv
from harness.report.formats.html import to_html
from harness.report.formats.json_text import to_json
from harness.report.formats.latex import to_latex
from harness.report.formats.markdown import to_markdown
from harness.report.formats.siunitx import to_siunitx
from harness.report.model import Table

FORMATS: Mapping[str, Callable[[Table], str]] = {
    "markdown": to_markdown,
    "latex": to_latex,
    "latex-siunitx": to_siunitx,
    "html": to_html,
    "csv": to_csv,
    "json": to_json,
}


def render(table: Table, format_name: str) -> str:
    """Return `table` in one of `FORMATS`, ending with a line break."""
    return renderer(format_name)(table)


def renderer(format_name: str) -> Callable[[Table], str]:
    """Return the function behind a format's name.

    Raises:
        BadRequest: If there is no such format.
    """
    if format_name not in FORMATS:
        raise BadRequest(f"no format {format_name!r}{did_you_mean(format_name, FORMATS)}")
    return FORMATS[format_name]
