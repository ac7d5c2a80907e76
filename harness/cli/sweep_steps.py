"""The steps of a sweep: planned, looked up, counted, scored, timed or searched, and told."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.cli import sweep_text as text
from harness.cli.sweep_front import Wish, front_of, rows_of, tell_front, tell_warnings
from harness.cli.sweep_order import Order
from harness.cli.sweep_place import Place
from harness.cli.sweep_progress import meter
from harness.cli.sweep_search import Found, Search
from harness.errors import BadRequest
from harness.sweep import state
from harness.sweep.definition import Definition
from harness.sweep.executor import Executor
from harness.sweep.expected import expected_of
from harness.sweep.known import Expected, Known, look
from harness.sweep.plan import Plan
from harness.sweep.stopping import Stop
from harness.sweep.tally import Failure, Size, Tally, figures_of
from harness.sweep.turn import turn

if TYPE_CHECKING:
    from harness.profiling.request import Request
    from harness.sweep.combinations import Combinations
    from variants.catalog import Row


LIMIT_S = 60.0  # of a count, which takes milliseconds


@dataclass
class Sweep:
    """A sweep and how far it is."""

    definition: Definition
    order: Order
    place: Place
    rows: Mapping[str, Row]
    combinations: Combinations
    request: Request | None
    wish: Wish | None
    found: Found | None = None
    unscored: list[Failure] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)
    tally: Tally = field(default_factory=Tally)
    known: Known = field(default_factory=Known)
    started_s: float = field(default_factory=monotonic)

    @property
    def jobs(self) -> int:
        return self.place.jobs

    def pool(self, stop: Stop) -> AbstractContextManager[Executor]:
        limit_s = LIMIT_S if self.request else self.order.limit_s or LIMIT_S
        return self.place.executor(self.definition, self.rows, limit_s, lambda: bool(stop))

    def measure(self, pool: Executor, stop: Stop, definition: Definition) -> bool:
        """Plan and count, and have proxies score; return whether more than a plan was wanted.

        Args:
            pool: Ready for the sweep.
            stop: Whether to end in good order.
            definition: What is remembered of the sweep.
        """
        try:
            self.make_plan(pool)
        finally:  # a plan that was cut short is not to blame for what it lacks
            stop.raise_if_asked()
        if self.order.dry_run:
            self.look()
            self.tell_plan(pool)
            stop.raise_if_asked()
            return False
        about = (self.order.results, definition.name)
        wait = self.order.resume and definition.timing is None  # for a device timings wait anyway
        with turn(*about, wait=wait, tell=text.say, check=stop.raise_if_asked):
            self.look()
            state.remember(self.order.results, definition)
            if definition.timing is None:
                self.count(pool)
            stop.raise_if_asked()
            self.score(pool)
        return True

    def make_plan(self, pool: Executor) -> None:
        """Make the plan; list what cannot be built, and refuse it unless that may be skipped."""
        from harness.sweep.static import planned

        sample = self.definition.sample
        total = sample.count if sample else self.combinations.total
        with meter("checking", total) as show:
            for plan in planned(pool, self.jobs, self.definition, self.combinations):
                self.plan = plan
                show(len(plan.numbers) if sample else plan.looked_at)
        self.tally.planned = len(self.plan.numbers)
        text.tell_illegal(self.plan)
        text.tell_idle(self.definition, self.plan, self.combinations)
        if self.plan.illegal and not (self.order.skip_illegal or self.order.dry_run):
            raise BadRequest(
                f"sweep: every combination must be one that can be built, got "
                f"{self.plan.illegal:,} that cannot (above); --skip-illegal goes on without them"
            )
        if not self.plan.numbers:
            raise BadRequest("sweep: some combination must be one that can be built, got none")

    def look(self) -> None:
        """Read what the results folder holds, and take it over if that is asked for."""
        known = self._known(self._see if self.order.resume else None)
        for problem in known.problems[: text.LINES]:
            text.say(f"warning: {problem}")
        if not self.order.resume:
            if known.done:
                text.say(
                    f"{len(known.done):,} of these are in {self.order.results} already; "
                    "--resume would not measure them again"
                )
            known.done.clear()
            known.failed.clear()
        if self.order.retry_failed:
            known.failed.clear()
        self.tally.reused = len(known.done)
        for position, reason in known.failed.items():
            self.tally.failures.append(self._failure(position, reason))
        for position, values in known.miou.items() if self.definition.miou else ():
            number = self.plan.numbers[position]
            self.tally.see(*self._whose(number), {"miou": sum(values) / len(values)})
        self.known = known

    def todo(self) -> list[int]:
        """Return the numbers of the combinations that are left to measure."""
        done, failed = self.known.done, self.known.failed
        return [
            number
            for position, number in enumerate(self.plan.numbers)
            if position not in done and position not in failed
        ]

    def count(self, pool: Executor) -> None:
        from harness.sweep.static import count_all

        todo, tally = self.todo(), self.tally
        before = tally.done
        with meter("counting", len(todo)) as show:
            count_all(
                *(pool, self.jobs, todo, self.definition, self.combinations),
                *(self.order.results, tally, lambda: show(tally.done - before)),
            )

    def score(self, pool: Executor) -> None:
        """Have proxies score every variant that did not fail."""
        from harness.cli.sweep_scores import score_all

        failed = {(failure.variant, failure.size) for failure in self.tally.failures}
        able = {
            number: key
            for key, number in zip(self.plan.positions, self.plan.numbers, strict=True)
            if not failed or self._whose(number) not in failed
        }
        self.unscored += score_all(pool, able, self.definition, self.combinations, self.order)

    def time(self) -> None:
        assert self.request is not None
        positions = {number: at for at, number in enumerate(self.plan.numbers)}

        def known(number: int) -> bool:  # what another sweep has done since this one began
            def see(at: int, record: Any) -> None:
                if at == positions[number]:
                    self._see(at, record)

            return self.order.resume and positions[number] in self._known(see).done

        self.place.time_all(
            *(self.todo(), self.request, self.combinations, self.order.results),
            *(self.tally, known, text.say),
        )

    def search(self, pool: Executor, stop: Stop, definition: Definition) -> None:
        """Search, and make what was found the plan.

        Args:
            pool: Ready for the sweep.
            stop: Whether to end in good order.
            definition: What is remembered of the sweep.
        """
        from harness.cli.sweep_search import take_over

        assert self.wish is not None
        rows = [*self.rows.values()]
        expected, counted = expected_of(self.definition, self.request, rows, self._device())
        search = Search(
            definition=self.definition, combinations=self.combinations, wish=self.wish,
            request=self.request, expected=expected, counted=counted, results=self.order.results,
            place=self.place, device=self._device(), resume=self.order.resume,
            retry_failed=self.order.retry_failed,
        )  # fmt: skip
        self.found, self.unscored = search.run(
            *(pool, stop, self.tally, self.plan),
            lambda: state.remember(self.order.results, definition),
        )
        stop.raise_if_asked()
        text.tell_illegal(self.plan)
        take_over(self.found, self.plan)
        known = self._known(self._see)
        self.tally.planned = len(self.plan.numbers)
        self.tally.failures = [self._failure(at, why) for at, why in known.failed.items()]
        self.tally.reused = self.tally.planned - self.tally.measured - len(self.tally.failures)

    def tell_search_plan(self) -> None:
        """Print what would be searched."""
        from harness.cli.sweep_search import tell_plan

        tell_plan(self.definition, self.combinations, self.order.as_json)

    def tell_plan(self, pool: Executor) -> None:
        """Print what would be measured, and how long that would take."""
        from harness.sweep.estimate import static_s, timed_s

        todo = self.todo()
        if self.request is None:
            seconds: float | None = static_s(pool, self.jobs, todo)
        else:
            protocol = self.request.resolved(self.combinations.row(self.plan.numbers[0])).protocol
            assert protocol is not None
            seconds = timed_s(protocol, len(todo), self.place.at_once)
        text.tell_plan(
            *(self.definition, self.plan, self.combinations, self.tally, seconds),
            *(self.order.results, self.order.as_json),
        )

    def tell(self) -> None:
        """Print the answer."""
        from harness.cli import sweep_search

        self.tally.failures += self.unscored
        text.tell_failures(self.definition, self.tally)
        front = None
        if self.wish is not None:
            front = front_of(self.wish, self.order.results, self.plan, self._expected())
            tell_warnings(front)
        if self.found is not None:
            sweep_search.tell_misses(self.found)
        if self.order.as_json:
            more: dict[str, Any] = {}
            if self.found is not None:
                more["search"] = sweep_search.answer(self.definition, self.found)
            if front is not None:
                more["pareto"] = rows_of(front)
            text.tell_json(self.tally, self.order.results, more)
            return
        elapsed_s = monotonic() - self.started_s
        text.tell_summary(self.definition, self.tally, self.order.results, elapsed_s)
        if self.found is not None:
            sweep_search.tell_found(self.definition, self.combinations, self.found)
        if front is not None:
            tell_front(front)

    def _whose(self, number: int) -> tuple[str, Size]:
        row = self.combinations.row(number)
        return row.name, row.input

    def _failure(self, position: int, reason: str) -> Failure:
        return Failure(*self._whose(self.plan.numbers[position]), reason)

    def _see(self, position: int, record: Any) -> None:
        self.tally.see(*self._whose(self.plan.numbers[position]), figures_of(record))

    def _known(self, see: Any = None) -> Known:
        expected = self._expected()
        return look(self.order.results, self.plan, expected, see or (lambda _at, _record: None))

    def _expected(self) -> Expected:
        rows = [*self.rows.values()]
        return expected_of(self.definition, self.request, rows, self._device())[0]

    def _device(self) -> str | None:
        return None if self.request is None else self.place.device_name(self.request.device)
