"""Torch and the network are as the protocol says during timing, and as they were afterwards."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from harness.timing.settings import applied, left_as_found

from .fakes import protocol


def torch_settings() -> dict[str, Any]:
    backends: Any = torch.backends
    return {
        "threads": torch.get_num_threads(),
        "matmul": torch.get_float32_matmul_precision(),
        "matmul_tf32": backends.cuda.matmul.allow_tf32,
        "cudnn_tf32": backends.cudnn.allow_tf32,
        "benchmark": backends.cudnn.benchmark,
        "raw": [
            owner.fp32_precision
            for owner in (
                *(backends.cuda.matmul, backends.mkldnn.matmul, backends.mkldnn.conv),
                *(backends.cudnn.conv, backends.cudnn.rnn),
            )
            if hasattr(owner, "fp32_precision")
        ],
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
    }


@pytest.fixture(autouse=True)
def _torch_is_left_as_it_was() -> Iterator[None]:
    before = torch_settings()
    yield
    assert torch_settings() == before


@pytest.mark.parametrize("tf32", [False, True])
@pytest.mark.parametrize("benchmark", [False, True])
def test_torch_is_set_as_the_protocol_says(tf32: bool, benchmark: bool) -> None:
    with applied(protocol(threads=3, tf32=tf32, cudnn_benchmark=benchmark)):
        now = torch_settings()
    assert now["threads"] == 3
    assert now["matmul"] == ("high" if tf32 else "highest")
    assert now["matmul_tf32"] == now["cudnn_tf32"] == tf32
    assert now["benchmark"] == benchmark
    assert now["inference"]
    assert not now["gradients"]


def test_what_the_user_had_set_comes_back() -> None:
    cudnn, precision = torch.backends.cudnn, torch.get_float32_matmul_precision()
    before = cudnn.allow_tf32, cudnn.benchmark
    raw = torch_settings()["raw"]
    try:
        torch.set_float32_matmul_precision("medium")
        cudnn.allow_tf32, cudnn.benchmark = False, True
        mine = torch_settings()
        with applied(protocol(tf32=True, cudnn_benchmark=False, threads=3)):
            assert torch_settings() != mine
        assert torch_settings() == mine
    finally:
        cudnn.allow_tf32, cudnn.benchmark = before
        torch.set_float32_matmul_precision(precision)
        backends: Any = torch.backends
        owners = (backends.cuda.matmul, backends.mkldnn.matmul)
        for owner, value in zip(owners, raw, strict=False):
            owner.fp32_precision = value


@pytest.mark.skipif(not hasattr(torch.backends, "fp32_precision"), reason="needs torch 2.9")
def test_an_inherited_precision_stays_inherited() -> None:
    backends: Any = torch.backends
    before = backends.cuda.matmul.fp32_precision
    try:
        backends.cuda.matmul.fp32_precision = "none"
        with applied(protocol()):
            assert backends.cuda.matmul.fp32_precision == "ieee"
        assert backends.cuda.matmul.fp32_precision == "none"
    finally:
        backends.cuda.matmul.fp32_precision = before


def test_torch_is_put_back_when_timing_raises() -> None:
    with pytest.raises(KeyboardInterrupt), applied(protocol(threads=3, tf32=True)):
        raise KeyboardInterrupt


def read(setting: str) -> Any:
    """Return the setting of this dotted name below `torch`, a function's value for a function."""
    value: Any = torch
    for name in setting.split("."):
        value = getattr(value, name)
    return value() if callable(value) else value


def write(setting: str, value: Any) -> None:
    owner, _, name = setting.rpartition(".")
    target: Any = torch
    for part in owner.split(".") if owner else []:
        target = getattr(target, part)
    if callable(getattr(target, name)):
        getattr(target, name.replace("get_", "set_"))(value)
    else:
        setattr(target, name, value)


# What the protocol has no field for -> torch's default, and what a caller may have set.
DEFAULTS = {
    "backends.cudnn.enabled": (True, False),
    "backends.cudnn.deterministic": (False, True),
    "backends.cuda.matmul.allow_fp16_reduced_precision_reduction": (True, False),
    "backends.cuda.matmul.allow_bf16_reduced_precision_reduction": (True, False),
    "backends.cuda.matmul.allow_fp16_accumulation": (False, True),
    "get_deterministic_debug_mode": (0, 1),
}


@pytest.mark.parametrize("setting", DEFAULTS)
def test_what_the_protocol_does_not_say_is_torchs_default(setting: str) -> None:
    default, other = DEFAULTS[setting]
    assert read(setting) == default
    write(setting, other)
    try:
        with applied(protocol()):
            assert read(setting) == default
        assert read(setting) == other
    finally:
        write(setting, default)


def test_a_callers_autocast_does_not_reach_a_pass() -> None:
    product = nn.Linear(4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        with applied(protocol()):
            assert not torch.is_autocast_enabled("cuda")
            assert product(torch.ones(1, 4)).dtype is torch.float32
        assert product(torch.ones(1, 4)).dtype is torch.bfloat16


class Counter(nn.Module):
    """Counts its calls in a buffer, replaces another, and trains a BatchNorm beside."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.register_buffer("calls", torch.zeros(1))
        self.register_buffer("last", torch.zeros(1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.last = torch.ones(1)
        return self.norm(x)


def call(network: nn.Module) -> None:
    with torch.inference_mode():
        network(torch.randn(2, 3, 4, 4))


def call_and_raise(network: nn.Module) -> None:
    call(network)
    raise ValueError("on purpose")


@pytest.mark.parametrize("raises", [False, True])
def test_buffers_are_the_same_tensors_with_the_same_values(raises: bool) -> None:
    network = Counter()
    before = {name: (buffer, buffer.clone()) for name, buffer in network.named_buffers()}
    assert len(before) == 5
    act: Callable[[nn.Module], None] = call_and_raise if raises else call
    try:
        with left_as_found(network):
            act(network)
            assert network.calls == 1
    except ValueError:
        assert raises
    for name, buffer in network.named_buffers():
        assert buffer is before[name][0]
        assert torch.equal(buffer, before[name][1])
    call(network)  # still a network that can be used, outside inference mode too
    network(torch.randn(2, 3, 4, 4)).sum().backward()


class AlwaysFrozen(nn.Module):
    """Refuses to train, as wrappers of frozen backbones do."""

    def train(self, _mode: bool = True) -> "AlwaysFrozen":
        return super().train(False)


def test_the_mode_comes_back_where_train_is_overridden() -> None:
    network = AlwaysFrozen()
    network.training = True
    with left_as_found(network):
        network.eval()
    assert network.training


def test_modes_come_back_module_by_module() -> None:
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Sequential(nn.Dropout(), nn.Conv2d(3, 3, 1)))
    network[0].eval()  # frozen, as in fine-tuning
    before = [module.training for module in network.modules()]
    assert before == [True, False, True, True, True]
    with left_as_found(network):
        network.eval()
    assert [module.training for module in network.modules()] == before
