"""What happens on the nodes, in Ray's worker processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from harness.environment import read_environment
from harness.errors import BadRequest, RunFailed
from harness.isolated import run_isolated
from harness.profiling.request import Measured, Request
from harness.records import FailedRecord, ProfileRecord
from harness.sweep.cluster.versions import differing, versions
from harness.sweep.definition import Definition
from harness.sweep.proxy import load_proxy
from harness.sweep.timed import measure
from harness.sweep.worker import prepare
from harness.timing.device_lock import held
from variants.catalog import Row

_R = TypeVar("_R")

#: Name of a pool, and what makes a process ready for it, with its arguments.
Setup = tuple[str, Callable[..., None], Sequence[Any]]

_THREADS = "OMP_NUM_THREADS"

_ready: str | None = None  # for which pool this process is made ready
_checked: Mapping[str, str] | None = None


def run_chunk(setup: Setup, function: Callable[[Sequence[int]], _R], chunk: Sequence[int]) -> _R:
    """Return what `function` returns for a chunk, in a process made ready for its pool."""
    global _ready
    try:
        make_ready(setup)
        return function(chunk)
    except BaseException:
        _ready = None  # what was interrupted half-way is not gone on with
        raise


def make_ready(setup: Setup) -> None:
    """Make this process ready for a pool, unless it is."""
    global _ready
    pool, start, arguments = setup
    if _ready != pool:
        start(*arguments)
        _ready = pool


class Alone:
    """A process for one piece after the other: who asks knows when the work on each begins."""

    def ready(self, setup: Setup) -> bool:
        """Make it ready for a pool, and say so."""
        make_ready(setup)
        return True

    def run(self, function: Callable[[Sequence[int]], _R], piece: Sequence[int]) -> _R:
        """Return what `function` returns for a piece."""
        return function(piece)


def start(
    needed: Mapping[str, str], definition: Definition, catalog: Mapping[str, Row], limit_s: float
) -> None:
    """Make this process ready to look at combinations and count them.

    Raises:
        RunFailed: If this node, which may have joined since the others were asked, has not the
            versions that are `needed`, or a proxy is not there.
    """
    check_here(needed)
    if words := lacking([*definition.proxies.values()]):
        raise RunFailed(f"node {_address()}: {words}")
    prepare(definition, catalog, limit_s)


def check_here(needed: Mapping[str, str]) -> None:
    """Raise `RunFailed` where the versions are not those `needed`; names this node."""
    global _checked
    if _checked == needed:
        return
    words = differing(needed, versions([name for name in needed if name not in versions()]))
    if words:
        raise RunFailed(f"node {_address()}: must have what the command has, {words}")
    _checked = dict(needed)


def lacking(sources: Sequence[str]) -> str:
    """Return which proxy cannot be had on this node and why; empty where all can."""
    try:
        for source in sources:
            load_proxy(source)
    except BadRequest as error:
        return str(error)
    return ""


def measure_here(
    needed: Mapping[str, str], request: Request, measured: Measured, first: bool
) -> tuple[str, ProfileRecord | FailedRecord]:
    """Return this node's address and the record of a variant, counted and timed here.

    The device is held against other sweeps of this machine, too.

    Raises:
        BadRequest: If what is asked for cannot be done at all, as the `first` variant shows.
    """
    check_here(needed)
    with held(request.device), _own_threads():
        return _address(), measure(request, measured, first=first).record()


def describe(device: str) -> dict[str, Any]:
    """Return what a record of this node would have as its environment."""
    with _own_threads():
        found: dict[str, Any] = run_isolated(_environment, device)
    return found


def _environment(_report: Any, device: str) -> dict[str, Any]:
    import torch  # noqa: F401 - so that its versions and threads are told

    return read_environment(device, thorough=True)


@contextmanager
def _own_threads() -> Iterator[None]:
    """Leave the number of threads to torch, as outside Ray, unless the node was started with it.

    Ray sets it to the CPUs that a task holds, one in most cases.
    """
    if _of_raylet(_THREADS):
        yield
        return
    before = os.environ.pop(_THREADS, None)
    try:
        yield
    finally:
        if before is not None:
            os.environ[_THREADS] = before


def _of_raylet(name: str) -> bool:
    """Say whether the process that Ray started on this node has an environment variable."""
    try:
        entries = Path(f"/proc/{os.environ['RAY_RAYLET_PID']}/environ").read_bytes().split(b"\0")
    except (OSError, KeyError):
        return False
    return any(entry.startswith(f"{name}=".encode()) for entry in entries)


def _address() -> str:
    import ray

    # Asked outside a cluster, Ray would start one.
    return str(ray.util.get_node_ip_address()) if ray.is_initialized() else "of no cluster"
