"""A timed sweep on a cluster: as many measurements at once as there are devices, none beside one.

Each is a task that holds a whole GPU, or all CPUs of a node; within it every round has a process
of its own, as everywhere. The records are written here, where the command runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

import ray

from harness.errors import BadRequest, RunFailed
from harness.profiling.request import Request
from harness.records import FailedRecord, ProfileRecord
from harness.sweep.cluster.device import PICK, Device, able, share
from harness.sweep.cluster.nodes import Cluster
from harness.sweep.cluster.on_node import measure_here
from harness.sweep.cluster.pool import POLL_S, got
from harness.sweep.cluster.waiting import wait
from harness.sweep.combinations import Combinations
from harness.sweep.pool import ATTEMPTS
from harness.sweep.tally import Tally
from harness.sweep.timed import keep, line
from harness.timing.named import load_protocol

DIED = f"its process or node died {ATTEMPTS} times while it was measured"


def with_threads(request: Request, device: Device) -> Request:
    """Return the request with the threads that the nodes have, where its protocol leaves them."""
    values = load_protocol(request.protocol)
    kind = request.device.partition(":")[0]
    if "threads" in {**values, **values[kind]}:
        return request
    return replace(request, changes={"threads": device.threads, **request.changes})


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """How variants are measured on a cluster.

    Attributes:
        needed: Versions that every node must have.
        jobs: Measurements at once; null for as many as there are devices.
        measure: What a node does; returns its address and the record.
    """

    cluster: Cluster
    device: Device
    needed: Mapping[str, str]
    jobs: int | None = None
    measure: Callable[..., tuple[str, ProfileRecord | FailedRecord]] = measure_here

    def time_all(
        self,
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
        """Time variants and store a record of each as it comes in; see `harness.sweep.timed`.

        Raises:
            BadRequest: If what is asked for cannot be done at all, as the first variant shows.
            RunFailed: If a record could not be written, or a node is unlike the others.
            Stopped: If it was told to end; what was being timed has no record.
        """
        left = iter(todo)
        flying: dict[Any, int] = {}
        start_s, before = monotonic(), tally.measured + len(tally.failures)
        try:
            while True:
                for number in islice(left, max(0, self._window() - len(flying))):
                    if known(number):
                        tally.reused += 1
                    else:
                        first = strict and number == todo[0]
                        flying[self._submit(request, combinations, number, first=first)] = number
                if not flying:
                    return
                for answer in wait([*flying], seconds=POLL_S):
                    number = flying.pop(answer)
                    record = self._record(answer, request, combinations, number)
                    keep(record, results, tally)
                    take(number, record)
                    done = tally.measured + len(tally.failures) - before
                    each_s = (monotonic() - start_s) / done
                    tell(line(record, tally, each_s * (tally.planned - tally.done)))
        finally:
            for answer in flying:
                ray.cancel(answer, force=True)

    def _window(self) -> int:
        """Return how many measurements are in flight: one more than run, for a node that joins."""
        nodes, device = self.cluster.nodes(), self.device.share.device
        if not able(nodes, device):
            return 1  # all have left: wait for one
        try:
            room = share(nodes, device).at_once
        except BadRequest as error:  # one that is unlike them has joined
            raise RunFailed(f"{error}") from None
        return min(self.jobs or room + 1, room + 1)

    def _submit(
        self, request: Request, combinations: Combinations, number: int, *, first: bool
    ) -> Any:
        mine = self.device.share
        holds = self.cluster.holding(cpus=mine.cpus, gpus=mine.gpus)
        measured = request.resolved(combinations.row(number))
        task = ray.remote(self.measure).options(max_retries=ATTEMPTS - 1, **holds)
        return task.remote(self.needed, request, measured, first)

    def _record(
        self, answer: Any, request: Request, combinations: Combinations, number: int
    ) -> ProfileRecord | FailedRecord:
        found = got(answer)
        if found is None:
            measured = request.resolved(combinations.row(number))
            measured.failure, measured.environment = DIED, dict(self.device.environment)
            return measured.record()
        address, record = found
        name = record.environment["device"]["name"]
        if isinstance(record, ProfileRecord) and name != self.device.name:
            raise RunFailed(
                f"node {address}: must measure on {self.device.name}, got {name}; {PICK}"
            )
        checked: ProfileRecord | FailedRecord = record
        return checked
