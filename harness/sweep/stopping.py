"""Ctrl-C and SIGTERM: the first one ends a sweep in good order, the second one at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Stopped(BaseException):
    """A signal that ends the sweep.

    No `KeyboardInterrupt`, which a measurement takes as a request to end early: a sweep has no use
    for half a measurement.

    Args:
        signal: Its number.
    """

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal


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
        """Raise `Stopped` if a signal was heard."""
        if self.signal is not None:
            raise Stopped(self.signal)


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
            raise Stopped(number)

    if threading.current_thread() is not threading.main_thread():
        yield stop  # signals are heard elsewhere
        return
    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
