"""Where a report's records come from: the paper's own, and the folders that the user names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import BadRequest
from harness.store import Loaded, load, paper_records

DEFAULT_RESULTS = Path("results")


def report_records(folders: Sequence[Path] | None) -> Loaded:
    """Return the paper's records and those of `folders`, in this order, with what went wrong.

    Args:
        folders: Results folders; null means `results` in the working directory, which need not
            exist. One that was named and does not exist is a problem, not an end.

    Raises:
        BadRequest: If one of `folders` is something else than a folder.
    """
    loaded = Loaded(list(paper_records()), [])
    for folder in folders or [DEFAULT_RESULTS]:
        if folder.is_dir():
            found = load(folder)
            loaded.records.extend(found.records)
            loaded.problems.extend(found.problems)
        elif folder.exists():
            raise BadRequest(f"--results: must be a folder, got {folder}")
        elif folders:
            loaded.problems.append(f"{folder}: there is no such results folder")
    return loaded
