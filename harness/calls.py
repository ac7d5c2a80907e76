"""How each kind of torch call is answered without data: which functions, and with what tensors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from harness.row import Shape


def _methods(*names: str) -> set[Any]:
    return {getattr(Tensor, name) for name in names}


# Functions that return a view of a tensor, or itself: torch's own run is cheap and exact.
MOVING = _methods(
    "view", "reshape", "flatten", "permute", "transpose", "unsqueeze", "squeeze", "expand",
    "chunk", "split", "unbind", "narrow", "contiguous", "__getitem__", "t", "swapaxes",
    "movedim", "expand_as", "view_as", "unflatten", "detach",
) | {torch.flatten, torch.chunk, torch.split, torch.permute, torch.transpose}  # fmt: skip
LEAVING = _methods("cuda", "cpu")  # ... for another device, which here there is none
# Functions that return a fact about a tensor; those about its values raise where it has none.
ASKING = _methods(
    "dim", "size", "numel", "nelement", "ndimension", "stride", "storage_offset", "element_size",
    "is_contiguous", "is_floating_point", "is_complex", "get_device", "data_ptr", "__len__",
    "__hash__", "__repr__", "__format__",
    "item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__", "__contains__",
) | {torch.is_tensor, torch.is_floating_point, torch.is_complex, torch.numel}  # fmt: skip
MAKING = {
    torch.empty, torch.zeros, torch.ones, torch.full, torch.arange, torch.linspace, torch.tensor,
    torch.rand, torch.randn, torch.randint, torch.eye, torch.as_tensor,
}  # fmt: skip
# Composite functions whose inner products counters do not see, and what those become.
RECURRENT = {"lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell"}
# Code that calls torch from elsewhere than Python (a TorchScript function, an extension) shows only
# by what it leaves: tensors that no function here made, or calls from within torch's meta kernels.
KERNELS = ("torch._meta_registrations", "torch._refs", "torch._prims", "torch._decomp")
FIRST = ("input", "query", "tensors")  # names of a rule's first argument

# Operators whose output is contiguous or channels-last, on real devices though not in torch's meta
# kernels: channels-last if the input is, or the weight of a convolution.
BY_FORMAT = {"conv", "conv_transpose", "batch_norm"}


def in_format(shape: Shape, first: Tensor, weight: Tensor | None) -> Tensor:
    """Return an output of `shape` in the memory format that its operands decide."""
    layout = torch.contiguous_format
    wanted = {4: torch.channels_last, 5: torch.channels_last_3d}.get(len(shape), layout)
    for tensor in (first, weight):
        if tensor is not None and tensor.dim() == len(shape) and not tensor.is_contiguous():
            layout = wanted if tensor.is_contiguous(memory_format=wanted) else layout
    return torch.empty(shape, device="meta", dtype=first.dtype, memory_format=layout)


def check_writable(tensor: Tensor) -> None:
    """Raise where torch would: elements that share memory cannot be written one by one."""
    if any(
        step == 0 and size > 1 for size, step in zip(tensor.shape, tensor.stride(), strict=True)
    ):
        raise RuntimeError("an expanded tensor cannot be written in place; clone it first")


NOT_THIS_CALL = (TypeError, AttributeError, IndexError, KeyError, ValueError, ZeroDivisionError)


SETTINGS = {int, float, bool, str, tuple, type(None)}  # classes of arguments that are no tensor
META = torch.device("meta")


def to_meta(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value if value.is_meta else value.to("meta")
    return value


def without_device(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of `x.to(...)` with the device taken out: every tensor stays on meta."""
    kept = tuple(a for a in args[1:] if not isinstance(a, str | torch.device))
    return (args[0], *kept), {key: v for key, v in kwargs.items() if key != "device"}
