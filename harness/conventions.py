"""Conventions: named rules that turn ledger rows into MACs, as pure functions.

`conv` counts arithmetic: the multiply-accumulates of convolutions, linears, matrix products and
attention. `paper` adds what module-level counters of early 2020 added. `fvcore`, `thop` and
`ptflops` state what those tools print (fvcore 0.1.5, thop 0.1.1, ptflops 0.7.5 with its pytorch
backend), their peculiarities included: thop and ptflops look at the exact class of the running
module, ptflops sees a `nn.ReLU` twice (the module and the function in it), and the asked tools
count nothing for what they do not know. A convention is never edited; a changed one gets a new
name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from harness.row import Row

Convention = Callable[[Row], int]


def conv(row: Row) -> int:
    """Multiply-accumulates of convolution, linear, matrix product and attention."""
    return row.macs


_PAPER_PER_OUTPUT = {
    "relu", "torch_relu", "relu6", "hardtanh_relu6", "leaky_relu", "elu", "torch_elu", "prelu",
}  # fmt: skip
_POOLS = {"avg_pool", "max_pool", "adaptive_avg_pool", "adaptive_max_pool"}
_BIASED = {"conv", "conv_transpose", "linear"}


def paper(row: Row) -> int:
    """The FASSD-Net paper's rule, by operator.

    Convolution MACs and one per output element for a bias; BatchNorm 2 an element; ReLU and PReLU
    1 an element; pooling 1 an input element; interpolation, concatenation, addition, sigmoid 0.
    Biases within composite layers (attention, LSTM) are not told apart.
    """
    if row.op in _BIASED and row.affine:
        return row.macs + math.prod(row.output)
    if row.op == "batch_norm":
        return 2 * math.prod(row.input)
    if row.op in _PAPER_PER_OUTPUT:
        return math.prod(row.output)
    if row.op in _POOLS:
        return math.prod(row.input)
    return row.macs


_FVCORE_INTERPOLATE = {"bilinear": 4, "nearest": 1}
# no handle: attention as one operator, baddbmm, products inside recurrent layers
_FVCORE_BLIND = {"attention", "baddbmm", "aten_baddbmm", "recurrent"}


def fvcore(row: Row) -> int:
    """What fvcore's FlopCountAnalysis totals, which counts a multiply-accumulate as one.

    Not stated: einsum of three or more operands (fvcore searches a path of its own), the attention
    within a `nn.MultiheadAttention` that is not asked for its weights (one operator, which fvcore
    does not know), and operators whose result nothing uses (fvcore's trace drops them).
    """
    elements = math.prod(row.input)
    planes = len(row.output) == 4
    if row.op == "batch_norm" and row.mode != "training":
        return elements * (2 if row.affine else 1)
    if row.op in ("batch_norm", "layer_norm", "group_norm", "instance_norm"):
        return elements * (5 if row.affine else 4)
    if row.op == "interpolate" and planes and row.mode != "area":
        return math.prod(row.output) * _FVCORE_INTERPOLATE.get(row.mode, 0)
    if row.op == "adaptive_avg_pool" or row.mode == "area":
        return elements if planes else 0
    if row.function == "aten.grid_sampler_2d":
        return 4 * math.prod(row.output)
    if row.op == "conv" and row.mode:  # padding by name is an operator that it has no handle for
        return 0
    if row.op in ("matmul", "matmul_method"):  # blind to a batch that only the second operand has
        return elements * row.output[-1]
    return 0 if row.op in _FVCORE_BLIND else row.macs


_NN = "torch.nn.modules."
_THOP_INTERPOLATE = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}
_THOP_UPSAMPLE = {f"{_NN}upsampling.{c}" for c in ("Upsample", "UpsamplingBilinear2d")} | {
    f"{_NN}upsampling.UpsamplingNearest2d"
}
_THOP_NORMS = {
    *(f"{_NN}batchnorm.{c}" for c in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")),
    f"{_NN}batchnorm.SyncBatchNorm",
    f"{_NN}normalization.LayerNorm",
    *(f"{_NN}instancenorm.InstanceNorm{d}d" for d in (1, 2, 3)),
}
_CONVS = {f"{_NN}conv.{c}{d}d" for c in ("Conv", "ConvTranspose") for d in (1, 2, 3)}


def thop(row: Row) -> int:
    """What thop's `profile` totals: by the exact class of the module, biases and functions not.

    Not stated: recurrent layers (thop has formulas of its own), and a module registered in several
    places (thop counts it again for each).
    """
    out = math.prod(row.output)
    if row.module in _CONVS and row.op in ("conv", "conv_transpose"):
        kernel = math.prod(row.weight[2:])
        return out * (row.input[1] // row.groups) * kernel  # also for transposed convolutions
    if row.module == f"{_NN}linear.Linear" and row.op == "linear":
        return out * row.weight[1]
    if row.module in _THOP_NORMS and row.op.endswith("_norm"):
        return math.prod(row.input) * (4 if row.affine else 2)
    if row.module == f"{_NN}activation.PReLU":
        return math.prod(row.input)
    if row.module.startswith(f"{_NN}pooling.AvgPool"):
        return out
    if row.module.startswith(f"{_NN}pooling.AdaptiveAvgPool"):
        sides = zip(row.input[2:], row.output[2:], strict=True)
        window = math.prod(given / made for given, made in sides)  # rounded as thop rounds it
        return int((window + 1) * out)
    if row.module == f"{_NN}activation.Softmax":  # an exponential, a sum and a division each
        return 3 * out - out // row.along
    if row.module in _THOP_UPSAMPLE:
        return out * _THOP_INTERPOLATE.get(row.mode, 0)
    return 0


_PTFLOPS_MODULES: Mapping[str, str] = {
    **{f"{_NN}activation.{c}": "out" for c in ("ReLU", "PReLU", "ELU", "LeakyReLU", "ReLU6")},
    f"{_NN}activation.GELU": "out",
    f"{_NN}upsampling.Upsample": "out",
    **{f"{_NN}pooling.{c}Pool{d}d": "in" for c in ("Max", "Avg") for d in (1, 2, 3)},
    **{f"{_NN}pooling.Adaptive{c}Pool{d}d": "in" for c in ("Max", "Avg") for d in (1, 2, 3)},
    **{f"{_NN}batchnorm.BatchNorm{d}d": "norm" for d in (1, 2, 3)},
    **{f"{_NN}instancenorm.InstanceNorm{d}d": "norm" for d in (1, 2, 3)},
    f"{_NN}normalization.GroupNorm": "norm",
    f"{_NN}normalization.LayerNorm": "in",  # its scale has another name than ptflops looks for
    **dict.fromkeys(_CONVS, "macs"),
    f"{_NN}linear.Linear": "macs",
}
_PTFLOPS_FUNCTIONS: Mapping[str, str] = {
    **dict.fromkeys(("relu", "prelu", "elu", "relu6", "gelu", "silu", "softmax"), "in"),
    **dict.fromkeys(_POOLS, "in"),
    "interpolate": "resized",
    "matmul": "product",
    "addmm": "added",
    "baddbmm": "added",
    "torch_add_mul": "out",
}


def ptflops(row: Row) -> int:
    """What ptflops' pytorch backend totals: its module hooks and its patched functions, added.

    ptflops runs one image. A call by operator (`x + y`, `a @ b`) is not seen by it, a call by name
    (`torch.add`, `torch.matmul`) is. Not stated: `nn.MultiheadAttention` and recurrent layers
    (formulas of its own), a method call by name (`x.add(y)`, in torch the same as `x + y`),
    `torch.add` and `torch.mul` of tensors with unequal numbers of axes (aligned at the wrong end
    there), interpolation by a fractional scale (not rounded there), a module registered in several
    places (added once for each).
    """
    amount = 0
    for what in (_PTFLOPS_MODULES.get(row.module), _PTFLOPS_FUNCTIONS.get(row.op)):
        if what is not None:
            amount += _ptflops_amount(what, row)
    return amount


def _ptflops_amount(what: str, row: Row) -> int:
    given = math.prod(row.input)
    if what == "in":
        return given
    if what == "out":
        return math.prod(row.output)
    if what == "norm":
        return given * (2 if row.affine else 1)
    if what == "macs":
        return row.macs + (math.prod(row.output) if row.affine and row.op in _BIASED else 0)
    if what == "resized":  # by area it pools within
        return math.prod(row.output) + (given if row.mode == "area" else 0)
    if what == "product":
        return given * row.output[-1]
    assert what == "added", what
    return row.macs + (given if row.affine else 0)


CONVENTIONS: Mapping[str, Convention] = {
    function.__name__: function for function in (conv, paper, fvcore, thop, ptflops)
}


def count(rows: Iterable[Row]) -> dict[str, int]:
    """Return the MACs of `rows` under every convention."""
    rows = tuple(rows)
    return {name: sum(map(rule, rows)) for name, rule in CONVENTIONS.items()}
