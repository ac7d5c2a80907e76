"""The conventions against the paper's figures and against the tools whose names they bear."""

import io
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness.conventions import CONVENTIONS, count
from harness.ledger import record
from harness.static import count_network
from variants.build import skeleton
from variants.catalog import load_catalog
from variants.spec import resolve

FULL = (1, 3, 1024, 2048)


def variant(name: str) -> nn.Module:
    return skeleton(resolve(load_catalog()[name].chosen))


def test_fassd_net_costs_to_the_unit() -> None:
    # 'What fvcore, thop and ptflops print' for the released network; `conv` and `paper` by hand
    macs = count_network(variant("fassd-net"), FULL).macs
    assert macs == {
        "conv": 44_683_993_088,
        "paper": 45_112_279_040,
        "fvcore": 45_187_883_008,
        "thop": 45_285_449_728,
        "ptflops": 45_319_921_664,
    }


# G MACs under the paper's rule and M parameters of the FASSD-Net paper's own networks: Table I
# (the first six and FASSD-Net itself) and Table IV, as the paper prints them but for more digits.
# FC-HarDNet-70 is the one that the paper quotes from elsewhere (there 35.4 and 4.10).
PAPER = {
    "baseline": ("32.909", "1.896"),
    "baseline-aspp": ("36.793", "3.849"),
    "baseline-dapf": ("33.866", "2.3625"),
    "baseline-mda": ("44.156", "2.379"),
    "baseline-aspp-mda": ("48.039", "4.332"),
    "baseline-dapf-mda": ("45.112", "2.845351"),
    "fassd-net": ("45.112", "2.845351"),
    "fassd-net-l1": ("19.958", "2.845351"),
    "fassd-net-l2": ("8.677", "2.289454"),
    "fc-hardnet-70": ("35.502", "4.119257"),
    "fc-hardnet-70-l1": ("15.669", "4.119257"),
    "fc-hardnet-70-l2": ("6.609", "2.8571"),
}


@pytest.mark.parametrize("name", PAPER)
def test_a_network_of_the_paper_costs_what_the_paper_says(name: str) -> None:
    cost = count_network(variant(name), FULL)
    gmacs, mparams = PAPER[name]
    assert f"{cost.macs['paper'] / 1e9:.3f}" == gmacs
    assert f"{cost.params / 1e6:.{len(mparams) - 2}f}" == mparams
    assert cost.params == cost.params_constructed
    assert cost.uncounted == {}


# --- the tools: imported where their warnings are kept quiet -------------------------------------


def by_fvcore(network: nn.Module, shape: tuple[int, ...]) -> int:
    from fvcore.nn import FlopCountAnalysis

    return int(FlopCountAnalysis(network, torch.rand(shape)).total())


def by_thop(network: nn.Module, shape: tuple[int, ...]) -> int:
    from thop import profile

    return int(profile(network, (torch.rand(shape),), verbose=False)[0])


def by_ptflops(network: nn.Module, shape: tuple[int, ...]) -> int:
    from ptflops import get_model_complexity_info

    macs, _ = get_model_complexity_info(
        network,
        shape[1:],
        as_strings=False,
        print_per_layer_stat=False,
        backend="pytorch",
    )
    assert macs is not None, "ptflops could not run this network"
    return macs


TOOLS = {"fvcore": by_fvcore, "thop": by_thop, "ptflops": by_ptflops}


class Calls(nn.Module):
    def __init__(self, call: Callable[[Tensor], Any], *modules: nn.Module) -> None:
        super().__init__()
        self.call = call
        self.body = nn.ModuleList(modules)

    def forward(self, x: Tensor) -> Any:
        return self.call(x)


class MyConv(nn.Conv2d):
    """A subclass, which tools that look at the exact class do not know."""


class Fused(nn.Module):
    """Layers held, and called as functions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(F.conv2d(x, self.conv.weight, self.conv.bias, padding=1))


class Attention(nn.Module):
    """Self-attention written out, as vision transformers do."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(8, 24)
        self.out = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.project(x).chunk(3, -1)
        weights = torch.softmax(query @ key.transpose(1, 2), -1)
        return self.out(torch.matmul(weights, value))


IMAGE = (1, 4, 13, 10)
LINE = (1, 4, 12)
VOLUME = (1, 4, 7, 6, 5)
TOKENS = (1, 5, 8)


def calls(call: Callable[[Tensor], Any], shape: tuple[int, ...] = IMAGE) -> Any:
    return lambda: Calls(call), shape


def layer(
    make: Callable[..., nn.Module], *args: Any, on: tuple[int, ...] = IMAGE, **options: Any
) -> Any:
    return lambda: make(*args, **options), on


ZOO: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "conv": layer(nn.Conv2d, 4, 6, 3, stride=2, padding=1),
    "conv without bias": layer(nn.Conv2d, 4, 6, 3, bias=False),
    "conv, grouped": layer(nn.Conv2d, 4, 6, 3, groups=2),
    "conv, depthwise": layer(nn.Conv2d, 4, 8, 3, groups=4),
    "conv, per axis": layer(nn.Conv2d, 4, 6, (3, 1), (2, 1), (1, 0), (2, 1)),
    "conv, same": layer(nn.Conv2d, 4, 6, 3, padding="same"),
    "conv, valid": layer(nn.Conv2d, 4, 6, 3, padding="valid"),
    "conv, reflected": layer(nn.Conv2d, 4, 6, 3, padding=1, padding_mode="reflect"),
    "conv 1d": layer(nn.Conv1d, 4, 6, 3, on=LINE),
    "conv 3d": layer(nn.Conv3d, 4, 6, 3, on=VOLUME),
    "transposed conv": layer(nn.ConvTranspose2d, 4, 6, 3, 2, 1, 1),
    "transposed conv, grouped": layer(nn.ConvTranspose2d, 4, 6, 3, 2, groups=2, bias=False),
    "transposed conv 1d": layer(nn.ConvTranspose1d, 4, 6, 3, 2, on=LINE),
    "transposed conv 3d": layer(nn.ConvTranspose3d, 4, 6, 3, 2, on=VOLUME),
    "subclass of conv": layer(MyConv, 4, 6, 3),
    "conv as a function": layer(Fused),
    "linear": layer(nn.Linear, 10, 6),
    "linear on tokens": layer(nn.Linear, 8, 3, on=TOKENS),
    "linear without bias": layer(nn.Linear, 10, 6, bias=False),
    "linear as a function": calls(lambda x: F.linear(x, torch.rand(6, 10), torch.rand(6))),
    "linear by keywords": calls(lambda x: F.linear(weight=torch.rand(6, 10), input=x)),
    "batch norm": layer(nn.BatchNorm2d, 4),
    "batch norm without scale": layer(nn.BatchNorm2d, 4, affine=False),
    "batch norm of its input": layer(nn.BatchNorm2d, 4, track_running_stats=False),
    "batch norm of its input without scale": layer(
        nn.BatchNorm2d, 4, track_running_stats=False, affine=False
    ),
    "batch norm 1d": layer(nn.BatchNorm1d, 4, on=LINE),
    "batch norm 3d": layer(nn.BatchNorm3d, 4, on=VOLUME),
    "group norm": layer(nn.GroupNorm, 2, 4),
    "group norm without scale": layer(nn.GroupNorm, 2, 4, affine=False),
    "layer norm": layer(nn.LayerNorm, 10),
    "layer norm without scale": layer(nn.LayerNorm, 10, elementwise_affine=False),
    "instance norm": layer(nn.InstanceNorm2d, 4),
    "instance norm with scale": layer(nn.InstanceNorm2d, 4, affine=True),
    "instance norm, tracking": layer(nn.InstanceNorm2d, 4, track_running_stats=True),
    "batch norm as a function": calls(
        lambda x: F.batch_norm(x, torch.rand(4), torch.rand(4), torch.rand(4), torch.rand(4))
    ),
    **{
        name: layer(getattr(nn, name))
        for name in (
            "ReLU", "ReLU6", "PReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh",
            "Hardswish", "Hardsigmoid", "Hardtanh", "Mish", "SELU", "CELU", "Softplus", "RReLU",
            "Identity", "LogSigmoid", "Softsign",
        )
    },
    "PReLU per channel": layer(nn.PReLU, 4),
    "ReLU in place": layer(nn.ReLU, inplace=True),
    "Softmax over channels": layer(nn.Softmax, 1),
    "Softmax over columns": layer(nn.Softmax, -1),
    "LogSoftmax": layer(nn.LogSoftmax, 1),
    "Softmax2d": layer(nn.Softmax2d),
    "Dropout": layer(nn.Dropout),
    **{
        f"F.{name}": calls(lambda x, n=name: getattr(F, n)(x))  # ptflops replaces F's functions
        for name in (
            "relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "tanh", "hardswish",
            "hardtanh", "selu", "mish",
        )
    },
    "F.prelu": calls(lambda x: F.prelu(x, torch.rand(4))),
    "F.softmax": calls(lambda x: F.softmax(x, 1)),
    "torch.relu": calls(torch.relu),
    "x.relu()": calls(lambda x: x.relu()),
    "torch.softmax": calls(lambda x: torch.softmax(x, 1)),
    "F.relu, in place": calls(lambda x: F.relu(x * 1, inplace=True)),
    "F.relu by keyword": calls(lambda x: F.relu(input=x)),
    **{
        f"{kind}{d}d": layer(getattr(nn, f"{kind}{d}d"), size, on=shape)
        for kind, size in [
            ("MaxPool", 2), ("AvgPool", 3), ("AdaptiveAvgPool", 3), ("AdaptiveMaxPool", 2),
        ]
        for d, shape in ((1, LINE), (2, IMAGE), (3, VOLUME))
    },
    "global pool": layer(nn.AdaptiveAvgPool2d, 1),
    "adaptive pool to odd windows": layer(nn.AdaptiveAvgPool2d, (3, 7)),
    # 5/3 x 7/8 windows of 4 x 24 outputs make 236 by arithmetic and 235 as thop rounds
    "adaptive pool, rounded down": layer(nn.AdaptiveAvgPool2d, (3, 8), on=(1, 4, 5, 7)),
    "adaptive pool that keeps an axis": layer(nn.AdaptiveAvgPool2d, (None, 3)),
    "max pool, rounded up": layer(nn.MaxPool2d, 3, 2, 1, ceil_mode=True),
    "F.max_pool2d": calls(lambda x: F.max_pool2d(x, 2)),
    "F.avg_pool2d": calls(lambda x: F.avg_pool2d(x, 2)),
    "F.adaptive_avg_pool2d": calls(lambda x: F.adaptive_avg_pool2d(x, 2)),
    **{
        f"Upsample {mode}": layer(nn.Upsample, scale_factor=2, mode=mode, on=shape)
        for mode, shape in [
            ("nearest", IMAGE), ("bilinear", IMAGE), ("bicubic", IMAGE), ("linear", LINE),
            ("trilinear", VOLUME), ("nearest-exact", IMAGE), ("area", IMAGE),
        ]
    },
    "Upsample to a size": layer(nn.Upsample, (17, 19)),
    "Upsample nearest 1d": layer(nn.Upsample, scale_factor=2, on=LINE),
    "UpsamplingBilinear2d": layer(nn.UpsamplingBilinear2d, scale_factor=2),
    "UpsamplingNearest2d": layer(nn.UpsamplingNearest2d, scale_factor=2),
    **{
        f"F.interpolate {mode}": calls(lambda x, m=mode: F.interpolate(x, (20, 17), mode=m))
        for mode in ("nearest", "bilinear", "bicubic", "area", "nearest-exact")
    },
    "F.interpolate by a scale": calls(lambda x: F.interpolate(x, scale_factor=3)),
    "F.interpolate, antialiased": calls(
        lambda x: F.interpolate(x, (6, 5), mode="bilinear", antialias=True)
    ),
    "torch.matmul": calls(lambda x: torch.matmul(x, torch.rand(10, 3))),
    "matmul by operator": calls(lambda x: x @ torch.rand(10, 3)),
    "matmul, batched": calls(lambda x: torch.matmul(x, torch.rand(4, 10, 3))),
    "matmul, batch on the right": calls(lambda x: torch.matmul(torch.rand(5, 13), x)),
    "torch.bmm": calls(lambda x: torch.bmm(x[0], torch.rand(4, 10, 3))),
    "torch.mm": calls(lambda x: torch.mm(x[0, 0], torch.rand(10, 3))),
    "torch.addmm": calls(lambda x: torch.addmm(torch.rand(3), x[0, 0], torch.rand(10, 3))),
    "torch.baddbmm": calls(
        lambda x: torch.baddbmm(torch.rand(4, 13, 3), x[0], torch.rand(4, 10, 3))
    ),
    "einsum": calls(lambda x: torch.einsum("nchw,cwd->nchd", x, torch.rand(4, 10, 3))),
    "F.scaled_dot_product_attention": calls(lambda x: F.scaled_dot_product_attention(x, x, x)),
    "grid_sample": calls(
        lambda x: F.grid_sample(x, torch.rand(1, 5, 6, 2), align_corners=False)
    ),
    "attention": layer(Attention, on=TOKENS),
    "addition by operator": calls(lambda x: x + x),
    "torch.add": calls(lambda x: torch.add(x, x)),
    "torch.mul": calls(lambda x: torch.mul(x, torch.rand(1, 1, 13, 10))),
    "torch.add of a number": calls(lambda x: torch.add(x, 1)),
    "product by operator": calls(lambda x: x * x),
    "concatenation": calls(lambda x: torch.cat([x, x], 1)),
    "padding": layer(nn.ZeroPad2d, 1),
    "pixel shuffle": layer(nn.PixelShuffle, 2),
    "a block": (
        lambda: nn.Sequential(
            nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU6(), nn.MaxPool2d(2),
            nn.Conv2d(8, 8, 1), nn.PReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 5),
        ),
        IMAGE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", ZOO)
def test_a_convention_is_what_its_tool_prints(name: str, tool: str) -> None:
    make, shape = ZOO[name]
    network = make().eval()
    rows = record(network, shape).rows
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        theirs = TOOLS[tool](network, shape)
    assert sum(map(CONVENTIONS[tool], rows)) == theirs


class Composite(nn.Module):
    """A layer that torch runs as one function, on tokens."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Any:
        if isinstance(self.inner, nn.MultiheadAttention):
            return self.inner(x, x, x)[0]
        return self.inner(x)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.MultiheadAttention(8, 2, batch_first=True),
        lambda: nn.LSTM(8, 6, 2, batch_first=True),
        lambda: nn.GRU(8, 6, batch_first=True),
        lambda: nn.RNN(8, 6, batch_first=True),
    ],
    ids=["MultiheadAttention", "LSTM", "GRU", "RNN"],
)
def test_fvcore_on_a_composite_layer(make: Callable[[], nn.Module]) -> None:
    # it sees all products of an attention layer that returns its weights, and none of a recurrent
    # layer
    network = Composite(make()).eval()
    rows = record(network, TOKENS).rows
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        theirs = by_fvcore(network, TOKENS)
    assert sum(map(CONVENTIONS["fvcore"], rows)) == theirs
    assert theirs == (
        count(rows)["conv"] if isinstance(network.inner, nn.MultiheadAttention) else 0
    )


def paper_of(network: nn.Module, shape: tuple[int, ...] = IMAGE) -> int:
    return count_network(network, shape).macs["paper"]


@pytest.mark.parametrize(
    ("module", "function"),
    [
        (nn.ReLU(), F.relu),
        (nn.ReLU(inplace=True), lambda x: F.relu_(x)),
        (nn.ReLU(), torch.relu),
        (nn.ReLU(), lambda x: x.relu()),
        (nn.ReLU(), lambda x: F.relu(input=x)),
        (nn.ReLU6(), F.relu6),
        (nn.ReLU6(), lambda x: F.hardtanh(x, 0, 6)),
        (nn.LeakyReLU(), F.leaky_relu),
        (nn.LeakyReLU(), F.leaky_relu_),
        (nn.ELU(), F.elu),
        (nn.ELU(), F.elu_),
        (nn.PReLU(4), lambda x: F.prelu(x, torch.rand(4))),
        (nn.BatchNorm2d(4), lambda x: F.batch_norm(x, torch.rand(4), torch.rand(4))),
        (nn.MaxPool2d(2), lambda x: F.max_pool2d(x, 2)),
        (nn.MaxPool2d(2, ceil_mode=True), lambda x: F.max_pool2d(x, 2, ceil_mode=True)),
        (nn.MaxPool2d(2), lambda x: torch.max_pool2d(x, 2)),
        (nn.AvgPool2d(2), lambda x: F.avg_pool2d(x, 2)),
        (nn.AdaptiveAvgPool2d(1), lambda x: F.adaptive_avg_pool2d(x, 1)),
        (nn.AdaptiveAvgPool2d(1), lambda x: F.adaptive_avg_pool2d(x[0], 1)),
        (nn.AdaptiveMaxPool2d(2), lambda x: F.adaptive_max_pool2d(x, 2)),
        (
            nn.Conv2d(4, 6, 3),
            lambda x: F.conv2d(weight=torch.rand(6, 4, 3, 3), input=x, bias=torch.rand(6)),
        ),
        (nn.Linear(10, 3), lambda x: F.linear(x, torch.rand(3, 10), torch.rand(3))),
    ],
)
def test_the_papers_rule_is_by_operator(
    module: nn.Module, function: Callable[[Tensor], Tensor]
) -> None:
    assert paper_of(module) == paper_of(Calls(function)) > 0


# 4 channels of 13x10 are 520 elements
PAPER_RULES: list[tuple[nn.Module, int]] = [
    (nn.Conv2d(4, 6, 3), 6 * 11 * 8 * (4 * 9 + 1)),
    (nn.Conv2d(4, 6, 3, bias=False), 6 * 11 * 8 * 4 * 9),
    (nn.BatchNorm2d(4), 2 * 520),
    (nn.BatchNorm2d(4, affine=False), 2 * 520),
    (nn.ReLU(), 520),
    (nn.PReLU(), 520),
    (nn.MaxPool2d(2), 520),
    (nn.AvgPool2d(3), 520),
    (nn.AdaptiveAvgPool2d(1), 520),
    (nn.Upsample(scale_factor=2), 0),
    (nn.Upsample((5, 4), mode="area"), 0),
    (nn.Sigmoid(), 0),
    (nn.Softmax(1), 0),
    (Calls(lambda x: x.sigmoid_()), 0),
    (nn.Dropout(), 0),
    (Calls(lambda x: x + x), 0),
    (Calls(lambda x: torch.cat([x, x])), 0),
]


@pytest.mark.parametrize(("network", "macs"), PAPER_RULES)
def test_the_papers_rule_costs_each_operator_as_stated(network: nn.Module, macs: int) -> None:
    assert paper_of(network) == macs


def test_the_conventions_have_the_names_that_records_keep() -> None:
    assert list(CONVENTIONS) == ["conv", "paper", "fvcore", "thop", "ptflops"]
    assert count([]) == dict.fromkeys(CONVENTIONS, 0)
