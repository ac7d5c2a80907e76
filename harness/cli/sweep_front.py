"""`harness sweep --pareto`: the front of a sweep's own variants, read back from their records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from harness.errors import BadRequest

if TYPE_CHECKING:
    from harness.records import Record
    from harness.report.query.columns import Column
    from harness.report.query.frame import Table
    from harness.report.query.front import Front, Goal
    from harness.sweep.definition import Definition
    from harness.sweep.known import Expected
    from harness.sweep.plan import Plan
    from harness.sweep.search.limit import Limit

MOST_ROWS = 50  # of a front on a terminal


@dataclass(frozen=True)
class Wish:
    """What is asked of a sweep's front.

    Attributes:
        goals: What its rows are the best in.
        limits: What they have to meet.
        columns: All columns that its records have.
        proxies: Source of each proxy.
    """

    goals: Sequence[Goal]
    limits: Sequence[Limit]
    columns: Mapping[str, Column]
    proxies: Mapping[str, str]

    @property
    def named(self) -> list[str]:
        """Columns of goals and limits."""
        return [goal.column.name for goal in self.goals] + [one.column for one in self.limits]


def read_wish(definition: Definition, sizes: Iterable[Sequence[int]]) -> Wish | None:
    """Return what is asked of the front, before anything is measured; null if nothing is.

    Args:
        definition: The sweep.
        sizes: Every input size of it.

    Raises:
        BadRequest: If it names no column, or one that the sweep does not measure.
    """
    from harness.report.query.front import WHO, read_goals
    from harness.sweep.search.limit import read_limit

    if definition.pareto is None:
        return None
    columns = columns_of(definition)
    fewest = 2 if definition.search is None else 1
    goals = read_goals(definition.pareto, columns, fewest)
    search = definition.search
    units = {name: one.unit for name, one in columns.items() if one.type in ("whole", "number")}
    limits = [
        read_limit(text, units, search.places.get(text, "--constraint") if search else "")
        for text in (search.constraints if search else ())
    ]
    used = [(goal.column.name, WHO) for goal in goals]
    used += [(limit.column, f"--constraint {limit.text}") for limit in limits]
    for name, who in used:
        if columns[name].timed and definition.timing is None:
            raise BadRequest(f"{who}: {name} needs --timing, got a sweep that only counts")
    every = ["x".join(map(str, size)) for size in sorted(set(map(tuple, sizes)))]
    if len(every) > 1 and any(name == "miou" for name, _ in used):
        raise BadRequest(
            f"{WHO}: costs beside the mIoU of logs must be of one input, got {', '.join(every)}"
        )
    return Wish(goals, limits, columns, definition.proxies)


def columns_of(definition: Definition) -> dict[str, Column]:
    """Return the columns that the records of a sweep have."""
    from harness.conventions import CONVENTIONS
    from harness.report.query.columns import FIXED, MACS, PROXY, family_column, option_column
    from harness.report.query.frame import type_of

    names = [f"{MACS}{rule}" for rule in CONVENTIONS]
    names += [f"{PROXY}{name}" for name in definition.proxies]
    families = {name: column for name in names if (column := family_column(name)) is not None}
    options = {key: option_column(key, type_of(values)) for key, values in definition.grid.items()}
    return {**FIXED, **families, **options}


def front_of(wish: Wish, results: Path, plan: Plan, expected: Expected) -> Front:
    """Return the front of a plan's variants; of several records of one the newest counts."""
    from harness.report.query.frame import build_table
    from harness.report.query.front import front
    from harness.report.query.select import newest_of
    from harness.store import without_collection

    with without_collection():
        table = build_table(_records(results, plan, expected, wish.proxies))
    table = newest_of(table.rows(table.frame["kind"] == "profile"))
    # What no record has is a column all the same: a front of it is empty, and says why.
    lacking = {goal.column.name for goal in wish.goals} | {limit.column for limit in wish.limits}
    lacking -= table.columns.keys()
    for name in lacking:
        table = replace(
            table,
            frame=table.frame.assign(**{name: float("nan")}),
            columns={**table.columns, name: wish.columns[name]},
        )
    table = _within(table, wish.limits)
    return front(table, wish.goals)


def rows_of(found: Front) -> list[dict[str, Any]]:
    """Return the rows of a front in plain values, every column in each."""
    from harness.report.query.files import plain_rows

    return list(plain_rows(found.rows, list(found.rows.columns.values())))


def _records(
    results: Path, plan: Plan, expected: Expected, proxies: Mapping[str, str]
) -> Iterator[Record]:
    from harness.logged_record import LoggedRecord
    from harness.proxy_record import ProxyRecord
    from harness.records import ProfileRecord
    from harness.sweep.known import records_of
    from harness.sweep.scores import is_of

    for _, record in records_of(results, plan, expected, []):
        if isinstance(record, ProfileRecord) and expected.protocols is None:
            yield replace(record, timing=None)  # of whichever device: none of this sweep's
        elif isinstance(record, ProfileRecord | LoggedRecord) or (
            isinstance(record, ProxyRecord) and is_of(record, proxies)
        ):
            yield record


def _within(table: Table, limits: Sequence[Limit]) -> Table:
    import numpy as np

    for limit in limits:
        values = table.frame[limit.column].tolist()
        kept = [limit.excess(float(value)) <= 0 for value in values]
        table = table.rows(np.array(kept, dtype=bool))
    return table


def front_text(found: Front, width: int) -> str:
    """Return a front as `harness results --pareto` shows it, what it is of in the first line."""
    from harness.report.query.text import table_text

    asked = [goal.column for goal in found.goals]
    lines = [str(found)]
    if len(found.rows):
        shown = found.rows.first(MOST_ROWS)
        lines.append(table_text(shown, None, asked, width).rstrip("\n"))
        if len(found.rows) > MOST_ROWS:
            lines.append(f"{MOST_ROWS} of {len(found.rows):,} rows; all of them with --json")
    return "\n".join(lines)


def tell_front(found: Front) -> None:
    """Print a front below a sweep's summary."""
    import shutil

    typer.echo("")
    typer.echo(front_text(found, shutil.get_terminal_size().columns))


def tell_warnings(found: Front) -> None:
    """Print what makes the rows of a front less comparable."""
    for line in found.warnings:
        typer.echo(f"warning: {line}", err=True)
