"""Convolution and transposed convolution, in one to three dimensions."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from harness.operators.rule import Ints, Made, Rule, each, rule
from harness.row import Shape


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
        simple = groups == 1 and bias is None and len(shape) == len(ws) == dims + 2
        if not (simple and shape[1] == ws[1] and input.dtype == weight.dtype):
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
