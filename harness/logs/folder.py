"""Which files of a folder hold mIoU, such as the work folder of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.errors import BadRequest, RunFailed
from harness.logs.choice import Choice
from harness.logs.read import LogFile, read_log
from harness.logs.source import NoMiou


@dataclass(frozen=True)
class Survey:
    """What the files below a folder hold, in order of path.

    Attributes:
        logs: Those with mIoU.
        refused: Why others with mIoU could not be read, one line each.
        without: Number of files without mIoU.
    """

    logs: tuple[LogFile, ...]
    refused: tuple[str, ...]
    without: int


def survey(folder: Path, choice: Choice) -> Survey:
    """Read every file below `folder`, but hidden ones, links to folders and what is no file.

    Raises:
        BadRequest: If the folder cannot be read.
    """
    logs, refused, without = [], [], 0
    for path in _files(folder):
        try:
            logs.append(read_log(path, choice))
        except NoMiou:
            without += 1
        except (RunFailed, BadRequest) as error:
            refused.append(str(error))
    return Survey(tuple(logs), tuple(refused), without)


def _files(folder: Path) -> list[Path]:
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        raise BadRequest(f"{folder}: cannot be read ({error.strerror or error})") from None
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
