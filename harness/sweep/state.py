"""What a results folder remembers of a sweep: its definition, so that `--resume` can tell changes.

What is done is not in it: that is read off the records, which a crash cannot contradict.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from pathlib import Path
from typing import Any

from harness.errors import BadRequest, RunFailed
from harness.store import sync_folder
from harness.sweep.definition import Definition, differences

SCHEMA = 1
FOLDER = "sweeps"


def path_of(results: Path, name: str) -> Path:
    """Return where the sweep `name` is remembered."""
    safe = re.sub(r"[^\w.+-]+", "-", name).strip(".-") or "sweep"
    return results / FOLDER / f"{safe[:100]}.json"


def changes_since(results: Path, definition: Definition) -> list[str] | None:
    """Return what the definition says differently from the one remembered under its name.

    None where nothing is remembered.

    Raises:
        BadRequest: If what is remembered cannot be read, or is of another schema.
    """
    path = path_of(results, definition.name)
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise BadRequest(f"{path}: must be a sweep's state, got {error}") from None
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema != SCHEMA or not isinstance(data.get("definition"), dict):
        raise BadRequest(f"{path}: this version reads sweeps of schema {SCHEMA}, got {schema!r}")
    after = definition.to_dict()
    before = {"rows": after["rows"]} | data["definition"]  # which once were not remembered
    rows = before["rows"]
    if isinstance(rows, dict):  # of a variant that is new or gone, `variants` says so
        before["rows"] = {name: rows.get(name, row) for name, row in after["rows"].items()}
    timing = before.get("timing")
    if isinstance(timing, dict) and after["timing"]:  # nor were the values of its protocol
        before["timing"] = {"values": after["timing"]["values"]} | timing
    return differences(before, after)


def remember(results: Path, definition: Definition) -> None:
    """Write the definition down, whole or not at all, on the disk when this returns.

    Raises:
        RunFailed: If it cannot be written; what was there before is still there.
    """
    path = path_of(results, definition.name)
    state = {"schema": SCHEMA, "kind": "sweep", "definition": definition.to_dict()}
    text = json.dumps(state, indent=2, ensure_ascii=False) + "\n"
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open(
                "x", encoding="utf-8"
            ) as file:  # for others to read, as records are
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        for folder in (path.parent, results, results.parent):
            sync_folder(folder)
    except OSError as error:
        raise RunFailed(f"{path}: sweep not written ({error.strerror or error})") from None
