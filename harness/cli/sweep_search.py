"""`harness sweep --search`: variants that a sampler proposes, and the front of what it found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from harness.cli import sweep_text as text
from harness.cli.sweep_progress import meter
from harness.errors import BadRequest

if TYPE_CHECKING:
    from harness.cli.sweep_front import Wish
    from harness.cli.sweep_place import Place
    from harness.profiling.request import Request
    from harness.proxy_record import ProxyRecord
    from harness.records import ProfileRecord
    from harness.sweep.combinations import Combinations
    from harness.sweep.definition import Definition
    from harness.sweep.executor import Executor
    from harness.sweep.known import Expected
    from harness.sweep.plan import Key, Plan
    from harness.sweep.search.aim import Aim, Figures
    from harness.sweep.search.study import Outcome
    from harness.sweep.stopping import Stop
    from harness.sweep.tally import Failure, Tally

_NEAREST = 3  # constraints that are named where none can be met


def check_search(definition: Definition) -> None:
    """Refuse a search that cannot be meant.

    Raises:
        BadRequest: If it has no goal, draws a sample too, or Optuna is not installed.
    """
    from harness.sweep.search.storage import require_optuna

    if definition.search is None:
        return
    if definition.pareto is None:
        raise BadRequest("--search: needs --pareto, such as macs.paper,miou, got none")
    if definition.sample is not None:
        raise BadRequest("--search: draws its own variants, got --sample too")
    require_optuna()


@dataclass(frozen=True)
class Found:
    """How a search ended.

    Attributes:
        outcomes: What became of each variant.
        proposals: How many there were, repeats and what cannot be built included.
        exhausted: Whether there are no more variants.
        gave_up_after: Draws in a row that were nothing new, where these ended it; null elsewhere.
        storage: Where the study is.
    """

    outcomes: Mapping[Key, Outcome]
    proposals: int
    exhausted: bool
    gave_up_after: int | None
    storage: str

    @property
    def feasible(self) -> list[Outcome]:
        """Variants that meet every constraint, and of which all that is looked for is known."""
        return [outcome for outcome in self.outcomes.values() if outcome.feasible]


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a search needs; see `harness.sweep.search.run.Searcher`."""

    definition: Definition
    combinations: Combinations
    wish: Wish
    request: Request | None
    expected: Expected
    counted: Expected
    results: Path
    place: Place
    device: str | None
    resume: bool
    retry_failed: bool

    def run(
        self, pool: Executor, stop: Stop, tally: Tally, plan: Plan, remember: Callable[[], None]
    ) -> tuple[Found, list[Failure]]:
        """Search until there are as many variants as are wanted; return also what has no score.

        Args:
            pool: Ready for the definition.
            stop: Whether to end in good order.
            tally: Takes what was measured.
            plan: Takes what cannot be built.
            remember: Called when the study may be gone on with.
        """
        from harness.sweep.search.run import Searcher
        from harness.sweep.search.storage import JOURNAL, Presence, open_storage
        from harness.sweep.search.study import Study
        from harness.sweep.state import path_of

        search = self.definition.search
        assert search is not None
        folder = path_of(self.results, self.definition.name).with_suffix(".search")
        storage = open_storage(search.storage, folder)
        presence = Presence(folder)
        aim = aim_of(self.wish)
        try:
            about = (self.definition, aim, self.combinations, storage, presence)
            study = Study(*about, device=self.device, resume=self.resume)
            remember()
            searcher = Searcher(
                definition=self.definition, combinations=self.combinations, aim=aim, study=study,
                results=self.results, expected=self.expected, counted=self.counted,
                figures_of=_FiguresOf(self.results, aim, self.definition.proxies),
                request=self.request, jobs=self.place.jobs,
                at_once=self.place.at_once if self.request else 0, time_all=self.place.time_all,
                retry_failed=self.retry_failed,
                tell=text.say, tally=tally, plan=plan,
            )  # fmt: skip
            with meter("searching", search.trials) as show:
                searcher.run(pool, presence.turn, stop, show)
            with presence.turn():
                standing = study.standing()
        finally:
            presence.leave()
        untried, fewer = searcher.untried, len(standing.outcomes) < search.trials
        found = Found(
            outcomes=standing.outcomes,
            proposals=standing.trials,
            exhausted=untried.exhausted,
            gave_up_after=untried.patience if untried.gave_up and fewer else None,
            storage=search.storage or str(folder / JOURNAL),
        )
        return found, searcher.failed_scores


def take_over(found: Found, plan: Plan) -> None:
    """Make a search's variants those of a plan, so that they are reported as any sweep's."""
    for key, outcome in found.outcomes.items():
        plan.positions[key] = len(plan.numbers)
        plan.numbers.append(outcome.number)


def tell_plan(definition: Definition, combinations: Combinations, as_json: bool) -> None:
    """Print what would be searched."""
    search = definition.search
    assert search is not None
    if as_json:
        count = combinations.distinct or combinations.total
        typer.echo(json.dumps({"planned": search.trials, "combinations": count}))
        return
    typer.echo(
        f"{search.trials:,} variants of {_count(combinations)}, proposed by {search.sampler} "
        f"(seed {search.seed}), for {definition.pareto}"
    )
    for constraint in search.constraints:
        typer.echo(f"under {constraint}")


def answer(definition: Definition, found: Found) -> dict[str, Any]:
    """Return what `--json` prints of a search."""
    search = definition.search
    assert search is not None
    return {
        "sampler": search.sampler, "seed": search.seed, "proposals": found.proposals,
        "variants": len(found.outcomes), "feasible": len(found.feasible),
        "exhausted": found.exhausted, "gave_up_after": found.gave_up_after,
        "study": found.storage,
    }  # fmt: skip


def tell_found(definition: Definition, combinations: Combinations, found: Found) -> None:
    """Print how a search went, below the summary."""
    search = definition.search
    assert search is not None
    meet = "meet every constraint" if search.constraints else "have all figures that are sought"
    proposals = f"{found.proposals:,} proposal{'s' * (found.proposals != 1)}"
    typer.echo(
        f"{search.sampler}: {len(found.outcomes):,} different variants in {proposals}, "
        f"of {_count(combinations)}; {len(found.feasible):,} {meet}"
    )
    if found.exhausted:
        typer.echo("there are no more variants: every combination has been looked at")
    if found.gave_up_after is not None:
        typer.echo(
            f"gave up looking for more: of {found.gave_up_after:,} combinations drawn in a row "
            "none was a new variant"
        )
    typer.echo(f"study in {found.storage}")


def _count(combinations: Combinations) -> str:
    if combinations.distinct is None:
        return f"at most {combinations.total:,} combinations"
    return f"{combinations.distinct:,} combinations"


def tell_misses(found: Found) -> None:
    """Say on standard error which constraints kept every variant from being feasible."""
    if found.feasible:
        return
    missed: dict[str, list[tuple[float, str]]] = {}
    for outcome in found.outcomes.values():
        for constraint, excess in outcome.excess.items():
            if excess > 0:
                missed.setdefault(constraint, []).append((excess, outcome.variant))
    most = sorted(missed.items(), key=lambda item: -len(item[1]))
    for constraint, ways in most[:_NEAREST]:
        how_many = f"{len(ways):,} of {len(found.outcomes):,}"
        text.say(f"no variant is feasible: {how_many} {_missed(constraint, ways)}")


def _missed(constraint: str, ways: Sequence[tuple[float, str]]) -> str:
    """Return in words what variants miss, and where that is a matter of degree which least."""
    from harness.sweep.search.aim import KNOWN
    from harness.sweep.search.study import NOT_MEASURED

    if constraint == NOT_MEASURED:
        return "could not be measured"
    if constraint.endswith(KNOWN):
        return f"have no {constraint.removesuffix(KNOWN)}"
    excess, variant = min(ways)
    return f"miss {constraint}, the nearest by {excess:.1%}: {variant}"


def aim_of(wish: Wish) -> Aim:
    """Return what the search looks for."""
    from harness.report.query.columns import PROXY
    from harness.sweep.search.aim import Aim

    return Aim(
        goals={goal.column.name: goal.better for goal in wish.goals},
        limits=tuple(wish.limits),
        timed=frozenset(name for name in wish.named if wish.columns[name].timed),
        scored=frozenset(name for name in wish.named if name.startswith(PROXY)),
    )


class _FiguresOf:
    """Makes figures of records as `harness results` does, mIoU and proxies joined.

    Args:
        results: The folder whose logs are joined.
        aim: Whose columns are wanted.
        proxies: Source of each proxy, whose scores are joined.
    """

    def __init__(self, results: Path, aim: Aim, proxies: Mapping[str, str]) -> None:
        from harness.logged_record import LoggedRecord
        from harness.proxy_record import ProxyRecord
        from harness.report.query.joined import Joined
        from harness.store import stream
        from harness.sweep.scores import is_of

        self._columns = list(dict.fromkeys((*aim.columns, *(f"proxy.{name}" for name in proxies))))
        self._joined = Joined()
        for record in stream(results, []) if proxies or "miou" in self._columns else ():
            if isinstance(record, LoggedRecord) or (
                isinstance(record, ProxyRecord) and is_of(record, proxies)
            ):
                self._joined.add(record)

    def add(self, record: ProxyRecord) -> None:
        self._joined.add(record)

    def __call__(self, records: Sequence[ProfileRecord]) -> list[Figures]:
        from harness.report.query.flatten import Flattener

        flattener = Flattener()
        found: list[Figures] = []
        for record in records:
            row = flattener.row(record)
            row |= self._joined.accuracy(record.spec_sha256)
            row |= self._joined.scores(record.spec_sha256, row["input"])
            found.append({name: _known(row.get(name)) for name in self._columns})
        return found


def _known(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
