"""Static work on a cluster: each chunk is a task of one CPU, which Ray places and does again."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from time import monotonic
from typing import Any, TypeVar

import ray
from ray import exceptions

from harness.errors import RunFailed
from harness.sweep.cluster.nodes import Cluster
from harness.sweep.cluster.on_node import Alone, run_chunk
from harness.sweep.cluster.waiting import wait
from harness.sweep.executor import GivenUp
from harness.sweep.pool import ATTEMPTS, DIED
from harness.sweep.time_limit import took_too_long

AHEAD = 4  # chunks in flight for each CPU
POLL_S = 0.5
_AT_FIRST = 2  # times that Ray tries a chunk: its node may have died
_NO_MODULE = "failed to import on the worker"

#: How a task ends whose process or node died as often as it was tried. Ray runs one task at a time
#: in a process, so that it is the task's own doing.
LOST = (
    exceptions.WorkerCrashedError,
    exceptions.NodeDiedError,
    exceptions.OutOfMemoryError,
    exceptions.ObjectLostError,
    exceptions.RayActorError,
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
        limit_s: Seconds that a piece may take; its process ends itself some time later.
        stopped: Asked before each chunk; what is in flight then is dropped.
    """

    def __init__(
        self,
        cluster: Cluster,
        jobs: int | None,
        start: Callable[..., None],
        *arguments: Any,
        limit_s: float = float("inf"),
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._cluster = cluster
        self._most = jobs
        self._limit_s = limit_s
        self._stopped = stopped
        self._setup = ray.put((uuid.uuid4().hex, start, arguments))
        holds = cluster.holding(cpus=1)
        self._together = ray.remote(run_chunk).options(max_retries=_AT_FIRST - 1, **holds)
        self._alone = ray.remote(Alone).options(**holds)
        self._process: Any = None

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
        waiting: deque[tuple[_Chunk, Any]] = deque()
        try:
            while not self._stopped():
                # Where jobs are limited, no more than those are in flight, so that none of them
                # waits at a node for another.
                most = self.jobs if self._most else AHEAD * self.jobs
                for chunk in islice(left, max(most - len(waiting), 0)):
                    answer = self._together.remote(self._setup, function, chunk)
                    waiting.append((chunk, answer))
                if not waiting:
                    return
                chunk, answer = waiting[0]
                if not wait([answer], seconds=POLL_S):
                    continue
                waiting.popleft()
                found = got(answer)
                if found is None:
                    yield from self._again(function, chunk)
                else:
                    yield chunk, found
        finally:
            for _, answer in waiting:
                ray.cancel(answer)

    def _again(
        self, function: Callable[[_Chunk], Sequence[_R]], chunk: _Chunk
    ) -> Iterator[tuple[_Chunk, Sequence[_R] | GivenUp]]:
        """Yield the pieces of a chunk that was lost, each done anew by itself."""
        times = ATTEMPTS if len(chunk) > 1 else ATTEMPTS - _AT_FIRST
        try:
            for piece in chunk:
                found = self._tried(function, [piece], times)
                if found is None:
                    return
                yield [piece], found
        finally:
            self._end_process()

    def _tried(
        self, function: Callable[[_Chunk], Sequence[_R]], piece: _Chunk, times: int
    ) -> Sequence[_R] | GivenUp | None:
        """Return what comes of a piece that is tried so often; null where it was told to stop.

        Of how a process ended Ray tells nothing; but only one that was stuck beyond its time limit
        can have been at it for longer.
        """
        for _ in range(times):
            self._process = self._process or self._alone.remote()
            if self._told_to_stop_before(ready := self._process.ready.remote(self._setup)):
                return None
            if got(ready):
                begun_s = monotonic()
                if self._told_to_stop_before(answer := self._process.run.remote(function, piece)):
                    return None
                found = got(answer)
                if found is not None:
                    return found  # type: ignore[no-any-return]
                if monotonic() - begun_s >= self._limit_s:
                    self._end_process()
                    return GivenUp(took_too_long(self._limit_s))
            self._end_process()
        return GivenUp(DIED)

    def _end_process(self) -> None:
        if self._process is not None:
            ray.kill(self._process)
            self._process = None

    def _told_to_stop_before(self, answer: Any) -> bool:
        while not self._stopped():
            if wait([answer], seconds=POLL_S):
                return False
        return True


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
