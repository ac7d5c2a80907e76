"""Reports on disk: whole or not at all, so that an existing one survives whatever goes wrong."""

from __future__ import annotations

import os
import tempfile
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


def _umask() -> int:
    mask = os.umask(0)  # reading it means setting it
    os.umask(mask)
    return mask
