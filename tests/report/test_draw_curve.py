"""Curves as drawn: lines through the points, bars where there are intervals, legend outside."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.errors import BadRequest
from harness.report.curve_data import CurveData
from harness.report.draw_curve import COLOURS, compose_curve, draw_curve, legend_columns
from harness.report.draw_points import box_of
from harness.report.draw_style import style
from harness.report.figure_definition import FONT

from .sample import timing
from .test_curve import GRID, SWEEP, curve, record


def composed(data: CurveData) -> tuple[Figure, Axes]:
    with mpl.rc_context(style(FONT)):
        figure = compose_curve(data)
        figure.canvas.draw()
    return figure, figure.axes[0]


def drawn(axes: Axes) -> dict[str, list[tuple[float, float]]]:
    """Return the places of each line that has markers, by its colour."""
    return {
        str(line.get_color()): [(float(x), float(y)) for x, y in zip(*line.get_data(), strict=True)]
        for line in axes.lines
        if len(line.get_data()[0]) and line.get_marker() not in ("None", "_", "|", "")
    }


def with_scales(data: CurveData, **changes: Any) -> CurveData:
    return replace(data, definition=replace(data.definition, **changes))


def test_a_line_goes_through_all_points_in_order() -> None:
    _, axes = composed(curve(SWEEP))
    assert drawn(axes) == {COLOURS[0]: [(1, 4), (2, 3), (4, 2)]}
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1", "2", "4"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("context.alpha", "Parameters (M)")


def test_each_hue_has_its_line_and_is_named_above_the_axes() -> None:
    figure, axes = composed(curve(GRID, hue="fusion.dilations"))
    assert drawn(axes) == {COLOURS[0]: [(1, 2), (2, 3)], COLOURS[1]: [(1, 9), (2, 10)]}
    assert axes.get_legend() is None
    [legend] = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["1-1-1", "8-4-2"]
    assert legend.get_title().get_text() == "fusion.dilations"
    assert box_of(legend).overlap(box_of(axes.patch)) == 0


@pytest.mark.parametrize(
    ("entries", "most", "expected"), [(5, 4, 3), (4, 4, 4), (9, 4, 3), (1, 4, 1), (7, 1, 1)]
)
def test_a_legend_of_several_lines_has_lines_of_about_one_length(
    entries: int, most: int, expected: int
) -> None:
    assert legend_columns(entries, most) == expected


def test_a_long_label_along_y_is_broken() -> None:
    _, axes = composed(curve(SWEEP, y="conv_io"))
    assert axes.get_ylabel() == "Convolution input + output\n(M elements)"


def test_style_alone_keeps_one_colour_and_changes_the_dash() -> None:
    figure, axes = composed(curve(GRID, style="fusion.dilations"))
    lines = [line for line in axes.lines if len(line.get_data()[0]) == 2]
    assert len({str(line.get_color()) for line in lines}) == 1
    assert len({line.get_linestyle() for line in lines}) == 2
    assert figure.legends[0].get_title().get_text() == "fusion.dilations"


def test_names_stand_at_equal_distances() -> None:
    swept = [g for g in GRID if g.spec["context"]["alpha"] == 1]
    _, axes = composed(curve(swept, x="fusion.dilations"))
    assert drawn(axes) == {COLOURS[0]: [(0, 2), (1, 9)]}
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1-1-1", "8-4-2"]


def test_an_interval_is_a_bar_at_its_point() -> None:
    data = curve(
        [
            record(alpha=1, timing=timing(50.0, fps_ci95=(45.0, 52.0))),
            record(alpha=2, timing=timing(60.0)),
        ],
        "fps",
    )
    _, axes = composed(data)
    bars = [path.vertices.tolist() for c in axes.collections for path in c.get_paths()]
    assert bars == [[[1.0, 45.0], [1.0, 52.0]]]


def test_a_mean_is_drawn_with_its_own_interval_and_without_those_of_its_parts() -> None:
    records = [
        record(alpha=1, dilations=d, timing=timing(f, fps_ci95=(f - 1, f + 1)))
        for d, f in (((8, 4, 2), 40.0), ((1, 1, 1), 50.0))
    ]
    _, axes = composed(curve(records, "fps", average_over=["fusion.dilations"]))
    bars = [path.vertices.tolist() for c in axes.collections for path in c.get_paths()]
    # A mean of two that are drawn again from these two is one of 40, 45 and 50.
    assert bars == [[[1.0, 40.0], [1.0, 50.0]]]
    means = [line.get_data()[1] for line in axes.lines if line.get_marker() == "o"]
    assert [list(m) for m in means if len(m)] == [[45.0]]


def test_axes_may_be_logarithmic() -> None:
    data = with_scales(curve(SWEEP), x_scale="log", y_scale="log")
    _, axes = composed(data)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1", "2", "4"]
    assert all("10^" not in t.get_text() for t in axes.get_yticklabels())
    zero = with_scales(curve([record(alpha=0)]), x_scale="log")
    with pytest.raises(BadRequest, match=r"context\.alpha must be above 0 on a logarithmic axis"):
        draw_curve(zero, "png")
    names = curve([g for g in GRID if g.spec["context"]["alpha"] == 1], x="fusion.dilations")
    message = r"fusion\.dilations must be numbers on a logarithmic axis, got 1-1-1, 8-4-2$"
    with pytest.raises(BadRequest, match=message):
        draw_curve(with_scales(names, x_scale="log"), "png")


def test_labels_of_the_definition_replace_the_names() -> None:
    data = with_scales(curve(SWEEP), x_label="α", y_label="cost, $ a_b")
    _, axes = composed(data)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("α", "cost, $ a_b")


@pytest.mark.parametrize("name", ["pdf", "png", "svg"])
def test_two_drawings_are_equal_to_the_byte(name: str) -> None:
    # Enough values that resampling them differs from seed to seed.
    many = [record(alpha=1, dilations=(d,), params=d**3 * 1_000_000) for d in range(1, 9)]
    data = curve(many, average_over=["fusion.dilations"])
    first = draw_curve(data, name)
    assert first == draw_curve(data, name)
    assert first.warnings == ()


def test_it_fits_a_column() -> None:
    width, _ = struct.unpack(">II", draw_curve(curve(SWEEP), "png").content[16:24])
    assert width == 1050


def test_more_lines_than_can_be_told_apart_are_refused() -> None:
    many = [record(alpha=1, dilations=(d,)) for d in range(1, 9)]
    with pytest.raises(BadRequest, match="hue must have at most 7 values, got 8"):
        draw_curve(curve(many, hue="fusion.dilations"), "png")


def test_a_missing_font_and_glyph_are_lines() -> None:
    with pytest.raises(BadRequest, match="font must be one that matplotlib finds, got 'Nope'"):
        draw_curve(with_scales(curve(SWEEP), font="Nope"), "png")
    drawing = draw_curve(with_scales(curve(SWEEP), x_label="网"), "png")
    assert drawing.warnings[0].startswith("网: font DejaVu Sans has no 网 (U+7F51)")
