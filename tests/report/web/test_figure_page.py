"""The interactive page of a figure, as it stands before any script runs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.report.figure_data import FigureData, collect
from harness.report.figure_definition import load_figure
from harness.report.web.figure_page import figure_page, group_style
from harness.report.web.places import NARROW, WIDE, placed
from harness.report.web.scale import Scale
from harness.report.web.scene import scene
from harness.store import paper_records

from .figures import EVIL, own
from .parsed import Element, foreign, parse


@pytest.fixture(scope="module")
def fig_1() -> FigureData:
    return collect(load_figure("fig1"), paper_records())


@pytest.fixture(scope="module")
def root(fig_1: FigureData) -> Element:
    return parse(figure_page(fig_1))


def scenes(root: Element) -> dict[str, Element]:
    found = [svg for svg in root.all("svg") if "scene" in svg.attributes["class"].split()]
    return {svg.attributes["class"].removeprefix("scene "): svg for svg in found}


def points(drawing: Element) -> list[Element]:
    return [g for g in drawing.all("g") if g.attributes["class"].startswith("point")]


def test_every_point_is_in_all_four_drawings_and_in_the_table(root: Element) -> None:
    found = scenes(root)
    assert set(found) == {"wide linear", "narrow linear", "wide log", "narrow log"}
    for drawing in found.values():
        assert sorted(int(p.attributes["data-point"]) for p in points(drawing)) == list(range(19))
    rows = [r for r in root.all("tr") if "data-row" in r.attributes]
    assert [r.attributes["data-row"] for r in rows] == [str(i) for i in range(19)]


def test_points_are_named_for_those_who_do_not_see_them(root: Element) -> None:
    labels = [p.attributes["aria-label"] for p in points(scenes(root)["wide linear"])]
    assert "FASSD-Net (ours): FPS (normalised to GTX 1080 Ti) 41.1, mIoU (%) 78.8" in labels
    pspnet = next(label for label in labels if label.startswith("PSPNet"))
    assert pspnet.endswith("GTX 1080 Ti) <1, mIoU (%) 79.7, beyond the left edge")
    for drawing in scenes(root).values():
        title, description = (
            next(e for e in drawing.children if e.attributes.get("id") == identity)
            for identity in drawing.attributes["aria-labelledby"].split()
        )
        assert (title.tag, description.tag) == ("title", "desc")
        assert title.text.startswith("Speed and accuracy")
        assert "19 networks in 4 groups" in description.text
        assert {p.attributes["tabindex"] for p in points(drawing)} == {"0"}


def test_a_point_stands_where_its_figures_say(fig_1: FigureData) -> None:
    # x from 3 to 144 over the axes, y from 66.8 to 81: FASSD-Net is at (41.1, 78.8).
    axes = WIDE.axes
    x = axes.left + (41.1 - 3) / (144 - 3) * (axes.right - axes.left)
    y = axes.top - (78.8 - 66.8) / (81 - 66.8) * (axes.top - axes.bottom)
    drawing = parse(scene(fig_1, WIDE, log=False)).children[0]
    ours = next(p for p in points(drawing) if p.attributes["aria-label"].startswith("FASSD-Net ("))
    hit = ours.one("circle", class_="hit").attributes
    assert float(hit["cx"]) == pytest.approx(x, abs=0.01)
    assert float(hit["cy"]) == pytest.approx(y, abs=0.01)


def test_on_a_logarithmic_axis_x_alone_moves(fig_1: FigureData) -> None:
    def places(*, log: bool) -> dict[str, tuple[float, float]]:
        drawing = parse(scene(fig_1, WIDE, log=log)).children[0]
        return {
            p.attributes["data-point"]: (float(c["cx"]), float(c["cy"]))
            for p in points(drawing)
            for c in [p.one("circle", class_="hit").attributes]
        }

    linear, logarithmic = places(log=False), places(log=True)
    # DABNet (27.7): half of ln(144 / 3) is reached at sqrt(3 * 144) = 20.8, so it is beyond it.
    assert logarithmic["13"][0] > (WIDE.axes.left + WIDE.axes.right) / 2 > linear["13"][0]
    inside = set(linear) - {"0", "1", "4"}  # what is pinned stands off an edge of both
    assert all(linear[i][1] == logarithmic[i][1] for i in inside)


def test_what_is_beyond_the_axis_has_an_arrow_and_the_second_at_one_place_none(
    root: Element,
) -> None:
    drawing = scenes(root)["wide linear"]
    arrows = [p.attributes["aria-label"].split(":")[0] for p in points(drawing)
              if p.all("path", class_="arrow")]  # fmt: skip
    assert sorted(arrows) == ["DeepLabV3+", "FC-HarDNet-70 (L2)"]


@pytest.mark.parametrize("layout", [WIDE, NARROW])
@pytest.mark.parametrize("log", [False, True])
def test_markers_and_labels_stay_within_the_axes(
    fig_1: FigureData, layout: object, log: bool
) -> None:
    assert layout in (WIDE, NARROW)
    drawing = parse(scene(fig_1, layout, log=log)).children[0]  # type: ignore[arg-type]
    axes = layout.axes  # type: ignore[attr-defined]
    for point in points(drawing):
        name = point.one("text", class_="name").attributes
        assert axes.left <= float(name["x"]) <= axes.right
        assert axes.bottom <= float(name["y"]) <= axes.top


def test_a_label_goes_where_nothing_else_is(tmp_path: Path) -> None:
    data = own(tmp_path)
    axes = WIDE.axes
    x = Scale(low=data.x_limits[0], high=data.x_limits[1], start=axes.left, end=axes.right)
    y = Scale(low=data.y_limits[0], high=data.y_limits[1], start=axes.top, end=axes.bottom)
    free = placed(data, x, y, WIDE, obstacles=[])
    taken = [p.box for p in free]
    for moved, before in zip(placed(data, x, y, WIDE, obstacles=taken), free, strict=True):
        assert moved.box.overlap(before.box) == 0
        assert (moved.x, moved.y) == (before.x, before.y)


def test_ours_are_drawn_last_so_that_nothing_covers_them(root: Element) -> None:
    classes = [p.attributes["class"].split() for p in points(scenes(root)["wide linear"])]
    assert ["ours" in c for c in classes] == [False] * 16 + [True] * 3


def test_the_front_stays_within_the_axes(fig_1: FigureData) -> None:
    drawing = parse(scene(fig_1, WIDE, log=False)).children[0]
    path = drawing.one("path", class_="front").attributes["d"]
    axes = WIDE.axes
    ends = [tuple(map(float, place)) for place in re.findall(r"[ML](\S+) ([^ML]+)", path)]
    assert all(axes.left <= x <= axes.right and axes.bottom <= y <= axes.top for x, y in ends)
    # Its last network is beyond the right edge: nothing runs down along that edge.
    assert not any(a[0] == b[0] == axes.right for a, b in zip(ends[::2], ends[1::2], strict=True))


def test_nothing_is_fetched_and_the_policy_allows_nothing(root: Element) -> None:
    assert foreign(root) == []
    policy = root.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "script-src 'unsafe-inline'"
    )


def test_the_data_are_those_of_plot_json_and_a_card_for_each_point(root: Element) -> None:
    data = json.loads(root.one("script", id="data").text)
    assert len(data["points"]) == len(data["cards"]) == 19
    card = next(c for c in data["cards"] if c["name"] == "FasterSeg*")
    assert card["figures"] == [
        ["FPS (norm.)", "99.3*", "reported"],
        ["mIoU", "73.1", "reported"],
        ["GFLOPs", "28.2", "reported"],
        ["No. Parameters", "4.4M", "reported"],
        ["FPS", "163.9*", "reported"],
    ]
    [facts] = card["records"]
    assert ["place", "Table IV, row 10"] in facts
    assert ["device", "GTX 1080 Ti with TensorRT"] in facts


def test_own_measurements_have_intervals_hashes_and_dates(tmp_path: Path) -> None:
    root = parse(figure_page(own(tmp_path)))
    data = json.loads(root.one("script", id="data").text)
    card = data["cards"][0]
    assert card["figures"][0] == ["FPS", "80.0 (76 to 84)", "measured"]
    assert card["figures"][1] == ["mIoU", "75.0", "out of a log"]
    facts = [dict(facts) for facts in card["records"]]
    assert (facts[0]["device"], facts[0]["spec hash"]) == ("NVIDIA H200", "a" * 12)
    assert facts[1]["file"] == "train.log"
    drawing = scenes(root)["wide linear"]
    bars = {p.attributes["data-point"]: len(p.all("path", class_="bar")) for p in points(drawing)}
    assert bars == {"0": 1, "1": 1, "2": 1, "3": 0}  # tiny is pinned: its interval has no place


def test_an_axis_that_is_reported_beside_one_that_is_ours_says_so(tmp_path: Path) -> None:
    data = own(tmp_path)
    marked = replace(data, axis_marks=("", "†"))
    assert "mIoU†" in [e.text for e in parse(scene(marked, WIDE, log=False)).all("text")]
    assert "mIoU" in [e.text for e in parse(scene(data, WIDE, log=False)).all("text")]


def test_hostile_text_is_text_everywhere(tmp_path: Path) -> None:
    root = parse(figure_page(own(tmp_path)))
    for tag in ("img", "b", "i", "em", "u"):
        assert root.all(tag) == []
    assert root.one("h1").text == "</script><b>Own</b> figures"
    assert EVIL in {row.one("th").text for row in root.all("tr") if "data-row" in row.attributes}
    assert len(root.all("script")) == 2


def test_switches_and_buttons_wait_for_a_script(root: Element) -> None:
    assert "hidden" in root.one("div", class_="controls").attributes
    entries = root.all("button")
    assert [e.attributes["data-group"] for e in entries] == ["3", "2", "1", "0"]
    assert all("disabled" in e.attributes for e in entries)
    assert [e.one("span", class_="count").text for e in entries] == ["7", "6", "4", "2"]


def test_an_axis_from_0_has_no_logarithmic_drawing(tmp_path: Path) -> None:
    data = own(tmp_path, x="{figure: fps, label: FPS, range: [0, 100]}")
    root = parse(figure_page(data))
    assert set(scenes(root)) == {"wide linear", "narrow linear"}
    assert root.all("input", id="log") == []


def test_what_the_definition_says_is_shown_first(tmp_path: Path) -> None:
    data = own(tmp_path, x="{figure: fps, label: FPS, range: [5, 100], scale: log}", front="true")
    root = parse(figure_page(data))
    assert root.one("html").attributes["data-scale"] == "log"
    assert "checked" in root.one("input", id="log").attributes
    assert "checked" in root.one("input", id="front").attributes
    assert root.all("div", class_="drawing no-front") == []
    plain = parse(figure_page(own(tmp_path)))
    assert "checked" not in plain.one("input", id="front").attributes
    assert len(plain.all("div", class_="drawing no-front")) == 1


def test_area_shows_a_figure_and_hollow_markers_lack_it(fig_1: FigureData) -> None:
    definition = replace(fig_1.definition, size="params_m")
    data = collect(definition, paper_records())
    drawing = parse(scene(data, WIDE, log=False)).children[0]
    found = {p.attributes["aria-label"].split(":")[0]: p for p in points(drawing)}

    def radius(name: str) -> float:
        return float(found[name].one("circle", class_="hit").attributes["r"])

    assert radius("BiSeNet") > radius("ICNet") > radius("FASSD-Net (ours)")  # 49, 26.5, 2.85 M
    hollow = {name for name, p in found.items() if "hollow" in p.attributes["class"].split()}
    assert hollow == {p.label for p in data.points if p.size is None}
    assert hollow


def test_on_a_dark_ground_colours_are_lighter(fig_1: FigureData) -> None:
    style = group_style(fig_1.definition.groups)
    # #0072B2, 35% of the way to white: 0 + 0.35 * 255 = 89 = 0x59, 114 -> 163, 178 -> 205.
    assert ".g3{--group:#0072B2}" in style
    assert ".g3{--group:#59a3cd}" in style


def test_the_same_figure_gives_the_same_bytes(fig_1: FigureData) -> None:
    again = collect(load_figure("fig1"), paper_records())
    assert figure_page(again) == figure_page(fig_1)
