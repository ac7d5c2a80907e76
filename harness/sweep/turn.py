"""Processes that resume one sweep at once count one after the other, and nothing twice."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import RunFailed
from harness.sweep.state import path_of

POLL_S = 0.1


@contextmanager
def turn(
    results: Path, name: str, *, wait: bool, tell: Callable[[str], None], check: Callable[[], None]
) -> Iterator[None]:
    """Keep others from resuming a sweep while the context lasts; the kernel ends it with a process.

    Each would use every core for what the others do as well.

    Args:
        results: The folder that is counted into.
        name: The sweep's.
        wait: Whether to wait for those that count already; else others wait for this process.
        tell: Takes a line if there is somebody to wait for.
        check: Called again and again while it waits; raises to end that.

    Raises:
        RunFailed: If the file of the lock cannot be had.
    """
    state = path_of(results, name)
    path = state.with_name(f".{state.stem}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise RunFailed(f"{path}: sweep not locked ({error.strerror or error})") from None
    try:
        if not _taken(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_SH) and wait:
            tell(f"waiting: another process counts {name} into {results}")
            while not _taken(descriptor, fcntl.LOCK_EX):
                check()
                time.sleep(POLL_S)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks on this file system, as storing a record says in better words
        return True
    return True
