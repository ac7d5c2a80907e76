"""Arithmetic element by element, and concatenation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from harness.operators.rule import Made, broadcast, rule


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
