"""The table of results folders, read record by record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import BadRequest
from harness.records import Record
from harness.report.query.frame import Table, build_table
from harness.store import stream, without_collection


def load_table(paths: Sequence[Path]) -> tuple[Table, list[str]]:
    """Return the table of all records below `paths`, and a line for each that could not be read.

    The records themselves are not kept: the table takes a fraction of their memory.

    Args:
        paths: Results folders, or single files of records; one that is named twice counts once.

    Raises:
        BadRequest: If one does not exist, or the `created` of a log is not a date.
    """
    for path in paths:
        if not path.exists():
            raise BadRequest(f"results: must be a results folder or a .jsonl file, got {path}")
    problems: list[str] = []
    with without_collection():
        return build_table(_records(paths, problems)), problems


def _records(paths: Sequence[Path], problems: list[str]) -> Iterator[Record]:
    seen = set()
    for path in paths:
        if path.resolve() not in seen:
            seen.add(path.resolve())
            yield from stream(path, problems)
