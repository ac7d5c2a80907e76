"""Every rule against torch itself: what a call makes, and which calls torch refuses."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness.errors import RunFailed
from harness.ledger import Row, record
from harness.operators import RULES, broadcast, each, rule

Call = Callable[[Tensor], Any]
REFUSED = "refused"


class Calls(nn.Module):
    """A network that makes one call and keeps what came back."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call
        self.results: list[Any] = []

    def forward(self, x: Tensor) -> Any:
        self.results.append(self.call(x))
        return self.results[-1]


def facts(out: Any) -> Any:
    """What a ledger has to know of a result: shape, type and layout of each tensor."""
    if not isinstance(out, Tensor):
        return [facts(item) for item in out]
    strides = [s for size, s in zip(out.shape, out.stride(), strict=True) if size > 1]
    return tuple(out.shape), out.dtype, strides if out.numel() else []


def by_torch(call: Call, shape: tuple[int, ...]) -> Any:
    """Run the call for real; `REFUSED` where torch raises."""
    with torch.no_grad():
        try:
            return facts(call(torch.rand(shape)))
        except Exception:  # noqa: BLE001 - whatever torch raises
            return REFUSED


def by_ledger(call: Call, shape: tuple[int, ...]) -> tuple[Any, tuple[Row, ...]]:
    network = Calls(call)
    try:
        ledger = record(network, shape)
    except RunFailed:
        return REFUSED, ()
    return facts(network.results[-1]), ledger.rows


def disagreements(cases: Iterator[tuple[Any, Call, tuple[int, ...]]]) -> list[str]:
    """Return the cases on which torch and the ledger differ; there must be both kinds of case."""
    found, kinds = [], set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, call, shape in cases:
            theirs, (ours, _) = by_torch(call, shape), by_ledger(call, shape)
            kinds.add(theirs == REFUSED)
            if theirs != ours:
                found.append(f"{name} on {shape}: torch {theirs}, ledger {ours}")
    assert kinds == {True, False}, "the cases should include good calls and refused ones"
    return found


SIZES = {1: (11,), 2: (11, 8), 3: (7, 6, 5)}
WRONG_OPTIONS: list[dict[str, Any]] = [
    {"stride": 0}, {"stride": -1}, {"padding": -1}, {"dilation": 0}, {"groups": 0}, {"groups": 3},
    {"stride": (1, 2, 3, 4)}, {"padding": (1, 1, 1, 1)}, {"dilation": 9}, {"groups": -1},
]  # fmt: skip


def conv_cases(dims: int) -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    function = getattr(torch, f"conv{dims}d")
    shape = (2, 4, *SIZES[dims])
    per_axis = {1: [(2,)], 2: [(2, 1), (1, 3)], 3: [(1, 2, 3)]}[dims]

    def case(x: tuple[int, ...], kernel: tuple[int, ...], bias: bool, options: dict[str, Any]):
        inputs = 4 // max(1, options.get("groups", 1))
        weight = torch.rand(6, inputs, *kernel)
        return (kernel, bias, options), partial(
            function, weight=weight, bias=torch.rand(6) if bias else None, **options
        ), x  # fmt: skip

    kernels = [(1,) * dims, (3,) * dims, tuple(range(1, dims + 1)), (4,) * dims]
    for kernel, stride, padding in product(kernels, [1, 2, *per_axis], [0, 1, *per_axis]):
        for dilation, groups in product([1, 2, *per_axis], [1, 2]):
            options = {"stride": stride, "padding": padding, "dilation": dilation}
            yield case(shape, kernel, groups == 2, {**options, "groups": groups})
    for kernel, padding, stride, dilation in product(
        kernels, ["same", "valid", "odd"], [1, 2], [1, 3]
    ):
        options = {"padding": padding, "stride": stride, "dilation": dilation}
        yield case(shape, kernel, True, options)
    for options in WRONG_OPTIONS:
        yield case(shape, (3,) * dims, True, options)
    yield case(shape[1:], (3,) * dims, True, {})  # no batch
    yield case(shape[2:], (3,) * dims, True, {})  # no channels
    yield case((1, *shape), (3,) * dims, True, {})  # an axis too many
    yield case(shape, (3,) * (dims + 1), True, {})
    yield case(shape, (30,) * dims, True, {})  # the kernel does not fit
    yield case((0, *shape[1:]), (3,) * dims, True, {})
    weight = torch.rand(6, 4, *(3,) * dims)
    yield "positional", lambda x: function(x, weight, None, 2, 1, 1, 1), shape
    yield "bias of 5", lambda x: function(x, weight, torch.rand(5)), shape
    yield "bias of 1x6", lambda x: function(x, weight, torch.rand(1, 6)), shape
    yield "channels", lambda x: function(x[:, :3], weight), shape
    yield "double input", lambda x: function(x.double(), weight), shape
    yield "all double", lambda x: function(x.double(), weight.double()), shape
    yield "double bias", lambda x: function(x, weight, torch.rand(6).double()), shape
    yield "unknown", lambda x: function(x, weight, strides=2), shape
    yield "no weight", lambda x: function(x), shape
    yield "a list", lambda x: function([x], weight), shape


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_a_convolution_makes_what_torch_makes(dims: int) -> None:
    assert disagreements(conv_cases(dims)) == []


def conv_transpose_cases(dims: int) -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    function = getattr(torch, f"conv_transpose{dims}d")
    shape = (2, 4, *(5, 4, 3)[:dims])
    per_axis = (1, 2, 3)[:dims]
    for kernel, stride, padding in product([1, 3, 4], [1, 2, per_axis], [0, 1, per_axis]):
        for extra, groups, dilation in product([0, 1, 2], [1, 2], [1, 2, per_axis]):
            weight = torch.rand(4, 3, *(kernel,) * dims)
            bias = torch.rand(3 * groups) if groups == 2 else None
            options = (stride, padding, extra, groups, dilation)
            yield (
                (kernel, *options),
                partial(lambda x, w, b, o: function(x, w, b, *o), w=weight, b=bias, o=options),
                shape,
            )
    weight = torch.rand(4, 3, *(3,) * dims)
    for options in [*WRONG_OPTIONS, {"output_padding": -1}, {"output_padding": 5}]:
        yield options, partial(function, weight=weight, **options), shape
    yield "no batch", lambda x: function(x, weight), shape[1:]
    yield "an axis too many", lambda x: function(x, weight), (1, *shape)
    yield "bias of 2", lambda x: function(x, weight, torch.rand(2)), shape
    yield "double bias", lambda x: function(x, weight, torch.rand(3).double()), shape
    yield "double input", lambda x: function(x.double(), weight), shape
    yield "channels", lambda x: function(x[:, :3], weight), shape


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_a_transposed_convolution_makes_what_torch_makes(dims: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)  # with one, torch refuses some maps without elements
    try:
        assert disagreements(conv_transpose_cases(dims)) == []
    finally:
        torch.set_num_threads(before)


def linear_cases() -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    weight = torch.rand(5, 6)
    for shape in [(6,), (3, 6), (2, 3, 6), (2, 1, 3, 6), (0, 6), (3, 5), ()]:
        for bias in [None, torch.rand(5), torch.rand(1), torch.rand(4), torch.rand(3, 5)]:
            yield ("bias", bias), partial(F.linear, weight=weight, bias=bias), shape
    yield "a vector", partial(F.linear, weight=weight[0]), (3, 6)
    yield "double", lambda x: F.linear(x.double(), weight), (3, 6)
    yield "keywords", lambda x: F.linear(weight=weight, bias=None, input=x), (3, 6)


PRODUCT_SHAPES = [
    ((3, 4), (4, 5)), ((3, 4), (3, 4)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)),
    ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (7, 4, 5)), ((2, 3, 4), (3, 4, 5)), ((4,), (4,)),
    ((4,), (4, 5)), ((3, 4), (4,)), ((2, 3, 4), (1, 4, 5)), ((0, 4), (4, 5)), ((1, 1), (1, 1)),
]  # fmt: skip


def product_cases() -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    functions = [torch.matmul, Tensor.matmul, torch.bmm, Tensor.bmm, torch.mm, Tensor.mm]
    for function, (left, right) in product(functions, PRODUCT_SHAPES):
        yield (function, right), lambda x, f=function, s=right: f(x, torch.rand(s)), left
    yield "@", lambda x: x @ x.transpose(-1, -2), (2, 3, 4)
    yield "double", lambda x: x @ torch.rand(4, 5).double(), (3, 4)
    for shape in [(), (5,), (3, 1), (3, 5), (2, 5), (2, 3, 5), (1, 1, 5)]:
        for beta in (0, 1):
            add = partial(torch.addmm, mat1=torch.rand(3, 4), mat2=torch.rand(4, 5), beta=beta)
            yield ("addmm", beta), add, shape
            pair = {"mat1": torch.rand(2, 3, 4), "mat2": torch.rand(2, 4, 5)}
            yield "baddbmm", lambda x, p=pair: torch.baddbmm(x, p["mat1"], p["mat2"]), shape


def attention_cases() -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    attend = F.scaled_dot_product_attention
    for shape in [(2, 4, 5, 6), (4, 5, 6), (5, 6), (3, 2, 4, 5, 6), (6,)]:
        yield "self", lambda x: attend(x, x, x), shape
        yield "causal", lambda x: attend(x, x, x, is_causal=True), shape
        for mask in [(5, 5), (1, 5), (5, 4), (2, 1, 5, 5), (2, 4, 5, 5), (3, 5, 5)]:
            bias = torch.rand(mask)
            yield ("mask", mask), lambda x, m=bias: attend(x, x, x, m), shape
            yield ("bool", mask), lambda x, m=bias > 0: attend(x, x, x, attn_mask=m), shape
    shape = (2, 4, 5, 6)
    other = torch.rand(2, 4, 7, 6)
    yield "cross", lambda x: attend(x, other, torch.rand(2, 4, 7, 3)), shape
    yield "width", lambda x: attend(x, torch.rand(2, 4, 7, 5), other), shape
    few = torch.rand(2, 2, 5, 6)
    yield "heads", lambda x: attend(x, few, few), shape
    yield "one head for all", lambda x: attend(x, few[:, :1], few[:, :1]), shape
    yield "grouped", lambda x: attend(x, x[:, :2], x[:, :2], enable_gqa=True), shape
    yield "odd groups", lambda x: attend(x, x[:, :3], x[:, :3], enable_gqa=True), shape
    yield "double", lambda x: attend(x, x.double(), x), shape
    yield "dropout", lambda x: attend(x, x, x, dropout_p=2.0), shape


@pytest.mark.parametrize("cases", [linear_cases, product_cases, attention_cases])
def test_a_product_makes_what_torch_makes(cases: Any) -> None:
    assert disagreements(cases()) == []


def vector(size: int | None) -> Tensor | None:
    return None if size is None else torch.rand(size)


def norm_cases() -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    shapes = [(2, 4, 5), (2, 4, 5, 6), (2, 4), (1, 4, 1, 1), (4,), (1, 4), (2, 4, 3, 3, 2)]
    sizes = [(None, None), (4, 4), (4, None), (3, 4), (4, 3)]
    for shape, (a, b), (w, bias) in product(shapes, sizes, sizes):
        stats, affine = (vector(a), vector(b)), (vector(w), vector(bias))
        for flag in (False, True):
            yield (
                ("batch", a, b, w, bias, flag),
                partial(lambda x, s, t, f: F.batch_norm(x, *s, *t, f), s=stats, t=affine, f=flag),
                shape,
            )
            yield (
                ("instance", a, b, w, bias, flag),
                partial(
                    lambda x, s, t, f: F.instance_norm(x, *s, *t, use_input_stats=f),
                    s=stats, t=affine, f=flag,
                ),
                shape,
            )  # fmt: skip
    for shape, groups, (w, bias) in product(shapes, [0, 1, 2, 3, 4], sizes):
        affine = vector(w), vector(bias)
        yield ("group", groups, w, bias), partial(
            lambda x, g, t: F.group_norm(x, g, *t), g=groups, t=affine
        ), shape  # fmt: skip
    for last, (w, bias) in product([(6,), (5, 6), (4, 5, 6), (5,), (6, 5), ()], sizes):
        for like in [last, (6,)]:
            weight, shift = (None if s is None else torch.rand(like) for s in (w, bias))
            yield ("layer", last, w, bias), partial(
                F.layer_norm, normalized_shape=last, weight=weight, bias=shift
            ), (2, 4, 5, 6)  # fmt: skip
    half = torch.rand(4).half()
    yield "half layer", lambda x: F.layer_norm(x, (4,), half, half), (2, 4)
    yield "half group", lambda x: F.group_norm(x, 2, half, half), (2, 4, 3)
    yield "half batch", lambda x: F.batch_norm(x, half, half), (2, 4, 3)


def test_a_normalisation_makes_what_torch_makes() -> None:
    assert disagreements(norm_cases()) == []


ACTIVATIONS: list[Call] = [
    F.relu, F.relu6, F.hardtanh, F.leaky_relu, F.elu, F.silu, F.gelu, F.hardswish, F.hardsigmoid,
    F.mish, torch.relu, torch.sigmoid, torch.tanh, F.selu, F.celu, F.softplus,
    lambda x: x.relu(), lambda x: x.sigmoid(), lambda x: x.tanh(), lambda x: x.relu_(),
    lambda x: x.sigmoid_(), lambda x: x.tanh_(), torch.relu_, torch.sigmoid_, F.leaky_relu_,
    lambda x: F.relu(x, True), lambda x: F.relu(x, inplace=True), lambda x: F.relu(input=x),
    lambda x: F.leaky_relu(x, 0.1, True), lambda x: F.hardtanh(x, 0.0, 6.0, True),
    lambda x: F.hardtanh(x, 2.0, 1.0), lambda x: F.gelu(x, approximate="tanh"),
    lambda x: F.gelu(x, approximate="cube"), lambda x: F.elu(x, 1.0, inplace=True),
    lambda x: F.dropout(x, 0.5, False), lambda x: F.dropout(x, 2.0, False),
    lambda x: F.dropout(x, 0.0, True), lambda x: F.dropout2d(x, 0.5, False),
    lambda x: F.prelu(x, torch.rand(1)), lambda x: F.prelu(x, torch.rand(4)),
    lambda x: F.prelu(x, torch.rand(3)), lambda x: F.prelu(x, torch.rand(1, 4)),
    lambda x: F.prelu(x, torch.tensor(0.5)), lambda x: F.prelu(x, torch.rand(4).double()),
    lambda x: F.softmax(x, 1), lambda x: F.softmax(x, -1), lambda x: F.softmax(x, 4),
    lambda x: F.softmax(x, -5), lambda x: F.softmax(x, 0, dtype=torch.float64),
    lambda x: F.softmax(x), lambda x: F.softmax(x, dim=0), lambda x: torch.softmax(x, 1),
    lambda x: F.relu(x, slope=1), lambda x: torch.relu(x, 1), lambda x: torch.sigmoid(x, 2),
]  # fmt: skip
KINDS = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool]


def activation_cases() -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    shapes = [(2, 4, 3, 5), (2, 4), (4,), (0, 4), ()]
    for number, (call, shape) in enumerate(product(ACTIVATIONS, shapes)):
        yield ("activation", number), call, shape
    for (number, call), kind in product(enumerate(ACTIVATIONS), KINDS[1:4]):
        yield (number, kind), lambda x, f=call, k=kind: f(x.to(k)), (2, 4, 3, 5)


def test_an_activation_makes_what_torch_makes() -> None:
    assert disagreements(activation_cases()) == []


def test_an_activation_on_integers_makes_the_type_that_torch_makes() -> None:
    for call in [torch.sigmoid, torch.tanh, torch.relu, F.relu, F.relu6]:
        network = Calls(lambda x, f=call: f(x.to(torch.int64)))
        record(network, (2, 3))
        assert network.results[0].dtype == call(torch.ones(2, 3, dtype=torch.int64)).dtype


def pool_cases(dims: int) -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    average, largest = (getattr(F, f"{kind}_pool{dims}d") for kind in ("avg", "max"))
    shapes = [(2, 3, *SIZES[dims]), (3, *SIZES[dims]), (1, 3, *(2,) * dims), SIZES[dims]]
    axis = (2, 3, 1)[:dims]
    for shape, kernel, stride in product(shapes, [1, 2, 3, axis, 0], [None, 1, 2, axis, 0]):
        for padding, up in product([0, 1, axis, -1], [False, True]):
            name = (dims, kernel, stride, padding, up)
            yield ("avg", *name), partial(
                average, kernel_size=kernel, stride=stride, padding=padding, ceil_mode=up
            ), shape  # fmt: skip
            yield ("max", *name), partial(
                largest, kernel_size=kernel, stride=stride, padding=padding, ceil_mode=up
            ), shape  # fmt: skip
    yield "positional", lambda x: largest(x, 3, 2, 1, 1, False, False), shapes[0]
    yield "dilation", lambda x: largest(x, 2, 1, 0, 2), shapes[0]
    yield "dilation 0", lambda x: largest(x, 2, 1, 0, 0), shapes[0]
    yield "indices", lambda x: largest(x, 2, return_indices=True)[0], shapes[0]
    yield "positional", lambda x: average(x, 3, 2, 1, True, False), shapes[0]
    yield "empty stride", lambda x: average(x, 2, []), shapes[0]
    if dims > 1:
        yield "divisor", lambda x: average(x, 2, divisor_override=3), shapes[0]
        yield "divisor 0", lambda x: average(x, 2, divisor_override=0), shapes[0]
    yield "no batch", lambda x: largest(x, 2), (0, 3, *SIZES[dims])
    yield "no channels", lambda x: largest(x, 2), (2, 0, *SIZES[dims])
    for kind, shape in product(("avg", "max"), shapes):
        adaptive = getattr(F, f"adaptive_{kind}_pool{dims}d")
        wanted = [1, 3, 40, axis, (None, 2, 3)[:dims], None, -1, (1, 2, 3, 4), 0]
        for size in wanted:
            yield (kind, "to", size), partial(adaptive, output_size=size), shape
        yield (kind, "list"), lambda x, f=adaptive: f(x, list(axis)), shape


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_a_pool_makes_what_torch_makes(dims: int) -> None:
    assert disagreements(pool_cases(dims)) == []


def interpolate_cases() -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    modes = ["nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear", "x"]
    goals: list[dict[str, Any]] = [
        {"size": 7}, {"scale_factor": 2}, {"scale_factor": 1.7}, {"scale_factor": 0.3}, {},
        {"size": (7, 9)}, {"size": [7, 9, 4]}, {"scale_factor": (2.0, 1.5)}, {"size": 0},
        {"size": 7, "scale_factor": 2}, {"scale_factor": 0.01}, {"size": (3,)},
        {"scale_factor": 1.7, "recompute_scale_factor": True}, {"scale_factor": -1.0},
        {"size": 7, "recompute_scale_factor": True}, {"size": 7, "antialias": True},
    ]  # fmt: skip
    shapes = [(2, 3, 5), (2, 3, 5, 6), (2, 3, 5, 6, 4), (3, 5), (2, 0, 5, 6)]
    for shape, mode, goal, align in product(shapes, modes, goals, [None, True, False]):
        options = {"mode": mode, "align_corners": align, **goal}
        yield options, partial(F.interpolate, **options), shape
    # scales whose product with a size is not what rounding on paper would say
    for size, scale in product([3, 7, 10, 29, 341], [0.1, 1 / 3, 0.7, 1.1, 1.9, 2 / 3]):
        yield (size, scale), partial(F.interpolate, scale_factor=scale), (1, 1, size, size)


def test_an_interpolation_makes_what_torch_makes() -> None:
    assert disagreements(interpolate_cases()) == []


def elementwise_cases() -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    names = ["add", "sub", "mul", "div"]
    others: list[Any] = [
        2, 0.5, True, 1j, "a", None, torch.rand(3, 4), torch.rand(4), torch.rand(3, 1),
        torch.rand(2, 3, 4), torch.rand(5), torch.rand(3, 4).double(), torch.ones(3, 4).long(),
        torch.tensor(2.0), torch.tensor(2.0).double(), torch.rand(3, 4) > 0.5, torch.rand(4, 3).T,
        torch.rand(3, 4).half(),
    ]  # fmt: skip
    for name, other in product(names, others):
        for function in [getattr(torch, name), getattr(Tensor, name), getattr(Tensor, f"{name}_")]:
            yield (function, other), lambda x, f=function, o=other: f(x, o), (3, 4)
            yield (function, other), lambda x, f=function, o=other: f(x.long(), o), (3, 4)
    yield "alpha", lambda x: torch.add(x, x, alpha=2), (3, 4)
    yield "rounding", lambda x: torch.div(x, 2, rounding_mode="floor"), (3, 4)
    yield "out", lambda x: torch.add(x, x, out=torch.empty(3, 4)), (3, 4)
    yield "operators", lambda x: (2 - x) / 3 + 1 / x - x * x + -(x**2), (3, 4)
    yield "iadd", lambda x: x.__iadd__(torch.rand(2, 3, 4)), (3, 4)
    yield "expanded", lambda x: x.expand(2, 3, 4).add_(1), (3, 4)


def cat_cases() -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    for dim, other in product(
        [0, 1, -1, -2, 2, -3], [(3, 4), (3, 5), (2, 4), (0,), (3, 0), (3, 4, 1)]
    ):
        yield (dim, other), lambda x, d=dim, s=other: torch.cat([x, torch.rand(s)], d), (3, 4)
        yield (dim, other), lambda x, d=dim, s=other: torch.cat((x, torch.rand(s)), dim=d), (3, 4)
    yield "one", lambda x: torch.cat([x]), (3, 4)
    yield "none", lambda _: torch.cat([]), (3, 4)
    yield "keywords", lambda x: torch.cat(dim=1, tensors=[x, x]), (3, 4)
    yield "types", lambda x: torch.cat([x, x.double()]), (3, 4)
    yield "a tensor", lambda x: torch.cat(x), (3, 4)
    yield "scalars", lambda x: torch.cat([x.sum(), x.sum()]), (3, 4)
    yield "concat", lambda x: torch.concat([x, x]), (3, 4)
    yield "numbers", lambda x: torch.cat([x, 1.0]), (3, 4)


@pytest.mark.parametrize("cases", [elementwise_cases, cat_cases])
def test_joining_tensors_makes_what_torch_makes(cases: Any) -> None:
    assert disagreements(cases()) == []


LAYOUTS: list[Call] = [
    lambda x: x.transpose(1, 2), lambda x: x.to(memory_format=torch.channels_last),
    lambda x: x[:, :2], lambda x: x[..., ::2], lambda x: x.expand(2, 4, 6, 6), lambda x: x.mT,
]  # fmt: skip
AFTER_LAYOUT: list[Call] = [
    F.relu, lambda x: x + x, lambda x: x * 2, lambda x: torch.cat([x, x], 1),
    lambda x: F.conv2d(x, torch.rand(3, x.shape[1], 3, 3)),
    lambda x: F.conv2d(
        x, torch.rand(3, x.shape[1], 3, 3).to(memory_format=torch.channels_last)
    ),
    lambda x: F.batch_norm(x, torch.rand(x.shape[1]), torch.rand(x.shape[1])),
    lambda x: F.avg_pool2d(x, 2), lambda x: F.max_pool2d(x, 2), lambda x: F.softmax(x, 1),
    lambda x: F.interpolate(x, scale_factor=2), lambda x: F.adaptive_avg_pool2d(x, 2),
    lambda x: F.relu(x).view(-1), lambda x: F.relu(x).reshape(-1), lambda x: F.relu(x).flatten(1),
    lambda x: F.relu(x, inplace=True), lambda x: x.add_(1), lambda x: F.layer_norm(x, x.shape[3:]),
    lambda x: F.linear(x, torch.rand(5, x.shape[-1])), lambda x: x @ x.transpose(-1, -2),
    lambda x: F.prelu(x, torch.rand(1)), lambda x: F.silu(x).permute(0, 2, 3, 1).view(2, -1),
]  # fmt: skip


def layout_cases() -> Iterator[tuple[Any, Call, tuple[int, ...]]]:
    for (a, layout), (b, call) in product(enumerate(LAYOUTS), enumerate(AFTER_LAYOUT)):
        shape = (2, 1, 6, 6) if a == 4 else (2, 4, 6, 6)
        yield (a, b), lambda x, f=layout, g=call: g(f(x)), shape


def test_a_view_keeps_its_layout_and_what_it_allows() -> None:
    # torch refuses .view(-1) on the result of an operator on a transposed tensor; so must we
    assert disagreements(layout_cases()) == []


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (nn.Conv2d(4, 6, 3, padding=1, groups=2), (1, 4, 8, 8)),
        (nn.Conv2d(4, 6, 3, padding="same"), (1, 4, 8, 8)),
        (nn.Conv1d(4, 6, 3), (1, 4, 8)),
        (nn.Conv3d(4, 6, 3), (1, 4, 8, 8, 8)),
        (nn.ConvTranspose2d(4, 6, 3, 2), (1, 4, 8, 8)),
        (nn.Linear(8, 3), (2, 5, 8)),
        (nn.BatchNorm2d(4), (1, 4, 8, 8)),
        (nn.BatchNorm2d(4, track_running_stats=False), (1, 4, 8, 8)),
        (nn.InstanceNorm2d(4), (1, 4, 8, 8)),
        (nn.GroupNorm(2, 4), (1, 4, 8, 8)),
        (nn.LayerNorm(8), (1, 4, 8, 8)),
        (nn.MaxPool2d(2), (1, 4, 8, 8)),
        (nn.AvgPool2d(2), (1, 4, 8, 8)),
        (nn.AdaptiveAvgPool2d(1), (1, 4, 8, 8)),
        (nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), (1, 4, 8, 8)),
        *(
            (activation, (1, 4, 8, 8))
            for activation in (
                nn.ReLU(True), nn.ReLU6(), nn.PReLU(4), nn.LeakyReLU(), nn.ELU(), nn.GELU(),
                nn.SiLU(), nn.Hardswish(), nn.Sigmoid(), nn.Tanh(), nn.Softmax(1), nn.Dropout(),
            )
        ),
    ],
)  # fmt: skip
def test_a_common_module_needs_no_kernel_of_torch(
    network: nn.Module, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # torch's first meta convolution imports sympy, the first meta BatchNorm torch._dynamo
    def refuse() -> None:
        raise AssertionError("a rule should have answered")

    monkeypatch.setattr("harness.recorder.AtenRecorder", refuse)
    assert len(record(network, shape).rows) == 1


def test_a_second_rule_for_a_function_is_refused() -> None:
    with pytest.raises(AssertionError, match="two rules"):
        rule(torch.cat)(lambda _: None)
    assert RULES[torch.cat].__name__ == "cat"


def test_each_axis_has_its_entry() -> None:
    assert each(2, 3) == (2, 2, 2)
    assert each([2], 3) == (2, 2, 2)
    assert each((1, 2), 2) == (1, 2)


@pytest.mark.parametrize("shapes", [((3, 1), (4,)), ((1,), ()), ((2, 3), (3, 3)), ((0,), (1,))])
def test_shapes_broadcast_as_in_torch(shapes: tuple[tuple[int, ...], ...]) -> None:
    try:
        expected = tuple(torch.broadcast_shapes(*shapes))
    except RuntimeError:
        expected = None
    assert broadcast(*shapes) == expected
