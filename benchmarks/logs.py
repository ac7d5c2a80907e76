"""MB/s of every text format of `harness log`, and the peak memory of each, on one core.

    python benchmarks/logs.py [--megabytes 100]

Each log is written by the formats' own rules: training lines, and a validation with 19 classes
every 500 of them. The memory is that of a fresh process.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CLASSES = 19
TRAIN_LINES = 500  # between validations


def ptsemseg(step: int) -> tuple[str, str]:
    classes = "".join(f"{c} 0.5{c:02}\n" for c in range(CLASSES))
    return (
        f"Iter [{step}/90000]  Loss: 1.7671  Time/Image: 0.1351  lr=0.000200\n",
        f"Iter {step} Val Loss: 0.4\nMean IoU : \t 0.5{step % 1000:03}\n{classes}",
    )


def mmseg0(step: int) -> tuple[str, str]:
    head = "2026-03-30 08:41:10,210 - mmseg - INFO - "
    table = "".join(f"| class {c} | 50.{c:02} | 60.00 |\n" for c in range(CLASSES))
    classes = ", ".join(f"IoU.class {c}: 0.50{c:02}" for c in range(CLASSES))
    return (
        f"{head}Iter [{step}/90000]\tlr: 7.752e-06, eta: 0:33:22, time: 0.633, loss: 0.0303\n",
        f"{head}per class results:\n{head}\n| Class | IoU | Acc |\n{table}"
        f"{head}Iter(val) [218]\taAcc: 0.9511, mIoU: 0.50{step % 100:02}, {classes}\n",
    )


def mmseg1(step: int) -> tuple[str, str]:
    head = "2026/03/31 08:36:23 - mmengine - INFO - "
    table = "".join(f"| class {c} | 50.{c:02} | 60.00 |\n" for c in range(CLASSES))
    return (
        f"{head}Iter(train) [{step}/90000]  lr: 1.2844e-04  eta: 0:10:51  time: 0.6932  "
        "memory: 5103  loss: 0.9098  decode.loss_context: 0.6239\n",
        f"{head}per class results:\n{head}\n| Class | IoU | Acc |\n{table}"
        f"{head}Iter(val) [500/500]    aAcc: 95.8700  mIoU: 50.{step % 100:02}00  mAcc: 85.2\n",
    )


def hrnet(step: int) -> tuple[str, str]:
    array = " ".join(f"0.5{c:07}" + "\n" * (c % 6 == 5) for c in range(CLASSES))
    head, epoch = "2020-01-23 10:25:18,401 ", step // TRAIN_LINES
    return (
        f"{head}Epoch: [{epoch}/90000] Iter:[{step % TRAIN_LINES}/500], Time: 0.82, "
        "lr: [0.00025218820526880204], Loss: 0.122532\n",
        f"{head}0 [{array}] 0.51\n{head}1 [{array}] 0.52\n"
        f"{head}Loss: 0.162, MeanIU:  0.5200, Best_mIoU:  0.5200\n{head}[{array}{epoch}]\n",
    )


def torchseg(step: int) -> tuple[str, str]:
    head = "2022-05-08 19:50:52,651 "
    return (
        f"{head}Thread 0 handle 500 data and prints a line of about eighty characters {step}\n",
        f"{head}lr: 0.01\n{head}student's train_mIoU 0.200\n{head}student's valid_mIoU 0.249\n",
    )


def coincheung(step: int) -> tuple[str, str]:
    return (
        f"INFO train_amp.py(160): iter: {step}/90000, lr: 0.005, eta: 1:00:00, loss: 0.5\n",
        "single mIOU is: 0.7439\n\nms flip mIOU is: 0.76\n\n",
    )


def console(step: int) -> tuple[str, str]:
    classes = "".join(f"  class {c} : 50.{c:02}%\n" for c in range(CLASSES))
    return (
        f"Iter {step}/90000 | Loss: 0.9664 | Avg Loss: 0.5768 | LR: 0.000470\n",
        f"Val mIoU: 38.{step % 100:02}%\n\nPer-class IoU:\n{classes}",
    )


def mmseg0_json(step: int) -> tuple[str, str]:
    return (
        f'{{"mode": "train", "epoch": 1, "iter": {step}, "lr": 0.0, "loss": 0.6, "time": 0.5}}\n',
        '{"mode": "val", "epoch": 10, "iter": 218, "mIoU": 0.5, "IoU.road": 0.9}\n',
    )


def mmseg1_scalars(step: int) -> tuple[str, str]:
    return (
        f'{{"lr": 0.01, "data_time": 0.017, "loss": 1.6, "time": 0.73, "step": {step}}}\n',
        f'{{"aAcc": 95.8, "mIoU": 76.6, "mAcc": 85.4, "data_time": 0.005, "step": {step}}}\n',
    )


def detectron2(step: int) -> tuple[str, str]:
    return (
        f'{{"data_time": 0.007, "eta_seconds": 416.2, "iteration": {step}, "loss_sem_seg": 0.7, '
        '"lr": 0.01, "time": 0.21, "total_loss": 2.1}\n',
        f'{{"iteration": {step}, "sem_seg/mIoU": 60.0, "sem_seg/IoU-road": 90.0}}\n',
    )


def json_lines(step: int) -> tuple[str, str]:
    return (
        f'{{"iter": {step}, "loss": 1.7671, "loss_aux": 0.4, "lr": 0.0002, "time": 0.1351}}\n',
        f'{{"iter": {step}, "val/mIoU": 0.5{step % 1000:03}, "val/IoU/road": 0.9}}\n',
    )


def lightning(step: int) -> tuple[str, str]:
    epoch = step // TRAIN_LINES
    head = "epoch,step,train_loss,train_miou,val_iou_road,val_loss,val_miou\n" if step == 1 else ""
    return (
        f"{head}{epoch},{step},0.6931471824645996,0.8412341475486755,,,\n",
        f"{epoch},{step},,,0.9461576938629150,0.4133214950561523,0.5{step % 1000:03}\n",
    )


TABLE = "iteration;loss;loss_aux;lr;mIoU;IoU.road;IoU.car\n"


def table(step: int) -> tuple[str, str]:
    head = TABLE if step == 1 else ""
    return (
        f"{head}{step};0.6931471824645996;0.4133214950561523;0.000200;;;\n",
        f"{step};;;;50.{step % 1000:03};98.1234;92.4321\n",
    )


def dense_table(step: int) -> tuple[str, str]:
    """Return rows that are all validations: some millions of them, as no training has."""
    head, row = TABLE if step == 1 else "", table(step)[1]
    return head + row, row


FORMATS: dict[str, Callable[[int], tuple[str, str]]] = {
    "ptsemseg": ptsemseg,
    "mmseg0-text": mmseg0,
    "mmseg1-text": mmseg1,
    "hrnet": hrnet,
    "torchseg": torchseg,
    "coincheung": coincheung,
    "console": console,
    "mmseg0-json": mmseg0_json,
    "mmseg1-scalars": mmseg1_scalars,
    "detectron2-json": detectron2,
    "json-lines": json_lines,
    "lightning-csv": lightning,
    "csv": table,
    "csv, all mIoU": dense_table,
}


def write(path: Path, lines: Callable[[int], tuple[str, str]], size: int) -> None:
    """Write a log of about `size` bytes."""
    step = 0
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < size:
            for _ in range(TRAIN_LINES):
                step += 1
                file.write(lines(step)[0])
            file.write(lines(step)[1])


def measure(path: Path) -> None:
    """Read a log and print its format, its number of validations, seconds and peak bytes."""
    from harness.logs import Choice, read_log

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    reading = read_log(path, Choice()).reading
    seconds = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(reading.format, reading.validations, seconds, grown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        measure(given.read)
        return
    print(f"{'format':16}{'MB':>6}{'MB/s':>8}{'validations':>13}{'peak MB over start':>20}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        for name, lines in FORMATS.items():
            write(path, lines, given.megabytes * 1_000_000)
            megabytes = path.stat().st_size / 1e6
            command = [sys.executable, __file__, "--read", str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found, validations, seconds, grown = done.stdout.split()
            if found != name.split(",")[0]:
                raise SystemExit(f"{name}: was read as {found}")
            rate = megabytes / float(seconds)
            print(
                f"{name:16}{megabytes:>6.0f}{rate:>8.0f}{validations:>13}{int(grown) / 1e6:>20.1f}"
            )


if __name__ == "__main__":
    main()
