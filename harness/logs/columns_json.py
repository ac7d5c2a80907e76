"""JSON with named values: one object, a list of them, an object of columns, or one a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.logs.columns import add_row, columns_of
from harness.logs.figure import Figure, json_figure
from harness.logs.found import Found
from harness.logs.json_lines import objects
from harness.logs.source import Source
from harness.logs.text_format import TextFormat

DEEPEST = 6  # levels of objects in objects
NOTHING = "none of its keys is a mIoU of a validation"


def read_lines(source: Source) -> Found:
    found = Found(nothing=NOTHING)
    for line in objects(source, found, wanted=(b"ou", b"OU", b"oU", b"accard", b"IU")):
        _add(found, line)
    return found


def read_document(document: Any) -> Found:
    """Return what `document`, the file's JSON value, holds."""
    found = Found(nothing=NOTHING)
    for row in _rows(document):
        _add(found, row)
    return found


def _rows(document: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, list):
        yield from (row for row in document if isinstance(row, dict))
    elif isinstance(document, dict):
        lists = {k: v for k, v in document.items() if isinstance(v, list)}
        lengths = {len(values) for values in lists.values()}
        if lists and len(lists) == len(document) and len(lengths) == 1:
            for i in range(lengths.pop()):
                yield {name: values[i] for name, values in lists.items()}
        else:
            yield document


def _add(found: Found, row: Mapping[str, Any]) -> None:
    flat = dict(_flat(row, "", DEEPEST))
    add_row(found, columns_of(tuple(flat)), flat)


def _flat(value: Mapping[str, Any], before: str, depth: int) -> Iterator[tuple[str, Figure]]:
    for name, inner in value.items():
        if isinstance(inner, dict) and depth:
            yield from _flat(inner, f"{before}{name}/", depth - 1)
        elif number := json_figure(inner):
            yield f"{before}{name}", number


LINES = TextFormat("json-lines", (), read_lines)
