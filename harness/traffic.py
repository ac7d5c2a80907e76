"""What each operator moves between memory and processor, in elements, from its row of the ledger.

Inputs, weights and outputs count once each. Where a row does not say what was read, the smaller
amount is taken, since the figure serves to find the least time: the second operand of a product is
taken for small, keys and values for as many as the multiply-accumulates need. One guess goes the
other way: `x + y` is taken for the sum of two maps, also where `y` is a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from harness.row import Row, Shape


def traffic(row: Row) -> int:
    """Return the elements that an operator reads and writes: inputs, weights and outputs.

    Each is moved once, an operator in place reads and writes its tensor. Views are not in a ledger,
    nor are the copies that a `reshape` or `contiguous` may make.
    """
    return TRAFFIC[row.op](row)


# --- what each operator moves, in elements --------------------------------------------------------


def _through(row: Row) -> int:
    """The first tensor read, the output written."""
    return math.prod(row.input) + math.prod(row.output)


def _nothing(_row: Row) -> int:
    return 0


def _written(row: Row) -> int:
    return math.prod(row.output)


def _gathered(row: Row) -> int:
    """As many elements read as written, wherever they are."""
    return 2 * math.prod(row.output)


def _weighted(row: Row) -> int:
    """Convolution or linear; a stride beyond the kernel passes some of the input by."""
    given, weight = math.prod(row.input), math.prod(row.weight)
    if row.op == "conv":
        # every output position reads one kernel of every input channel at most
        axes = len(row.weight) - 2
        positions = math.prod(row.output[-axes:]) * math.prod(row.weight[2:])
        given = min(given, positions * math.prod(row.input[:-axes]))
    bias = 0
    if row.affine:
        axis = -1 if row.op == "linear" else 1 - len(row.weight)
        bias = row.output[axis]
    return given + weight + bias + math.prod(row.output)


def _normalised(row: Row) -> int:
    """Scale and shift of every channel, and the two statistics that are not the input's own."""
    channels = row.input[-1] if row.op == "layer_norm" else row.input[1]
    kept = row.op == "batch_norm" and row.mode != "training"
    return _through(row) + channels * (2 * row.affine + 2 * kept)


def _interpolated(row: Row) -> int:
    """What shrinks the input need not read all of it: so many points to an output, per mode."""
    taps = _TAPS.get(row.mode, math.inf)
    return int(min(math.prod(row.input), taps * math.prod(row.output))) + math.prod(row.output)


_TAPS = {
    "nearest": 1,
    "nearest-exact": 1,
    "linear": 2,
    "bilinear": 4,
    "bicubic": 16,
    "trilinear": 8,
}

# `x + y` of two maps is what networks add; a product is as often one with a gate or a number, and
# then its second operand is small. A row does not tell.
_TWO_MAPS = {"add", "add_", "sub", "sub_", "aten.add", "aten.add_", "aten.sub", "aten.sub_"}


def _elementwise(row: Row) -> int:
    if row.function in _TWO_MAPS or row.input != row.output:  # the other is of the output's shape
        return _through(row) + math.prod(row.output)
    return _through(row)


def _product(row: Row) -> int:
    """`a @ b`, with what is added to it; their inner size is what the MACs leave over."""
    out = math.prod(row.output)
    inner = row.macs // out if out else 0
    rows, columns = (*row.output, 1, 1)[:2] if len(row.output) < 2 else row.output[-2:]
    function = row.function.removeprefix("aten.")
    batch = math.prod(row.output[:-2])
    if function in _ADDED:
        return math.prod(row.input) + batch * inner * (rows + columns) + out
    if function != "bmm":  # b has the axes that a lacks; those that a has, b may share
        batch = _lacking(row.input[:-2], row.output[:-2])
    return math.prod(row.input) + batch * inner * columns + out


_ADDED = {"addmm", "baddbmm", "addmv", "addbmm"}


def _lacking(given: Shape, wanted: Shape) -> int:
    given = (1,) * (len(wanted) - len(given)) + given
    return math.prod(w for g, w in zip(given, wanted, strict=True) if g != w)


def _attention(row: Row) -> int:
    """Queries, keys and values; as many keys as the MACs say. A mask is not counted."""
    widths = row.input[-1] + row.output[-1]
    pairs = row.macs // widths if widths else 0
    keys = pairs // row.input[-2] if row.input[-2] else 0  # of all heads together
    return _through(row) + keys * widths


# What `harness.aten` calls free of arithmetic moves data all the same; by function, and where none
# is named here, `_through`.
FREE: Mapping[str, Callable[[Row], int]] = {
    **dict.fromkeys(
        (
            "empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "resize_",
            "lift_fresh", "_unsafe_view", "alias", "is_same_size", "sym_size",
            "squeeze_", "unsqueeze_", "transpose_", "t_", "scalar_tensor", "_linalg_check_errors",
        ),
        _nothing,
    ),
    **dict.fromkeys(
        (
            "zeros", "zeros_like", "new_zeros", "ones", "ones_like", "new_ones", "full",
            "full_like", "new_full", "fill", "fill_", "zero", "zero_", "arange", "linspace",
            "logspace", "eye", "tril_indices", "triu_indices", "rand", "randn", "rand_like",
            "randn_like", "randint", "randperm", "normal_", "uniform_", "exponential_",
            "bernoulli_", "hann_window", "hamming_window", "blackman_window",
        ),
        _written,
    ),
    **dict.fromkeys(
        (
            "cat", "stack", "copy_", "index", "index_select", "gather", "take", "embedding",
            "repeat", "repeat_interleave", "block_diag", "diagonal_copy", "complex", "polar",
        ),
        _gathered,
    ),
}  # fmt: skip


def _free(row: Row) -> int:
    return FREE.get(row.function.removeprefix("aten."), _through)(row)


TRAFFIC: Mapping[str, Callable[[Row], int]] = {
    **dict.fromkeys(
        (
            "relu", "torch_relu", "relu6", "leaky_relu", "elu", "torch_elu", "silu", "hardswish",
            "hardsigmoid", "hardtanh", "hardtanh_relu6", "mish", "gelu", "sigmoid", "tanh",
            "softmax", "torch_softmax", "prelu",  # one slope or one a channel: left out
            "avg_pool", "max_pool", "adaptive_avg_pool", "adaptive_max_pool",
        ),
        _through,
    ),
    **dict.fromkeys(("conv", "conv_transpose", "linear"), _weighted),
    **dict.fromkeys(("batch_norm", "layer_norm", "group_norm", "instance_norm"), _normalised),
    **dict.fromkeys(
        (
            "matmul", "matmul_method", "addmm", "baddbmm", "aten_matmul", "aten_baddbmm",
            "recurrent",
        ),
        _product,
    ),
    **dict.fromkeys(("elementwise", "torch_add_mul"), _elementwise),
    "attention": _attention,
    "interpolate": _interpolated,
    "cat": _gathered,
    "dropout": _nothing,  # in eval mode it returns its very input
    "free": _free,
    "unknown": _nothing,  # nothing is known of it; `StaticCost.uncounted` names it
}  # fmt: skip
