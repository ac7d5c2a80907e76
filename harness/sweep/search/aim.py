"""What a search looks for: figures that are best small or large, under constraints."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Literal

from harness.sweep.search.limit import Limit

#: Figures of a variant by column, as `harness results` has them; null where unknown.
Figures = Mapping[str, float | None]


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

        Args:
            figures: Of the variant.
            pending: Columns that are not measured yet; constraints of these are left out.
        """
        return {
            limit.text: limit.excess(figures.get(limit.column))
            for limit in self.limits
            if limit.column not in pending
        }

    def is_hopeless(self, figures: Figures, pending: Set[str]) -> bool:
        """Say whether a variant is out of the search, whatever the `pending` columns will be."""
        unknown = any(figures.get(name) is None for name in self.goals if name not in pending)
        return unknown or any(excess > 0 for excess in self.excess(figures, pending).values())
