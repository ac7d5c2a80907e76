"""What a rule is: the signature of a torch function, and what a call to it would make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from harness.row import Shape

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


def one_float_type(first: Tensor, *others: Tensor | None) -> bool:
    """Say whether the tensors are of one floating-point type; None stands for one not given."""
    kind = first.dtype
    for other in others:
        if other is not None and other.dtype != kind:
            return False
    return kind.is_floating_point


def per_channel(channels: int, *tensors: Tensor | None) -> bool:
    """Say whether each tensor that is given has one entry per channel."""
    for tensor in tensors:  # noqa: SIM110 - twice as fast as all(...), at every convolution
        if tensor is not None and tensor.shape != (channels,):
            return False
    return True
