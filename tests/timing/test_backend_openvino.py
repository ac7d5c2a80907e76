"""OpenVINO computes in the protocol's precision on its threads, says nothing to anyone, or ends."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from harness.errors import RunFailed
from harness.timing.backends.openvino import check_precision, prepare
from harness.timing.measure import time_network

from .fakes import protocol

pytest.importorskip("openvino")
ROOT = Path(__file__).parents[2]


def asked(**fields: Any) -> Any:
    return protocol(backend="openvino", **fields)


def small() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 1)
    ).eval()


def prepared(network: nn.Module, batch: torch.Tensor, **fields: Any) -> Any:
    with torch.inference_mode():
        return prepare(network, batch, asked(**fields))


def test_the_record_says_version_and_types() -> None:
    import openvino

    about = prepared(small(), torch.randn(1, 3, 8, 8)).about
    assert about == {"openvino": openvino.__version__, "streams": "1", "layers": "2 f32"}


@pytest.mark.parametrize(("precision", "name"), [("bf16", "bf16"), ("fp16", "f16")])
def test_the_runtime_computes_in_the_protocols_precision_or_the_run_fails(
    precision: str, name: str
) -> None:
    # What a processor can do decides which of the two; never fp32 under another name.
    try:
        timing = time_network(small(), asked(precision=precision, input=(1, 3, 32, 32)))
    except RunFailed as error:
        assert f"must compute in {name} (--precision {precision})" in str(error)  # noqa: PT017
        return
    assert timing.backend is not None
    assert timing.backend["layers"] == f"2 {name}"
    assert timing.output_error is not None
    assert timing.output_error.relative_l2 > 1e-5  # it did round


def test_fp32_is_not_rounded_where_bf16_would_be_faster() -> None:
    timing = time_network(small(), asked(input=(1, 3, 32, 32)))
    assert timing.output_error is not None
    assert timing.output_error.relative_l2 < 1e-5


@pytest.mark.parametrize(
    ("hint", "layers", "got"),
    [("f32", {"f32": 3}, "3 layers in f32"), ("bf16", {"bf16": 2, "f32": 1}, "1 layers in f32")],
)
def test_another_type_than_the_one_asked_for_is_refused(
    hint: str, layers: dict[str, int], got: str
) -> None:
    with pytest.raises(RunFailed, match=rf"must compute in bf16 .*, got {got}$"):
        check_precision(hint, Counter(layers), asked(precision="bf16"))
    check_precision("bf16", Counter({"bf16": 3}), asked(precision="bf16"))


def test_a_runtime_that_takes_another_type_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    # As on a processor without bf16, where the hint has no effect.
    told = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    monkeypatch.setattr("harness.timing.backends.openvino._config", lambda _protocol: told)
    with pytest.raises(RunFailed, match=r"must compute in bf16 .*, got 2 layers in f32$"):
        prepared(small(), torch.randn(1, 3, 8, 8), precision="bf16")


def test_a_network_without_heavy_layers_is_judged_by_the_hint() -> None:
    with pytest.raises(RunFailed, match=r"got f32$"):
        check_precision("f32", Counter(), asked(precision="fp16"))


@pytest.mark.parametrize(
    ("precision", "name"), [("fp32", "f32"), ("bf16", "bf16"), ("fp16", "f16")]
)
def test_the_runtime_is_told_precision_and_threads(
    precision: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import openvino

    told: list[dict[str, Any]] = []

    def noted(_core: Any, _model: Any, device: str, config: dict[str, Any]) -> Any:
        told.append({"device": device} | config)
        raise RuntimeError("enough")

    monkeypatch.setattr(openvino.Core, "compile_model", noted)
    with pytest.raises(RunFailed, match="enough"):
        prepared(small(), torch.randn(1, 3, 8, 8), threads=1, precision=precision)
    assert told == [
        {
            "device": "CPU",
            "INFERENCE_PRECISION_HINT": name,
            "INFERENCE_NUM_THREADS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
        }
    ]


def test_more_threads_than_the_runtime_takes_are_refused() -> None:
    with pytest.raises(RunFailed, match=r"--threads must be what the runtime takes .*got 100000$"):
        prepared(small(), torch.randn(1, 3, 8, 8), threads=100_000)


def test_a_pass_reads_the_batch_where_it_lies() -> None:
    network, batch = small(), torch.zeros(1, 3, 8, 8)
    ready = prepared(network, batch)
    first = ready.to_tensor(ready.run()).clone()
    batch.fill_(1.0)  # no copy was made: the next pass sees it
    second = ready.to_tensor(ready.run())
    assert not torch.equal(first, second)
    with torch.inference_mode():
        assert torch.allclose(second, network(batch), atol=1e-5)


class TwoOutputs(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x + 1, (x * 2).mean((2, 3))


def test_of_several_outputs_the_first_is_shown() -> None:
    batch = torch.randn(1, 3, 8, 8)
    ready = prepared(TwoOutputs(), batch)
    assert torch.allclose(ready.to_tensor(ready.run()), batch + 1)


def test_a_network_that_cannot_be_converted_is_refused_in_one_line() -> None:
    class Failing(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if torch.jit.is_tracing():
                raise ValueError("not for tracing\nnor for scripting")
            return x

    rule = r"^backend openvino: the network must be convertible, got [^\n]*not for tracing$"
    with pytest.raises(RunFailed, match=rule):
        time_network(Failing(), asked())


def test_conversion_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    prepared(small(), torch.randn(1, 3, 8, 8))
    assert capfd.readouterr() == ("", "")


CALL_HOME = """
import os, socket, sys

def refuse(*_args, **_options):
    os.write(2, b"called home")
    os._exit(7)

import torch
from torch import nn
from harness.timing.backends.openvino import prepare
from tests.timing.fakes import protocol

socket.socket.connect = socket.getaddrinfo = refuse
with torch.inference_mode():
    prepare(nn.Conv2d(3, 4, 3).eval(), torch.randn(1, 3, 8, 8), protocol(backend="openvino")).run()
assert "openvino" in sys.modules
assert not [name for name in sys.modules if name.startswith("openvino_telemetry")]
"""


@pytest.mark.slow
def test_nothing_is_written_to_the_home_or_sent_from_it(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CALL_HOME],
        env=environment | home,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
