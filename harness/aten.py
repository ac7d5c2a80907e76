"""Counting what no rule of `harness.operators` covers, by watching torch run it without memory.

A function without a rule runs on meta tensors under a dispatch mode, which sees the ATen operators
that it is made of: an einsum becomes matrix products, an attention module its linears. Each is
classified here. What is neither counted nor known to be free of multiply-accumulates is `unknown`,
and the ledger names it.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from harness.operators import Made

_NORMS = {
    "native_batch_norm": "batch_norm",
    "_native_batch_norm_legit": "batch_norm",
    "_native_batch_norm_legit_no_training": "batch_norm",
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
}
_NAMED = {
    "relu": "torch_relu", "relu_": "torch_relu", "_prelu_kernel": "prelu",
    "_softmax": "torch_softmax", "leaky_relu": "leaky_relu", "elu": "elu", "hardtanh": "hardtanh",
    "avg_pool2d": "avg_pool", "avg_pool3d": "avg_pool", "max_pool2d_with_indices": "max_pool",
    "max_pool3d_with_indices": "max_pool", "_adaptive_avg_pool2d": "adaptive_avg_pool",
    "adaptive_max_pool2d": "adaptive_max_pool", "upsample_nearest2d": "interpolate",
    "upsample_bilinear2d": "interpolate", "upsample_bicubic2d": "interpolate",
}  # fmt: skip
# No multiply-accumulates: they move, make, compare or reduce.
_FREE = {
    "cat", "stack", "clone", "copy_", "_to_copy", "contiguous", "constant_pad_nd",
    "reflection_pad2d", "replication_pad2d", "index", "index_select", "gather", "scatter", "roll",
    "flip", "repeat", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "im2col", "unfold",
    "sum", "mean", "amax", "amin", "max", "min", "argmax", "argmin", "any", "all", "var",
    "var_mean", "std", "linalg_vector_norm", "norm", "_log_softmax", "logsumexp", "topk", "sort",
    "cumsum", "empty", "empty_like", "new_empty", "new_zeros", "new_ones", "new_full", "zeros",
    "zeros_like", "ones", "ones_like", "full", "full_like", "arange", "linspace", "scalar_tensor",
    "fill_", "zero_", "eye", "tril", "triu", "embedding", "native_dropout", "bernoulli_",
    "empty_strided", "resize_", "lift_fresh", "rand", "randn", "_reshape_copy", "unfold_copy",
    "_unsafe_view", "alias", "is_same_size", "sym_size",
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
        if func.is_view:
            return out
        name = func.overloadpacket.__name__
        first = out[0] if isinstance(out, tuple | list) and out else out
        shape = tuple(first.shape) if isinstance(first, Tensor) else ()
        tensors = [tuple(a.shape) for a in args if isinstance(a, Tensor)]
        made = _classify(name, func, tensors, args, shape)
        self.made.append((f"aten.{name}", tensors[0] if tensors else shape, made))
        return out


def _classify(
    name: str, func: Any, tensors: list[tuple[int, ...]], args: tuple[Any, ...], out: Any
) -> Made:
    if name in ("convolution", "_convolution"):
        transposed, groups = bool(args[6]), int(args[8])
        positions = tensors[0][2:] if transposed else out[2:]
        macs = out[0] * math.prod(positions) * math.prod(tensors[1])
        op = "conv_transpose" if transposed else "conv"
        return Made(op, out, macs, tensors[1], args[2] is not None, groups)
    if name in ("mm", "bmm", "mv", "dot"):
        return Made("aten_matmul", out, math.prod(out) * tensors[0][-1])
    if name in ("addmm", "baddbmm", "addmv", "addbmm"):
        inner = tensors[1][-1]
        sums = tensors[1][0] if name == "addbmm" else 1
        op = "baddbmm" if name == "baddbmm" else "aten_matmul"
        return Made(op, out, math.prod(out) * inner * sums)
    if "scaled_dot_product" in name or name.startswith("_flash_attention"):
        query, key, value = tensors[:3]
        pairs = math.prod(query[:-1]) * key[-2]
        return Made("attention", out, pairs * (query[-1] + value[-1]))
    if name in _NORMS:
        affine = any(isinstance(a, Tensor) for a in args[1:3])
        return Made(_NORMS[name], out, affine=affine)
    if name in _NAMED:
        return Made(_NAMED[name], out, mode=name.removeprefix("upsample_").rstrip("23d"))
    if torch.Tag.pointwise in func.tags:
        return Made("elementwise", out)
    return Made("free" if name in _FREE else "unknown", out)
