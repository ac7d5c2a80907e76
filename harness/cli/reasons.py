"""Footnotes that say why a row has no figures of our own: from the catalogue into tables.

Tables read no catalogue; the command line joins the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.records import Record
    from harness.report.any_table import TableDefinition
    from harness.report.bundle.definition import ReportDefinition


def with_reasons(definition: TableDefinition, records: Sequence[Record]) -> TableDefinition:
    """Return a table with a footnote for each row whose network is reported only.

    A network that somebody measured under that name all the same needs none.
    """
    from harness.records import ProfileRecord
    from harness.report.definition import Definition
    from variants.reported_only import reported_only

    if not isinstance(definition, Definition):
        return definition
    built = {record.variant for record in records if isinstance(record, ProfileRecord)}
    known = reported_only(besides=built)
    labels = {row.variant: row.label or row.variant for row in definition.rows}
    notes = (
        f"{label} cannot be built, so no figure of it is our own: {known[name].reason}."
        for name, label in labels.items()
        if name in known
    )
    return replace(definition, footnotes=(*notes, *definition.footnotes))


def report_with_reasons(
    definition: ReportDefinition, records: Sequence[Record]
) -> ReportDefinition:
    """Return a report whose tables say why rows have no figures of our own."""
    tables = tuple(with_reasons(table, records) for table in definition.tables)
    return replace(definition, tables=tables)
