"""A search: variants are proposed in batches, measured as in any sweep, stored, and then told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.records import FailedRecord, ProfileRecord, from_json, to_json
from harness.store import path_for
from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from harness.sweep.executor import Executor
from harness.sweep.known import Expected
from harness.sweep.plan import Illegal, Key, Plan
from harness.sweep.scores import scored, unscored
from harness.sweep.search.aim import Aim, Figures
from harness.sweep.search.recorded import FiguresOf, Recorded, recorded
from harness.sweep.search.study import (
    EXCLUDED,
    NOT_BUILT,
    NOT_MEASURED,
    Asked,
    Standing,
    Study,
)
from harness.sweep.search.untried import Untried
from harness.sweep.static import counted_by, looked_at, store
from harness.sweep.stopping import Stop, listening
from harness.sweep.tally import Failure, Tally
from harness.sweep.worker import Counted

if TYPE_CHECKING:
    from harness.profiling.request import Request

SMALLEST_BATCH = 8  # of one size on small machines, so that a seed gives the same trials there

Fresh = dict[int, tuple[Asked, Key]]


@dataclass(kw_only=True)
class Searcher:
    """A search and how far it is.

    Attributes:
        definition: The sweep; it has a search.
        combinations: Its combinations.
        aim: What it looks for.
        study: Where trials come from.
        results: Folder that the records go to.
        expected: Which records have all that the sweep measures.
        counted: Which have its counts.
        figures_of: Makes figures of records.
        request: What is asked of each variant where it is timed; null for counting alone.
        jobs: Processes of the pool.
        at_once: How many variants are timed at once.
        time_all: Times variants; see `harness.sweep.timed.time_all`.
        retry_failed: Whether what had failed is still to be measured again.
        tell: Takes a line on how a timing goes.
        tally: What this process has done.
        plan: Takes combinations that cannot be built.
        failed_scores: What proxies could not score.
        untried: Variants that the sampler has not proposed, and whether there are any.
    """

    definition: Definition
    combinations: Combinations
    aim: Aim
    study: Study
    results: Path
    expected: Expected
    counted: Expected
    figures_of: FiguresOf
    request: Request | None
    jobs: int
    at_once: int
    time_all: Callable[..., None]
    retry_failed: bool
    tell: Callable[[str], None]
    tally: Tally = field(default_factory=Tally)
    plan: Plan = field(default_factory=Plan)
    failed_scores: list[Failure] = field(default_factory=list)
    _known: Recorded = field(default_factory=Recorded)
    _looked: bool = False
    _unstored: dict[int, Counted] = field(default_factory=dict)
    _taken: set[Key] = field(default_factory=set)
    _illegal: set[int] = field(default_factory=set)
    _timed_before: bool = False

    def __post_init__(self) -> None:
        search = self.definition.search
        assert search is not None
        self._wanted = search.trials
        self.tally.planned = search.trials
        self._batch = self.at_once if self.request else max(SMALLEST_BATCH, 2 * self.jobs)
        self.untried = Untried(self.combinations, search, self.jobs, self._note)

    def run(
        self,
        pool: Executor,
        turn: Callable[[], AbstractContextManager[None]],
        stop: Stop,
        show: Callable[[int], None],
    ) -> None:
        """Measure until there are as many variants as are wanted, or no others.

        Args:
            pool: Ready for the definition.
            turn: Returns a context in which nobody else asks.
            stop: Whether to end in good order; what is in flight then is left to a resumption.
            show: Hears how many variants have been taken.

        Raises:
            RunFailed: If records could not be written.
        """
        while not stop:
            with turn():
                fresh = self._ask(pool, stop)
            show(len(self._taken))
            if not fresh:
                return
            self._measure(pool, fresh)

    def _ask(self, pool: Executor, stop: Stop) -> Fresh:
        """Return trials of variants that nobody has measured or is measuring."""
        standing = self.study.standing()
        if standing.left or not self._looked:
            self._known, self._looked = self._look(), True
        self._taken = standing.outcomes.keys() | standing.in_flight
        fresh: Fresh = {}
        for asked, key in standing.left:
            self._take(asked, key, fresh)
        if self.retry_failed:
            self.retry_failed = False  # once
            for key, outcome in standing.outcomes.items():
                if NOT_MEASURED in outcome.excess:
                    self._take(self.study.ask(outcome.number), key, fresh)
        while len(self._taken) < self._wanted and len(fresh) < self._batch and not stop:
            before = len(self._taken)
            room = min(self._wanted - before, self._batch - len(fresh))
            self._sort(pool, [self.study.ask() for _ in range(room)], standing, fresh)
            if len(self._taken) == before and not stop:
                # The sampler repeats itself: something new, so that it learns and the search ends.
                number = self.untried.next(pool, self._taken, stop)
                if number is None:
                    break
                self._sort(pool, [self.study.ask(number)], standing, fresh)
        return fresh

    def _look(self) -> Recorded:
        found = recorded(self.results, self.expected, self.counted, self.figures_of)
        if self.retry_failed:
            found.failed.clear()
        return found

    def _sort(
        self, pool: Executor, every: Sequence[Asked], standing: Standing, fresh: Fresh
    ) -> None:
        """Tell at once what needs no measurement; the rest becomes `fresh`."""
        checked = dict(looked_at(pool, [[asked.number] for asked in every], self.combinations))
        for asked in every:
            found = checked.get(asked.number)
            if found is None:  # it was told to stop
                self.study.forget(asked)
            elif isinstance(found, Illegal):
                self._note(asked.number, found)
                self.study.tell_without(asked, NOT_BUILT)
            elif not isinstance(found, Key):
                self.study.tell_without(asked, EXCLUDED)
            elif found in standing.outcomes:
                self.study.tell_again(asked, standing.outcomes[found])
            elif found in self._taken:  # of this batch, or another process has it
                self.study.forget(asked)
            else:
                self._take(asked, found, fresh)

    def _take(self, asked: Asked, key: Key, fresh: Fresh) -> None:
        """Have a variant measured, as far as no record says it, or tell that it has failed."""
        row = self.combinations.row(asked.number)
        self.study.mark(asked, key, row.name)
        self._taken.add(key)
        if key in self._known.failed:
            self.tally.failures.append(Failure(row.name, row.input, self._known.failed[key]))
            self.study.tell_without(asked, NOT_MEASURED)
        else:
            fresh[asked.number] = asked, key

    def _note(self, number: int, illegal: Illegal) -> None:
        if number not in self._illegal:
            self._illegal.add(number)
            self.plan.take(number, illegal)

    def _measure(self, pool: Executor, fresh: Fresh) -> None:
        """Measure variants, the cheap first, and no more of one than it takes to turn it down.

        Every record is stored before it is told.
        """
        figures = self._counted(pool, fresh)
        late = self.aim.timed | self.aim.scored
        for name in self.definition.proxies:
            wanted = [n for n, found in figures.items() if not self.aim.is_hopeless(found, late)]
            self._score(pool, name, wanted, fresh, figures)
        timed = []
        for number, found in figures.items():
            asked, key = fresh[number]
            turned_down = [p for p in (late, self.aim.timed) if self.aim.is_hopeless(found, p)]
            if not turned_down and self.request is not None and key not in self._known.measured:
                timed.append(number)
                continue
            if number in self._unstored:
                store(self.results, [self._unstored.pop(number)], self.tally)
            self.tally.reused += key in self._known.measured or key in self._known.counted
            self.study.tell(asked, found, frozenset(turned_down[0] if turned_down else ()))
        self._unstored.clear()
        if timed:
            self._time(timed, fresh)

    def _counted(self, pool: Executor, fresh: Fresh) -> dict[int, Figures]:
        """Return the figures of a count of each variant; what cannot be counted is told."""
        found: dict[int, Figures] = {}
        todo = []
        for number, (_, key) in fresh.items():
            known = self._known.measured.get(key) or self._known.counted.get(key)
            if known is None:
                todo.append([number])
            else:
                found[number] = known
        for [number], [one] in counted_by(pool, todo, self.definition, self.combinations):
            if one.failure is None and self.request is not None:
                self._unstored[number] = one  # a timing has a count of its own
            else:
                store(self.results, [self._of_the_request(number, one)], self.tally)
            if one.failure is not None:
                self.study.tell_without(fresh[number][0], NOT_MEASURED)
                continue
            record = from_json(one.line, where=one.variant)
            assert isinstance(record, ProfileRecord)
            [found[number]] = self.figures_of([record])
        return found

    def _of_the_request(self, number: int, one: Counted) -> Counted:
        """Return a count, or its failure as that of a timing where the sweep times."""
        if self.request is None:
            return one
        measured = self.request.resolved(self.combinations.row(number))
        measured.failure = one.failure
        record = measured.record()
        return one._replace(file=str(path_for(Path(), record)), line=to_json(record))

    def _score(
        self,
        pool: Executor,
        name: str,
        wanted: Sequence[int],
        fresh: Fresh,
        figures: dict[int, Figures],
    ) -> None:
        """Add what a proxy says of variants to their figures; what it cannot score is told."""
        column = f"proxy.{name}"
        todo = [number for number in wanted if figures[number].get(column) is None]
        for number, record in scored(
            pool, name, todo, self.definition, self.combinations, self.results
        ):
            self.figures_of.add(record)
            if record.value is None:
                self.failed_scores.append(unscored(record))
                self.study.tell_without(fresh[number][0], NOT_MEASURED)
                del figures[number]
            else:
                figures[number] = {**figures[number], column: record.value}

    def _time(self, left: Sequence[int], fresh: Fresh) -> None:
        assert self.request is not None

        def take(number: int, record: ProfileRecord | FailedRecord) -> None:
            asked, _ = fresh[number]
            if isinstance(record, FailedRecord):
                self.study.tell_without(asked, NOT_MEASURED)
            else:
                [figures] = self.figures_of([record])
                self.study.tell(asked, figures)

        with listening(patiently=False):
            self.time_all(
                *(left, self.request, self.combinations, self.results, self.tally),
                *(lambda _number: False, self.tell, take),
                strict=not self._timed_before,
            )
        self._timed_before = True
