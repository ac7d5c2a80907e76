"""A row of the ledger. Light, so that conventions are pure functions without torch."""

from __future__ import annotations

from typing import NamedTuple

Shape = tuple[int, ...]


class Row(NamedTuple):
    """One executed operator.

    Attributes:
        op: Operator (`conv`, `linear`, `batch_norm`, ...); `unknown` where no rule covers it.
        function: What was called, for the reader.
        path: Path of the innermost module that was running; empty for the network itself.
        module: Class of that module, with its Python module.
        input: Shape of the first tensor argument.
        output: Shape of the (first) output.
        macs: Multiply-accumulates of a convolution, matrix product or attention; else 0.
        weight: Shape of the convolution's or linear's weight, else `()`.
        affine: Whether there is a bias (convolution, linear) or a scale (normalisation).
        groups: Groups of a convolution.
        mode: Mode of an interpolation; `same` or `valid` of a convolution that was asked so;
            `training` of a normalisation by the statistics of its input.
        along: Size of the axis that a softmax runs along.
    """

    op: str
    function: str
    path: str
    module: str
    input: Shape
    output: Shape
    macs: int
    weight: Shape
    affine: bool
    groups: int
    mode: str
    along: int
