"""JSON: every cell with its exact value, its kind and the records that it rests on."""

from __future__ import annotations

import json
from typing import Any

from harness.logged_record import LoggedRecord
from harness.records import DeviceRecord, Record, ReportedRecord
from harness.report.columns import Column
from harness.report.conditions import device_name
from harness.report.model import Cell, Table, TableRow


def to_json(table: Table) -> str:
    """Return the table as one JSON object."""
    data = {
        "name": table.name,
        "title": table.title,
        "columns": [{"name": c.name, "header": c.header, "unit": c.unit} for c in table.columns],
        "groups": list(table.groups),
        "rows": [_row(row, table.columns) for row in table.rows],
        "footnotes": list(table.footnotes),
        "warnings": list(table.warnings),
    }
    return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


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
    return found


def _row(row: TableRow, columns: tuple[Column, ...]) -> dict[str, Any]:
    cells = {c.name: _cell(cell) for c, cell in zip(columns, row.cells, strict=True)}
    return {"variant": row.variant, "group": row.group, "cells": cells}


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "value": cell.value,
        "text": cell.text,
        "kind": cell.kind,
        "interval": cell.interval,
        "mark": cell.mark,
        "rank": cell.rank,
        "records": [identity(record) for record in cell.records],
    }
