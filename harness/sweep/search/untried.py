"""Variants that a sampler has not proposed, for when it repeats itself."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Set
from itertools import islice

from harness.sweep.combinations import SHUFFLED, Combinations, numbers
from harness.sweep.definition import Sample, Search
from harness.sweep.executor import Executor
from harness.sweep.plan import Illegal, Key
from harness.sweep.static import looked_at
from harness.sweep.stopping import Stop

TOGETHER = 32  # combinations that each process looks at
FEWEST_DRAWS = 10_000
DRAWS_PER_VARIANT = 100


class Untried:
    """Combinations in a random order, each looked at once.

    Up to a million are all looked at. Of more, one after the other is drawn, until none that was
    drawn for a long time was a new variant.

    Args:
        combinations: Of the sweep.
        search: Its search, whose seed decides the order.
        jobs: Processes of the pool.
        note: Hears of combinations that cannot be built.

    Attributes:
        patience: How many draws in a row may give nothing new.
        exhausted: Whether every combination has been looked at.
        gave_up: Whether it ended for want of patience.
    """

    def __init__(
        self,
        combinations: Combinations,
        search: Search,
        jobs: int,
        note: Callable[[int, Illegal], None],
    ) -> None:
        if combinations.total <= SHUFFLED:
            self.patience = combinations.total + 1  # it never ends
            self._order: Iterator[int | None] = numbers(
                combinations.total, Sample(search.trials, search.seed)
            )
        else:
            self.patience = max(FEWEST_DRAWS, DRAWS_PER_VARIANT * search.trials)
            self._order = _drawn(combinations, search.seed)
        self.exhausted = self.gave_up = False
        self._combinations = combinations
        self._jobs = jobs
        self._note = note
        self._spare: deque[tuple[int, Key]] = deque()

    def next(self, pool: Executor, taken: Set[Key], stop: Stop) -> int | None:
        """Return the number of a variant that is not `taken`; null where none was found.

        There is none left then (`exhausted`), or it `gave_up`, or was told to stop.
        """
        draws = 0
        while not stop:
            while self._spare:
                number, key = self._spare.popleft()
                if key not in taken:
                    return number
            room = self.patience - draws
            some = list(islice(self._order, min(room, TOGETHER * self._jobs)))
            if not some:
                self.exhausted, self.gave_up = room > 0, room == 0
                return None
            draws += len(some)
            self._look(pool, [number for number in some if number is not None])
        return None

    def _look(self, pool: Executor, some: list[int]) -> None:
        made = [(number, self._combinations.at(number)) for number in some]
        some = [n for n, found in made if found is not None and found.excluded is None]
        chunks = [some[at :: self._jobs] for at in range(min(self._jobs, len(some)))]
        for number, checked in looked_at(pool, chunks, self._combinations):
            if isinstance(checked, Key):
                self._spare.append((number, checked))
            elif isinstance(checked, Illegal):
                self._note(number, checked)


def _drawn(combinations: Combinations, seed: int) -> Iterator[int | None]:
    """Yield numbers at random, null for one that came before; ends when all have come.

    An axis is drawn only where it applies: of all numbers, most may be repeats.
    """
    chance = random.Random(seed)
    seen: set[int] = set()
    while len(seen) != combinations.distinct:
        number = combinations.choose(lambda axis: chance.randrange(len(axis.values)))
        yield None if number in seen else number
        seen.add(number)
