"""Every backend runs the same network, under the same interface; a wrong one is not timed."""

import gc
from collections.abc import Callable
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from harness.errors import BadRequest, RunFailed
from harness.timing import backends, measure
from harness.timing.backends import BACKENDS, Prepared, find_backend
from harness.timing.clock import CpuClock
from harness.timing.measure import time_network
from harness.timing.output import first_tensor
from harness.timing.protocol import SUPPORTED
from variants.build import build
from variants.catalog import find_row, load_catalog
from variants.spec import resolve

from .fakes import FakeTime, protocol

SEEN: list[torch.Tensor] = []


class Probe(nn.Sequential):
    """A small network that shows its input to `SEEN`, in a copy of itself too."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        SEEN.append(x)
        return super().forward(x)


def passes_of(**fields: Any) -> list[torch.Tensor]:
    """Return the inputs of the timed passes of a probe."""
    SEEN.clear()
    asked = protocol(warmup=0, iterations=2, **fields)
    time_network(Probe(), asked)
    return SEEN[-2:]


def test_every_backend_that_a_protocol_can_name_is_there() -> None:
    assert tuple(BACKENDS) == SUPPORTED["backend"]
    for name, backend in BACKENDS.items():
        assert find_spec(f"{backends.__name__}.{backend.module}"), name


@pytest.mark.parametrize(
    ("backend", "package"),
    [("onnxruntime", "onnxscript"), ("onnxruntime", "onnxruntime"), ("openvino", "openvino")],
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    backend: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "find_spec", lambda name: None if name == package else object())
    message = (
        rf"^backend {backend}: needs the package {package}, which is not installed; "
        rf"pip install 'harness\[{backend}\]' brings it$"
    )
    with pytest.raises(RunFailed, match=message):
        find_backend(backend)


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)],
)
def test_eager_passes_run_in_the_protocols_precision(precision: str, dtype: torch.dtype) -> None:
    assert [x.dtype for x in passes_of(precision=precision)] == [dtype] * 2


@pytest.mark.parametrize(
    ("layout", "expected"),
    [("contiguous", torch.contiguous_format), ("channels_last", torch.channels_last)],
)
def test_eager_passes_run_in_the_protocols_layout(
    layout: str, expected: torch.memory_format
) -> None:
    inputs = passes_of(memory_format=layout)
    assert all(x.is_contiguous(memory_format=expected) for x in inputs)
    assert inputs[0] is inputs[1]


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_layout_that_the_runtime_would_not_keep_is_refused(backend: str) -> None:
    provider = "cpu" if backend == "onnxruntime" else None
    rule = f"memory_format must be .*contiguous.* backend {backend}.*, got .*channels_last"
    with pytest.raises(BadRequest, match=rule):
        time_network(
            Probe(), protocol(backend=backend, provider=provider, memory_format="channels_last")
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "provider"), [("eager", None), ("onnxruntime", "cpu"), ("openvino", None)]
)
@pytest.mark.parametrize("fold_bn", [False, True])
def test_a_variant_gives_eagers_output_on_every_backend_of_the_cpu(
    backend: str, provider: str | None, fold_bn: bool
) -> None:
    network = build(resolve(find_row(load_catalog(()), "fassd-net-l2").chosen))
    timing = time_network(
        network,
        protocol(
            input=(1, 3, 128, 128),
            backend=backend,
            provider=provider,
            fold_bn=fold_bn,
            iterations=2,
            warmup=0,
        ),
    )
    if backend == "eager" and not fold_bn:
        assert timing.output_error is None
        return
    assert timing.output_error is not None
    assert timing.output_error.relative_l2 < 1e-4
    assert timing.output_error.same_class > 0.999
    assert ("folded" in (timing.backend or {})) is fold_bn
    assert timing.setup_s is not None
    assert timing.setup_s > timing.latency_s.min  # it has a pass in it


@pytest.mark.parametrize(
    ("backend", "provider"),
    [("eager", None), ("compile", None), ("onnxruntime", "cpu"), ("openvino", None)],
)
def test_what_runs_a_pass_keeps_alive_what_it_needs(backend: str, provider: str | None) -> None:
    asked = protocol(input=(1, 3, 64, 64), backend=backend, provider=provider, threads=2)
    network = Probe().eval()
    torch.manual_seed(0)
    batch = torch.randn(asked.input)
    with torch.inference_mode():
        wanted = network(batch)
        prepared = find_backend(backend)(network, batch.clone(), asked)
        run, to_tensor = prepared.run, prepared.to_tensor
        del prepared, network
        gc.collect()
        rubbish = [torch.full((1, 4, 62, 62), 7.0) for _ in range(50)]  # into what was freed
        for _ in range(3):
            got = to_tensor(run())
        assert torch.allclose(got, wanted, atol=1e-5)
        assert all(bool((tensor == 7).all()) for tensor in rubbish)


def pretending(
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[torch.Tensor], Any],
    set_up: Callable[[], None] = lambda: None,
) -> list[str]:
    """Put a backend in place that changes the output; return what is called of it, in order."""
    calls = []

    def prepare(network: nn.Module, batch: torch.Tensor, _protocol: object) -> Prepared:
        calls.append("prepare")
        set_up()

        def run() -> Any:
            calls.append("pass")
            return change(network(batch))

        return Prepared(run=run, to_tensor=first_tensor, about={"pretender": "1.0"})

    monkeypatch.setattr(measure, "find_backend", lambda _name: prepare)
    return calls


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: y * 1.01, "must be within 0.0005 of eager's"),
        (lambda y: y.flip(1), "must be within 0.0005 of eager's"),
        (lambda y: y[..., 1:], "must have eager's shape"),
        (lambda y: y / 0, "must be finite"),
        (lambda _y: None, "must return a tensor first, got NoneType"),
    ],
)
def test_a_backend_with_another_output_is_not_timed(
    change: Callable[[torch.Tensor], Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = pretending(monkeypatch, change)
    with pytest.raises(RunFailed, match=message):
        time_network(Probe(), protocol(backend="compile", warmup=5))
    assert calls == ["prepare", "pass"]


def test_set_up_is_reported_apart_from_the_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = FakeTime()
    monkeypatch.setattr(measure, "time", SimpleNamespace(perf_counter=now))

    def one_pass(y: torch.Tensor) -> torch.Tensor:
        now.wait(0.25)
        return y

    pretending(monkeypatch, one_pass, lambda: now.wait(4.0))
    asked = protocol(backend="compile", iterations=3)
    timing = time_network(Probe(), asked, clock=lambda: CpuClock(now))
    assert timing.setup_s == 4.25  # with the first pass
    assert timing.elapsed_s == 0.75
    assert timing.backend is not None
    assert timing.backend["pretender"] == "1.0"


def test_the_first_tensor_of_several_is_what_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    pretending(monkeypatch, lambda y: {"out": y, "aux": y * 9})
    timing = time_network(Probe(), protocol(backend="compile"))
    assert timing.output_error is not None
    assert timing.output_error.relative_l2 == 0
