"""The table in files: raw units, whole numbers whole, what is unknown empty or null."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from harness.errors import BadRequest
from harness.report.query.columns import Column
from harness.report.query.frame import Table


def csv_text(table: Table, columns: Sequence[Column]) -> str:
    """Return the table as CSV with one line of names."""
    return str(_whole(table, columns).to_csv(index=False, lineterminator="\n"))


def json_text(table: Table, columns: Sequence[Column]) -> str:
    """Return the table as a JSON list of objects, a row a line, every column in each."""
    # Not by pandas, whose writer keeps 15 digits at most.
    rows = plain_rows(table, columns)
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    return "[" + ",\n ".join(lines) + "]\n"


def plain_rows(table: Table, columns: Sequence[Column]) -> Iterator[dict[str, Any]]:
    """Yield the rows as dicts of plain Python values, null where one is unknown."""
    frame = _whole(table, columns)
    names = [column.name for column in columns]
    values = [_plain(frame[name]) for name in names]
    for row in zip(*values, strict=True):
        yield dict(zip(names, row, strict=True))


def parquet_bytes(table: Table, columns: Sequence[Column]) -> bytes:
    """Return the table as a Parquet file.

    Raises:
        BadRequest: If the package that writes it is not installed.
    """
    buffer = io.BytesIO()
    try:
        _whole(table, columns).to_parquet(buffer, engine="pyarrow", index=False)
    except ImportError:
        raise BadRequest(
            "--format parquet: needs the package pyarrow (pip install 'harness[parquet]')"
        ) from None
    return buffer.getvalue()


def _whole(table: Table, columns: Sequence[Column]) -> Any:
    """Return the columns as a frame in which whole numbers are integers, also where some lack."""
    frame = table.frame[[column.name for column in columns]]
    types = {column.name: "Int64" for column in columns if column.type == "whole"}
    return frame.astype(types)


def _plain(values: Any) -> list[Any]:
    """Return the values of a series in plain Python types, null where there is none."""
    return [
        None if v is pd.NA or (type(v) is float and math.isnan(v)) else v for v in values.tolist()
    ]
