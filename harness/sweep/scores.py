"""The scores of proxies: computed by the pool, stored as records, and never twice."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from harness.environment import read_environment
from harness.errors import RunFailed
from harness.proxy_record import ProxyRecord
from harness.records import from_json, to_json
from harness.store import append_lines, path_for, stream
from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from harness.sweep.executor import Executor, GivenUp
from harness.sweep.proxy import load_proxy
from harness.sweep.tally import Failure, size_of
from harness.sweep.time_limit import watched, within
from harness.sweep.worker import work
from variants.build import build
from variants.catalog import Row
from variants.errors import BadRequest
from variants.spec import Spec, resolve

SEED = 0  # of weights and of what a proxy draws

#: Of a spec's hash and an input shape, the records by name of the proxy.
Scores = dict[tuple[str, tuple[int, ...]], dict[str, ProxyRecord]]


def read_scores(results: Path, proxies: Mapping[str, str]) -> Scores:
    """Return the newest records that a folder holds of proxies, from these very sources.

    Args:
        results: The folder; one that does not exist is empty.
        proxies: Source by name.
    """
    found: Scores = {}
    for record in stream(results, []) if proxies else ():
        if isinstance(record, ProxyRecord) and is_of(record, proxies):
            found.setdefault((record.spec_sha256, record.input_shape), {})[record.name] = record
    return found


def is_of(record: ProxyRecord, proxies: Mapping[str, str]) -> bool:
    """Say whether a record is of one of these proxies, and not of another by the same name."""
    return proxies.get(record.name) == record.source and record.seed == SEED


def scored(
    pool: Executor,
    name: str,
    todo: Iterable[int],
    definition: Definition,
    combinations: Combinations,
    results: Path,
) -> Iterator[tuple[int, ProxyRecord]]:
    """Yield variants with what a proxy says of them, when the record is on the disk.

    Args:
        pool: Ready for the definition.
        name: The proxy's.
        todo: Numbers of combinations.
        definition: The sweep.
        combinations: Its combinations.
        results: Folder that the records go to.

    Raises:
        RunFailed: If a record could not be written.
    """
    source = definition.proxies[name]
    for [number], lines in pool.run(partial(score_chunk, name), ([number] for number in todo)):
        if isinstance(lines, GivenUp):
            row = combinations.row(number)
            shape = (definition.batch, 3, *row.input)
            record = _record(row, resolve(row.chosen), shape, name, source, None, lines.reason)
        else:
            read = from_json(lines[0], where=name)
            assert isinstance(read, ProxyRecord)
            record = read
        append_lines(path_for(results, record), [to_json(record)])
        yield number, record


def score_chunk(name: str, numbers: Sequence[int]) -> list[str]:
    """Return the records of what a proxy says of combinations; for a process of the pool."""
    worker = work()
    return [
        to_json(_scored(worker.combinations.row(number), name, worker.definition, worker.limit_s))
        for number in watched(numbers, worker.limit_s)
    ]


def _scored(row: Row, name: str, definition: Definition, limit_s: float) -> ProxyRecord:
    import torch

    torch.set_num_threads(1)  # as many processes as cores are at it
    source = definition.proxies[name]
    shape = (definition.batch, 3, *row.input)
    spec = resolve(row.chosen)
    value: float | None = None
    reason: str | None = None
    try:
        value = within(limit_s, lambda: _score(spec, source, shape))
        if not math.isfinite(value):
            value, reason = None, f"a proxy must return a finite number, got {value}"
    except Exception as error:  # noqa: BLE001 - somebody else's function may raise anything
        words = " ".join(str(error).split()) or "no message"
        known = isinstance(error, BadRequest | RunFailed)
        reason = words if known else f"{type(error).__name__}: {words}"
    return _record(row, spec, shape, name, source, value, reason)


def _score(spec: Spec, source: str, shape: tuple[int, int, int, int]) -> float:
    import torch

    with torch.random.fork_rng(devices=[]):
        network = build(spec, seed=SEED)
        torch.manual_seed(SEED)
        return float(load_proxy(source)(network, shape))


def unscored(record: ProxyRecord) -> Failure:
    """Return the failure that a record without a score is."""
    return Failure(record.variant, size_of(record), f"proxy {record.name}: {record.reason}")


def _record(
    row: Row,
    spec: Spec,
    shape: tuple[int, int, int, int],
    name: str,
    source: str,
    value: float | None,
    reason: str | None,
) -> ProxyRecord:
    about: dict[str, Any] = {"spec": spec.to_dict(), "spec_sha256": spec.sha256}
    return ProxyRecord(
        variant=row.name,
        input_shape=shape,
        name=name,
        source=source,
        value=value,
        reason=reason,
        seed=SEED,
        environment=read_environment("cpu"),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **about,
    )
