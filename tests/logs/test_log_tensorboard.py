"""TensorBoard event files, written by TensorBoard itself."""

import struct
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


def test_what_torch_writes_is_read_as_tensorboard_itself_reads_it(tmp_path: Path) -> None:
    import torch
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    values = {500: 0.3125, 1000: 0.4217, 1500: 0.4043}
    with SummaryWriter(str(tmp_path)) as writer:
        for step, miou in values.items():
            writer.add_scalar("loss/train_loss", 1.0 / step, step)
            writer.add_scalar(TAG, miou, step)
            writer.add_scalar("val_metrics/cls_0", miou + 0.1, step)
            writer.add_histogram("weights", torch.tensor([0.1, 0.2, 0.3]), step)
    [path] = tmp_path.glob("events.*")
    reading = read_log(path, Choice()).reading
    # The writer turns blanks of a tag into underscores; which tag it is, the other reader says.
    accumulator = EventAccumulator(str(path))
    accumulator.Reload()
    [tag] = [tag for tag in accumulator.Tags()["scalars"] if "Mean" in tag]
    theirs = [(event.step, event.value) for event in accumulator.Scalars(tag)]
    assert reading.metric == " ".join(tag.split())
    assert reading.validations == len(theirs)
    assert (reading.final.step, reading.final.miou) == (1500, 0.4043)
    assert reading.final.miou == pytest.approx(theirs[-1][1], rel=1e-7)
    best = max(theirs, key=lambda step_and_value: step_and_value[1])
    assert (reading.best.step, reading.best.miou) == (best[0], pytest.approx(best[1], rel=1e-7))
    assert reading.final.per_class_iou == {"0": 0.5043}
    assert (reading.step_unit, reading.unit) == ("iteration", "fraction")


def test_scalars_stored_as_tensors_are_read_too(tmp_path: Path) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path))
    tensors = [
        TensorProto(dtype=1, float_val=[0.25]),
        TensorProto(dtype=1, tensor_content=struct.pack("<f", 0.75)),
        TensorProto(dtype=3, int_val=[7]),  # not of float32
    ]
    for step, tensor in enumerate(tensors):
        summary = Summary(value=[Summary.Value(tag="val/mIoU", tensor=tensor)])
        writer.add_event(Event(step=step, summary=summary))
    writer.close()
    [path] = tmp_path.glob("events.*")
    reading = read_log(path, Choice()).reading
    assert (reading.final.miou, reading.best.miou, reading.validations) == (0.75, 0.75, 2)


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


def test_a_tag_twice_at_one_step_is_two_validations(tmp_path: Path) -> None:
    reading = read_log(write(tmp_path, (1, TAG, 0.5), (1, TAG, 0.6)), Choice()).reading
    assert (reading.validations, reading.final.miou) == (2, 0.6)
