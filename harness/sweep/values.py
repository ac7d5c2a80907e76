"""What an axis goes through, as it is written: `1,2,4`, `[8,4,2],[1,1,1]`, `none,dapf`, `1..9..2`.

A range includes both ends, where its step meets the second. It means the same in a sweep file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.errors import BadRequest, did_you_mean
from variants.catalog import value_text
from variants.registry import SLOTS

LONGEST_RANGE = 10_000_000  # beyond, a typing error is likelier than a sweep
_RANGE = re.compile(r"(-?\d+)\.\.(?:(-?\d+)(?:\.\.(-?\d+))?)?")


def parse_axis(text: str, flag: str) -> tuple[str, tuple[Any, ...]]:
    """Return option and values of a text such as `context.alpha=1,2,4`, values being YAML.

    Raises:
        BadRequest: If it is not of that form, or has no values.
    """
    key, equals, values = (part.strip() for part in text.partition("="))
    if not (equals and key):
        raise BadRequest(f"{flag}: an axis is slot.option=value,value,..., got {text!r}")
    check_key(key, f"{flag} {text}")
    entries = _yaml_list(values, f"{flag} {text}")
    return key, expand(entries, f"{flag} {key}")


def parse_rule(text: str, flag: str) -> dict[str, Any]:
    """Return the values by option of a text such as `context.name=aspp,fusion.dilations=[1,1,1]`.

    Raises:
        BadRequest: If it is not of that form.
    """
    rule: dict[str, Any] = {}
    for part in re.split(r",\s*(?=[\w.]+\s*=)", text):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (equals and value):
            raise BadRequest(f"{flag}: a condition is slot.option=value, got {text!r}")
        check_rule_key(key, f"{flag} {text}")
        if key in rule:
            raise BadRequest(f"{flag} {text}: {key} must stand once, got it twice")
        entries = _yaml_list(value, f"{flag} {text}")
        rule[key] = entries[0] if len(entries) == 1 else entries
    return rule


def expand(entries: Sequence[Any], who: str) -> tuple[Any, ...]:
    """Return the values that entries stand for, ranges written out.

    Raises:
        BadRequest: If there are none, or a range has no end, is empty or too long.
    """
    values: list[Any] = []
    for entry in entries:
        match = _RANGE.fullmatch(entry) if isinstance(entry, str) else None
        values.extend(_range(match, who) if match else [entry])
    if not values:
        raise BadRequest(f"{who}: an axis needs at least one value, got none")
    return tuple(values)


def _range(match: re.Match[str], who: str) -> range:
    first, last, step = match.groups()
    if last is None:
        raise BadRequest(f"{who}: a range needs an end, got {match[0]!r}")
    start, end, by = int(first), int(last), int(step or 1)
    if by == 0 or (end - start) * by < 0:
        raise BadRequest(f"{who}: a range must lead from its start to its end, got {match[0]!r}")
    count = (end - start) // by + 1
    if count > LONGEST_RANGE:
        raise BadRequest(f"{who}: a range has at most {LONGEST_RANGE:,} values, got {match[0]!r}")
    return range(start, start + count * by, by)


def check_key(key: str, who: str) -> None:
    """Raise `BadRequest` unless `key` is an option of a slot, as far as its form tells."""
    slot, _, option = key.partition(".")
    if slot not in SLOTS:
        raise BadRequest(f"{who}: no slot {slot!r}{did_you_mean(slot, SLOTS)}")
    if not option:
        raise BadRequest(f"{who}: an axis is slot.option, got {key!r}")


def check_rule_key(key: str, who: str) -> None:
    """Raise `BadRequest` unless a condition may be about `key`."""
    if key != "variant":
        check_key(key, who)


def same(one: Any, other: Any) -> bool:
    """Say whether two values of an option are the same; 1 and true are not."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def fits(rule: Any, value: Any) -> bool:
    """Say whether `value` is what a condition asks for: that value, or one of a list of values."""
    return same(rule, value) or (isinstance(rule, list) and any(same(r, value) for r in rule))


def rule_text(rule: Mapping[str, Any]) -> str:
    """Return a rule as it is written in a flag."""
    return ",".join(f"{key}={value_text(value)}" for key, value in rule.items())


def _yaml_list(text: str, who: str) -> list[Any]:
    import yaml

    try:
        found = yaml.safe_load(f"[{text}]")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BadRequest(f"{who}: values must be YAML, separated by commas: {reason}") from None
    if not isinstance(found, list):
        raise BadRequest(f"{who}: values must be YAML, separated by commas, got {text!r}")
    return found
