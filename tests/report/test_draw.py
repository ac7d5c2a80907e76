"""The drawing itself: nothing covered, the same bytes every time, the right size."""

from __future__ import annotations

import itertools
import struct
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

from harness.report.draw import compose, draw, style
from harness.report.draw_points import box_of, marker_boxes
from harness.report.figure_data import FigureData, collect
from harness.report.figure_definition import load_figure
from harness.report.labels import Box
from harness.store import paper_records


@pytest.fixture(scope="module")
def data() -> FigureData:
    return collect(load_figure("fig1"), paper_records())


@pytest.fixture(scope="module")
def drawn(data: FigureData) -> tuple[list[Box], list[Box], Box]:
    """Return the boxes of labels, markers and legend of Fig. 1."""
    with mpl.rc_context(style()):
        figure, labels = compose(data)
        axes = figure.axes[0]
        legend = axes.get_legend()
        assert legend is not None
        return [box_of(t) for t in labels], marker_boxes(axes, data.points), box_of(legend)


def test_every_point_has_its_label(data: FigureData) -> None:
    with mpl.rc_context(style()):
        _, labels = compose(data)
    assert [label.get_text() for label in labels] == [p.label for p in data.points]


def test_no_label_covers_another_a_marker_or_the_legend(
    drawn: tuple[list[Box], list[Box], Box],
) -> None:
    labels, markers, legend = drawn
    assert sum(a.overlap(b) for a, b in itertools.combinations(labels, 2)) == 0
    assert sum(a.overlap(b) for a in labels for b in markers) == 0
    assert sum(a.overlap(legend) for a in labels) == 0


def test_no_marker_covers_the_middle_of_another(
    drawn: tuple[list[Box], list[Box], Box],
) -> None:
    _, markers, _ = drawn
    for a, b in itertools.permutations(markers, 2):
        x, y = (b.left + b.right) / 2, (b.bottom + b.top) / 2
        assert a.nearest(x, y) != (x, y)


@pytest.mark.parametrize(
    ("name", "start"), [("pdf", b"%PDF-"), ("png", b"\x89PNG"), ("svg", b"<?xml")]
)
def test_two_drawings_are_equal_to_the_byte(data: FigureData, name: str, start: bytes) -> None:
    first = draw(data, name)
    assert first.startswith(start)
    assert first == draw(data, name)
    assert b"CreationDate" not in first
    assert b"dc:date" not in first


def test_a_drawing_in_a_process_of_its_own_is_equal_to_the_byte(data: FigureData) -> None:
    code = (
        "import sys; from harness.report.draw import draw;"
        "from harness.report.figure_data import collect;"
        "from harness.report.figure_definition import load_figure;"
        "from harness.store import paper_records;"
        "sys.stdout.buffer.write(draw(collect(load_figure('fig1'), paper_records()), 'svg'))"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=120, cwd=root
    )
    assert run.stdout == draw(data, "svg")


def test_it_fits_a_column_of_a_two_column_paper(data: FigureData) -> None:
    png = draw(data, "png")
    width, _ = struct.unpack(">II", png[16:24])  # IHDR: width and height in pixels
    assert width == 1050  # 3.5 in at 300 dpi


def test_drawing_leaves_matplotlibs_settings_as_they_were(data: FigureData) -> None:
    with mpl.rc_context({"font.size": 99.0}):
        before = dict(mpl.rcParams)
        draw(data, "png")
        assert dict(mpl.rcParams) == before


def test_the_users_own_settings_change_nothing(data: FigureData) -> None:
    first = draw(data, "svg")
    with mpl.rc_context({"axes.labelpad": 20.0, "xtick.top": True}):
        assert draw(data, "svg") == first


def test_fonts_are_embedded_as_outlines_that_publishers_accept(data: FigureData) -> None:
    pdf = draw(data, "pdf")
    assert b"/Type3" not in pdf
    assert b"/FontFile2" in pdf
