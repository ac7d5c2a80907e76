"""Tables II, III and IV without any measurement: the paper's, to the character."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from harness.cli.reasons import with_reasons
from harness.report.build import build_table
from harness.report.definition import load_definition
from harness.report.formats import render
from harness.report.model import Table
from harness.store import paper_records

PAPER = Path(__file__).parents[3] / "shared" / "paper"  # as typed from the paper, where present
GOLDEN = Path(__file__).parents[1] / "golden"


def table(name: str) -> Table:
    records = paper_records()
    return build_table(with_reasons(load_definition(name), records), records)


def printed(name: str) -> list[dict[str, str]]:
    path = PAPER / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"the paper's tables are not beside this checkout ({path.name})")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines(built: Table) -> list[list[str]]:
    """Return every cell as it is printed, the marks of single figures included."""
    return [[cell.text + cell.mark for cell in row.cells] for row in built.rows]


def test_table_3_has_every_printed_cell() -> None:
    assert lines(table("3")) == [list(row.values()) for row in printed("table3")]


def test_table_3_heads_its_columns_as_the_paper_does() -> None:
    # The head of Table III, read in the paper.
    assert [column.header for column in table("3").columns] == [
        "Method", "road", "s.walk", "build.", "wall", "fence", "pole", "t.light", "t.sign", "veg.",
        "terr.", "sky", "person", "rider", "car", "truck", "bus", "train", "mbik", "bike", "mIoU",
    ]  # fmt: skip


def test_table_3_shows_the_best_of_every_class() -> None:
    rows = printed("table3")
    built = table("3")
    for position, name in enumerate(list(rows[0])[1:], start=1):
        best = max(float(row[name]) for row in rows)
        for row, shown in zip(rows, built.rows, strict=True):
            expected = "best" if float(row[name]) == best else None
            assert shown.cells[position].rank == expected, (row["method"], name)


def test_fassd_net_is_best_in_17_of_19_classes() -> None:
    # As the paper's text claims below Table III: all but wall and motorcycle, sky being a tie.
    (ours,) = (row for row in table("3").rows if row.variant == "fassd-net")
    assert [cell.rank for cell in ours.cells[1:20]].count("best") == 17


def test_table_4_has_every_printed_cell_and_mark() -> None:
    expected = []
    for row in printed("table4"):
        star = "*" if row["fps_tensorrt"] == "yes" else ""
        params = f"{row['params_m']}M" if row["params_m"] else "-"
        expected.append(
            [
                row["method"],
                row["input_size"].replace("x", "×"),
                row["gpu"].replace("1080ti", "1080 Ti"),  # one device has one name here
                row["gflops"] or "-",
                params,
                row["fps"] + star,
                row["fps_norm"],
                row["miou"],
            ]
        )
    assert lines(table("4")) == expected


def test_table_4_has_the_papers_columns_and_groups() -> None:
    built = table("4")
    assert [column.header for column in built.columns] == [
        "Method", "Input Size", "GPU", "GFLOPs", "No. Parameters", "FPS", "FPS (norm.)", "mIoU",
    ]  # fmt: skip
    assert [row.group for row in built.rows] == [int(row["group"]) for row in printed("table4")]


def test_table_4_prints_vague_missing_and_tensorrt_figures_as_the_paper_does() -> None:
    # Without the paper beside the checkout: some cells read in the paper itself.
    cells = {row.cells[0].text: row.cells for row in table("4").rows}
    assert [cell.text for cell in cells["DeepLabV3+"][3:]] == ["-", "-", "~1", "~1", "79.6"]
    assert [cell.text for cell in cells["PSPNet"][5:7]] == ["<1", "<1"]
    assert cells["DF1-Seg-d8"][5].text + cells["DF1-Seg-d8"][5].mark == "136.9*"
    assert cells["DF1-Seg-d8"][6].text + cells["DF1-Seg-d8"][6].mark == "82.9"
    stars = [name for name, row in cells.items() if any("*" in cell.mark for cell in row)]
    assert stars == ["DF1-Seg-d8", "FasterSeg"]


def test_table_4_shows_the_two_figures_that_the_paper_shows() -> None:
    # Bold in the paper's Table IV: 0.76M (DABNet) and 78.8, not the 79.7 of the first group.
    bold = [
        (row.cells[0].text, cell.text)
        for row in table("4").rows
        for cell in row.cells
        if cell.rank == "best"
    ]
    assert bold == [("DABNet", "0.76M"), ("FASSD-Net (ours)", "78.8")]
    note = "Bold: the best of its column; DeepLabV3+, PSPNet left aside."
    assert note in table("4").footnotes


def test_published_rates_of_several_devices_are_said_to_be_such() -> None:
    notes = table("4").footnotes
    assert any(n.startswith("FPS: as reported, each on the device of its row") for n in notes)
    assert "* Timed with TensorRT." in notes


def test_table_2_is_the_papers_row_by_row() -> None:
    built = table("2")
    assert [column.header for column in built.columns] == ["Stage", "Name", "Type", "Output size"]
    assert lines(built)[4:8] == [
        # Table II: the stem's rows share one name, stages stand in their first row only.
        ["", "", "Conv 3×3", "256×512×48"],
        ["", "Encoder B1", "HarDBlock (L=4)", "256×512×64"],
        ["", "Encoder B2", "2D Average Pooling, HarDBlock (L=4)", "128×256×96"],
        ["", "Encoder B3", "2D Average Pooling, HarDBlock (L=8)", "64×128×160"],
    ]
    assert lines(built)[1] == ["Encoder", "Stem Conv", "Conv 3×3 (s=2)", "512×1024×16"]
    assert lines(built)[-1] == ["", "", "Upsampling ×4", "1024×2048×19"]
    assert [row.group for row in built.rows] == [0] + [1] * 8 + [2] * 9


@pytest.mark.parametrize("name", ["1", "2", "3", "4"])
def test_a_table_of_published_figures_alone_says_so_in_its_heads(name: str) -> None:
    built = table(name)
    texts = {"Method", "Input Size", "GPU"}
    assert {
        mark
        for column, mark in zip(built.columns, built.header_marks(), strict=True)
        if column.header not in texts
    } == {"†"}
    assert {mark.replace("*", "") for row in built.marks() for mark in row} == {""}


@pytest.mark.parametrize("name", ["2", "3", "4"])
@pytest.mark.parametrize(
    ("format_name", "suffix"),
    [("markdown", "md"), ("latex", "tex"), ("latex-siunitx", "siunitx.tex"), ("csv", "csv")],
)
def test_the_papers_tables_print_as_they_did(name: str, format_name: str, suffix: str) -> None:
    golden = (GOLDEN / f"table-{name}.{suffix}").read_text(encoding="utf-8")
    assert render(table(name), format_name) == golden
