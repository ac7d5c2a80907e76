"""The label search, on geometry alone."""

from __future__ import annotations

import itertools

import pytest

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
