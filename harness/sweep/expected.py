"""Which records are those of a sweep, told from its definition before any variant is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.sweep.definition import Definition
from harness.sweep.known import Expected

if TYPE_CHECKING:
    from harness.profiling.request import Request
    from variants.catalog import Row


def as_measured(definition: Definition, request: Request | None, rows: Sequence[Row]) -> Definition:
    """Return a sweep whose counts are of the input that its protocol times.

    A search counts first, to time only what meets its constraints.
    """
    if request is None:
        return definition
    shapes = [request.resolved(row).shape for row in rows]
    definition = replace(definition, batch=shapes[0][0])
    if not definition.sizes and any(shapes[i][2:] != row.input for i, row in enumerate(rows)):
        return replace(definition, sizes=((shapes[0][2], shapes[0][3]),))
    return definition


def expected_of(
    definition: Definition, request: Request | None, rows: Sequence[Row], device: str | None
) -> tuple[Expected, Expected]:
    """Return which records are those of any variant of a search, and which have its counts."""
    inputs = {size: row for row in rows for size in definition.sizes or [row.input]}
    counted = Expected({size: (definition.batch, 3, *size) for size in inputs})
    if request is None:
        return counted, counted
    protocols = {}
    for size, row in inputs.items():
        protocol = request.resolved(replace(row, input=size)).protocol
        assert protocol is not None
        protocols[size] = protocol.to_dict()
    return Expected({}, protocols, device), counted
