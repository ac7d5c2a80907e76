"""Every format, on a log of our own: what is final, what is best, and at which step."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.errors import RunFailed
from harness.logged_record import LogReading
from harness.logs import Choice, read_log

FIXTURES = Path(__file__).parent / "fixtures"


def read(name: str, **choice: object) -> LogReading:
    return read_log(FIXTURES / name, Choice(**choice)).reading  # type: ignore[arg-type]


@dataclass(frozen=True)
class Expected:
    """A reading in short: mIoU and step of the last and of the best validation, and the rest."""

    format: str
    final: tuple[float, int | None]
    best: tuple[float, int | None]
    classes: dict[str, float] | None
    validations: int
    finished: bool | None
    unit: str
    step_unit: str | None = None
    split: str | None = "val"
    metric: str = "mIoU"


TWO = {"background": 0.89, "building": 0.69}
ROAD_CAR = {"road": 0.89, "car": 0.69}
EXPECTED = {
    "ptsemseg_train_logger.log": Expected(
        "ptsemseg", (0.45, 200), (0.5, 100), {"0": 0.65, "1": 0.25}, 2, True, "fraction",
        "iteration",
    ),
    "ptsemseg_train_console.txt": Expected(
        "ptsemseg", (0.5, 100), (0.5, 100), {"0": 0.7, "1": 0.3}, 1, False, "fraction", "iteration"
    ),
    "ptsemseg_validate.txt": Expected(
        "ptsemseg", (0.525, None), (0.525, None), {"0": 0.7, "1": 0.35}, 1, True, "fraction"
    ),
    "mmseg0_text.log": Expected(
        "mmseg0-text", (0.79, 200), (0.8, 100), TWO, 2, True, "fraction", "iteration"
    ),
    "mmseg0_epochs.log": Expected(
        "mmseg0-text", (0.4, 2), (0.4, 2), None, 2, False, "fraction", "epoch"
    ),
    "mmseg0_test_tables.txt": Expected(
        "mmseg0-text", (0.95, None), (0.95, None), {"road": 0.98, "car": 0.92}, 1, True, "percent"
    ),
    "mmseg0.log.json": Expected(
        "mmseg0-json", (0.79, 200), (0.8, 100), ROAD_CAR, 2, True, "fraction", "iteration"
    ),
    "mmseg0_epochs.log.json": Expected(
        "mmseg0-json", (0.81, 2), (0.81, 2), None, 2, True, "fraction", "epoch"
    ),
    "mmseg1_text.log": Expected(
        "mmseg1-text", (0.83, 200), (0.84, 100), {"road": 0.97, "car": 0.69}, 2, True, "percent",
        "iteration",
    ),
    "mmseg1_epochs.log": Expected(
        "mmseg1-text", (0.45, 2), (0.45, 2), None, 2, False, "percent", "epoch"
    ),
    "mmseg1_test.log": Expected(
        "mmseg1-text", (0.778, None), (0.778, None), None, 1, True, "percent", split="test"
    ),
    "mmseg1.scalars.json": Expected(
        "mmseg1-scalars", (0.7665, 200), (0.7674, 100), None, 2, True, "percent", "iteration"
    ),
    # The second summary repeats the first: PIDNet did not validate in epoch 1.
    "pidnet.log": Expected(
        "hrnet", (0.59, 2), (0.6000000000000001, 0), {"0": 0.9, "1": 0.5, "2": 0.37}, 2, True,
        "fraction", "epoch",
    ),
    "hrnet_single_head.log": Expected(
        "hrnet", (0.45, 1), (0.45, 1), {"0": 0.6, "1": 0.3}, 2, False, "fraction", "epoch"
    ),
    "torchseg_eval.log": Expected(
        "torchseg", (0.79, 79), (0.8, 78), {"road": 0.91, "traffic light": 0.67}, 2, True,
        "percent", "epoch",
    ),
    "fasterseg_train.txt": Expected(
        "torchseg", (0.39, 2), (0.4, 0), None, 2, True, "fraction", "epoch", metric="student"
    ),
    "coincheung_train.log": Expected(
        "coincheung", (0.7439123, 200), (0.7439123, 200), None, 1, True, "fraction", "iteration",
        metric="single_scale",
    ),
    # The first table is of F1, where the same columns hold 0.885.
    "coincheung_tables.log": Expected(
        "coincheung", (0.75, 200), (0.75, 200), {"0": 0.9, "1": 0.6}, 1, True, "fraction",
        "iteration", metric="single_scale",
    ),
    "mmseg0_test_stdout.txt": Expected(
        "mmseg0-text", (0.94, None), (0.94, None), {"road": 0.97, "car": 0.91}, 1, True, "percent"
    ),
    "mmseg1_killed_in_the_last_epoch.log": Expected(
        "mmseg1-text", (0.4, 1), (0.4, 1), None, 1, False, "percent", "epoch"
    ),
    # A terminal of 75 columns: `Val mIoU: 3` and `8.25%`, `Val mIoU: 37.8` and `1%`.
    "console_wrapped.txt": Expected(
        "console", (0.3781, 2000), (0.3825, 1000), {"road": 0.75, "car": 0.0062}, 2, True,
        "percent", "iteration", metric="Val mIoU",
    ),
    # Three mIoU a line, of which that of the training set is a fraction and does not count.
    "console_one_line.txt": Expected(
        "console", (0.57, 2), (0.58, 1), None, 3, True, "percent", "epoch", metric="val mIoU"
    ),
    # 0.5 x 3 classes is 0.8 + 0.7 + 0.
    "ptsemseg_missing_class.txt": Expected(
        "ptsemseg", (0.5, None), (0.5, None), {"0": 0.8, "1": 0.7}, 1, True, "fraction"
    ),
    "detectron2_metrics.json": Expected(
        "detectron2-json", (0.585, 1000), (0.6, 499), {"road": 0.89, "car": 0.28}, 2, True,
        "percent", "iteration", metric="sem_seg/mIoU",
    ),
    "lightning_metrics.csv": Expected(
        "lightning-csv", (0.59, 49), (0.6, 24), {"car": 0.28, "road": 0.9}, 2, None, "fraction",
        "iteration", metric="val_miou",
    ),
    "columns.csv": Expected(
        "csv", (0.59, 2), (0.605, 1), {"road": 0.9, "car": 0.28}, 2, None, "percent", "epoch",
        split=None,
    ),
    "columns.json": Expected(
        "json", (0.6, 3), (0.7, 2), {"road": 0.8, "car": 0.4}, 3, None, "fraction", "epoch",
        metric="val/mIoU",
    ),
    "rows.jsonl": Expected(
        "json-lines", (0.45, 200), (0.5, 100), None, 2, None, "fraction", "iteration",
        metric="val_miou",
    ),
    # Iterations begin again in each epoch, so that the step is the epoch.
    "console.txt": Expected(
        "console", (0.4, 2), (0.5, 1), {"road": 0.7, "traffic light": 0.1}, 2, False, "fraction",
        "epoch", metric="Validation mIoU",
    ),
    "cityscapesscripts.stdout.txt": Expected(
        "cityscapesscripts-text", (0.7, None), (0.7, None),
        {"road": 0.9, "traffic light": 0.5, "person": 0.7}, 1, True, "fraction",
    ),
    "cityscapesscripts.json": Expected(
        "cityscapesscripts-json", (0.7, None), (0.7, None),
        {"road": 0.9, "traffic light": 0.5, "person": 0.7}, 1, True, "fraction",
    ),
    "cityscapes_server.csv": Expected(
        "cityscapes-server-csv", (0.805, None), (0.805, None), {"road": 0.975, "person": 0.635},
        1, True, "percent", split="test",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_each_format_is_recognised_and_read(name: str) -> None:
    got = read(name)
    found = Expected(
        got.format,
        (got.final.miou, got.final.step),
        (got.best.miou, got.best.step),
        got.final.per_class_iou,
        got.validations,
        got.finished,
        got.unit,
        got.step_unit,
        got.split,
        got.metric,
    )
    assert found == EXPECTED[name]


def test_every_fixture_is_expected_to_be_something() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == set(EXPECTED)


def test_a_log_is_recognised_by_what_is_in_it_and_not_by_its_name(tmp_path: Path) -> None:
    for name, expected in EXPECTED.items():
        path = tmp_path / "renamed.bin"
        path.write_bytes((FIXTURES / name).read_bytes())
        assert read_log(path, Choice()).reading.format == expected.format


def test_the_best_validation_keeps_its_own_classes() -> None:
    assert read("mmseg1_text.log").best.per_class_iou == {"road": 0.98, "car": 0.7}
    assert read("pidnet.log").best.per_class_iou == {"0": 0.9, "1": 0.5, "2": 0.4}


def test_of_several_heads_the_last_one_counts_and_a_note_says_so() -> None:
    assert any("several heads" in note for note in read("pidnet.log").notes)
    assert not any("several heads" in note for note in read("hrnet_single_head.log").notes)


def test_summaries_that_repeat_a_validation_are_noted() -> None:
    assert any("repeat" in note for note in read("pidnet.log").notes)


def test_the_teacher_is_left_out_and_can_be_asked_for() -> None:
    assert any("teacher" in note and "0.51" in note for note in read("fasterseg_train.txt").notes)
    teacher = read("fasterseg_train.txt", metric="teacher")
    assert (teacher.final.miou, teacher.best.miou) == (0.51, 0.51)


def test_the_other_ways_to_evaluate_can_be_asked_for() -> None:
    notes = read("coincheung_train.log").notes
    assert sum("left out" in note for note in notes) == 3
    assert read("coincheung_train.log", metric="ms_flip").final.miou == 0.761


def test_a_torn_last_line_of_json_is_passed_over_and_noted() -> None:
    assert any("not JSON" in note for note in read("rows.jsonl").notes)
    assert not any("not JSON" in note for note in read("mmseg0.log.json").notes)


def test_the_mmseg_table_alone_is_in_percent_and_its_nan_class_is_named() -> None:
    assert any(n.endswith("left out: train") for n in read("mmseg0_test_tables.txt").notes)


def test_what_is_printed_and_logged_counts_once(tmp_path: Path) -> None:
    log = tmp_path / "both.txt"
    log.write_text(
        "Iter [100/200]  Loss: 1.5  Time/Image: 0.1\n"
        "Mean IoU : \t 0.5\nINFO:ptsemseg:Mean IoU : \t: 0.5\n"
        "0 0.7\nINFO:ptsemseg:0: 0.7\n1 0.3\nINFO:ptsemseg:1: 0.3\n"
    )
    reading = read_log(log, Choice()).reading
    assert (reading.validations, reading.final.per_class_iou) == (1, {"0": 0.7, "1": 0.3})


def test_nineteen_classes_without_names_are_cityscapes_and_a_note_says_so(tmp_path: Path) -> None:
    log = tmp_path / "val.txt"
    log.write_text("Mean IoU : \t 0.5\n" + "".join(f"{c} 0.5{c:02}\n" for c in range(19)))
    reading = read_log(log, Choice()).reading
    classes = reading.final.per_class_iou
    assert classes is not None
    assert list(classes)[:2] == ["road", "sidewalk"]
    assert (classes["road"], classes["bicycle"]) == (0.5, 0.518)
    assert any("Cityscapes" in note for note in reading.notes)


def test_a_stated_best_from_before_the_log_begins_is_noted_and_not_taken(tmp_path: Path) -> None:
    log = tmp_path / "resumed.log"
    text = (FIXTURES / "hrnet_single_head.log").read_text()
    log.write_text(text.replace("Best_mIoU:  0.4500", "Best_mIoU:  0.7200"))
    reading = read_log(log, Choice()).reading
    assert reading.best.miou == 0.45
    assert any("0.72" in note for note in reading.notes)


def test_a_log_cut_off_inside_an_array_keeps_what_came_before(tmp_path: Path) -> None:
    log = tmp_path / "cut.log"
    text = (FIXTURES / "pidnet.log").read_text()
    log.write_text(text[: text.rindex(" 0.37000000] 0.59")])
    reading = read_log(log, Choice()).reading
    # Head 0 of epoch 2 is whole (0.49), head 1, the network's answer, is cut.
    assert (reading.final.miou, reading.validations) == (0.6000000000000001, 1)
    assert reading.finished is False
    assert any("cut off" in note for note in reading.notes)


def test_a_table_that_disagrees_with_its_line_is_noted(tmp_path: Path) -> None:
    log = tmp_path / "mmseg.log"
    text = (FIXTURES / "mmseg0_text.log").read_text()
    log.write_text(text.replace("| 95.11 | 80.00 |", "| 95.11 | 81.00 |"))
    assert any("the line was read" in note for note in read_log(log, Choice()).reading.notes)


def test_detectron2_without_semantic_segmentation_says_what_is_missing(tmp_path: Path) -> None:
    log = tmp_path / "metrics.json"
    log.write_text('{"iteration": 19, "total_loss": 2.1}\n{"iteration": 20, "segm/AP": 71.4}\n')
    with pytest.raises(RunFailed, match="no mIoU in it, it has no key sem_seg/mIoU"):
        read_log(log, Choice())


def text_reading(tmp_path: Path, text: str) -> LogReading:
    path = tmp_path / "log"
    path.write_text(text)
    return read_log(path, Choice()).reading


def test_a_validation_without_a_table_has_no_classes(tmp_path: Path) -> None:
    text = (FIXTURES / "mmseg1_text.log").read_text()
    last = text.splitlines()[-1]
    reading = text_reading(tmp_path, f"{text}{last}\n")
    assert (reading.validations, reading.final.per_class_iou) == (3, None)


def test_detectron2_with_time_left_is_unfinished(tmp_path: Path) -> None:
    text = (FIXTURES / "detectron2_metrics.json").read_text()
    reading = text_reading(tmp_path, text.replace('"eta_seconds": 0.0', '"eta_seconds": 9.5'))
    assert reading.finished is False


def test_scalars_whose_rate_is_not_0_do_not_say_whether_the_run_finished(tmp_path: Path) -> None:
    text = (FIXTURES / "mmseg1.scalars.json").read_text()
    reading = text_reading(tmp_path, text.replace('"lr": 0.0,', '"lr": 0.001,'))
    assert reading.finished is None


def test_ptsemseg_ends_at_its_last_validation_though_no_line_is_printed(tmp_path: Path) -> None:
    reading = text_reading(
        tmp_path,
        "Iter [200/205]  Loss: 1.5  Time/Image: 0.1\nIter 205 Val Loss: 0.4\nMean IoU : \t 0.5\n",
    )
    assert (reading.final.step, reading.finished) == (205, True)


def test_classes_of_another_split_are_left_alone(tmp_path: Path) -> None:
    reading = text_reading(
        tmp_path, "epoch,val_miou,test_miou,val_iou_road,test_iou_road\n1,0.5,0.6,0.5,0.6\n"
    )
    assert reading.final.per_class_iou == {"road": 0.5}


@pytest.mark.parametrize("other", ["train mIoU: 0.9", "Best mIoU: 0.5", "training mIoU 0.9"])
def test_a_console_line_about_training_or_the_best_is_no_validation(
    tmp_path: Path, other: str
) -> None:
    reading = text_reading(tmp_path, f"Epoch 1/1\n{other}\nmIoU: 0.4\n{other}\n")
    assert (reading.validations, reading.final.miou, reading.metric) == (1, 0.4, "mIoU")
    assert not any("left out" in note for note in reading.notes)


def test_a_number_that_a_terminal_broke_is_joined_and_noted() -> None:
    assert any("broke over two lines" in note for note in read("console_wrapped.txt").notes)
    assert not any("broke over two lines" in note for note in read("console.txt").notes)


LINE = "Iter 1000/2000 | Loss: 0.6320 | LR: 0.0004 | "  # as wide as a terminal may be


@pytest.mark.parametrize(
    ("lines", "miou"),
    [
        (f"{LINE}mIoU: 38.\n25%\n", 0.3825),
        (f"{LINE}mIoU: 38.25\n%\n", 0.3825),
        (f"{LINE}mIoU: 0.38\n25\n", 0.3825),
        (f"{LINE}mIoU: 0.38\n25 | Acc: 0.9\n", 0.3825),
        (f"{LINE}mIoU:\n 38.25% | Acc: 90%\n", 0.3825),
        # What follows is no rest of a number: classes, times, rows of a table, other words.
        (f"{LINE}mIoU: 0.38\n1 0.98\n", 0.38),
        (f"{LINE}mIoU: 0.38\n1: 0.98\n", 0.38),
        (f"{LINE}mIoU: 0.38\n1 | 0.98\n", 0.38),
        (f"{LINE}mIoU: 0.38\n2026-03-31 08:36:23 done\n", 0.38),
        (f"{LINE}mIoU: 0.38\n12:30:01 done\n", 0.38),
        (f"{LINE}mIoU: 0.38\n 25\n", 0.38),
        (f"{LINE}mIoU: 0.38\n", 0.38),
        # Too short a line for a terminal to break.
        ("mIoU: 0.38\n25\n", 0.38),
    ],
)
def test_only_what_can_be_the_rest_of_a_number_is_joined_to_it(
    tmp_path: Path, lines: str, miou: float
) -> None:
    assert text_reading(tmp_path, lines).final.miou == miou


@pytest.mark.parametrize(
    ("line", "miou"),
    [
        ("{'mIoU': np.float64(0.38), 'acc': np.float64(0.9)}", 0.38),
        ("mIoU: tensor(0.38, device='cuda:0')", 0.38),
        ("mIoU (%) = 38.25", 0.3825),
        ("Mean IoU = 38.25 %", 0.3825),
        ("softmax loss 0.2, mIoU 0.38", 0.38),
        ("[INFO] train.py:120 epoch done, mean_iou is 0.38", 0.38),
        (
            "best epoch so far 3; train loss 0.1, train mIoU: 0.9; val loss 0.2, val mIoU: 0.38",
            0.38,
        ),
    ],
)
def test_the_ways_in_which_people_print_a_miou(tmp_path: Path, line: str, miou: float) -> None:
    reading = text_reading(tmp_path, f"a log\n{line}\n")
    assert (reading.final.miou, reading.validations) == (miou, 1)


def test_a_console_log_of_nothing_but_training_says_what_was_left_out(tmp_path: Path) -> None:
    with pytest.raises(
        RunFailed, match="of the training set or of the best so far are not counted"
    ):
        text_reading(tmp_path, "Epoch 1/2\ntrain mIoU: 0.9\nbest mIoU: 0.5\n")


def test_the_best_so_far_is_no_progress(tmp_path: Path) -> None:
    text = "Epoch 3/4\nmIoU: 0.4\nbest mIoU 0.5 at epoch 1\nmIoU: 0.45\n"
    reading = text_reading(tmp_path, text)
    assert (reading.final.miou, reading.final.step, reading.validations) == (0.45, 3, 2)


@pytest.mark.parametrize("epoch", ["Epoch 2/2", "Epoch: [2/2]"])
def test_an_epoch_that_began_is_not_over(tmp_path: Path, epoch: str) -> None:
    text = f"Epoch 1/2\nmIoU: 0.4\n{epoch}\n"
    assert text_reading(tmp_path, text).finished is False
    assert text_reading(tmp_path, f"{text}mIoU: 0.5\n").finished is True


def test_an_epoch_of_mmsegmentation_0_that_began_is_not_over(tmp_path: Path) -> None:
    text = (FIXTURES / "mmseg0_epochs.log").read_text()
    line = text.splitlines()[3].replace("Epoch [2][50/371]", "Epoch [3][350/371]")
    begun = text_reading(tmp_path, f"{text}{line}\n")
    assert (begun.finished, begun.final.step) == (False, 2)
    saved = "2026-03-30 08:41:10,210 - mmseg - INFO - Saving checkpoint at 3 epochs\n"
    assert text_reading(tmp_path, f"{text}{line}\n{saved}").finished is True
    assert text_reading(tmp_path, text + line.replace("350/371", "371/371") + "\n").finished is True
    rows = (FIXTURES / "mmseg0_epochs.log.json").read_text().splitlines()
    assert text_reading(tmp_path, "\n".join(rows[:-1]) + "\n").finished is False


@pytest.mark.parametrize(
    ("text", "miou"),
    [
        # Each has a word that one of the known formats is recognised by.
        ("Epoch 1/1\nval mIoU: 0.4, Best_mIoU: 0.4\n", 0.4),
        ("Epoch 1/1\nmean_IU: 0.4\n", 0.4),
        ('{"iteration": 10, "loss": 0.5}\n{"iteration": 10, "val_miou": 0.4}\n', 0.4),
        ('{"mode": "train", "loss": 0.5}\n{"mode": "eval", "val_miou": 0.4}\n', 0.4),
    ],
)
def test_a_log_that_only_looks_like_a_known_format_is_read_by_the_general_rules(
    tmp_path: Path, text: str, miou: float
) -> None:
    reading = text_reading(tmp_path, text)
    assert reading.format in ("console", "json-lines")
    assert reading.final.miou == miou


def test_a_sentence_with_commas_is_no_header_of_a_csv(tmp_path: Path) -> None:
    reading = text_reading(tmp_path, "computing mIoU, this takes long\nmIoU: 0.4\n")
    assert (reading.format, reading.final.miou) == ("console", 0.4)


def test_one_column_of_a_csv_may_be_in_percent_and_another_not(tmp_path: Path) -> None:
    text = "epoch,val_miou,test_miou,val_iou_road\n1,50.5%,0.4,60%\n"
    reading = text_reading(tmp_path, text)
    assert (reading.final.miou, reading.unit) == (0.505, "percent")
    assert reading.final.per_class_iou == {"road": 0.6}
    path = tmp_path / "log"
    test = read_log(path, Choice(split="test")).reading
    assert (test.final.miou, test.unit) == (0.4, "fraction")


def test_rows_of_a_csv_that_hold_another_thing_than_numbers_are_named_by_their_line(
    tmp_path: Path,
) -> None:
    with pytest.raises(RunFailed, match=r"line 4: 'mIoU' must be a number, got 'high'"):
        text_reading(tmp_path, "epoch,mIoU\n\n1,0.5\n2,high\n")
    with pytest.raises(RunFailed, match=r"line 2 must have 2 cells, got 3"):
        text_reading(tmp_path, "epoch,mIoU\n1,0.5,0.6\n")
    with pytest.raises(RunFailed, match=r"line 2: no CSV \(field larger"):
        text_reading(tmp_path, "Challenge,Method\npixel," + "x" * 200_000 + "\n")
    with pytest.raises(RunFailed, match=r"'mIoU' must be a number, got '1_0'"):
        text_reading(tmp_path, "epoch,mIoU\n1,1_0\n")


def test_a_row_of_a_csv_may_end_early(tmp_path: Path) -> None:
    reading = text_reading(tmp_path, "epoch,mIoU,IoU.road\n1,0.5,0.6\n2,0.4\n")
    assert (reading.final.miou, reading.final.per_class_iou) == (0.4, None)


def test_classes_may_be_in_percent_where_the_miou_is_not(tmp_path: Path) -> None:
    csv = text_reading(tmp_path, "epoch,val_miou,val_iou_road\n1,0.5,60%\n")
    console = text_reading(tmp_path, "a log\nmIoU: 0.5\nroad: 60%\n")
    assert csv.final.per_class_iou == console.final.per_class_iou == {"road": 0.6}
    # mmsegmentation 0.x: the line has a fraction and no classes, the table above it percent.
    text = (FIXTURES / "mmseg0_text.log").read_text()
    line = ", IoU.background: 0.9000, IoU.building: 0.7000, Acc.background: 0.9716"
    reading = text_reading(tmp_path, text.replace(line, ""))
    assert reading.best.per_class_iou == {"background": 0.9, "building": 0.7}


def test_a_percent_sign_behind_the_name_tells_the_unit(tmp_path: Path) -> None:
    assert text_reading(tmp_path, "a log\nmIoU (%): 0.9\n").final.miou == 0.009
    assert text_reading(tmp_path, "a log\nmIoU [%] 0.9\n").final.miou == 0.009


def test_classes_below_two_figures_of_one_line_are_of_the_last(tmp_path: Path) -> None:
    text = "a log\nval mIoU: 0.5, test mIoU: 0.4\nroad: 0.4\n"
    assert text_reading(tmp_path, text).final.per_class_iou is None
    test = read_log(tmp_path / "log", Choice(split="test")).reading
    assert (test.final.miou, test.final.per_class_iou) == (0.4, {"road": 0.4})


def test_of_coincheungs_tables_that_of_f1_is_passed_over() -> None:
    left_out = [n.split()[2] for n in read("coincheung_tables.log").notes if "left out" in n]
    assert left_out == ["single_scale_crop", "ms_flip", "ms_flip_crop"]
    crop = read("coincheung_tables.log", metric="ms_flip_crop")
    assert crop.final.per_class_iou == {"0": 0.93, "1": 0.63}


def test_fasterseg_killed_before_its_last_validation_is_unfinished(tmp_path: Path) -> None:
    lines = (FIXTURES / "fasterseg_train.txt").read_text().splitlines()
    reading = text_reading(tmp_path, "\n".join(lines[:-2]) + "\n")
    assert (reading.finished, reading.final.step) == (False, 0)


def test_an_evaluation_that_prints_the_configuration_of_the_training_is_finished(
    tmp_path: Path,
) -> None:
    text = "args = {'repo_name': 'FasterSeg', 'nepochs': 600}\nstudent's valid_mIoU 0.604\n"
    reading = text_reading(tmp_path, text)
    assert (reading.finished, reading.final.step) == (True, None)


def test_a_first_line_that_is_longer_than_a_cell_may_be_is_a_log(tmp_path: Path) -> None:
    reading = text_reading(tmp_path, "x" * 200_000 + "\nmIoU: 0.4\n")
    assert (reading.format, reading.final.miou) == ("console", 0.4)


@pytest.mark.parametrize("name", ["cityscapesscripts.json", "cityscapesscripts.stdout.txt"])
def test_classes_that_cityscapes_does_not_evaluate_are_nothing_to_note(name: str) -> None:
    assert not any("left out" in note for note in read(name).notes)
