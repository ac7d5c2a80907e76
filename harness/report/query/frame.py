"""The flat table: records, one row each, as a pandas frame whose columns have known types."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from harness.errors import BadRequest, did_you_mean
from harness.records import Record
from harness.report.query.columns import FIXED, Column, Type, family_column, option_column
from harness.report.query.flatten import Flattener, Row
from harness.report.query.joined import Joined

_TEXT = pd.StringDtype("python", na_value=np.nan)  # whichever packages are there besides


@dataclass(frozen=True)
class Table:
    """Rows of records.

    Attributes:
        frame: The values, raw. A number that a row lacks is NaN, also in a column of whole numbers,
            which is then of floats.
        columns: What its columns are, by name, in order.
    """

    frame: pd.DataFrame
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.frame)

    def rows(self, mask: Any) -> Table:
        """Return the rows for which `mask` is true; of all of them no second copy is made."""
        chosen = np.asarray(mask, dtype=bool)
        return self if chosen.all() else replace(self, frame=self.frame[chosen])

    def first(self, count: int) -> Table:
        """Return the first `count` rows."""
        return replace(self, frame=self.frame.head(count))

    def column(self, name: str, who: str) -> Column:
        """Return the column `name`.

        Raises:
            BadRequest: If there is none; `who` begins the message.
        """
        return find_column(self.columns, name, who)


def find_column(columns: Mapping[str, Column], name: str, who: str) -> Column:
    """Return the column `name` of `columns`.

    Raises:
        BadRequest: If there is none; `who` begins the message.
    """
    if name not in columns:
        raise BadRequest(f"{who}: no column {name!r}{near(name, columns)}")
    return columns[name]


def near(name: str, columns: Iterable[str]) -> str:
    """Return which columns a mistyped name is near to, or where to find all of them."""
    hint = did_you_mean(name, columns)
    known = "; harness results --list-columns names them all"
    return hint if hint.startswith("; did you mean") else known


def build_table(records: Iterable[Record]) -> Table:
    """Return the table of `records`, in their order.

    Every row gets the mIoU of the newest log of its spec, unless it has one of its own, and the
    newest scores of proxies at its input.

    Raises:
        BadRequest: If the `created` of a log or score is not a date.
    """
    flattener, columns, joined = Flattener(), _Columns(), Joined()
    for record in records:
        columns.add(flattener.row(record))
        joined.add(record)
    columns.complete()
    _join(columns.values, joined)
    return _typed(columns.values, columns.rows)


class _Columns:
    """Values by column, each as long as there are rows, or empty where no row has one."""

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {name: [] for name in FIXED}
        self.rows = 0

    def add(self, row: Row) -> None:
        """Add a row; a column that it lacks is filled up when it comes again."""
        rows, columns = self.rows, self.values
        for name, value in row.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = []
            if len(column) != rows:
                column.extend([None] * (rows - len(column)))
            column.append(value)
        self.rows = rows + 1

    def complete(self) -> None:
        """Fill up all columns that have a value."""
        for column in self.values.values():
            if column:
                column.extend([None] * (self.rows - len(column)))


def _join(values: Mapping[str, list[Any]], joined: Joined) -> None:
    """Give every row what is known of its spec, unless it has a figure of its own."""
    specs, inputs, miou = values["spec_sha256"], values["input"], values["miou"]
    for position, spec in enumerate(specs):
        if spec is None:
            continue
        if not miou or miou[position] is None:
            for name, value in joined.accuracy(spec).items():
                values[name][position] = value
        for name, value in joined.scores(spec, inputs[position] if inputs else None).items():
            if values[name][position] is None:
                values[name][position] = value


def _typed(values: dict[str, list[Any]], rows: int) -> Table:
    """Return the table of the columns, each of which is given up for its series: both take room."""
    known = {
        name: FIXED.get(name) or family_column(name) or option_column(name, type_of(column))
        for name, column in values.items()
    }
    names = sorted(values, key=lambda name: _place(name, known[name]))
    series = {name: _series(values.pop(name), known[name].type) for name in names}
    frame = pd.DataFrame(series, index=pd.RangeIndex(rows), copy=False)
    return Table(frame, {name: known[name] for name in names})


def _place(name: str, column: Column) -> tuple[int, str]:
    """Return what a column is sorted by: fixed ones as they stand, MACs among them, then others."""
    if name in FIXED:
        return list(FIXED).index(name) * 2, ""
    if name.startswith("macs."):
        return list(FIXED).index("params_constructed") * 2 + 1, name
    return 2 * len(FIXED) + (column.about != "option of the spec"), name


def type_of(values: Sequence[Any]) -> Type:
    """Return the type of an option by its values; numbers beside texts are texts."""
    types = set(map(type, values)) - {type(None)}
    if types == {bool}:
        return "flag"
    if types == {int} and all(abs(value) < 2**53 for value in values if value is not None):
        return "whole"
    return "number" if types and types <= {int, float} else "text"


def _series(values: list[Any], type_: Type) -> Any:
    """Return the values of a column; of none at all a series that the frame fills up."""
    if type_ == "text":
        if not values or {str, type(None)}.issuperset(map(type, values)):
            return pd.Series(values, dtype=_TEXT)
        return pd.Series([None if v is None else _as_text(v) for v in values], dtype=_TEXT)
    missing = not values or None in values
    if type_ == "flag":
        return pd.Series(values, dtype="boolean" if missing else "bool")
    whole = type_ == "whole" and not missing
    return pd.Series(np.array(values, dtype=np.int64 if whole else np.float64))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
