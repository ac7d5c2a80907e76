"""JSON: every cell with its exact value, its kind and the records that it rests on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import DeviceRecord, Record, ReportedRecord
from harness.report.columns import Column
from harness.report.conditions import device_name
from harness.report.model import Cell, Table, TableRow


def to_json(table: Table) -> str:
    """Return the table as one JSON object, each column, row and note on a line of its own."""
    writer = _Writer(table.columns)
    lists: dict[str, Iterable[Any]] = {
        "columns": [{"name": c.name, "header": c.header, "unit": c.unit} for c in table.columns],
        "groups": table.groups,
        "rows": map(writer.row, table.rows),
        "footnotes": table.footnotes,
        "warnings": table.warnings,
    }
    entries = [
        f'"{key}": {_dump(value)}' for key, value in (("name", table.name), ("title", table.title))
    ]
    for key, values in lists.items():
        lines = ",\n".join(f"    {_dump(value)}" for value in values)
        entries.append(f'"{key}": [\n{lines}\n  ]' if lines else f'"{key}": []')
    return "{\n  " + ",\n  ".join(entries) + "\n}\n"


def _dump(value: Any) -> str:
    """Return `value` on one line: json indents in Python alone, ten times slower."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def identity(record: Record) -> dict[str, Any]:
    """Return what finds `record` again among all records."""
    if isinstance(record, ReportedRecord):
        return {
            "kind": record.kind,
            "variant": record.variant,
            "table": record.table,
            "row": record.row,
            "work": record.source.work,
            "place": record.source.place,
        }
    if isinstance(record, DeviceRecord):
        return {
            "kind": record.kind,
            "device": device_name(record.environment),
            "created": record.created,
        }
    found = {
        "kind": record.kind,
        "variant": record.variant,
        "spec_sha256": record.spec_sha256,
        "created": record.created,
    }
    if isinstance(record, LoggedRecord):
        found |= {"file": record.file, "file_sha256": record.file_sha256, "use": record.use}
    if isinstance(record, ProxyRecord):
        found |= {"name": record.name, "source": record.source}
    return found


class _Writer:
    """Puts rows into plain data; a record that many cells rest on is identified once."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._names = [column.name for column in columns]
        self._identities: dict[int, dict[str, Any]] = {}  # by `id`: records are not hashable

    def row(self, row: TableRow) -> dict[str, Any]:
        cells = {n: self._cell(cell) for n, cell in zip(self._names, row.cells, strict=True)}
        return {"variant": row.variant, "group": row.group, "cells": cells}

    def _cell(self, cell: Cell) -> dict[str, Any]:
        span = {} if cell.span is None else {"span": cell.span}
        return {
            "value": cell.value,
            "text": cell.text,
            "kind": cell.kind,
            "interval": cell.interval,
            "deviation": cell.deviation,
            **span,
            "mark": cell.mark,
            "rank": cell.rank,
            "records": [self._identity(record) for record in cell.records],
        }

    def _identity(self, record: Record) -> dict[str, Any]:
        if id(record) not in self._identities:
            self._identities[id(record)] = identity(record)
        return self._identities[id(record)]
