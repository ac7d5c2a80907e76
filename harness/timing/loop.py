"""The timed loop: passes under a stop rule, and nothing else that takes time.

Knows neither torch nor networks: a pass is a callable, the device is behind the clock.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Literal

from harness.timing.clock import Clock, Samples
from harness.timing.protocol import Protocol

StoppedBy = Literal["iterations", "budget", "interrupt"]

#: Is called with the passes done (on CUDA: enqueued) and the seconds since the loop began.
Progress = Callable[[int, float], None]

PROGRESS_INTERVAL_S = 0.1
PROGRESS_SHARE = 0.002  # of the loop's time at most, so that watching does not slow the watched


@dataclass(frozen=True)
class Run:
    """What a timed loop gave, and why it ended."""

    samples: Samples
    stopped_by: StoppedBy


def timed_loop(
    run_pass: Callable[[], object],
    clock: Clock,
    protocol: Protocol,
    progress: Progress | None = None,
) -> Run:
    """Time passes until `protocol` says enough.

    Ctrl-C ends the loop after the pass that it fell into, so that only whole passes count; a
    second Ctrl-C raises `KeyboardInterrupt` at once.

    Args:
        run_pass: Runs (on CUDA: enqueues) one pass.
        clock: Fresh, of the device that runs the passes.
        protocol: Its `iterations`, `budget_s` and `min_iterations` are the stop rule.
        progress: Told now and then how far the loop is, in its first call that it begins.
    """
    done, report_at_s = 0, 0.0
    if progress:
        progress(0, 0.0)
    with _noting_ctrl_c() as interrupts:
        clock.start()
        while True:
            clock.begin()
            run_pass()
            clock.end()
            done += 1
            elapsed_s = clock.elapsed()
            stopped_by = _why_stop(protocol, done, elapsed_s, interrupted=bool(interrupts))
            if stopped_by:
                return Run(clock.stop(), stopped_by)
            if progress and elapsed_s >= report_at_s:
                progress(done, elapsed_s)
                now_s = clock.elapsed()
                cost_s = now_s - elapsed_s
                report_at_s = now_s + max(PROGRESS_INTERVAL_S, cost_s / PROGRESS_SHARE)


def _why_stop(
    protocol: Protocol, done: int, elapsed_s: float, *, interrupted: bool
) -> StoppedBy | None:
    if done >= protocol.iterations:
        return "iterations"
    if interrupted:
        return "interrupt"
    spent = protocol.budget_s is not None and elapsed_s >= protocol.budget_s
    return "budget" if spent and done >= protocol.min_iterations else None


@contextmanager
def _noting_ctrl_c() -> Iterator[list[int]]:
    """Yield a list that fills with the SIGINTs that arrive; the second one raises.

    Only the main thread may set handlers, and only it is interrupted; a SIGINT that was ignored
    (`nohup`) stays ignored.
    """
    before = signal.getsignal(signal.SIGINT)
    seen: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) > 1:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield seen
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)
