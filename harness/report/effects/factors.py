"""The options that vary among records, their values, and which of them is the reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import BadRequest
from harness.report.candidates import Candidate
from harness.report.curve_definition import Where, matches
from harness.report.curve_options import NOT_SET, VARIANT, key_of, ordered, text_of

JOINT = " + "
UNSET = key_of(NOT_SET)

Key = tuple[str, ...]


@dataclass(frozen=True)
class Factor:
    """An option that varies, or several that always change together.

    Attributes:
        names: The options.
        values: The texts of its values by what tells them apart, in order.
        reference: Which of them the others are held against.
    """

    names: tuple[str, ...]
    values: Mapping[Key, str]
    reference: Key

    @property
    def label(self) -> str:
        """What it is called."""
        return JOINT.join(self.names)


def slot_of(name: str) -> str:
    """Return the slot that an option belongs to; of `input` and the like it is the whole name."""
    return name.partition(".")[0]


def component_of(name: str) -> str:
    """Return the option that says which component has the option `name`."""
    return f"{slot_of(name)}.name"


def keys_of(found: Sequence[Candidate]) -> dict[str, list[str]]:
    """Return of every option what tells its values apart, record by record."""
    known: dict[str, str] = {}

    def key(value: Any) -> str:
        text = repr(value)  # ten times faster than JSON
        if text not in known:
            known[text] = key_of(value)
        return known[text]

    names = dict.fromkeys(name for each in found for name in each.options if name != VARIANT)
    slots = list(dict.fromkeys(map(slot_of, names)))
    by_slot = sorted(names, key=lambda name: slots.index(slot_of(name)))
    return {name: [key(each.options.get(name, NOT_SET)) for each in found] for name in by_slot}


def varies(name: str, keys: Mapping[str, Sequence[str]]) -> bool:
    """Whether an option has several values, and not only as another component has another one."""
    component = component_of(name)
    components = (
        keys[component] if component in keys and component != name else [""] * len(keys[name])
    )
    values: dict[str, set[str]] = defaultdict(set)
    for which, key in zip(components, keys[name], strict=True):
        values[which].add(key)
    return any(len(several) > 1 for several in values.values())


def tied(columns: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the options with two values or more, those together that always change together."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, column in columns.items():
        if len({*column} - {UNSET}) > 1:
            first: dict[str, int] = {}
            pattern = tuple(first.setdefault(key, len(first)) for key in column)
            groups.setdefault(pattern, []).append(name)
    return [tuple(names) for names in groups.values()]


def base_of(found: Sequence[Candidate], columns: Mapping[str, Sequence[str]]) -> int | None:
    """Return the position of the one network that is a row of the catalogue without settings."""
    rows = {
        tuple(column[i] for column in columns.values()): i
        for i, each in enumerate(found)
        if "[" not in each.record.variant
    }
    return next(iter(rows.values())) if len(rows) == 1 else None


def factor_of(
    names: tuple[str, ...],
    columns: Mapping[str, Sequence[str]],
    found: Sequence[Candidate],
    *,
    base: int | None,
    named: Mapping[str, Where],
    who: str,
) -> Factor:
    """Return the factor of options that change together.

    Args:
        names: The options.
        columns: Of every option what tells its values apart, record by record.
        found: The records.
        base: Position of the one whose values are the references; null for none.
        named: References that were named, which go first.
        who: Begins a message.

    Raises:
        BadRequest: If no record has a reference that was named.
    """
    places: dict[Key, int] = {}  # of the first record that has a value
    for i, key in enumerate(zip(*(columns[name] for name in names), strict=True)):
        if UNSET not in key:
            places.setdefault(key, i)

    def value(i: int) -> list[Any]:
        return [found[i].options[name] for name in names]

    order = ordered([value(i)[0] for i in places.values()])
    ranks = [key_of(each) for each in order]
    in_order = sorted(places, key=lambda key: ranks.index(key[0]))
    fitting = [
        key
        for key, i in places.items()
        if all(matches(v, named[n]) for n, v in zip(names, value(i), strict=True) if n in named)
    ]
    texts = {key: JOINT.join(text_of(v) for v in value(places[key])) for key in in_order}
    if not fitting:
        asked = JOINT.join(text_of(v) for n in names if n in named for v in named[n].values)
        raise BadRequest(
            f"{who}: the reference of {JOINT.join(names)} must be a value that a record has, got "
            f"{asked}; known: {', '.join(texts.values())}"
        )
    reference = fitting[0]
    if base is not None and not any(name in named for name in names):
        of_base = tuple(columns[name][base] for name in names)
        reference = of_base if of_base in places else reference
    return Factor(names, texts, reference)


def refuse_fixed(
    asked: Sequence[str],
    factors: Sequence[Factor],
    found: Sequence[Candidate],
    named: Mapping[str, Where],
    who: str,
) -> None:
    """Raise unless all that was asked for varies, or is a reference and the only value there is.

    Raises:
        BadRequest: Else.
    """
    varying = {name for factor in factors for name in factor.names}
    for name in asked:
        if name in varying:
            continue
        values = ordered([e.options[name] for e in found if name in e.options])
        if name in named and all(matches(value, named[name]) for value in values):
            continue
        raise BadRequest(
            f"{who}: {name} must be an option that varies, got "
            f"{', '.join(text_of(value) for value in values)} alone"
        )
