"""What makes a figure doubtful is said, and nothing else."""

from harness.timing.clock import Samples
from harness.timing.loop import Run, StoppedBy
from harness.timing.stability import doubts

from .fakes import protocol


def said(*pass_s: float, stopped_by: StoppedBy = "iterations", budget_s: float = 20.0) -> list[str]:
    run = Run(Samples(pass_s, sum(pass_s)), stopped_by)
    return list(doubts(protocol(iterations=10_000, budget_s=budget_s), run))


def test_thirty_even_passes_leave_nothing_to_say() -> None:
    assert said(*[1.0] * 30) == []


def test_fewer_than_thirty_passes_are_few() -> None:
    assert said(*[1.0] * 29) == [
        "only 29 of the 30 passes that interval and p99 need",
    ]


def test_a_spread_above_ten_percent_is_named() -> None:
    # 5th percentile 1.0, median 1.0, 95th 1.2.
    assert said(*[1.0] * 36, *[1.2] * 4) == [
        "passes spread by 20% of their median (5th to 95th percentile), above 10%",
    ]


def test_a_spread_of_ten_percent_or_a_single_slow_pass_is_not() -> None:
    assert said(*[1.0] * 36, *[1.09] * 4) == []
    assert said(*[1.0] * 39, 50.0) == []


def test_an_early_end_says_what_ended_it() -> None:
    assert said(*[1.0] * 40, stopped_by="budget", budget_s=2.5) == [
        "the budget of 2.5 s ended it after 40 of 10000 passes",
    ]
    assert said(*[1.0] * 40, stopped_by="interrupt") == [
        "Ctrl-C ended it after 40 of 10000 passes",
    ]


def test_several_doubts_are_all_said() -> None:
    assert len(said(1.0, 2.0, stopped_by="budget")) == 3
