"""Options of a record's network, by dotted path, and how their values read on an axis."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.logged_record import LoggedRecord
from harness.report.curve_metrics import Source

VARIANT, INPUT = "variant", "input"
"""What may be named like an option: the catalogue row, and the input size as `1024x2048`."""

NOT_SET = "not set"
"""What an option reads as where a network has none of this name."""

Options = Mapping[str, Any]


def options_of(record: Source) -> Options:
    """Return the options of the record's network, one entry for each leaf of its spec.

    `variant` is the catalogue row without the settings behind it: `fassd-net` of
    `fassd-net[context.alpha=4]`.
    """
    found = dict(_leaves(record.spec, ""))
    found[VARIANT] = record.variant.partition("[")[0]
    if not isinstance(record, LoggedRecord):  # a network that was trained has no one input
        found[INPUT] = "x".join(map(str, record.input_shape[2:]))
        if record.input_shape[0] != 1:
            found["batch"] = record.input_shape[0]
    return found


def _leaves(node: Mapping[str, Any], path: str) -> list[tuple[str, Any]]:
    leaves: list[tuple[str, Any]] = []
    for key, value in node.items():
        if isinstance(value, dict):
            leaves += _leaves(value, f"{path}{key}.")
        else:
            leaves.append((f"{path}{key}", value))
    return leaves


def key_of(value: Any) -> str:
    """Return what tells two values of an option apart; 2 and 2.0 are alike."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True)


def text_of(value: Any) -> str:
    """Return a value as an axis or legend shows it.

    Example:
        >>> text_of([8, 4, 2]), text_of(True), text_of(0.5)
        ('8-4-2', 'on', '0.5')
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return "-".join(text_of(entry) for entry in value)
    if isinstance(value, float):
        # Two that differ read differently.
        return short if float(short := f"{value:g}") == value else repr(value)
    return "none" if value is None else str(value).encode(errors="replace").decode()


def ordered(values: Sequence[Any]) -> list[Any]:
    """Return the distinct `values`: numbers and lists of numbers by size, others as they come."""
    distinct = list({key_of(value): value for value in values}.values())
    if all(_is_number(value) for value in distinct):
        return sorted(distinct)
    if all(isinstance(v, list) and all(_is_number(e) for e in v) for v in distinct):
        return sorted(distinct)
    return distinct


def is_numeric(values: Sequence[Any]) -> bool:
    """Whether `values` are points on an axis of numbers, not names."""
    return all(_is_number(value) for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
