"""One measurement on a device at a time, whichever command of whichever user it belongs to."""

from __future__ import annotations

import fcntl
import os
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import RunFailed


class _Held(threading.local):
    """Locks that this thread holds: what it calls meanwhile must not wait for it."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()


_held = _Held()


@contextmanager
def held(
    device: str,
    on_wait: Callable[[], None] | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    cuda: Any = None,
) -> Iterator[None]:
    """Hold the device while the context lasts; a process that dies lets it go.

    Where the thread holds the device already, this changes nothing. Ctrl-C ends the wait.

    Args:
        device: `cpu` or `cuda:N`.
        on_wait: Called once if another process holds it; a line on standard error unless given.
        folder: Where the locks of this machine are; its folder of temporary files unless given.
        environment: What `CUDA_VISIBLE_DEVICES` is read from, where a GPU has no UUID.
        cuda: `torch.cuda` or what stands in for it; by default imported where the device is a GPU.

    Raises:
        RunFailed: If the file of the lock cannot be had.
    """
    name = _name(device, environment, cuda)
    path = (folder or Path(tempfile.gettempdir())) / f"harness-{name}.lock"
    if path in _held.paths:
        yield
        return
    try:
        descriptor = _opened(path)
    except OSError as error:
        raise _without(device, path, error) from None
    try:
        try:
            _wait_for(descriptor, on_wait or (lambda: _tell(device)))
        except OSError as error:
            raise _without(device, path, error) from None
        _held.paths.add(path)
        yield
    finally:
        _held.paths.discard(path)
        os.close(descriptor)


def _opened(path: Path) -> int:
    """Return a descriptor of the lock's file, which whoever came first made and may own.

    Reading is all that a lock needs, and all that others are allowed.
    """
    how = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        try:
            return os.open(path, how)
        except FileNotFoundError:
            pass
        try:
            descriptor = os.open(path, how | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            continue
        os.fchmod(descriptor, 0o644)  # whatever the umask keeps from others
        return descriptor


def _wait_for(descriptor: int, on_wait: Callable[[], None]) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        on_wait()
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _tell(device: str) -> None:
    print(f"waiting: {device} is being measured on", file=sys.stderr, flush=True)


def _without(device: str, path: Path, error: OSError) -> RunFailed:
    return RunFailed(
        f"device {device}: its lock {path} must be a file that may be read, "
        f"got {error.strerror or error}"
    )


def _name(device: str, environment: Mapping[str, str], cuda: Any) -> str:
    """Return a device's name on this machine, whatever a process calls it."""
    kind, _, index = device.partition(":")
    if kind == "cuda":
        index = _uuid(device, cuda) or _number(int(index or 0), environment)
    return re.sub(r"[^\w.-]+", "-", f"{kind}-{index}".strip("- "))


def _uuid(device: str, cuda: Any) -> str | None:
    """Return the UUID of a GPU; null where torch or the driver does not say.

    Torch is asked, and not NVML, which counts GPUs in another order than CUDA may.
    """
    try:
        if cuda is None:
            import torch

            cuda = torch.cuda
        return str(cuda.get_device_properties(device).uuid).removeprefix("GPU-")
    except Exception:  # noqa: BLE001 - whatever it is, what follows says it better
        return None


def _number(index: int, environment: Mapping[str, str]) -> str:
    """Return what `CUDA_VISIBLE_DEVICES` calls a GPU, which renumbers them."""
    visible = environment.get("CUDA_VISIBLE_DEVICES", "")
    names = visible.split(",") if visible else []
    return names[index] if index < len(names) else str(index)
