"""Variants that a sampler has not proposed, for when it repeats itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Set
from itertools import islice

from harness.sweep.combinations import Combinations, numbers
from harness.sweep.definition import Sample, Search
from harness.sweep.executor import Executor
from harness.sweep.plan import Illegal, Key
from harness.sweep.static import looked_at

_TOGETHER = 32  # combinations that each process looks at


class Untried:
    """Combinations in a random order, each looked at once.

    Args:
        combinations: Of the sweep.
        search: Its search, whose seed decides the order.
        jobs: Processes of the pool.
        note: Hears of combinations that cannot be built.
    """

    def __init__(
        self,
        combinations: Combinations,
        search: Search,
        jobs: int,
        note: Callable[[int, Illegal], None],
    ) -> None:
        self._combinations = combinations
        self._order = numbers(combinations.total, Sample(search.trials, search.seed))
        self._jobs = jobs
        self._note = note
        self._spare: deque[tuple[int, Key]] = deque()

    def next(self, pool: Executor, taken: Set[Key]) -> int | None:
        """Return the number of a variant that is not `taken`; null where there is none left."""
        while True:
            while self._spare:
                number, key = self._spare.popleft()
                if key not in taken:
                    return number
            some = list(islice(self._order, _TOGETHER * self._jobs))
            if not some:
                return None
            made = [(number, self._combinations.at(number)) for number in some]
            some = [n for n, found in made if found is not None and found.excluded is None]
            chunks = [some[at :: self._jobs] for at in range(min(self._jobs, len(some)))]
            for number, checked in looked_at(pool, chunks, self._combinations):
                if isinstance(checked, Key):
                    self._spare.append((number, checked))
                elif isinstance(checked, Illegal):
                    self._note(number, checked)
