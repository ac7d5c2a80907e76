"""Networks take turns, and what goes wrong with one leaves the others alone."""

import pytest

from harness.errors import RunFailed
from harness.timing.part import Part
from harness.timing.protocol import Protocol
from harness.timing.rounds import Outcome, interleave

from .fakes import protocol


def part(share: Protocol, stopped_by: str = "iterations") -> Part:
    passes = (0.1,) * share.iterations
    return Part(
        pass_s=passes,
        elapsed_s=0.1 * len(passes),
        stopped_by=stopped_by,  # type: ignore[arg-type]
        setup_s=0.0,
        host_s=0.1,
    )


def test_every_network_gets_its_share_in_every_round_back_and_forth() -> None:
    order: list[tuple[int, int]] = []

    def run_round(position: int, share: Protocol) -> Part:
        order.append((position, share.iterations))
        return part(share)

    three = [protocol(iterations=6, rounds=2), protocol(iterations=4, rounds=2)]
    done = [(place, len(out.parts)) for place, out in interleave([*three, three[0]], run_round)]
    # 6 passes in 2 rounds are 3 each, 4 are 2 each; the second round runs backwards
    assert order == [(0, 3), (1, 2), (2, 3), (2, 3), (1, 2), (0, 3)]
    assert done == [(2, 2), (1, 2), (0, 2)]


def test_more_rounds_of_one_do_not_hold_up_another() -> None:
    protocols = [protocol(iterations=2, rounds=2), protocol(iterations=1, rounds=1)]
    done = [position for position, _ in interleave(protocols, lambda _p, share: part(share))]
    assert done == [1, 0]


def test_a_failure_ends_that_network_and_no_other() -> None:
    calls: list[int] = []

    def run_round(position: int, share: Protocol) -> Part:
        calls.append(position)
        if position == 0 and calls.count(0) == 2:
            raise RunFailed("does not fit")
        return part(share)

    both = [protocol(iterations=3, rounds=3)] * 2
    done: dict[int, Outcome] = dict(interleave(both, run_round))
    assert done[0].failure == "does not fit"
    assert len(done[0].parts) == 1
    assert done[1].failure is None
    assert len(done[1].parts) == 3
    assert calls == [0, 1, 1, 0, 1]


def test_an_interrupted_round_brings_out_what_every_network_has() -> None:
    # round 1: both; round 2 (backwards): 1 is interrupted, 0 has its first round only; 2 has none
    rounds = iter(["iterations", "iterations", "interrupt"])
    both = [protocol(iterations=4, rounds=2)] * 2
    done = list(interleave(both, lambda _p, share: part(share, next(rounds))))
    assert [(place, len(out.parts), out.parts[-1].stopped_by) for place, out in done] == [
        (0, 1, "interrupt"),
        (1, 2, "interrupt"),
    ]


def test_an_interrupt_between_passes_brings_out_whole_rounds_and_goes_on_up() -> None:
    def run_round(position: int, share: Protocol) -> Part:
        if position == 1:
            raise KeyboardInterrupt
        return part(share)

    done: list[tuple[int, str]] = []

    def collect() -> None:
        for position, outcome in interleave([protocol(iterations=4, rounds=2)] * 3, run_round):
            done.append((position, outcome.parts[-1].stopped_by))

    with pytest.raises(KeyboardInterrupt):
        collect()
    assert done == [(0, "interrupt")]
