"""What each common operator makes and costs, from shapes alone.

A rule has the signature of the torch function that it stands for and returns what a call with those
arguments would make (`Made`), or None where it does not apply: then torch's own meta kernel runs
instead (`harness.aten`), which knows every case. So a rule may be partial, never lax: it checks
every shape and type that torch would. Where torch refuses a call but its meta kernel would let it
pass, the rule itself raises.
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
        mode: Mode of an interpolation; `same` or `valid` of a convolution that was asked so;
            `training` of a normalisation by the statistics of its input.
        along: Size of the axis that a softmax runs along.
        inplace: Whether the output is the first argument itself.
    """

    op: str
    shape: Shape
    macs: int = 0
    weight: Shape = ()
    affine: bool = False
    groups: int = 1
    mode: str = ""
    along: int = 0
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
    """Return a size that is given once, or once per axis, as one entry per axis.

    Raises:
        RuntimeError: If it is given for another number of axes.
    """
    if isinstance(value, int):
        return (value,) * dims
    if len(value) not in (1, dims):
        raise RuntimeError(f"a size must be given once or for each of {dims} axes, got {value}")
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


def _one_float_type(first: Tensor, *others: Tensor | None) -> bool:
    """Say whether the tensors are of one floating-point type; None stands for one not given."""
    kind = first.dtype
    for other in others:
        if other is not None and other.dtype != kind:
            return False
    return kind.is_floating_point


def _per_channel(channels: int, *tensors: Tensor | None) -> bool:
    """Say whether each tensor that is given has one entry per channel."""
    for tensor in tensors:  # noqa: SIM110 - twice as fast as all(...), at every convolution
        if tensor is not None and tensor.shape != (channels,):
            return False
    return True


# --- convolution --------------------------------------------------------------------------------


def _check_conv(
    who: str, axes: int, operands: tuple[Tensor, Tensor, Tensor | None], channels: Shape
) -> None:
    """Refuse operands that do not fit each other.

    Args:
        who: The function, for the message.
        axes: Axes of a weight.
        operands: Input, weight and bias.
        channels: What the weight takes and gives, and the groups.
    """
    input, weight, bias = operands
    given, out, groups = channels
    if weight.dim() != axes or input.dim() not in (axes - 1, axes):
        raise RuntimeError(
            f"{who}: input and weight must have as many axes as it takes, "
            f"got {tuple(input.shape)} and {tuple(weight.shape)}"
        )
    if groups < 1 or input.shape[1 - axes] != given or given % groups or out % groups:
        raise RuntimeError(
            f"{who}: the weight's channels and the groups must fit the input's, "
            f"got {tuple(weight.shape)}, {groups} and {tuple(input.shape)}"
        )
    if bias is not None and bias.shape != (out,):
        raise RuntimeError(f"{who}: the bias must have {out} entries, got {tuple(bias.shape)}")
    if not input.dtype == weight.dtype == (weight if bias is None else bias).dtype:
        kinds = {tensor.dtype for tensor in (input, weight, bias) if tensor is not None}
        raise RuntimeError(f"{who}: input, weight and bias must be of one type, got {kinds}")


def _conv(dims: int) -> Rule:
    who = f"conv{dims}d"

    def conv(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Ints | str = 0,
        dilation: Ints = 1,
        groups: int = 1,
    ) -> Made | None:
        shape, ws = input.shape, weight.shape
        _check_conv(who, dims + 2, (input, weight, bias), (ws[1] * groups, ws[0], groups))
        if min(*shape, *ws) < 1 or not input.dtype.is_floating_point:
            return None
        batch, sizes = shape[: -dims - 1], shape[-dims:]
        steps, spread = each(stride, dims), each(dilation, dims)
        if isinstance(padding, str):
            if padding not in ("same", "valid") or (padding == "same" and max(steps) > 1):
                raise RuntimeError(
                    f"{who}: padding must be sizes, valid, or same at stride 1, "
                    f"got {padding!r} at stride {stride}"
                )
            reach = [d * (k - 1) * (padding == "same") for k, d in zip(ws[2:], spread, strict=True)]
        else:
            reach = [2 * p for p in each(padding, dims)]
        if min(*steps, *spread) < 1 or min(reach) < 0:
            raise RuntimeError(
                f"{who}: stride and dilation must be at least 1 and padding at least 0, "
                f"got {stride}, {dilation} and {padding}"
            )
        axes = zip(sizes, ws[2:], steps, reach, spread, strict=True)
        out = [(size + more - d * (k - 1) - 1) // s + 1 for size, k, s, more, d in axes]
        if min(out) < 1:
            return None
        macs = math.prod((*batch, *out)) * math.prod(ws)
        mode = padding if isinstance(padding, str) else ""
        return Made("conv", (*batch, ws[0], *out), macs, tuple(ws), bias is not None, groups, mode)

    return conv


def _conv_transpose(dims: int) -> Rule:
    who = f"conv_transpose{dims}d"

    def conv_transpose(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        dilation: Ints = 1,
    ) -> Made | None:
        shape, ws = input.shape, weight.shape
        _check_conv(who, dims + 2, (input, weight, bias), (ws[0], ws[1] * groups, groups))
        if min(*shape, *ws) < 1 or not input.dtype.is_floating_point:
            return None
        batch, sizes = shape[: -dims - 1], shape[-dims:]
        steps, less = each(stride, dims), each(padding, dims)
        more, spread = each(output_padding, dims), each(dilation, dims)
        if min(*steps, *spread) < 1 or min(*less, *more) < 0:
            raise RuntimeError(
                f"{who}: stride and dilation must be at least 1 and paddings at "
                f"least 0, got {stride}, {dilation}, {padding} and {output_padding}"
            )
        axes = list(zip(sizes, ws[2:], steps, less, more, spread, strict=True))
        out = [(size - 1) * s - 2 * p + d * (k - 1) + o + 1 for size, k, s, p, o, d in axes]
        if any(o >= max(s, d) for _, _, s, _, o, d in axes):
            raise RuntimeError(
                f"{who}: output_padding must be smaller than stride or dilation, "
                f"got {output_padding}"
            )
        if min(out) < 1:
            return None
        # every input element meets the whole kernel of its group, whatever the stride
        macs = math.prod((*batch, *sizes)) * math.prod(ws)
        made = (*batch, ws[1] * groups, *out)
        return Made("conv_transpose", made, macs, tuple(ws), bias is not None, groups)

    return conv_transpose


for _dims in (1, 2, 3):
    rule(getattr(torch, f"conv{_dims}d"))(_conv(_dims))
    rule(getattr(torch, f"conv_transpose{_dims}d"))(_conv_transpose(_dims))


# --- matrix products ----------------------------------------------------------------------------


@rule(F.linear)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Made | None:
    xs, ws = input.shape, weight.shape
    if len(ws) != 2 or not xs or xs[-1] != ws[1]:
        return None
    if input.dtype != weight.dtype:
        raise RuntimeError(
            f"linear: input and weight must be of one type, got {input.dtype} and {weight.dtype}"
        )
    if bias is not None and bias.dim() > len(xs):
        raise RuntimeError(f"linear: the bias must fit one output, got {tuple(bias.shape)}")
    if not _one_float_type(input, weight, bias) or not _per_channel(ws[0], bias):
        return None
    shape = (*xs[:-1], ws[0])
    return Made("linear", shape, math.prod(xs) * ws[0], tuple(ws), bias is not None)


def _product(a: Tensor, b: Tensor, op: str) -> Made | None:
    left, right = a.shape, b.shape
    if a.dtype != b.dtype:
        raise RuntimeError(f"{op}: operands must be of one type, got {a.dtype} and {b.dtype}")
    if len(left) < 2 or len(right) < 2 or left[-1] != right[-2] or not a.dtype.is_floating_point:
        return None
    batch = broadcast(left[:-2], right[:-2]) if len(left) > 2 or len(right) > 2 else ()
    if batch is None:
        return None
    shape = (*batch, left[-2], right[-1])
    return Made(op, shape, math.prod(shape) * left[-1])


@rule(torch.matmul)
def matmul(input: Tensor, other: Tensor) -> Made | None:
    return _product(input, other, "matmul")


@rule(Tensor.matmul)
def matmul_method(input: Tensor, other: Tensor) -> Made | None:
    """As `matmul`, told apart because ptflops does not see the operator `@`."""
    return _product(input, other, "matmul_method")


def _plain_product(axes: int, op: str) -> Rule:
    def product(input: Tensor, mat2: Tensor) -> Made | None:
        if input.dim() != axes or mat2.dim() != axes or input.shape[:-2] != mat2.shape[:-2]:
            return None
        return _product(input, mat2, op)

    return product


rule(torch.mm, Tensor.mm)(_plain_product(2, "matmul"))
rule(torch.bmm, Tensor.bmm)(_plain_product(3, "matmul"))


def _added_product(axes: int, op: str) -> Rule:
    def added(
        input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
    ) -> Made | None:
        if mat1.dim() != axes or mat2.dim() != axes or mat1.shape[:-2] != mat2.shape[:-2]:
            return None
        made = _product(mat1, mat2, op)
        if made is None:
            return None
        if broadcast(input.shape, made.shape) != made.shape:
            raise RuntimeError(
                f"{op}: input must broadcast to the product's {made.shape}, got {input.shape}"
            )
        if not _one_float_type(input, mat1, mat2):
            return None
        return made._replace(affine=beta != 0)

    return added


rule(torch.addmm, Tensor.addmm)(_added_product(2, "addmm"))
rule(torch.baddbmm)(_added_product(3, "baddbmm"))


@rule(F.scaled_dot_product_attention)
def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Made | None:
    q, k, v = query.shape, key.shape, value.shape
    if not len(q) == len(k) == len(v) >= 2 or q[-1] != k[-1] or k[:-1] != v[:-1]:
        return None
    if enable_gqa:  # each head of keys and values serves several heads of queries
        if len(q) != 4 or q[:-3] != k[:-3] or q[-3] % k[-3]:
            return None
    elif q[:-2] != k[:-2]:
        return None
    if not _one_float_type(query, key, value) or not 0 <= dropout_p <= 1:
        return None
    if attn_mask is not None:
        weights = (*q[:-1], k[-2])
        if broadcast(attn_mask.shape, weights) != weights:
            raise RuntimeError(
                f"attention: the mask must broadcast to {weights}, got {tuple(attn_mask.shape)}"
            )
        if is_causal:
            return None
        if attn_mask.dtype not in (torch.bool, query.dtype):
            return None
    pairs = math.prod(q[:-1]) * k[-2]
    return Made("attention", (*q[:-1], v[-1]), pairs * (q[-1] + v[-1]))


# --- normalisation ------------------------------------------------------------------------------


def _check_norm(input: Tensor, *parameters: Tensor | None) -> None:
    kind = input.dtype
    for tensor in parameters:
        if tensor is not None and tensor.dtype not in (kind, torch.float32):
            raise RuntimeError(
                f"a normalisation of {kind} must have parameters of {kind} or float32, "
                f"got {tensor.dtype}"
            )


def _check_statistics(running_mean: Tensor | None, running_var: Tensor | None) -> None:
    if (running_mean is None) != (running_var is None):
        raise RuntimeError("a normalisation takes a running mean and a running variance, or none")


@rule(F.batch_norm)
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Made | None:
    shape = input.shape
    _check_statistics(running_mean, running_var)
    _check_norm(input, running_mean, running_var, weight, bias)
    if len(shape) < 2:
        raise RuntimeError(f"batch_norm: input must have channels, got {tuple(shape)}")
    if math.prod(shape) <= shape[1] if training else running_mean is None:
        return None  # torch refuses a variance over one value, and to normalise by nothing
    if not _per_channel(shape[1], running_mean, running_var, weight, bias):
        return None
    if not _one_float_type(input, running_mean, running_var, weight, bias):
        return None
    mode = "training" if training else ""
    return Made("batch_norm", tuple(shape), affine=weight is not None, mode=mode)


@rule(F.layer_norm)
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Made | None:
    _check_norm(input, weight, bias)
    shape, last = tuple(input.shape), tuple(normalized_shape)
    if not last or len(last) > len(shape) or shape[-len(last) :] != last:
        return None
    if any(p is not None and p.shape != last for p in (weight, bias)):
        return None
    if not _one_float_type(input, weight, bias):
        return None
    return Made("layer_norm", shape, affine=weight is not None)


@rule(F.group_norm)
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Made | None:
    _check_norm(input, weight, bias)
    shape = tuple(input.shape)
    if len(shape) < 2 or num_groups < 1 or shape[1] % num_groups:
        return None
    if math.prod(shape) // num_groups < 2:  # torch refuses a variance over one value
        return None
    if not _per_channel(shape[1], weight, bias) or not _one_float_type(input, weight, bias):
        return None
    return Made("group_norm", shape, affine=weight is not None)


@rule(F.instance_norm)
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Made | None:
    _check_statistics(running_mean, running_var)
    _check_norm(input, running_mean, running_var, weight, bias)
    shape = tuple(input.shape)
    if len(shape) < 3 or math.prod(shape[2:]) < 2:
        return None
    if running_mean is None and not use_input_stats:
        return None
    if not _per_channel(shape[1], running_mean, running_var, weight, bias):
        return None
    if not _one_float_type(input, running_mean, running_var, weight, bias):
        return None
    return Made("instance_norm", shape, affine=weight is not None)


# --- activation ---------------------------------------------------------------------------------


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
    if weight.dim() > 1 or not _one_float_type(input, weight):
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


# --- pooling and interpolation ------------------------------------------------------------------


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


# --- elementwise and joining --------------------------------------------------------------------


def _wider(other: Any, kind: torch.dtype) -> bool:
    """Say whether an operation with `other` would make floats of integers, or complex numbers."""
    theirs = other.dtype if isinstance(other, Tensor) else None
    if isinstance(other, complex) or (theirs and theirs.is_complex):
        return not kind.is_complex
    if isinstance(other, float) or (theirs and theirs.is_floating_point):
        return not (kind.is_floating_point or kind.is_complex)
    return False


def _elementwise(op: str, *functions: Any, inplace: bool = False, truths: bool = True) -> None:
    """Register binary functions; without `truths`, those that refuse a bool on either side."""

    @rule(*functions)
    def binary(input: Tensor, other: Any) -> Made | None:
        kind = input.dtype
        if not truths and (type(other) is bool or torch.bool in (kind, getattr(other, "dtype", 0))):
            raise RuntimeError("subtraction must be of numbers, got a bool")
        if inplace and _wider(other, kind):
            raise RuntimeError(f"a {kind} tensor cannot take a wider kind of number in place")
        if not kind.is_floating_point:
            return None
        if type(other) in (int, float):
            return Made(op, tuple(input.shape), inplace=inplace)
        shape = input.shape if input.shape == other.shape else broadcast(input.shape, other.shape)
        if shape is None or other.dtype != kind or (inplace and shape != input.shape):
            return None
        return Made(op, tuple(shape), inplace=inplace)


# `x + y` and `x.add(y)` reach torch as the same function; so do `x * y` and `x.mul(y)`
_elementwise("elementwise", Tensor.add, Tensor.mul, Tensor.div, torch.div)
_elementwise("elementwise", Tensor.sub, torch.sub, truths=False)
_elementwise("torch_add_mul", torch.add, torch.mul)
_elementwise("elementwise", Tensor.add_, Tensor.mul_, Tensor.div_, inplace=True)
_elementwise("elementwise", Tensor.sub_, inplace=True, truths=False)


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
