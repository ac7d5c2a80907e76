"""A sweep from its definition to its answer, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.cli import sweep_text as text
from harness.cli.sweep_order import Order, check_flags, compare
from harness.cli.sweep_place import Place, place_of
from harness.cli.sweep_progress import meter
from harness.errors import BadRequest
from harness.store import check_writable
from harness.sweep import state
from harness.sweep.definition import Definition
from harness.sweep.executor import Executor
from harness.sweep.known import Expected, Known, look
from harness.sweep.plan import Plan
from harness.sweep.stopping import Stop, listening
from harness.sweep.tally import Failure, Tally, figures_of

if TYPE_CHECKING:
    from harness.profiling.request import Request
    from harness.sweep.combinations import Combinations
    from variants.catalog import Row

LIMIT_S = 60.0  # of a count, which takes milliseconds
TIMED_LIMIT_S = 1800.0


def run(definition: Definition, order: Order) -> bool:
    """Run a sweep, print its answer and return whether a variant failed.

    Raises:
        BadRequest, RunFailed: If it cannot be run as asked, or could not go on.
        Stopped: If it was told to end; what was told is on the disk.
    """
    check_flags(definition, order)
    if not order.dry_run:
        check_writable(order.results)
    compare(definition, order)
    with place_of(order) as place:
        with listening(patiently=False):
            sweep = _prepare(definition, order, place)
        with listening(patiently=True) as stop:
            with sweep.pool(stop) as pool:
                try:
                    sweep.make_plan(pool)
                finally:  # a plan that was cut short is not to blame for what it lacks
                    stop.raise_if_asked()
                sweep.look()
                if order.dry_run:
                    sweep.tell_plan(pool)
                    stop.raise_if_asked()
                    return False
                state.remember(order.results, definition)
                if definition.timing is None:
                    sweep.count(pool)
            stop.raise_if_asked()
        if definition.timing is not None:
            with listening(patiently=False):
                sweep.time()
    sweep.tell()
    return bool(sweep.tally.failures)


def _prepare(definition: Definition, order: Order, place: Place) -> _Sweep:
    from harness.sweep.checks import check
    from harness.sweep.combinations import Combinations
    from variants.catalog import load_catalog

    catalog = load_catalog(map(Path, definition.catalogs))
    combinations = Combinations(definition, catalog)
    check(definition, catalog, combinations.total, yes=order.yes)
    rows = {name: catalog[name] for name in definition.variants}
    place.check(definition, rows)
    request = None
    if definition.timing is not None:
        request = place.request(definition, order.limit_s or TIMED_LIMIT_S)
        request.resolved(combinations.row(0))  # a protocol that is wrong is told at once
    return _Sweep(definition, order, place, rows, combinations, request)


@dataclass
class _Sweep:
    """A sweep and how far it is."""

    definition: Definition
    order: Order
    place: Place
    rows: Mapping[str, Row]
    combinations: Combinations
    request: Request | None
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
            self.tally.failures.append(Failure(self._name(position), reason))
        for position, values in known.miou.items() if self.definition.miou else ():
            self.tally.see(self._name(position), {"miou": sum(values) / len(values)})
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

    def time(self) -> None:
        assert self.request is not None
        positions = {number: at for at, number in enumerate(self.plan.numbers)}

        def known(number: int) -> bool:  # what another sweep has done since this one began
            return self.order.resume and positions[number] in self._known().done

        self.place.time_all(
            *(self.todo(), self.request, self.combinations, self.order.results),
            *(self.tally, known, text.say),
        )

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
        text.tell_failures(self.tally)
        if self.order.as_json:
            text.tell_json(self.tally, self.order.results)
        else:
            elapsed_s = monotonic() - self.started_s
            text.tell_summary(self.definition, self.tally, self.order.results, elapsed_s)

    def _name(self, position: int) -> str:
        return self.combinations.row(self.plan.numbers[position]).name

    def _see(self, position: int, record: Any) -> None:
        self.tally.see(self._name(position), figures_of(record))

    def _known(self, see: Any = None) -> Known:
        expected = self._expected()
        return look(self.order.results, self.plan, expected, see or (lambda _at, _record: None))

    def _expected(self) -> Expected:
        from harness.sweep.expected import of_counts, of_timings

        if self.request is None:
            return of_counts(self.plan, self.definition.batch)
        device = self.place.device_name(self.request.device)
        return of_timings(self.plan, self.request, self.combinations, device)
