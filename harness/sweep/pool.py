"""A process pool that goes on when processes of it die, and says which work it was that killed one.

`concurrent.futures` gives a whole pool up when one process dies, with all that was in flight. Here
a new pool takes over: what was in flight is done again alone, chunk by chunk and then piece by
piece, and a piece whose process dies every time that it runs alone is given up, at once where that
ended itself because a piece took too long.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotYet  # of its own before Python 3.11
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from multiprocessing.connection import wait
from typing import Any, TypeVar

from harness.errors import RunFailed
from harness.sweep.executor import GivenUp
from harness.sweep.time_limit import took_too_long

AHEAD = 3  # chunks in flight for each process: it shall never wait for the next
POLL_S = 1.0
GRACE_POLLS = 3  # after a death the pool notices by itself, but not always
STARTS = 100
ATTEMPTS = 3  # of a piece alone: somebody may be killing processes that do no harm
DIED = f"its process died {ATTEMPTS} times while nothing else ran in it"
OUT_OF_TIME = 1  # how a process ends that `faulthandler` ends

_R = TypeVar("_R")
_Chunk = Sequence[int]


class Pool:
    """Processes that each run `start(*arguments)` once and then chunks of work.

    Args:
        jobs: How many processes.
        start: Makes a process ready.
        arguments: Of `start`.
        limit_s: Seconds that a piece may take; a process ends with `OUT_OF_TIME` some time later.
        stopped: Asked before each chunk; what is running then is still finished.
    """

    def __init__(
        self,
        jobs: int,
        start: Callable[..., None],
        *arguments: Any,
        limit_s: float = float("inf"),
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._jobs = jobs
        self._start = start
        self._arguments = arguments
        self._limit_s = limit_s
        self._stopped = stopped
        # Not fork: the parent has threads. Not spawn: torch would be imported again and again.
        self._context = multiprocessing.get_context("forkserver")
        self._executor = self._new()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # no time to finish what nobody will take
            self._kill()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def run(
        self, function: Callable[[_Chunk], Sequence[_R]], chunks: Iterable[_Chunk]
    ) -> Iterator[tuple[_Chunk, Sequence[_R] | GivenUp]]:
        """Yield each chunk with what `function` returns for it, in order.

        A piece that was given up comes as a chunk of its own.
        """
        left = iter(chunks)
        waiting: deque[tuple[_Chunk, Future[Sequence[_R]] | None]] = deque()
        while True:
            while len(waiting) < AHEAD * self._jobs and not self._stopped():
                chunk = next(left, None)
                if chunk is None:
                    break
                waiting.append((chunk, self._submit(function, chunk)))
            if not waiting:
                return
            if self._stopped():
                for _, future in waiting:
                    if future is not None:
                        future.cancel()
            chunk, future = waiting.popleft()
            try:
                yield chunk, self._result(future)
            except CancelledError:
                continue
            except BrokenProcessPool:
                broken = [(chunk, None), *waiting]
                waiting.clear()
                self._renew()
                yield from self._again(function, broken)

    def _again(
        self,
        function: Callable[[_Chunk], Sequence[_R]],
        entries: Iterable[tuple[_Chunk, Future[Sequence[_R]] | None]],
    ) -> Iterator[tuple[_Chunk, Sequence[_R] | GivenUp]]:
        """Yield what was in flight when a pool broke: what it still finished, and the rest anew."""
        for chunk, future in entries:
            try:
                yield chunk, self._result(future)
            except (BrokenProcessPool, CancelledError):
                yield from self._alone(function, chunk)

    def _alone(
        self, function: Callable[[_Chunk], Sequence[_R]], chunk: _Chunk
    ) -> Iterator[tuple[_Chunk, Sequence[_R] | GivenUp]]:
        for _ in range(ATTEMPTS if len(chunk) == 1 else 1):
            if self._stopped():
                return
            start_s = time.monotonic()
            try:
                found = self._result(self._submit_surely(function, chunk))
            except BrokenProcessPool:
                statuses = self._renew()
                out_of_time = time.monotonic() - start_s >= self._limit_s
                if len(chunk) == 1 and out_of_time and OUT_OF_TIME in statuses:
                    yield chunk, GivenUp(took_too_long(self._limit_s))
                    return
                continue
            yield chunk, found
            return
        if len(chunk) == 1:
            yield chunk, GivenUp(DIED)
            return
        for piece in chunk:
            yield from self._alone(function, [piece])

    def _submit(
        self, function: Callable[[_Chunk], Sequence[_R]], chunk: _Chunk
    ) -> Future[Sequence[_R]] | None:
        """Return the future of a chunk; None where the pool, or what it forks from, is dead."""
        try:
            return self._executor.submit(function, chunk)
        except (BrokenProcessPool, EOFError, OSError):
            return None

    def _submit_surely(
        self, function: Callable[[_Chunk], Sequence[_R]], chunk: _Chunk
    ) -> Future[Sequence[_R]]:
        """Return the future of a chunk when no other is in flight: the chunk is not to blame."""
        for _ in range(STARTS):
            future = self._submit(function, chunk)
            if future is not None:
                return future
            self._renew()
            time.sleep(POLL_S / 10)  # what they are forked from may still be dying
        raise RunFailed(f"sweep: its processes could not be started, {STARTS} times in a row")

    def _result(self, future: Future[Sequence[_R]] | None) -> Sequence[_R]:
        """Wait for a result, also where a process died in the middle of sending one.

        Then the pool waits for the rest of it for ever, unless the others are ended too.
        """
        if future is None:
            raise BrokenProcessPool
        polls = 0
        while True:
            try:
                return future.result(timeout=POLL_S)
            except NotYet:
                polls = polls + 1 if self._has_lost_one() else 0
                if polls == GRACE_POLLS:
                    self._kill()

    def _workers(self) -> list[Any]:
        return list((self._executor._processes or {}).values())

    def _has_lost_one(self) -> bool:
        return bool(wait([process.sentinel for process in self._workers()], timeout=0))

    def _kill(self) -> None:
        for process in self._workers():
            process.kill()
        # The reader of results waits for the rest of one as long as somebody could be sending it,
        # and so could this process.
        results: Any = self._executor._result_queue
        if results is not None:
            results._writer.close()

    def _renew(self) -> set[int | None]:
        """Take new processes and return how the old ones ended."""
        workers = self._workers()
        self._kill()  # none of them may still be at work that is done again
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = self._new()
        return {process.exitcode for process in workers}

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._jobs,
            mp_context=self._context,
            initializer=self._start,
            initargs=self._arguments,
        )


def usable_cpus() -> int:
    """Return how many processes can run at once; a container may have fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start_fork_server(preload: Sequence[str]) -> None:
    """Start what the processes of pools are forked from; it gets ready while this goes on.

    It is deaf to the terminal's Ctrl-C from birth on.

    Args:
        preload: Modules that are imported once for all processes.
    """
    multiprocessing.set_forkserver_preload(list(preload))
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread: no Ctrl-C is heard here anyway
        forkserver.ensure_running()
        return
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)
