"""What a protocol does to a network before a backend gets it: folding, precision, layout."""

from __future__ import annotations

import copy

import torch
from torch import nn

from harness.timing.backends import BACKENDS
from harness.timing.folding import count_batch_norms, fold_batch_norms
from harness.timing.protocol import Protocol

DTYPES = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def transformed(network: nn.Module, protocol: Protocol) -> nn.Module:
    """Return the network as `protocol` wants it: itself where nothing changes, else a copy.

    BatchNorm is folded in fp32, then the result is cast: the other way round would round twice.
    """
    dtype = _dtype(protocol)
    if dtype is torch.float32 and protocol.memory_format == "contiguous" and not protocol.fold_bn:
        return network
    changed = copy.deepcopy(network)
    if protocol.fold_bn:
        device = next((tensor.device for tensor in network.parameters()), None)
        fold_batch_norms(changed, torch.zeros(protocol.input, device=device))
    return changed.to(dtype=dtype, memory_format=FORMATS[protocol.memory_format])  # type: ignore[call-overload,no-any-return]


def transformed_input(batch: torch.Tensor, protocol: Protocol) -> torch.Tensor:
    """Return the input in the protocol's type and layout."""
    return batch.to(dtype=_dtype(protocol), memory_format=FORMATS[protocol.memory_format])


def what_changed(network: nn.Module, changed: nn.Module, protocol: Protocol) -> dict[str, str]:
    """Return what the protocol does not say of a change, for the record: how much was folded.

    Args:
        network: As it was.
        changed: What `transformed` made of it.
    """
    if not protocol.fold_bn:
        return {}
    before = count_batch_norms(network)
    return {"folded": f"{before - count_batch_norms(changed)} of {before} BatchNorms"}


def _dtype(protocol: Protocol) -> torch.dtype:
    """Return the type that the backend gets the network in."""
    return torch.float32 if BACKENDS[protocol.backend].casts else DTYPES[protocol.precision]
