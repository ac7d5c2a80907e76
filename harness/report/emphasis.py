"""The best figure of a column, and the second: what the noise cannot tell apart shares a rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.report.columns import Column
from harness.report.definition import Emphasis
from harness.report.model import Cell, Rank, Table


def emphasised(table: Table, emphasis: Emphasis, *, unlike: Mapping[str, str]) -> Table:
    """Return `table` with the best figure of every column that `emphasis` names ranked.

    Rows that are not compared take no part. A column in `unlike`, which says what its figures
    differ in, has no best; a warning says so.
    """
    scopes: dict[int, list[int]] = {}
    for i, row in enumerate(table.rows):
        if row.compared:
            scopes.setdefault(row.group if emphasis.within == "group" else 0, []).append(i)
    cells = [list(row.cells) for row in table.rows]
    warnings = []
    for position, column in enumerate(table.columns):
        if column.name not in emphasis.columns:
            continue
        if column.name in unlike:
            why = f"figures of unlike {unlike[column.name]} do not compare"
            warnings.append(f"{column.header}: no best is shown; {why}")
            continue
        for scope in scopes.values():
            ranked = rank([cells[i][position] for i in scope], column, second=emphasis.second)
            for i, cell in zip(scope, ranked, strict=True):
                cells[i][position] = cell
    rows = (replace(row, cells=tuple(c)) for row, c in zip(table.rows, cells, strict=True))
    return replace(table, rows=tuple(rows), warnings=(*table.warnings, *warnings))


def rank(cells: Sequence[Cell], column: Column, *, second: bool) -> list[Cell]:
    """Return `cells` of one column with their ranks; one figure alone is not the best of any.

    A rank is shared by equal figures, by figures that print alike, and by measured ones whose
    intervals reach the first of that rank: none of these can a reader tell apart.
    """
    left = [i for i, cell in enumerate(cells) if cell.value is not None]
    ranked = list(cells)
    if len(left) < 2:
        return ranked
    names: tuple[Rank, ...] = ("best", "second") if second else ("best",)
    for name in names:
        if not left:
            break
        first = _first([cells[i] for i in left], column)
        for i in left:
            if _alike(cells[i], first):
                ranked[i] = replace(cells[i], rank=name)
        left = [i for i in left if ranked[i].rank is None]
    return ranked


def _first(cells: Sequence[Cell], column: Column) -> Cell:
    sign = -1 if column.better == "lower" else 1
    return max(cells, key=lambda cell: sign * (cell.value or 0.0))


def _alike(cell: Cell, first: Cell) -> bool:
    if cell.value == first.value or cell.text == first.text:
        return True
    if cell.interval is None or first.interval is None:
        return False
    return cell.interval[0] <= first.interval[1] and first.interval[0] <= cell.interval[1]
