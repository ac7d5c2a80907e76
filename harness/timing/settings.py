"""What timing changes about torch and about a network, and puts back, also when a pass raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from harness.timing.protocol import Protocol

#: How to read a setting, and how to write it.
Setting = tuple[Callable[[], Any], Callable[[Any], None]]


def _attribute(owner: Any, name: str) -> Setting:
    return lambda: getattr(owner, name), lambda value: setattr(owner, name, value)


def _raw_precisions() -> list[Setting]:
    """Return the per-operator precisions (torch 2.9 on) that the older switches write through to.

    An older switch, set and set back, leaves them explicit where they were inherited before.
    """
    backends: Any = torch.backends  # typed as modules without these attributes
    if not hasattr(backends, "fp32_precision"):
        return []
    matmul = (backends.cuda.matmul, backends.mkldnn.matmul)
    owners = (*matmul, backends.cudnn.conv, backends.cudnn.rnn)
    return [_attribute(owner, "fp32_precision") for owner in owners]


@contextmanager
def applied(protocol: Protocol) -> Iterator[None]:
    """Set torch as `protocol` says, gradients off, for as long as the context lasts."""
    # The older switches for TF32: while they are set, both they and the newer per-operator ones
    # can be read; the other way round, reading an older one raises.
    matmul = (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision)
    wanted: list[tuple[Setting, Any]] = [
        ((torch.get_num_threads, torch.set_num_threads), protocol.threads),
        (matmul, "high" if protocol.tf32 else "highest"),
        (_attribute(torch.backends.cudnn, "allow_tf32"), protocol.tf32),
        (_attribute(torch.backends.cudnn, "benchmark"), protocol.cudnn_benchmark),
    ]
    touched = [setting for setting, _ in wanted] + _raw_precisions()
    before = [(write, read()) for read, write in touched]
    try:
        for (_, write), value in wanted:
            write(value)
        with torch.inference_mode():
            yield
    finally:
        for write, value in before:
            write(value)


@contextmanager
def left_as_found(network: nn.Module) -> Iterator[None]:
    """Put modes and buffers of `network` back to what they were when the context began."""
    modes = [(module, module.training) for module in network.modules()]
    buffers = [
        (module, name, buffer, buffer.detach().clone())
        for module in network.modules()
        for name, buffer in module.named_buffers(recurse=False)
    ]
    try:
        yield
    finally:
        for module, training in modes:  # not `train()`: networks override it
            module.training = training
        with torch.no_grad():
            for module, name, buffer, value in buffers:
                setattr(module, name, buffer.copy_(value))
