"""Activations, dropout and softmax."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from harness.operators.rule import Made, one_float_type, rule


def _activation(op: str, *functions: Any, options: int = 0) -> None:
    """Register activations that take `options` arguments before `inplace`."""

    @rule(*functions)
    def same(input: Tensor, *args: Any, inplace: bool = False, **_: Any) -> Made | None:
        if not input.dtype.is_floating_point:
            return None
        inplace = args[options] if len(args) > options else inplace
        return Made(op, tuple(input.shape), inplace=inplace)


_activation("relu", F.relu)
_activation("relu6", F.relu6)
_activation("leaky_relu", F.leaky_relu, options=1)
_activation("elu", F.elu, options=1)
_activation("silu", F.silu)
_activation("hardswish", F.hardswish)
_activation("hardsigmoid", F.hardsigmoid)
_activation("mish", F.mish)


def _plain(op: str, *functions: Any, inplace: bool = False) -> None:
    """Register activations that take a tensor and nothing else."""

    @rule(*functions)
    def same(input: Tensor) -> Made | None:
        if not input.dtype.is_floating_point:
            return None
        return Made(op, tuple(input.shape), inplace=inplace)


_plain("torch_relu", torch.relu, Tensor.relu)
_plain("sigmoid", torch.sigmoid, Tensor.sigmoid)
_plain("tanh", torch.tanh, Tensor.tanh)
_plain("torch_relu", torch.relu_, Tensor.relu_, inplace=True)
_plain("sigmoid", torch.sigmoid_, Tensor.sigmoid_, inplace=True)
_plain("tanh", torch.tanh_, Tensor.tanh_, inplace=True)


@rule(F.hardtanh)
def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Made | None:
    """A clip; `nn.ReLU6` is the one from 0 to 6, told apart since it costs as `F.relu6` does."""
    if not input.dtype.is_floating_point or min_val > max_val:
        return None
    op = "hardtanh_relu6" if (min_val, max_val) == (0, 6) else "hardtanh"
    return Made(op, tuple(input.shape), inplace=inplace)


@rule(F.gelu)
def gelu(input: Tensor, *, approximate: str = "none") -> Made | None:
    if not input.dtype.is_floating_point or approximate not in ("none", "tanh"):
        return None
    return Made("gelu", tuple(input.shape))


def _dropout(axes: range, *functions: Any) -> None:
    @rule(*functions)
    def dropout(
        input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Made | None:
        if not input.dtype.is_floating_point or not 0 <= p <= 1 or input.dim() not in axes:
            return None
        # what drops nothing returns its very input
        return Made("dropout", tuple(input.shape), inplace=inplace or not training or p == 0)


_dropout(range(100), F.dropout)
_dropout(range(4, 5), F.dropout2d)


@rule(torch.prelu)
def prelu(input: Tensor, weight: Tensor) -> Made | None:
    slopes = weight.numel()
    if weight.dim() > 1 or not one_float_type(input, weight):
        return None
    if slopes != 1 and (input.dim() < 2 or slopes != input.shape[1]):
        return None
    return Made("prelu", tuple(input.shape))


def _softmax(op: str, input: Tensor, dim: int, dtype: torch.dtype | None) -> Made | None:
    axes = max(1, input.dim())
    if not -axes <= dim < axes:
        raise RuntimeError(f"softmax: dim must be an axis of {tuple(input.shape)}, got {dim}")
    if dtype is not None or not input.dtype.is_floating_point or not input.shape:
        return None
    return Made(op, tuple(input.shape), along=input.shape[dim])


@rule(F.softmax)
def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: torch.dtype | None = None
) -> Made | None:
    return None if dim is None else _softmax("softmax", input, dim, dtype)


@rule(torch.softmax, Tensor.softmax)
def torch_softmax(input: Tensor, dim: int, dtype: torch.dtype | None = None) -> Made | None:
    return _softmax("torch_softmax", input, dim, dtype)
