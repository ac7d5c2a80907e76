"""A sweep from its definition to its answer, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.cli.sweep_front import read_wish
from harness.cli.sweep_order import Order, check_flags, compare
from harness.cli.sweep_place import Place, place_of
from harness.cli.sweep_search import check_search
from harness.cli.sweep_steps import Sweep
from harness.store import check_writable
from harness.sweep.definition import Definition
from harness.sweep.expected import as_measured
from harness.sweep.stopping import listening
from harness.timing.named import load_protocol
from variants.catalog import Row, find_row, load_catalog

TIMED_LIMIT_S = 1800.0


def run(definition: Definition, order: Order) -> bool:
    """Run a sweep, print its answer and return whether a variant failed.

    Raises:
        BadRequest, RunFailed: If it cannot be run as asked, or could not go on.
        Stopped: If it was told to end; what was told is on the disk.
    """
    check_flags(definition, order)
    check_search(definition)
    if not order.dry_run:
        check_writable(order.results)
    catalog = load_catalog(map(Path, definition.catalogs))
    definition = _as_read(definition, catalog)
    compare(definition, order)
    with place_of(order, definition) as place:
        with listening(patiently=False):
            sweep = _prepare(definition, catalog, order, place)
        if order.dry_run and definition.search is not None:
            sweep.tell_search_plan()
            return False
        with listening(patiently=True) as stop, sweep.pool(stop) as pool:
            if definition.search is not None:
                sweep.search(pool, stop, definition)
            elif not sweep.measure(pool, stop, definition):
                return False
        stop.raise_if_asked()  # what was noted to the last moment
        if definition.timing is not None and definition.search is None:
            with listening(patiently=False):
                sweep.time()
    sweep.tell()
    return bool(sweep.tally.failures)


def _as_read(definition: Definition, catalog: Mapping[str, Row]) -> Definition:
    """Return a sweep with what the catalogue and the protocol say, which may change behind it."""
    rows = [find_row(catalog, name) for name in definition.variants]
    stated = {row.name: {**row.chosen, "input": list(row.input)} for row in rows}
    timing = definition.timing
    if timing is not None:
        timing = replace(timing, values=load_protocol(timing.protocol))
    return replace(definition, rows=stated, timing=timing)


def _prepare(
    definition: Definition, catalog: Mapping[str, Row], order: Order, place: Place
) -> Sweep:
    from harness.sweep.checks import check
    from harness.sweep.combinations import Combinations
    from harness.sweep.proxy import load_proxy

    combinations = Combinations(definition, catalog)
    searched = definition.search is not None
    check(definition, catalog, combinations.total, yes=order.yes or searched)
    rows = {name: catalog[name] for name in definition.variants}
    wish = read_wish(definition, definition.sizes or [row.input for row in rows.values()])
    place.check(definition, rows)
    request = None
    if definition.timing is not None:
        request = place.request(definition, order.limit_s or TIMED_LIMIT_S)
        request.resolved(combinations.row(0))  # a protocol that is wrong is told at once
    for source in definition.proxies.values():
        load_proxy(source)  # what is not there is told at once
    if searched or definition.proxies:
        definition = as_measured(definition, request, [*rows.values()])
        combinations = Combinations(definition, catalog)
    return Sweep(definition, order, place, rows, combinations, request, wish)
