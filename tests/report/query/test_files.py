"""Files hold raw figures, exactly."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any

import pytest

from harness.errors import BadRequest
from harness.report.query.files import csv_text, json_text, parquet_bytes
from harness.report.query.frame import Table, build_table

from .made import counted, logged, timed

SPECS: list[dict[str, Any]] = [{"a": {"n": 1, "f": True, "x": 0.5}}, {"a": {"n": 2}}]


def table() -> Table:
    return build_table(
        [
            counted("a", spec=SPECS[0]),
            timed('b,"', 1 / 3, spec=SPECS[1]),
            logged("α", 0.7665, spec={}),
        ]
    )


NAMES = ("variant", "params", "fps", "miou", "a.n", "a.f", "a.x")
ROWS = [
    ("a", 2, None, None, 1, True, 0.5),
    ('b,"', 2, 1 / 3, None, 2, None, None),
    ("α", None, None, 0.7665, None, None, None),
]


def columns(made: Table) -> list[Any]:
    return [made.columns[name] for name in NAMES]


def test_json_is_a_list_of_rows_with_every_column() -> None:
    made = table()
    text = json_text(made, columns(made))
    assert json.loads(text) == [dict(zip(NAMES, row, strict=True)) for row in ROWS]
    first = json.loads(text)[0]
    assert (type(first["params"]), type(first["a.f"]), type(first["a.x"])) == (int, bool, float)
    assert json_text(made.first(0), columns(made)) == "[]\n"


def test_csv_has_a_line_of_names_and_whole_numbers_are_whole() -> None:
    made = table()
    lines = list(csv.reader(io.StringIO(csv_text(made, columns(made)))))
    assert lines[0] == list(NAMES)
    assert lines[1:] == [["" if v is None else str(v) for v in row] for row in ROWS]


def test_whole_numbers_are_exact_where_all_rows_have_one() -> None:
    made = build_table([counted("a", 2**62 + 1)])
    assert json.loads(json_text(made, [made.columns["params"]])) == [{"params": 2**62 + 1}]


def test_parquet_holds_the_same_in_typed_columns() -> None:
    pytest.importorskip("pyarrow", reason="needs harness[parquet]")
    import pandas as pd
    import pyarrow.parquet as pq

    made = table()
    buffer = io.BytesIO(parquet_bytes(made, columns(made)))
    types = {field.name: str(field.type) for field in pq.read_schema(buffer)}
    assert types == {
        "variant": types["variant"], "params": "int64", "fps": "double", "miou": "double",
        "a.n": "int64", "a.f": "bool", "a.x": "double",
    }  # fmt: skip
    assert "string" in types["variant"]
    back = pd.read_parquet(buffer, dtype_backend="numpy_nullable")
    rows = [tuple(None if pd.isna(v) else v for v in row) for row in back.itertuples(index=False)]
    assert rows == ROWS


def test_without_the_package_parquet_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BadRequest, match=r"pyarrow \(pip install 'harness\[parquet\]'\)$"):
        parquet_bytes(table(), columns(table()))
