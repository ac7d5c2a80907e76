"""What takes too long is ended, at whatever moment its time is over."""

import signal
import time

import pytest

from harness.errors import RunFailed
from harness.sweep.time_limit import within


def test_what_is_in_time_is_returned_and_nothing_is_left_ticking() -> None:
    before = signal.getsignal(signal.SIGALRM)
    assert within(60, lambda: 5) == 5
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_what_takes_too_long_is_ended_though_it_catches_everything() -> None:
    def stubborn() -> None:
        try:
            time.sleep(60)
        except Exception:  # noqa: BLE001 - as careless code does
            time.sleep(60)

    with pytest.raises(RunFailed, match=r"^took longer than the time limit of 0.05 s$"):
        within(0.05, stubborn)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_whenever_the_time_is_over_that_is_what_is_told() -> None:
    """Limits of about what the work takes: it is over before, in the middle, or on the way out."""
    ended = 0
    for step in range(3_000):
        try:
            assert within(1e-6 + step % 100 * 2e-7, lambda: 5) == 5
        except RunFailed:
            ended += 1
    assert ended > 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
