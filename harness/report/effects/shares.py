"""How much of a metric's variance each option explains, where every combination is there.

In a full factorial the squared deviations from the mean split without a rest that could be counted
twice: those between the values of each option (its main effect), and what is left, which no option
explains alone (the interactions). An option that only one component of a slot has is taken within
that component: `context.alpha` within the records with `dapf`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from harness.report.curve_metrics import Metric
from harness.report.effects.factors import Key, component_of, slot_of
from harness.report.effects.space import Point, Space


@dataclass(frozen=True)
class Shares:
    """The variance of one metric, split.

    Attributes:
        metric: The metric.
        total: The whole of the squared deviations over the number of records, in raw units squared.
        of: The share of each of the space's factors, in their order; all 0 where nothing varies.
    """

    metric: Metric
    total: Fraction
    of: tuple[Fraction, ...]

    @property
    def interactions(self) -> Fraction:
        """The share that no option explains alone."""
        return 1 - sum(self.of, Fraction(0)) if self.total else Fraction(0)


def shares_of(metric: Metric, space: Space, points: Sequence[Point]) -> Shares:
    """Return the shares of `metric`, which every one of the points has.

    Exact: counts are summed as whole numbers, and floating-point figures as the fractions that
    they are.
    """
    figures = [metric.raw(point.source.record) for point in points]
    values = [f if isinstance(f, int) else Fraction(f) for f in figures if f is not None]
    total = _squares([values])
    shares = []
    for factor in space.factors:
        strata: dict[str, list[int]] = defaultdict(list)
        component = space.component(factor)
        for i, point in enumerate(points):
            strata["" if component is None else point.at[component]].append(i)
        between = Fraction(0)
        for places in strata.values():
            groups: dict[Key, list[int | Fraction]] = defaultdict(list)
            for i in places:
                groups[_at(space, factor.names, points[i])].append(values[i])
            between += _squares([[values[i] for i in places]]) - _squares(list(groups.values()))
        shares.append(between / total if total else Fraction(0))
    return Shares(metric, total / len(values), tuple(shares))


def missing(space: Space, points: Sequence[Point]) -> tuple[int, int]:
    """Return how many combinations there are, and how many a full factorial would have.

    Options of one slot are combined within each of its components, slots with one another.
    """
    slots: dict[str, list[str]] = defaultdict(list)
    for name in space.names:
        slots[slot_of(name)].append(name)
    needed = math.prod(_needed(space, names, points) for names in _joined(slots, space))
    return len({point.at for point in points}), needed


def _joined(slots: dict[str, list[str]], space: Space) -> list[list[str]]:
    """Return the options of each slot, slots being one where their options change together."""
    groups = list(slots.values())
    for factor in space.factors:
        those = [group for group in groups if set(group) & set(factor.names)]
        if len(those) > 1:
            groups = [group for group in groups if group not in those]
            groups.append([name for group in those for name in group])
    return groups


def _needed(space: Space, names: Sequence[str], points: Sequence[Point]) -> int:
    """Return how many combinations of the options of one slot a full factorial has."""
    components = [name for name in names if name == component_of(name)]
    factors = [factor.names for factor in space.factors if set(factor.names) <= set(names)]
    single = [(name,) for name in names if not any(name in each for each in factors)]
    strata: dict[Key, list[Point]] = defaultdict(list)
    for point in points:
        strata[_at(space, components, point)].append(point)
    return sum(
        math.prod(len({_at(space, each, p) for p in those}) for each in (*factors, *single))
        for those in strata.values()
    )


def _at(space: Space, names: Sequence[str], point: Point) -> Key:
    return tuple(point.at[space.names.index(name)] for name in names)


def _squares(groups: Sequence[Sequence[int | Fraction]]) -> Fraction:
    """Return the squared deviations from the mean of each group, summed."""
    found = Fraction(0)
    for group in groups:
        found += sum(x * x for x in group) - Fraction(sum(group)) ** 2 / len(group)
    return found
