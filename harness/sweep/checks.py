"""What can be told of a definition before any combination is made, each refusal by name."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from harness.errors import BadRequest, did_you_mean
from harness.sweep.definition import Definition
from variants.catalog import Row, find_row
from variants.options import check_option
from variants.registry import Component, find, options
from variants.spec import DEFAULT_NETWORK

MOST_UNASKED = 1_000_000  # combinations that need no `--yes`


def check(definition: Definition, catalog: Mapping[str, Row], total: int, *, yes: bool) -> None:
    """Refuse a definition that cannot be meant.

    Args:
        definition: The sweep.
        catalog: Rows by name.
        total: Its combinations, repeats included.
        yes: Whether so many are known to be meant.

    Raises:
        BadRequest: If a variant, component, option or value is unknown, an axis or rule is about
            none of them, zipped axes differ in length, nothing varies, or there are too many.
    """
    rows = [find_row(catalog, name) for name in definition.variants]
    for name in definition.variants:
        if definition.variants.count(name) > 1:
            raise BadRequest(f"sweep: a variant must be named once, got {name} twice")
    for key, values in definition.grid.items():
        _check_axis(key, values, _candidates(key, definition, rows))
    _check_zips(definition)
    for key, rule in definition.when.items():
        if key not in definition.grid:
            hint = did_you_mean(key, definition.grid)
            raise BadRequest(f"when: must be about an axis of the grid, got {key}{hint}")
        _check_rule("when", rule, definition, rows)
    for rule in definition.exclude:
        _check_rule("exclude", rule, definition, rows)
    _check_count(definition, total, yes=yes)


def _candidates(key: str, definition: Definition, rows: Iterable[Row]) -> list[Component]:
    """Return the components that the slot of `key` holds anywhere in the sweep."""
    slot = key.partition(".")[0]
    default = DEFAULT_NETWORK if slot == "network" else "none"
    names = definition.grid.get(f"{slot}.name")
    if names is None:
        names = [row.chosen.get(slot, {}).get("name", default) for row in rows]
    elif f"{slot}.name" in definition.when:  # elsewhere it is as the row has it
        names = [*names, *(row.chosen.get(slot, {}).get("name", default) for row in rows)]
    return [find(slot, str(name)) for name in dict.fromkeys(map(str, names))]


def _check_axis(key: str, values: Iterable[Any], candidates: list[Component]) -> None:
    slot, _, option = key.partition(".")
    if option == "name":
        return  # `_candidates` has looked every component up
    able = _with_option(slot, option, candidates, "--grid")
    for value in itertools.islice(values, 1000):  # a range's values are all of a kind
        if refusal := _refusal(slot, option, able, value):
            raise refusal


def _refusal(slot: str, option: str, able: Iterable[Component], value: Any) -> BadRequest | None:
    """Return why an option cannot have a value in any of the components; null if it can in one."""
    first = None
    for component in able:
        who = f"{slot} {component.name}: {option}"
        try:
            check_option(who, options(component)[option].annotation, value)
        except BadRequest as error:
            first = first or error
        else:
            return None
    return first


def _with_option(slot: str, option: str, candidates: list[Component], who: str) -> list[Component]:
    able = [component for component in candidates if option in options(component)]
    if able:
        return able
    names = " or ".join(component.name for component in candidates)
    known = {name for component in candidates for name in options(component)}
    hint = did_you_mean(option, known) or "; it has no options"
    raise BadRequest(f"{who} {slot}.{option}: {slot} {names}: no option {option!r}{hint}")


def _check_rule(
    who: str, rule: Mapping[str, Any], definition: Definition, rows: Iterable[Row]
) -> None:
    for key, wanted in rule.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        if key == "variant":
            for name in values:
                if name not in definition.variants:
                    hint = did_you_mean(str(name), definition.variants)
                    raise BadRequest(f"{who}: no variant {name!r} in the sweep{hint}")
            continue
        slot, _, option = key.partition(".")
        candidates = _candidates(key, definition, rows)
        if option != "name":
            able = _with_option(slot, option, candidates, who)
            refusals = [_refusal(slot, option, able, one) for one in values]
            if any(refusals) and _refusal(slot, option, able, wanted):  # nor is it one value
                raise BadRequest(f"{who}: {next(filter(None, refusals))}")
            continue
        for name in values:
            known = [component.name for component in candidates]
            if name not in known:
                hint = did_you_mean(str(name), known)
                raise BadRequest(f"{who}: no {slot} component {name!r} in the sweep{hint}")


def _check_zips(definition: Definition) -> None:
    taken: set[str] = set()
    for keys in definition.zips:
        if len(keys) < 2:
            raise BadRequest(f"zip: at least two axes go together, got {', '.join(keys)}")
        for key in keys:
            if key not in definition.grid:
                hint = did_you_mean(key, definition.grid)
                raise BadRequest(f"zip: must name axes of the grid, got {key}{hint}")
            if key in taken:
                raise BadRequest(f"zip: an axis must be zipped once, got {key} twice")
            taken.add(key)
        lengths = [len(definition.grid[key]) for key in keys]
        if len(set(lengths)) > 1:
            told = ", ".join(f"{key} with {n}" for key, n in zip(keys, lengths, strict=True))
            raise BadRequest(f"zip: axes must have equally many values, got {told}")


def _check_count(definition: Definition, total: int, *, yes: bool) -> None:
    several = len(definition.variants) > 1 or len(definition.sizes) > 1
    if not several and not definition.grid:
        raise BadRequest("sweep: something must vary: a --grid, or more than one --variant")
    count = min(total, definition.sample.count) if definition.sample else total
    if count > MOST_UNASKED and not yes:
        raise BadRequest(
            f"sweep: more than {MOST_UNASKED:,} combinations need --yes, got {count:,}"
        )
