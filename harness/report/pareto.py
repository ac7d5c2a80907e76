"""The Pareto front: rows that no other row beats in one figure without losing in another.

A row is beaten by one that is at least as good in every figure and better in one. Equal rows do
not beat each other: either all of them are on the front, or none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

Gains: TypeAlias = tuple[float, ...]  # of a row, its figures turned so that more is better


def on_front(rows: Sequence[Sequence[float]], more_is_better: Sequence[bool]) -> list[bool]:
    """Return for each of `rows` whether it is on the front.

    Two figures take O(n log n); more take O(n x size of the front).

    Args:
        rows: The figures of each row, none of them NaN.
        more_is_better: For each figure.

    Raises:
        ValueError: If a row has other figures, there is none, or one is NaN.
    """
    signs = [1.0 if more else -1.0 for more in more_is_better]
    for row in rows:
        if not signs or len(row) != len(signs) or any(map(math.isnan, row)):
            raise ValueError(f"on_front: a number for each of {list(more_is_better)}, got {row}")
    gains = [tuple(x * sign for x, sign in zip(row, signs, strict=True)) for row in rows]
    # Best first, by the first figure, then by the next: what beats a row stands before it.
    ordered = sorted(set(gains), reverse=True)
    front = set(_of_two(ordered) if len(signs) == 2 else _of_many(ordered))
    return [row in front for row in gains]


def _of_two(ordered: Sequence[Gains]) -> list[Gains]:
    """Return the front of different rows, best first: each is better in the second than before."""
    front: list[Gains] = []
    for row in ordered:
        if not front or row[1] > front[-1][1]:
            front.append(row)
    return front


def _of_many(ordered: Sequence[Gains]) -> list[Gains]:
    """Return the front of different rows, best first, each held against the front before it."""
    import numpy as np  # not for two figures: a figure's points alone need no numpy

    front = np.empty((len(ordered), len(ordered[0]) if ordered else 0))  # its first `size` rows
    kept: list[Gains] = []
    for row in ordered:
        if not (front[: len(kept)] >= row).all(axis=1).any():
            front[len(kept)] = row
            kept.append(row)
    return kept
