"""Counting what no rule of `harness.operators` covers, by watching torch run it without memory.

A function without a rule runs on meta tensors under a dispatch mode, which sees the ATen operators
that it is made of: an einsum becomes matrix products, an attention module its linears. Each is
classified here. What is neither counted nor known to be free of multiply-accumulates is `unknown`,
and the ledger names it. A product of elements that is summed afterwards (`(a * b).sum()`, and what
torch writes so: a cosine similarity, a vecdot) is an elementwise operator and a sum, as it runs.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from harness.operators import Made

_PRODUCTS = {"mm", "bmm", "mv", "dot", "vdot"}
_ADDED_PRODUCTS = {"addmm", "baddbmm", "addmv", "addbmm"}  # the first tensor is what is added to
_ATTENTION = {
    f"_scaled_dot_product_{kind}"
    for kind in (
        "flash_attention", "flash_attention_for_cpu", "efficient_attention", "cudnn_attention",
        "fused_attention_overrideable", "attention_math",
    )
}  # fmt: skip
_NORMS = {
    "native_batch_norm": "batch_norm",
    "_native_batch_norm_legit": "batch_norm",
    "_native_batch_norm_legit_no_training": "batch_norm",
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
}
# Names differ from those of the rules where ptflops knows the Python function and not the operator.
_NAMED = {
    "relu": "torch_relu", "relu_": "torch_relu", "_prelu_kernel": "prelu", "elu": "torch_elu",
    "elu_": "torch_elu", "leaky_relu": "leaky_relu", "leaky_relu_": "leaky_relu",
    "_softmax": "torch_softmax", "_safe_softmax": "torch_softmax",
    "avg_pool2d": "avg_pool", "avg_pool3d": "avg_pool", "max_pool2d_with_indices": "max_pool",
    "max_pool3d_with_indices": "max_pool", "_adaptive_avg_pool2d": "adaptive_avg_pool",
    "_adaptive_avg_pool3d": "adaptive_avg_pool", "adaptive_max_pool2d": "adaptive_max_pool",
    "adaptive_max_pool3d": "adaptive_max_pool",
    **{
        f"upsample_{mode}{d}d": "interpolate"
        for d, modes in enumerate((("nearest", "linear"), ("nearest", "bilinear", "bicubic"),
                                   ("nearest", "trilinear")), 1)
        for mode in modes
    },
    **{f"_upsample_nearest_exact{d}d": "interpolate" for d in (1, 2, 3)},
}  # fmt: skip
# No multiply-accumulates: they move, make, compare, reduce or draw.
_FREE = {
    "cat", "stack", "clone", "copy_", "_to_copy", "contiguous", "constant_pad_nd",
    "reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d",
    "replication_pad2d", "replication_pad3d", "index", "index_select", "index_put", "index_put_",
    "index_add", "index_copy", "index_fill", "gather", "scatter", "scatter_", "scatter_add",
    "masked_fill_", "masked_scatter", "take", "roll", "flip", "repeat", "repeat_interleave",
    "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "im2col", "col2im", "unfold",
    "unsafe_split", "unsafe_split_with_sizes", "split_with_sizes_copy", "max_unpool2d",
    "sum", "nansum", "prod", "mean", "amax", "amin", "aminmax", "max", "min", "argmax", "argmin",
    "any", "all", "var", "var_mean", "std", "std_mean", "linalg_vector_norm", "norm",
    "_log_softmax", "logsumexp", "topk", "sort", "kthvalue", "median", "cumsum", "cumprod",
    "cummax", "cummin", "logcumsumexp", "count_nonzero", "searchsorted", "bucketize", "glu",
    "log_sigmoid_forward", "_weight_norm_interface", "embedding", "embedding_renorm_",
    "empty", "empty_like", "new_empty", "new_empty_strided", "new_zeros", "new_ones", "new_full",
    "zeros", "zeros_like", "ones", "ones_like", "full", "full_like", "arange", "linspace",
    "logspace", "scalar_tensor", "fill", "fill_", "zero", "zero_", "eye", "tril", "triu", "tril_",
    "triu_", "tril_indices", "triu_indices", "native_dropout", "bernoulli", "bernoulli_",
    "empty_strided", "resize_", "lift_fresh", "rand", "randn", "rand_like", "randn_like", "randint",
    "randperm", "normal_", "uniform_", "_reshape_copy", "unfold_copy", "_unsafe_view", "alias",
    "is_same_size", "sym_size", "squeeze_", "unsqueeze_", "transpose_", "t_", "rot90",
    "diag_embed", "diagonal_copy", "block_diag", "complex", "polar", "addr", "linalg_cross",
    "scatter_reduce", "exponential_", "rrelu_with_noise", "fractional_max_pool2d", "histc",
    "hann_window", "hamming_window", "blackman_window", "_linalg_check_errors",
}  # fmt: skip


class AtenRecorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Collects what every ATen operator made while the mode is on.

    Attributes:
        made: For each operator executed: its name, the first tensor's shape, and what it made.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.made: list[tuple[str, tuple[int, ...], Made]] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        if func.is_view or func.namespace == "profiler":
            return out
        first = out[0] if isinstance(out, tuple | list) and out else out
        shape = tuple(first.shape) if isinstance(first, Tensor) else ()
        tensors = [tuple(a.shape) for a in args if isinstance(a, Tensor)]
        if func.namespace == "aten":
            made = _classify(name, func, tensors, args, shape)
        else:  # a custom operator, whatever its name
            made = Made("unknown", shape)
        self.made.append((f"{func.namespace}.{name}", tensors[0] if tensors else shape, made))
        return out


def _classify(
    name: str, func: Any, tensors: list[tuple[int, ...]], args: tuple[Any, ...], out: Any
) -> Made:
    if name in ("convolution", "_convolution"):
        return _convolution(tensors, args, out)
    if name in _PRODUCTS:
        return Made("aten_matmul", out, math.prod(out) * tensors[0][-1])
    if name in _ADDED_PRODUCTS:
        inner = tensors[1][-1]
        sums = tensors[1][0] if name == "addbmm" else 1
        op = "aten_baddbmm" if name == "baddbmm" else "aten_matmul"
        return Made(op, out, math.prod(out) * inner * sums)
    if name in _ATTENTION:
        query, key, value = tensors[:3]
        pairs = math.prod(query[:-1]) * key[-2]
        return Made("attention", out, pairs * (query[-1] + value[-1]))
    if name in _NORMS:
        affine = any(isinstance(a, Tensor) for a in args[1:3])
        return Made(_NORMS[name], out, affine=affine)
    if name in _NAMED:
        return Made(_NAMED[name], out, mode=_mode(name))
    if torch.Tag.pointwise in func.tags:
        return Made("elementwise", out)
    return Made("free" if name in _FREE else "unknown", out)


def _convolution(tensors: list[tuple[int, ...]], args: tuple[Any, ...], out: Any) -> Made:
    transposed, groups = bool(args[6]), int(args[8])
    positions = tensors[0][2:] if transposed else out[2:]
    macs = out[0] * math.prod(positions) * math.prod(tensors[1])
    op = "conv_transpose" if transposed else "conv"
    return Made(op, out, macs, tensors[1], args[2] is not None, groups)


def _mode(name: str) -> str:
    mode = name.lstrip("_").removeprefix("upsample_")[: -len("2d")]
    return mode.replace("_", "-") if _NAMED[name] == "interpolate" else ""
