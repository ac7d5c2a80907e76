"""The timed loop ends by its rule, keeps whole passes, and reports without getting in the way."""

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.timing.clock import CpuClock
from harness.timing.loop import Progress, Run, timed_loop

from .fakes import FakeTime, protocol


def run(
    pass_s: float = 1.0,
    during_pass: Callable[[int], None] = lambda _number: None,
    progress: Progress | None = None,
    time: FakeTime | None = None,
    **fields: Any,
) -> Run:
    """Time passes of `pass_s` fake seconds; `during_pass` is told the number of each, from 1."""
    time = time or FakeTime()
    passes = 0

    def one_pass() -> None:
        nonlocal passes
        passes += 1
        time.wait(pass_s)
        during_pass(passes)

    done = timed_loop(one_pass, CpuClock(time), protocol(**fields), progress)
    assert passes == len(done.samples.pass_s)
    return done


def outcome(done: Run) -> tuple[int, str]:
    return len(done.samples.pass_s), done.stopped_by


def test_stops_after_the_iterations_asked_for() -> None:
    assert outcome(run(iterations=7)) == (7, "iterations")


def test_stops_when_the_budget_is_spent() -> None:
    # The third pass of 4 s ends at 12 s, the first time at or past 10 s.
    assert outcome(run(pass_s=4.0, iterations=100, budget_s=10.0)) == (3, "budget")


def test_the_budget_does_not_cut_the_fewest_passes() -> None:
    done = run(pass_s=4.0, iterations=100, budget_s=10.0, min_iterations=5)
    assert outcome(done) == (5, "budget")


def test_fewer_iterations_than_the_fewest_are_still_what_was_asked() -> None:
    assert outcome(run(iterations=1, budget_s=10.0, min_iterations=5)) == (1, "iterations")


def test_the_last_iteration_at_the_end_of_the_budget_is_no_early_end() -> None:
    assert outcome(run(pass_s=5.0, iterations=2, budget_s=10.0)) == (2, "iterations")


def test_without_budget_time_does_not_matter() -> None:
    assert outcome(run(pass_s=1e6, iterations=50)) == (50, "iterations")


def interrupt_in(*numbers: int) -> Callable[[int], None]:
    def during_pass(number: int) -> None:
        for _ in range(numbers.count(number)):
            signal.raise_signal(signal.SIGINT)

    return during_pass


@pytest.fixture(autouse=True)
def _sigint_is_left_alone() -> Iterator[None]:
    # A shell starts background jobs with SIGINT ignored.
    outside = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    after = signal.signal(signal.SIGINT, outside)
    assert after is signal.default_int_handler


def test_ctrl_c_keeps_the_passes_done_and_the_one_it_fell_into() -> None:
    done = run(iterations=100, during_pass=interrupt_in(3))
    assert outcome(done) == (3, "interrupt")
    assert done.samples.elapsed_s == 3.0


def test_ctrl_c_in_the_first_pass_keeps_that_pass() -> None:
    assert outcome(run(iterations=100, during_pass=interrupt_in(1))) == (1, "interrupt")


def test_ctrl_c_in_the_last_pass_changes_nothing() -> None:
    assert outcome(run(iterations=3, during_pass=interrupt_in(3))) == (3, "iterations")


def test_a_second_ctrl_c_raises_at_once() -> None:
    with pytest.raises(KeyboardInterrupt):
        run(iterations=100, during_pass=interrupt_in(3, 3))


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert outcome(run(iterations=3, during_pass=interrupt_in(1, 2))) == (3, "iterations")
    finally:
        signal.signal(signal.SIGINT, before)


def test_runs_outside_the_main_thread_too() -> None:
    done: list[Run] = []
    thread = threading.Thread(target=lambda: done.append(run(iterations=3)))
    thread.start()
    thread.join()
    assert outcome(done[0]) == (3, "iterations")


def test_a_failing_pass_raises_and_leaves_ctrl_c_alone() -> None:
    def fail(_number: int) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        run(during_pass=fail)


def test_progress_hears_of_the_beginning_and_then_of_passes_done() -> None:
    heard: list[tuple[int, float]] = []
    run(iterations=4, progress=lambda done, elapsed_s: heard.append((done, elapsed_s)))
    assert heard == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0)]  # the end speaks for itself


def test_progress_is_told_at_most_ten_times_a_second() -> None:
    heard: list[float] = []
    run(
        pass_s=0.001,
        iterations=2_000,
        progress=lambda _done, elapsed_s: heard.append(elapsed_s),
    )
    # After the beginning and the first pass, every 0.1 s of 2 s.
    assert 19 <= len(heard) <= 22


def test_slow_progress_is_told_less_often_than_it_takes() -> None:
    time = FakeTime()
    heard: list[float] = []

    def draw(_done: int, elapsed_s: float) -> None:
        time.wait(0.01)
        heard.append(elapsed_s)

    done = run(pass_s=0.001, iterations=20_000, progress=draw, time=time)
    # Drawing takes 0.01 s and may take 0.2% of the time, so once every 5 s: at about 0, 5, 10
    # and 15 s, besides the beginning.
    assert len(heard) == 5
    assert done.samples.elapsed_s == pytest.approx(20 + 4 * 0.01)
    assert max(done.samples.pass_s) == pytest.approx(0.001)  # no pass holds the drawing
