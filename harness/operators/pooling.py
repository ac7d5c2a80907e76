"""Pooling and interpolation."""

from __future__ import annotations

import math
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from harness.operators.rule import Ints, Made, Rule, each, rule
from harness.row import Shape


def _pooled(
    input: Tensor, dims: int, kernel: Ints, stride: Ints | None, padding: Ints
) -> Shape | None:
    shape = tuple(input.shape)
    if len(shape) not in (dims + 1, dims + 2) or min(shape) < 1:
        return None
    if not input.dtype.is_floating_point:
        return None
    kernels, pads = each(kernel, dims), each(padding, dims)
    steps = kernels if stride is None or stride == [] else each(stride, dims)
    if min(*kernels, *steps) < 1 or min(pads) < 0:
        return None
    axes = zip(shape[-dims:], kernels, steps, pads, strict=True)
    out = [(size + 2 * p - k) // s + 1 if 2 * p <= k else 0 for size, k, s, p in axes]
    return (*shape[:-dims], *out) if min(out) >= 1 else None


def _avg_pool(dims: int) -> Rule:
    def avg_pool(
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Made | None:
        if ceil_mode or divisor_override is not None:
            return None
        shape = _pooled(input, dims, kernel_size, stride, padding)
        sizes = zip(input.shape[-dims:], each(kernel_size, dims), strict=True)
        if dims == 3 and any(size < k for size, k in sizes):
            raise RuntimeError(
                "avg_pool3d: the kernel must not exceed the input before padding, "
                f"got {kernel_size} on {tuple(input.shape)}"
            )
        return None if shape is None else Made("avg_pool", shape)

    return avg_pool


def _max_pool(dims: int) -> Rule:
    def max_pool(
        input: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Made | None:
        if ceil_mode or return_indices or set(each(dilation, dims)) != {1}:
            return None
        shape = _pooled(input, dims, kernel_size, stride, padding)
        return None if shape is None else Made("max_pool", shape)

    return max_pool


def _adaptive_pool(op: str, dims: int) -> Rule:
    def adaptive_pool(input: Tensor, output_size: Any, return_indices: bool = False) -> Made | None:
        shape = tuple(input.shape)
        if return_indices or len(shape) not in (dims + 1, dims + 2) or min(shape) < 1:
            return None
        asked = output_size if isinstance(output_size, list | tuple) else (output_size,) * dims
        if (
            not input.dtype.is_floating_point
            or output_size is None
            or (dims == 1 and None in asked)
        ):
            return None
        sizes = zip(asked, shape[-dims:], strict=True)
        out = [given if size is None else size for size, given in sizes]
        return Made(op, (*shape[:-dims], *out)) if min(out) >= 1 else None

    return adaptive_pool


for _dims in (1, 2, 3):
    rule(getattr(F, f"avg_pool{_dims}d"))(_avg_pool(_dims))
    rule(getattr(F, f"max_pool{_dims}d"))(_max_pool(_dims))
    rule(getattr(F, f"adaptive_avg_pool{_dims}d"))(_adaptive_pool("adaptive_avg_pool", _dims))
    rule(getattr(F, f"adaptive_max_pool{_dims}d"))(_adaptive_pool("adaptive_max_pool", _dims))

_ALIGNED = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}  # mode and its axes


@rule(F.interpolate)
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Made | None:
    shape = tuple(input.shape)
    dims = len(shape) - 2
    if 0 in shape[1:] and mode != "area":
        raise RuntimeError(f"interpolate: sizes must be at least 1, got {shape}")
    if not 1 <= dims <= 3 or (size is None) == (scale_factor is None):
        return None
    if recompute_scale_factor or not input.dtype.is_floating_point:
        return None
    if antialias and mode not in ("bilinear", "bicubic"):
        return None
    if mode in _ALIGNED:
        if _ALIGNED[mode] != dims:
            return None
    elif mode not in ("nearest", "nearest-exact", "area") or align_corners is not None:
        return None
    if size is not None:
        out = [size] * dims if isinstance(size, int) else list(size)
    else:
        scales = [scale_factor] * dims if isinstance(scale_factor, int | float) else scale_factor
        out = [math.floor(n * s) for n, s in zip(shape[2:], scales, strict=True)]
    if len(out) != dims:
        return None
    if min(out) < 1 and mode != "area":
        raise RuntimeError(f"interpolate: sizes must be at least 1, got {out}")
    return Made("interpolate", (*shape[:2], *out), mode=f"{mode}-antialias" if antialias else mode)
