"""Ctrl-C and SIGTERM: the first one ends a sweep in good order, the second one at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Terminated(BaseException):
    """SIGTERM, as `KeyboardInterrupt` is SIGINT."""


@dataclass
class Stop:
    """What was heard.

    Attributes:
        signal: Number of the first signal; null while there was none.
    """

    signal: int | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    def raise_if_asked(self) -> None:
        """Raise `KeyboardInterrupt` or `Terminated` if a signal was heard."""
        if self.signal is not None:
            raise _exception(self.signal)


@contextmanager
def listening(*, patiently: bool) -> Iterator[Stop]:
    """Yield what hears the signals while the context lasts.

    Args:
        patiently: Whether the first signal is only noted; else it is raised at once, as the second
            one always is.
    """
    stop = Stop()

    def hear(number: int, _frame: object) -> None:
        first = stop.signal is None
        stop.signal = number
        if not (patiently and first):
            raise _exception(number)

    if threading.current_thread() is not threading.main_thread():
        yield stop  # signals are heard elsewhere
        return
    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exception(number: int) -> BaseException:
    return Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
