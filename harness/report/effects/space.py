"""The space that records span: which options vary, and from which values effects count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import BadRequest
from harness.report.candidates import Candidate, require_options
from harness.report.curve_definition import Where, matches
from harness.report.curve_options import NOT_SET, VARIANT, key_of, ordered, text_of
from harness.report.effects.definition import EffectsDefinition

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


@dataclass(frozen=True)
class Point:
    """A record at its place; `at` tells the value of each of the space's options apart."""

    source: Candidate
    at: Key


@dataclass(frozen=True)
class Space:
    """Options that vary, and where the references are.

    Attributes:
        names: The options that tell two networks apart, those that follow from others left out.
        factors: What can be compared: the options of at least two values.
        shown: Those of them that were asked for, in order.
        reference: Of each of `names`, what tells its reference apart.
    """

    names: tuple[str, ...]
    factors: tuple[Factor, ...]
    shown: tuple[Factor, ...]
    reference: Key

    def point(self, source: Candidate) -> Point:
        """Return a record at its place."""
        return Point(source, source.key(self.names))

    def moved(self, factor: Factor, reference: Key) -> Space:
        """Return the space with another reference for one of its factors."""
        if reference == factor.reference:
            return self
        now = replace(factor, reference=reference)
        at = list(self.reference)
        for place, key in zip(self.positions(factor), reference, strict=True):
            at[place] = key
        return replace(
            self,
            factors=tuple(now if each == factor else each for each in self.factors),
            shown=tuple(now if each == factor else each for each in self.shown),
            reference=tuple(at),
        )

    def positions(self, factor: Factor) -> tuple[int, ...]:
        """Return where the options of a factor stand in `names`."""
        return tuple(self.names.index(name) for name in factor.names)

    def component(self, factor: Factor) -> int | None:
        """Return where the component stands that has the factor's option; null where all have it.

        A component's own name is part of none.
        """
        name = component_of(factor.names[0])
        if name in factor.names or name not in self.names:
            return None
        return self.names.index(name)


def slot_of(name: str) -> str:
    """Return the slot that an option belongs to; of `input` and the like it is the whole name."""
    return name.partition(".")[0]


def component_of(name: str) -> str:
    """Return the option that says which component has the option `name`."""
    return f"{slot_of(name)}.name"


def space_of(found: Sequence[Candidate], definition: EffectsDefinition) -> Space:
    """Return the space of the candidates, which come in the order in which they were stored.

    Raises:
        BadRequest: If no option varies, or one is unknown, does not vary, or never has the value
            that is to be its reference.
    """
    named = {where.option: where for where in definition.reference}
    require_options((*definition.options, *named), found, definition.who)
    keys = _keys(found)
    names = [name for name in keys if _varies(name, keys)]
    columns = {name: keys[name] for name in names}
    base = _base(found, columns)
    factors = [
        _factor(tied, columns, found, base, named, definition.who) for tied in _tied(columns)
    ]
    if not factors:
        raise BadRequest(
            f"{definition.who}: an option must vary, got {len(found)} "
            f"record{'s' * (len(found) != 1)} of one network; choose others with --where"
        )
    _refuse_fixed([*definition.options, *named], factors, found, named, definition.who)
    of_name = {name: factor for factor in factors for name in factor.names}
    asked = dict.fromkeys(of_name[name].names for name in definition.options) or dict.fromkeys(
        factor.names for factor in factors
    )
    by_names = {factor.names: factor for factor in factors}
    return Space(
        tuple(names),
        tuple(factors),
        tuple(by_names[names] for names in asked),
        tuple(_reference(name, of_name.get(name), columns[name]) for name in names),
    )


def _reference(name: str, factor: Factor | None, column: Sequence[str]) -> str:
    """Return what tells an option's reference apart: of one value alone it is that."""
    if factor is None:
        return next(key for key in column if key != UNSET)
    return factor.reference[factor.names.index(name)]


def _keys(found: Sequence[Candidate]) -> dict[str, list[str]]:
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


def _varies(name: str, keys: Mapping[str, Sequence[str]]) -> bool:
    """Whether an option has several values, and not only as another component has another one."""
    component = component_of(name)
    components = (
        keys[component] if component in keys and component != name else [""] * len(keys[name])
    )
    values: dict[str, set[str]] = defaultdict(set)
    for which, key in zip(components, keys[name], strict=True):
        values[which].add(key)
    return any(len(several) > 1 for several in values.values())


def _tied(columns: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the options with two values or more, those together that always change together."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, column in columns.items():
        if len({*column} - {UNSET}) > 1:
            first: dict[str, int] = {}
            pattern = tuple(first.setdefault(key, len(first)) for key in column)
            groups.setdefault(pattern, []).append(name)
    return [tuple(names) for names in groups.values()]


def _base(found: Sequence[Candidate], columns: Mapping[str, Sequence[str]]) -> int | None:
    """Return the position of the one network that is a row of the catalogue without settings."""
    rows = {
        tuple(column[i] for column in columns.values()): i
        for i, each in enumerate(found)
        if "[" not in each.record.variant
    }
    return next(iter(rows.values())) if len(rows) == 1 else None


def _factor(
    names: tuple[str, ...],
    columns: Mapping[str, Sequence[str]],
    found: Sequence[Candidate],
    base: int | None,
    named: Mapping[str, Where],
    who: str,
) -> Factor:
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


def _refuse_fixed(
    asked: Sequence[str],
    factors: Sequence[Factor],
    found: Sequence[Candidate],
    named: Mapping[str, Where],
    who: str,
) -> None:
    """Refuse what does not vary, but for a reference that is the only value there is."""
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
