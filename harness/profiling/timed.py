"""Variants timed in turns, each round in a process of its own, under one progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.profiling.worker import Environment, Passes, PeakMemory, time_round

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from harness.profiling.weights import GivenWeights
    from harness.timing.limits import Rates
    from harness.timing.part import Part
    from harness.timing.protocol import Protocol
    from harness.timing_records import Timing
    from variants.spec import Spec


@dataclass
class Timed:
    """What became of one variant.

    Attributes:
        environment: As the measuring process saw it; empty where none came that far.
        rates: What the device could do at best, as measured beside the first round; null where it
            came to none.
        timing: Null where it failed.
        failure: Why it failed; null where it did not.
        peak_memory_bytes: Of a failed round on a GPU.
    """

    environment: dict[str, Any] = field(default_factory=dict)
    rates: Rates | None = None
    timing: Timing | None = None
    failure: str | None = None
    peak_memory_bytes: int | None = None


def time_variants(
    names: Sequence[str],
    specs: Sequence[Spec],
    protocols: Sequence[Protocol],
    device: str,
    limit_s: float | None = None,
    weights: GivenWeights | None = None,
) -> Iterator[tuple[int, Timed]]:
    """Yield the position of each variant and what became of it, as soon as it is complete.

    Args:
        names: What the variants are called, for the progress bar.
        specs: Of each variant, like `protocols`.
        device: `cpu` or `cuda:N`.
        limit_s: Seconds of all rounds of one variant, set-up included, after which it has failed.
        weights: What the networks are timed with; null for weights as built.
    """
    from time import monotonic

    from harness.errors import RunFailed
    from harness.isolated import TookTooLong, run_isolated
    from harness.timing.combine import combine
    from harness.timing.rounds import interleave

    timed = [Timed() for _ in names]
    spent_s = [0.0 for _ in names]
    with _bar(names, protocols) as show:

        def run_round(position: int, share: Protocol) -> Part:
            mine = timed[position]

            def hear(said: object) -> None:
                if isinstance(said, Environment):
                    mine.environment = said.content
                elif isinstance(said, PeakMemory):
                    mine.peak_memory_bytes = said.bytes
                elif isinstance(said, Passes):
                    show(position, share, said)

            show(position, share, None)
            part: Part
            start_s = monotonic()
            try:
                part, rates = run_isolated(
                    time_round,
                    *(specs[position], protocols[position], share, device, mine.rates is None),
                    weights,
                    on_report=hear,
                    limit_s=None if limit_s is None else limit_s - spent_s[position],
                )
            except TookTooLong:  # which names what the rounds before had left of the limit
                raise RunFailed(f"took longer than the time limit of {limit_s:g} s") from None
            spent_s[position] += monotonic() - start_s
            mine.rates = rates or mine.rates
            return part

        for position, outcome in interleave(protocols, run_round):
            mine = timed[position]
            mine.failure = outcome.failure
            if outcome.failure is None:
                mine.timing = combine(protocols[position], outcome.parts)
            yield position, mine


Show = Callable[[int, "Protocol", "Passes | None"], None]


@contextmanager
def _bar(names: Sequence[str], protocols: Sequence[Protocol]) -> Iterator[Show]:
    """Show one bar for all variants and rounds on standard error, and only on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _position, _share, _passes: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(20))
    # No refresh thread: it would wake up in the middle of passes.
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        bar = _Bar(progress, progress.add_task("", total=1.0), names, protocols)
        yield bar.show


class _Bar:
    """Where the whole of it stands: rounds that are over, and the share of the present one."""

    def __init__(
        self,
        progress: Progress,
        task: TaskID,
        names: Sequence[str],
        protocols: Sequence[Protocol],
    ) -> None:
        self._progress = progress
        self._task = task
        self._names = names
        self._begun = [0] * len(names)
        self._rounds = [min(protocol.rounds, protocol.iterations) for protocol in protocols]

    def show(self, position: int, share: Protocol, passes: Passes | None) -> None:
        from harness.timing.progress import describe

        part, text = 0.0, "set-up and warm-up"
        if passes is None:
            self._begun[position] += 1
        else:
            part, text = describe(passes.done, passes.elapsed_s, share)
        total = sum(map(max, self._rounds, self._begun))
        done = sum(self._begun) - 1 + part
        begun, rounds = self._begun[position], max(self._rounds[position], self._begun[position])
        title = f"{self._names[position]} {begun}/{rounds}"
        self._progress.update(
            self._task, completed=done / total, description=f"{title}: {text}", refresh=True
        )
