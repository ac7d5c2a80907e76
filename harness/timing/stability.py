"""Reasons to distrust an FPS figure, in words.

A rule is a function of protocol and run that returns one sentence, or None where it finds nothing
wrong. To add one, write it and name it in `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.timing.loop import Run
from harness.timing.protocol import Protocol
from harness.timing.statistics import percentile

FEWEST_SAMPLES = 30
WIDEST_SPREAD = 0.10


def few_samples(_protocol: Protocol, run: Run) -> str | None:
    """Below 30 passes every pass is a block, and p99 is the maximum."""
    passes = len(run.samples.pass_s)
    if passes >= FEWEST_SAMPLES:
        return None
    return f"only {passes} of the {FEWEST_SAMPLES} passes that interval and p99 need"


def wide_spread(_protocol: Protocol, run: Run) -> str | None:
    """Something else ran, or the clock frequency moved."""
    ordered = sorted(run.samples.pass_s)
    spread = (percentile(ordered, 95) - percentile(ordered, 5)) / percentile(ordered, 50)
    if spread <= WIDEST_SPREAD:
        return None
    return (
        f"passes spread by {spread:.0%} of their median (5th to 95th percentile), "
        f"above {WIDEST_SPREAD:.0%}"
    )


def ended_early(protocol: Protocol, run: Run) -> str | None:
    """The figure rests on fewer passes than the protocol asked for."""
    if run.stopped_by == "iterations":
        return None
    cause = f"the budget of {protocol.budget_s:g} s" if run.stopped_by == "budget" else "Ctrl-C"
    return f"{cause} ended it after {len(run.samples.pass_s)} of {protocol.iterations} passes"


RULES: tuple[Callable[[Protocol, Run], str | None], ...] = (few_samples, wide_spread, ended_early)


def doubts(protocol: Protocol, run: Run) -> tuple[str, ...]:
    """Return what the rules have to say about `run`, nothing where all is well."""
    return tuple(said for rule in RULES if (said := rule(protocol, run)))
