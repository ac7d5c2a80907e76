"""Static work on a cluster: each chunk is a task of one CPU, which Ray places and does again."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import ray
from ray import exceptions

from harness.sweep.cluster.nodes import Cluster
from harness.sweep.cluster.on_node import run_chunk
from harness.sweep.pool import ATTEMPTS

AHEAD = 4  # chunks in flight for each CPU
POLL_S = 0.5

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
    ) -> Iterator[tuple[_Chunk, Sequence[_R] | None]]:
        """Yield each chunk with what `function` returns for it, in order.

        A piece that was given up comes as a chunk of its own, with None.
        """
        left = iter(chunks)
        flying: deque[tuple[_Chunk, Any]] = deque()
        try:
            while not self._stopped():
                for chunk in self._taken(left, self._window() - len(flying)):
                    flying.append((chunk, self._task.remote(self._setup, function, chunk)))
                if not flying:
                    return
                chunk, answer = flying[0]
                if not ray.wait([answer], timeout=POLL_S)[0]:
                    continue
                flying.popleft()
                found = got(answer)
                if found is None and len(chunk) > 1:  # each piece alone, before what comes after
                    pieces = [[piece] for piece in chunk]
                    flying.extendleft(
                        (piece, self._task.remote(self._setup, function, piece))
                        for piece in reversed(pieces)
                    )
                    continue
                yield chunk, found
        finally:
            for _, answer in flying:
                ray.cancel(answer)

    def _window(self) -> int:
        """Return how many chunks are in flight; where jobs are limited, none waits at a node."""
        return self.jobs if self._most else AHEAD * self.jobs

    @staticmethod
    def _taken(left: Iterator[_Chunk], count: int) -> Iterator[_Chunk]:
        for _, chunk in zip(range(count), left, strict=False):
            yield chunk


def got(answer: Any) -> Any:
    """Return what a task returned, None where it was lost; raise what it raised."""
    try:
        return ray.get(answer)
    except LOST:
        return None
    except exceptions.RayTaskError as error:
        raise error.cause from error
