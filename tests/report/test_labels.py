"""The label search, on geometry alone."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from harness.report.label_search import assign
from harness.report.labels import Anchor, Box, place_labels

PAGE = Box(0, 0, 200, 100)


def anchor(x: float, y: float, width: float = 30) -> Anchor:
    return Anchor(x=x, y=y, radius=2, width=width, height=8)


def test_a_lone_label_stands_level_to_the_right_of_its_point() -> None:
    (box,) = place_labels([anchor(50, 50)], [], PAGE)
    assert (box.left, box.right) == (52, 82)  # the marker's radius is 2
    assert (box.bottom, box.top) == (46, 54)


@pytest.mark.parametrize("x", [50.1, 50.3, 60.7, 70.123456789])
def test_rounding_does_not_move_a_label_to_the_other_side(x: float) -> None:
    (box,) = place_labels([anchor(x, 50 + x / 7, width=30 + x / 3)], [], PAGE)
    assert box.left == pytest.approx(x + 2)


def test_a_label_at_the_right_edge_goes_to_the_left() -> None:
    (box,) = place_labels([anchor(190, 50)], [], PAGE)
    assert box.right == pytest.approx(188)


def test_labels_of_a_crowd_cover_neither_each_other_nor_a_marker() -> None:
    # 12 points on 24 x 24 units, with 240 square units of label each.
    crowd = [anchor(88 + 8 * (i % 4), 38 + 12 * (i // 4)) for i in range(12)]
    boxes = place_labels(crowd, [], PAGE)
    assert all(PAGE.contains(box) for box in boxes)
    for a, b in itertools.combinations(boxes, 2):
        assert a.overlap(b) == 0
    for box in boxes:
        assert all(box.overlap(point.marker) < 1e-9 for point in crowd)


def test_no_line_to_a_label_crosses_another_label() -> None:
    # A row of points so near that only some of the labels can stand beside their own.
    row = [anchor(40 + 9 * i, 50, width=34) for i in range(9)]
    boxes = place_labels(row, [], PAGE)
    for i, j in itertools.permutations(range(9), 2):
        (x, y), (end_x, end_y) = row[i].leader(boxes[i])
        for share in np.linspace(0, 1, 50):
            at = x + share * (end_x - x), y + share * (end_y - y)
            inside = Box(*at, *at).padded(1e-9).overlap(boxes[j].padded(-0.01))
            assert inside == 0


def test_a_label_keeps_off_an_obstacle() -> None:
    wall = Box(60, 0, 61, 100)
    (box,) = place_labels([anchor(58, 50)], [wall], PAGE)
    assert box.overlap(wall) == 0


def test_a_line_to_a_label_avoids_other_markers() -> None:
    # To the right of the first point stands the second one, right where its label would be.
    first, second = anchor(50, 50), anchor(56, 50)
    box, _ = place_labels([first, second], [], PAGE)
    assert box.overlap(second.marker) == 0
    assert box.left != 52


def test_the_same_input_gives_the_same_places() -> None:
    points = [anchor(60 + 5 * i, 50 + i % 3) for i in range(8)]
    assert place_labels(points, [], PAGE) == place_labels(points, [], PAGE)


def test_a_label_wider_than_the_page_is_refused() -> None:
    with pytest.raises(ValueError, match="label 0: must fit into the axes, got width 300"):
        place_labels([anchor(50, 50, width=300)], [], PAGE)


def test_a_label_had_better_not_cover_a_line_but_does_where_all_else_is_far() -> None:
    across = Box(0, 49.5, 200, 50.5)  # through the point, where its label would be level with it
    (box,) = place_labels([anchor(50, 50)], [], PAGE, soft=[across])
    assert box.overlap(across) == 0
    everywhere = [Box(0, y, 200, y + 1) for y in range(0, 100, 2)]
    (box,) = place_labels([anchor(50, 50)], [], PAGE, soft=everywhere)
    assert box.left == pytest.approx(52)


def test_a_label_at_a_corner_is_moved_along_the_edge() -> None:
    # Centred above its point it would reach from -0.75 to 28.75, and to the right is a wall.
    wall = Box(30, 0, 200, 100)
    (box,) = place_labels([anchor(14, 50, width=29.5)], [wall], PAGE)
    assert (box.left, box.right) == (0, 29.5)


def test_two_labels_that_must_both_move_do() -> None:
    # Alone, each would stand in the gap; only the second may also stand below.
    walls = [Box(0, 60, 200, 100), Box(0, 0, 48, 60), Box(84, 0, 200, 46)]
    points = [anchor(50, 53), anchor(52, 41)]
    boxes = place_labels(points, walls, PAGE)
    assert boxes[0].overlap(boxes[1]) == 0
    assert sum(box.overlap(wall) for box in boxes for wall in walls) == 0


def brute_force(own: Any, pairs: Any) -> float:
    n, m = own.shape
    return min(
        sum(own[i, k] for i, k in enumerate(c))
        + sum(pairs[i, c[i], j, c[j]] for i, j in itertools.combinations(range(n), 2))
        for c in itertools.product(range(m), repeat=n)
    )


@pytest.mark.parametrize("seed", range(8))
def test_the_search_is_near_the_best_of_all_choices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    own = rng.uniform(0, 3, (5, 4))
    half = rng.uniform(0, 2, (5, 4, 5, 4)) * (rng.uniform(size=(5, 4, 5, 4)) < 0.5)
    pairs = half + half.transpose(2, 3, 0, 1)
    for i in range(5):
        pairs[i, :, i] = 0
    chosen = assign(own, pairs)
    cost = sum(own[i, k] for i, k in enumerate(chosen)) + sum(
        pairs[i, chosen[i], j, chosen[j]] for i, j in itertools.combinations(range(5), 2)
    )
    assert cost <= 1.05 * brute_force(own, pairs)


def test_two_that_are_in_each_others_way_swap_where_neither_gains_alone() -> None:
    # Both at place 0 costs 0 + 4; one that moves alone pays 5; both at place 1 pay 1 + 1.
    own = np.array([[0.0, 1.0], [0.0, 1.0]])
    pairs = np.zeros((2, 2, 2, 2))
    pairs[0, 0, 1, 0] = pairs[1, 0, 0, 0] = 4
    pairs[0, 0, 1, 1] = pairs[1, 1, 0, 0] = 5
    pairs[0, 1, 1, 0] = pairs[1, 0, 0, 1] = 5
    assert assign(own, pairs) == [1, 1]
