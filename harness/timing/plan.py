"""How a protocol's passes are shared among rounds, and when there have been enough.

A round is one fresh process; where several variants are timed, they take turns, round by round.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from harness.timing import statistics
from harness.timing.part import Part
from harness.timing.protocol import Protocol

SLICES = 20  # rounds that `until` may take, unless more are asked for: it is looked at after each
NO_TIME_S = 1e-9  # a budget that leaves a round its least number of passes


def next_share(protocol: Protocol, parts: Sequence[Part]) -> Protocol | None:
    """Return the protocol of the next round, or None where `parts` are enough.

    Its `iterations`, `budget_s` and `min_iterations` are the round's share of what is left. There
    are fewer rounds than `protocol` asks for where the passes or the budget do not go round.
    """
    done = _passes(parts)
    left = protocol.iterations - done
    if left <= 0 or any(part.stopped_by == "interrupt" for part in parts):
        return None
    fewest = max(0, protocol.min_iterations - done)
    budget_s = None
    if protocol.budget_s is not None:
        budget_s = protocol.budget_s - _elapsed_s(parts)
    # Another process for less than a pass would tell nothing.
    spent = budget_s is not None and done > 0 and budget_s < _elapsed_s(parts) / done
    planned = protocol.rounds
    if protocol.until is not None and not spent:
        planned = max(SLICES, planned)
    rounds = planned - len(parts)
    if not fewest and (spent or rounds <= 0 or until_met(protocol, parts)):
        return None
    rounds = max(1, rounds)
    return replace(
        protocol,
        until=None,
        rounds=1,
        iterations=_share(left, rounds),
        min_iterations=max(1, _share(fewest, rounds)),
        budget_s=None if budget_s is None else max(budget_s / rounds, NO_TIME_S),
    )


def until_met(protocol: Protocol, parts: Sequence[Part]) -> bool:
    """Return whether the interval of the mean is as narrow as the protocol's `until` asks.

    Not before `rounds` and `min_iterations` are done: an interval of little is narrow by chance.
    """
    if protocol.until is None or len(parts) < protocol.rounds:
        return False
    if _passes(parts) < protocol.min_iterations:
        return False
    width = statistics.relative_half_width([part.pass_s for part in parts])
    return width is not None and width <= protocol.until


def _share(passes: int, rounds: int) -> int:
    return -(-passes // rounds)  # rounded up; in whole numbers, since a float forgets above 2**53


def _passes(parts: Sequence[Part]) -> int:
    return sum(len(part.pass_s) for part in parts)


def _elapsed_s(parts: Sequence[Part]) -> float:
    return math.fsum(part.elapsed_s for part in parts)
