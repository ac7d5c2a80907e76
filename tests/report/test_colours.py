"""Groups told apart in grey print and by the colour-blind."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from harness.report.colours import _SEEN_BY, LEAST_DISTANCE, distance, least_distance
from harness.report.draw_curve import COLOURS, DASHES, MARKERS
from harness.report.figure_definition import load_figure

# RGB to cones, and what replaces a dichromat's missing cone: Vienot et al. 1999, as published.
CONES = np.array(
    [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]
)
MISSING = {
    "protanopia": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
    "deuteranopia": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
}


@pytest.mark.parametrize("kind", sorted(MISSING))
def test_the_matrices_are_those_that_the_published_cones_give(kind: str) -> None:
    derived = np.linalg.inv(CONES) @ MISSING[kind] @ CONES
    assert np.allclose(derived, np.array(_SEEN_BY[kind]), atol=2e-5)


def test_distances_are_those_of_the_cie() -> None:
    assert distance("#000000", "#FFFFFF") == pytest.approx(100, abs=0.05)  # L* alone
    # sRGB red in L*a*b* is 53.24, 80.09, 67.20 by the CIE's formulas.
    assert distance("#FF0000", "#000000") == pytest.approx(
        (53.24**2 + 80.09**2 + 67.20**2) ** 0.5, abs=0.1
    )
    assert distance("#123456", "#123456", seen_by="grey") == 0


def test_red_and_green_of_one_lightness_are_near_only_to_the_colour_blind() -> None:
    red, green = "#C00000", "#006E00"
    assert distance(red, green) > 100
    assert least_distance(red, green) < LEAST_DISTANCE


def test_every_pair_of_groups_of_figure_1_differs_in_shape_and_to_every_eye() -> None:
    for a, b in itertools.combinations(load_figure("fig1").groups, 2):
        assert a.marker != b.marker
        for eye in (None, "protanopia", "deuteranopia"):
            assert distance(a.colour, b.colour, seen_by=eye) > LEAST_DISTANCE
        # Grey print leaves at least two just noticeable differences; the shape does the rest.
        assert distance(a.colour, b.colour, seen_by="grey") > 5


def test_lines_of_a_curve_differ_in_marker_and_dash_whatever_their_colour() -> None:
    assert len(set(COLOURS)) == len(set(MARKERS)) == len(set(DASHES)) == 7
    for a, b in itertools.pairwise(COLOURS):
        assert least_distance(a, b) > 10  # neighbours in the order in which colours are given
