"""Linear layers, matrix products and attention."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from harness.operators.rule import Made, Rule, broadcast, one_float_type, per_channel, rule


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
    if not one_float_type(input, weight, bias) or not per_channel(ws[0], bias):
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
        if not one_float_type(input, mat1, mat2):
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
    if not one_float_type(query, key, value) or not 0 <= dropout_p <= 1:
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
