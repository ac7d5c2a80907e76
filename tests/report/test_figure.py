"""Figure definitions and the points that records make of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import BadRequest
from harness.records import ReportedRecord
from harness.report.figure_data import FigureData, Point, collect
from harness.report.figure_definition import load_figure
from harness.store import paper_records

from .sample import reported

FIG_1 = load_figure("fig1")


def fig_1() -> FigureData:
    return collect(FIG_1, paper_records())


def point(label: str) -> Point:
    return next(p for p in fig_1().points if p.label == label)


def row(**changes: object) -> ReportedRecord:
    figures = {"fps_norm": "50.0", "miou": "70.0"}
    return reported("fassd-net", **({"table": "table-4", "group": 3, "figures": figures} | changes))


def test_figure_1_has_every_row_of_table_4_where_its_figures_say() -> None:
    points = fig_1().points
    assert len(points) == 19
    assert (point("FASSD-Net (ours)").x, point("FASSD-Net (ours)").y) == (41.1, 78.8)
    # Normalised, as printed: 163.9 FPS with TensorRT / 1.65 = 99.3.
    assert (point("FasterSeg*").x, point("FasterSeg*").y) == (99.3, 73.1)


def test_what_lies_beyond_the_axis_is_pinned_to_its_edge() -> None:
    pinned = {p.label: (p.x, p.pinned) for p in fig_1().points if p.pinned}
    assert pinned == {
        "DeepLabV3+": (FIG_1.x.low, "left"),  # ~1
        "PSPNet": (FIG_1.x.low, "left"),  # <1
        "FC-HarDNet-70 (L2)": (FIG_1.x.high, "right"),  # 152.8
    }


def test_ours_stand_out_and_tensorrt_rows_have_a_star() -> None:
    points = fig_1().points
    assert {p.label for p in points if p.ours} == {
        "FASSD-Net (ours)",
        "FASSD-Net-L1 (ours)",
        "FASSD-Net-L2 (ours)",
    }
    assert {p.label for p in points if p.label.endswith("*")} == {"DF1-Seg-d8*", "FasterSeg*"}


def test_a_network_at_two_sizes_is_told_apart_by_them() -> None:
    labels = {p.label for p in fig_1().points if p.record.variant == "swiftnet-rn18"}
    assert labels == {"SwiftNetRN-18 512×1024", "SwiftNetRN-18 1024×2048"}
    assert len({p.label for p in fig_1().points}) == 19


def test_a_table_that_was_read_twice_is_drawn_once() -> None:
    assert len(collect(FIG_1, [*paper_records(), *paper_records()]).points) == 19


def test_groups_differ_in_marker_and_in_colour() -> None:
    assert len({g.marker for g in FIG_1.groups}) == len(FIG_1.groups) == 4
    assert len({g.colour for g in FIG_1.groups}) == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"group": 7}, r"its group must be one of \[3, 2, 1, 0\], got 7"),
        ({"group": None}, "its group must be one of"),
        ({"figures": {"miou": "70.0"}}, "has no fps_norm"),
        ({"figures": {"fps_norm": "50.0", "miou": "170"}}, "miou is beyond the axis, got 170"),
        ({"figures": {"fps_norm": "~50", "miou": "70"}}, "fps_norm ~50 is no exact place"),
        ({"figures": {"fps_norm": "fast", "miou": "70"}}, "fps_norm must be a number, got 'fast'"),
        ({"figures": {"fps_norm": "nan", "miou": "70"}}, "fps_norm must be a number, got 'nan'"),
    ],
)
def test_a_row_without_a_place_is_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(
        BadRequest, match=r"figure fig1: FASSD-NET \(Table I, row 1\): .*" + message
    ):
        collect(FIG_1, [row(**changes)])


def test_a_figure_without_records_is_refused() -> None:
    with pytest.raises(BadRequest, match="no records of table-9; did you mean table-4"):
        collect(replace(FIG_1, source="table-9"), [row()])


GOOD = """\
title: T
source: table-4
x: {figure: fps, label: FPS, range: [0, 10]}
y: {figure: miou, label: mIoU, range: [60, 80]}
groups:
  - {group: 1, label: one, marker: o, colour: "#123abc"}
  - {group: 2, label: two, marker: s, colour: "#000000"}
"""


def test_a_users_own_figure_works_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, encoding="utf-8")
    figure = load_figure(path)
    assert (figure.name, figure.x.high, figure.line, figure.ours) == ("mine", 10.0, None, ())
    assert [g.label for g in figure.groups] == ["one", "two"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("figure: fps", "figure: fsp", ":3: figure must be one of gflops, params_m, fps"),
        ("[0, 10]", "[10, 0]", ":3: range must be two numbers, the smaller one first"),
        ("[0, 10]", "[0, 5, 10]", ":3: range must be two numbers"),
        ("[0, 10]", "[0, x]", ":3: range entry 2 must be a number, got 'x'"),
        ("marker: o", "marker: +", ":6: marker must be one of o, s,"),
        ('"#123abc"', "red", ":6: colour must be #RRGGBB, got 'red'"),
        ("group: 2", "group: 1", ":6: groups entry 1 has the number 1, which must be given once"),
        ("group: 2", "group: 1.5", ":7: group must be a whole number, got 1.5"),
        ("title: T", "titel: T", ":1: figure has no key 'titel'; did you mean title"),
    ],
)
def test_mistakes_name_file_line_and_value(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadRequest) as caught:
        load_figure(path)
    assert f"mine.yaml{message}" in str(caught.value)


def test_a_table_is_no_figure() -> None:
    with pytest.raises(BadRequest, match=r"no figure '1' .*; known: fig1"):
        load_figure("1")
