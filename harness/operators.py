"""What each common operator makes and costs, from shapes alone.

A rule has the signature of the torch function that it stands for and returns what a call with those
arguments would make (`Made`), or None where it does not apply: then torch's own meta kernel runs
instead (`harness.aten`), which knows every case and raises torch's own error for a call that is
wrong. So a rule may be partial, never lax: it checks every shape that torch would.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

Shape = tuple[int, ...]
Ints = int | Sequence[int]


class Made(NamedTuple):
    """The result of one operator.

    Attributes:
        op: Operator name, as conventions know it.
        shape: Shape of the output.
        macs: Multiply-accumulates of a convolution, matrix product or attention; else 0.
        weight: Shape of the convolution's or linear's weight, else `()`.
        affine: Whether there is a bias (convolution, linear) or a scale (normalisation).
        groups: Groups of a convolution.
        mode: Mode of an interpolation.
        inplace: Whether the output is the first argument itself.
    """

    op: str
    shape: Shape
    macs: int = 0
    weight: Shape = ()
    affine: bool = False
    groups: int = 1
    mode: str = ""
    inplace: bool = False


Rule = Callable[..., Made | None]
RULES: dict[Any, Rule] = {}


def rule(*functions: Any) -> Callable[[Rule], Rule]:
    """Register the decorated rule for torch functions; one that has a rule already is refused."""

    def register(function: Rule) -> Rule:
        for key in functions:
            assert key not in RULES, f"two rules for {key}"
            RULES[key] = function
        return function

    return register


def each(value: Ints, dims: int) -> Sequence[int]:
    """Return a size that is given once, or once per axis, as one entry per axis."""
    if isinstance(value, int):
        return (value,) * dims
    return value if len(value) == dims else tuple(value) * dims


def broadcast(*shapes: Sequence[int]) -> Shape | None:
    """Return the common shape of operands, or None where they do not broadcast."""
    result: list[int] = []
    for axis in range(1, max(map(len, shapes)) + 1):
        sizes = {shape[-axis] for shape in shapes if len(shape) >= axis} - {1}
        if len(sizes) > 1:
            return None
        result.append(sizes.pop() if sizes else 1)
    return tuple(reversed(result))


# --- convolution --------------------------------------------------------------------------------


@rule(torch.conv1d, torch.conv2d, torch.conv3d)
def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Made | None:
    xs, ws = x.shape, weight.shape
    dims = len(ws) - 2
    if len(xs) != dims + 2 or xs[1] != ws[1] * groups or ws[0] % groups:
        return None
    if isinstance(padding, str):  # the meta kernel knows what `same` does to even kernels
        return None
    axes = zip(
        xs[2:], ws[2:], each(stride, dims), each(padding, dims), each(dilation, dims), strict=True
    )
    out = [(size + 2 * p - d * (k - 1) - 1) // s + 1 for size, k, s, p, d in axes]
    if min(out) < 1:
        return None
    macs = xs[0] * math.prod(out) * math.prod(ws)
    return Made("conv", (xs[0], ws[0], *out), macs, tuple(ws), bias is not None, groups)


@rule(torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d)
def conv_transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Made | None:
    xs, ws = x.shape, weight.shape
    dims = len(ws) - 2
    if len(xs) != dims + 2 or xs[1] != ws[0] or ws[0] % groups:
        return None
    sizes = (each(v, dims) for v in (stride, padding, output_padding, dilation))
    axes = zip(xs[2:], ws[2:], *sizes, strict=True)
    out = [(size - 1) * s - 2 * p + d * (k - 1) + o + 1 for size, k, s, p, o, d in axes]
    if min(out) < 1:
        return None
    # every input element meets the whole kernel of its group, whatever the stride
    macs = xs[0] * math.prod(xs[2:]) * math.prod(ws)
    shape = (xs[0], ws[1] * groups, *out)
    return Made("conv_transpose", shape, macs, tuple(ws), bias is not None, groups)


# --- matrix products ----------------------------------------------------------------------------


@rule(F.linear)
def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Made | None:
    xs, ws = x.shape, weight.shape
    if len(ws) != 2 or not xs or xs[-1] != ws[1]:
        return None
    shape = (*xs[:-1], ws[0])
    return Made("linear", shape, math.prod(xs) * ws[0], tuple(ws), bias is not None)


@rule(torch.matmul, torch.bmm, torch.mm)
def matmul(a: Tensor, b: Tensor) -> Made | None:
    left, right = a.shape, b.shape
    if len(left) < 2 or len(right) < 2 or left[-1] != right[-2]:
        return None
    batch = broadcast(left[:-2], right[:-2]) if len(left) > 2 or len(right) > 2 else ()
    if batch is None:
        return None
    shape = (*batch, left[-2], right[-1])
    return Made("matmul", shape, math.prod(shape) * left[-1])


@rule(Tensor.matmul, Tensor.bmm, Tensor.mm)
def matmul_method(a: Tensor, b: Tensor) -> Made | None:
    """As `matmul`, told apart because ptflops does not see the operator `@`."""
    made = matmul(a, b)
    return made and made._replace(op="matmul_method")


@rule(F.scaled_dot_product_attention)
def attention(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> Made | None:
    q, k, v = query.shape, key.shape, value.shape
    if not len(q) == len(k) == len(v) >= 2 or q[-1] != k[-1] or k[-2] != v[-2]:
        return None
    if q[:-2] != k[:-2] or q[:-2] != v[:-2]:  # grouped queries
        return None
    pairs = math.prod(q[:-1]) * k[-2]
    return Made("attention", (*q[:-1], v[-1]), pairs * (q[-1] + v[-1]))


# --- normalisation ------------------------------------------------------------------------------


@rule(F.batch_norm)
def batch_norm(
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    *_: Any,
    **__: Any,
) -> Made | None:
    shape = x.shape
    if training or running_mean is None or len(shape) < 2 or running_mean.shape[0] != shape[1]:
        return None
    if (weight is not None and weight.shape[0] != shape[1]) or running_var is None:
        return None
    return Made("batch_norm", tuple(shape), affine=weight is not None)


@rule(F.layer_norm)
def layer_norm(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    *_: Any,
    **__: Any,
) -> Made | None:
    shape = tuple(x.shape)
    if shape[len(shape) - len(normalized_shape) :] != tuple(normalized_shape):
        return None
    return Made("layer_norm", shape, affine=weight is not None)


@rule(F.group_norm)
def group_norm(
    x: Tensor, num_groups: int, weight: Tensor | None = None, *_: Any, **__: Any
) -> Made | None:
    shape = tuple(x.shape)
    if len(shape) < 2 or shape[1] % num_groups or (weight is not None and len(weight) != shape[1]):
        return None
    return Made("group_norm", shape, affine=weight is not None)


@rule(F.instance_norm)
def instance_norm(
    x: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    *_: Any,
    **__: Any,
) -> Made | None:
    return Made("instance_norm", tuple(x.shape), affine=weight is not None)


# --- activation ---------------------------------------------------------------------------------


def _activation(op: str, *functions: Any, parameters: int = 0) -> None:
    """Register activations whose `inplace` comes after `parameters` further arguments."""

    @rule(*functions)
    def same(x: Tensor, *args: Any, inplace: bool = False, **_: Any) -> Made | None:
        inplace = args[parameters] if len(args) > parameters else inplace
        return Made(op, tuple(x.shape), inplace=inplace)


_activation("relu", F.relu)
_activation("torch_relu", torch.relu, Tensor.relu)
_activation("relu6", F.relu6)
_activation("hardtanh", F.hardtanh, parameters=2)
_activation("leaky_relu", F.leaky_relu, parameters=1)
_activation("elu", F.elu, parameters=1)
_activation("silu", F.silu)
_activation("gelu", F.gelu, parameters=9)
_activation("hardswish", F.hardswish)
_activation("hardsigmoid", F.hardsigmoid)
_activation("mish", F.mish)
_activation("sigmoid", torch.sigmoid, Tensor.sigmoid, parameters=9)
_activation("tanh", torch.tanh, Tensor.tanh, parameters=9)
_activation("dropout", F.dropout, F.dropout2d, parameters=2)


@rule(torch.relu_, Tensor.relu_, torch.sigmoid_, Tensor.sigmoid_)
def activation_(x: Tensor) -> Made:
    return Made("torch_relu", tuple(x.shape), inplace=True)


@rule(torch.prelu)
def prelu(x: Tensor, weight: Tensor) -> Made | None:
    slopes = weight.numel()
    if slopes != 1 and (x.dim() < 2 or slopes != x.shape[1]):
        return None
    return Made("prelu", tuple(x.shape))


@rule(F.softmax)
def softmax(x: Tensor, *_: Any, dtype: Any = None, **__: Any) -> Made | None:
    return Made("softmax", tuple(x.shape)) if dtype is None else None


# --- pooling and interpolation ------------------------------------------------------------------


def _pooled(shape: Shape, kernel: Ints, stride: Ints | None, padding: Ints) -> Shape | None:
    dims = len(shape) - 2
    if dims < 1:
        return None
    step = kernel if stride is None or stride == [] else stride
    axes = zip(shape[2:], each(kernel, dims), each(step, dims), each(padding, dims), strict=True)
    out = [(size + 2 * p - k) // s + 1 if 2 * p <= k else 0 for size, k, s, p in axes]
    return (*shape[:2], *out) if min(out) >= 1 else None


def _avg_pool(dims: int) -> Rule:
    def avg_pool(
        x: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        *_: Any,
        **__: Any,
    ) -> Made | None:
        if ceil_mode or x.dim() != dims + 2:
            return None
        shape = _pooled(tuple(x.shape), kernel_size, stride, padding)
        return None if shape is None else Made("avg_pool", shape)

    return avg_pool


def _max_pool(dims: int) -> Rule:
    def max_pool(
        x: Tensor,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Made | None:
        if ceil_mode or return_indices or x.dim() != dims + 2 or set(each(dilation, 2)) != {1}:
            return None
        shape = _pooled(tuple(x.shape), kernel_size, stride, padding)
        return None if shape is None else Made("max_pool", shape)

    return max_pool


def _adaptive_pool(op: str, dims: int) -> Rule:
    def adaptive_pool(x: Tensor, output_size: Any, return_indices: bool = False) -> Made | None:
        if return_indices or x.dim() != dims + 2:
            return None
        sizes = (output_size,) * dims if isinstance(output_size, int) else tuple(output_size)
        if len(sizes) != dims:
            return None
        out = (size or given for size, given in zip(sizes, x.shape[2:], strict=True))
        return Made(op, (*x.shape[:2], *out))

    return adaptive_pool


for _dims in (1, 2, 3):
    rule(getattr(F, f"avg_pool{_dims}d"))(_avg_pool(_dims))
    rule(getattr(F, f"max_pool{_dims}d"))(_max_pool(_dims))
    rule(getattr(F, f"adaptive_avg_pool{_dims}d"))(_adaptive_pool("adaptive_avg_pool", _dims))
    rule(getattr(F, f"adaptive_max_pool{_dims}d"))(_adaptive_pool("adaptive_max_pool", _dims))


@rule(F.interpolate)
def interpolate(
    x: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Made | None:
    dims = x.dim() - 2
    if dims < 1 or (size is None) == (scale_factor is None) or antialias:
        return None
    if align_corners is not None and mode not in ("linear", "bilinear", "bicubic", "trilinear"):
        return None
    if size is not None:
        out = list(each(size, dims)) if isinstance(size, int) else list(size)
    else:
        scales = [scale_factor] * dims if isinstance(scale_factor, int | float) else scale_factor
        out = [math.floor(n * s) for n, s in zip(x.shape[2:], scales, strict=True)]
    if len(out) != dims or min(out) < 1:
        return None
    return Made("interpolate", (*x.shape[:2], *out), mode=mode)


# --- elementwise and joining --------------------------------------------------------------------


def _elementwise(op: str, *functions: Any, inplace: bool = False) -> None:
    @rule(*functions)
    def binary(x: Any, other: Any, **keywords: Any) -> Made | None:
        if keywords or not isinstance(x, Tensor) or not x.dtype.is_floating_point:
            return None
        if not isinstance(other, Tensor):
            return Made(op, tuple(x.shape), inplace=inplace)
        shape = x.shape if x.shape == other.shape else broadcast(x.shape, other.shape)
        if shape is None or other.dtype != x.dtype or (inplace and shape != x.shape):
            return None
        return Made(op, tuple(shape), inplace=inplace)


# `x + y` and `x.add(y)` reach torch as the same function; so do `x * y` and `x.mul(y)`
_elementwise("elementwise", Tensor.add, Tensor.sub, Tensor.mul, Tensor.div)
_elementwise("elementwise", torch.sub, torch.div)
_elementwise("torch_add_mul", torch.add, torch.mul)
_elementwise("elementwise", Tensor.add_, Tensor.sub_, Tensor.mul_, Tensor.div_, inplace=True)


@rule(torch.cat)
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Made | None:
    first = list(tensors[0].shape)
    if not -len(first) <= dim < len(first):
        return None
    dim %= len(first)
    total = 0
    for tensor in tensors:
        shape = list(tensor.shape)
        if len(shape) != len(first) or tensor.dtype != tensors[0].dtype:
            return None
        total += shape[dim]
        shape[dim] = first[dim]
        if shape != first:
            return None
    first[dim] = total
    return Made("cat", tuple(first))
