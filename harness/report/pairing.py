"""Which record of A belongs to which record of B, and what their networks differ in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import BadRequest
from harness.records import ProfileRecord, StaticCost
from harness.report.side import Side

NOT_SET = "not set"

Key = Callable[[ProfileRecord], object]


@dataclass(frozen=True)
class Pair:
    """A record of each side, of one variant or one network."""

    a: ProfileRecord
    b: ProfileRecord


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """How two sides fit together.

    Attributes:
        same: Pairs of one network at one input (of whatever inputs, with `across_input`).
        changed: Pairs of one name and one input whose networks differ.
        only_a: What B has no counterpart of.
        only_b: What A has no counterpart of.
    """

    same: tuple[Pair, ...]
    changed: tuple[Pair, ...]
    only_a: tuple[ProfileRecord, ...]
    only_b: tuple[ProfileRecord, ...]


def pair(a: Side, b: Side, *, across_input: bool = False) -> Pairing:
    """Return the records of two sides, paired.

    By name, network and input first; what is left by network and input, since one network has
    several names; what is left then by name and input, whose networks therefore differ.

    Args:
        a: One side.
        b: The other one.
        across_input: Pair one network at two inputs too, where nothing else fits.

    Raises:
        BadRequest: If `across_input` leaves open which of several inputs is meant.
    """
    left_a, left_b = list(a.records), list(b.records)
    same = _take(left_a, left_b, lambda r: (r.variant, r.spec_sha256, r.input_shape))
    same += _take(left_a, left_b, lambda r: (r.spec_sha256, r.input_shape))
    if across_input:
        for side, left in ((a, left_a), (b, left_b)):
            _refuse_several_inputs(side, left)
        same += _take(left_a, left_b, lambda r: (r.variant, r.spec_sha256))
    changed = _take(left_a, left_b, lambda r: (r.variant, r.input_shape))
    order = {id(record): i for i, record in enumerate(a.records)}
    return Pairing(
        same=tuple(sorted(same, key=lambda pair: order[id(pair.a)])),
        changed=tuple(changed),
        only_a=tuple(left_a),
        only_b=tuple(left_b),
    )


def changed_options(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what two specs differ in: `slot.option` with A's and B's value.

    Example:
        >>> changed_options({"context": {"alpha": 2}}, {"context": {"alpha": 4}})
        {'context.alpha': (2, 4)}
    """
    flat_a, flat_b = _flat(a), _flat(b)
    changed = {}
    for key in dict.fromkeys((*flat_a, *flat_b)):
        values = flat_a.get(key, NOT_SET), flat_b.get(key, NOT_SET)
        if json.dumps(values[0], sort_keys=True) != json.dumps(values[1], sort_keys=True):
            changed[key] = values
    return changed


def static_changes(a: StaticCost, b: StaticCost) -> dict[str, tuple[int, int]]:
    """Return the counts that differ, by name: `parameters`, `MACs (conv)` and so on.

    A convention that only one of the two was counted under is no change.
    """
    counts = {"parameters": (a.params, b.params)}
    counts |= {f"MACs ({c})": (a.macs[c], b.macs[c]) for c in a.macs if c in b.macs}
    return {name: values for name, values in counts.items() if values[0] != values[1]}


def _take(left_a: list[ProfileRecord], left_b: list[ProfileRecord], key: Key) -> list[Pair]:
    """Pair what has the same key, first come, first served, and remove it from both lists."""
    found = []
    for record in list(left_a):
        other = next((r for r in left_b if key(r) == key(record)), None)
        if other is not None:
            left_a.remove(record)
            left_b.remove(other)
            found.append(Pair(record, other))
    return found


def _refuse_several_inputs(side: Side, left: Iterable[ProfileRecord]) -> None:
    inputs: dict[tuple[str, str], list[str]] = {}
    for record in left:
        shape = "x".join(map(str, record.input_shape))
        inputs.setdefault((record.variant, record.spec_sha256), []).append(shape)
    for (variant, _), shapes in inputs.items():
        if len(shapes) > 1:
            raise BadRequest(
                f"compare: --across input needs one input of {variant} in {side.name}, got "
                f"{', '.join(shapes)}; decide with --protocol"
            )


def _flat(spec: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested options with dotted names, down to what is no mapping."""
    flat: dict[str, Any] = {}
    for key, value in spec.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
