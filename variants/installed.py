"""What installed packages register under an entry-point group, at next to no cost where none does.

`importlib.metadata` is a fifth of the time of a short command: it brings along what reads mail and
archives, and parses the entry points of every package. That a group stands in no file of them is
known sooner.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def registered(group: str) -> Iterable[EntryPoint]:
    """Return the entry points of `group`."""
    if not _may_be_registered(group):
        return ()
    from importlib.metadata import entry_points

    return entry_points(group=group)


def _may_be_registered(group: str) -> bool:
    """Return whether a package names `group`, or some could be where only a finder looks."""
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")]
    if [getattr(finder, "__name__", "") for finder in finders] != ["PathFinder"]:
        return True
    return any(_names(folder or ".", group.encode()) for folder in sys.path)


def _names(folder: str, group: bytes) -> bool:
    if folder.endswith(".egg"):
        return True
    try:
        entries = os.listdir(folder)  # noqa: PTH208 - this is about milliseconds
    except NotADirectoryError:  # an archive
        return True
    except OSError:
        return False
    return any(
        _holds(f"{folder}/{name}/entry_points.txt", group)
        for name in entries
        if name.endswith((".dist-info", ".egg-info"))
    )


def _holds(path: str, text: bytes) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - likewise
            return text in file.read()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # what reads it shall say why it cannot
