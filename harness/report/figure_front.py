"""The Pareto front: the networks that no other one beats in one figure without losing the other."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.figure_definition import FigureName

LESS_IS_BETTER: tuple[FigureName, ...] = ("gflops", "params_m")

Place = tuple[float, float]


def on_front(places: Sequence[Place], figures: tuple[FigureName, FigureName]) -> list[bool]:
    """Return for each of `places` whether none of the others is better.

    Better means: at least as good in both `figures`, and better in one. Two equal ones are both on
    the front.
    """
    gains = [_gain(place, figures) for place in places]
    return [not any(b[0] >= a[0] and b[1] >= a[1] and b != a for b in gains) for a in gains]


def front_line(
    front: Sequence[Place],
    figures: tuple[FigureName, FigureName],
    limits: tuple[tuple[float, float], tuple[float, float]],
) -> tuple[Place, ...]:
    """Return the step line around all that `front` beats, from edge to edge of the axes.

    Between two networks of the front it takes the worse of each figure, which is what they reach:
    nothing between them was built.

    Args:
        front: Places of the networks on the front.
        figures: Of the two axes.
        limits: Range of the two axes.
    """
    if not front:
        return ()
    worst_x, worst_y = (
        high if figure in LESS_IS_BETTER else low
        for figure, (low, high) in zip(figures, limits, strict=True)
    )
    ordered = sorted(set(front), key=lambda place: _gain(place, figures)[0])
    line = [(worst_x, ordered[0][1])]
    for (x, y), following in zip(ordered, [*ordered[1:], (worst_x, worst_y)], strict=True):
        line += [(x, y), (x, following[1])]
    return tuple(line)


def _gain(place: Place, figures: tuple[FigureName, FigureName]) -> Place:
    """Return `place` with figures turned so that more is better."""
    x, y = (
        -value if figure in LESS_IS_BETTER else value
        for value, figure in zip(place, figures, strict=True)
    )
    return x, y
