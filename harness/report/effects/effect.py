"""What changing an option changes: differences and ratios of pairs, and what they depend on."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from harness.records import ProfileRecord
from harness.report.candidates import Candidate
from harness.report.curve_metrics import Metric
from harness.report.effects.factors import Factor, Key
from harness.report.effects.pairs import Pair, Pairs
from harness.report.effects.space import Space
from harness.report.ratio import Ratio, geometric_mean, rate_ratio

Number = int | float  # counts stay whole until they are printed

CERTAINTY = 0.95


@dataclass(frozen=True)
class Change:
    """One pair and what a metric does in it, in the metric's raw unit.

    Attributes:
        pair: The records.
        difference: B's figure minus A's.
        ratio: B's over A's; null where A's is 0.
    """

    pair: Pair
    difference: Number
    ratio: Ratio | None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What one value of an option does to a metric, held against the reference.

    Attributes:
        factor: The option.
        value: What tells the value apart.
        metric: The metric.
        changes: One for each pair whose records both have the metric, at least one.
        at_reference: That of the pair in which all else is at its reference; null without.
    """

    factor: Factor
    value: Key
    metric: Metric
    changes: tuple[Change, ...]
    at_reference: Change | None

    @property
    def least(self) -> Change:
        """The pair whose difference is least, the first of several."""
        return min(self.changes, key=lambda change: change.difference)

    @property
    def most(self) -> Change:
        """The pair whose difference is greatest, the first of several."""
        return max(self.changes, key=lambda change: change.difference)

    @property
    def mean(self) -> float:
        """The mean difference; of counts it is rounded once."""
        total = sum(change.difference for change in self.changes)
        return total / len(self.changes)

    @property
    def constant(self) -> bool:
        """Whether the difference is the same in all pairs."""
        return self.least.difference == self.most.difference

    @property
    def ratios(self) -> tuple[Ratio, ...]:
        """The ratios that exist, least first."""
        found = [change.ratio for change in self.changes if change.ratio is not None]
        return tuple(sorted(found, key=lambda ratio: ratio.value))

    @property
    def mean_ratio(self) -> Ratio | None:
        """The geometric mean of the ratios with its interval; null where one is missing or 0."""
        ratios = self.ratios
        if len(ratios) < len(self.changes) or ratios[0].value <= 0:
            return None
        return geometric_mean(ratios)

    @property
    def varies(self) -> bool:
        """Whether the pairs differ, and by more than noise where there is noise.

        That of a single training or score is unknown, so nothing is claimed of it.
        """
        if self.metric.origin == "timed":
            return beyond_noise(self.ratios)
        return self.metric.origin == "counted" and not self.constant


def effect_of(metric: Metric, factor: Factor, pairs: Pairs) -> Effect | None:
    """Return the effect of a value on a metric; null where no pair has the metric."""
    found = {id(pair): _change(metric, pair) for pair in pairs.found}
    changes = tuple(change for change in found.values() if change is not None)
    if not changes:
        return None
    at_reference = found.get(id(pairs.at_reference))
    return Effect(factor=factor, value=pairs.value, metric=metric, changes=changes,
                  at_reference=at_reference)  # fmt: skip


def _change(metric: Metric, pair: Pair) -> Change | None:
    records = pair.a.source.record, pair.b.source.record
    a, b = (metric.raw(record) for record in records)
    if a is None or b is None:
        return None
    return Change(pair, b - a, _ratio(metric, pair.a.source, pair.b.source, a, b))


def _ratio(
    metric: Metric, a: Candidate, b: Candidate, first: Number, second: Number
) -> Ratio | None:
    """Return the ratio with what is known of its interval."""
    if first == 0:
        return None
    if metric.origin == "timed" and metric.name in ("fps", "latency_s.mean"):
        assert isinstance(a.record, ProfileRecord)
        assert isinstance(b.record, ProfileRecord)
        assert a.record.timing is not None
        assert b.record.timing is not None
        rates = rate_ratio(a.record.timing, b.record.timing)
        value = rates.value if metric.name == "fps" else second / first
        return Ratio(value, rates.log_half_width)
    return Ratio(second / first, None)


def beyond_noise(ratios: Sequence[Ratio]) -> bool:
    """Whether ratios differ by more than their intervals explain, at 95%: Cochran's Q.

    Its chi-square limit is Wilson and Hilferty's approximation. Ratios without an interval say
    nothing. Those that share a record agree better than independent ones, which makes the answer
    no more often than it has to be.
    """
    widths = [ratio.log_half_width for ratio in ratios]
    if len(ratios) < 2 or not all(widths):
        return False
    weights = [
        (NormalDist().inv_cdf((1 + CERTAINTY) / 2) / width) ** 2 for width in widths if width
    ]
    logs = [math.log(ratio.value) for ratio in ratios]
    mean = math.fsum(w * x for w, x in zip(weights, logs, strict=True)) / math.fsum(weights)
    q = math.fsum(w * (x - mean) ** 2 for w, x in zip(weights, logs, strict=True))
    free = len(ratios) - 1
    part = 2 / (9 * free)
    return q > free * (1 - part + NormalDist().inv_cdf(CERTAINTY) * math.sqrt(part)) ** 3


def depends_on(space: Space, effects: Sequence[Effect]) -> list[tuple[str, float]]:
    """Return the options that the differences depend on, most first, each with its share.

    That is the share of the differences' variance that lies between the values of the option,
    within a component where one alone has it, pooled over `effects`: all of one option and one
    metric, or one of them.
    """
    effects = [effect for effect in effects if effect.varies]
    shares = []
    for factor in space.factors:
        if not effects or factor == effects[0].factor:
            continue
        split = [_split(space, effect, factor) for effect in effects]
        between, total = (math.fsum(parts) for parts in zip(*split, strict=True))
        shares.append((factor.label, between / total))
    return sorted((s for s in shares if s[1] > 0), key=lambda share: -share[1])


def _split(space: Space, effect: Effect, factor: Factor) -> tuple[float, float]:
    """Return the squares of the differences between a factor's values, and all of them."""
    others = [name for name in space.names if name not in effect.factor.names]
    places = [others.index(name) for name in factor.names]
    component = space.component(factor)
    inside = [] if component is None else [others.index(n) for n in (space.names[component],)
                                           if n in others]  # fmt: skip
    first = effect.changes[0].difference
    strata: dict[Key, dict[Key, list[Number]]] = defaultdict(lambda: defaultdict(list))
    for change in effect.changes:
        rest = change.pair.rest
        group = strata[tuple(rest[i] for i in inside)][tuple(rest[i] for i in places)]
        group.append(change.difference - first)  # small numbers lose no digits
    within = [list(groups.values()) for groups in strata.values()]
    wholes = [[d for group in groups for d in group] for groups in within]
    each = [group for groups in within for group in groups]
    return _squares(wholes) - _squares(each), _squares([[d for whole in wholes for d in whole]])


def _squares(groups: Sequence[Sequence[Number]]) -> float:
    """Return the squared deviations from the mean of each group, summed."""
    return math.fsum(
        math.fsum((x - mean) ** 2 for x in group)
        for group in groups
        for mean in [sum(group) / len(group)]
    )
