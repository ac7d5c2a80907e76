"""Reasons to distrust an FPS figure, in words, with the flag that helps.

A rule is a function of the evidence that returns one sentence, or None where it finds nothing
wrong. To add one, write it and name it in `RULES`. Here are the rules about the passes and what
was asked; those about the machine are in `harness.timing.surroundings`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.timing import surroundings
from harness.timing.evidence import Evidence, percent
from harness.timing.protocol import THROUGHPUT
from harness.timing.statistics import percentile

__all__ = ["RULES", "Evidence", "doubts"]

FEWEST_SAMPLES = 30
WIDEST_SPREAD = 0.10
MOST_DRIFT = 0.05
FEWEST_FOR_DRIFT = 8  # two passes a quarter
MOST_DISAGREEMENT = 0.10
LEAST_BUSY = 0.90


def few_samples(evidence: Evidence) -> str | None:
    """Below 30 passes every pass is a block, and p99 is the maximum."""
    passes = len(evidence.pass_s)
    if passes >= FEWEST_SAMPLES:
        return None
    return (
        f"only {passes} of the {FEWEST_SAMPLES} passes that interval and p99 need; "
        "raise --budget or --iterations"
    )


def wide_spread(evidence: Evidence) -> str | None:
    """Something else ran, or the clock frequency moved."""
    ordered = sorted(evidence.pass_s)
    spread = (percentile(ordered, 95) - percentile(ordered, 5)) / percentile(ordered, 50)
    if spread <= WIDEST_SPREAD:
        return None
    return (
        f"passes spread by {percent(spread)} of their median (5th to 95th percentile), "
        f"above {percent(WIDEST_SPREAD)}; quieten the machine, or raise --rounds"
    )


def ended_early(evidence: Evidence) -> str | None:
    """The figure rests on fewer passes than the protocol asked for."""
    protocol, passes = evidence.protocol, len(evidence.pass_s)
    cause = {
        "budget": f"the budget of {protocol.budget_s or 0:g} s (--budget)",
        "interrupt": "Ctrl-C",
        "iterations": f"--iterations {protocol.iterations}",
    }.get(evidence.stopped_by)
    if cause is None or (evidence.stopped_by == "iterations" and protocol.until is None):
        return None
    if protocol.until is None:
        return f"{cause} ended it after {passes} of {protocol.iterations} passes"
    width = "unknown" if evidence.half_width is None else f"+-{evidence.half_width:.2%}"
    return (
        f"--until {protocol.until:.2%} was not met: the interval is {width} where {cause} "
        f"ended it, after {passes} passes"
    )


def drift(evidence: Evidence) -> str | None:
    """A mean of passes that change on the way depends on when it is taken.

    Medians of the quarters, so that one slow pass is no drift.
    """
    passes = evidence.pass_s
    if len(passes) < FEWEST_FOR_DRIFT:
        return None
    quarter = len(passes) // 4
    first = percentile(sorted(passes[:quarter]), 50)
    last = percentile(sorted(passes[-quarter:]), 50)
    change = last / first - 1
    if abs(change) <= MOST_DRIFT:
        return None
    became, helps = ("slower", "--rounds") if change > 0 else ("faster", "--warmup")
    return (
        f"passes became {percent(abs(change))} {became} from the first to the last quarter, "
        f"above {percent(MOST_DRIFT)}; raise {helps}"
    )


def rounds_disagree(evidence: Evidence) -> str | None:
    """What a process was dealt at its start decides more than the passes show."""
    means = evidence.round_means_s
    beyond = max(means) / min(means) - 1
    if beyond <= MOST_DISAGREEMENT:
        return None
    return (
        f"the slowest of {len(means)} rounds took {percent(beyond)} longer per pass than the "
        f"fastest, above {percent(MOST_DISAGREEMENT)}; quieten the machine, or raise --rounds"
    )


def silent_tf32(evidence: Evidence) -> str | None:
    """Readers take fp32 for fp32: rounding to 10 bits is another precision."""
    protocol = evidence.protocol
    if protocol.precision != "fp32" or not protocol.tf32:
        return None
    return "TF32 is on in a protocol of precision fp32; say so by --precision tf32, or turn it off"


def launch_bound(evidence: Evidence) -> str | None:
    """The host launches kernels more slowly than the GPU does them: its speed is what is measured.

    Where passes are taken alone, the GPU waits by design.
    """
    protocol = evidence.protocol
    if protocol.synchronisation != THROUGHPUT or protocol.backend not in ("eager", "compile"):
        return None
    alone_s = [part.gpu_s for part in evidence.parts if part.gpu_s is not None]
    if not alone_s:
        return None
    busy = math.fsum(alone_s) / len(alone_s) * len(evidence.pass_s) / math.fsum(evidence.pass_s)
    if busy >= LEAST_BUSY:
        return None
    return (
        f"bound by launches: GPU busy {percent(busy)}, it waits for the host; "
        "try --backend cudagraph"
    )


RULES: tuple[Callable[[Evidence], str | None], ...] = (
    *(few_samples, wide_spread, ended_early, drift, rounds_disagree),
    *(silent_tf32, launch_bound),
    *(surroundings.low_sm_clock, surroundings.low_memory_clock, surroundings.throttled),
    *(surroundings.shared_gpu, surroundings.swapped, surroundings.stolen),
    surroundings.in_the_kernel,
)


def doubts(evidence: Evidence) -> tuple[str, ...]:
    """Return what the rules have to say, then what the processes noted; nothing if all is well."""
    notes = dict.fromkeys(note for part in evidence.parts for note in part.notes)
    said = (rule(evidence) for rule in RULES)
    return (*(text for text in said if text), *notes)
