"""How far timing is: share, rate and time left."""

import pytest

from harness.timing.progress import describe, seconds_left

from .fakes import protocol


def test_without_budget_the_rest_of_the_iterations_is_left() -> None:
    assert seconds_left(10, 5.0, protocol(iterations=100)) == pytest.approx(45.0)


def test_the_budget_or_the_iterations_end_it_whichever_comes_first() -> None:
    assert seconds_left(10, 5.0, protocol(iterations=100, budget_s=20.0)) == pytest.approx(15.0)
    assert seconds_left(10, 5.0, protocol(iterations=12, budget_s=20.0)) == pytest.approx(1.0)


def test_the_fewest_passes_go_on_past_the_budget() -> None:
    slow = protocol(iterations=100, budget_s=20.0, min_iterations=5)
    assert seconds_left(2, 18.0, slow) == pytest.approx(27.0)
    assert seconds_left(5, 45.0, slow) == 0.0
    assert seconds_left(6, 54.0, slow) == 0.0


def test_the_state_names_passes_budget_rate_and_time_left() -> None:
    share, text = describe(10, 5.0, protocol(iterations=10_000, budget_s=20.0))
    assert text == "10/10,000 passes, 5/20 s, 2 FPS, 0:15 left"
    assert share == pytest.approx(0.25)


def test_the_rate_counts_frames_and_long_times_show_hours() -> None:
    _, text = describe(10, 36.0, protocol(iterations=10_000, input=(4, 3, 8, 8)))
    # 9,990 passes of 3.6 s are 35,964 s; 40 frames in 36 s are 1.111 a second.
    assert text == "10/10,000 passes, 1.111 FPS, 9:59:24 left"


def test_before_the_first_pass_nothing_is_promised() -> None:
    assert describe(0, 0.0, protocol()) == (0.0, "timing")


def test_passes_without_time_promise_nothing() -> None:
    assert describe(3, 0.0, protocol()) == (0.0, "timing")


def test_with_until_the_time_left_is_the_most() -> None:
    share, text = describe(
        10, 5.0, protocol(iterations=10_000, budget_s=60.0, until=0.005, rounds=3)
    )
    assert text == "10/10,000 passes, 5/60 s, 2 FPS, at most 0:55 left, until +-0.50%"
    assert share == pytest.approx(5 / 60)


def test_passes_of_all_rounds_are_described_under_the_whole_protocol() -> None:
    # 25 of 100 passes after 50 s: 150 s are left, whatever round they are in.
    share, text = describe(25, 50.0, protocol(iterations=100, rounds=5))
    assert (share, text) == (0.25, "25/100 passes, 0.5 FPS, 2:30 left")
