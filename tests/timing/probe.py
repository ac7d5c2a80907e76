"""A network that tells about each pass, and what of a network must not change."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


class Probe(nn.Module):
    """Passes its input on through a 1x1 convolution and tells `during` about each pass."""

    def __init__(self, during: Callable[["Probe"], None] = lambda _probe: None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.register_buffer("calls", torch.zeros(1))
        self.during = during
        self.inputs: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.inputs.append(x)
        self.calls += 1
        self.during(self)
        return self.conv(x)


def state(network: nn.Module) -> Any:
    """Return hooks, modes, parameters, buffers and torch's settings, to compare with later."""
    hooks = [
        [
            hook
            for name in sorted(vars(module))
            if name.endswith("_hooks")
            for hook in vars(module)[name]
        ]
        for module in network.modules()
    ]
    modes = [module.training for module in network.modules()]
    values = {name: (id(t), t.tolist()) for name, t in network.state_dict(keep_vars=True).items()}
    return hooks, modes, values, torch.get_num_threads(), torch.is_inference_mode_enabled()
