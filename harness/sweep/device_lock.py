"""One measurement on a device at a time, whichever sweep it belongs to."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(
    device: str,
    on_wait: Callable[[], None] = lambda: None,
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[None]:
    """Hold the device while the context lasts; a process that dies lets it go.

    Args:
        device: `cpu` or `cuda:N`.
        on_wait: Called once if another process holds it.
        folder: Where the locks of this machine are; its folder of temporary files unless given.
        environment: What `CUDA_VISIBLE_DEVICES` is read from, which renumbers devices.
    """
    path = (folder or Path(tempfile.gettempdir())) / f"harness-{_name(device, environment)}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _name(device: str, environment: Mapping[str, str]) -> str:
    """Return a device's name on this machine, whatever a process calls it."""
    kind, _, index = device.partition(":")
    visible = environment.get("CUDA_VISIBLE_DEVICES", "")
    if kind == "cuda" and visible:
        names = visible.split(",")
        index = names[int(index or 0)] if int(index or 0) < len(names) else index
    return re.sub(r"[^\w.-]+", "-", f"{kind}-{index}".strip("- "))
