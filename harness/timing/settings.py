"""What timing changes about torch and about a network, and puts back, also when a pass raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn

from harness.timing.protocol import Protocol
from harness.timing.tf32 import Setting, attribute, tf32_allowed


def _wanted(protocol: Protocol) -> list[tuple[Setting, Any]]:
    """Return settings of torch with the values that they have under `protocol`.

    What the protocol has no field for is set to torch's default, so that a figure does not depend
    on what ran before in the same process: cuDNN on and free to pick what is not deterministic,
    fp16 and bf16 products reduced as torch does it by itself, no autocast, which would run a part
    of an fp32 network in another type.
    """
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    deterministic = (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode)
    wanted: list[tuple[Setting, Any]] = [
        ((torch.get_num_threads, torch.set_num_threads), protocol.threads),
        (attribute(cudnn, "benchmark"), protocol.cudnn_benchmark),
        (attribute(cudnn, "enabled"), True),
        (attribute(cudnn, "deterministic"), False),
        (attribute(matmul, "allow_fp16_reduced_precision_reduction"), True),
        (attribute(matmul, "allow_bf16_reduced_precision_reduction"), True),
        (deterministic, 0),
    ]
    if hasattr(matmul, "allow_fp16_accumulation"):  # torch 2.7
        wanted.append((attribute(matmul, "allow_fp16_accumulation"), False))
    return wanted + [(_autocast(kind), False) for kind in ("cpu", "cuda")]


def _autocast(kind: str) -> Setting:
    return partial(torch.is_autocast_enabled, kind), partial(torch.set_autocast_enabled, kind)


@contextmanager
def applied(protocol: Protocol) -> Iterator[None]:
    """Set torch as `protocol` says, gradients off, for as long as the context lasts."""
    wanted = _wanted(protocol)
    before = [(write, read()) for (read, write), _ in wanted]
    try:
        for (_, write), value in wanted:
            write(value)
        with tf32_allowed(protocol.tf32), torch.inference_mode():
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
