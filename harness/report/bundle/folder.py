"""Which folders a report may be written to: none that holds anything else."""

from __future__ import annotations

import json
from pathlib import Path

from harness.errors import BadRequest
from harness.report.bundle.files import MADE_BY, MANIFEST


def check_folder(folder: Path) -> None:
    """Raise unless `folder` is absent, empty, or holds a report of ours and nothing else.

    Raises:
        BadRequest: If writing the report would delete something that no report made.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir():
        raise BadRequest(f"report: --out must be a folder, got the file {folder}")
    found = {
        str(path.relative_to(folder)) for path in folder.rglob("*") if not _is_plain_folder(path)
    }
    found |= {path.name for path in folder.iterdir() if path.is_dir()}
    if not found:
        return
    own = _own_files(folder / MANIFEST)
    if own is None:
        raise BadRequest(
            f"report: --out must be empty or hold a report made by harness ({MANIFEST}), "
            f"got {folder} with {_some(found)}"
        )
    foreign = found - own
    if foreign:
        raise BadRequest(
            f"report: --out must hold nothing but the report, got {folder} with {_some(foreign)}"
        )


def _is_plain_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _own_files(manifest: Path) -> set[str] | None:
    """Return the names of a report's files, null where `manifest` is none of ours."""
    try:
        data = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or data.get("made_by") != MADE_BY:
        return None
    files = data.get("files")
    return {*files, MANIFEST} if isinstance(files, dict) else None


def _some(names: set[str]) -> str:
    first, *others = sorted(names)
    return first + (f" and {len(others)} more" if others else "")
