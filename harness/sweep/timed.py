"""A timed sweep: one variant at a time, each counted and timed in fresh processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.errors import BadRequest, RunFailed
from harness.isolated import run_isolated
from harness.profiling.request import Measured, Request
from harness.records import FailedRecord, ProfileRecord
from harness.store import append, path_for
from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from harness.sweep.tally import Failure, Tally, figures_of, size_of
from harness.timing.device_lock import held

if TYPE_CHECKING:
    from harness.ledger import Ledger
    from harness.records import FailedRecord, ProfileRecord, StaticCost
    from variants.spec import Spec


def request_of(definition: Definition, device: str, limit_s: float | None) -> Request:
    """Return what is asked of each variant of a timed sweep.

    Args:
        definition: The sweep.
        device: `cpu` or `cuda:N`.
        limit_s: Seconds that a variant may take.
    """
    assert definition.timing is not None
    changes = dict(definition.timing.changes)
    if definition.batch != 1:  # else it is the protocol's to say
        changes.setdefault("batch", definition.batch)
    return Request(
        device=device,
        protocol=definition.timing.protocol,
        changes=changes,
        timed=True,
        check=False,
        layers=False,
        size_given=bool(definition.sizes),
        limit_s=limit_s,
    )


def time_all(
    todo: Sequence[int],
    request: Request,
    combinations: Combinations,
    results: Path,
    tally: Tally,
    known: Callable[[int], bool],
    tell: Callable[[str], None],
    take: Callable[[int, ProfileRecord | FailedRecord], None] = lambda _number, _record: None,
    *,
    strict: bool = True,
) -> None:
    """Time variants one after the other and store a record of each, failures too.

    Args:
        todo: Numbers of combinations.
        request: What is asked of each.
        combinations: The sweep's combinations.
        results: Folder that the records go to.
        tally: Takes what came out.
        known: Whether another sweep has measured a combination in the meantime.
        tell: Takes a line on how it goes.
        take: Takes each record when it is on the disk.
        strict: Whether a request that does not fit the first variant is raised, and no failure.

    Raises:
        BadRequest: If what is asked for cannot be done at all, as the first variant shows.
        RunFailed: If a record could not be written.
        Stopped: If it was told to end; the variant that was being timed has no record.
    """
    for number in todo:
        row = combinations.row(number)
        with held(request.device, lambda: tell(f"waiting: {request.device} is being measured on")):
            if known(number):
                tally.reused += 1
                continue
            start_s = monotonic()
            measured = request.resolved(row)
            record = measure(request, measured, first=strict and number == todo[0]).record()
            keep(record, results, tally)
        take(number, record)
        tell(line(record, tally, (monotonic() - start_s) * (tally.planned - tally.done)))


def keep(record: ProfileRecord | FailedRecord, results: Path, tally: Tally) -> None:
    """Store a record, and then have the tally know of it.

    Raises:
        RunFailed: If it could not be written.
    """
    append(path_for(results, record), record)
    if isinstance(record, FailedRecord):
        tally.failures.append(Failure(record.variant, size_of(record), record.reason))
    else:
        tally.measured += 1
        tally.see(record.variant, size_of(record), figures_of(record))


def measure(request: Request, measured: Measured, *, first: bool) -> Measured:
    """Count and time a variant on this machine; a failure is noted in it.

    Raises:
        BadRequest: If what is asked for cannot be done at all, as the `first` variant shows.
    """
    try:
        measured.ledger, measured.static = run_isolated(
            count_alone, measured.spec, measured.shape, limit_s=request.limit_s
        )
        for _ in request.time([measured]):
            pass
    except RunFailed as error:
        measured.failure = str(error)
    except BadRequest as error:
        if first:
            raise
        measured.failure = str(error)
    return measured


def count_alone(_report: Any, spec: Spec, shape: Sequence[int]) -> tuple[Ledger, StaticCost]:
    """Return ledger and cost of a variant, for a process of its own."""
    from harness.ledger import record
    from harness.static import total
    from variants.build import skeleton

    network = skeleton(spec)
    ledger = record(network, shape)
    return ledger, total(network, ledger)


def line(record: ProfileRecord | FailedRecord, tally: Tally, left_s: float) -> str:
    """Return what came out of a variant, and how far the sweep is."""
    if isinstance(record, FailedRecord):
        came_out = f"failed: {record.reason}"
    else:
        assert record.timing is not None
        came_out = f"{record.timing.fps:.4g} FPS"
    left = f", about {left_s / 60:.0f} min left" if left_s >= 60 else ""
    return f"{tally.done}/{tally.planned} {record.variant}: {came_out}{left}"
