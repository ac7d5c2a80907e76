"""The ledger: one row per executed operator of one forward pass, recorded without memory.

The network runs its own `forward` on tensors that have a shape and no storage. Every torch function
that it calls is caught (so a functional call counts like a module, and a subclass like its base);
a rule says what the call makes (`harness.operators`), and where there is none torch's own meta
kernels do (`harness.aten`). Nothing is computed, allocated or traced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from harness.as_found import Modules, left_as_found, modules_of, uncompiled
from harness.errors import RunFailed
from harness.recorder import Recorder, watched
from harness.row import Row

__all__ = ["Ledger", "Row", "record"]


@dataclass(frozen=True)
class Ledger:
    """What one forward pass executed.

    Attributes:
        rows: The operators in the order of execution.
        parameters: Paths of the parameters that an executed operator read, with their element
            counts; a shared parameter once.
        peak_activation_bytes: Most bytes of activations alive at once, input included. Lifetimes
            are those that the network's own references give them in eager mode; weights, workspace
            (the indices of a max pool) and what a composite operator holds inside are not in it.
            An autocast region counts in the type that the network gives, not the reduced one.
    """

    rows: tuple[Row, ...]
    parameters: dict[str, int]
    peak_activation_bytes: int


def record(network: nn.Module, input_shape: Sequence[int]) -> Ledger:
    """Return the ledger of one forward pass of `network`, in eval mode.

    The network may be on any device, and compiled with `torch.compile` (the modules beneath are
    counted). What it is made of is left as it was, also when its forward raises: modes,
    hooks, attributes, buffers; only a list or dict that its forward grows stays grown. Not for use
    in several threads at once.

    Args:
        network: Takes one tensor.
        input_shape: `(N, C, H, W)`.

    Raises:
        RunFailed: If the forward raises (torch's message is passed on), or needs values and not
            only shapes, or the network has parameters without a shape or hides its operators in
            TorchScript.
    """
    modules = modules_of(network)
    _refuse_unreadable(modules)
    recorder = Recorder(modules)
    with left_as_found(modules), watched(recorder), torch.no_grad():
        try:
            image = torch.empty(tuple(input_shape), device="meta", dtype=recorder.dtype)
            recorder.memory.hold(image)
            with recorder:
                out = uncompiled(network)(image)
            recorder.finish(out)
        except Exception as error:
            where = recorder.place(error) or type(network).__name__
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            size = "x".join(map(str, input_shape))
            raise RunFailed(
                f"{where}: cannot run on a {size} input without data: {reason}"
            ) from error
    return Ledger(tuple(recorder.rows), recorder.parameters(), recorder.memory.peak)


def _refuse_unreadable(modules: Modules) -> None:
    classes = {type(module) for module in modules.values()}
    if not any(issubclass(cls, torch.jit.ScriptModule | LazyModuleMixin) for cls in classes):
        return
    for path, module in modules.items():
        name = path or type(module).__name__
        if isinstance(module, torch.jit.ScriptModule):
            raise RunFailed(
                f"{name}: a TorchScript module hides its operators; "
                "count the module that it was made from"
            )
        if isinstance(module, LazyModuleMixin) and module.has_uninitialized_params():
            raise RunFailed(f"{name}: a lazy module has no shapes yet; run the network once before")
