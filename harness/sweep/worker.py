"""What happens in the processes of the pool: combinations are looked at, and counted."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import NamedTuple

from harness.environment import read_environment
from harness.errors import BadRequest, RunFailed
from harness.profiling.request import Measured, count
from harness.records import to_json
from harness.store import path_for
from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from harness.sweep.plan import Checked, Excluded, Illegal, key_of
from harness.sweep.tally import Figures, Size, figures_of
from harness.sweep.time_limit import watched, within
from variants.build import Parts, skeleton
from variants.catalog import Row
from variants.spec import Spec, resolve


class Counted(NamedTuple):
    """One variant when it is counted.

    Attributes:
        variant: Its name.
        size: Height and width of its input.
        file: Where its record belongs, within the results folder.
        line: The record.
        figures: For the summary; empty where it failed.
        failure: Why it could not be counted; null where it could.
    """

    variant: str
    size: Size
    file: str
    line: str
    figures: Figures
    failure: str | None


class Worker:
    """A process's own view of the sweep."""

    def __init__(self, definition: Definition, catalog: Mapping[str, Row], limit_s: float) -> None:
        self.definition = definition
        self.combinations = Combinations(definition, catalog)
        self.batch = definition.batch
        self.limit_s = limit_s
        self.parts = Parts()
        self.environment = read_environment("cpu")

    def check(self, number: int) -> Checked:
        found = self.combinations.at(number)
        if found is None:
            return None
        if found.excluded is not None:
            return Excluded(found.excluded)
        row = found.row
        try:
            spec = within(self.limit_s, lambda: self._built(row))
        except Exception as error:  # noqa: BLE001 - somebody else's component may raise anything
            return Illegal(row.name, _reason(error))
        return key_of(spec.sha256, *row.input)

    def _built(self, row: Row) -> Spec:
        spec = resolve(row.chosen)
        skeleton(spec, self.parts)
        return spec

    def count(self, number: int) -> Counted:
        row = self.combinations.row(number)
        measured = self._measured(row)
        record = measured.record()
        file = str(path_for(Path(), record))
        figures = {} if measured.failure else figures_of(record)
        return Counted(row.name, row.input, file, to_json(record), figures, measured.failure)

    def _measured(self, row: Row) -> Measured:
        spec = resolve(row.chosen)
        shape = (self.batch, 3, *row.input)
        measured = Measured(row, spec, None, shape, environment=self.environment)
        try:
            within(self.limit_s, lambda: count(measured, skeleton(spec, self.parts)))
        except Exception as error:  # noqa: BLE001 - as above
            measured.failure = _reason(error)
        return measured


_worker: Worker | None = None


def start(definition: Definition, catalog: Mapping[str, Row], limit_s: float) -> None:
    """Make this process ready; it ends when its parent does, and leaves Ctrl-C to that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    prepare(definition, catalog, limit_s)


def prepare(definition: Definition, catalog: Mapping[str, Row], limit_s: float) -> None:
    """Take the sweep in that `check_chunk` and `count_chunk` speak of.

    Args:
        definition: The sweep.
        catalog: Its rows by name; no file is read, since on another machine there may be none.
        limit_s: Seconds that a variant may take.
    """
    global _worker
    _worker = Worker(definition, catalog, limit_s)


def work() -> Worker:
    """Return this process's own view of the sweep, which `prepare` has made."""
    assert _worker is not None
    return _worker


def check_chunk(numbers: Sequence[int]) -> list[Checked]:
    """Return what becomes of combinations, by number."""
    worker = work()
    return [worker.check(number) for number in watched(numbers, worker.limit_s)]


def count_chunk(numbers: Sequence[int]) -> list[Counted]:
    """Return the records of combinations that can be built, by number."""
    worker = work()
    return [worker.count(number) for number in watched(numbers, worker.limit_s)]


def _reason(error: Exception) -> str:
    words = " ".join(str(error).split()) or "no message"
    return (
        words if isinstance(error, BadRequest | RunFailed) else f"{type(error).__name__}: {words}"
    )


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
