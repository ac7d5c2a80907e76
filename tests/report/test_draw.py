"""The drawing itself: nothing covered, the same bytes every time, the right size."""

from __future__ import annotations

import itertools
import re
import struct
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.errors import BadRequest
from harness.report import curve_definition, figure_definition
from harness.report.curve_definition import CurveDefinition
from harness.report.draw import compose, draw, emptiest_corner
from harness.report.draw_axes import set_ticks
from harness.report.draw_points import box_of, marker_places, marker_size
from harness.report.draw_style import style
from harness.report.figure_data import FigureData, collect
from harness.report.figure_definition import FONT, Axis, FigureDefinition, FigureRow, load_figure
from harness.report.figure_size import LARGEST, SMALLEST, diameter, examples
from harness.report.labels import Box
from harness.report.plot_definition import load_plot
from harness.report.speed import FpsChoice
from harness.store import paper_records

from .sample import profile, reported, timing

FIG_1 = load_figure("fig1")


@pytest.fixture(scope="module")
def data() -> FigureData:
    return collect(FIG_1, paper_records())


def parts(data: FigureData) -> tuple[Axes, list[Box], list[Box], list[Box]]:
    """Return the axes and the boxes of labels, markers and legend."""
    with mpl.rc_context(style(FONT)):
        figure, labels = compose(data)
        axes = figure.axes[0]
        legend = axes.get_legend()
        assert legend is not None
        markers = [place.box for place in marker_places(axes, data)]
        return axes, [box_of(t) for t in labels], markers, [box_of(legend)]


def measured(
    *, y: tuple[float, float] | None = None, x_range: tuple[float, float] | None = (0, 100)
) -> FigureData:
    """Return a figure of two measured networks, FPS along x, GFLOPs along y."""
    rows = tuple(
        FigureRow(variant=v, group=3, label=None, same_as=None, input_shape=(1, 3, 1024, 2048))
        for v in ("baseline", "baseline-dapf")
    )
    definition = replace(
        FIG_1,
        source=None,
        rows=rows,
        x=Axis(figure="fps", label="FPS", range=x_range),
        y=Axis(figure="gflops", label="G", range=y or (0, 80)),
        fps="measured",
        front=False,
    )
    records = [
        profile("baseline", timing=timing(50.0, fps_ci95=(35.0, 65.0))),
        profile("baseline-dapf", timing=timing(80.0)),
    ]
    return collect(definition, records)


def lines(axes: Axes, marker: str) -> list[tuple[list[float], list[float]]]:
    return [
        (list(line.get_data()[0]), list(line.get_data()[1]))
        for line in axes.lines
        if line.get_marker() == marker
    ]


def test_every_point_has_its_label(data: FigureData) -> None:
    with mpl.rc_context(style(FONT)):
        _, labels = compose(data)
    shown = [" ".join(label.get_text().split()) for label in labels]
    assert shown == [p.label for p in data.points]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"size": "params_m"},
        {"x": replace(FIG_1.x, scale="log", range=(10, 145))},
        {"y": replace(FIG_1.y, range=(70, 78.5))},  # pinned at the bottom and at the top
    ],
    ids=["plain", "sizes", "log", "narrow"],
)
def test_no_label_covers_another_a_marker_or_the_legend(changes: dict[str, Any]) -> None:
    _, labels, markers, legend = parts(collect(replace(FIG_1, **changes), paper_records()))
    # A large marker may overlap another one; its own label never.
    assert sum(a.overlap(b) for a, b in itertools.combinations(labels, 2)) == 0
    assert sum(a.overlap(b) for a in labels for b in markers) < 1e-6
    assert sum(a.overlap(b) for a in labels for b in legend) == 0


def test_no_marker_covers_the_middle_of_another(data: FigureData) -> None:
    _, _, markers, _ = parts(data)
    for a, b in itertools.permutations(markers, 2):
        x, y = (b.left + b.right) / 2, (b.bottom + b.top) / 2
        assert a.nearest(x, y) != (x, y)


def test_a_measured_point_has_its_interval_and_no_label_on_it() -> None:
    data = measured()
    axes, labels, _, _ = parts(data)
    [(xs, ys)] = lines(axes, "|")  # the second network's interval is unknown
    assert xs == [35.0, 65.0]
    assert ys == [32.909, 32.909]
    left, right = axes.transData.transform([(35.0, 32.909), (65.0, 32.909)]) * 72 / 300
    bar = Box(left[0], left[1], right[0], right[1]).padded(0.35)
    assert all(label.overlap(bar) == 0 for label in labels)


def test_an_interval_along_y_is_drawn_along_y() -> None:
    data = measured()
    turned = replace(data.definition, x=data.definition.y, y=data.definition.x)
    records = [r for p in data.points for r in p.records]
    axes, *_ = parts(collect(turned, records))
    [(xs, ys)] = lines(axes, "_")
    assert (xs, ys) == ([32.909, 32.909], [35.0, 65.0])


def test_a_pinned_point_has_an_arrow_instead_of_an_interval() -> None:
    data = measured(x_range=(60, 100))
    axes, *_ = parts(data)
    assert lines(axes, "|") == []
    assert data.points[0].x_edge == "left"


def test_the_front_runs_through_its_points_behind_them(data: FigureData) -> None:
    axes, *_ = parts(data)
    drawn = [(line, [*zip(*line.get_data(), strict=True)]) for line in axes.lines]
    [front] = [line for line, places in drawn if tuple(places) == data.front]
    markers = [line for line in axes.lines if line.get_marker() != "None"]
    assert front.get_zorder() < min(line.get_zorder() for line in markers)
    without, *_ = parts(collect(replace(FIG_1, front=False), paper_records()))
    assert len(without.lines) == len(axes.lines) - 1


def test_marker_areas_are_in_proportion_to_parameters() -> None:
    data = collect(replace(FIG_1, size="params_m"), paper_records())
    sizes = {p.label: marker_size(data, p) for p in data.points}
    assert sizes["BiSeNet"] == LARGEST  # 49 M
    # 26.5 M of 49 M: the areas are as the figures, so diameters as their roots.
    assert sizes["ICNet"] / LARGEST == pytest.approx((26.5 / 49) ** 0.5)
    assert sizes["DABNet"] == SMALLEST  # 0.76 M would be 1.9 points wide
    hollow = {p.label for p in data.points if p.size is None}
    assert hollow == {"DeepLabV3+", "PSPNet", "CAS", "DF1-Seg-d8*", "GUN"}
    axes, *_ = parts(data)
    faces = [line.get_markerfacecolor() for line in axes.lines if line.get_markersize() == 4.2]
    assert faces.count("white") == len(hollow)


def test_the_legend_of_sizes_has_round_figures() -> None:
    # The geometric middle of 0.76 and 49 is 6.1.
    assert examples([0.76, 2.85, 11.8, 49]) == (1.0, 5.0, 50.0)
    # The nearest round figure to 3.5 is 5, whose marker would be larger than any.
    assert examples([2.5, 3.5]) == (2.0,)
    assert diameter(5.0, 50.0) == pytest.approx(LARGEST / 10**0.5)


def test_a_logarithmic_axis_has_plain_numbers() -> None:
    data = collect(
        replace(FIG_1, x=replace(FIG_1.x, scale="log", range=(10, 145))), paper_records()
    )
    with mpl.rc_context(style(FONT)):
        figure, _ = compose(data)
        axes = figure.axes[0]
        labels = [t.get_text() for t in axes.get_xticklabels()]
        assert axes.get_xscale() == "log"
        assert axes.get_yscale() == "linear"
    assert labels == ["10", "20", "50", "100"]


def test_a_logarithmic_axis_between_two_powers_has_round_numbers() -> None:
    axis = Figure().add_subplot().xaxis
    axis.axes.set_xscale("log")
    set_ticks(axis, (18.0, 55.0), "log")  # 20 and 50 alone would leave most of it bare
    assert list(axis.get_majorticklocs()) == [20, 30, 40, 50]


def test_a_short_logarithmic_axis_has_more_than_one_tick() -> None:
    data = collect(
        replace(FIG_1, y=replace(FIG_1.y, scale="log", range=(66.8, 81))), paper_records()
    )
    with mpl.rc_context(style(FONT)):
        figure, _ = compose(data)
        labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels == ["68", "70", "72", "74", "76", "78", "80"]


@pytest.mark.parametrize(
    ("name", "start"), [("pdf", b"%PDF-"), ("png", b"\x89PNG"), ("svg", b"<?xml")]
)
def test_two_drawings_are_equal_to_the_byte(data: FigureData, name: str, start: bytes) -> None:
    first = draw(data, name).content
    assert first.startswith(start)
    assert first == draw(data, name).content
    assert b"CreationDate" not in first
    assert b"dc:date" not in first


def test_a_drawing_in_a_process_of_its_own_is_equal_to_the_byte(data: FigureData) -> None:
    code = (
        "import sys; from harness.report.draw import draw;"
        "from harness.report.figure_data import collect;"
        "from harness.report.figure_definition import load_figure;"
        "from harness.store import paper_records;"
        "data = collect(load_figure('fig1'), paper_records());"
        "sys.stdout.buffer.write(draw(data, 'svg').content)"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=120, cwd=root
    )
    assert run.stdout == draw(data, "svg").content


def test_the_file_says_where_its_figures_come_from(data: FigureData) -> None:
    assert b"Rosas-Arias et al." in draw(data, "png").content
    assert b"Rosas-Arias et al." in draw(data, "svg").content


def test_it_fits_a_column_of_a_two_column_paper(data: FigureData) -> None:
    png = draw(data, "png").content
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
    pdf = draw(data, "pdf").content
    assert b"/Type3" not in pdf
    assert b"/FontFile2" in pdf


def named(name: str, **changes: Any) -> FigureData:
    figures = {"fps_norm": "50.0", "miou": "75.0"}
    record = reported("x", table="table-4", group=3, figures=figures, label=name)
    return collect(replace(FIG_1, **changes), [record])


def labels_of(data: FigureData) -> list[str]:
    with mpl.rc_context(style(FONT)):
        _, labels = compose(data)
        return [label.get_text() for label in labels]


@pytest.mark.parametrize("name", ["$x^2$ {net}", "a_b<b>c</b>&amp;", r"\textbf{Net}", "50% #1 ~"])
def test_markup_in_a_name_is_shown_as_it_is(name: str) -> None:
    data = named(name)
    assert labels_of(data) == [name]
    for each in ("pdf", "png", "svg"):
        assert draw(data, each).warnings == ()


def test_a_long_name_is_broken_into_lines_and_a_very_long_one_is_cut_off_with_a_warning() -> None:
    data = named("Efficient Segmentation Network with a very long name")
    assert "\n" in labels_of(data)[0]
    assert " ".join(labels_of(data)[0].split()) == data.points[0].label
    assert draw(data, "png").warnings == ()
    drawing = draw(named("word " * 100), "png")
    assert len(drawing.warnings) == 1
    assert drawing.warnings[0].endswith("too long for the figure, cut off after 3 lines")


def test_half_a_character_in_a_name_becomes_a_question_mark() -> None:
    assert labels_of(named("Net \ud800")) == ["Net ?"]


def test_a_name_with_line_breaks_stands_on_one_line() -> None:
    assert labels_of(named("Net\n\n\tv2")) == ["Net v2"]


def test_a_glyph_that_the_font_lacks_is_a_line_that_names_it() -> None:
    drawing = draw(named("网 Net"), "png")  # pytest would raise matplotlib's own warning
    assert drawing.warnings == (
        "网 Net: font DejaVu Sans has no 网 (U+7F51); name another one by the key `font`",
    )
    assert drawing.content.startswith(b"\x89PNG")


def test_a_missing_font_is_refused(data: FigureData) -> None:
    other = replace(data, definition=replace(data.definition, font="DejaVu Sanss"))
    with pytest.raises(BadRequest, match="font must be one that matplotlib finds, got 'DejaVu S"):
        draw(other, "png")


def test_another_font_is_used(data: FigureData) -> None:
    other = replace(data, definition=replace(data.definition, font="DejaVu Serif"))
    assert b"DejaVuSerif" in draw(other, "pdf").content
    assert b"DejaVuSerif" not in draw(data, "pdf").content


def test_reported_figures_beside_our_own_are_explained_in_the_legend(data: FigureData) -> None:
    own = profile("fassd-net", fps=61.0, device="GTX 1080 Ti")
    mixed = collect(FIG_1, [*paper_records(), own], FpsChoice(origin="auto"))
    for each, shown in ((mixed, True), (data, False)):
        with mpl.rc_context(style(FONT)):
            figure, _ = compose(each)
        axes = figure.axes[0]
        legend = axes.get_legend()
        assert legend is not None
        assert ("as reported" in [t.get_text() for t in legend.get_texts()]) is shown
        assert axes.get_ylabel().endswith("†") is shown


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    for module, kind in (
        (figure_definition, FigureDefinition),
        (curve_definition, CurveDefinition),
    ):
        assert module.__doc__
        blocks = re.findall(
            r"(?:^    .*\n)+", module.__doc__.replace("\n\n", "\n \n"), re.MULTILINE
        )
        path = tmp_path / "example.yaml"
        path.write_text(textwrap.dedent(blocks[0]), encoding="utf-8")
        assert isinstance(load_plot(str(path)), kind)


@pytest.mark.parametrize(
    ("fps", "miou", "corner"),
    [
        (10, 68, "upper right"),
        (140, 80, "upper left"),
    ],
)
def test_a_legend_without_a_place_goes_where_there_are_fewest_points(
    fps: float, miou: float, corner: str
) -> None:
    figures = {"fps_norm": str(fps), "miou": str(miou)}
    data = collect(
        replace(FIG_1, legend=None), [reported("x", table="table-4", group=3, figures=figures)]
    )
    with mpl.rc_context(style(FONT)):
        figure, _ = compose(data)
        axes = figure.axes[0]
        assert emptiest_corner(axes, data) == corner
        legend, page = axes.get_legend(), box_of(axes.patch)
        assert legend is not None
        middle = (page.left + page.right) / 2
        assert (box_of(legend).left > middle) == corner.endswith("right")
