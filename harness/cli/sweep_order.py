"""How a sweep is to be run, and what can be told of that before anything is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.cli import sweep_text as text
from harness.errors import BadRequest
from harness.sweep import state
from harness.sweep.definition import Definition
from harness.sweep.time_limit import LONGEST_S

EXECUTORS = ("local", "ray")


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
    executor: str = "local"
    address: str | None = None
    nodes: Mapping[str, str] = field(default_factory=dict)


def check_flags(definition: Definition, order: Order) -> None:
    for flag, given in (("changed", order.changed), ("retry-failed", order.retry_failed)):
        if given and not order.resume:
            raise BadRequest(f"--{flag}: needs --resume, got it alone")
    if order.jobs is not None and order.jobs < 1:
        raise BadRequest(f"--jobs: must be at least 1, got {order.jobs}")
    if order.executor not in EXECUTORS:
        raise BadRequest(f"--executor: must be {' or '.join(EXECUTORS)}, got {order.executor}")
    here = order.executor == "local"
    for flag, value in (("address", order.address), ("nodes", order.nodes)):
        if here and value:
            raise BadRequest(f"--{flag}: is about a cluster, got no --executor ray")
    if here and definition.timing is not None and (order.jobs or 1) > 1:
        raise BadRequest(f"--jobs: one variant is timed at a time, got {order.jobs}")
    if order.limit_s is not None and not 0 < order.limit_s <= LONGEST_S:
        raise BadRequest(
            f"--limit: must be above 0 and at most {LONGEST_S:,.0f} seconds, got {order.limit_s:g}"
        )


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


def labels_of(texts: Sequence[str]) -> dict[str, str]:
    """Return what `--nodes` says, by label.

    Raises:
        BadRequest: If a text is no label with a value, or a label comes twice.
    """
    labels: dict[str, str] = {}
    for given in texts:
        label, equals, value = given.partition("=")
        if not (label and equals and value):
            raise BadRequest(f"--nodes: must be LABEL=VALUE, got {given!r}")
        if label in labels:
            raise BadRequest(f"--nodes: a label must stand once, got {label} twice")
        labels[label] = value
    return labels
