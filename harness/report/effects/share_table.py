"""Shares of variance as a table."""

from __future__ import annotations

from harness.errors import BadRequest
from harness.report.columns import Column
from harness.report.effects.figures import header, share_cell, text_cell
from harness.report.effects.gathered import Gathered
from harness.report.effects.notes import share_notes
from harness.report.effects.shares import missing, shares_of
from harness.report.model import Table, TableRow

OPTION = Column(name="option", header="Option")


def share_table(gathered: Gathered) -> Table:
    """Return the shares of each metric's variance, an option a row.

    Raises:
        BadRequest: If a combination of the options that vary is missing.
    """
    definition, space = gathered.definition, gathered.space
    for points in gathered.points.values():
        there, needed = missing(space, points)
        if there != needed:
            raise BadRequest(
                f"{definition.who}: shares need a record of every combination of the options that "
                f"vary, got {there:,} of {needed:,}; choose with --where, or print differences"
            )
    split = [
        shares_of(metric, space, gathered.points[metric.origin]) for metric in gathered.metrics
    ]
    columns = [
        Column(name=m.name, header=header(m).partition(" (")[0], unit="%", digits=2, significant=2,
               figure=m.name, suffix="%")
        for m in gathered.metrics
    ]  # fmt: skip
    rows = []
    for factor in space.shown:
        place = space.factors.index(factor)
        rows.append((factor.label, [float(each.of[place]) for each in split]))
    rows.append(("interactions", [float(each.interactions) for each in split]))
    return Table(
        name=definition.name,
        title=definition.title,
        columns=(OPTION, *columns),
        rows=tuple(
            TableRow(
                variant=label,
                cells=(
                    text_cell(label),
                    *(
                        share_cell(column, share, metric)
                        for column, share, metric in zip(
                            columns, shares, gathered.metrics, strict=True
                        )
                    ),
                ),
            )
            for label, shares in rows
        ),
        footnotes=(
            *definition.footnotes,
            *share_notes(gathered.records, gathered.metrics),
            *gathered.notes,
        ),
        warnings=gathered.warnings,
        wide=definition.wide,
        basis=gathered.records,
    )
