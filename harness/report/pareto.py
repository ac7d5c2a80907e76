"""The Pareto front: rows that no other row beats in one figure without losing in another.

A row is beaten by one that is at least as good in every figure and better in one. Equal rows do
not beat each other: either all of them are on the front, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Gains = NDArray[np.float64]


def on_front(values: Any, more_is_better: Sequence[bool]) -> NDArray[np.bool_]:
    """Return for each row of `values` whether it is on the front.

    Two figures take O(n log n); more take O(n x size of the front).

    Args:
        values: Of shape (rows, figures), without NaN.
        more_is_better: For each figure.

    Raises:
        ValueError: If the shapes do not fit, or a value is NaN.
    """
    gains: Gains = np.asarray(values, dtype=np.float64)
    if gains.ndim != 2 or gains.shape[1] != len(more_is_better) or not len(more_is_better):
        raise ValueError(f"on_front: a column for each of {more_is_better}, got {gains.shape}")
    if np.isnan(gains).any():
        raise ValueError("on_front: values must be numbers, got NaN")
    gains = gains * np.where(list(more_is_better), 1.0, -1.0)
    kept = np.zeros(len(gains), dtype=np.bool_)
    if len(gains):
        # Best first, by the first figure, then by the next: what beats a row stands before it.
        order = np.lexsort(tuple(-gains[:, i] for i in reversed(range(gains.shape[1]))))
        ordered = gains[order]
        kept[order] = _of_two(ordered) if gains.shape[1] == 2 else _of_many(ordered)
    return kept


def _of_two(ordered: Gains) -> NDArray[np.bool_]:
    """Return the front of rows sorted best first: each is better in the second than all before.

    Rows that share the first figure share their fate only where they share the second as well: the
    best of them stands first.
    """
    first, second = ordered[:, 0], ordered[:, 1]
    starts = np.r_[True, first[1:] != first[:-1]]  # of rows with one first figure
    start = np.maximum.accumulate(np.where(starts, np.arange(len(first)), 0))
    best = np.maximum.accumulate(second)
    before = np.where(start > 0, best[start - 1], -np.inf)  # among those better in the first
    kept: NDArray[np.bool_] = (second == second[start]) & ((second > before) | (start == 0))
    return kept


def _of_many(ordered: Gains) -> NDArray[np.bool_]:
    """Return the front of rows sorted best first, each held against the front before it."""
    kept = np.zeros(len(ordered), dtype=np.bool_)
    front = np.empty_like(ordered)  # its first `size` rows
    size = 0
    for position, row in enumerate(ordered):
        if position and (row == ordered[position - 1]).all():
            kept[position] = kept[position - 1]  # a front of equals would take n x n
            continue
        above = (front[:size] >= row).all(axis=1)
        if not (front[:size][above] > row).any():
            kept[position] = True
            front[size] = row
            size += 1
    return kept
