"""Reports on disk: whole or not at all, so that an existing one survives whatever goes wrong."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from harness.errors import BadRequest


def write_whole(path: Path, content: str | bytes) -> None:
    """Write `content` to `path` under a temporary name, then rename it; folders are created.

    Raises:
        BadRequest: If the file cannot be written; what was there before is still there.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            temporary.chmod(0o666 & ~_umask())  # mkstemp's files are for nobody else to read
            temporary.replace(path)
        except BaseException:  # Ctrl-C included: leave no temporary file behind
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadRequest(f"{path}: cannot be written ({error.strerror})") from None


def write_whole_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put `files`, by name, in the place of all that `folder` holds.

    They are written beside it under a temporary name; then the folders change places. Whoever calls
    has made sure that nothing is lost.

    Raises:
        BadRequest: If that cannot be done; what was there before is still there.
    """
    place = folder.resolve()  # a link stays one
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
        try:
            new, old = temporary / "new", temporary / "old"
            new.mkdir()
            for name, content in files.items():
                (new / name).write_bytes(content)
            _change_places(place, new, old)
        finally:  # after Ctrl-C, too
            if place.exists() or not old.exists():  # else `old` is all that there is
                shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise BadRequest(f"{folder}: cannot be written ({error.strerror})") from None


def _change_places(folder: Path, new: Path, old: Path) -> None:
    """Rename `folder`, where it exists, to `old` and `new` to `folder`, or leave it as it is."""
    try:
        if folder.exists():
            folder.replace(old)
        new.replace(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.replace(folder)
        raise


def _umask() -> int:
    mask = os.umask(0)  # reading it means setting it
    os.umask(mask)
    return mask
