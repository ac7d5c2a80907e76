"""Time goes to the module whose own forward ran the operator; the network is left as it was."""

import os
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from harness.errors import BadRequest
from harness.ledger import record
from harness.roofline import limits_of
from harness.timing import layers as layers_module
from harness.timing.layers import LayerTimes, layer_times, layers, module_ranges, own_times

SHAPE = (1, 3, 64, 64)


class Block(nn.Module):
    """A convolution, and a concatenation and an addition in its own forward."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.conv(x), x + 1.0], 1)


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = Block()
        self.norm = nn.BatchNorm2d(6)
        self.idle = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.idle(self.norm(self.first(x))).sigmoid()


def event(name: str, parent: Any = None, own_us: float = 0.0, device: str = "CPU") -> Any:
    """Return what a profiler notes: on the device, an operator's kernels take 100 times as long."""
    return SimpleNamespace(
        name=name,
        cpu_parent=parent,
        self_cpu_time_total=own_us,
        self_device_time_total=100 * own_us,
        device_type=SimpleNamespace(name=device),
    )


def module(path: str, parent: Any = None) -> Any:
    return event(f"harness module {path}", parent, own_us=1000.0)


def profiled(network: nn.Module, batch: Tensor) -> list[Any]:
    with module_ranges(network), profile(activities=[ProfilerActivity.CPU]) as profiler:
        network(batch)
    return list(profiler.events())


# --- whose time it is -----------------------------------------------------------------------------


def test_an_operators_own_time_goes_to_the_innermost_module() -> None:
    root = module("")
    block = module("first", root)
    leaf = module("first.conv", block)
    conv = event("aten::conv2d", leaf, 5.0)
    inner = event("aten::convolution", conv, 40.0)
    events = [
        root, block, leaf, conv, inner,
        event("aten::cat", block, 7.0), event("aten::sigmoid", root, 3.0),
        event("aten::sigmoid", root, 2.0), event("aten::randn", None, 99.0),
    ]  # fmt: skip
    # microseconds; a range's own time is Python's, and what no module ran is nobody's
    expected = {"first.conv": 45e-6, "first": 7e-6, "": 5e-6}
    assert own_times(events, on_gpu=False) == pytest.approx(expected)


def test_on_a_gpu_the_kernels_that_an_operator_launched_count_once() -> None:
    root = module("")
    leaf = module("conv", root)
    conv = event("aten::cudnn_convolution", leaf, 5.0)
    kernel = event("implicit_gemm", conv, 5.0, device="CUDA")
    annotation = event("harness module conv", None, 5.0, device="CUDA")
    times = own_times([root, leaf, conv, kernel, annotation], on_gpu=True)
    assert times == pytest.approx({"conv": 500e-6})


def test_real_operators_run_within_the_ranges_of_their_modules() -> None:
    found = profiled(Network(), torch.randn(SHAPE))
    ranges = {e.name.removeprefix("harness module ") for e in found if "harness" in e.name}
    assert ranges == {"", "first", "first.conv", "norm", "idle"}

    def innermost(operator: str) -> list[str | None]:
        named = [e for e in found if e.name == operator]
        return [layers_module._innermost(e) for e in named]

    assert innermost("aten::conv2d") == ["first.conv"]
    assert innermost("aten::cat") == ["first"]
    assert innermost("aten::add") == ["first"]
    assert innermost("aten::batch_norm") == ["norm"]
    assert innermost("aten::sigmoid") == [""]
    assert innermost("aten::convolution") == ["first.conv"]  # within aten::conv2d


def test_the_modules_own_times_add_up_to_most_of_the_pass() -> None:
    network = nn.Sequential(*(nn.Conv2d(16, 16, 3, padding=1) for _ in range(4)))
    shares = []
    for _ in range(5):
        times = layer_times(network, torch.randn(1, 16, 256, 256), passes=4)
        assert set(times.own_s) == {"0", "1", "2", "3"}
        assert times.pass_s > 0
        shares.append(sum(times.own_s.values()) / times.profiled_s)
    assert max(shares) <= 1
    # What is left is Python, hooks and profiler: little beside convolutions of milliseconds. Who
    # else uses the processor may come in between, and only ever adds to it.
    assert max(shares) > 0.7


def test_times_are_those_of_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    class Counted(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            calls.append(torch.is_inference_mode_enabled() and not self.training)
            return x + 1

    monkeypatch.setattr(layers_module, "own_times", lambda *_, **__: {"": 12.0})
    times = layer_times(Counted(), torch.zeros(2), passes=3)
    assert times.own_s == {"": 4.0}
    assert calls == [True] * (2 + 3 + 1 + 3)  # warm-up, without profiler, its set-up, with it


def test_a_gpu_is_waited_for_before_and_after_the_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: calls.append(f"wait {device}"))
    batch: Any = SimpleNamespace(device=torch.device("cuda:0"))
    layers_module._seconds_per_pass(lambda _: calls.append("pass"), batch, 2)
    assert calls == ["wait cuda:0", "pass", "pass", "wait cuda:0"]


def test_at_least_one_pass_is_needed() -> None:
    with pytest.raises(BadRequest, match="passes must be at least 1, got 0"):
        layer_times(Network(), torch.zeros(SHAPE), passes=0)


# --- left as found --------------------------------------------------------------------------------


class Failing(Network):
    """Raises what it is told to, at the pass of that number."""

    def __init__(self, error: type[BaseException], at: int) -> None:
        super().__init__()
        self.error, self.left = error, at
        self.first.register_forward_pre_hook(lambda *_: None)

    def forward(self, x: Tensor) -> Tensor:
        self.left -= 1
        if self.left == 0:
            self.norm.register_buffer("running_mean", None)
            raise self.error("no")
        return super().forward(x)


def hooks(network: nn.Module) -> list[int]:
    return [
        len(found)
        for part in network.modules()
        for found in (
            part._forward_hooks,
            part._forward_pre_hooks,
            part._forward_hooks_always_called,
        )
    ]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("at", [1, 4, 6, 100])
def test_the_network_is_left_as_it_was(
    error: type[BaseException], at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KINETO_LOG_LEVEL", raising=False)
    network = Failing(error, at).train()
    before, mean = hooks(network), network.norm.running_mean
    with torch.profiler.profile():  # by its first use torch sets a variable of its own
        pass
    environment = dict(os.environ)
    try:
        layer_times(network, torch.randn(SHAPE), passes=2)
    except error:
        assert at < 100
    else:
        assert at == 100
    assert hooks(network) == before
    assert all(part.training for part in network.modules())
    assert network.norm.running_mean is mean
    assert dict(os.environ) == environment


def test_ctrl_c_leaves_no_range_open(monkeypatch: pytest.MonkeyPatch) -> None:
    entered: list[str] = []

    class Range:
        def __init__(self, name: str) -> None:
            self.name = name

        def __enter__(self) -> None:
            entered.append(self.name)

        def __exit__(self, *_: object) -> None:
            assert entered.pop() == self.name

    monkeypatch.setattr(layers_module, "record_function", Range)
    network = Failing(KeyboardInterrupt, 1)
    with pytest.raises(KeyboardInterrupt), module_ranges(network):
        network(torch.randn(SHAPE))
    assert entered == []


def test_an_error_that_the_network_catches_leaves_no_range_open() -> None:
    class Caught(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.failing = Failing(ValueError, 1)
            self.failing.norm.running_mean = None
            self.last = nn.Conv2d(3, 3, 1)

        def forward(self, x: Tensor) -> Tensor:
            try:
                return self.failing(x)  # type: ignore[no-any-return]
            except ValueError:
                return self.last(x) + 1.0  # type: ignore[no-any-return]

    found = profiled(Caught(), torch.randn(SHAPE))
    paths = {e.name: layers_module._innermost(e) for e in found}
    assert paths["aten::add"] == ""
    assert paths["harness module last"] == ""


def test_what_a_modules_own_hooks_run_is_its_own() -> None:
    network = Network()
    network.norm.register_forward_pre_hook(lambda _, given: (given[0].mul(2.0),))
    network.norm.register_forward_hook(lambda _, __, out: out.tanh())
    found = profiled(network, torch.randn(SHAPE))
    paths = {e.name: layers_module._innermost(e) for e in found}
    assert paths["aten::mul"] == paths["aten::tanh"] == "norm"


# --- joined with the ledger -----------------------------------------------------------------------


def test_layers_join_time_and_work_the_dearest_first() -> None:
    network = Network()
    ledger = record(network, (1, 3, 8, 8))
    own_s = {"first.conv": 2.0, "": 5.0, "first": 1.0}
    found = layers(network, ledger, own_s, 1000.0, 100.0, 4)
    # 64 positions; conv 3 x 3 x 9 MACs each, 192 + 81 + 3 + 192 elements; norm 384 in and out, 24
    # parameters and statistics; first: x + 1 192 in, once more, 192 out, cat 384 in and out
    assert [(each.path, each.type, each.time_s, each.macs, each.bytes) for each in found] == [
        ("", "Network", 5.0, 0, 4 * 768),
        ("first.conv", "Conv2d", 2.0, 64 * 81, 4 * 468),
        ("first", "Block", 1.0, 0, 4 * (3 * 192 + 768)),
        ("norm", "BatchNorm2d", 0.0, 0, 4 * (768 + 24)),
    ]
    by_path = {each.path: each.limit_s for each in found}
    assert by_path["first.conv"] == pytest.approx(max(64 * 81 / 1000, 4 * 468 / 100))
    assert by_path["norm"] == pytest.approx(4 * 792 / 100)


def test_layers_add_up_to_the_limits_of_the_pass() -> None:
    network = Network()
    ledger = record(network, SHAPE)
    found = layers(network, ledger, {}, 1e9, 1e9, 2)
    whole = limits_of(ledger.rows, 1e9, 1e9, 2, 1.0)
    assert sum(each.limit_s for each in found) == pytest.approx(whole.roofline_s)
    assert sum(each.bytes for each in found) / 1e9 == pytest.approx(whole.memory_s)
    assert sum(each.macs for each in found) / 1e9 == pytest.approx(whole.arithmetic_s)


def test_a_profiled_network_names_the_modules_of_its_ledger() -> None:
    network = Network()
    times: LayerTimes = layer_times(network, torch.randn(SHAPE), passes=1)
    assert set(times.own_s) == {row.path for row in record(network, SHAPE).rows}
    assert all(seconds > 0 for seconds in times.own_s.values())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_real_gpu_the_kernels_add_up_to_most_of_the_pass() -> None:
    network = nn.Sequential(*(nn.Conv2d(64, 64, 3, padding=1) for _ in range(4))).cuda()
    times = layer_times(network, torch.randn(4, 64, 512, 512, device="cuda"), passes=4)
    assert set(times.own_s) == {"0", "1", "2", "3"}
    assert 0.5 * times.profiled_s < sum(times.own_s.values()) <= 1.01 * times.profiled_s
