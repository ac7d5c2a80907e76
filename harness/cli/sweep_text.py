"""What `harness sweep` prints: the plan, the answer, and on standard error what went wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import typer

from harness.cli.options import si, size_text
from harness.cli.sweep_progress import clock_time
from harness.sweep.values import rule_text

if TYPE_CHECKING:
    from harness.sweep.combinations import Combinations
    from harness.sweep.definition import Definition
    from harness.sweep.plan import Plan
    from harness.sweep.tally import Tally

LINES = 100  # of one kind; nobody reads more
WIDTH = 80

_FIGURES: dict[str, tuple[str, Callable[[float], str]]] = {
    "params": ("parameters", lambda value: f"{value:,.0f}"),
    "macs_conv": ("MACs conv", si),
    "macs_paper": ("MACs paper", si),
    "conv_io": ("conv in+out", si),
    "peak_activation_bytes": ("activations", lambda value: f"{value / 2**20:.1f} MiB"),
    "fps": ("FPS", lambda value: f"{value:.4g}"),
    "miou": ("mIoU", lambda value: f"{value:.2%}"),
}


def say(line: str) -> None:
    """Print a line on standard error."""
    typer.echo(line, err=True)


def tell_illegal(plan: Plan) -> None:
    """List the combinations that cannot be built, with their reasons."""
    for illegal in plan.reasons[:LINES]:
        say(f"cannot be built: {illegal.variant}: {illegal.reason}")
    if plan.illegal > LINES:
        say(f"... and {plan.illegal - LINES:,} more")
    if any("no option" in illegal.reason for illegal in plan.reasons):
        say("an option that only some components have needs --when (in a file, when:)")


def tell_idle(definition: Definition, plan: Plan, combinations: Combinations) -> None:
    """Warn of rules that excluded nothing and axes that never apply; of a sample nobody knows."""
    if definition.sample is not None:
        return
    for rule, stated in enumerate(definition.exclude):
        if rule not in plan.excluded:
            say(f"warning: nothing is excluded by {rule_text(stated)}")
    for key in combinations.idle(plan.numbers):
        say(f"warning: {key} is left alone everywhere: never is {rule_text(definition.when[key])}")


def tell_failures(definition: Definition, tally: Tally) -> None:
    """List the variants that could not be measured, with their reasons."""
    for failure in tally.failures[:LINES]:
        size = f" at {size_text(failure.size)}" if len(definition.sizes) > 1 else ""
        say(f"failed: {failure.variant}{size}: {failure.reason}")
    if len(tally.failures) > LINES:
        say(f"... and {len(tally.failures) - LINES:,} more, all in failed.jsonl")


def answer(tally: Tally, results: Path) -> dict[str, Any]:
    """Return what `--json` prints of a sweep."""
    return {
        "planned": tally.planned,
        "measured": tally.measured,
        "reused": tally.reused,
        "failed": [
            {"variant": each.variant, "input": size_text(each.size), "reason": each.reason}
            for each in tally.failures
        ],
        "results": str(results),
    }


def tell_json(tally: Tally, results: Path, more: Mapping[str, Any]) -> None:
    """Print the answer as one line of JSON, `more` after what every sweep answers."""
    typer.echo(json.dumps({**answer(tally, results), **more}, ensure_ascii=False))


def tell_summary(definition: Definition, tally: Tally, results: Path, elapsed_s: float) -> None:
    """Print the answer in words: counts, where the records are, and the extremes."""
    rate = f" ({tally.measured / elapsed_s:.3g}/s)" if tally.measured else ""
    typer.echo(
        f"{definition.name}: {tally.planned:,} planned, {tally.measured:,} measured, "
        f"{tally.reused:,} reused, {len(tally.failures):,} failed"
    )
    typer.echo(f"in {clock_time(elapsed_s)}{rate}; records in {results}")
    for line in extreme_lines(definition, tally):
        typer.echo(line)


def extreme_lines(definition: Definition, tally: Tally) -> Iterator[str]:
    """Yield for each figure the least and the most of it, and which variants those are."""
    for name, (title, shown) in _FIGURES.items():
        if name not in tally.least:
            continue
        ends = (tally.least[name], tally.most[name])
        for label, end in zip((title, ""), ends, strict=True):
            head = f"{label:<12} {shown(end.value):>13}  "
            size = [f"at {size_text(end.size)}"] if len(definition.sizes) > 1 else []
            words = " ".join([*_options(definition, end.variant), *size])
            first, *more = wrap(words, WIDTH - len(head), break_long_words=False) or [""]
            yield (head + first).rstrip()
            yield from (" " * len(head) + line for line in more)


def _options(definition: Definition, variant: str) -> list[str]:
    """Return what is particular to a variant: where all are of one row, its options alone."""
    row, bracket, options = variant.partition("[")
    of_each = re.split(r",(?=\w+\.)", options[:-1]) if bracket else []
    several = len(definition.variants) > 1 or not of_each
    return [row, *of_each] if several else of_each


def tell_plan(
    definition: Definition,
    plan: Plan,
    combinations: Combinations,
    tally: Tally,
    seconds: float | None,
    results: Path,
    as_json: bool,
) -> None:
    """Print what would be measured."""
    if as_json:
        more = {
            "rows": [combinations.row(number).name for number in plan.numbers],
            "illegal": [illegal._asdict() for illegal in plan.reasons],
            "estimate_s": seconds,
        }
        typer.echo(json.dumps(more | answer(tally, results), ensure_ascii=False))
        return
    for position, number in enumerate(plan.numbers, start=1):
        row = combinations.row(number)
        typer.echo(f"{position:>7,}  {row.input[0]}x{row.input[1]}  {row.name}")
    left_out = [
        f"{count:,} excluded by {rule_text(definition.exclude[rule])}"
        for rule, count in sorted(plan.excluded.items())
    ]
    left_out += [f"{plan.duplicates:,} equal to others"] if plan.duplicates else []
    left_out += [f"{plan.illegal:,} that cannot be built"] if plan.illegal else []
    typer.echo(f"{len(plan.numbers):,} variants" + "".join(f"; {part}" for part in left_out))
    left = tally.planned - tally.done
    kept = f", {tally.reused:,} are in {results} already" if tally.reused else ""
    typer.echo(f"{left:,} to measure{kept}: {_about(seconds)}")


def _about(seconds: float | None) -> str:
    if seconds is None:
        return "for how long, its protocol does not tell (no budget)"
    return f"about {clock_time(seconds)}"
