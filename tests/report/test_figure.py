"""Figure definitions and the points that records make of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BadRequest
from harness.records import Record, ReportedRecord
from harness.report.figure_data import FigureData, Point, collect
from harness.report.figure_definition import load_figure
from harness.report.figure_front import front_line
from harness.report.figure_limits import fitted
from harness.report.speed import FpsChoice
from harness.store import paper_records

from .sample import logged, profile, protocol, reported, timing

FIG_1 = load_figure("fig1")


def fig_1(*records: Record, **choice: Any) -> FigureData:
    return collect(FIG_1, [*paper_records(), *records], FpsChoice(**choice) if choice else None)


def point(label: str, data: FigureData | None = None) -> Point:
    return next(p for p in (data or fig_1()).points if p.label == label)


def row(**changes: object) -> ReportedRecord:
    figures = {"fps_norm": "50.0", "miou": "70.0"}
    return reported("fassd-net", **({"table": "table-4", "group": 3, "figures": figures} | changes))


def test_figure_1_has_every_row_of_table_4_where_its_figures_say() -> None:
    points = fig_1().points
    assert len(points) == 19
    assert point("FASSD-Net (ours)").at == (41.1, 78.8)
    # Normalised, as printed: 163.9 FPS with TensorRT / 1.65 = 99.3.
    assert point("FasterSeg*").at == (99.3, 73.1)
    assert {p.x.kind for p in points} == {p.y.kind for p in points} == {"reported"}
    assert [p.records[0].row for p in points] == list(range(19))  # type: ignore[union-attr]


def test_what_lies_beyond_the_axis_is_pinned_to_its_edge() -> None:
    pinned = {p.label: (p.at[0], p.x_edge, p.x.value) for p in fig_1().points if p.pinned}
    assert FIG_1.x.range == (3, 144)
    assert pinned == {
        "DeepLabV3+": (3, "left", 1),  # ~1
        "PSPNet": (3, "left", 1),  # <1
        "FC-HarDNet-70 (L2)": (144, "right", 152.8),
    }
    assert (point("PSPNet").x.exact, point("PSPNet").x.text) == (False, "<1")


def test_what_lies_above_or_below_is_pinned_too() -> None:
    data = collect(replace(FIG_1, y=replace(FIG_1.y, range=(70, 79))), paper_records())
    edges = {p.label: (p.at[1], p.y_edge) for p in data.points if p.y_edge}
    assert edges["PSPNet"] == (79, "top")
    assert edges["ICNet"] == (70, "bottom")
    assert point("PSPNet", data).x_edge == "left"


def test_ours_stand_out_and_tensorrt_rows_have_a_star() -> None:
    points = fig_1().points
    assert {p.label for p in points if p.ours} == {
        "FASSD-Net (ours)",
        "FASSD-Net-L1 (ours)",
        "FASSD-Net-L2 (ours)",
    }
    assert {p.label for p in points if p.label.endswith("*")} == {"DF1-Seg-d8*", "FasterSeg*"}


def test_a_network_at_two_sizes_is_told_apart_by_them() -> None:
    labels = {p.label for p in fig_1().points if p.variant == "swiftnet-rn18"}
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
        ({"figures": {"fps_norm": "inf", "miou": "70"}}, "fps_norm must be a number, got 'inf'"),
        ({"figures": {"fps_norm": "~50", "miou": "70"}}, "fps_norm ~50 is no exact place"),
        ({"figures": {"fps_norm": "fast", "miou": "70"}}, "fps_norm must be a number, got 'fast'"),
        ({"figures": {"fps_norm": "nan", "miou": "70"}}, "fps_norm must be a number, got 'nan'"),
    ],
)
def test_a_row_without_a_place_is_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(
        BadRequest, match=r"figure fig1: FASSD-NET( \(Table I, row 1\))?: .*" + message
    ):
        collect(FIG_1, [row(**changes)])


def test_a_row_without_a_figure_is_left_out_with_a_line_and_a_figure_without_rows_is_refused() -> (
    None
):
    without = row(row=1, label="Bare", figures={"miou": "70.0"})
    data = collect(FIG_1, [row(), without])
    assert [p.label for p in data.points] == ["FASSD-NET"]
    assert data.warnings == ("Bare (Table I, row 1) is not drawn: fps_norm: no figure",)
    with pytest.raises(BadRequest, match=r"figure fig1: must have a point, got Bare .* no figure"):
        collect(FIG_1, [without])


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
    assert (figure.name, figure.x.range, figure.line, figure.ours) == ("mine", (0, 10), None, ())
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
        ("[0, 10]", "[0, 10], scale: log", ":3: range must begin above 0 where scale is log"),
        ("[0, 10]", "[0, 10], scale: lgo", ":3: scale must be one of linear, log, got 'lgo'"),
        ("source: table-4", "fps: measured", ":1: figure lacks the key 'source' (a table) or"),
        ("source: table-4", "source: t\nfps: mesured", ":3: fps must be one of auto, measured"),
        ("source: table-4", "source: t\nsize: fps", ":3: size must be one of params_m, gflops"),
        ("source: table-4", "source: t\nfront: 1", ":3: front must be true or false, got 1"),
        ("source: table-4", "source: t\nfont: 5", ":3: font must be text, got 5"),
        ("source: table-4", "rows: [{variant: a}]", ":2: rows entry 1 lacks the key 'group'"),
        ("source: table-4", "rows: [{variant: a, group: 5}]", ":2: group must be one of [1, 2]"),
        ("source: table-4", "rows: [{variant: a, group: 1}]", ":2: rows entry 1 lacks the key 'in"),
        ("source: table-4", "rows: [{varient: a}]", ":2: rows entry 1 has no key 'varient'; did"),
        (
            "source: table-4",
            "rows: [{variant: a, group: 1, input: 5}]",
            ":2: input must be HxW, got 5",
        ),
        (
            'marker: s, colour: "#000000"',
            'marker: o, colour: "#143ab8"',
            ":7: groups entry 2 must differ from group 1 in marker, or in a colour",
        ),
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
    with pytest.raises(BadRequest, match=r"no figure '1' .*; known: fig-ratios, fig1"):
        load_figure("1")


SHAPE = (1, 3, 1024, 2048)
MINE = """\
title: T
input: 1024x2048
fps: measured
front: true
x: {figure: fps, label: FPS}
y: {figure: miou, label: mIoU}
groups: [{group: 1, label: one, marker: o, colour: "#123abc"}]
rows:
  - {variant: baseline, label: Base}
  - {variant: baseline-dapf, same_as: dapf}
  - {variant: baseline-mda, input: 512x1024}
"""


def mine(tmp_path: Path, *records: Record, text: str = MINE, **choice: Any) -> FigureData:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return collect(load_figure(path), records, FpsChoice(**choice) if choice else None)


def measured_rows() -> list[Record]:
    return [
        profile("baseline", timing=timing(50.0, fps_ci95=(48.0, 52.5))),
        profile("dapf", fps=40.0),
        profile("baseline-mda", fps=90.0, input_shape=(1, 3, 512, 1024)),
        profile("baseline-mda", fps=30.0),  # at another size than the row's
        logged("baseline", 0.75),
        logged("dapf", 0.77),
        logged("baseline-mda", 0.74),
    ]


def test_a_figure_of_ones_own_draws_what_was_measured_and_logged(tmp_path: Path) -> None:
    data = mine(tmp_path, *measured_rows())
    assert [(p.label, p.x.value, p.y.value) for p in data.points] == [
        ("Base", 50.0, 75.0),
        ("baseline-dapf", 40.0, 77.0),
        ("baseline-mda", 90.0, 74.0),
    ]
    base = data.points[0]
    assert (base.x.kind, base.x.ci95) == ("measured", (48.0, 52.5))
    assert (base.y.kind, base.y.ci95) == ("logged", None)
    assert [r.kind for r in base.records] == ["profile", "logged"]
    # The limits leave a margin of 6% of 40 to 90 around the points.
    assert data.x_limits == (40 - 3, 90 + 3)
    assert "NVIDIA H200" in data.notes[0]


def test_limits_leave_room_for_intervals(tmp_path: Path) -> None:
    wide = profile("baseline", timing=timing(50.0, fps_ci95=(30.0, 80.0)))
    data = mine(tmp_path, *measured_rows()[1:3], wide, *measured_rows()[4:])
    assert data.x_limits == pytest.approx((30 - 0.06 * 60, 90 + 0.06 * 60))


def test_a_reported_row_of_unknown_size_is_drawn_as_reported_whatever_was_measured() -> None:
    unsized = row(input_shape=None)
    data = collect(FIG_1, [unsized, profile("fassd-net", fps=9.0, device="GTX 1080 Ti")],
                   FpsChoice(origin="auto"))  # fmt: skip
    assert [(p.x.value, p.x.kind) for p in data.points] == [(50.0, "reported")]
    sized = replace(FIG_1, input_shape=SHAPE)
    data = collect(sized, [unsized, profile("fassd-net", fps=9.0, device="GTX 1080 Ti")],
                   FpsChoice(origin="auto"))  # fmt: skip
    assert [(p.x.value, p.x.kind) for p in data.points] == [(9.0, "measured")]


def test_devices_are_never_mixed_on_the_axis_and_a_flag_decides(tmp_path: Path) -> None:
    records = [
        profile("baseline", fps=50.0),
        profile("baseline-dapf", fps=1.0, device="A CPU"),
        logged("baseline", 0.75),
        logged("baseline-dapf", 0.76),
    ]
    with pytest.raises(BadRequest, match=r"figure mine: FPS column: one device .* --device"):
        mine(tmp_path, *records)
    data = mine(tmp_path, *records, origin="measured", device="cpu")
    assert [p.variant for p in data.points] == ["baseline-dapf"]
    assert "Base is not drawn: fps: no figure" in data.warnings


def test_protocols_are_never_mixed_either(tmp_path: Path) -> None:
    half = timing(80.0, protocol=protocol(precision="fp16"))
    records = [*measured_rows(), profile("baseline-dapf", timing=half)]
    with pytest.raises(BadRequest, match="protocols differ in precision"):
        mine(tmp_path, *records)


def test_fps_measured_normalised_is_divided_by_the_scale_with_its_interval() -> None:
    own = profile(
        "fassd-net", timing=timing(61.0, fps_ci95=(58.0, 64.0)), device="Titan X (Maxwell)"
    )
    data = fig_1(own, origin="auto")
    ours = point("FASSD-Net (ours)", data)
    assert ours.x.value == pytest.approx(61.0 / 0.61)  # the scale of the paper's table
    assert ours.x.ci95 == pytest.approx((58.0 / 0.61, 64.0 / 0.61))
    assert (ours.x.kind, ours.y.kind) == ("measured", "reported")
    # The paper's own figure stands without the flag.
    assert point("FASSD-Net (ours)", fig_1(own)).x.value == 41.1


def test_reported_points_are_marked_where_others_on_the_axis_are_ours() -> None:
    own = profile("fassd-net", fps=61.0, device="GTX 1080 Ti")
    labels = {p.label for p in fig_1(own, origin="auto").points}
    assert {"FASSD-Net (ours)", "FasterSeg*†", "ICNet†"} < labels
    # Every mIoU is the paper's, which the axis says: it would else pass for ours.
    assert fig_1(own, origin="auto").axis_marks == ("", "†")
    assert fig_1(own, origin="measured").axis_marks == ("", "†")
    assert fig_1(own).axis_marks == ("", "")
    assert {p.marks for p in fig_1(own).points} == {"", "*"}


def test_a_measurement_with_tensorrt_is_an_approximation_too() -> None:
    fast = timing(165.0, protocol=protocol(provider="tensorrt"))
    data = fig_1(profile("fassd-net", timing=fast, device="GTX 1080 Ti"), origin="measured")
    assert [(p.label, p.x.value) for p in data.points] == [
        ("FASSD-Net (ours)*", pytest.approx(165 / 1.65))
    ]


def test_a_device_without_a_scale_is_named() -> None:
    data = fig_1(profile("fassd-net", fps=300.0), origin="auto")
    assert len(data.points) == 18
    assert "its device has no scale" in data.warnings[0]


def test_an_own_log_wins_over_the_reported_accuracy() -> None:
    assert point("FASSD-Net (ours)", fig_1(logged("fassd-net", 0.7912))).y.value == 79.12
    ours = fig_1(logged("fassd-net", 0.7912)).points[-1]
    assert (ours.y.kind, ours.x.kind, ours.y.text) == ("logged", "reported", "79.1")


def test_a_log_of_another_network_than_the_newest_record_is_not_used() -> None:
    records = [profile("fassd-net", fps=41.0), logged("fassd-net", 0.5, spec_sha256="c" * 64)]
    data = fig_1(*records)
    assert data.points[-1].y.value == 78.8
    assert data.warnings == ("fassd-net: 1 log of another spec than its newest record left out",)


def test_records_of_an_older_network_are_named_where_measurements_are_drawn() -> None:
    old = profile("fassd-net", fps=30.0, device="GTX 1080 Ti", spec_sha256="0" * 64,
                  created="2025-01-01T00:00:00Z")  # fmt: skip
    new = profile("fassd-net", fps=41.0, device="GTX 1080 Ti")
    data = fig_1(old, new, origin="auto")
    assert data.points[-1].x.value == 41.0
    assert any("older records are of another spec" in line for line in data.warnings)
    assert fig_1(old, new).warnings == ()


def test_a_log_is_found_by_the_networks_hash_where_none_has_its_name() -> None:
    records = [profile("fassd-net", fps=41.0), logged("mine", 0.79)]
    assert fig_1(*records).points[-1].y.value == 79.0
    named = logged("fassd-net", 0.78)
    assert fig_1(*records, named).points[-1].y.value == 78.0


def test_of_several_logs_the_newest_counts_and_a_line_says_so() -> None:
    old = logged("fassd-net", 0.79, created="2026-01-01T00:00:00+00:00", file_sha256="c" * 64)
    new = logged("fassd-net", 0.78, created="2026-02-01T00:00:00+00:00")
    data = fig_1(new, old)
    assert data.points[-1].y.value == 78.0
    assert data.warnings == (
        "fassd-net: the newest of 2 logs counts; `harness table --miou mean` prints their mean",
    )


def test_counts_are_our_own_where_there_are_any(tmp_path: Path) -> None:
    text = MINE.replace("figure: fps,", "figure: gflops,").replace("front", "size: params_m\nfront")
    data = mine(tmp_path, *measured_rows(), text=text)
    base = data.points[0]
    assert (base.x.value, base.x.text) == (32.909, "32.9")
    assert base.size is not None
    assert base.size.value == pytest.approx(1.896365)
    with pytest.raises(BadRequest, match="has no count under convention 'papre'; did you mean pap"):
        mine(tmp_path, *measured_rows(), text=f"{text}convention: papre\n")


def test_the_front_holds_what_no_other_network_beats() -> None:
    front = {p.name for p in fig_1().points if p.on_front}
    # By hand from Table IV: FPS (norm.), mIoU. `~1` and `<1` are no exact places.
    assert front == {
        "FASSD-Net (ours)",  # 41.1, 78.8
        "FC-HarDNet-70",  # 53.0, 77.4
        "FASSD-Net-L1 (ours)",  # 78.0, 76.3
        "FC-HarDNet-70 (L1)",  # 93.4, 74.8
        "FASSD-Net-L2 (ours)",  # 133.1, 74.1
        "FC-HarDNet-70 (L2)",  # 152.8, 72.1, pinned at 144
    }


def test_the_front_line_steps_down_between_the_true_figures() -> None:
    line = fig_1().front
    assert line[:4] == ((3, 78.8), (41.1, 78.8), (41.1, 77.4), (53.0, 77.4))
    assert line[-2:] == ((152.8, 72.1), (152.8, 66.8))  # runs out of the axis at 144
    assert collect(replace(FIG_1, front=False), paper_records()).front == ()


def test_fewer_parameters_are_better_and_equal_networks_share_the_front() -> None:
    places = [(1.0, 70.0), (2.0, 75.0), (2.0, 75.0), (3.0, 74.0), (1.0, 69.0)]
    rows = [
        row(row=i, label=str(i), figures={"params_m": str(x), "fps_norm": str(x), "miou": str(y)})
        for i, (x, y) in enumerate(places)
    ]
    x_axis = replace(FIG_1.x, figure="params_m", range=(0, 4))
    data = collect(replace(FIG_1, x=x_axis), rows)
    assert [p.on_front for p in data.points] == [True, True, True, False, False]
    data = collect(replace(FIG_1, x=replace(x_axis, figure="fps_norm")), rows)
    assert [p.on_front for p in data.points] == [False, True, True, True, False]
    line = front_line(places[:2], ("params_m", "miou"), ((0, 4), (60, 80)))
    # From the side of many parameters, where the best mIoU reaches, down to the cheapest network.
    assert line == ((4, 75.0), (2.0, 75.0), (2.0, 70.0), (1.0, 70.0), (1.0, 60))


def test_a_logarithmic_axis_refuses_what_is_not_above_0(tmp_path: Path) -> None:
    text = MINE.replace("label: FPS", "label: FPS, scale: log")
    data = mine(tmp_path, *measured_rows(), text=text)
    # 6% of the ratio of 90 to 40 on each side.
    assert data.x_limits == pytest.approx((40 / (90 / 40) ** 0.06, 90 * (90 / 40) ** 0.06))
    assert fitted([1e300, 1e-300], log=True)[1] > 1e300  # and no overflow
    zero = row(figures={"fps_norm": "0", "miou": "70"})
    log = replace(FIG_1, x=replace(FIG_1.x, range=None, scale="log"))
    with pytest.raises(BadRequest, match="fps_norm must be above 0 on a logarithmic axis, got 0"):
        collect(log, [zero])
