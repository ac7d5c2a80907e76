"""Rounds share a protocol's passes to the last one, and end when the protocol says so."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from harness.timing.clock import CpuClock
from harness.timing.loop import timed_loop
from harness.timing.part import Part
from harness.timing.plan import SLICES, next_share, until_met
from harness.timing.protocol import Protocol

from .fakes import FakeTime, part, protocol

ENOUGH = 10_000  # rounds after which a plan counts as endless


def simulated(asked: Protocol, pass_s: Callable[[], float]) -> tuple[list[Protocol], list[Part]]:
    """Return the shares and the rounds of passes that take what `pass_s` says, as really looped."""
    shares: list[Protocol] = []
    parts: list[Part] = []
    while share := next_share(asked, parts):
        time = FakeTime()
        run = timed_loop(lambda time=time: time.wait(pass_s()), CpuClock(time), share)
        shares.append(share)
        parts.append(
            part(
                *run.samples.pass_s,
                elapsed_s=run.samples.elapsed_s,
                stopped_by=run.stopped_by,
            )
        )
        assert len(parts) < ENOUGH
    return shares, parts


def counts(asked: Protocol, pass_s: float) -> list[int]:
    """Return the passes of each round where every pass takes `pass_s` seconds."""
    return [len(each.pass_s) for each in simulated(asked, lambda: pass_s)[1]]


@pytest.mark.parametrize(
    ("iterations", "rounds", "passes"),
    [
        (10, 1, [10]),
        (10, 3, [4, 3, 3]),
        (10, 5, [2] * 5),
        (2, 5, [1, 1]),  # no round without a pass
        (2**53 + 1, 1, None),
    ],
)
def test_rounds_share_the_passes_to_the_last_one(
    iterations: int, rounds: int, passes: list[int] | None
) -> None:
    asked = protocol(iterations=iterations, rounds=rounds)
    if passes is None:  # more than a float holds
        share = next_share(asked, [])
        assert share is not None
        assert share.iterations == iterations
    else:
        assert counts(asked, 1.0) == passes


def test_a_share_is_the_protocol_but_for_how_long() -> None:
    asked = protocol(iterations=9, rounds=3, until=0.1, budget_s=30.0, seed=7, warmup=11)
    share = next_share(asked, [])
    assert share is not None
    how_long = {"iterations", "budget_s", "min_iterations", "rounds", "until"}
    ours, theirs = share.to_dict(), asked.to_dict()
    assert {key for key in ours if ours[key] != theirs[key]} <= how_long
    assert (share.rounds, share.until) == (1, None)  # a round is one process, and does not look


def test_rounds_share_the_budget_that_is_left() -> None:
    asked = protocol(iterations=1_000, rounds=3, budget_s=30.0)
    # 10 s each: 4 passes of 3 s, the last of which begins at 9 s. 18 s are left for two, 9 s each:
    # 3 passes. 9 s are left: 3 passes.
    shares, parts = simulated(asked, lambda: 3.0)
    assert [len(each.pass_s) for each in parts] == [4, 3, 3]
    assert [share.budget_s for share in shares] == [10.0, 9.0, 9.0]
    assert [each.stopped_by for each in parts] == ["budget"] * 3


def test_without_budget_a_share_has_none() -> None:
    share = next_share(protocol(iterations=9, rounds=3, budget_s=None), [])
    assert share is not None
    assert share.budget_s is None


def test_the_fewest_passes_are_done_over_all_rounds_when_the_budget_is_spent() -> None:
    # Passes of 100 s against 20 s: 5 are shared as 2, 2 and 1.
    assert counts(protocol(iterations=100, rounds=3, budget_s=20.0, min_iterations=5), 100.0) == [
        *(2, 2, 1),
    ]


def test_a_budget_that_is_spent_leaves_no_round_without_need() -> None:
    # The first pass of 100 s spends it. A second one would tell nothing that was asked for.
    assert counts(protocol(iterations=100, rounds=3, budget_s=20.0, min_iterations=1), 100.0) == [1]
    # After 9 s and 9 s, 2 s of 20 are left, in which no pass of 9 s ends.
    assert counts(protocol(iterations=100, rounds=3, budget_s=20.0), 9.0) == [1, 1]


def test_an_interrupted_round_is_the_last() -> None:
    asked = protocol(iterations=100, rounds=5, min_iterations=50)
    assert next_share(asked, [part(1.0)]) is not None
    assert next_share(asked, [part(1.0), part(1.0, stopped_by="interrupt")]) is None


def wavering(seed: int, spread: float) -> Callable[[], float]:
    chance = random.Random(seed)
    return lambda: chance.uniform(1 - spread, 1 + spread)


def test_until_ends_as_soon_as_the_interval_is_narrow_enough() -> None:
    asked = protocol(iterations=2_000, until=0.01, rounds=3, min_iterations=30)
    _, parts = simulated(asked, wavering(0, 0.1))
    assert until_met(asked, parts)
    assert not until_met(asked, parts[:-1])
    assert 3 <= len(parts) < SLICES
    assert {len(each.pass_s) for each in parts} == {2_000 // SLICES}


def test_a_narrower_interval_takes_more_rounds() -> None:
    wide, narrow = (
        len(simulated(protocol(iterations=2_000, until=until, rounds=3), wavering(1, 0.2))[1])
        for until in (0.05, 0.011)
    )
    assert wide < narrow <= SLICES


@pytest.mark.parametrize("rounds", [1, 3, 7, 25])
def test_until_does_not_end_before_the_rounds_that_were_asked_for(rounds: int) -> None:
    # Equal passes: the interval has no width from the second block on. 1,000 passes are 20 slices
    # of 50, or 25 of 40.
    passes = counts(protocol(iterations=1_000, until=0.01, rounds=rounds), 1.0)
    assert passes == [40 if rounds == 25 else 50] * rounds


def test_until_does_not_end_before_the_fewest_passes() -> None:
    assert counts(protocol(iterations=100, until=0.01, rounds=2, min_iterations=30), 1.0) == [5] * 6


def test_until_that_is_never_met_ends_at_the_most_passes() -> None:
    shares, parts = simulated(protocol(iterations=205, until=1e-9, rounds=3), wavering(2, 0.5))
    assert sum(len(each.pass_s) for each in parts) == 205
    assert len(parts) == SLICES
    assert {share.iterations for share in shares} == {10, 11}


def test_until_that_is_never_met_ends_at_the_budget() -> None:
    asked = protocol(iterations=10**6, until=1e-9, rounds=3, budget_s=200.0, min_iterations=30)
    _, parts = simulated(asked, wavering(3, 0.5))
    elapsed_s = sum(each.elapsed_s for each in parts)
    assert 200 - 1.5 <= elapsed_s <= 200 + 1.5  # a pass takes 1.5 s at most
    assert len(parts) <= SLICES


def test_a_clock_that_counts_less_than_the_loop_waited_makes_no_further_rounds() -> None:
    # Where the device rests between passes, elapsed_s leaves the rests out, and a budget that the
    # loop has used up is not spent by that sum.
    asked = protocol(iterations=10**6, until=1e-9, rounds=3, budget_s=200.0)
    parts = [part(1.0, 2.0 + turn, elapsed_s=5.0, stopped_by="budget") for turn in range(20)]
    assert next_share(asked, parts[:-1]) is not None
    assert next_share(asked, parts) is None


def test_a_spent_budget_leaves_the_fewest_passes_to_as_few_rounds_as_were_asked_for() -> None:
    # 60 s in 20 slices of 3 s, each of at least ceil(30 / 20) = 2 passes of 10 s: spent after 3
    # rounds; the other 24 passes follow in one.
    asked = protocol(iterations=1_000, until=0.01, rounds=3, budget_s=60.0, min_iterations=30)
    assert counts(asked, 10.0) == [2, 2, 2, 24]


def test_until_is_met_by_width_rounds_and_passes_together() -> None:
    even = [part(*[1.0] * 10), part(*[1.0] * 10)]
    uneven = [part(*[1.0] * 10), part(*[1.5] * 10)]
    asked = protocol(iterations=100, until=0.01, rounds=2, min_iterations=20)
    assert until_met(asked, even)
    assert not until_met(asked, uneven)
    assert not until_met(asked, even[:1])
    assert not until_met(asked, [part(1.0), *even[:1]])
    assert not until_met(protocol(iterations=100), even)  # nothing asked
    assert not until_met(protocol(iterations=100, until=0.5), [part(1.0)])  # one block: no width


def random_request(chance: random.Random) -> dict[str, Any]:
    return {
        "iterations": chance.choice([1, 2, 3, 10, 100, 333]),
        "rounds": chance.choice([1, 2, 3, 5, 30]),
        "min_iterations": chance.choice([1, 2, 5, 30]),
        "budget_s": chance.choice([None, 0.001, 1.0, 20.0, 1e6]),
        "until": chance.choice([None, None, 0.001, 0.02, 0.3]),
    }


@pytest.mark.parametrize("seed", range(300))
def test_whatever_is_asked_the_plan_keeps_its_promises(seed: int) -> None:
    chance = random.Random(seed)
    request = random_request(chance)
    scale, spread = chance.choice([0.01, 0.3, 5.0, 50.0]), chance.choice([0.0, 0.05, 0.5])
    asked = protocol(**request)
    draw = wavering(seed, spread)
    shares, parts = simulated(asked, lambda: scale * draw())
    passes = [len(each.pass_s) for each in parts]
    done, elapsed_s = sum(passes), sum(each.elapsed_s for each in parts)
    longest_s = max(seconds for each in parts for seconds in each.pass_s)

    assert min(passes) >= 1
    assert done <= asked.iterations
    assert done >= min(asked.min_iterations, asked.iterations)
    # A few more where the budget is spent and the fewest passes still have to be done.
    most = max(asked.rounds, SLICES if asked.until else 0) + 1
    assert len(parts) <= min(most, asked.iterations)
    if asked.budget_s is None and asked.until is None:
        assert done == asked.iterations
        assert len(parts) == min(asked.rounds, asked.iterations)
        assert max(passes) - min(passes) <= 1
    if done < asked.iterations:
        spent = asked.budget_s is not None and elapsed_s > asked.budget_s - longest_s * 1.001
        assert spent or until_met(asked, parts)
    if asked.budget_s is not None and done > asked.min_iterations + len(parts):
        assert elapsed_s <= asked.budget_s + longest_s * 1.001 or until_met(asked, parts)
    for share, each in zip(shares, parts, strict=True):
        assert len(each.pass_s) <= share.iterations
