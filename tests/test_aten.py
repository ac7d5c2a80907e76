"""What no rule covers: counted, known to be free of products, or named."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from harness import aten
from harness.errors import RunFailed
from harness.ledger import Ledger, record
from harness.static import total

Call = Callable[[Tensor], Any]


class Calls(nn.Module):
    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call

    def forward(self, x: Tensor) -> Any:
        return self.call(x)


def ledger_of(call: Call, shape: tuple[int, ...]) -> Ledger:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return record(Calls(call), shape)


def macs(ledger: Ledger) -> int:
    return sum(row.macs for row in ledger.rows)


def unknown(ledger: Ledger) -> set[str]:
    return {row.function for row in ledger.rows if row.op == "unknown"}


def torch_macs(network: nn.Module, shape: tuple[int, ...]) -> int:
    """Half of what torch's own counter says of a real run: it counts 2 for a multiply-accumulate.

    It knows neither the fast paths of attention modules, which torch takes only without
    gradients, nor the fused attention of the CPU; so both are avoided.
    """
    network.eval()
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        network(torch.rand(shape))
    return counter.get_total_flops() // 2


def rand(*shape: int) -> Tensor:
    return torch.rand(shape, requires_grad=True)


class Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ARG004 - torch's signature
        return x @ x.transpose(-1, -2)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # noqa: ARG004 - likewise
        return grad


class Standardised(nn.Conv2d):
    """A convolution whose weight is computed in the forward pass."""

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight - self.weight.mean(), self.bias, self.stride, self.padding)


class Borrowing(nn.Module):
    """Calls a convolution on the weight of another module."""

    def __init__(self) -> None:
        super().__init__()
        self.other = nn.Conv2d(4, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.other.weight) + self.other(x)


class SelfAttention(nn.Module):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, **options)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


def shared() -> nn.Module:
    conv = nn.Conv2d(4, 4, 3, padding=1)
    return nn.Sequential(conv, nn.ReLU(), conv)


IMAGE = (2, 4, 9, 7)
TOKENS = (2, 5, 8)
NETWORKS = {
    "conv": (nn.Conv2d(4, 6, 3, stride=2, padding=1), IMAGE),
    "conv, per axis": (nn.Conv2d(4, 6, (3, 1), (2, 1), (1, 0), (2, 1)), IMAGE),
    "conv, same": (nn.Conv2d(4, 6, 4, padding="same"), IMAGE),
    "conv, reflected": (nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), IMAGE),
    "conv, grouped": (nn.Conv2d(4, 6, 3, groups=2), IMAGE),
    "conv, depthwise": (nn.Conv2d(4, 8, 3, groups=4), IMAGE),
    "conv, dilated": (nn.Conv2d(4, 6, 3, dilation=3), IMAGE),
    "conv, unbatched": (nn.Conv2d(4, 6, 3), IMAGE[1:]),
    "conv 1d": (nn.Conv1d(4, 6, 3), (2, 4, 9)),
    "conv 3d": (nn.Conv3d(4, 6, 3), (2, 4, 5, 6, 7)),
    "a subclass of conv": (Standardised(4, 6, 3), IMAGE),
    "weight norm": (nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 6, 3)), IMAGE),
    "another module's weight": (Borrowing(), IMAGE),
    "a shared module": (shared(), IMAGE),
    "linear": (nn.Linear(8, 3), (8,)),
    "linear on a batch": (nn.Linear(8, 3), TOKENS),
    "linear without bias": (nn.Linear(8, 3, bias=False), (2, 3, 5, 8)),
    "matmul": (Calls(lambda x: torch.matmul(x, rand(8, 3))), TOKENS),
    "matmul by operator": (Calls(lambda x: x @ x.transpose(1, 2)), TOKENS),
    "matmul, broadcast": (Calls(lambda x: x @ rand(3, 1, 8, 4)), TOKENS),
    "bmm": (Calls(lambda x: x.bmm(rand(2, 8, 3))), TOKENS),
    "mm": (Calls(lambda x: x[0].mm(rand(8, 3))), TOKENS),
    "addmm": (Calls(lambda x: torch.addmm(rand(3), x[0], rand(8, 3))), TOKENS),
    "baddbmm": (Calls(lambda x: torch.baddbmm(rand(1), x, rand(2, 8, 3))), TOKENS),
    "baddbmm, method": (Calls(lambda x: rand(2, 5, 3).baddbmm(x, rand(2, 8, 3))), TOKENS),
    "einsum": (Calls(lambda x: torch.einsum("nqc,nkc->nqk", x, x)), TOKENS),
    "einsum of three": (
        Calls(lambda x: torch.einsum("nqc,nkc,nkd->nqd", x, x, rand(2, 5, 3))),
        TOKENS,
    ),
    "tensordot": (Calls(lambda x: torch.tensordot(x, rand(8, 3), 1)), TOKENS),
    "chain_matmul": (Calls(lambda x: torch.chain_matmul(x[0], rand(8, 3), rand(3, 2))), TOKENS),
    "multi_dot": (Calls(lambda x: torch.linalg.multi_dot([x[0], rand(8, 3), rand(3, 2)])), TOKENS),
    "matrix_power": (Calls(lambda x: torch.linalg.matrix_power(x[:, :, :5], 3)), TOKENS),
    "unfold and matmul": (
        Calls(lambda x: rand(6, 36) @ F.unfold(x, 3)),
        IMAGE,
    ),
    "torch.ops": (Calls(lambda x: torch.ops.aten.mm(x[0], rand(8, 3))), TOKENS),
    "an autograd function": (Calls(lambda x: Squared.apply(x)), TOKENS),
    "attention": (Calls(lambda x: F.scaled_dot_product_attention(x, x, x)), TOKENS),
    "attention to narrow values": (
        Calls(lambda x: F.scaled_dot_product_attention(x, rand(2, 7, 8), rand(2, 7, 3))),
        TOKENS,
    ),
    "checkpoint": (
        Calls(lambda x: checkpoint(Squared.apply, x, use_reentrant=False)),
        TOKENS,
    ),
    "MultiheadAttention": (SelfAttention(), TOKENS),
    "MultiheadAttention with key bias": (SelfAttention(add_bias_kv=True), TOKENS),
    "TransformerEncoderLayer": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), TOKENS),
    "TransformerEncoder": (
        nn.TransformerEncoder(
            nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2, enable_nested_tensor=False
        ),
        TOKENS,
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_multiply_accumulates_are_those_of_a_real_run(name: str) -> None:
    network, shape = NETWORKS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ledger = record(network, shape)
        expected = torch_macs(network, shape)
    assert macs(ledger) == expected > 0
    assert unknown(ledger) == set()


@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_costs_its_kernel_at_every_input_element(groups: int) -> None:
    # torch's counter takes the output's positions here, which is wrong from stride 2 on. By hand:
    # 2 images x 9 x 7 positions x 4 input channels x (6 / groups) output channels x 3 x 3
    network = nn.ConvTranspose2d(4, 6, 3, stride=2, groups=groups)
    assert macs(record(network, IMAGE)) == 2 * 9 * 7 * 4 * (6 // groups) * 3 * 3


def test_a_transposed_convolution_through_torch_ops_costs_the_same() -> None:
    weight = torch.rand(4, 6, 3, 3)
    call = torch.ops.aten.convolution.default

    def run(x: Tensor) -> Tensor:
        return call(x, weight, None, [2, 2], [0, 0], [1, 1], True, [0, 0], 1)

    assert macs(ledger_of(run, IMAGE)) == 2 * 9 * 7 * 4 * 6 * 3 * 3


@pytest.mark.parametrize(
    ("network", "gates", "directions"),
    [(nn.LSTM, 4, 1), (nn.LSTM, 4, 2), (nn.GRU, 3, 1), (nn.RNN, 1, 1)],
)
def test_a_recurrent_layer_costs_two_products_a_gate_and_step(
    network: Any, gates: int, directions: int
) -> None:
    # torch's counter does not see into these. By hand, for 5 steps of 2 sequences (steps first):
    # per gate, input (8 -> 6) and state (6 -> 6)
    layer = network(8, 6, bidirectional=directions == 2)
    ledger = record(layer, (5, 2, 8))
    assert macs(ledger) == directions * 5 * 2 * gates * (8 * 6 + 6 * 6)
    assert sum(ledger.parameters.values()) == sum(p.numel() for p in layer.parameters())
    assert unknown(ledger) == set()


SMALL_PRODUCTS: dict[str, tuple[Call, int]] = {
    # on x of 4x6: the numbers are rows x columns x summed
    "mv": (lambda x: torch.mv(x, rand(6)), 4 * 6),
    "matmul with a vector": (lambda x: x @ rand(6), 4 * 6),
    "dot": (lambda x: torch.dot(x[0], x[1]), 6),
    "vdot": (lambda x: torch.vdot(x[0], x[1]), 6),
    "inner": (lambda x: torch.inner(x, x), 4 * 4 * 6),
    "addmv": (lambda x: torch.addmv(rand(4), x, rand(6)), 4 * 6),
    "addbmm": (lambda x: torch.addbmm(rand(4, 3), x.expand(2, 4, 6), rand(2, 6, 3)), 2 * 4 * 6 * 3),
    "sum of an einsum": (lambda x: torch.einsum("ij,ij->", x, x), 4 * 6),
}


@pytest.mark.parametrize("name", SMALL_PRODUCTS)
def test_a_product_that_torch_does_not_count_is_counted(name: str) -> None:
    call, expected = SMALL_PRODUCTS[name]
    ledger = ledger_of(call, (4, 6))
    assert macs(ledger) == expected
    assert unknown(ledger) == set()


def product(x: Tensor) -> Tensor:
    return torch.matmul(x, x.transpose(1, 2))


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # TorchScript is deprecated, and still out there
    scripted = torch.jit.script(product)


@torch.library.custom_op("harness_tests::roll", mutates_args=())
def custom_roll(x: Tensor) -> Tensor:
    """A custom operator whose name is that of a free one."""
    return x @ x.mT


@custom_roll.register_fake
def _(x: Tensor) -> Tensor:
    return x.new_empty(*x.shape[:-1], x.shape[-2])


def unseen(x: Tensor) -> Tensor:
    """Stands for an extension that calls torch below its Python functions."""
    with torch._C.DisableTorchFunction():
        return x @ x.mT


BILINEAR = nn.Bilinear(8, 8, 3)
BYTES = torch.ones(32, 32, dtype=torch.int8)
BAG = torch.zeros(2, 3, dtype=torch.long)
NAMED: dict[str, tuple[Call, tuple[int, ...], set[str]]] = {
    "grid_sample": (
        lambda x: F.grid_sample(x, torch.rand(2, 5, 5, 2), align_corners=False),
        IMAGE,
        {"aten.grid_sampler_2d"},
    ),
    "grid_sample in space": (
        lambda x: F.grid_sample(x, torch.rand(2, 5, 5, 5, 3), align_corners=False),
        (2, 4, 5, 6, 7),
        {"aten.grid_sampler_3d"},
    ),
    "affine_grid": (
        lambda _: F.affine_grid(torch.rand(2, 2, 3), list(IMAGE), align_corners=False),
        IMAGE,
        {"aten.affine_grid_generator"},
    ),
    "fft": (torch.fft.fft2, IMAGE, {"aten._fft_c2c"}),
    "rfft": (torch.fft.rfft2, IMAGE, {"aten._fft_r2c"}),
    "cdist": (lambda x: torch.cdist(x, x), TOKENS, {"aten._cdist_forward"}),
    "cdist of many": (
        lambda _: torch.cdist(torch.rand(40, 8), torch.rand(40, 8)),
        TOKENS,
        {"aten._euclidean_dist"},
    ),
    "bilinear": (lambda x: F.bilinear(x, x, torch.rand(3, 8, 8)), TOKENS, {"aten._trilinear"}),
    "nn.Bilinear": (lambda x: BILINEAR(x, x), TOKENS, {"aten._trilinear"}),
    "conv_tbc": (
        lambda x: torch.conv_tbc(x, torch.rand(3, 8, 6), torch.rand(6)),
        TOKENS,
        {"aten.conv_tbc"},
    ),
    "slow_conv_transpose2d": (
        lambda x: torch._C._nn.slow_conv_transpose2d(x, torch.rand(4, 6, 3, 3), 3),
        IMAGE,
        {"aten.slow_conv_transpose2d"},
    ),
    "inv": (lambda x: torch.linalg.inv(x[:, :, :5]), TOKENS, {"aten.linalg_inv_ex"}),
    "cholesky": (lambda x: torch.linalg.cholesky(x @ x.mT), TOKENS, {"aten.linalg_cholesky_ex"}),
    "svd": (torch.linalg.svdvals, TOKENS, {"aten._linalg_svd"}),
    "qr": (torch.linalg.qr, TOKENS, {"aten.linalg_qr"}),
    "embedding_bag": (
        lambda _: F.embedding_bag(BAG, torch.rand(9, 4)),
        TOKENS,
        {"aten._embedding_bag_forward_only"},
    ),
    "integers": (
        lambda _: torch._int_mm(BYTES, BYTES),
        TOKENS,
        {"aten._int_mm"},
    ),
    "a custom operator": (custom_roll, TOKENS, {"harness_tests.roll"}),
    "an extension": (unseen, TOKENS, {"code out of sight"}),
    "an extension within": (lambda x: unseen(x) + 1, TOKENS, {"code out of sight"}),
    "a TorchScript function": (scripted, TOKENS, {"code out of sight"}),
    "a TorchScript function within": (lambda x: scripted(x) + 1, TOKENS, {"code out of sight"}),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_product_that_cannot_be_counted_is_named(name: str) -> None:
    call, shape, functions = NAMED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = Calls(call)
        cost = total(network, record(network, shape))
    assert set(cost.uncounted) == functions
    assert all(calls >= 1 for calls in cost.uncounted.values())


@pytest.mark.parametrize("call", ["slow_conv3d", "slow_conv_dilated2d", "thnn_conv2d"])
def test_a_convolution_of_the_backend_alone_is_refused(call: str) -> None:
    function = getattr(torch._C._nn, call)
    shape = (2, 4, 5, 6, 7) if call == "slow_conv3d" else IMAGE
    weight = torch.rand(6, 4, *(3,) * (len(shape) - 2))
    with pytest.raises(RunFailed, match="cannot run"):
        ledger_of(lambda x: function(x, weight, 3), shape)


INDEX = torch.zeros(2, 1, 9, 7, dtype=torch.long)
FREE: list[Call] = [
    lambda x: torch.outer(x[0, 0, 0], x[0, 0, 0]), lambda x: torch.kron(x[0, 0], x[0, 0]),
    lambda x: F.normalize(x), lambda x: F.fold(F.unfold(x, 3), (9, 7), 3),
    lambda x: F.pixel_shuffle(x, 2), lambda x: F.channel_shuffle(x, 2),
    lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
    lambda x: F.pad(x, (1, 1)), lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"),
    lambda x: F.pad(x, (1, 1, 1, 1), mode="circular"), lambda x: F.log_softmax(x, 1),
    lambda x: F.pad(x, (1, 1, 1, 1), mode="replicate"), lambda x: F.glu(x, 1), F.logsigmoid,
    lambda x: F.lp_pool2d(x, 2, 2), lambda x: F.local_response_norm(x, 2), F.rrelu, F.softplus,
    lambda x: F.rms_norm(x, (7,)), lambda x: x.scatter(1, INDEX, 1.0), lambda x: x.roll(1, 2),
    lambda x: x.scatter_add(1, INDEX, x), lambda x: x.scatter_reduce(1, INDEX, x, "amax"),
    lambda x: x.gather(1, INDEX), lambda x: x[:, INDEX[0, 0, 0]], lambda x: x.flip(1),
    lambda x: x.index_select(1, INDEX[0, 0, 0]), lambda x: x.repeat(1, 2, 1, 1),
    lambda x: x.repeat_interleave(2, 1), lambda x: x.rot90(1, (2, 3)), lambda x: x.tril(),
    lambda x: torch.stack([x, x]), lambda x: torch.where(x > 0, x, 0.0), lambda x: x.sum(),
    lambda x: x.masked_fill(x > 0, 0.0), lambda x: x.mean((2, 3)), lambda x: x.var(),
    lambda x: x.std(1), lambda x: x.prod(1), lambda x: x.amax(1), lambda x: x.max(1)[0],
    lambda x: x.topk(2, 1), lambda x: x.sort(1), lambda x: x.median(1), lambda x: x.quantile(0.5),
    lambda x: x.cumsum(1), lambda x: x.logsumexp(1), lambda x: x.norm(), lambda x: x**2,
    lambda x: torch.addcmul(x, x, x), lambda x: torch.lerp(x, x, 0.5), lambda x: (x > 0) & (x < 1),
    lambda x: x.half().float(), lambda x: F.one_hot(x.argmax(1), 4), lambda x: x.unfold(2, 3, 1),
    lambda x: torch.meshgrid(x[0, 0, 0], x[0, 0, :, 0], indexing="ij"), lambda x: x.diff(),
    lambda _: F.embedding(INDEX, torch.rand(9, 4)), lambda x: F.gumbel_softmax(x, dim=1),
    lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", antialias=True),
    lambda x: F.max_pool2d(x, 2, ceil_mode=True), lambda x: F.avg_pool2d(x, 2, ceil_mode=True),
    lambda x: torch.max_pool2d(x, 2), lambda x: torch.complex(x, x).abs(),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(FREE)))
def test_what_moves_compares_or_reduces_is_free(number: int) -> None:
    ledger = ledger_of(FREE[number], IMAGE)
    assert macs(ledger) == 0
    assert unknown(ledger) == set()


def test_every_name_that_is_classified_is_an_operator_of_torch() -> None:
    # a misspelt name would leave its operator unknown for good
    names = aten._FREE | set(aten._NAMED) | set(aten._NORMS) | aten._PRODUCTS | aten._ADDED_PRODUCTS
    assert {name for name in names if not hasattr(torch.ops.aten, name)} == set()


def test_nothing_that_torch_counts_is_free() -> None:
    # torch's own counter has a formula for each of these, so each holds products
    counted = {str(operator).removeprefix("aten.") for operator in flop_registry}
    assert counted & (aten._FREE | set(aten._NAMED)) == set()
    free = {name for name in counted if hasattr(torch.ops.aten, name) and is_pointwise(name)}
    assert free == set()


def is_pointwise(name: str) -> bool:
    packet = getattr(torch.ops.aten, name)
    return any(torch.Tag.pointwise in getattr(packet, o).tags for o in packet.overloads())


@pytest.mark.parametrize(
    ("call", "op", "mode"),
    [
        # uint8 has no rule, so torch's meta kernel answers
        (lambda x: F.interpolate(x.byte(), scale_factor=2), "interpolate", "nearest"),
        (lambda x: torch.ops.aten.upsample_bilinear2d(x, [9, 9], True), "interpolate", "bilinear"),
        (
            lambda x: torch.ops.aten._upsample_nearest_exact2d(x, [9, 9]),
            "interpolate",
            "nearest-exact",
        ),
        (lambda x: F.max_pool2d(x, 2, ceil_mode=True), "max_pool", ""),
        (lambda x: F.avg_pool3d(x, 2, ceil_mode=True), "avg_pool", ""),
        (lambda x: torch.ops.aten._adaptive_avg_pool2d(x, [2, 2]), "adaptive_avg_pool", ""),
        (lambda x: torch.ops.aten.relu(x), "torch_relu", ""),
        (F.selu, "torch_elu", ""),
        (F.leaky_relu_, "leaky_relu", ""),
        (lambda x: torch.layer_norm(x, (7,)), "layer_norm", ""),
        (
            lambda x: torch.batch_norm(
                x, None, None, torch.rand(4), torch.rand(4), False, 0.1, 1e-5, False
            ),
            "batch_norm",
            "",
        ),
    ],
)
def test_a_kernel_has_the_name_that_the_rule_would_give(call: Call, op: str, mode: str) -> None:
    row = ledger_of(call, (2, 4, 9, 7)).rows[-1]
    assert (row.op, row.mode) == (op, mode)


@pytest.mark.parametrize("affine", [False, True])
def test_a_kernel_of_a_normalisation_tells_whether_it_scales(affine: bool) -> None:
    scale = torch.rand(7) if affine else None
    row = ledger_of(lambda x: torch.layer_norm(x, (7,), scale), IMAGE).rows[-1]
    assert (row.op, row.affine) == ("layer_norm", affine)
