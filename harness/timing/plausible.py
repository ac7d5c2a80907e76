"""Figures that cannot both be right: a network that comes out faster than a part of it.

A network whose operators are all in another one, shape by shape, has strictly less to do. Where it
comes out slower, beyond both intervals, something other than the networks was measured: the clock,
a neighbour, the order in which they were timed, another algorithm chosen by cuDNN.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from harness.row import Row, Shape
from harness.timing_records import Timing

Work = tuple[str, Shape, Shape, Shape, int]


@dataclass(frozen=True)
class Result:
    """A network as counted and as timed.

    Attributes:
        name: The variant's.
        rows: Of its ledger.
        timing: Under the protocol that all have in common, on one machine.
    """

    name: str
    rows: Sequence[Row]
    timing: Timing


def contradictions(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Return for each of `results` the sentences that belong among its warnings.

    A pair is judged only where both were timed under one protocol and have an interval.
    """
    work = [_work(result.rows) for result in results]
    said: list[list[str]] = [[] for _ in results]
    for part, whole in permutations(range(len(results)), 2):
        if (
            _clearly_faster(results[whole].timing, results[part].timing)
            and work[part] < work[whole]
        ):
            text = _sentence(results[whole], results[part])
            said[part].append(text)
            said[whole].append(text)
    return [tuple(texts) for texts in said]


def _work(rows: Sequence[Row]) -> Counter[Work]:
    """Return what there is to compute, wherever in the network it stands."""
    return Counter((row.op, row.input, row.output, row.weight, row.groups) for row in rows)


def _clearly_faster(one: Timing, other: Timing) -> bool:
    if one.fps_ci95 is None or other.fps_ci95 is None or one.protocol != other.protocol:
        return False
    return one.fps_ci95[0] > other.fps_ci95[1]


def _sentence(whole: Result, part: Result) -> str:
    return (
        f"{whole.name} came out faster ({_fps(whole.timing)}) than its own part {part.name} "
        f"({_fps(part.timing)}), beyond both intervals; time both again, with more --rounds"
    )


def _fps(timing: Timing) -> str:
    assert timing.fps_ci95 is not None
    low, high = timing.fps_ci95
    return f"{timing.fps:.4g} FPS, {low:.4g} to {high:.4g}"
