"""How long a sweep will take, for `--dry-run`."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

from harness.sweep.executor import Executor

if TYPE_CHECKING:
    from harness.timing.protocol import Protocol

TRIED = 6  # variants of each process that are counted to see how long one takes
SETUP_S = 5.0  # of a round: its process, torch, the network, warm-up; more for compiled ones


def static_s(pool: Executor, jobs: int, todo: Sequence[int]) -> float:
    """Return the seconds that counting takes, by counting a few of the variants."""
    from harness.sweep.worker import count_chunk

    if not todo:
        return 0.0
    tried = min(len(todo), TRIED * jobs)
    numbers = [todo[at * len(todo) // tried] for at in range(tried)]
    start_s = monotonic()
    for _ in pool.run(count_chunk, ([number] for number in numbers)):
        pass
    return (monotonic() - start_s) / tried * len(todo)


def timed_s(protocol: Protocol, variants: int, at_once: int = 1) -> float | None:
    """Return the seconds that timing takes, null where the protocol has no budget to tell by."""
    if protocol.budget_s is None:
        return None
    turns = -(-variants // at_once)
    return turns * (protocol.budget_s + protocol.rounds * SETUP_S)
