"""The limits of a device: the higher of two kinds of work, under the settings of the protocol."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
import torch

from harness.errors import BadRequest, RunFailed
from harness.timing import large_work, limits
from harness.timing.large_work import Bench
from harness.timing.limits import PRECISIONS, Rates, cannot, measure, precision_of

from .fakes import protocol
from .test_settings import torch_settings


@pytest.fixture(autouse=True)
def _torch_is_left_as_it_was() -> Iterator[None]:
    before = torch_settings()
    yield
    assert torch_settings() == before


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Replace the work by figures; note the settings under which each was asked for."""
    script: dict[str, Any] = {"product": 10.0, "convolution": 20.0, "copy": 3.0, "in_place": 4.0}
    script["settings"] = []

    def rate(kind: str) -> Any:
        def work(_self: Bench, dtype: torch.dtype) -> dict[str, Any]:
            script["settings"].append((kind, dtype, torch_settings()))
            if isinstance(script[kind], Exception):
                raise script[kind]
            return {"macs_per_s": script[kind]}

        return work

    def memory(_self: Bench) -> dict[str, Any]:
        script["settings"].append(("memory", None, torch_settings()))
        if isinstance(script["copy"], Exception):
            raise script["copy"]
        kinds = ("copy", "in_place")
        return {"notes": []} | {kind: {"bytes_per_s": script[kind]} for kind in kinds}

    monkeypatch.setattr(Bench, "product", rate("product"))
    monkeypatch.setattr(Bench, "convolution", rate("convolution"))
    monkeypatch.setattr(Bench, "memory", memory)
    return script


@pytest.mark.parametrize(
    ("product", "convolution", "copy", "in_place", "expected"),
    [(10.0, 20.0, 3.0, 4.0, (20.0, 4.0)), (30.0, 20.0, 5.0, 4.0, (30.0, 5.0))],
)
def test_a_limit_is_the_higher_of_two_kinds_of_work(
    scripted: dict[str, Any],
    product: float,
    convolution: float,
    copy: float,
    in_place: float,
    expected: tuple[float, float],
) -> None:
    scripted.update(product=product, convolution=convolution, copy=copy, in_place=in_place)
    rates = measure("cpu", ["fp32"], 1)
    assert (rates.macs_per_s, rates.bytes_per_s) == ({"fp32": expected[0]}, expected[1])
    assert rates.method["matmul"]["fp32"]["macs_per_s"] == product
    assert rates.method["conv"]["fp32"]["macs_per_s"] == convolution
    assert rates.method["copy"]["bytes_per_s"] == copy


def test_everything_runs_with_the_threads_asked_for_and_without_gradients(
    scripted: dict[str, Any],
) -> None:
    rates = measure("cpu", ["fp32", "bf16"], 3)
    assert rates.method["threads"] == 3
    kinds = [(kind, dtype) for kind, dtype, _ in scripted["settings"]]
    assert kinds == [
        ("memory", None),
        ("product", torch.float32),
        ("convolution", torch.float32),
        ("product", torch.bfloat16),
        ("convolution", torch.bfloat16),
    ]
    for _, _, settings in scripted["settings"]:
        assert settings["threads"] == 3
        assert settings["inference"]
        assert not settings["matmul_tf32"]


def test_by_default_as_many_threads_as_torch_has(scripted: dict[str, Any]) -> None:
    assert measure("cpu", ["fp32"]).method["threads"] == torch.get_num_threads()
    assert scripted["settings"][0][2]["threads"] == torch.get_num_threads()


def test_tf32_is_measured_with_tf32_on_and_nothing_else_is(
    scripted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "available_bytes", lambda _: 2**30)
    monkeypatch.setattr(limits, "cannot", lambda *_: None)
    measure("cuda:0", ["fp32", "tf32", "fp16"], 1)
    on = [(dtype, s["matmul_tf32"], s["cudnn_tf32"]) for _, dtype, s in scripted["settings"][1:]]
    assert on == [
        *[(torch.float32, False, False)] * 2,
        *[(torch.float32, True, True)] * 2,
        *[(torch.float16, False, False)] * 2,
    ]


def test_a_quarter_of_the_memory_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    budgets: list[int] = []

    def memory(self: Bench) -> dict[str, Any]:
        budgets.append(self.budget)
        raise RuntimeError("enough")

    monkeypatch.setattr(limits, "available_bytes", lambda _: 4000)
    monkeypatch.setattr(Bench, "memory", memory)
    with pytest.raises(RunFailed):
        measure("cpu", ["fp32"], 1)
    assert budgets == [1000]


def test_what_a_device_cannot_do_is_absent_with_its_reason(scripted: dict[str, Any]) -> None:
    scripted["convolution"] = RuntimeError("not implemented for 'Half'\nand more lines")
    rates = measure("cpu", ["fp16", "tf32"], 1)
    assert rates.macs_per_s == {}
    assert rates.method["matmul"] == rates.method["conv"] == {}
    assert rates.method["not_measured"] == {
        "fp16": "not implemented for 'Half'",
        "tf32": "of CUDA devices only",
    }
    assert rates.bytes_per_s == 4.0


def test_want_of_memory_for_the_copy_is_one_line(scripted: dict[str, Any]) -> None:
    scripted["copy"] = torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate")
    with pytest.raises(RunFailed, match=r"^limits: memory of cpu: CUDA out of memory\.$"):
        measure("cpu", ["fp32"], 1)


@pytest.mark.parametrize(("capability", "able"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_tf32_needs_a_device_that_has_it(capability: tuple[int, int], able: bool) -> None:
    class Cuda:
        def get_device_capability(self, _device: torch.device) -> tuple[int, int]:
            return capability

    reason = cannot("tf32", torch.device("cuda:0"), Cuda())
    assert (reason is None) == able
    assert able or reason == "needs compute capability 8.0, this device has 7.5"


def test_other_precisions_are_torchs_to_refuse() -> None:
    for precision in set(PRECISIONS) - {"tf32"}:
        assert cannot(precision, torch.device("cpu")) is None


def test_unknown_precisions_and_threads_are_refused(scripted: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match=r"precision must be one of fp32, .*, got 'fp8'"):
        measure("cpu", ["fp32", "fp8"], 1)
    with pytest.raises(BadRequest, match="threads must be at least 1, got 0"):
        measure("cpu", ["fp32"], 0)
    assert scripted["settings"] == []


def test_fp32_that_may_round_to_tf32_is_limited_by_tf32() -> None:
    assert precision_of(protocol("cuda")) == "fp32"
    assert precision_of(protocol("cuda", tf32=True)) == "tf32"
    assert precision_of(protocol("cuda", tf32=True, precision="tf32")) == "tf32"
    assert precision_of(protocol("cuda", precision="bf16")) == "bf16"


# --- really ---------------------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_work, "LONG_ENOUGH_S", 0.0005)
    monkeypatch.setattr(large_work, "SPENT_S", 0.001)
    monkeypatch.setitem(large_work.BUFFER_BYTES, "cpu", 2**24)


@pytest.mark.usefixtures("short")
def test_a_cpu_has_plausible_limits() -> None:
    rates = measure("cpu", ["fp32"], 1)
    # a core does between 0.1 and 1000 GMAC/s, and moves between 0.1 and 1000 GB/s
    assert 1e8 < rates.macs_per_s["fp32"] < 1e12
    assert 1e8 < rates.bytes_per_s < 1e12
    assert Rates(**json.loads(json.dumps(asdict(rates)))) == rates


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_has_plausible_limits() -> None:
    rates = measure("cuda:0")
    assert set(rates.macs_per_s) | set(rates.method["not_measured"]) == set(PRECISIONS)
    assert 1e11 < rates.macs_per_s["fp32"] < 1e15
    assert rates.macs_per_s["fp16"] > rates.macs_per_s["fp32"]
    assert 1e10 < rates.bytes_per_s < 2e13
