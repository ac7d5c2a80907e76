"""Real logs that others published, with the right answers beside them.

Every figure of the answers is held against a reading, or named here with the reason why not.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RunFailed
from harness.logged_record import LogReading
from harness.logs import Choice, read_log

SAMPLES = Path(__file__).parents[3] / "shared" / "logs"
ANSWERS: dict[str, Any] = (
    json.loads((SAMPLES / "answers.json").read_text())
    if (SAMPLES / "answers.json").is_file()
    else {}
)
pytestmark = pytest.mark.skipif(not ANSWERS, reason="the sample logs are not beside the project")

WITHOUT = ("fasterseg_latency_student_A.log.txt", "detectron2_instance_metrics.json")
WITH = [name for name in ANSWERS if name not in WITHOUT]
SERVER = "cityscapes_server_fasterseg_distill.csv"
HRNET = "hrnet_ocr_issue91_excerpt.log"
LIGHTNING = "lightning_csvlogger_metrics.csv"
COINCHEUNG = "coincheung_eval_issue154.txt"
STDOUT = "cityscapesscripts_fake3.stdout.txt"  # prints 3 digits of what its answer has whole


def reading_of(name: str, **choice: Any) -> LogReading:
    if name.startswith("events."):
        pytest.importorskip("tensorboard", reason="needs the extra tensorboard")
    return read_log(SAMPLES / name, Choice(**choice)).reading


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every figure and word of an answer with its place, classes as one."""
    if isinstance(value, dict) and not path.endswith(("per_class_IoU", "table")):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}".lstrip("."))
    else:
        yield path, value


# How a figure of an answer is taken from a reading, by the end of its place.
FINAL_OR_BEST = {
    "mIoU": lambda score: score.miou,
    "valid_dataset_iou": lambda score: score.miou,
    "iter": lambda score: score.step,
    "step": lambda score: score.step,
    "epoch0": lambda score: score.step,
    "last_train_iter_printed": lambda score: score.step,
    "train_iter_from_preceding_train_line": lambda score: score.step,
    "per_class_IoU": lambda score: score.per_class_iou,
}
IN_TESTS_OF_THEIR_OWN = {
    "unit", "n_validations", "n_valid_rows", "final.table", "final.mean_of_table",
    "final.mean_of_listed", "final.mean_over_19_with_missing_as_0", "final.n_listed",
    "mean_of_classes", "mean_of_the_20", "n_classes_in_file", "n_classes_real", "missing_class20",
    "test.step", "test.test_dataset_iou", "single_scale_crop", "ms_flip", "ms_flip_crop", "tag",
}  # fmt: skip
# What a reading does not hold: words about the file, other metrics, epochs beside iterations, cost.
NOT_READ = (
    "format", "origin", "trap", "note", "iIoU", "category_", "overall_acc", "mean_acc", "epoch",
    "last_trained_epoch", "checkpoint_iters", "train_lines", "params_M",
)  # fmt: skip


def place_of(path: str) -> tuple[str, str] | None:
    """Return score and key that a figure is of, where it is one of the final or the best."""
    part, _, key = path.rpartition(".")
    part = part.removesuffix("_valid")
    if not part and key in ("mIoU", "mIoU_single_scale", "per_class_IoU"):
        return "final", "mIoU" if key.startswith("mIoU") else key
    return (part, key) if part in ("final", "best") and key in FINAL_OR_BEST else None


@pytest.mark.parametrize("name", WITH)
def test_final_and_best_are_the_answers(name: str) -> None:
    reading = reading_of(name)
    scale = 100 if ANSWERS[name].get("unit", "").startswith("percent") else 1
    near = 0.0005 if name == STDOUT else 1e-12
    checked = 0
    for path, value in leaves(ANSWERS[name]):
        place = place_of(path)
        if place is None or not isinstance(value, (dict, float, int)):
            continue
        got = FINAL_OR_BEST[place[1]](getattr(reading, place[0]))
        if isinstance(value, dict):
            value = {of: iou / scale for of, iou in value.items()}
        elif "mIoU" in path or "iou" in path:
            value = value / scale
        assert got == pytest.approx(value, abs=near), path
        checked += 1
    assert checked or name == HRNET  # whose answer has a shape of its own


@pytest.mark.parametrize("name", [name for name in WITH if name != HRNET])
def test_every_figure_of_the_answers_is_held_against_something(name: str) -> None:
    left = [
        path
        for path, value in leaves(ANSWERS[name])
        if place_of(path) is None
        and path not in IN_TESTS_OF_THEIR_OWN
        and not path.rpartition(".")[2].startswith(NOT_READ)
        and value not in (None, "not in this file (only aAcc/mIoU/mAcc)")
    ]
    assert left == []


@pytest.mark.parametrize("name", WITH)
def test_where_the_answer_has_no_classes_or_step_there_are_none(name: str) -> None:
    answer, reading = ANSWERS[name], reading_of(name)
    if "per_class_IoU" in answer and not isinstance(answer["per_class_IoU"], dict):
        assert reading.final.per_class_iou is None
    if "epoch0" in answer.get("final", {}):
        assert reading.final.step == answer["final"]["epoch0"]


@pytest.mark.parametrize("name", [n for n in WITH if "unit" in ANSWERS[n]])
def test_the_unit_is_the_answer(name: str) -> None:
    # `fraction, 3 decimals`, `percent (test set)`, `fraction on the Iter(val) line, ...`
    assert reading_of(name).unit == ANSWERS[name]["unit"].split()[0].strip(",")


VALIDATIONS = {HRNET: 2, "events.out.tfevents.made_here_ptsemseg_tags": 3}


@pytest.mark.parametrize("name", WITH)
def test_the_number_of_validations_is_the_answer(name: str) -> None:
    answer = ANSWERS[name]
    stated = answer.get("n_validations", answer.get("n_valid_rows"))
    # An answer that counts none is about one, but for these.
    assert reading_of(name).validations == (stated or VALIDATIONS.get(name, 1))


@pytest.mark.parametrize("name", WITHOUT)
def test_a_log_without_miou_says_so(name: str) -> None:
    assert ANSWERS[name]["mIoU"] is None
    with pytest.raises(RunFailed, match="no mIoU in it"):
        reading_of(name)


FINISHED = {
    "mmseg1_ddrnet23slim_cityscapes.log": True,
    "mmseg1_ddrnet23slim_cityscapes.scalars.json": True,
    "mmseg0_hrnet_denoise.log": True,
    "mmseg0_hrnet_denoise.log.json": True,
    "fasterseg_train_student100.log.txt": True,
    "fasterseg_eval_student.log.txt": True,
    SERVER: True,
    HRNET: False,
    "ptsemseg_train_issue161_excerpt.log": False,
    "ptsemseg_validate_issue20_excerpt.txt": True,
    "ptsemseg_train_issue86_tiny_exponent.txt": None,
    COINCHEUNG: True,
    LIGHTNING: None,
    "pidnet_acdc_console.txt": False,
    "cityscapesscripts_fake3.resultPixelLevelSemanticLabeling.json": True,
    STDOUT: True,
    "events.out.tfevents.made_here_ptsemseg_tags": None,
}


@pytest.mark.parametrize("name", WITH)
def test_an_unfinished_run_is_told_from_a_finished_one(name: str) -> None:
    assert reading_of(name).finished is FINISHED[name]


@pytest.mark.parametrize("name", WITH)
def test_the_server_is_the_test_set_and_the_others_are_not(name: str) -> None:
    assert reading_of(name).split == ("test" if name == SERVER else "val")


def test_hrnet_has_the_last_head_and_before_the_cut_the_classes_of_its_summary() -> None:
    answer, reading = ANSWERS[HRNET], reading_of(HRNET)
    last, summary = answer["last_validation"], answer["final_with_summary_line"]
    assert (reading.final.miou, reading.final.step) == (last["head1"], last["epoch0"])
    best = (reading.best.miou, reading.best.step)
    assert best == (answer["best"]["mIoU"], answer["best"]["epoch0"])
    assert reading.best.miou == summary["mIoU"] == summary["best_so_far"]
    assert reading.best.per_class_iou == summary["per_class_IoU"]
    assert sum(summary["per_class_IoU"].values()) / 19 == pytest.approx(summary["mean_of_array"])


def mean(classes: dict[str, float] | None) -> float:
    assert classes
    return sum(classes.values()) / len(classes)


def test_the_mean_of_listed_classes_is_noted_where_it_is_not_the_stated_one() -> None:
    voc_name = "ptsemseg_validate_issue20_excerpt.txt"
    voc, answer = reading_of(voc_name), ANSWERS[voc_name]
    classes = voc.final.per_class_iou
    assert mean(classes) == pytest.approx(answer["mean_of_the_20"], abs=1e-8)
    assert len(classes or ()) == answer["n_classes_in_file"] == answer["n_classes_real"] - 1
    left = voc.final.miou * answer["n_classes_real"] - sum((classes or {}).values())
    assert left == pytest.approx(answer["missing_class20"], abs=1e-8)
    assert any("mean of the 20 classes listed is 0.4282" in note for note in voc.notes)
    # Two of 19 classes have IoU 0 and are left out: 7.223 / 19 = 0.3802.
    acdc, answer = reading_of("pidnet_acdc_console.txt"), ANSWERS["pidnet_acdc_console.txt"]
    classes = acdc.final.per_class_iou
    assert mean(classes) == pytest.approx(answer["final"]["mean_of_listed"] / 100, abs=5e-6)
    assert len(classes or ()) == answer["final"]["n_listed"]
    of_19 = answer["final"]["mean_over_19_with_missing_as_0"] / 100
    assert sum((classes or {}).values()) / 19 == pytest.approx(of_19, abs=5e-6)
    assert any("17 classes" in n and "2 more of 0 would make it so" in n for n in acdc.notes)


def test_the_mean_of_all_classes_is_the_stated_one_and_nothing_is_noted() -> None:
    name = "mmseg1_ddrnet23slim_cityscapes.log"
    whole = reading_of(name)
    mean_of_table = ANSWERS[name]["final"]["mean_of_table"] / 100
    assert mean(whole.final.per_class_iou) == pytest.approx(mean_of_table, abs=1e-6)
    assert whole.notes == ()
    server = reading_of(SERVER)
    of_classes = ANSWERS[SERVER]["mean_of_classes"] / 100
    assert mean(server.final.per_class_iou) == pytest.approx(of_classes, abs=1e-6)
    assert server.notes == ()


def test_percent_and_fraction_of_mmseg_0_agree() -> None:
    name = "mmseg0_hrnet_denoise.log"
    table = {k: v / 100 for k, v in ANSWERS[name]["final"]["table"].items()}
    assert reading_of(name).final.per_class_iou == pytest.approx(table)
    assert reading_of(name).notes == ()


def test_lightning_reads_the_test_set_where_asked() -> None:
    answer = ANSWERS[LIGHTNING]
    test = reading_of(LIGHTNING, split="test")
    expected = (answer["test"]["test_dataset_iou"], answer["test"]["step"])
    assert (test.final.miou, test.final.step) == expected
    assert test.validations == 1


def test_of_the_four_ways_to_evaluate_the_others_can_be_asked_for() -> None:
    for metric in ("single_scale_crop", "ms_flip", "ms_flip_crop"):
        assert reading_of(COINCHEUNG, metric=metric).final.miou == ANSWERS[COINCHEUNG][metric]


def test_the_tag_of_tensorboard_is_the_metric() -> None:
    name = "events.out.tfevents.made_here_ptsemseg_tags"
    assert reading_of(name).metric == " ".join(ANSWERS[name]["tag"].split())
