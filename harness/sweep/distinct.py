"""How many combinations a sweep has when those that repeat others count once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.sweep.combinations import Axis
    from harness.sweep.definition import Rule

#: Returns the number of a combination, asking for a step of each axis that applies.
Choose = Callable[[Callable[["Axis"], int]], int]

MOST_COUNTED = 20_000  # ways of meeting conditions or not; a second's work


def distinct(choose: Choose, when: Mapping[str, Rule]) -> int | None:
    """Return how many combinations can be chosen; null where conditions are too many to tell.

    Args:
        choose: See `Combinations.choose`.
        when: Under which rule an axis applies, by its key.
    """
    free: dict[tuple[str, ...], int] = {}
    ways = sum(1 for _ in islice(_ways(choose, _involved(when), free), MOST_COUNTED + 1))
    if ways > MOST_COUNTED:
        return None
    for steps in free.values():
        ways *= steps
    return ways


def _involved(when: Mapping[str, Rule]) -> set[str]:
    """Return axes that conditions are on or about: an option is of a component, so its name too."""
    keys = {*when, *(key for rule in when.values() for key in rule)}
    return {"variant", *keys, *(f"{key.partition('.')[0]}.name" for key in keys)}


def _ways(choose: Choose, involved: Set[str], free: dict[tuple[str, ...], int]) -> Iterator[int]:
    """Yield combinations that differ in axes of `involved`; of all others into `free` the lengths.

    An odometer whose wheels come and go: what one shows decides which come after it.
    """
    wheels: list[tuple[int, int]] = []  # where each stands, and its last step
    while True:
        asked = 0

        def step_of(axis: Axis) -> int:
            nonlocal asked
            if involved.isdisjoint(axis.keys):
                free[axis.keys] = len(axis.values)
                return 0
            if asked == len(wheels):
                wheels.append((0, len(axis.values) - 1))
            asked += 1
            return wheels[asked - 1][0]

        yield choose(step_of)
        while wheels and wheels[-1][0] == wheels[-1][1]:
            wheels.pop()
        if not wheels:
            return
        at, last = wheels[-1]
        wheels[-1] = (at + 1, last)
