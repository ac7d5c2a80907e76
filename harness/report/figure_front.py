"""The line of a figure's Pareto front, and which of its figures are better small."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.figure_definition import FigureName

LESS_IS_BETTER: tuple[FigureName, ...] = ("gflops", "params_m")

Place = tuple[float, float]


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
    ordered = sorted(set(front), reverse=figures[0] in LESS_IS_BETTER)  # the worst x first
    line = [(worst_x, ordered[0][1])]
    for (x, y), following in zip(ordered, [*ordered[1:], (worst_x, worst_y)], strict=True):
        line += [(x, y), (x, following[1])]
    return tuple(line)
