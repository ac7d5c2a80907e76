"""Measured over published speed: axes, groups by device, the line of equal ratio, in every form."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.lines import Line2D

from harness.cli.app import run
from harness.errors import BadRequest
from harness.records import ProfileRecord, to_json
from harness.report.draw import compose
from harness.report.draw_style import styled
from harness.report.figure_data import FigureData, Point, collect
from harness.report.figure_definition import load_figure
from harness.report.figure_json import figure_json
from harness.report.plot_definition import changed_figure
from harness.report.web.figure_page import figure_page
from harness.report.web.figure_table import figure_table
from harness.store import paper_records
from tests.report.sample import GPU
from tests.report.survival.made_up import measured

RATIOS = load_figure("fig-ratios")

# Table IV: FASSD-Net 41.1, L1 78.0, DABNet 27.7 on a GTX 1080 Ti; ERFNet 68.4 normalised, on a
# Titan X (M), at 512x1024; FasterSeg 99.3 normalised, with TensorRT; PSPNet <1 at 713x713.
OURS = [
    measured("fassd-net", 411.0),
    measured("fassd-net-l1", 780.0),
    measured("dabnet", 277.0),
    measured("erfnet", 68.4 * 10 * 4, input_shape=(1, 3, 512, 1024)),
    measured("fasterseg", 99.3 * 1000),
    measured("pspnet", 2.0, input_shape=(1, 3, 713, 713)),
]


def figure(*records: ProfileRecord) -> FigureData:
    return collect(RATIOS, [*paper_records(), *(records or OURS)])


def point(data: FigureData, name: str) -> Point:
    return next(p for p in data.points if p.name == name)


def test_a_point_is_the_published_rate_normalised_and_the_measured_one() -> None:
    data = figure()
    erfnet = point(data, "ERFNet")
    assert (erfnet.x.value, erfnet.x.text, erfnet.x.kind) == (68.4, "68.4", "reported")
    assert (erfnet.y.value, erfnet.y.kind) == (2736.0, "measured")
    assert {r.kind for r in erfnet.records} == {"reported", "profile"}
    assert data.axis_marks == ("†", "")
    assert len(data.points) == 6  # what was not measured has no point, and a warning
    assert sum("is not drawn: fps: no figure" in line for line in data.warnings) == 13


def test_published_figures_stay_published_where_there_are_our_own() -> None:
    # fps_norm alone would take the measured one: an H200 has no scale, so there would be no point.
    assert {p.x.kind for p in figure().points} == {"reported"}


def test_the_axis_names_the_device_since_a_drawing_has_no_caption() -> None:
    data = figure()
    assert data.definition.y.label == f"FPS measured on {GPU}"
    assert json.loads(figure_json(data))["y"]["label"] == f"FPS measured on {GPU}"
    assert not any(text.startswith("Measured on") for text in data.notes)
    other = load_figure("fig1")
    assert collect(other, paper_records()).definition == other


def test_notes_speak_of_no_dash_since_rows_without_a_rate_are_not_drawn() -> None:
    assert not any("–" in text for text in figure().notes)
    assert any(text.startswith("FPS: mean over") for text in figure().notes)


def test_a_cpu_is_named_as_one_that_judges_no_gpu() -> None:
    slow = [
        measured(name, fps, device="AMD EPYC", protocol={"device": "cpu"})
        for name, fps in (("fassd-net", 0.8), ("dabnet", 0.5))
    ]
    data = figure(*slow)
    assert data.definition.y.label == "FPS measured on AMD EPYC, a CPU"
    assert data.notes[0].startswith(
        "Measured on AMD EPYC, a CPU: this judges no factor between GPUs, and no ratio on a GPU."
    )
    assert "FPS measured on AMD EPYC, a CPU" in figure_page(data)


def test_measured_rates_of_a_cpu_that_stand_beside_no_published_ones_need_no_such_note() -> None:
    alone = replace(RATIOS, x=replace(RATIOS.x, figure="gflops"), equal=None)
    slow = measured("dabnet", 0.5, device="AMD EPYC", protocol={"device": "cpu"})
    data = collect(alone, [*paper_records(), slow])
    assert not any(text.startswith("Measured on") for text in data.notes)


def test_rows_of_unlike_inputs_share_it_but_not_unlike_protocols() -> None:
    assert {p.records[1].input_shape for p in figure().points} == {  # type: ignore[union-attr]
        (1, 3, 1024, 2048), (1, 3, 512, 1024), (1, 3, 713, 713),
    }  # fmt: skip
    other = measured("fassd-net-l2", 1331.0, protocol={"precision": "fp16"})
    with pytest.raises(BadRequest, match=r"figure fig-ratios: .* decide with --protocol"):
        figure(*OURS, other)


def test_the_published_device_decides_the_group() -> None:
    groups = {p.name: p.group for p in figure().points}
    labels = {group.number: group.device for group in RATIOS.groups}
    assert {name: labels[number] for name, number in groups.items()} == {
        "PSPNet": "Titan X (P)",
        "ERFNet": "Titan X (M)",
        "FasterSeg": "GTX 1080 Ti",
        "FASSD-Net-L1 (ours)": "GTX 1080 Ti",
        "DABNet": "GTX 1080 Ti",
        "FASSD-Net (ours)": "GTX 1080 Ti",
    }


def test_a_device_without_a_group_is_refused() -> None:
    definition = replace(RATIOS, groups=RATIOS.groups[:1])
    with pytest.raises(BadRequest, match=r"DeepLabV3\+ .*its group must be one of \[0\], got None"):
        collect(definition, [*paper_records(), OURS[3]])


def test_a_bound_is_pinned_and_stretches_no_axis() -> None:
    data = figure()
    pspnet = point(data, "PSPNet")
    assert (pspnet.x_edge, pspnet.y_edge, pspnet.y.value) == ("left", "bottom", 2.0)
    assert 100 < data.y_limits[0] < 277  # DABNet's 277 is the least of the others
    assert data.x_limits == (20, 200)


def test_the_line_is_where_the_ratio_is_that_of_them_all() -> None:
    data = figure()
    # 10 three times and 40 once: 10 * 4 ** 0.25 = 14.142. FasterSeg's estimate and the bound of
    # PSPNet have no say.
    ratio = 10 * math.sqrt(2)
    (x0, y0), (x1, y1) = data.equal
    assert (y0 / x0, y1 / x1) == (pytest.approx(ratio), pytest.approx(ratio))
    # From the left edge, unless the lower one comes first, to the right or upper one.
    left, right = data.x_limits
    bottom, top = data.y_limits
    assert x0 == pytest.approx(max(left, bottom / ratio))
    assert x1 == pytest.approx(min(right, top / ratio))
    assert json.loads(figure_json(data))["equal"] == [[x0, y0], [x1, y1]]


def test_there_is_none_where_no_point_is_exact_or_it_misses_the_axes() -> None:
    assert figure(OURS[4], OURS[5]).equal == ()
    narrow = replace(RATIOS, y=replace(RATIOS.y, range=(1.0, 2.0)))
    assert collect(narrow, [*paper_records(), *OURS]).equal == ()
    without = replace(RATIOS, equal=None)
    assert collect(without, [*paper_records(), *OURS]).equal == ()


def test_two_rates_have_no_front() -> None:
    assert not any(p.on_front for p in figure().points)
    with pytest.raises(BadRequest, match="--front: fig-ratios shows two rates"):
        changed_figure(RATIOS, size_by=None, front=True)
    assert changed_figure(RATIOS, size_by=None, front=False).front is False


def test_print_has_the_line_and_its_meaning() -> None:
    data = figure()
    with styled(RATIOS.font):
        drawn, _ = compose(data)
    axes = drawn.axes[0]
    ends = [
        tuple(map(tuple, zip(line.get_xdata(), line.get_ydata(), strict=True)))  # type: ignore[arg-type]
        for line in axes.lines
        if isinstance(line, Line2D)
    ]
    assert data.equal in ends
    legend = axes.get_legend()
    assert legend is not None
    assert "one ratio for all" in [text.get_text() for text in legend.get_texts()]
    with styled(RATIOS.font):
        plain, _ = compose(replace(data, equal=()))
    texts = [text.get_text() for text in plain.axes[0].get_legend().get_texts()]  # type: ignore[union-attr]
    assert "one ratio for all" not in texts


def test_the_page_has_the_line_its_meaning_and_no_switch_that_would_bend_it() -> None:
    text = figure_page(figure())
    paths = re.findall(r'<path class="equal" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/>', text)
    assert len(paths) == 2  # wide and narrow
    for path in paths:
        x0, y0, x1, y1 = map(float, path)
        assert x1 > x0
        assert y1 < y0  # upwards
    assert "dashed: one ratio for all" in text
    assert 'id="front"' not in text
    assert 'id="log"' not in text
    other = figure_page(collect(load_figure("fig1"), paper_records()))
    assert 'class="equal"' not in other
    assert 'id="log"' in other


def test_the_table_beside_it_has_each_figure_once() -> None:
    table = figure_table(figure())
    assert [column.name for column in table.columns][:3] == ["method", "fps_norm.reported", "fps"]
    headers = [column.header for column in table.columns]
    assert headers.count("FPS (norm.)") == headers.count("FPS") == 1
    row = next(row for row in table.rows if row.cells[0].text == "ERFNet")
    assert [(cell.text, cell.kind) for cell in row.cells[1:3]] == [
        ("68.4", "reported"), ("2736.0", "measured"),
    ]  # fmt: skip
    faster = next(row for row in table.rows if row.cells[0].text == "FasterSeg")
    assert faster.cells[1].mark == "*"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('{device}", scale: log', '{device}"', "equal needs both axes to have scale log"),
        ("range: [20, 200], scale: log", "range: [20, 200]", "equal needs both axes to have"),
        ("equal:", "front: true\nequal:", "front must be false beside the key 'equal'"),
        ("device: Titan XP, ", "", "groups must all have the key 'device', or none"),
        ("legend:", "rows: [{variant: a, group: 0}]\nlegend:", "groups must have no key 'device'"),
        ('GTX 1080 Ti"', '{device}"', "only where figure is fps, got fps_norm.reported"),
        ("fps_norm.reported", "gflops.reported", "figure must be one of gflops, params_m, fps,"),
    ],
)
def test_mistakes_name_file_line_and_rule(tmp_path: Path, old: str, new: str, message: str) -> None:
    from harness.report.definition_path import FOLDER

    text = (FOLDER / "fig-ratios.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadRequest, match=r"mine.yaml:\d+: ") as caught:
        load_figure(path)
    assert message in str(caught.value)


def test_the_report_of_one_card_holds_tables_and_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    full = measured("erfnet", 600.0)
    lines = "".join(f"{to_json(record)}\n" for record in (*OURS, full))
    (tmp_path / "runs" / "a.jsonl").write_text(lines, encoding="utf-8")
    assert run(["report", "one-card", "--results", "runs", "--out", "card"]) == 0
    capsys.readouterr()
    files = {path.name for path in (tmp_path / "card").iterdir()}
    for name in ("ratios", "ratios-pairs", "ratios-summary", "ratios-gpus", "4-beside", "4-full"):
        assert {f"table-{name}.md", f"table-{name}.tex", f"table-{name}.json"} <= files
    assert {"fig-ratios.pdf", "fig-ratios.html", "index.html", "records.jsonl"} <= files
    rows = json.loads((tmp_path / "card" / "table-4-full.json").read_text(encoding="utf-8"))["rows"]
    fps = {row["variant"]: row["cells"]["fps"]["value"] for row in rows}
    assert (fps["erfnet"], fps["fassd-net"], fps["pspnet"]) == (600.0, 411.0, None)
    assert run(["report", "one-card", "--results", "card", "--out", "again"]) == 0
    for name in files:
        assert (tmp_path / "card" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_report_needs_measurements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["report", "one-card"]) == 2
    assert "harness profile --table 4` takes them" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
