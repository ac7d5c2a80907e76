"""Real logs that others published, with the right answers beside them."""

import json
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
PERCENT = (
    "mmseg1_ddrnet23slim_cityscapes.log",
    "mmseg1_ddrnet23slim_cityscapes.scalars.json",
    "cityscapes_server_fasterseg_distill.csv",
    "pidnet_acdc_console.txt",
)
# What a file prints with fewer digits than its answer was computed with.
TOLERANCE = {"cityscapesscripts_fake3.stdout.txt": 0.0005}


def reading_of(name: str, **choice: Any) -> LogReading:
    if name.startswith("events."):
        pytest.importorskip("tensorboard", reason="needs the extra tensorboard")
    return read_log(SAMPLES / name, Choice(**choice)).reading


def final_and_best(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the answers for the last and the best validation, from their several shapes."""
    answer = ANSWERS[name]
    if name.startswith("hrnet"):
        last = answer["last_validation"]
        return {"mIoU": last["head1"], "epoch0": last["epoch0"]}, answer["best"]
    if name.startswith("lightning"):
        final, best = answer["final_valid"], answer["best_valid"]
        return (
            {"mIoU": final["valid_dataset_iou"], "step": final["step"]},
            {"mIoU": best["valid_dataset_iou"], "step": best["step"]},
        )
    if "final" in answer:
        return answer["final"], answer.get("best", answer["final"])
    miou = answer.get("mIoU", answer.get("mIoU_single_scale"))
    return {**answer, "mIoU": miou}, {"mIoU": miou}


def step_of(part: dict[str, Any]) -> int | None:
    names = ("iter", "step", "last_train_iter_printed", "train_iter_from_preceding_train_line")
    for name in (*names, "epoch0"):
        if name in part:
            return part[name]  # type: ignore[no-any-return]
    return None


@pytest.mark.parametrize("name", [n for n in ANSWERS if n not in WITHOUT])
def test_final_and_best_are_the_answers(name: str) -> None:
    reading = reading_of(name)
    scale = 100 if name in PERCENT else 1
    near = TOLERANCE.get(name, 1e-12)
    for score, part in zip((reading.final, reading.best), final_and_best(name), strict=True):
        assert score.miou == pytest.approx(part["mIoU"] / scale, abs=near)
        assert score.step == step_of(part)
        if part.get("per_class_IoU") and isinstance(part["per_class_IoU"], dict):
            expected = {k: v / scale for k, v in part["per_class_IoU"].items()}
            assert score.per_class_iou == pytest.approx(expected, abs=near)


@pytest.mark.parametrize("name", [n for n in ANSWERS if n not in WITHOUT])
def test_the_number_of_validations_is_the_answer(name: str) -> None:
    answer = ANSWERS[name]
    expected = answer.get("n_validations", answer.get("n_valid_rows"))
    if expected is None:  # a log of validations that the answers do not count
        expected = {"hrnet_ocr_issue91_excerpt.log": 2, "events": 3}.get(
            "events" if name.startswith("events") else name, 1
        )
    assert reading_of(name).validations == expected


@pytest.mark.parametrize("name", WITHOUT)
def test_a_log_without_miou_says_so(name: str) -> None:
    with pytest.raises(RunFailed, match="no mIoU in it"):
        reading_of(name)


FINISHED = {
    "mmseg1_ddrnet23slim_cityscapes.log": True,
    "mmseg1_ddrnet23slim_cityscapes.scalars.json": True,
    "mmseg0_hrnet_denoise.log": True,
    "mmseg0_hrnet_denoise.log.json": True,
    "fasterseg_train_student100.log.txt": True,
    "hrnet_ocr_issue91_excerpt.log": False,
    "ptsemseg_train_issue161_excerpt.log": False,
    "pidnet_acdc_console.txt": False,
    "lightning_csvlogger_metrics.csv": None,
    "ptsemseg_train_issue86_tiny_exponent.txt": None,
}


@pytest.mark.parametrize("name", FINISHED)
def test_an_unfinished_run_is_told_from_a_finished_one(name: str) -> None:
    assert reading_of(name).finished is FINISHED[name]


def test_the_server_is_the_test_set_and_the_others_are_not() -> None:
    splits = {n: reading_of(n).split for n in ANSWERS if n not in WITHOUT and "events" not in n}
    assert splits.pop("cityscapes_server_fasterseg_distill.csv") == "test"
    assert set(splits.values()) == {"val"}


def test_hrnet_before_the_cut_has_the_classes_of_its_summary() -> None:
    name = "hrnet_ocr_issue91_excerpt.log"
    expected = ANSWERS[name]["final_with_summary_line"]["per_class_IoU"]
    assert reading_of(name).best.per_class_iou == expected


def test_the_mean_of_listed_classes_is_noted_where_it_is_not_the_stated_one() -> None:
    voc = reading_of("ptsemseg_validate_issue20_excerpt.txt")
    assert any("mean of the 20 classes listed is 0.4282" in note for note in voc.notes)
    # Two of 19 classes have IoU 0 and are left out: 7.223 / 19 = 0.3802.
    acdc = reading_of("pidnet_acdc_console.txt")
    assert any("17 classes" in n and "2 more of 0 would make it so" in n for n in acdc.notes)
    whole = reading_of("mmseg1_ddrnet23slim_cityscapes.log")
    assert whole.notes == ()


def test_lightning_reads_the_test_set_where_asked() -> None:
    name = "lightning_csvlogger_metrics.csv"
    test = reading_of(name, split="test")
    assert test.final.miou == ANSWERS[name]["test"]["test_dataset_iou"]
    assert test.validations == 1
