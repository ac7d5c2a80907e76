"""What a search looks for: figures that are best small or large, under constraints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Literal

from harness.sweep.search.limit import UNKNOWN, Limit

#: Figures of a variant by column, as `harness results` has them; null where unknown.
Figures = Mapping[str, float | None]

KNOWN = " is known"
"""Ends the constraint that a variant misses of which a column that decides is unknown."""


@dataclass(frozen=True)
class Aim:
    """What a search looks for.

    Attributes:
        goals: Columns, and which values of each are better.
        limits: What a variant has to meet.
        timed: Those of these columns that only a timing gives.
        scored: Those that are scores of proxies.
    """

    goals: Mapping[str, Literal["min", "max"]]
    limits: tuple[Limit, ...]
    timed: Set[str]
    scored: Set[str]

    @property
    def columns(self) -> list[str]:
        """Columns that decide."""
        return list(dict.fromkeys((*self.goals, *(limit.column for limit in self.limits))))

    def values(self, figures: Figures) -> list[float] | None:
        """Return a figure for each goal; null where one is unknown."""
        found = [figures.get(name) for name in self.goals]
        known = [value for value in found if value is not None]
        return known if len(known) == len(found) else None

    def excess(self, figures: Figures, pending: Set[str] = frozenset()) -> dict[str, float]:
        """Return by how much a variant misses each constraint, by its text; 0 or less: it does not.

        Of a column that is unknown there is a constraint that it `KNOWN`, in place of its own.

        Args:
            figures: Of the variant.
            pending: Columns that are not measured yet; what is about these is left out.
        """
        told = {name: figures.get(name) for name in self.columns if name not in pending}
        known = {n: v for n, v in told.items() if v is not None and not math.isnan(v)}
        missed = {f"{name}{KNOWN}": UNKNOWN for name in told if name not in known}
        for limit in self.limits:
            if limit.column in known:
                missed[limit.text] = limit.excess(known[limit.column])
        return missed

    def is_hopeless(self, figures: Figures, pending: Set[str]) -> bool:
        """Say whether a variant is out of the search, whatever the `pending` columns will be."""
        return any(excess > 0 for excess in self.excess(figures, pending).values())
