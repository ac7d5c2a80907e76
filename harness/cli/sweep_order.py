"""How a sweep is to be run, and what can be told of that before anything is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.cli import sweep_text as text
from harness.errors import BadRequest
from harness.sweep import state
from harness.sweep.definition import Definition


@dataclass(frozen=True, kw_only=True)
class Order:
    """How a sweep is to be run; see the flags of the same names."""

    results: Path
    jobs: int | None
    limit_s: float | None
    resume: bool
    changed: bool
    retry_failed: bool
    skip_illegal: bool
    yes: bool
    dry_run: bool
    as_json: bool


def check_flags(definition: Definition, order: Order) -> None:
    for flag, given in (("changed", order.changed), ("retry-failed", order.retry_failed)):
        if given and not order.resume:
            raise BadRequest(f"--{flag}: needs --resume, got it alone")
    if order.jobs is not None and order.jobs < 1:
        raise BadRequest(f"--jobs: must be at least 1, got {order.jobs}")
    if definition.timing is not None and (order.jobs or 1) > 1:
        raise BadRequest(f"--jobs: one variant is timed at a time, got {order.jobs}")
    if order.limit_s is not None and not 0 < order.limit_s < float("inf"):
        raise BadRequest(f"--limit: must be above 0 seconds, got {order.limit_s:g}")


def compare(definition: Definition, order: Order) -> None:
    """Hold the sweep against the one that is to be resumed."""
    changes = state.changes_since(order.results, definition)
    if changes is None or not order.resume:
        if order.resume:
            text.say(f"nothing to resume in {order.results}: starting from the beginning")
        return
    if changes and not order.changed:
        raise BadRequest(
            f"--resume: sweep {definition.name} has changed ({'; '.join(changes)}); "
            "--changed goes on with it as it is now, --name gives it another name"
        )
