"""Static work on a cluster: each chunk is a task of one CPU, which Ray places and does again."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import ray
from ray import exceptions

from harness.errors import RunFailed
from harness.sweep.cluster.nodes import Cluster
from harness.sweep.cluster.on_node import run_chunk
from harness.sweep.executor import GivenUp
from harness.sweep.pool import ATTEMPTS, DIED

AHEAD = 4  # chunks in flight for each CPU
POLL_S = 0.5
_NO_MODULE = "failed to import on the worker"

#: How a task ends whose process or node died as often as it was tried. Ray runs one task at a time
#: in a process, so that it is the task's own doing.
LOST = (
    exceptions.WorkerCrashedError,
    exceptions.NodeDiedError,
    exceptions.OutOfMemoryError,
    exceptions.ObjectLostError,
)

_R = TypeVar("_R")
_Chunk = Sequence[int]


@dataclass
class _Asked:
    """A chunk and Ray's reference to what comes of it; null while it is not in flight."""

    chunk: _Chunk
    answer: Any = None


class RayPool:
    """Ray's workers, that each run `start(*arguments)` once and then chunks of work.

    Args:
        cluster: Where.
        jobs: How many chunks run at once; null for as many as there are CPUs.
        start: Makes a process ready, on its node.
        arguments: Of `start`.
        stopped: Asked before each chunk; what is in flight then is dropped.
    """

    def __init__(
        self,
        cluster: Cluster,
        jobs: int | None,
        start: Callable[..., None],
        *arguments: Any,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._cluster = cluster
        self._most = jobs
        self._stopped = stopped
        self._setup = ray.put((uuid.uuid4().hex, start, arguments))
        options = cluster.options(cpus=1, retries=ATTEMPTS - 1)
        self._task = ray.remote(run_chunk).options(**options)

    def __enter__(self) -> RayPool:
        return self

    def __exit__(self, *_: object) -> None:
        pass  # an iterator that is closed has dropped its own

    @property
    def jobs(self) -> int:
        """How many chunks run at once, as the cluster is now."""
        return min(self._most or self._cluster.cpus, self._cluster.cpus)

    def run(
        self, function: Callable[[_Chunk], Sequence[_R]], chunks: Iterable[_Chunk]
    ) -> Iterator[tuple[_Chunk, Sequence[_R] | GivenUp]]:
        """Yield each chunk with what `function` returns for it, in order.

        A piece that was given up comes as a chunk of its own.
        """
        left = iter(chunks)
        waiting: deque[_Asked] = deque()
        try:
            while not self._stopped():
                self._fill(waiting, left, function)
                if not waiting:
                    return
                first = waiting[0]
                if not ray.wait([first.answer], timeout=POLL_S)[0]:
                    continue
                waiting.popleft()
                found = got(first.answer)
                if found is None and len(first.chunk) > 1:
                    # Each piece alone, and all of them before what comes after.
                    waiting.extendleft(_Asked([piece]) for piece in reversed(first.chunk))
                    continue
                yield first.chunk, GivenUp(DIED) if found is None else found
        finally:
            for one in waiting:
                if one.answer is not None:
                    ray.cancel(one.answer)

    def _fill(
        self,
        waiting: deque[_Asked],
        left: Iterator[_Chunk],
        function: Callable[[_Chunk], Sequence[_R]],
    ) -> None:
        """Put work in flight: pieces of what was lost, then the next chunks.

        Where jobs are limited, no more than those are in flight, so that none of them waits at a
        node for another.
        """
        most = self.jobs if self._most else AHEAD * self.jobs
        room = most - sum(one.answer is not None for one in waiting)
        if waiting and waiting[0].answer is None:
            room = max(room, 1)  # the cluster has shrunk; what all wait for goes first
        for one in waiting:
            if room > 0 and one.answer is None:
                one.answer = self._task.remote(self._setup, function, one.chunk)
                room -= 1
        for chunk in islice(left, max(room, 0)):
            waiting.append(_Asked(chunk, self._task.remote(self._setup, function, chunk)))


def got(answer: Any) -> Any:
    """Return what a task returned, None where it was lost; raise what it raised.

    Raises:
        RunFailed: If Ray could not run it, as on a node that joined without harness.
    """
    try:
        return ray.get(answer)
    except LOST:
        return None
    except exceptions.RayTaskError as error:
        if isinstance(error.cause, RuntimeError) and _NO_MODULE in str(error.cause):
            raise RunFailed(f"sweep: {_line(error.cause)}") from None
        raise error.cause from error
    except exceptions.RayError as error:
        raise RunFailed(f"sweep: {_line(error)}") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
