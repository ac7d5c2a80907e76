"""Eager: torch runs the network's own forward, operator by operator."""

from __future__ import annotations

import torch
from torch import nn

from harness.timing.backends import Prepared
from harness.timing.output import first_tensor
from harness.timing.protocol import Protocol


def prepare(network: nn.Module, batch: torch.Tensor, _protocol: Protocol) -> Prepared:
    """Return the network as it is."""
    return Prepared(run=lambda: network(batch), to_tensor=first_tensor)
