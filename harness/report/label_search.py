"""Which place each label takes, so that all of them together cost least, or nearly so.

No randomness: the same costs give the same answer. Every label in turn takes the place that is best
given all others, until none moves. That can end where two labels are in each other's way and
neither gains by leaving alone, so each label that is not where it would like to be is then forced
to other places, the rest follows, and what is better in sum is kept.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

MAX_SWEEPS = 20  # only bounds: a figure settles in a handful
MAX_PASSES = 4
MAX_MOVES = 40_000  # of labels that are forced, each of which makes all others look again
MOVED = 1e-6


def assign(own: Floats, pairs: Floats) -> list[int]:
    """Return the place of each of `n` labels, out of `m` places each.

    Args:
        own: What each place costs whatever the others do, `(n, m)`; infinite where there is none.
        pairs: What places of two labels cost together, `(n, m, n, m)`, symmetric, 0 within one.
    """
    chosen = _settled(own, pairs, own.argmin(axis=1))
    total = _total(own, pairs, chosen)
    trials = MAX_MOVES // len(own)
    for _ in range(MAX_PASSES):
        before = total
        for i in _discontent(own, pairs, chosen):
            # All labels together can save no more than what they pay above their cheapest places.
            most = own[i].min() + total - own.min(axis=1).sum()
            places = np.flatnonzero(own[i] < most)[:trials]
            trials -= len(places)
            for place in places:
                trial = chosen.copy()
                trial[i] = place
                trial = _settled(own, pairs, trial, first_fixed=i)
                cost = _total(own, pairs, trial)
                if cost < total - MOVED:
                    chosen, total = trial, cost
        if total > before - MOVED:
            break
    return [int(k) for k in chosen]


def _settled(
    own: Floats, pairs: Floats, start: NDArray[np.intp], *, first_fixed: int | None = None
) -> NDArray[np.intp]:
    """Return where labels end that move one by one; `first_fixed` stays during the first sweep."""
    chosen: NDArray[np.intp] = start.copy()
    every = np.arange(len(own))
    for sweep in range(MAX_SWEEPS):
        moved = False
        for i in every:
            if sweep == 0 and i == first_fixed:
                continue
            costs = own[i] + pairs[i][:, every, chosen].sum(axis=1)
            best = int(costs.argmin())
            if costs[best] < costs[chosen[i]] - MOVED:
                chosen[i], moved = best, True
        if not moved and sweep:
            break
    return chosen


def _discontent(own: Floats, pairs: Floats, chosen: NDArray[np.intp]) -> list[int]:
    """Return the labels that pay more than their cheapest place would cost if they were alone.

    Those that pay most come first.
    """
    every = np.arange(len(own))
    together = pairs[every, chosen][:, every, chosen].sum(axis=1)
    paid = own[every, chosen] + together
    excess = paid - own.min(axis=1)
    order = np.argsort(-excess, kind="stable")
    return [int(i) for i in order if excess[i] > MOVED]


def _total(own: Floats, pairs: Floats, chosen: NDArray[np.intp]) -> float:
    every = np.arange(len(own))
    together = pairs[every, chosen][:, every, chosen]
    return float(own[every, chosen].sum() + together.sum() / 2)
