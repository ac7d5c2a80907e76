"""The paper's tables as records, beside the paper's tables."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from harness.records import ReportedRecord
from harness.store import load

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "results" / "paper"
PAPER = ROOT.parent / "shared" / "paper"  # the tables as typed from the paper, where present

FIGURES = ("gflops", "params_m", "delta_params_m", "fps", "fps_norm", "miou")

VARIANTS = {
    "FC-HarDNet-70": "fc-hardnet-70",
    "Baseline": "baseline",
    "+ ASPP": "baseline-aspp",
    "+ DAPF": "baseline-dapf",
    "+ MDA": "baseline-mda",
    "+ ASPP + MDA": "baseline-aspp-mda",
    "+ DAPF + MDA": "baseline-dapf-mda",
    "DeepLabV3+": "deeplabv3plus",
    "PSPNet": "pspnet",
    "Fast-SCNN": "fast-scnn",
    "SwiftNetRN-18": "swiftnet-rn18",
    "FC-HarDNet-70 (L2)": "fc-hardnet-70-l2",
    "FASSD-Net-L2 (ours)": "fassd-net-l2",
    "ERFNet": "erfnet",
    "CAS": "cas",
    "DF1-Seg-d8": "df1-seg-d8",
    "FasterSeg": "fasterseg",
    "FC-HarDNet-70 (L1)": "fc-hardnet-70-l1",
    "FASSD-Net-L1 (ours)": "fassd-net-l1",
    "ICNet": "icnet",
    "DABNet": "dabnet",
    "GUN": "gun",
    "BiSeNet": "bisenet-rn18",
    "FASSD-Net (ours)": "fassd-net",
    "FASSD-Net": "fassd-net",  # Table III, which does not say (ours)
    "FASSD-Net-L1": "fassd-net-l1",
    "FASSD-Net-L2": "fassd-net-l2",
}

# In the order of Cityscapes' train ids (cityscapesScripts, helpers/labels.py).
CLASSES = (
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign",
    "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "train",
    "motorcycle", "bicycle",
)  # fmt: skip


def records_of(table: str) -> list[ReportedRecord]:
    loaded = load(RECORDS / f"{table}.jsonl")
    assert loaded.problems == []
    return [r for r in loaded.records if isinstance(r, ReportedRecord)]


def printed(table: str) -> list[dict[str, str]]:
    path = PAPER / f"{table}.csv"
    if not path.exists():
        pytest.skip(f"the paper's tables are not beside this checkout ({path.name})")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("table", "name"), [("table1", "table-1"), ("table4", "table-4")])
def test_every_printed_cell_is_in_the_records_and_nothing_else(table: str, name: str) -> None:
    rows, records = printed(table), records_of(name)
    assert [r.label for r in records] == [row["method"] for row in rows]
    for row, record in zip(rows, records, strict=True):
        assert record.figures == {key: row[key] for key in FIGURES if row.get(key)}


def test_table_3_has_every_printed_iou_by_class_in_order() -> None:
    rows, records = printed("table3"), records_of("table-3")
    assert [r.label for r in records] == [row["method"] for row in rows]
    for row, record in zip(rows, records, strict=True):
        assert list(record.figures) == [*(f"iou.{name}" for name in CLASSES), "miou"]
        assert [record.figures[f"iou.{name}"] for name in CLASSES] == [row[n] for n in CLASSES]
        assert record.figures["miou"] == row["miou"]


def test_table_4_keeps_group_size_device_and_tensorrt_of_every_row() -> None:
    for row, record in zip(printed("table4"), records_of("table-4"), strict=True):
        height, width = map(int, row["input_size"].split("x"))
        assert record.group == int(row["group"])
        assert record.input_shape == (1, 3, height, width)
        # One device has one name here; the paper prints it without the space.
        assert record.device == row["gpu"].replace("1080ti", "1080 Ti")
        assert record.tensorrt == (row["fps_tensorrt"] == "yes")


@pytest.mark.parametrize(
    ("name", "count"), [("table-1", 7), ("table-2", 18), ("table-3", 4), ("table-4", 19)]
)
def test_rows_are_numbered_in_order_and_name_their_place(name: str, count: int) -> None:
    records = records_of(name)
    roman = {"table-1": "I", "table-2": "II", "table-3": "III", "table-4": "IV"}[name]
    assert [r.row for r in records] == list(range(count))
    assert {r.table for r in records} == {name}
    assert [r.source.place for r in records] == [
        f"Table {roman}, row {i}" for i in range(1, count + 1)
    ]


@pytest.mark.parametrize("name", ["table-1", "table-3", "table-4"])
def test_labels_belong_to_the_variants_of_the_catalogue(name: str) -> None:
    assert [r.variant for r in records_of(name)] == [VARIANTS[r.label] for r in records_of(name)]


def test_table_1_was_timed_on_one_device_at_one_size_without_tensorrt() -> None:
    for record in records_of("table-1"):
        assert record.device == "GTX 1080 Ti"
        assert record.input_shape == (1, 3, 1024, 2048)
        assert record.group is None
        assert not record.tensorrt


def test_some_cells_read_in_the_paper_itself() -> None:
    table_1 = {r.label: r.figures for r in records_of("table-1")}
    # Table I: "FC-HarDNet-70 [7]  35.4  4.10M  -  52.3  76.4": no delta p.
    assert table_1["FC-HarDNet-70"] == {
        "gflops": "35.4",
        "params_m": "4.10",
        "fps": "52.3",
        "miou": "76.4",
    }
    assert table_1["Baseline"]["delta_params_m"] == "0"
    assert table_1["+ DAPF + MDA"]["delta_params_m"] == "0.95"
    table_4 = records_of("table-4")
    # Table IV: "PSPNet  713x713  Titan X (P)  -  -  <1  <1  79.7".
    assert table_4[1].figures == {"fps": "<1", "fps_norm": "<1", "miou": "79.7"}
    assert table_4[1].device == "Titan X (P)"
    # "DF1-Seg-d8  ...  136.9*  82.9  72.4": the star is a field, not a character.
    assert table_4[8].figures["fps"] == "136.9"
    assert [r.label for r in table_4 if r.tensorrt] == ["DF1-Seg-d8", "FasterSeg"]
    # SwiftNet stands there at two sizes.
    sizes = [r.input_shape for r in table_4 if r.variant == "swiftnet-rn18"]
    assert sizes == [(1, 3, 512, 1024), (1, 3, 1024, 2048)]


def test_table_2_has_a_record_for_every_printed_output_size() -> None:
    records = records_of("table-2")
    sizes = [r.figures["output_size"] for r in records]
    assert sizes[0] == "1024×2048×3"
    assert sizes[-1] == "1024×2048×19"
    # Lines that share one output size are one row: "2D Average Pooling / HarDBlock (L=4)".
    assert records[6].figures["type"] == "2D Average Pooling; HarDBlock (L=4)"
    assert [r.figures["name"] for r in records].count("MDA") == 3
    # The footnotes: first convolution s=3 for L1, second convolution s=2 for L2.
    changed = {k: v for r in records for k, v in r.figures.items() if "." in k}
    assert changed == {
        "type.fassd-net-l1": "Conv 3×3 (s=3)",
        "type.fassd-net-l2": "Conv 3×3 (s=2)",
    }


# Table II as the text file has it spells the sizes in several ways: `$256 \times 512 \times 32$`.
SIZE = re.compile(r"(\d+)\s*(?:×|\\times)\s*(\d+)\s*(?:×|\\times)\s*(\d+)")


def paper_text() -> str:
    path = PAPER / "fassd-net.txt"
    if not path.exists():
        pytest.skip("the paper is not beside this checkout")
    return path.read_text(encoding="utf-8")


def test_table_2_has_the_sizes_of_the_paper_in_order() -> None:
    table = paper_text().split("FASSD-NET ARCHITECTURE")[1].split("Changes to (s=3)")[0]
    sizes = ["×".join(found) for found in SIZE.findall(table)]
    # The text file repeats the size that two lines share, garbled, beside the second of them.
    records = [r.figures["output_size"] for r in records_of("table-2")]
    assert [size for size in sizes if size != "120×230×30"] == records


@pytest.mark.parametrize("record", records_of("text"), ids=lambda r: r.figures["claim"])
def test_a_claim_has_the_digits_that_the_text_prints(record: ReportedRecord) -> None:
    text = re.sub(r"\$|\\times", "×", paper_text()).replace(" ", "")
    words = {"dapf-metrics": "allfourmetrics", "lighter-than-aspp": "morethanfourtimes"}
    words |= {"fastest": "thefastestnetwork", "highest-miou": "mIoUscoreofallother"}
    claim, value = record.figures["claim"], record.figures["value"].lstrip("~<>")
    assert words.get(claim, value) in text.replace("××", "×")


def test_claims_have_names_of_their_own_and_a_place() -> None:
    records = records_of("text")
    assert len({r.figures["claim"] for r in records}) == len(records) == 43
    assert [r.row for r in records] == list(range(43))
    assert all(r.source.place.startswith(("Abstract", "Section ", "Figure ")) for r in records)
    assert all({"claim", "value", "unit"} <= set(r.figures) for r in records)
