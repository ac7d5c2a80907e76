"""Points beyond an axis stand inside its edge, one behind the other."""

from types import SimpleNamespace
from typing import Any

from harness.report.pinning import Standing, inwards, standing


def point(x_edge: str | None = None, y_edge: str | None = None) -> Any:
    return SimpleNamespace(x_edge=x_edge, y_edge=y_edge, pinned=bool(x_edge or y_edge))


def test_a_point_within_the_axes_stands_where_its_figures_say() -> None:
    both = [(3.0, 4.0), (3.0, 4.5)]  # even upon another one
    assert standing([point(), point()], both, [2, 2], arrow=5) == [
        Standing(3.0, 4.0, False), Standing(3.0, 4.5, False),
    ]  # fmt: skip


def test_a_pinned_point_stands_off_its_edge_by_radius_and_arrow() -> None:
    ways = {
        ("left", None): (7, 0), ("right", None): (-7, 0),
        (None, "bottom"): (0, 7), (None, "top"): (0, -7), ("left", "top"): (7, -7),
    }  # fmt: skip
    for edges, (x, y) in ways.items():
        assert standing([point(*edges)], [(0, 0)], [2], arrow=5) == [Standing(x, y, False)]
        downwards = standing([point(*edges)], [(0, 0)], [2], arrow=5, up=-1)
        assert downwards == [Standing(x, -y, False)]
    assert inwards(point("right", "top")) == (-1, -1)
    assert inwards(point("right", "top"), up=-1) == (-1, 1)


def test_where_two_would_coincide_the_later_one_stands_further_in() -> None:
    left, tips = point("left"), [(0, 0), (0, 0), (0, 3)]
    # The first at 2 + 5; the second goes on by its radius until it is 2 + 1 away: 6, 7, ..., 10.
    # The third begins at 6: from (7, 0) it is 3.2 away, enough without a gap.
    first, second, third = standing([left] * 3, tips, [2, 1, 1], arrow=5)
    assert first == Standing(7, 0, False)
    assert second == Standing(10, 0, True)
    assert third == Standing(6, 3, False)
    # With a gap of 1: the second 4 away, and the third, 4 from (7, 0) and 3 from (11, 0), at 10.
    _, second, third = standing([left] * 3, tips, [2, 1, 1], arrow=5, gap=1)
    assert second == Standing(11, 0, True)
    assert third == Standing(10, 3, True)


def test_points_at_other_edges_do_not_stand_in_the_way() -> None:
    there = standing(
        [point("left"), point(None, "bottom"), point()], [(0, 0)] * 3, [2] * 3, arrow=0
    )
    assert [(s.x, s.y) for s in there] == [(2, 0), (0, 2), (0, 0)]
    assert not any(s.shifted for s in there)
