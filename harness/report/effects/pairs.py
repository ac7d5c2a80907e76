"""Pairs of records that differ in one option, all that both of them have besides held equal.

Of a slot's `name`, which says which component it is, some other options of the slot come and go
with the component: `context.alpha` with `dapf`. Those are left free. The component that is the
reference stands at its own references then, the other one at each of its values, so that the
difference depends on them as it does on any other option.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from harness.report.effects.factors import UNSET, Factor, Key, component_of, slot_of
from harness.report.effects.space import Point, Space


@dataclass(frozen=True)
class Pair:
    """Two records; `rest` is what `b` has besides the option that they differ in."""

    a: Point
    b: Point
    rest: Key


@dataclass(frozen=True)
class Pairs:
    """All pairs of one value and its reference.

    Attributes:
        value: What tells the value apart.
        found: The pairs, in the order of their records.
        at_reference: The one in which all else is at its reference; null where it was not measured.
    """

    value: Key
    found: tuple[Pair, ...]
    at_reference: Pair | None


def pairs_of(space: Space, points: Sequence[Point], factor: Factor) -> Iterator[Pairs]:
    """Yield the pairs of every value of `factor` but its reference."""
    own = space.positions(factor)
    by_value: dict[Key, list[Point]] = {value: [] for value in factor.values}
    for point in points:
        key = tuple(point.at[i] for i in own)
        if key in by_value:
            by_value[key].append(point)
    reference = by_value[factor.reference]
    for value, those in by_value.items():
        if value != factor.reference:
            yield _pairs(space, factor, value, reference, those)


def _pairs(
    space: Space, factor: Factor, value: Key, reference: Sequence[Point], those: Sequence[Point]
) -> Pairs:
    """Return the pairs of the records at a value with those at the reference."""
    own = space.positions(factor)
    others = [i for i in range(len(space.names)) if i not in own]
    free = _free(space, factor, reference, those)
    held = [i for i in others if i not in free]
    standing = {i: _standing(space, reference, i) for i in free}
    starts: dict[Key, Point] = {}
    for point in reference:
        if all(point.at[i] == standing[i] for i in free):
            starts.setdefault(tuple(point.at[i] for i in held), point)
    loose = {*free, space.component(factor)}  # the reference may be a component without it
    wanted = {i: _standing(space, those, i) if i in loose else space.reference[i] for i in others}
    found: list[Pair] = []
    at_reference: Pair | None = None
    for point in those:
        start = starts.get(tuple(point.at[i] for i in held))
        if start is not None:
            found.append(Pair(start, point, tuple(point.at[i] for i in others)))
            if at_reference is None and all(point.at[i] in (wanted[i], UNSET) for i in others):
                at_reference = found[-1]
    return Pairs(value, tuple(found), at_reference)


def with_pairs(space: Space, points: Sequence[Point], fixed: Set[str]) -> Space:
    """Return the space with references that have pairs, where others than the first ones have.

    Args:
        space: The space.
        points: Its points.
        fixed: Options whose reference was named, which stays.
    """
    for factor in space.factors:
        if fixed & set(factor.names):
            continue
        places = space.positions(factor)
        there = dict.fromkeys(tuple(point.at[i] for i in places) for point in points)
        for value in (factor.reference, *there):
            if value in factor.values:
                moved = space.moved(factor, value)
                now = moved.factors[space.factors.index(factor)]
                if any(pairs.found for pairs in pairs_of(moved, points, now)):
                    space = moved
                    break
    return space


def _free(space: Space, factor: Factor, a: Sequence[Point], b: Sequence[Point]) -> tuple[int, ...]:
    """Return the positions of the options that no record of both components has alike."""
    slots = {slot_of(name) for name in factor.names if name == component_of(name)}
    free = []
    for i, name in enumerate(space.names):
        if slot_of(name) in slots and name not in factor.names:
            values = [{point.at[i] for point in points} for points in (a, b)]
            if not values[0] & values[1]:
                free.append(i)
    return tuple(free)


def _standing(space: Space, points: Sequence[Point], position: int) -> str:
    """Return the reference of an option, or the first of its values that the points have."""
    values = dict.fromkeys(point.at[position] for point in points)
    return (
        space.reference[position]
        if space.reference[position] in values
        else next(iter(values), UNSET)
    )
