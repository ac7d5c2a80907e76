"""The best figure of a column, and the second: what the noise cannot tell apart shares a rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.report.columns import Column
from harness.report.definition import Emphasis
from harness.report.model import Cell, Rank, TableRow


def emphasised(
    rows: Sequence[TableRow], columns: Sequence[Column], emphasis: Emphasis
) -> tuple[TableRow, ...]:
    """Return `rows` with the best figure of every column that `emphasis` names ranked.

    Rows that are not compared take no part.
    """
    scopes: dict[int, list[int]] = {}
    for i, row in enumerate(rows):
        if row.compared:
            scopes.setdefault(row.group if emphasis.within == "group" else 0, []).append(i)
    cells = [list(row.cells) for row in rows]
    for position, column in enumerate(columns):
        if column.name not in emphasis.columns:
            continue
        for scope in scopes.values():
            ranked = rank([cells[i][position] for i in scope], column, second=emphasis.second)
            for i, cell in zip(scope, ranked, strict=True):
                cells[i][position] = cell
    return tuple(
        replace(row, cells=tuple(changed)) for row, changed in zip(rows, cells, strict=True)
    )


def rank(cells: Sequence[Cell], column: Column, *, second: bool) -> list[Cell]:
    """Return `cells` of one column with their ranks; one figure alone is not the best of any.

    A rank is shared by figures that print alike, and by measured ones whose intervals reach the
    first of that rank: neither can a reader tell apart.
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
        sharing = [i for i in left if _alike(cells[i], first)]
        for i in sharing:
            ranked[i] = replace(cells[i], rank=name)
        left = [i for i in left if i not in sharing]
    return ranked


def _first(cells: Sequence[Cell], column: Column) -> Cell:
    sign = -1 if column.better == "lower" else 1
    return max(cells, key=lambda cell: sign * (cell.value or 0.0))


def _alike(cell: Cell, first: Cell) -> bool:
    if cell.text == first.text:
        return True
    if cell.interval is None or first.interval is None:
        return False
    return cell.interval[0] <= first.interval[1] and first.interval[0] <= cell.interval[1]
