"""mIoU and IoU out of training logs: which logs count, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.logged_record import LoggedRecord, Score
from harness.records import Record
from harness.report.build import Choices, build_table
from harness.report.definition import Definition
from harness.report.miou import Choice
from harness.report.model import Cell, Table
from harness.report.row_definition import Row

from .sample import logged, profile, reported

DEFINITION = Definition(
    name="t",
    title="T",
    source="table-1",
    input_shape=(1, 3, 1024, 2048),
    convention="paper",
    baseline=None,
    columns=("method", "miou"),
    rows=(Row(variant="a", label="A"), Row(variant="b", label="B")),
)


def table(
    *records: Record, choice: Choice = "newest", definition: Definition = DEFINITION
) -> Table:
    return build_table(definition, records, Choices(miou=choice))


def miou(built: Table, row: int = 0) -> Cell:
    return built.rows[row].cells[-1]


def seed(miou: float, number: int, **changes: object) -> LoggedRecord:
    day = f"2026-01-{number:02}T00:00:00+00:00"
    return logged("a", miou, **{"file_sha256": str(number), "created": day} | changes)


def test_a_log_goes_before_a_publication_and_is_marked() -> None:
    built = table(reported("a"), reported("b"), logged("a", 0.7654))
    assert (miou(built).text, miou(built).kind) == ("76.5", "logged")
    assert miou(built).value == pytest.approx(76.54)
    assert (miou(built, 1).text, miou(built, 1).kind) == ("78.2", "reported")
    assert [marks[-1] for marks in built.marks()] == ["‡", "†"]
    assert "‡ mIoU: last validation of a training log, on val." in built.footnotes
    assert any(note.endswith("; all other figures are our own.") for note in built.footnotes)


def test_the_cell_knows_its_log() -> None:
    log = logged("a", 0.7)
    assert miou(table(log)).records == (log,)


def test_of_several_logs_the_newest_counts_and_a_warning_names_the_flag() -> None:
    built = table(seed(0.70, 2), seed(0.71, 3), seed(0.72, 1))
    assert miou(built).text == "71.0"
    assert miou(built).deviation is None
    assert built.warnings == (
        "b: no record at this input size",
        "a: the newest of 3 logs counts; `harness table --miou mean` prints their mean",
    )


def test_the_mean_is_over_every_file_with_its_deviation() -> None:
    built = table(seed(0.70, 1), seed(0.72, 2), seed(0.74, 3), choice="mean")
    # 70, 72, 74: mean 72, standard deviation of the sample sqrt((4 + 0 + 4) / 2) = 2.
    assert miou(built).text == "72.0 ± 2.0"
    assert (miou(built).value, miou(built).deviation) == (pytest.approx(72), pytest.approx(2))
    assert len(miou(built).records) == 3
    assert built.warnings == ("b: no record at this input size",)
    note = (
        "‡ mIoU: mean ± standard deviation over 3 logs, of each the last validation of a training "
        "log, on val."
    )
    assert note in built.footnotes


def test_a_mean_over_one_log_is_that_log() -> None:
    built = table(seed(0.70, 1), choice="mean")
    assert (miou(built).text, miou(built).deviation) == ("70.0", None)


def test_a_file_that_was_read_twice_counts_once_as_read_last() -> None:
    first, again = seed(0.60, 1), seed(0.70, 3, file_sha256="1")
    built = table(first, seed(0.72, 2), again, choice="mean")
    assert miou(built).text.startswith("71.0 ")
    assert miou(built).records[-1] is again
    assert table(first, again).warnings == ("b: no record at this input size",)


def test_a_mean_is_over_logs_that_are_used_alike() -> None:
    best = seed(0.80, 1, use="best")
    built = table(best, seed(0.70, 2), seed(0.72, 3), choice="mean")
    assert miou(built).text.startswith("71.0 ")
    reversed_use = table(seed(0.70, 1), seed(0.80, 2, use="best"), choice="mean")
    assert miou(reversed_use).text == "80.0"


def test_reported_leaves_logs_aside() -> None:
    built = table(reported("a"), logged("a", 0.1), choice="reported")
    assert (miou(built).text, miou(built).kind) == ("78.2", "reported")
    assert not any("‡" in note for note in built.footnotes)


def test_which_validation_was_used_stands_in_the_note() -> None:
    built = table(logged("a", 0.7, use="best"), logged("b", 0.6))
    note = "‡ mIoU: best validation of a training log, chosen by its result, on val: A."
    assert note in built.footnotes
    assert "‡ mIoU: last validation of a training log, on val: B." in built.footnotes


def test_a_log_of_another_set_does_not_count_and_is_warned_about() -> None:
    on_test = logged("a", 0.5, split="test")
    built = table(reported("a"), reported("b"), on_test)
    assert miou(built).kind == "reported"
    assert built.warnings == (
        "a: 1 log of another set than val left out (key `split` of the definition)",
    )
    other = table(on_test, reported("b"), definition=replace(DEFINITION, split="test"))
    assert miou(other).text == "50.0"
    assert "‡ mIoU: last validation of a training log, on test." in other.footnotes


def test_a_log_that_names_no_set_counts_and_the_note_says_so() -> None:
    built = table(logged("a", 0.5, split=None))
    note = "‡ mIoU: last validation of a training log, on a set that the log does not name."
    assert note in built.footnotes
    both = table(seed(0.5, 1, split=None), seed(0.5, 2), choice="mean")
    assert any(n.endswith("on a set that the log does not name.") for n in both.footnotes)


def test_a_run_that_had_not_finished_is_named() -> None:
    note = "mIoU of a run that had not finished: A."
    assert note in table(logged("a", 0.5, finished=False), logged("b", 0.5)).footnotes
    assert note not in table(logged("a", 0.5, finished=None)).footnotes


def test_a_log_of_another_network_of_that_name_does_not_count() -> None:
    built = table(profile("a", spec_sha256="c" * 64), reported("a"), logged("a", 0.5))
    assert miou(built).kind == "reported"
    assert any("older records are of another spec" in line for line in built.warnings)


def test_a_log_without_any_profile_fills_its_row() -> None:
    assert miou(table(logged("a", 0.5))).text == "50.0"


def test_a_log_under_the_networks_other_name_counts_too() -> None:
    rows = (Row(variant="a", same_as="x"), DEFINITION.rows[1])
    built = table(logged("x", 0.5), definition=replace(DEFINITION, rows=rows))
    assert miou(built).text == "50.0"


def test_a_log_names_no_input_so_it_fills_no_row_of_a_network_at_several() -> None:
    small = Row(variant="a", input_shape=(1, 3, 512, 1024))
    definition = replace(DEFINITION, rows=(*DEFINITION.rows, small))
    built = table(reported("a"), reported("b"), logged("a", 0.5), definition=definition)
    assert [miou(built, i).kind for i in range(3)] == ["reported", "reported", "absent"]
    line = "a: 1 log left out; the table has it at several input sizes, and a log names none"
    assert line in built.warnings
    # Twice at one size is no riddle, and another network's log is none either.
    twice = replace(DEFINITION, rows=(*DEFINITION.rows, Row(variant="a")))
    assert [miou(table(logged("a", 0.5), definition=twice), i).text for i in (0, 2)] == ["50.0"] * 2
    assert miou(table(logged("b", 0.5), definition=definition), 1).text == "50.0"


IOU = replace(DEFINITION, columns=("iou.road", "iou.traffic light", "iou.traffic sign", "miou"))


def test_iou_of_a_class_is_found_however_the_log_spells_it() -> None:
    classes = {"Road": 0.98, "traffic_light": 0.5, "traffic-sign": 0.4}
    road, light, sign, _ = table(logged("a", 0.7, classes=classes), definition=IOU).rows[0].cells
    assert (road.text, light.text, sign.text) == ("98.0", "50.0", "40.0")
    assert {road.kind, light.kind} == {"logged"}


def test_iou_is_that_of_the_validation_that_was_used() -> None:
    best = Score(miou=0.8, step=1, per_class_iou={"road": 0.9})
    log = logged("a", 0.7, classes={"road": 0.6}, best=best)
    assert table(log, definition=IOU).rows[0].cells[0].text == "60.0"
    used = replace(log, use="best", miou=0.8)
    assert table(used, definition=IOU).rows[0].cells[0].text == "90.0"


def test_a_class_that_the_log_lacks_is_absent_even_where_it_was_published() -> None:
    # mIoU of a log beside IoU of a publication would be two networks in one row.
    published = reported("a", figures={"iou.road": "98.0", "miou": "70.0"})
    built = table(published, logged("a", 0.5), definition=IOU)
    assert [cell.kind for cell in built.rows[0].cells] == ["absent"] * 3 + ["logged"]
    assert "– in a class: the log lists no IoU of it." in built.footnotes


def test_a_mean_of_a_class_needs_every_log() -> None:
    first = seed(0.5, 1, classes={"road": 0.9})
    second = seed(0.5, 2, classes={"road": 0.7})
    built = table(first, second, choice="mean", definition=IOU)
    # 90 and 70: mean 80, standard deviation sqrt(200) = 14.1.
    assert built.rows[0].cells[0].text == "80.0 ± 14.1"
    lacking = seed(0.5, 2, classes=None)
    assert table(first, lacking, choice="mean", definition=IOU).rows[0].cells[0].kind == "absent"


def test_a_table_without_accuracy_says_nothing_of_logs() -> None:
    definition = replace(DEFINITION, columns=("method", "params"))
    built = table(profile("a"), profile("b"), seed(0.5, 1), seed(0.6, 2), definition=definition)
    assert built.warnings == ()
    assert not any("‡" in note for note in built.footnotes)
