"""Fold BatchNorm into the convolution before it: the same function, one operator less.

Which BatchNorm follows which convolution, and whether anything else reads what is between them, is
seen in one pass: whatever a forward looks like, it has to run anyway. A network thus needs to be
neither traceable nor scripted, and its modules keep their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def fold_batch_norms(network: nn.Module, batch: torch.Tensor) -> None:
    """Fold every BatchNorm of `network` that can be folded, which an `nn.Identity` then replaces.

    One stays if no convolution's output goes straight into it, if something else reads that output
    too, if either of the two is called more than once or has hooks, or if it takes its statistics
    from the batch.

    Args:
        network: In eval mode, in fp32; changed in place.
        batch: An input that the network takes.
    """
    identities: dict[Any, nn.Module] = {}
    with torch.no_grad():
        for conv, norm in _pairs(network, batch):
            conv.weight, conv.bias = fuse_conv_bn_weights(
                *(conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps),
                *(norm.weight, norm.bias, type(conv) in TRANSPOSED),
            )
            identities[norm] = nn.Identity()
    for module in network.modules():
        for name, child in list(module._modules.items()):  # an alias is a child too
            if child in identities:
                setattr(module, name, identities[child])


def count_batch_norms(network: nn.Module) -> int:
    """Return how many BatchNorm modules `network` has."""
    return sum(isinstance(module, NORMS) for module in network.modules())


def _can_fold(module: Any) -> bool:
    """Return whether the module is one of torch's own, and says by itself what it computes."""
    if module._forward_hooks or module._forward_pre_hooks:  # weight_norm, say
        return False
    if type(module) in NORMS:
        return not module.training and module.running_mean is not None
    return type(module) in CONVOLUTIONS or (type(module) in TRANSPOSED and module.groups == 1)


def _pairs(network: nn.Module, batch: torch.Tensor) -> list[tuple[Any, Any]]:
    """Return each convolution with the BatchNorm that alone reads what it makes."""
    reads = _Reads()
    with ExitStack() as hooks:
        for module in [module for module in network.modules() if _can_fold(module)]:
            watch = reads.norm if type(module) in NORMS else reads.conv
            hooks.enter_context(watch(module))
        with reads:
            output = network(batch)
    for value in tree_leaves(output):
        reads.note(value)
    return [
        (made.conv, made.norms[0])
        for made in reads.made
        if len(made.norms) == 1 and not made.others
        if reads.calls[made.conv] == reads.calls[made.norms[0]] == 1
    ]


@dataclass(eq=False)
class _Made:
    """What a convolution made: which BatchNorms read it, and how often anything else did."""

    conv: Any
    norms: list[Any] = field(default_factory=list)
    others: int = 0


class _Reads(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch's, without types
    """Notes who reads what the convolutions make, while it is entered.

    Attributes:
        made: The outputs of convolutions, in order.
        calls: How often each module was called.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.made: list[_Made] = []
        self.calls: Counter[Any] = Counter()
        self._of: Any = WeakIdKeyDictionary()  # so that a pass holds no more memory than usual
        self._in_norm = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not self._in_norm:
            for value in tree_leaves((args, kwargs)):
                self.note(value)
        return func(*args, **(kwargs or {}))

    def note(self, value: Any) -> None:
        """Count a read of `value`, if it is what a convolution made."""
        made = self._of.get(value) if isinstance(value, torch.Tensor) else None
        if made is not None:
            made.others += 1

    @contextmanager
    def conv(self, module: Any) -> Iterator[None]:
        """Note what `module` makes."""

        def after(_module: Any, _args: Any, output: Any) -> None:
            self.calls[module] += 1
            self.made.append(_Made(module))
            self._of[output] = self.made[-1]

        with module.register_forward_hook(after):
            yield

    @contextmanager
    def norm(self, module: Any) -> Iterator[None]:
        """Note what `module` reads, by itself and not by the operators that it runs."""

        def before(_module: Any, args: Any) -> None:
            self.calls[module] += 1
            made = self._of.get(args[0])
            if made is not None:
                made.norms.append(module)
            self._in_norm = True

        def after(_module: Any, _args: Any, _output: Any) -> None:
            self._in_norm = False

        with module.register_forward_pre_hook(before), module.register_forward_hook(after):
            yield
