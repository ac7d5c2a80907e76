"""What the measurements say of the factors between cards, beside those that were used.

Had every network been published on the card of the reference, published and measured FPS would
have one ratio. What the networks of another card have instead, over that, is how fast that card is.
It takes for granted what is to be judged, that one number fits all networks: so the spread of the
single networks stands beside it, that of the reference's own ones too, for comparison.

The interval of a factor comes out of that spread, pooled over all cards (a one-way analysis of
variance of the logarithms): how far a mean of so few networks may be off, if networks differ from
each other on every card as much as they do here. It knows nothing of what all networks of a card
share, such as whose software timed them.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.report.scales import Scales, plain_name
from harness.report.side import timing_of
from harness.report.survival.pairs import Network
from harness.student_t import t_95

TENSORRT = "TensorRT"


@dataclass(frozen=True, kw_only=True)
class Implied:
    """The factor of a card, or of TensorRT.

    Attributes:
        name: The card as it is printed, or `TensorRT`.
        used: The factor that the published figures were normalised by.
        networks: The networks that it is judged by; none where print has but bounds.
        factors: The factor that each of them implies.
        bounds: The networks that it cannot be judged by, since print gives a bound.
        ci95: 95% interval of `value`; null of the reference, which is 1 by definition, without
            networks, and where no card has two.
    """

    name: str
    used: float
    networks: tuple[Network, ...]
    factors: tuple[float, ...]
    bounds: tuple[Network, ...] = ()
    ci95: tuple[float, float] | None = None

    @property
    def value(self) -> float | None:
        """Geometric mean of what the networks imply."""
        return statistics.geometric_mean(self.factors) if self.factors else None

    @property
    def spread(self) -> float | None:
        """Geometric standard deviation of what they imply, a factor; null of fewer than two."""
        if len(self.factors) < 2:
            return None
        return math.exp(statistics.stdev(map(math.log, self.factors)))

    def end(self, *, highest: bool) -> tuple[float, Network] | None:
        """Return the highest or lowest factor with the network that implies it."""
        both = sorted(zip(self.factors, self.networks, strict=True), key=lambda each: each[0])
        return both[-1 if highest else 0] if both else None


def implied_factors(networks: Sequence[Network], scales: Scales) -> tuple[Implied, ...]:
    """Return the factor of each published card, the reference first, and that of TensorRT.

    Nothing comes back where no network of the reference without TensorRT has an exact figure.
    """
    cards: dict[str, list[Network]] = {}
    for network in networks:
        if not network.reported.tensorrt:
            cards.setdefault(plain_name(network.reported.device), []).append(network)
    reference = _exact(cards.get(plain_name(scales.reference), []))
    if not reference:
        return ()
    unit = statistics.geometric_mean(map(_published_over_measured, reference))
    order = sorted(cards, key=lambda card: card != plain_name(scales.reference))
    found = [_of_card(cards[card], unit) for card in order]
    starred = [network for network in networks if network.reported.tensorrt]
    if starred and scales.tensorrt is not None:
        found.append(_of_tensorrt(starred, unit, scales.tensorrt))
    return _with_intervals(found)


def _of_card(networks: Sequence[Network], unit: float) -> Implied:
    exact = _exact(networks)
    return Implied(
        name=networks[0].reported.device,
        used=networks[0].rate.factor,
        networks=exact,
        factors=tuple(_published_over_measured(each) / unit for each in exact),
        bounds=tuple(each for each in networks if each.rate.value is None),
    )


def _of_tensorrt(networks: Sequence[Network], unit: float, used: float) -> Implied:
    """Return what TensorRT brought beyond the card, whose own factor is taken as it was used."""
    exact = _exact(networks)
    factors = [_published_over_measured(each) / (each.rate.factor / used) / unit for each in exact]
    return Implied(name=TENSORRT, used=used, networks=exact, factors=tuple(factors))


def _with_intervals(found: Sequence[Implied]) -> tuple[Implied, ...]:
    """Return `found`, the reference first, with the intervals that their pooled spread gives."""
    logs = [[math.log(factor) for factor in each.factors] for each in found if each.factors]
    freedom = sum(len(group) - 1 for group in logs)
    if not freedom:
        return tuple(found)
    squares = (statistics.variance(group) * (len(group) - 1) for group in logs if len(group) > 1)
    deviation = math.sqrt(math.fsum(squares) / freedom)
    reference, *others = found
    intervals = []
    for each in others:
        if each.value is None:
            intervals.append(each)
            continue
        error = deviation * math.sqrt(1 / len(each.factors) + 1 / len(reference.factors))
        width = math.exp(t_95(freedom) * error)
        intervals.append(replace(each, ci95=(each.value / width, each.value * width)))
    return (reference, *intervals)


def _exact(networks: Sequence[Network]) -> tuple[Network, ...]:
    return tuple(network for network in networks if network.rate.value is not None)


def _published_over_measured(network: Network) -> float:
    assert network.rate.value is not None
    return network.rate.value / timing_of(network.measured).fps
