"""A table as HTML: what every cell carries, and that nothing in it is markup by accident."""

from __future__ import annotations

from dataclasses import replace

from harness.report.columns import COLUMNS
from harness.report.formats import render
from harness.report.model import Cell, Table, TableRow
from harness.report.web.table import fragment
from report.sample import logged, profile, reported
from report.tables import OURS, table

from .parsed import Element, foreign, parse


def cells(root: Element, variant: str) -> list[Element]:
    return root.one("tr", data_variant=variant).all("td")


def grouped() -> Table:
    """Return two groups, one with a title, with ranks, marks, an interval and a log."""
    rate = Cell(
        text="40.0", kind="measured", value=40.0, interval=(39.0, 41.0), records=(OURS,),
        mark="*", rank="best",
    )  # fmt: skip
    printed = Cell(
        text="30.0", kind="reported", value=30.0, records=(reported("b"),), mark="*", rank="second"
    )
    log = Cell(text="78.2", kind="logged", value=78.2, records=(logged("a", 0.782),))
    none = Cell(text="–", kind="absent")
    return Table(
        name="t",
        title="T",
        columns=(COLUMNS["method"], COLUMNS["fps"], COLUMNS["miou"]),
        rows=(
            TableRow(variant="a", cells=(Cell(text="A", kind="label"), rate, log)),
            TableRow(variant="b", cells=(Cell(text="B", kind="label"), printed, none), group=1),
        ),
        footnotes=("See `harness table`.",),
        groups=(None, "others"),
    )


def test_every_cell_carries_kind_value_and_text() -> None:
    root = parse(render(table(), "html"))
    assert [e.text for e in root.one("thead").all("th")] == [
        "Method", "GFLOPs", "Δp", "FPS", "mIoU†",
    ]  # fmt: skip
    assert [
        (c.text, c.attributes["data-kind"], c.attributes.get("data-value"))
        for c in cells(root, "b")
    ] == [
        ("8.7†", "reported", "8.7"),
        ("0M†", "reported", "0.0"),
        ("–", "absent", None),
        ("<1", "reported", None),  # no number
    ]
    assert {c.attributes["class"] for c in cells(root, "a")} == {"number"}


def test_a_tooltip_names_the_record_and_its_interval() -> None:
    root = parse(render(grouped(), "html"))
    rate, log = cells(root, "a")
    first, second = rate.attributes["title"].split("\n")
    assert first == "95% interval 39 to 41"
    assert second.startswith("measured: input 1024×2048, device NVIDIA H200, protocol paper@")
    assert "created 2026-01-02T03:04:05+00:00" in second
    assert log.attributes["title"].startswith(
        "training log: file train.log, file hash bbbbbbbbbbbb"
    )
    printed, none = cells(root, "b")
    assert printed.attributes["title"] == (
        "reported: source A. Author, A Paper, 2020, place Table I, row 1, input 1024×2048, "
        "device GTX 1080 Ti"
    )
    assert "title" not in none.attributes


def test_ranks_are_bold_and_underlined_and_marks_are_raised() -> None:
    root = parse(render(grouped(), "html"))
    assert root.one("strong").text == "40.0"
    assert root.one("u").text == "30.0"
    assert [e.text for e in root.all("sup")] == ["‡", "*", "*†"]  # the log's in the header


def test_each_group_is_a_body_of_its_own_below_its_title() -> None:
    first, second = parse(render(grouped(), "html")).all("tbody")
    assert [row.text for row in first.all("tr", class_="group")] == []
    assert [row.text for row in second.all("tr", class_="group")] == ["others"]
    assert second.one("th", scope="rowgroup").attributes["colspan"] == "3"


def test_footnotes_are_a_list_with_code() -> None:
    root = parse(render(grouped(), "html"))
    assert [e.text for e in root.all("li")] == ["See harness table."]
    assert root.one("code").text == "harness table"


def test_the_page_stands_alone_and_runs_nothing() -> None:
    root = parse(render(table(), "html"))
    assert root.one("title").text == root.one("caption").text == "A title"
    assert root.all("script") == []
    assert foreign(root) == []


def test_hostile_names_are_text_wherever_they_stand() -> None:
    evil = '"><img src=x onerror=alert(1)></td><script>'
    bad = replace(reported("b"), device=evil)
    first = table(evil, "b", title=evil, notes=(evil,))
    row = first.rows[1]
    cell = replace(row.cells[1], records=(bad,))
    changed = replace(row, variant=evil, cells=(row.cells[0], cell, *row.cells[2:]))
    root = parse(render(replace(first, rows=(first.rows[0], changed)), "html"))
    assert root.all("img") == root.all("script") == []
    assert root.one("caption").text == evil
    assert root.one("li").text == evil
    assert root.one("tr", data_variant="a").one("th").text == evil
    assert evil in cells(root, evil)[0].attributes["title"]


def test_rows_with_leads_are_numbered_and_the_table_can_be_named() -> None:
    root = parse(fragment(table(), identity="points", leads=("<i>1</i>", "<i>2</i>")))
    assert root.one("table").attributes["id"] == "points"
    rows = [row for row in root.all("tr") if "data-row" in row.attributes]
    assert [(r.attributes["data-row"], r.one("i").text) for r in rows] == [("0", "1"), ("1", "2")]
    plain = parse(fragment(table()))
    assert not any("data-row" in row.attributes for row in plain.all("tr"))


def test_a_record_behind_many_cells_is_put_into_words_once(monkeypatch: object) -> None:
    from harness.report.web import table as module

    asked = []
    original = module.record_line
    monkeypatch.setattr(module, "record_line", lambda r: asked.append(r) or original(r))  # type: ignore[attr-defined]
    fragment(table())
    assert len(asked) == 2  # one measured record and one reported, behind six cells


def test_a_measured_count_has_no_device_in_its_tooltip() -> None:
    count = Cell(text="1", kind="measured", value=1.0, records=(profile("x"),))
    row = TableRow(variant="x", cells=(Cell(text="X", kind="label"), count))
    small = Table(
        name="t", title="T", columns=(COLUMNS["method"], COLUMNS["gflops"]), rows=(row,),
        footnotes=(),
    )  # fmt: skip
    [cell] = cells(parse(fragment(small)), "x")
    assert cell.attributes["title"].startswith("counted: input 1024×2048, created")
