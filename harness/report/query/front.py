"""`--pareto`: which rows of the table no other row beats, by figures that the user names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import BadRequest
from harness.report.pareto import on_front
from harness.report.query.columns import Better, Column
from harness.report.query.frame import Table, find_column

WHO = "--pareto"
_WAYS: dict[str, Better] = {"min": "min", "max": "max"}
_MOST_NAMED = 4  # of the values that must not be mixed


@dataclass(frozen=True)
class Goal:
    """A figure, and which values of it are better."""

    column: Column
    better: Better


@dataclass(frozen=True)
class Front:
    """The front of a table.

    Attributes:
        rows: Its rows, best first by the first goal.
        goals: What they are the best in.
        of: How many rows it was taken of.
        unknown: How many others lack one of the figures.
        warnings: What makes the rows less comparable, a line each.
    """

    rows: Table
    goals: tuple[Goal, ...]
    of: int
    unknown: int
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        words = {"min": "least", "max": "most"}
        goals = ", ".join(f"{words[goal.better]} {goal.column.name}" for goal in self.goals)
        text = f"{len(self.rows)} of {self.of} rows are on the front of {goals}"
        return text + (f"; {self.unknown} left out, which lack one of these" * bool(self.unknown))


def read_goals(text: str, columns: Mapping[str, Column], fewest: int = 2) -> tuple[Goal, ...]:
    """Return the goals that `macs.paper,miou` or `min:context.alpha,max:fps` means.

    Args:
        text: Columns, best small or large as these say, or as `min:` and `max:` before them do.
        columns: Those that there are, by name.
        fewest: How many there must be.

    Raises:
        BadRequest: If a column is unknown, named twice or no number, if it is not known which way
            is better, or if there are too few.
    """
    goals: dict[str, Goal] = {}
    for part in text.split(","):
        way, colon, name = part.strip().partition(":")
        if not colon:
            way, name = "", way
        elif way not in _WAYS:
            raise BadRequest(f"{WHO}: a direction is min: or max:, got {part.strip()}")
        column = find_column(columns, name, WHO)
        if column.type not in ("whole", "number"):
            raise BadRequest(f"{WHO}: {name} must be a number, got text")
        better = _WAYS.get(way) or column.better
        if better is None:
            raise BadRequest(f"{WHO}: {name} needs a direction, min:{name} or max:{name}")
        if name in goals:
            raise BadRequest(f"{WHO}: a front is of different columns, got {name} twice")
        goals[name] = Goal(column, better)
    if len(goals) < fewest:
        raise BadRequest(f"{WHO}: a front needs two columns or more, got {text}")
    return tuple(goals.values())


def front(table: Table, goals: Sequence[Goal]) -> Front:
    """Return the front of `table`; rows that lack one of the figures take no part.

    Raises:
        BadRequest: If it would mix speeds of several devices or protocols, or mIoU of networks at
            several input sizes.
    """
    names = [goal.column.name for goal in goals]
    known = table.rows(table.frame[names].notna().all(axis=1))
    if any(goal.column.timed for goal in goals):
        _refuse_mixed(known, ("device", "protocol"), "speeds")
    if "miou" in names:
        # A log belongs to a network and not to an input: the smallest input would win always.
        # What is reported was reported for its own.
        from_logs = known.rows(known.frame["miou_use"].notna())
        _refuse_mixed(from_logs, ("input",), "costs beside the mIoU of logs")
    ways = [goal.better == "max" for goal in goals]
    figures = known.frame[names]
    kept = np.array(on_front(figures.to_numpy(dtype=float).tolist(), ways), dtype=bool)
    best = figures[kept].sort_values(names, ascending=[not way for way in ways], kind="stable")
    return Front(
        rows=Table(known.frame.loc[best.index], table.columns),
        goals=tuple(goals),
        of=len(known),
        unknown=len(table) - len(known),
        warnings=_warnings(known) if "miou" in names else (),
    )


def _refuse_mixed(table: Table, columns: Sequence[str], what: str) -> None:
    for name in columns:
        values = table.frame[name].dropna().unique().tolist()
        if len(values) > 1:
            listed = ", ".join(sorted(values)[:_MOST_NAMED])
            more = f" and {len(values) - _MOST_NAMED} more" * (len(values) > _MOST_NAMED)
            raise BadRequest(
                f"{WHO}: {what} must be of one {name}, got {listed}{more}; "
                f"decide with --where '{name} == \"{min(values)}\"'"
            )


def _warnings(table: Table) -> tuple[str, ...]:
    """Return what is unlike about the mIoU of the rows."""
    lines = []
    for name, what in (("miou_use", "validations"), ("miou_split", "sets")):
        values = sorted(table.frame[name].dropna().unique().tolist())
        if len(values) > 1:
            lines.append(f"mIoU of unlike {what} on one front ({name}: {', '.join(values)})")
    return tuple(lines)
