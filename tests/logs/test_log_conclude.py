"""Where a log allows two answers it is refused, with the flag that decides."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RunFailed
from harness.logged_record import LogReading
from harness.logs import Choice, read_log
from harness.logs.conclude import conclude
from harness.logs.figure import Figure, figure, float32_figure, json_figure
from harness.logs.found import Found, Validation, add_class
from harness.logs.names import class_of, is_iou, is_miou, split_of


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_text(text: str, **choice: Any) -> LogReading:
        path = tmp_path / "log"
        path.write_text(text)
        return read_log(path, Choice(**choice)).reading

    return read_text


def test_a_unit_is_told_by_the_numbers_where_they_can_tell(read: Any) -> None:
    assert read("epoch,mIoU\n1,0.3\n2,0.5\n").unit == "fraction"
    assert read("epoch,mIoU\n1,30\n2,50\n").final.miou == 0.5
    assert read("epoch,mIoU\n1,30%\n2,0.5%\n").final.miou == 0.005


@pytest.mark.parametrize("values", ["1.3", "0.5\n1.3", "0.5\n71.2", "1\n71.2"])
def test_numbers_that_may_be_either_unit_need_the_flag(read: Any, values: str) -> None:
    with pytest.raises(RunFailed, match="--unit decides"):
        read(f"mIoU\n{values}\n")
    assert read(f"mIoU\n{values}\n", unit="percent").unit == "percent"


def test_a_miou_that_is_none_is_refused(read: Any) -> None:
    with pytest.raises(RunFailed, match="as percent must be 0 to 100, got 130"):
        read("mIoU\n50\n130\n")
    with pytest.raises(RunFailed, match=r"as fraction must be 0 to 1, got 1\.3"):
        read("Mean IoU : \t 1.3\n")
    with pytest.raises(RunFailed, match=r"as fraction must be 0 to 1, got -0\.1"):
        read("mIoU\n-0.1\n0.5\n")
    with pytest.raises(RunFailed, match=r"as fraction must be 0 to 1, got 71"):
        read("mIoU\n71\n", unit="fraction")
    with pytest.raises(RunFailed, match=r"IoU of 'car' must be 0 to 1, got 1\.5"):
        read('{"mIoU": 0.5, "IoU.car": 1.5}')
    with pytest.raises(RunFailed, match="the last mIoU must be a number, got nan"):
        read("epoch,mIoU\n1,0.5\n2,nan\n")


def test_a_nan_before_the_end_is_counted_and_noted(read: Any) -> None:
    reading = read("epoch,mIoU\n1,nan\n2,0.5\n")
    assert (reading.validations, reading.best.step) == (2, 2)
    assert "1 of 2 validations are NaN" in reading.notes


def test_a_unit_that_the_log_says_is_not_overruled(read: Any) -> None:
    with pytest.raises(RunFailed, match="--unit percent: the log says fraction"):
        read("Mean IoU : \t 0.5\n", unit="percent")


def test_with_and_without_a_percent_sign_is_refused(read: Any) -> None:
    text = "Iter 1/3\nval mIoU: 0.38\nIter 2/3\nval mIoU: 39.2%\nIter 3/3\nval mIoU: 0.39\n"
    with pytest.raises(
        RunFailed, match=r"with % \(up to 39.2\) and without \(0.38 to 0.39\); --unit decides"
    ):
        read(text)
    # 0.38, 39.2%, 0.39: the second is the best of them, or the only one that is not below 1%.
    fraction, percent = read(text, unit="fraction"), read(text, unit="percent")
    assert (fraction.final.miou, fraction.best.miou, fraction.best.step) == (0.39, 0.392, 2)
    assert (percent.final.miou, percent.best.miou, percent.best.step) == (0.0039, 0.392, 2)
    assert any("read as percent (--unit)" in note for note in percent.notes)
    higher = read(text.replace("0.38", "0.393"), unit="fraction")
    assert (higher.best.miou, higher.best.step, higher.unit) == (0.393, 1, "fraction")


def test_several_mious_need_the_flag_and_it_takes_the_one_named(read: Any) -> None:
    text = "epoch,student_miou,teacher_miou,train_miou\n1,0.4,0.6,0.9\n2,0.5,0.6,0.9\n"
    with pytest.raises(
        RunFailed, match=r"several mIoU, --metric decides: 'student_miou', 'teacher_miou'$"
    ):
        read(text)
    assert read(text, metric="student_miou").final.miou == 0.5
    assert read(text, metric="teacher_miou").final.miou == 0.6
    with pytest.raises(RunFailed, match="did you mean teacher_miou"):
        read(text, metric="teacher_mio")


def test_validation_comes_before_test_and_the_other_is_noted(read: Any) -> None:
    text = "epoch,test_miou,val_miou\n1,0.4,0.6\n"
    reading = read(text)
    assert (reading.split, reading.final.miou) == ("val", 0.6)
    assert any(
        "test_miou on test, last 0.4 (--metric 'test_miou' reads it)" in note
        for note in reading.notes
    )
    assert read(text, split="test").final.miou == 0.4
    with pytest.raises(RunFailed, match="--split val: it has only test"):
        read("epoch,test_miou\n1,0.4\n", split="val")


def test_a_split_that_a_file_does_not_say_is_the_users_to_say(read: Any) -> None:
    assert read("mIoU\n0.4\n").split is None
    assert read("mIoU\n0.4\n", split="test").split == "test"


def test_steps_that_go_back_are_several_runs_and_need_the_flag(read: Any) -> None:
    text = "epoch,mIoU\n1,0.4\n2,0.7\n1,0.5\n2,0.6\n"
    with pytest.raises(RunFailed, match=r"--run decides: 1: 2 validations, the last at 2; 2: 2 va"):
        read(text)
    assert (read(text, run=1).best.miou, read(text, run=2).best.miou) == (0.7, 0.6)
    with pytest.raises(RunFailed, match="--run must be 1 to 2, got 3"):
        read(text, run=3)


def test_best_is_the_earliest_of_equals() -> None:
    found = Found()
    for step, value in ((1, "0.5"), (2, "0.7"), (3, "0.7"), (4, "0.6")):
        found.add(Validation(miou=figure(value), unit="fraction", step=step))
    reading = conclude("a", "b", found, Choice())
    assert (reading.best.step, reading.final.step, reading.validations) == (2, 4, 4)


def test_a_run_that_ends_early_is_unfinished_and_one_that_does_not_say_is_unknown() -> None:
    for reached, planned, finished in ((100, 200, False), (200, 200, True), (200, None, None)):
        found = Found(step_unit="iteration", reached=reached, planned=planned)
        found.add(Validation(miou=figure("0.5"), unit="fraction", step=100))
        assert conclude("a", "b", found, Choice()).finished is finished


def test_a_log_without_validations_says_how_far_it_goes() -> None:
    found = Found(step_unit="iteration", reached=100, planned=200)
    with pytest.raises(RunFailed, match="no mIoU in it, 0 validations up to iteration 100 of 200"):
        conclude("a", "b", found, Choice())


def test_the_mean_of_the_classes_is_held_to_the_digits_printed() -> None:
    def notes(miou: str, *classes: str) -> tuple[str, ...]:
        found = Found(finished=True)
        each = {str(i): figure(c) for i, c in enumerate(classes)}
        found.add(
            Validation(miou=figure(miou), unit="percent", classes=each, classes_unit="percent")
        )
        return conclude("a", "b", found, Choice()).notes

    assert notes("55.01", "50.01", "60.00") == ()  # 55.005, within the last digit
    [note] = notes("55.03", "50.01", "60.00")
    assert "the mean of the 2 classes listed is 0.5500, not the mIoU 0.5503 stated" in note
    [note] = notes("36.67", "50.00", "60.00")  # 110 / 3
    assert "1 more of 0 would make it so" in note
    [note] = notes("75.00", "50.00", "60.00", "40.00")  # 150 / 2
    assert "more of 0" not in note


def test_what_a_name_says() -> None:
    for name in ("mIoU", "val_miou", "Mean IoU : \t", "mean_iou", "meanIoU", "val/mIoU", "MIOU"):
        assert is_miou(name), name
    for name in (
        "train_miou",
        "training/mIoU",
        "fwIoU",
        "miou_loss",
        "best_mIoU",
        "per_image_miou",
        "iou",
        "IoU.x",
    ):
        assert not is_miou(name), name
    assert is_iou("valid_dataset_iou")
    assert is_iou("val/jaccard_index")
    assert not is_iou("valid_per_image_iou")
    assert not is_iou("IoU.road")
    assert [split_of(n) for n in ("valid_iou", "test/miou", "mIoU")] == ["val", "test", None]
    names = ("IoU.traffic light", "val_metrics/cls_3", "val_iou_road", "IoU-car", "cls_loss",
             "per_class_iou/road", "mIoU", "train_iou_road")  # fmt: skip
    assert [class_of(n) for n in names] == [
        "traffic light", "3", "road", "car", None, "road", None, None,
    ]  # fmt: skip


def test_numbers_keep_the_place_of_their_last_digit() -> None:
    assert figure("38.25").place == pytest.approx(0.01)
    assert figure("4.2e-05").place == pytest.approx(1e-6)
    assert figure("7").place == 1
    assert figure("nan").missing
    assert json_figure(True) is None
    assert json_figure("0.5") is None
    missing = json_figure(json.loads("1" + "0" * 400))
    assert missing is not None
    assert missing.missing
    assert float32_figure(0.4000000059604645).value == 0.4


def test_two_validations_at_one_step_are_of_one_run() -> None:
    found = Found()
    for value in ("0.5", "0.6"):
        found.add(Validation(miou=figure(value), unit="fraction", step=7))
    assert conclude("a", "b", found, Choice()).validations == 2


def test_of_many_mious_a_message_lists_ten(read: Any) -> None:
    names = ",".join(f"m{i}_miou" for i in range(30))
    text = f"epoch,{names}\n1,{','.join(['0.5'] * 30)}\n"
    with pytest.raises(RunFailed, match=r"'m0_miou', .*'m9_miou' and 20 more$"):
        read(text)
    with pytest.raises(RunFailed, match=r"known: 'm0_miou', .*'m9_miou' and 20 more$"):
        read(text, metric="zzz")
    left_out = [note for note in read(text, metric="m3_miou").notes if "left out" in note]
    assert left_out == []  # named, so that nobody was to choose


def test_a_figure_left_out_is_named_with_the_flag_that_reads_it(read: Any) -> None:
    text = "epoch,miou,val_miou\n1,0.4,0.6\n"
    [note] = [note for note in read(text).notes if "left out" in note]
    assert note == "left out: miou on an unnamed split, last 0.4 (--metric 'miou' reads it)"
    assert read(text, metric="miou").final.miou == 0.4


def test_a_run_that_was_chosen_is_in_the_notes_and_one_alone_is_not(read: Any) -> None:
    text = "epoch,mIoU\n1,0.4\n2,0.7\n1,0.5\n"
    assert "run 2 of the 2 in the file (--run)" in read(text, run=2).notes
    assert not any("run 1" in note for note in read("epoch,mIoU\n1,0.4\n", run=1).notes)


def test_what_a_flag_decided_is_in_the_notes_and_what_the_log_says_is_not(read: Any) -> None:
    decided = " ".join(read("mIoU\n0.4\n", unit="percent", split="val").notes)
    assert "read as percent (--unit)" in decided
    assert "said to be val (--split)" in decided
    said = " ".join(read("epoch,val_miou\n1,40%\n", unit="percent", split="val").notes)
    assert "--unit" not in said
    assert "--split" not in said


def test_a_log_holds_no_more_than_2000_classes() -> None:
    classes: dict[str, Figure] = {}
    for i in range(3000):
        add_class(classes, str(i), figure("0.5"))
    assert len(classes) == 2000


@pytest.mark.parametrize("text", ["1_0", "\N{ARABIC-INDIC DIGIT FIVE}", "0x1", "", "-"])
def test_what_only_python_takes_for_a_number_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|convert"):
        figure(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1, "0.1"), (3.4028234663852886e38, "3.4028235e+38"), (1 / 3, "0.33333334")],
)
def test_a_float32_is_the_shortest_decimal_that_stands_for_it(value: float, text: str) -> None:
    single = struct.unpack("f", struct.pack("f", value))[0]
    assert float32_figure(single).text == text


def test_a_log_holds_no_more_than_1000_runs_and_the_last_of_them_ends_where_it_ended() -> None:
    found = Found()
    for step in range(1100, 0, -1):
        found.add(Validation(miou=figure("0.5"), unit="fraction", step=step))
    found.add(Validation(miou=figure("0.9"), unit="fraction", step=2000))
    assert len(found.series) == 1000
    assert [series.count for series in found.series.values()] == [1] * 1000


def test_of_equals_in_two_units_the_earlier_is_best_and_the_unit_is_that_of_the_final(
    read: Any,
) -> None:
    text = "".join(
        f"Iter {i}/4\nmIoU: {miou}\n"
        for i, miou in enumerate(("0.3", "40%", "0.4", "20%"), start=1)
    )
    reading = read(text, unit="fraction")
    assert (reading.best.miou, reading.best.step) == (0.4, 2)
    assert (reading.final.miou, reading.unit) == (0.2, "percent")


def test_the_same_figure_on_another_split_is_read_by_split() -> None:
    found = Found()
    for split, value in (("val", "0.5"), ("test", "0.4")):
        found.add(Validation(miou=figure(value), unit="fraction", split=split))  # type: ignore[arg-type]
    notes = conclude("a", "b", found, Choice()).notes
    assert "left out: mIoU on test, last 0.4 (--split test reads it)" in notes
    assert conclude("a", "b", found, Choice(split="test")).final.miou == 0.4


def test_a_log_that_goes_on_behind_its_last_validation_says_so() -> None:
    def notes(reached: int) -> str:
        found = Found(step_unit="iteration", reached=reached, planned=200)
        found.add(Validation(miou=figure("0.5"), unit="fraction", step=100))
        return " ".join(conclude("a", "b", found, Choice()).notes)

    assert "the last validation is at iteration 100, the log goes on to 150" in notes(150)
    assert "goes on" not in notes(100)
