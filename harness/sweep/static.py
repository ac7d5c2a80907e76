"""A static sweep: variants are counted by the pool, their records stored chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from harness.profiling.request import Measured
from harness.records import to_json
from harness.store import append_lines, path_for
from harness.sweep.combinations import Combinations, numbers
from harness.sweep.definition import Definition
from harness.sweep.executor import Executor, GivenUp
from harness.sweep.plan import Checked, Illegal, Plan, make_plan
from harness.sweep.tally import Failure, Tally
from harness.sweep.worker import Counted, check_chunk, count_chunk
from variants.catalog import Row
from variants.spec import resolve

LARGEST_CHUNK = 32  # records that are written, synced and told together
CHUNKS_PER_JOB = 8  # at least, so that no process is idle for long at the end


def planned(
    pool: Executor, jobs: int, definition: Definition, combinations: Combinations
) -> Iterator[Plan]:
    """Yield the plan as it grows; the pool makes every combination and builds its network.

    Raises:
        BadRequest: As `make_plan` does.
    """
    sample = definition.sample.count if definition.sample else None
    order = numbers(combinations.total, definition.sample)
    chunks = _chunks(order, min(combinations.total, sample or combinations.total), jobs)
    yield from make_plan(looked_at(pool, chunks, combinations), sample)


def looked_at(
    pool: Executor, chunks: Iterable[Sequence[int]], combinations: Combinations
) -> Iterator[tuple[int, Checked]]:
    """Yield numbers, each with what the pool says of its combination."""
    for chunk, checked in pool.run(check_chunk, chunks):
        if isinstance(checked, GivenUp):
            [number] = chunk
            found = combinations.at(number)  # none where it repeats another, which says it all
            yield number, found and Illegal(found.row.name, checked.reason)
        else:
            yield from zip(chunk, checked, strict=True)


def count_all(
    pool: Executor,
    jobs: int,
    todo: Sequence[int],
    definition: Definition,
    combinations: Combinations,
    results: Path,
    tally: Tally,
    show: Callable[[], None],
) -> None:
    """Count variants and store their records; the tally knows of those that are on the disk.

    Args:
        pool: Ready for the definition.
        jobs: How many chunks it runs at once.
        todo: Numbers of combinations.
        definition: The sweep.
        combinations: Its combinations.
        results: Folder that the records go to.
        tally: Takes what came out.
        show: Called when the tally has changed.

    Raises:
        RunFailed: If records could not be written.
    """
    chunks = _chunks(iter(todo), len(todo), jobs)
    for _, counted in counted_by(pool, chunks, definition, combinations):
        store(results, counted, tally)
        show()


def counted_by(
    pool: Executor,
    chunks: Iterable[Sequence[int]],
    definition: Definition,
    combinations: Combinations,
) -> Iterator[tuple[Sequence[int], Sequence[Counted]]]:
    """Yield chunks of numbers, each with what the pool counted of them; nothing is stored yet."""
    for chunk, found in pool.run(count_chunk, chunks):
        if isinstance(found, GivenUp):
            yield chunk, [_failed(combinations.row(chunk[0]), definition, found)]
        else:
            yield chunk, found


def store(results: Path, counted: Sequence[Counted], tally: Tally) -> None:
    """Store records, and tell the tally of them when they are on the disk.

    Raises:
        RunFailed: If they could not be written.
    """
    for file in dict.fromkeys(one.file for one in counted):
        append_lines(results / file, [one.line for one in counted if one.file == file])
    for one in counted:
        if one.failure is None:
            tally.measured += 1
            tally.see(one.variant, one.size, one.figures)
        else:
            tally.failures.append(Failure(one.variant, one.size, one.failure))


def _failed(row: Row, definition: Definition, given_up: GivenUp) -> Counted:
    """Return the failure of a variant whose process could not say so itself."""
    shape = (definition.batch, 3, *row.input)
    measured = Measured(row, resolve(row.chosen), None, shape, failure=given_up.reason)
    record = measured.record()
    file = str(path_for(Path(), record))
    return Counted(row.name, row.input, file, to_json(record), {}, given_up.reason)


def _chunks(order: Iterator[int], count: int, jobs: int) -> Iterator[list[int]]:
    """Yield numbers in chunks that are small enough for `count` of them to keep all jobs busy."""
    size = max(1, min(LARGEST_CHUNK, count // (jobs * CHUNKS_PER_JOB)))
    while chunk := list(islice(order, size)):
        yield chunk
