"""Which records are those of a sweep: input or protocol of each size, and the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.profiling.request import Request
from harness.sweep.combinations import Combinations
from harness.sweep.known import Expected, Size
from harness.sweep.plan import Plan


def of_counts(plan: Plan, batch: int) -> Expected:
    """Return what the records of a sweep are like that only counts, `batch` frames at once."""
    return Expected({size: (batch, 3, *size) for size in _sizes(plan)})


def of_timings(plan: Plan, request: Request, combinations: Combinations, device: str) -> Expected:
    """Return what the records of a sweep are like that times.

    Args:
        plan: The sweep.
        request: What is asked of each variant.
        combinations: The sweep's combinations.
        device: Name of the device, as records have it.
    """
    sizes = _sizes(plan)
    return Expected({}, _protocols(request, combinations, plan, sizes), device)


def _sizes(plan: Plan) -> list[Size]:
    return sorted({(key.height, key.width) for key in plan.positions})


def _protocols(
    request: Request, combinations: Combinations, plan: Plan, sizes: Sequence[Size]
) -> dict[Size, dict[str, Any]]:
    """Return the protocol of each input size, as records hold it."""
    first: dict[Size, int] = {}
    for position, key in enumerate(plan.positions):
        first.setdefault((key.height, key.width), position)
    protocols = {}
    for size in sizes:
        protocol = request.resolved(combinations.row(plan.numbers[first[size]])).protocol
        assert protocol is not None
        protocols[size] = protocol.to_dict()
    return protocols
