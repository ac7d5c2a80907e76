"""Batch, layer, group and instance normalisation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from harness.operators.rule import Made, one_float_type, per_channel, rule


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
    if not per_channel(shape[1], running_mean, running_var, weight, bias):
        return None
    if not one_float_type(input, running_mean, running_var, weight, bias):
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
    if not one_float_type(input, weight, bias):
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
    if not per_channel(shape[1], weight, bias) or not one_float_type(input, weight, bias):
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
    if not per_channel(shape[1], running_mean, running_var, weight, bias):
        return None
    if not one_float_type(input, running_mean, running_var, weight, bias):
        return None
    return Made("instance_norm", shape, affine=weight is not None)
