"""A network in eval mode for a while, and then as it was found, also after an exception."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

Modules = dict[str, nn.Module]


def modules_of(network: nn.Module) -> Modules:
    """Return every module by its first path, as `named_modules` does at twice the time."""
    found = {"": network}
    seen = {network}

    def visit(module: nn.Module, prefix: str) -> None:
        for name, child in module._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                path = prefix + name
                found[path] = child
                if child._modules:
                    visit(child, f"{path}.")

    visit(network, "")
    return found


@contextmanager
def left_as_found(modules: Modules) -> Iterator[None]:
    """Put every module in eval mode, uncompiled, for a while; then restore all its attributes.

    Forward passes do assign: a cache, a running mean, the last feature map. What they would leave
    behind here are tensors without storage. The garbage collector rests meanwhile, so that what a
    reference cycle keeps alive does not depend on when it last ran.
    """
    found = []
    for module in modules.values():
        if _assigns_nothing(module):
            continue
        own = module.__dict__
        found.append((own, own.copy()))
        for name in ("_parameters", "_buffers", "_modules"):
            values = own[name]
            found.append((values, values.copy() if values else values))
        own["training"] = False
        for name, child in own["_modules"].items():
            own["_modules"][name] = uncompiled(child)
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        for values, before in found:
            if values:
                values.clear()
            if before:
                values.update(before)


def uncompiled(module: Any) -> Any:
    """Return the module beneath what `torch.compile` made of it; any other as it is."""
    return module._orig_mod if type(module).__name__ == "OptimizedModule" else module


def _assigns_nothing(module: nn.Module) -> bool:
    """Say whether a module surely stays as it is: a leaf of torch's own, in eval mode, hookless.

    Most modules are of this kind, and copying what all of them hold would cost a tenth of a count.
    """
    return not (
        module.training
        or module._modules
        or module._forward_hooks
        or module._forward_pre_hooks
        or module._compiled_call_impl is not None
    ) and type(module).__module__.startswith("torch.nn.modules.")
