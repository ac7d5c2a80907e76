"""Whether torch may round the inputs of fp32 products and convolutions, set in one place.

torch has two generations of switches for that. The older ones (`allow_tf32`, the matmul precision)
write through to the newer ones (`fp32_precision`, from 2.9 on), which inherit: an operator's from
its library's, a library's from the generic one. Where the two generations disagree, reading an
older one raises, and turning TF32 off by an older one only lets an operator inherit, from a generic
one that may say TF32. So both are set here, the newer ones operator by operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

#: How to read a setting, and how to write it.
Setting = tuple[Callable[[], Any], Callable[[Any], None]]


def attribute(owner: Any, name: str) -> Setting:
    """Return the setting that is an attribute of `owner`."""
    return lambda: getattr(owner, name), lambda value: setattr(owner, name, value)


@contextmanager
def tf32_allowed(allowed: bool) -> Iterator[None]:
    """Let fp32 products and convolutions use TF32 or keep them in fp32, on CUDA and on the CPU."""
    older: list[tuple[Setting, Any]] = [
        (
            (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
            "high" if allowed else "highest",
        ),
        (attribute(torch.backends.cudnn, "allow_tf32"), allowed),
    ]
    operators = _operators()
    before = [read() for read, _ in operators]
    undo = [_undo(setting) for setting, _ in older]
    try:
        for (_, write), value in older:
            write(value)
        for _, write in operators:
            write("tf32" if allowed else "ieee")
        yield
    finally:
        for write_back in undo:
            write_back()
        for (read, write), value in zip(operators, before, strict=True):
            write("none")  # which is to inherit; if that is how it was, it stays so
            if read() != value:
                write(value)


def _operators() -> list[Setting]:
    """Return the newer settings, of every operator that has one; none before torch 2.9."""
    backends: Any = torch.backends  # typed as modules without these attributes
    if not hasattr(backends, "fp32_precision"):
        return []
    cudnn, mkldnn = backends.cudnn, backends.mkldnn
    owners = (
        *(backends.cuda.matmul, cudnn.conv, cudnn.rnn),
        *(mkldnn.matmul, mkldnn.conv, mkldnn.rnn),
    )
    return [attribute(owner, "fp32_precision") for owner in owners]


def _undo(setting: Setting) -> Callable[[], None]:
    """Return what writes the present value back; nothing where it cannot be read."""
    read, write = setting
    try:
        value = read()
    except RuntimeError:  # an older switch that a newer one contradicts has no value
        return lambda: None
    return lambda: write(value)
