"""TensorBoard event files, written by TensorBoard itself."""

import sys
from pathlib import Path

import pytest

from harness.errors import RunFailed
from harness.logs import Choice, read_log

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")

TAG = "val_metrics/Mean IoU : \t"


def write(folder: Path, *scalars: tuple[int, str, float]) -> Path:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))
    for step, tag, value in scalars:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        writer.add_event(Event(step=step, summary=summary))
    writer.close()
    [path] = folder.glob("events.*")
    return path.rename(folder / "renamed")


def test_scalars_are_read_with_their_steps_and_classes(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        (100, "loss/val_loss", 0.9), (100, TAG, 0.5), (100, "val_metrics/cls_0", 0.7),
        (100, "val_metrics/cls_1", 0.3), (100, "train/mIoU", 0.95),
        (200, TAG, 0.4), (200, "val_metrics/cls_0", 0.6), (200, "val_metrics/cls_1", 0.2),
    )  # fmt: skip
    reading = read_log(path, Choice()).reading
    assert (reading.format, reading.metric) == ("tensorboard", "val_metrics/Mean IoU :")
    assert (reading.final.miou, reading.final.step) == (0.4, 200)
    assert (reading.best.miou, reading.best.step) == (0.5, 100)
    assert reading.final.per_class_iou == {"0": 0.6, "1": 0.2}
    assert (reading.validations, reading.finished, reading.split) == (2, None, "val")


def test_two_tags_need_the_flag(tmp_path: Path) -> None:
    path = write(tmp_path, (1, "val/mIoU", 0.5), (1, "val_ema/mIoU", 0.6))
    with pytest.raises(RunFailed, match="--metric decides: 'val/mIoU', 'val_ema/mIoU'"):
        read_log(path, Choice())
    assert read_log(path, Choice(metric="val_ema/mIoU")).reading.final.miou == 0.6


def test_a_file_without_a_miou_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, (1, "loss", 0.5))
    with pytest.raises(RunFailed, match="none of its tags is a mIoU"):
        read_log(path, Choice())


def test_a_cut_off_file_gives_what_it_has(tmp_path: Path) -> None:
    path = write(tmp_path, (1, TAG, 0.5), (2, TAG, 0.6))
    path.write_bytes(path.read_bytes()[:-5])
    assert read_log(path, Choice()).reading.final.step == 1


def test_without_the_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, (1, TAG, 0.5))
    name = "tensorboard.backend.event_processing.event_file_loader"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(RunFailed, match=r"pip install harness\[tensorboard\]"):
        read_log(path, Choice())
