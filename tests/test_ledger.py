"""One pass, one ledger: rows by module, parameters read, memory, and a network left as it was."""

import gc
import subprocess
import sys
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.checkpoint import checkpoint

from harness.errors import RunFailed
from harness.ledger import Ledger, Row, record
from variants.build import build, skeleton
from variants.catalog import load_catalog
from variants.spec import resolve

IMAGE = (1, 3, 16, 16)


class Calls(nn.Module):
    def __init__(self, call: Callable[..., Any], **modules: nn.Module) -> None:
        super().__init__()
        self.call = call
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x: Tensor) -> Any:
        return self.call(self, x)


def network_of(call: Callable[..., Any], **modules: nn.Module) -> nn.Module:
    """Return a network with these modules, whose forward is `call(self, x)`."""
    return Calls(call, **modules)


def conv(given: int = 3, made: int = 3) -> nn.Conv2d:
    return nn.Conv2d(given, made, 3, padding=1)


def at(ledger: Ledger, op: str) -> list[str]:
    return [row.path for row in ledger.rows if row.op == op]


def fassd_net(make: Callable[..., nn.Module]) -> nn.Module:
    return make(resolve(load_catalog()["fassd-net"].chosen))


# --- rows -----------------------------------------------------------------------------------------


def test_a_row_says_what_ran_where_and_on_what() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, groups=1), nn.ReLU())
    # (16 - 3) // 2 + 1 = 7 positions a side; 7 x 7 x 8 x 3 x 3 x 3 multiply-accumulates
    assert record(network, IMAGE).rows == (
        Row(
            op="conv",
            function="conv2d",
            path="0",
            module="torch.nn.modules.conv.Conv2d",
            input=(1, 3, 16, 16),
            output=(1, 8, 7, 7),
            macs=7 * 7 * 8 * 27,
            weight=(8, 3, 3, 3),
            affine=True,
            groups=1,
            mode="",
            along=0,
        ),
        Row(
            op="relu",
            function="relu",
            path="1",
            module="torch.nn.modules.activation.ReLU",
            input=(1, 8, 7, 7),
            output=(1, 8, 7, 7),
            macs=0,
            weight=(),
            affine=False,
            groups=1,
            mode="",
            along=0,
        ),
    )


def test_a_call_in_a_forward_belongs_to_the_module_that_makes_it() -> None:
    inner = network_of(lambda self, x: F.relu(self.conv(x)), conv=conv())
    ledger = record(network_of(lambda self, x: F.relu(self.inner(x) + x), inner=inner), IMAGE)
    assert [(row.op, row.path) for row in ledger.rows] == [
        ("conv", "inner.conv"), ("relu", "inner"), ("elementwise", ""), ("relu", ""),
    ]  # fmt: skip


def test_a_module_called_twice_has_two_rows_and_its_parameters_once() -> None:
    network = network_of(lambda self, x: self.conv(self.conv(x)), conv=conv())
    ledger = record(network, IMAGE)
    assert at(ledger, "conv") == ["conv", "conv"]
    assert ledger.parameters == {"conv.weight": 81, "conv.bias": 3}


def test_a_module_with_two_names_goes_by_the_first() -> None:
    shared = conv()
    network = network_of(lambda self, x: self.a(x) + self.b(x), a=shared, b=shared)
    ledger = record(network, IMAGE)
    assert at(ledger, "conv") == ["a", "a"]
    assert ledger.parameters == {"a.weight": 81, "a.bias": 3}


def test_a_module_that_is_not_registered_counts_for_the_one_that_calls_it() -> None:
    hidden = conv()
    ledger = record(nn.Sequential(network_of(lambda _, x: hidden(x))), IMAGE)
    assert at(ledger, "conv") == ["0"]
    assert ledger.parameters == {}  # not among the network's own


def test_an_exception_that_the_network_catches_does_not_shift_the_paths() -> None:
    def fragile(_: nn.Module, x: Tensor) -> Tensor:
        F.relu(x)
        raise ValueError("not today")

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        try:
            x = self.outer(x)
        except ValueError:
            x = F.relu(x)
        return self.conv(x)

    outer = network_of(lambda self, x: self.fragile(x), fragile=network_of(fragile))
    ledger = record(network_of(forward, outer=outer, conv=conv()), IMAGE)
    assert at(ledger, "relu") == ["outer.fragile", ""]
    assert at(ledger, "conv") == ["conv"]


def test_a_hook_of_the_network_runs_and_is_counted() -> None:
    layer = conv()
    layer.register_forward_pre_hook(lambda _, args: (F.relu(args[0]),))
    layer.register_forward_hook(lambda _, __, out: out * 2)
    ledger = record(nn.Sequential(layer), IMAGE)
    assert [row.op for row in ledger.rows] == ["relu", "conv", "elementwise"]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda out: {"out": out, "aux": [out, None]},
        lambda out: (out, out),
        lambda out: [out],
        lambda _: None,
    ],
)
def test_any_kind_of_output_will_do(wrap: Callable[[Tensor], Any]) -> None:
    assert len(record(network_of(lambda self, x: wrap(self.conv(x)), conv=conv()), IMAGE).rows) == 1


# --- networks of all kinds ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_the_image_has_the_type_of_the_network(kind: torch.dtype) -> None:
    ledger = record(nn.Sequential(conv(), nn.BatchNorm2d(3), nn.ReLU()).to(kind), IMAGE)
    # the image, what the convolution made and what the normalisation makes
    size = torch.empty(0, dtype=kind).element_size()
    assert ledger.peak_activation_bytes == 3 * 3 * 16 * 16 * size


CONSTANTS: dict[str, Callable[..., Tensor]] = {
    "zeros": lambda _, x: x + torch.zeros(16),
    "zeros on the input's device": lambda _, x: x + torch.zeros(16, device=x.device),
    "zeros on a name": lambda _, x: x + torch.zeros(16, device="cpu"),
    "zeros on a GPU": lambda _, x: x + torch.zeros(16, device="cuda"),
    "zeros like": lambda _, x: x + torch.zeros_like(x),
    "new zeros": lambda _, x: x + x.new_zeros(16),
    "tensor": lambda _, x: x + torch.tensor([1.0] * 16),
    "scalar tensor": lambda _, x: x + torch.tensor(1.0, device=x.device, dtype=x.dtype),
    "arange": lambda _, x: x + torch.arange(16, device=x.device),
    "linspace": lambda _, x: x + torch.linspace(0, 1, 16),
    "meshgrid": lambda _, x: x + torch.meshgrid([torch.arange(16)] * 2, indexing="ij")[0],
    "numpy": lambda _, x: x + torch.from_numpy(np.zeros(16, dtype=np.float32)),
    "a permutation on a GPU": lambda _, x: x + torch.randperm(16, device=torch.device("cuda")),
    "zeros like, on the weights' device": lambda self, x: F.conv2d(
        x, torch.zeros_like(self.conv.weight, device=self.conv.weight.device), padding=1
    ),
    "to a device": lambda _, x: x.to("cpu") + 1,
    "to the weights' device": lambda self, x: x.to(self.conv.weight.device) + 1,
    "to the weights": lambda self, x: x.to(self.conv.weight) + 1,
    "to a device and a type": lambda _, x: x.to(device="cpu", dtype=torch.float32) + 1,
    "cuda": lambda _, x: x.cuda() + 1,
    "cpu": lambda _, x: x.cpu() + 1,
    "a buffer": lambda self, x: x + self.table,
    "a slice of a buffer": lambda self, x: x + self.table[:, :16],
    "the value of a buffer": lambda self, x: x * int(self.steps),
    "a buffer in place": lambda self, x: x + self.table.add_(1),
}  # fmt: skip


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_made_or_kept_on_any_device_mix_with_the_pass(name: str, device: str) -> None:
    call = CONSTANTS[name]
    network = network_of(lambda self, x: self.conv(call(self, x)), conv=conv())
    network.register_buffer("table", torch.zeros(16, 16))
    network.register_buffer("steps", torch.tensor(3))
    network = network.to(device)
    if name == "the value of a buffer" and device == "meta":
        with pytest.raises(RunFailed):  # there is no value
            record(network, IMAGE)
    else:
        assert at(record(network, IMAGE), "conv")[-1:] == ["conv"]
    assert device == "meta" or not network.table.any()


def test_a_skeleton_gives_the_ledger_of_the_real_network() -> None:
    shape = (1, 3, 96, 160)
    assert record(fassd_net(skeleton), shape) == record(fassd_net(build), shape)


def test_the_size_of_the_input_costs_no_memory() -> None:
    # 1x3x2^20x2^20 pixels would take 12 TiB
    rows = record(conv(), (1, 3, 2**20, 2**20)).rows
    assert rows[0].macs == 2**40 * 3 * 3 * 9


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_checkpointed_block_is_counted_once(reentrant: bool) -> None:
    network = network_of(
        lambda self, x: checkpoint(self.conv, x, use_reentrant=reentrant), conv=conv()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # reentrant checkpoints warn where no gradients are kept
        assert at(record(network, IMAGE), "conv") == ["conv"]


def test_a_data_parallel_wrapper_is_seen_through() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = nn.DataParallel(conv())
        ledger = record(network, IMAGE)
    assert [(row.op, row.path) for row in ledger.rows] == [("conv", "module")]


def test_a_compiled_network_is_counted_as_what_it_compiles() -> None:
    plain = nn.Sequential(conv(), nn.ReLU())
    in_place = nn.Sequential(conv(), nn.ReLU())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, while it imports its compiler
        wrapped = torch.compile(plain)
        in_place.compile()
    before = in_place._compiled_call_impl
    paths = [row.path for row in record(wrapped, IMAGE).rows]
    assert [row.path for row in record(nn.Sequential(wrapped), IMAGE).rows] == [
        "0._orig_mod.0", "0._orig_mod.1",
    ]  # fmt: skip
    assert paths == ["_orig_mod.0", "_orig_mod.1"]
    assert [row.path for row in record(in_place, IMAGE).rows] == ["0", "1"]
    assert in_place._compiled_call_impl is before
    assert wrapped._orig_mod is plain


def test_a_compiled_function_within_a_network_is_counted() -> None:
    product = torch.compile(lambda x: x @ x.mT, backend="eager")
    ledger = record(network_of(lambda _, x: product(x)), IMAGE)
    assert sum(row.macs for row in ledger.rows) == 3 * 16 * 16 * 16


# --- refusals -------------------------------------------------------------------------------------


def refusal(network: nn.Module, shape: tuple[int, ...] = IMAGE) -> str:
    with pytest.raises(RunFailed) as caught:
        record(network, shape)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda _, x: x if x.sum() > 0 else -x, "item"),
        (lambda _, x: x * float(x.max()), "item"),
        (lambda _, x: x[x > 0], "nonzero"),
        (lambda _, x: x.tolist(), "no data"),
        (lambda _, x: torch.from_numpy(x.numpy()), "meta"),
        (lambda _, x: torch.vmap(lambda a: a @ a)(x), "torch.func"),
        (lambda _, x: x.nope, "nope"),
        (lambda _, x: 1 / 0, "division by zero"),  # noqa: ARG005 - a forward takes an input
    ],
)
def test_what_needs_values_or_fails_is_refused_in_one_line(
    call: Callable[..., Any], reason: str
) -> None:
    message = refusal(network_of(call))
    assert message.startswith("Calls: cannot run on a 1x3x16x16 input without data: ")
    assert reason in message


def test_a_refusal_names_the_innermost_module_that_failed() -> None:
    inner = nn.Sequential(conv(), conv(4, 4))
    message = refusal(network_of(lambda self, x: self.body(x), body=inner))
    assert message.startswith("body.1: cannot run on a 1x3x16x16 input")
    assert "(4, 4, 3, 3)" in message


def test_a_refusal_names_the_failing_module_also_when_called_in_an_exception_handler() -> None:
    try:
        raise KeyError("something else")
    except KeyError:
        assert refusal(nn.Sequential(conv(), conv(4))).startswith("1: ")


def test_an_exception_that_was_caught_is_not_the_one_that_is_named() -> None:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        try:
            return self.first(x)
        except RuntimeError:
            return self.second(x)

    assert refusal(network_of(forward, first=conv(7), second=conv(9))).startswith("second: ")


def test_torchscript_is_refused_by_name() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = nn.Sequential(nn.ReLU(), torch.jit.script(conv()))
    assert refusal(network) == (
        "1: a TorchScript module hides its operators; count the module that it was made from"
    )


def test_a_lazy_module_is_refused_and_stays_lazy() -> None:
    network = nn.Sequential(nn.LazyConv2d(4, 3))
    assert refusal(network) == "0: a lazy module has no shapes yet; run the network once before"
    assert isinstance(network[0], nn.LazyConv2d)


@pytest.mark.parametrize("shape", [(1, 3), (1, 4, 16, 16), (1, 3, 0, 16), (1, 3, -1, 4), ()])
def test_an_input_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    refusal(nn.Sequential(conv(), nn.MaxPool2d(2)), shape)


# --- parameters -----------------------------------------------------------------------------------


def test_a_head_that_does_not_run_at_inference_is_left_out() -> None:
    def forward(self: nn.Module, x: Tensor) -> Any:
        x = self.body(x)
        return (self.head(x), self.auxiliary(x)) if self.training else self.head(x)

    network = network_of(forward, body=conv(), head=conv(), auxiliary=conv(), unused=conv())
    assert network.training
    assert sorted(record(network, IMAGE).parameters) == [
        "body.bias", "body.weight", "head.bias", "head.weight",
    ]  # fmt: skip


def test_tied_weights_count_once() -> None:
    network = network_of(lambda self, x: self.b(self.a(x)), a=conv(), b=conv())
    network.b.weight = network.a.weight
    assert record(network, IMAGE).parameters == {"a.weight": 81, "a.bias": 3, "b.bias": 3}


def test_asking_for_the_shape_of_a_parameter_reads_nothing() -> None:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        weight = self.conv.weight
        return x * weight.shape[0] * weight.dim() * weight.numel() * len(weight) * weight.size(1)

    assert record(network_of(forward, conv=conv()), IMAGE).parameters == {}


@pytest.mark.parametrize(
    "read",
    [
        lambda w: w.view(-1), lambda w: w.T, lambda w: w.data, lambda w: w.mT, lambda w: w[0],
        lambda w: w.reshape(-1), lambda w: w.detach(), lambda w: w.flatten(), lambda w: w * 1,
        lambda w: torch.cat([w, w]), lambda w: torch.stack([w]), lambda w: w.sum(), abs,
        lambda w: w.chunk(2)[0], lambda w: torch.einsum("ij->ji", w), lambda w: w.float(),
        lambda w: torch._foreach_mul([w], 2.0)[0], lambda w: w,
    ],
)  # fmt: skip
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_parameter_read_through_anything_counts(
    read: Callable[[Tensor], Tensor], device: str
) -> None:
    network = network_of(lambda self, _: read(self.linear.weight), linear=nn.Linear(4, 6))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert record(network.to(device), IMAGE).parameters == {"linear.weight": 24}


@pytest.mark.parametrize(
    "layer",
    [
        nn.LSTM(16, 5, 2, bidirectional=True), nn.GRU(16, 5), nn.Embedding(9, 4),
        nn.MultiheadAttention(16, 2), nn.Bilinear(16, 16, 3), nn.PReLU(3), nn.GroupNorm(3, 3),
        nn.LayerNorm(16), nn.InstanceNorm2d(3, affine=True), nn.ConvTranspose2d(3, 4, 2),
        nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)),
        nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 4, 3)),
        nn.TransformerEncoderLayer(16, 2, 8), nn.LSTMCell(16, 4), nn.RMSNorm(16),
        nn.BatchNorm2d(3), nn.Linear(16, 4),
    ],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_all_parameters_of_a_layer_that_runs_are_read(layer: nn.Module) -> None:
    def forward(self: nn.Module, x: Tensor) -> Any:
        if isinstance(self.layer, nn.Embedding):
            return self.layer(torch.zeros(2, dtype=torch.long))
        tokens = x[:, 0]
        if isinstance(self.layer, nn.MultiheadAttention):
            return self.layer(tokens, tokens, tokens)
        if isinstance(self.layer, nn.Bilinear):
            return self.layer(x, x)
        if isinstance(self.layer, nn.LSTMCell):
            return self.layer(tokens[0])
        images = nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm
        flat = isinstance(self.layer, (nn.LSTM, nn.GRU, nn.TransformerEncoderLayer))
        return self.layer(x if isinstance(self.layer, images) or not flat else tokens)

    ledger = record(network_of(forward, layer=layer), IMAGE)
    expected = {f"layer.{name}": p.numel() for name, p in layer.named_parameters()}
    assert ledger.parameters == expected


# --- memory ---------------------------------------------------------------------------------------


class LiveBytes(TorchDispatchMode):
    """Adds up the real storages that are alive after every operator of a real run."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        fixed = (*network.parameters(), *network.buffers())
        self.fixed = {t.untyped_storage().data_ptr() for t in fixed}
        self.alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self.peak = 0

    def note(self, tensors: Any) -> None:
        for tensor in tree_iter(tensors):
            if isinstance(tensor, Tensor) and tensor.numel():
                storage = tensor.untyped_storage()
                if storage.data_ptr() not in self.fixed:
                    self.alive[storage._cdata] = StorageWeakRef(storage), storage.nbytes()
        self.alive = {key: v for key, v in self.alive.items() if not v[0].expired()}
        self.peak = max(self.peak, sum(size for _, size in self.alive.values()))

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        self.note(out)
        return out


def real_peak(network: nn.Module, shape: tuple[int, ...]) -> int:
    """Most bytes alive at once in a real pass on the CPU, weights and buffers left out."""
    network.eval()
    image = torch.rand(shape)
    gc.disable()
    try:
        with torch.no_grad(), LiveBytes(network) as live:
            live.note(image)
            network(image)
    finally:
        gc.enable()
    return live.peak


class UNet(nn.Module):
    """Two levels down, two up, with skips kept alive until they are joined."""

    def __init__(self) -> None:
        super().__init__()
        widths = [3, 8, 16]
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(conv(a, b) for a, b in pairs)
        self.up = nn.ModuleList(conv(a + b, a) for a, b in reversed(pairs))

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for layer in self.down:
            skips.append(x)
            x = F.avg_pool2d(F.relu(layer(x)), 2)
        for layer in self.up:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = F.relu(layer(torch.cat([x, skips.pop()], 1)))
        return x


def branches(_: nn.Module, x: Tensor) -> Tensor:
    left, right = (x * 2).chunk(2, dim=2)  # two views keep one storage
    left = F.relu(left)
    return torch.cat([left, right], 2)


def transposed(_: nn.Module, x: Tensor) -> Tensor:
    y = F.relu(x).transpose(1, 2)
    y = y.mT.data
    del x
    return y.contiguous() + 1


def last_of_many(_: nn.Module, x: Tensor) -> Tensor:
    last = torch.stack([x, x, x]).unbind()[-1]  # a third is used, all of it stays
    last = last + 1
    return torch.cat([last, last])


def kept_slice(_: nn.Module, x: Tensor) -> Tensor:
    corner = F.interpolate(x, scale_factor=4)[..., :2, :2]
    return x + corner.mean()


def dropped(_: nn.Module, x: Tensor) -> Tensor:
    for _ in range(3):
        x = F.dropout(x + 1, 0.5, False)
    return x


def reshaped(_: nn.Module, x: Tensor) -> Tensor:
    tokens = x.flatten(2).permute(0, 2, 1)
    tokens = F.softmax(tokens, -1)
    return tokens.permute(0, 2, 1).reshape(x.shape) * 2


def by_constant(_: nn.Module, x: Tensor) -> Tensor:
    grid = torch.arange(16, dtype=x.dtype).view(1, 1, 1, 16).expand_as(x)
    return torch.cat([x, grid], 1)


def through_weights(self: nn.Module, x: Tensor) -> Tensor:
    weight = self.conv.weight.permute(0, 1, 3, 2)  # a view of a weight is no activation
    return F.conv2d(F.conv2d(x, weight, padding=1), weight, padding=1)


def shrunk(_: nn.Module, x: Tensor) -> Tensor:
    return (x.half() + 1).double()


def with_cycle(_: nn.Module, x: Tensor) -> Tensor:
    kept: list[Any] = [x + 1]
    kept.append(kept)  # only the garbage collector would free it
    del kept
    _young = [[] for _ in range(10_000)]  # allocations that would call the collector
    return (x + 2) * 3


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "a chain": lambda: nn.Sequential(conv(3, 8), nn.BatchNorm2d(8), nn.ReLU(), conv(8, 2)),
    "a chain in place": lambda: nn.Sequential(
        conv(3, 8), nn.ReLU(True), conv(8, 8), nn.ReLU6(True)
    ),
    "a U-net": UNet,
    "views": lambda: network_of(branches),
    "transposed views": lambda: network_of(transposed),
    "one of many": lambda: network_of(last_of_many),
    "a slice": lambda: network_of(kept_slice),
    "dropout": lambda: network_of(dropped),
    "reshapes": lambda: network_of(reshaped),
    "a constant": lambda: network_of(by_constant),
    "views of weights": lambda: network_of(through_weights, conv=conv()),
    "types": lambda: network_of(shrunk),
    "a reference cycle": lambda: network_of(with_cycle),
    "channels-last": lambda: nn.Sequential(conv(), nn.Flatten(2), nn.Flatten(1)).to(
        memory_format=torch.channels_last
    ),
    "pooling": lambda: nn.Sequential(nn.AvgPool2d(3, 1, 1), nn.AdaptiveAvgPool2d(4), nn.Softmax(1)),
    "a residual": lambda: network_of(lambda self, x: F.relu(self.conv(x)).add_(x), conv=conv()),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_peak_memory_is_that_of_a_real_run(name: str) -> None:
    network = NETWORKS[name]()
    assert record(network, IMAGE).peak_activation_bytes == real_peak(network, IMAGE)


def test_the_indices_that_a_max_pool_makes_and_drops_are_workspace() -> None:
    # a real run holds an index of 8 bytes an element besides, until the pool returns
    network = nn.MaxPool2d(2)
    size = 3 * 16 * 16 * 4 + 3 * 8 * 8 * 4
    assert record(network, IMAGE).peak_activation_bytes == size
    assert real_peak(network, IMAGE) == size + 3 * 8 * 8 * 8


def test_peak_memory_of_fassd_net_is_that_of_a_real_run() -> None:
    network = fassd_net(build)
    shape = (1, 3, 128, 256)
    assert record(network, shape).peak_activation_bytes == real_peak(network, shape)


def test_peak_memory_of_fassd_net_at_full_size() -> None:
    # By hand, in units of one channel of 256 x 512 floats (0.5 MiB): the most is alive where the
    # last join of the decoder is normalised. The image (3 channels at 16 times the size: 48), the
    # level's input (78 at a quarter: 19.5), the same upsampled (78), its skip (48), the two
    # concatenated (126), what the 1x1 convolution made (63) and what the BatchNorm makes (63) are
    # 445.5. The end, with 19 scores at 16 times the size, is less: 48 + 48 + 19 + 304 = 419.
    peak = record(fassd_net(skeleton), (1, 3, 1024, 2048)).peak_activation_bytes
    assert peak == 445.5 * 256 * 512 * 4


# --- left as found --------------------------------------------------------------------------------


def state(network: nn.Module) -> dict[str, Any]:
    """Everything that a module is made of, by identity."""
    found: dict[str, Any] = {}
    for path, module in network.named_modules():
        for name, value in vars(module).items():
            found[f"{path}.{name}"] = (
                {key: id(item) for key, item in value.items()}
                if isinstance(value, dict)
                else (id(value), repr(value))
            )
    found["requires_grad"] = [p.requires_grad for p in network.parameters()]
    found["values"] = {name: value.clone() for name, value in network.state_dict().items()}
    return found


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    values, others = a.pop("values"), b.pop("values")
    return a == b and all(torch.equal(values[name], others[name]) for name in values | others)


class Restless(nn.Module):
    """Does in its forward what would change a network for good."""

    def __init__(self, fail: bool) -> None:
        super().__init__()
        self.fail = fail
        self.cache: Tensor | None = None
        self.count = 0
        self.conv = conv()
        self.norm = nn.BatchNorm2d(3)
        self.frozen = nn.BatchNorm2d(3)
        self.conv.bias.requires_grad_(False)
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        self.count += 1
        self.cache = x
        self.late = x
        self.mean = 0.9 * self.mean + 0.1 * x.mean((0, 2, 3))
        self.mean.mul_(2)
        self.norm.running_mean.add_(1)
        self.register_buffer("new", x)
        self.extra = nn.Parameter(torch.zeros(3))
        del self.frozen
        x = self.norm(self.conv(x))
        if self.fail:
            raise ValueError("half way")
        return x


@pytest.mark.parametrize("fail", [False, True])
def test_the_network_is_left_as_it_was(fail: bool) -> None:
    network = nn.Sequential(Restless(fail), nn.ReLU())
    network[0].norm.eval()
    network[0].register_forward_hook(lambda *_: None)
    before = state(network)
    if fail:
        assert refusal(network).startswith("0: ")
    else:
        record(network, IMAGE)
    assert same(before, state(network))
    assert network.training
    assert not network[0].norm.training
    network[0].fail = False
    assert network.eval()(torch.rand(IMAGE)).shape == IMAGE


@pytest.mark.parametrize("fail", [False, True])
def test_nothing_global_stays_behind(fail: bool) -> None:
    hooks = torch.nn.modules.module
    assert gc.isenabled()
    assert torch.is_grad_enabled()
    network = nn.Sequential(Restless(fail))
    if fail:
        refusal(network)
    else:
        record(network, IMAGE)
    assert not hooks._global_forward_hooks
    assert not hooks._global_forward_pre_hooks
    assert not hooks._global_forward_hooks_always_called
    assert gc.isenabled()
    assert torch.is_grad_enabled()
    assert len(torch.overrides._get_current_function_mode_stack()) == 0
    gc.disable()
    try:
        record(conv(), IMAGE)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_pass_in_inference_mode_is_the_same() -> None:
    network = UNet()
    with torch.inference_mode():
        inside = record(network, IMAGE)
    assert inside == record(network, IMAGE)


def test_two_passes_give_the_same_ledger() -> None:
    network = UNet()
    assert record(network, IMAGE) == record(network, IMAGE)


def test_a_pass_within_a_pass_keeps_its_own_ledger() -> None:
    inner: list[Ledger] = []

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        inner.append(record(self.conv, IMAGE))
        return F.relu(x)

    outer = record(network_of(forward, conv=conv()), IMAGE)
    assert [row.op for row in inner[0].rows] == ["conv"]
    assert [row.op for row in outer.rows if row.op != "free"] == ["relu"]


# --- speed ----------------------------------------------------------------------------------------


def test_fassd_net_needs_neither_sympy_nor_dynamo() -> None:
    # together they take about a second to import, ten times what the count takes
    code = """
import sys
from harness.ledger import record
from variants.build import skeleton
from variants.catalog import load_catalog
from variants.spec import resolve
record(skeleton(resolve(load_catalog()["fassd-net"].chosen)), (1, 3, 1024, 2048))
print(sorted({"sympy", "torch._dynamo"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
