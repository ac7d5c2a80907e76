"""ONNX Runtime does what the protocol says on the provider that it names, or is refused."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from harness.errors import RunFailed
from harness.timing.backends.foreign import foreign
from harness.timing.backends.onnx_file import export, types_of_products
from harness.timing.backends.onnx_session import provider_options, session_options
from harness.timing.backends.onnxruntime import between, prepare
from harness.timing.measure import time_network

from .fakes import protocol

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

CUDA = torch.device("cuda:1")
STREAM = SimpleNamespace(cuda_stream=1234)
AMPERE = SimpleNamespace(get_device_capability=lambda _device: (8, 0))
TURING = SimpleNamespace(get_device_capability=lambda _device: (7, 5))


def on_cpu(**fields: Any) -> Any:
    return protocol(**({"backend": "onnxruntime", "provider": "cpu"} | fields))


def on_gpu(provider: str = "cuda", **fields: Any) -> Any:
    return protocol("cuda", **({"backend": "onnxruntime", "provider": provider} | fields))


def small() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()


def prepared(network: nn.Module, batch: torch.Tensor, asked: Any) -> Any:
    with torch.inference_mode():
        return prepare(network, batch, asked)


def test_the_record_says_runtime_provider_and_opset() -> None:
    about = prepared(small(), torch.randn(1, 3, 8, 8), on_cpu()).about
    assert about["onnxruntime"] == onnxruntime.__version__
    assert about["provider"] == "CPUExecutionProvider"
    assert int(about["opset"]) >= 18


def test_a_pass_reads_the_batch_where_it_lies() -> None:
    network, batch = small(), torch.zeros(1, 3, 8, 8)
    ready = prepared(network, batch, on_cpu())
    first = ready.to_tensor(ready.run()).clone()
    batch.fill_(1.0)  # no copy was made: the next pass sees it
    second = ready.to_tensor(ready.run())
    assert not torch.equal(first, second)
    with torch.inference_mode():
        assert torch.allclose(second, network(batch), atol=1e-5)


class TwoOutputs(nn.Module):
    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"out": x + 1, "aux": (x > 0).sum((2, 3))}


def test_of_several_outputs_the_first_is_shown() -> None:
    batch = torch.randn(1, 3, 8, 8)
    ready = prepared(TwoOutputs(), batch, on_cpu())
    outputs = ready.run()
    assert torch.equal(ready.to_tensor(outputs), batch + 1)
    assert torch.equal(outputs[1], (batch > 0).sum((2, 3)))


def test_export_and_session_are_silent(capfd: pytest.CaptureFixture[str]) -> None:
    prepared(small(), torch.randn(1, 3, 8, 8), on_cpu())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("threads", [1, 3])
def test_the_session_has_the_protocols_threads(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Session(onnxruntime.InferenceSession):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            made.append((self, options))

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    prepared(small(), torch.randn(1, 3, 8, 8), on_cpu(threads=threads))
    session, options = made[0]
    assert session.get_session_options().intra_op_num_threads == threads
    assert session.get_session_options().inter_op_num_threads == 1
    assert options["enable_fallback"] == 0


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_provider_that_the_runtime_lacks_is_named_with_its_package(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = ["AzureExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: there)
    name = {"cuda": "CUDA", "tensorrt": "Tensorrt"}[provider] + "ExecutionProvider"
    message = (
        rf"^backend onnxruntime: --provider {provider} needs a runtime with {name}, got one with "
        r"AzureExecutionProvider, CPUExecutionProvider; .*pip install onnxruntime-gpu"
    )
    with pytest.raises(RunFailed, match=message):
        prepared(small(), torch.randn(1, 3, 8, 8), on_gpu(provider))


def test_a_provider_that_is_dropped_in_silence_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Session:
        def __init__(self, *_args: Any, **_options: Any) -> None: ...

        def get_providers(self) -> list[str]:
            return ["CPUExecutionProvider"]

    name = "CUDAExecutionProvider"
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [name])
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    message = (
        "provider cuda must start .*, got a session of CPUExecutionProvider; .*onnxruntime-gpu"
    )
    with pytest.raises(RunFailed, match=message):
        prepared(small(), torch.randn(1, 3, 8, 8), on_gpu())


def test_fp16_that_the_cpu_computes_in_fp32_is_refused() -> None:
    message = "must compute in fp16, got 1 of 1 convolutions and products in float; "
    with pytest.raises(RunFailed, match=message):
        time_network(small(), on_cpu(precision="fp16"))


def test_bf16_that_no_kernel_takes_is_refused_in_one_line() -> None:
    rule = r"^backend onnxruntime: provider cpu must .* in bf16, got [^\n]*$"
    with pytest.raises(RunFailed, match=rule):
        time_network(small(), on_cpu(precision="bf16"))


def test_a_network_that_cannot_be_exported_is_refused_in_one_line() -> None:
    class Branching(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + 1 if x.sum() > 0 else x

    rule = r"^backend onnxruntime: the network must be exportable to ONNX, got [^\n]*$"
    with pytest.raises(RunFailed, match=rule):
        time_network(Branching(), on_cpu())


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_no_node_is_left_to_the_cpu(provider: str) -> None:
    options = session_options(onnxruntime, on_gpu(provider), Path("x"))
    assert options.get_session_config_entry("session.disable_cpu_ep_fallback") == "1"


def test_the_optimised_network_is_written_where_its_types_are_checked() -> None:
    path = Path("optimised.onnx")

    def written(asked: Any) -> bool:
        return bool(session_options(onnxruntime, asked, path).optimized_model_filepath)

    assert written(on_cpu(precision="fp16"))
    assert written(on_gpu(precision="bf16"))
    assert not written(on_cpu())
    assert not written(on_gpu("tensorrt", precision="fp16"))


@pytest.mark.parametrize("tf32", [True, False])
@pytest.mark.parametrize("benchmark", [True, False])
def test_the_cuda_provider_follows_the_protocol(tf32: bool, benchmark: bool) -> None:
    asked = on_gpu(tf32=tf32, cudnn_benchmark=benchmark)
    assert provider_options(asked, CUDA, STREAM, AMPERE) == {
        "device_id": "1",
        "user_compute_stream": "1234",
        "use_tf32": "1" if tf32 else "0",
        "cudnn_conv_algo_search": "EXHAUSTIVE" if benchmark else "HEURISTIC",
    }


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_tensorrt_may_use_the_protocols_precision_and_no_other(precision: str) -> None:
    options = provider_options(on_gpu("tensorrt", precision=precision), CUDA, STREAM, AMPERE)
    assert options["user_compute_stream"] == "1234"
    assert options["trt_fp16_enable"] == ("1" if precision == "fp16" else "0")
    assert options["trt_bf16_enable"] == ("1" if precision == "bf16" else "0")


def test_tensorrt_in_fp32_is_refused_where_it_would_use_tf32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    fp32 = on_gpu("tensorrt")
    with pytest.raises(RunFailed, match=r"NVIDIA_TF32_OVERRIDE=0 .*--precision tf32.*got .*fp32"):
        provider_options(fp32, CUDA, STREAM, AMPERE)
    provider_options(fp32, CUDA, STREAM, TURING)  # which has no TF32
    for precision in ("tf32", "fp32"):  # fp32 that may use TF32 says so too
        may = on_gpu("tensorrt", precision=precision, tf32=True)
        provider_options(may, CUDA, STREAM, AMPERE)
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    provider_options(fp32, CUDA, STREAM, AMPERE)


def test_the_cpu_provider_has_no_options() -> None:
    assert provider_options(on_cpu(), torch.device("cpu"), None, AMPERE) == {}


def test_a_pass_on_the_side_stream_is_enclosed_by_the_current_one() -> None:
    calls: list[str] = []

    def stream(name: str) -> Any:
        waiting = lambda other: calls.append(f"{name} waits for {other.name}")  # noqa: E731
        return SimpleNamespace(name=name, wait_stream=waiting)

    current = stream("current")
    cuda = SimpleNamespace(current_stream=lambda _device: current)
    run = between(lambda: calls.append("pass") or "output", stream("side"), CUDA, cuda)
    assert run() == "output"
    assert calls == ["side waits for current", "pass", "current waits for side"]


def test_weights_lie_beside_the_file_so_that_there_is_no_limit(tmp_path: Path) -> None:
    with torch.inference_mode(), foreign("must be exported"):
        path, _ = export(nn.Conv2d(3, 64, 3).eval(), torch.randn(1, 3, 8, 8), tmp_path)
    beside = [file for file in tmp_path.iterdir() if file != path]
    assert len(beside) == 1
    assert beside[0].stat().st_size >= 3 * 64 * 9 * 4


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_the_types_of_products_are_those_of_their_weights(
    dtype: torch.dtype, tmp_path: Path
) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 2)).eval().to(dtype)
    with torch.inference_mode(), foreign("must be exported"):
        path, _ = export(network, torch.randn(1, 3, 8, 8).to(dtype), tmp_path)
    assert types_of_products(path) == {str(dtype).removeprefix("torch.").replace("32", ""): 2}


def test_the_module_has_not_shadowed_the_package() -> None:
    assert sys.modules["onnxruntime"] is onnxruntime
    assert hasattr(onnxruntime, "InferenceSession")
