"""A log of any size is read in the same memory."""

import tracemalloc
from pathlib import Path

import pytest

from harness.errors import RunFailed
from harness.logs import Choice, read_log

LINES = 400  # training lines between validations
LARGE, DENSE = 20_000_000, 500_000  # bytes; every line of a dense log has to be read


def write(path: Path, size: int, train: str, validation: str, head: str = "") -> int:
    """Write a log of `size` bytes and return the number of its validations."""
    written = step = 0
    with path.open("w") as file:
        file.write(head)
        while written < size:
            part = "".join(train.format(step=step + i) for i in range(LINES))
            step += LINES
            written += file.write(part + validation.format(step=step))
    return step // LINES


CLASSES = "".join(f"{c} 0.5{c:02}\n" for c in range(19))
LOGS = {
    "training lines": ("Iter [{step}/99999999]  Loss: 1.5  Time/Image: 0.13 " + "x" * 60 + "\n",
                       "Mean IoU : \t 0.5\n" + CLASSES),
    "nothing but validations": ("Iter [{step}/99999999]  Loss: 1.5\nMean IoU : \t 0.5\n" + CLASSES,
                                "Mean IoU : \t 0.5\n"),
    "one column of a CSV": ("{step},0.693147182464599,0.841234147548675,\n",
                            "{step},,,0.5\n"),
    "JSON lines": ('{{"iter": {step}, "loss": 1.7671, "lr": 0.0002, "time": 0.1351}}\n',
                   '{{"iter": {step}, "val_miou": 0.5, "val_iou_road": 0.9}}\n'),
    "classes without an end": ("{step} class{step} 50.0%\n", "mean_IU 50.0%\n"),
    "steps that go back": ("Iter {step}/9 mIoU: 0.5\nIter 1/9 mIoU: 0.5\n", "\n"),
    "another line for each": ("var{step} mIoU: 0.5\n", "Iter {step}/99999999\n"),
}  # fmt: skip


HEAD = {"one column of a CSV": "iteration,loss,train_miou,val_miou\n"}
REFUSED = {
    "another line for each": "--metric decides",
    "steps that go back": "holds 1000 runs, --run decides",
}


@pytest.mark.parametrize("kind", LOGS)
def test_a_log_is_read_in_16_megabytes_whatever_it_holds(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "log"
    large = kind in ("training lines", "one column of a CSV", "JSON lines")
    validations = write(path, LARGE if large else DENSE, *LOGS[kind], HEAD.get(kind, ""))
    tracemalloc.start()
    try:
        if kind in REFUSED:
            with pytest.raises(RunFailed, match=REFUSED[kind]):
                read_log(path, Choice())
        else:
            reading = read_log(path, Choice()).reading
            assert reading.validations >= validations
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16_000_000
