"""The ledger: one row per executed operator of one forward pass, recorded without memory.

The network runs its own `forward` on tensors that have a shape and no storage. Every torch function
that it calls is caught (so a functional call counts like a module, and a subclass like its base);
a rule says what the call makes (`harness.operators`), and where there is none torch's own meta
kernels do (`harness.aten`). Nothing is computed, allocated or traced.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_iter, tree_map

from harness.aten import AtenRecorder
from harness.errors import RunFailed
from harness.operators import RULES, Made, Shape


class Row(NamedTuple):
    """One executed operator.

    Attributes:
        op: Operator (`conv`, `linear`, `batch_norm`, ...); `unknown` where no rule covers it.
        function: What was called, for the reader.
        path: Path of the innermost module that was running; empty for the network itself.
        module: Class of that module, with its Python module.
        input: Shape of the first tensor argument.
        output: Shape of the (first) output.
        macs: Multiply-accumulates of a convolution, matrix product or attention; else 0.
        weight: Shape of the convolution's or linear's weight, else `()`.
        affine: Whether there is a bias (convolution, linear) or a scale (normalisation).
        groups: Groups of a convolution.
        mode: Mode of an interpolation.
    """

    op: str
    function: str
    path: str
    module: str
    input: Shape
    output: Shape
    macs: int
    weight: Shape
    affine: bool
    groups: int
    mode: str


@dataclass(frozen=True)
class Ledger:
    """What one forward pass executed.

    Attributes:
        rows: The operators in the order of execution.
        parameters: Paths of the parameters that an executed operator read, with their element
            counts; a shared parameter once.
        peak_activation_bytes: Most bytes of activations alive at once, input included. Lifetimes
            are those that the network's own references give them in eager mode; weights, workspace
            and what a composite operator holds inside are not in it.
    """

    rows: tuple[Row, ...]
    parameters: dict[str, int]
    peak_activation_bytes: int


def record(network: nn.Module, input_shape: Sequence[int]) -> Ledger:
    """Return the ledger of one forward pass of `network`, in eval mode.

    The network may be on any device; its mode, buffers and hooks are left as they were, also when
    its forward raises. Not for use in several threads at once.

    Args:
        network: Takes one tensor.
        input_shape: `(N, C, H, W)`.

    Raises:
        RunFailed: If the forward raises (torch's message is passed on), or needs values and not
            only shapes, or the network hides its operators in TorchScript.
    """
    for name, module in network.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise RunFailed(
                f"{name or type(network).__name__}: a TorchScript module hides its operators; "
                "count the module that it was made from"
            )
    dtype = next((p.dtype for p in network.parameters() if p.dtype.is_floating_point), None)
    recorder = _Recorder(network)
    image = torch.empty(tuple(input_shape), device="meta", dtype=dtype)
    recorder.allocate(image)
    with _eval_mode(network), _watch_modules(recorder), torch.no_grad():
        try:
            with recorder:
                network(image)
        except Exception as error:
            where = recorder.path or type(network).__name__
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            size = "x".join(map(str, input_shape))
            raise RunFailed(
                f"{where}: cannot run on a {size} input without data: {reason}"
            ) from error
    return Ledger(tuple(recorder.rows), recorder.parameters(), recorder.peak)


@contextmanager
def _eval_mode(network: nn.Module) -> Iterator[None]:
    training = [module for module in network.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


@contextmanager
def _watch_modules(recorder: _Recorder) -> Iterator[None]:
    """Tell the recorder which module is running. Global hooks leave the network's own alone."""
    enter = register_module_forward_pre_hook(recorder.enter)
    leave = register_module_forward_hook(recorder.leave)
    try:
        yield
    finally:
        enter.remove()
        leave.remove()


# Functions that return a fact about a tensor, or a view of it; torch's own run is cheap and exact.
_MOVING = {
    getattr(Tensor, name)
    for name in (
        "view", "reshape", "flatten", "permute", "transpose", "unsqueeze", "squeeze", "expand",
        "chunk", "split", "unbind", "narrow", "contiguous", "__getitem__", "t", "swapaxes",
        "movedim", "expand_as", "view_as", "unflatten", "detach",
    )
} | {torch.flatten, torch.chunk, torch.split, torch.permute, torch.transpose}  # fmt: skip
_ASKING = {
    getattr(Tensor, name)
    for name in ("dim", "size", "numel", "stride", "is_contiguous", "__len__", "is_floating_point")
}


class _Recorder(TorchFunctionMode):
    """Catches every torch function and answers it with a tensor that has only a shape."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.path = ""
        self.peak = 0
        self._live = 0
        self._sizes: dict[int, tuple[weakref.ref[Tensor], int]] = {}
        self._network = network
        self._paths = {id(module): name for name, module in network.named_modules()}
        self._module = _class_name(type(network))
        self._outer: list[tuple[str, str]] = []
        self._read: set[int] = set()

    # -- which module is running

    def enter(self, module: nn.Module, _: Any) -> None:
        self._outer.append((self.path, self._module))
        self.path = self._paths.get(id(module), self.path)
        self._module = _class_name(type(module))

    def leave(self, *_: Any) -> None:
        self.path, self._module = self._outer.pop()

    # -- which parameters are read, and what is alive

    def parameters(self) -> dict[str, int]:
        named = self._network.named_parameters()
        return {name: p.numel() for name, p in named if id(p) in self._read}

    def allocate(self, tensor: Tensor) -> None:
        size = tensor.numel() * tensor.element_size()
        ref = weakref.ref(tensor, self._free)
        self._sizes[id(ref)] = ref, size
        self._live += size
        self.peak = max(self.peak, self._live)

    def _free(self, ref: weakref.ref[Tensor]) -> None:
        self._live -= self._sizes.pop(id(ref))[1]

    # -- the operators

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        rule = RULES.get(func)
        if rule is not None:
            try:
                made = rule(*args, **kwargs)
            except (TypeError, AttributeError, IndexError, ValueError):
                made = None  # not a call that the rule knows; torch's own kernel has the last word
            if made is not None:
                return self._make(func, made, args, kwargs)
        if func in _ASKING or func.__name__ == "__get__":
            return func(*args, **kwargs)
        if func in _MOVING and isinstance(args[0], Tensor):
            return self._move(func, args, kwargs)
        return self._run(func, args, kwargs)

    def _make(self, func: Any, made: Made, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
        for value in (*args, *kwargs.values()):
            if isinstance(value, nn.Parameter):
                self._read.add(id(value))
        first = args[0] if args else next(iter(kwargs.values()))
        first = first if isinstance(first, Tensor) else first[0]
        self._write(func.__name__, tuple(first.shape), made)
        if made.inplace:
            return first
        out = torch.empty(made.shape, device="meta", dtype=first.dtype)
        self.allocate(out)
        return out

    def _move(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        source = args[0]
        if isinstance(source, nn.Parameter):
            self._read.add(id(source))
        out = func(source if source.is_meta else source.to("meta"), *args[1:], **kwargs)
        self._keep(out, [source])
        return out

    def _run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let torch run `func` on meta tensors and write down the operators that it is made of."""
        sources = [leaf for leaf in tree_iter((args, kwargs)) if isinstance(leaf, Tensor)]
        self._read.update(id(t) for t in sources if isinstance(t, nn.Parameter))
        args, kwargs = tree_map(_to_meta, (args, kwargs))
        if func in _MAKING:
            kwargs["device"] = "meta"
        with AtenRecorder() as recorder:
            out = func(*args, **kwargs)
        for name, shape, made in recorder.made:
            self._write(name, shape, made)
        self._keep(out, sources)
        return out

    def _keep(self, out: Any, sources: list[Tensor]) -> None:
        """Account for new memory; a view keeps what it views alive instead."""
        owners = {t.untyped_storage()._cdata: t for t in sources if t.is_meta}
        for tensor in tree_iter(out):
            if not isinstance(tensor, Tensor) or any(tensor is s for s in sources):
                continue
            owner = owners.get(tensor.untyped_storage()._cdata) if tensor.is_meta else None
            if owner is not None:
                tensor._viewed = owner  # type: ignore[attr-defined]
            else:
                self.allocate(tensor)

    def _write(self, name: str, shape: Shape, made: Made) -> None:
        self.rows.append(
            Row(
                made.op, name, self.path, self._module, shape, made.shape, made.macs, made.weight,
                made.affine, made.groups, made.mode,
            )
        )  # fmt: skip


_MAKING = {
    torch.empty, torch.zeros, torch.ones, torch.full, torch.arange, torch.linspace, torch.tensor,
    torch.rand, torch.randn, torch.eye, torch.as_tensor,
}  # fmt: skip


def _to_meta(value: Any) -> Any:
    return value.to("meta") if isinstance(value, Tensor) and not value.is_meta else value


_names: dict[type, str] = {}


def _class_name(cls: type) -> str:
    name = _names.get(cls)
    if name is None:
        name = _names[cls] = f"{cls.__module__}.{cls.__qualname__}"
    return name
