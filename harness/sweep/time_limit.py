"""How long the work on one variant may take, whatever it does: heed signals, or hang in C."""

from __future__ import annotations

import faulthandler
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import NoReturn, TypeVar

from harness.errors import RunFailed

LONGEST_S = 365 * 24 * 3600.0  # the kernel's timers take no more than some hundred years
GRACE_S = 1.0  # beyond the time limit, for code that heeds it
REARM_S = 1.0  # arming costs 40 us, which is not for every count

_R = TypeVar("_R")


class _OutOfTime(BaseException):
    """No `Exception`, which the code that took so long may catch."""


def within(seconds: float, work: Callable[[], _R]) -> _R:
    """Return what `work` returns; for the main thread.

    Raises:
        RunFailed: If it takes longer than so many seconds.
    """

    def end(_number: int, _frame: object) -> NoReturn:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, end)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            return work()
        finally:  # here, too, it may be over
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _OutOfTime:
        raise RunFailed(took_too_long(seconds)) from None
    finally:
        signal.signal(signal.SIGALRM, before)


def watched(numbers: Sequence[int], limit_s: float) -> Iterator[int]:
    """Yield numbers, and end this process if the work on one goes on well beyond the time limit.

    `within` ends what comes back to Python. Code that does not may hold the interpreter and block
    signals, but the thread of `faulthandler` needs neither.
    """
    armed_s = float("-inf")
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - for the traceback
        try:
            for number in numbers:
                if monotonic() - armed_s > REARM_S:
                    armed_s = monotonic()
                    after_s = limit_s + REARM_S + GRACE_S
                    faulthandler.dump_traceback_later(after_s, exit=True, file=nowhere)
                yield number
        finally:
            faulthandler.cancel_dump_traceback_later()


def took_too_long(limit_s: float) -> str:
    """Return why a piece has failed that reached its time limit."""
    return f"took longer than the time limit of {limit_s:g} s"
