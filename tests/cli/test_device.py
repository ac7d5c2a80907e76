"""`harness device`: what is measured is stored and printed; wrong requests are one line."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.cli.app import run
from harness.cli.device import device_lines
from harness.records import DeviceRecord
from harness.store import load, path_for
from harness.timing import limits
from harness.timing.limits import PRECISIONS, Rates

METHOD: dict[str, Any] = {
    "threads": 2,
    "matmul": {"fp32": {"macs_per_s": 171.4e9}, "bf16": {"macs_per_s": 1123.5e9}},
    "conv": {"fp32": {"macs_per_s": 183.6e9}, "bf16": {"macs_per_s": 1626.3e9}},
    "copy": {"bytes_per_s": 27.0e9},
    "in_place": {"bytes_per_s": 57.0e9},
    "not_measured": {"tf32": "of CUDA devices only"},
    "notes": [],
}
RATES = Rates(macs_per_s={"fp32": 183.6e9, "bf16": 1626.3e9}, bytes_per_s=57.0e9, method=METHOD)


@pytest.fixture(autouse=True)
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Stand in a folder of its own, with a measurement that takes no time; note what is asked."""
    calls: list[tuple[Any, ...]] = []

    def measure(device: str, precisions: Any, threads: int | None = None) -> Rates:
        calls.append((device, list(precisions), threads))
        return RATES

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(limits, "measure", measure)
    return calls


def test_the_record_is_stored_beside_what_is_timed_on_the_device(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["device", "--device", "cpu", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    loaded = load(tmp_path / "results")
    assert loaded.problems == []
    [record] = loaded.records
    assert isinstance(record, DeviceRecord)
    assert (record.macs_per_s, record.bytes_per_s) == (RATES.macs_per_s, RATES.bytes_per_s)
    assert record.method == METHOD
    assert record.environment["device"]["type"] == "cpu"
    assert "modified" in record.environment
    path = path_for(Path("results"), record)
    assert path.name == "device.jsonl"
    assert json.loads((tmp_path / path).read_text()) == printed


def test_a_run_adds_a_line(tmp_path: Path) -> None:
    for _ in range(2):
        assert run(["device", "--device", "cpu", "--results", "mine"]) == 0
    assert len(load(tmp_path / "mine").records) == 2


def test_no_save_stores_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["device", "--device", "cpu", "--no-save"]) == 0
    assert "stored" not in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_flags_reach_the_measurement(asked: list[tuple[Any, ...]]) -> None:
    cpu = ["device", "--device", "cpu", "--no-save"]
    run(cpu)
    run([*cpu, "--threads", "3", "--precision", "bf16", "--precision", "fp32"])
    run([*cpu, "--precision", "fp16", "--precision", "fp16"])
    assert asked == [
        ("cpu", list(PRECISIONS), None),
        ("cpu", ["bf16", "fp32"], 3),
        ("cpu", ["fp16"], None),
    ]


def test_without_a_gpu_the_device_is_the_cpu(
    asked: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    run(["device", "--no-save"])
    assert asked[0][0] == "cpu"


def test_prints_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["device", "--device", "cpu"]) == 0
    title, head, *lines = capsys.readouterr().out.splitlines()
    assert title.endswith(", 2 threads")
    assert " ".join(head.split()) == "GMAC/s TFLOP/s MACs/byte GMAC/s of product, 3x3 conv"
    # 2 x 183.6e9 FLOP/s; 183.6 / 57 = 3.22 MACs a byte
    assert lines == [
        "  fp32         183.6     0.367        3.2   171.4, 183.6",
        "  bf16        1626.3     3.253       28.5   1123.5, 1626.3",
        "  memory        57.0 GB/s read + written   (copy 27.0, in place 57.0)",
        "  tf32    not measured: of CUDA devices only",
        "  FLOPs are 2 x MACs; below its MACs/byte an operator is bound by memory",
        lines[-1],
    ]
    assert lines[-1].startswith("  stored in results/")
    assert max(map(len, [title, head, *lines[:-1]])) <= 80


def record(**fields: Any) -> DeviceRecord:
    given: dict[str, Any] = {
        "macs_per_s": RATES.macs_per_s,
        "bytes_per_s": RATES.bytes_per_s,
        "method": METHOD,
        "environment": {"device": {"type": "cpu", "name": "A CPU"}},
        "created": "2026-01-01T00:00:00+00:00",
    }
    return DeviceRecord(**given | fields)


def test_the_title_says_what_decides_the_figures() -> None:
    gpu = {"type": "cuda", "name": "NVIDIA H200", "driver": "570.86"}
    assert device_lines(record())[0] == "A CPU, 2 threads"
    assert device_lines(record(method=METHOD | {"threads": 1}))[0] == "A CPU, 1 thread"
    title = device_lines(record(environment={"device": gpu}))[0]
    assert title == "NVIDIA H200, driver 570.86"


def test_doubts_are_printed() -> None:
    lines = device_lines(record(method=METHOD | {"notes": ["buffers of 32 MiB"]}))
    assert "  warning: buffers of 32 MiB" in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--precision", "bf61"], "harness: --precision: no precision 'bf61'; did you mean bf16?"),
        (
            ["--device", "cpu", "--precision", "tf32"],
            "harness: --precision: tf32 is of CUDA devices, got --device cpu",
        ),
        (["--threads", "0"], "harness: --threads: must be at least 1, got 0"),
        (["--device", "tpu"], "harness: device: must be auto, cpu, cuda or cuda:N, got 'tpu'"),
        (["--results", "/dev/null/x"], "harness: results folder /dev/null/x: must be writable,"),
    ],
)
def test_a_wrong_request_is_one_line_and_measures_nothing(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    asked: list[tuple[Any, ...]],
) -> None:
    assert run(["device", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    assert line.startswith(message)
    assert asked == []


def test_a_device_that_can_do_nothing_is_a_failed_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nothing = Rates(
        macs_per_s={}, bytes_per_s=1.0, method=METHOD | {"not_measured": {"fp16": "no kernel"}}
    )
    monkeypatch.setattr(limits, "measure", lambda *_: nothing)
    assert run(["device", "--device", "cpu", "--precision", "fp16"]) == 1
    assert capsys.readouterr().err == (
        "harness: device cpu: none of the precisions could be measured (fp16: no kernel)\n"
    )
    assert list(tmp_path.rglob("*.jsonl")) == []


def test_help_says_what_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["device", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "FLOPs are 2 x MACs" in shown
    assert "harness device --device cpu --threads 1 --no-save --json" in shown
