"""Which rows and columns of the table are asked for, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.errors import BadRequest, did_you_mean
from harness.records import KINDS
from harness.report.query.columns import Column
from harness.report.query.frame import Table

SAME = ["spec_sha256", "input", "protocol", "device"]
"""Columns that two rows share where one of them is a repetition of the other."""


def of_kinds(table: Table, kinds: Sequence[str]) -> Table:
    """Return the rows of some kinds of record.

    Raises:
        BadRequest: If there is no such kind.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise BadRequest(f"--kind: no kind {kind!r}{did_you_mean(kind, KINDS)}")
    return table.rows(table.frame["kind"].isin(list(kinds)))


def newest_of(table: Table) -> Table:
    """Return the newest of all rows that share `SAME`.

    Reported rows are no repetitions, nor are scores of proxies, which are joined by the newest.

    Of two from one instant, the later line is the newer. A timing that came after a failure takes
    its place, and the reverse.

    Raises:
        BadRequest: If the `created` of a row is not a date.
    """
    frame = table.frame[[*SAME, "created", "kind"]]
    created = pd.to_datetime(frame["created"], format="ISO8601", utc=True, errors="coerce")
    broken = frame["created"].notna() & created.isna()
    if broken.any():
        raise BadRequest(
            f"--newest: created must be ISO 8601, got {frame['created'][broken].iat[0]!r}"
        )
    by_time = frame.assign(created=created).sort_values("created", kind="stable")
    repeatable = by_time[~by_time["kind"].isin(["reported", "proxy"])]
    older = repeatable.duplicated(SAME, keep="last")
    return table.rows(~older.reindex(frame.index, fill_value=False))


def ordered(table: Table, keys: str) -> tuple[Table, list[Column]]:
    """Return the rows sorted by columns, and these: `-fps,params`, of `-` the most first.

    What is unknown comes last, either way.

    Raises:
        BadRequest: If a column is unknown or named twice.
    """
    ways: dict[str, bool] = {}
    for part in keys.split(","):
        name = part.strip().removeprefix("-")
        table.column(name, "--sort")
        if name in ways:
            raise BadRequest(f"--sort: a column is named once, got {name} twice")
        ways[name] = not part.strip().startswith("-")
    frame = table.frame.sort_values(list(ways), ascending=list(ways.values()), kind="stable")
    return Table(frame, table.columns), [table.columns[name] for name in ways]


def chosen_columns(table: Table, names: str) -> list[Column]:
    """Return the columns that `a,b,c` names.

    Raises:
        BadRequest: If one is unknown or named twice.
    """
    found: dict[str, Column] = {}
    for part in names.split(","):
        column = table.column(part.strip(), "--columns")
        if column.name in found:
            raise BadRequest(f"--columns: a column is named once, got {column.name} twice")
        found[column.name] = column
    return list(found.values())
