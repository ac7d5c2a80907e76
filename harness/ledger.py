"""The ledger: one row per executed operator of one forward pass, recorded without memory.

The network runs its own `forward` on tensors that have a shape and no storage. Every torch function
that it calls is caught (so a functional call counts like a module, and a subclass like its base);
a rule says what the call makes (`harness.operators`), and where there is none torch's own meta
kernels do (`harness.aten`). Nothing is computed, allocated or traced.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import ref

import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_iter, tree_map

from harness.aten import AtenRecorder
from harness.errors import RunFailed
from harness.operators import RULES, Made, Shape

Modules = dict[str, nn.Module]


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
        mode: Mode of an interpolation; `same` or `valid` of a convolution that was asked so;
            `training` of a normalisation by the statistics of its input.
        along: Size of the axis that a softmax runs along.
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
    along: int


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
    modules = dict(network.named_modules())
    _refuse_unreadable(modules)
    recorder = _Recorder(modules)
    with _left_as_found(modules), _watched(recorder), torch.no_grad():
        try:
            image = torch.empty(tuple(input_shape), device="meta", dtype=recorder.dtype)
            recorder.hold(image)
            with recorder:
                out = _uncompiled(network)(image)
            recorder.finish(out)
        except Exception as error:
            where = recorder.place(error) or type(network).__name__
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            size = "x".join(map(str, input_shape))
            raise RunFailed(
                f"{where}: cannot run on a {size} input without data: {reason}"
            ) from error
    return Ledger(tuple(recorder.rows), recorder.parameters(), recorder.peak)


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


@contextmanager
def _left_as_found(modules: Modules) -> Iterator[None]:
    """Put every module in eval mode, uncompiled, for a while; then restore all its attributes.

    Forward passes do assign: a cache, a running mean, the last feature map. What they would leave
    behind here are tensors without storage. The garbage collector rests meanwhile, so that what a
    reference cycle keeps alive does not depend on when it last ran.
    """
    found = []
    for module in modules.values():
        own = module.__dict__
        for values in (own, own["_parameters"], own["_buffers"], own["_modules"]):
            found.append((values, values.copy() if values else None))
        own["training"] = False
        for name, child in own["_modules"].items():
            own["_modules"][name] = _uncompiled(child)
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


def _uncompiled(module: Any) -> Any:
    """Return the module beneath what `torch.compile` made of it; any other as it is."""
    return module._orig_mod if type(module).__name__ == "OptimizedModule" else module


@contextmanager
def _watched(recorder: _Recorder) -> Iterator[None]:
    """Tell the recorder which module is running. Global hooks leave the network's own alone."""
    enter = register_module_forward_pre_hook(recorder.enter)
    leave = register_module_forward_hook(recorder.leave, always_call=True)
    try:
        yield
    finally:
        enter.remove()
        leave.remove()


def _methods(*names: str) -> set[Any]:
    return {getattr(Tensor, name) for name in names}


# Functions that return a view of a tensor, or itself: torch's own run is cheap and exact.
_MOVING = _methods(
    "view", "reshape", "flatten", "permute", "transpose", "unsqueeze", "squeeze", "expand",
    "chunk", "split", "unbind", "narrow", "contiguous", "__getitem__", "t", "swapaxes",
    "movedim", "expand_as", "view_as", "unflatten", "detach",
) | {torch.flatten, torch.chunk, torch.split, torch.permute, torch.transpose}  # fmt: skip
_LEAVING = _methods("cuda", "cpu")  # ... for another device, which here there is none
# Functions that return a fact about a tensor; those about its values raise where it has none.
_ASKING = _methods(
    "dim", "size", "numel", "nelement", "ndimension", "stride", "storage_offset", "element_size",
    "is_contiguous", "is_floating_point", "is_complex", "get_device", "data_ptr", "__len__",
    "__hash__", "__repr__", "__format__",
    "item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__", "__contains__",
) | {torch.is_tensor, torch.is_floating_point, torch.is_complex, torch.numel}  # fmt: skip
_MAKING = {
    torch.empty, torch.zeros, torch.ones, torch.full, torch.arange, torch.linspace, torch.tensor,
    torch.rand, torch.randn, torch.randint, torch.eye, torch.as_tensor,
}  # fmt: skip
# Composite functions whose inner products counters do not see, and what those become.
_RECURRENT = {"lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell"}
# Code that calls torch from elsewhere than Python (a TorchScript function, an extension) shows only
# by what it leaves: tensors that no function here made, or calls from within torch's meta kernels.
_OUT_OF_SIGHT = "code out of sight"
_KERNELS = ("torch._meta_registrations", "torch._refs", "torch._prims", "torch._decomp")
_FIRST = ("input", "query", "tensors")  # names of a rule's first argument


class _Recorder(TorchFunctionMode):
    """Catches every torch function and answers it with a tensor that has only a shape.

    Attributes:
        rows: The operators so far.
        peak: Most bytes alive so far.
        dtype: Type of the network's first floating-point parameter; None where it has none.
    """

    def __init__(self, modules: Modules) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.peak = 0
        self._paths = {id(module): name for name, module in modules.items()}
        self._parameters: dict[int, tuple[str, Tensor]] = {}
        for prefix, module in modules.items():
            for name, parameter in module._parameters.items():
                if parameter is not None:
                    path = f"{prefix}.{name}" if prefix else name
                    self._parameters.setdefault(id(parameter), (path, parameter))
        self._buffers = {id(b) for module in modules.values() for b in module._buffers.values()}
        kinds = (parameter.dtype for _, parameter in self._parameters.values())
        self.dtype = next((kind for kind in kinds if kind.is_floating_point), None)
        self._modules = modules
        self._running: list[tuple[str, str]] = [("", _class_name(type(modules[""])))]
        self._failure: tuple[BaseException | None, str] = None, ""
        self._read: set[int] = set()
        # the tensors that this pass made and that live, and their storages: [tensors, bytes]
        self._made: set[int] = set()
        self._held: dict[int, tuple[ref[Tensor], int, int]] = {}
        self._storages: dict[int, list[int]] = {}
        self._live = 0
        self._constants: set[int] | None = None

    # -- which module is running

    def enter(self, module: nn.Module, _: Any) -> None:
        path = self._paths.get(id(module), self._running[-1][0])
        self._running.append((path, _class_name(type(module))))

    def leave(self, *_: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None and error is not self._failure[0]:
            self._failure = error, self._running[-1][0]
        self._running.pop()

    def place(self, error: BaseException) -> str:
        """Return the path of the innermost module that `error` came out of."""
        return self._failure[1] if error is self._failure[0] else ""

    # -- which parameters are read, and what is alive

    def parameters(self) -> dict[str, int]:
        return {
            path: parameter.numel()
            for key, (path, parameter) in self._parameters.items()
            if key in self._read
        }

    def hold(self, tensor: Tensor, *, free: bool = False) -> None:
        """Account for a tensor until it dies; one that is `free` takes no memory of its own."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        held = self._storages.get(key)
        if held is None:
            size = 0 if free else storage.nbytes()
            self._storages[key] = [1, size]
            self._live += size
            if self._live > self.peak:
                self.peak = self._live
        else:
            held[0] += 1
        death = ref(tensor, self._release)
        self._held[id(death)] = death, id(tensor), key
        self._made.add(id(tensor))

    def _release(self, death: ref[Tensor]) -> None:
        _, tensor, storage = self._held.pop(id(death))
        self._made.remove(tensor)
        held = self._storages[storage]
        held[0] -= 1
        if not held[0]:
            self._live -= held[1]
            del self._storages[storage]

    def _meet(self, tensor: Tensor) -> None:
        """Note a tensor that an operator reads: a parameter, or one that nothing here made."""
        key = id(tensor)
        if key in self._parameters:
            self._read.add(key)
        elif tensor.is_meta and key not in self._buffers and key not in self._attributes():
            storage = tensor.untyped_storage()._cdata
            if storage not in self._storages:  # else another Python object of the same data
                self._write(_OUT_OF_SIGHT, (), Made("unknown", tuple(tensor.shape)))
            self.hold(tensor)

    def _attributes(self) -> set[int]:
        """Return the plain tensors that modules hold, directly or in lists: constants."""
        if self._constants is None:
            leaves = (tree_iter(module.__dict__) for module in self._modules.values())
            self._constants = {id(v) for leaf in leaves for v in leaf if isinstance(v, Tensor)}
        return self._constants

    def finish(self, out: Any) -> None:
        """Note what the network returned: it too may come from code out of sight."""
        for tensor in tree_iter(out):
            if isinstance(tensor, Tensor) and id(tensor) not in self._made:
                self._meet(tensor)

    # -- the operators

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if torch._C._functorch.peek_interpreter_stack() is not None:
            raise RunFailed(
                "torch.func transforms (vmap, jvp, ...) hide shapes; write the batch out"
            )
        rule = RULES.get(func)
        if rule is not None:
            try:
                made = rule(*args, **kwargs)
            except _NOT_THIS_CALL:
                made = None  # not a call that the rule knows; torch's own kernel has the last word
            if made is not None:
                return self._make(func, made, args, kwargs)
        if func in _ASKING:
            return func(*args, **kwargs)
        if func.__name__ == "__get__":
            return self._get(func, args)
        if func in _MOVING and isinstance(args[0], Tensor):
            return self._move(func, args, kwargs)
        if func in _LEAVING:
            return args[0]
        return self._run(func, args, kwargs)

    def _make(self, func: Any, made: Made, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        first = args[0] if args else next(kwargs[name] for name in _FIRST if name in kwargs)
        plain = True
        for value in (*args, *kwargs.values(), *(first if func is torch.cat else ())):
            if isinstance(value, Tensor):
                if id(value) not in self._made:
                    self._meet(value)
                if not value.is_contiguous():
                    plain = False
        if not isinstance(first, Tensor):
            first = first[0]
        self._write(func.__name__, tuple(first.shape), made)
        if made.inplace:
            _check_writable(first)
            return first
        if plain:
            out = torch.empty(made.shape, device="meta", dtype=first.dtype)
        elif made.op in _BY_FORMAT:
            weight = args[1] if made.macs and len(args) > 1 else kwargs.get("weight")
            out = _in_format(made.shape, first, weight if made.macs else None)
        else:  # the layout of the output is torch's to say: views and copies depend on it
            args, kwargs = tree_map(_to_meta, (args, kwargs))
            out = func(*args, **kwargs)
        self.hold(out)
        return out

    def _get(self, func: Any, args: tuple[Any, ...]) -> Any:
        """Answer an attribute: a fact (`x.shape`), or another view (`x.T`)."""
        out = func(*args)
        if isinstance(out, Tensor):
            self._keep(out, [args[0]], [args[0]])
        return out

    def _move(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        source = args[0]
        mapped = _to_meta(source)
        out = func(mapped, *args[1:], **kwargs)
        self._keep(out, [source], [mapped])
        return out

    def _run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let torch run `func` on meta tensors and write down the operators that it is made of."""
        if sys._getframe(2).f_globals.get("__name__", "").startswith(_KERNELS):
            self._write(_OUT_OF_SIGHT, (), Made("unknown", ()))
            return func(*args, **kwargs)
        sources = [leaf for leaf in tree_iter((args, kwargs)) if isinstance(leaf, Tensor)]
        if func is Tensor.to:
            args, kwargs = _without_device(args, kwargs)
        args, kwargs = tree_map(_to_meta, (args, kwargs))
        if func in _MAKING or "device" in kwargs:
            kwargs["device"] = "meta"
        mapped = [leaf for leaf in tree_iter((args, kwargs)) if isinstance(leaf, Tensor)]
        with AtenRecorder() as recorder:
            out = func(*args, **kwargs)
        self._keep(out, sources, mapped)
        recurrent = func.__name__ in _RECURRENT
        for name, shape, made in recorder.made:
            if recurrent and made.macs:
                made = made._replace(op="recurrent")
            self._write(name, shape, made)
        return out

    def _keep(self, out: Any, sources: list[Tensor], mapped: list[Tensor]) -> None:
        """Account for what was read and made; a view keeps alive what it views.

        Args:
            out: What the function returned.
            sources: The tensors that the network gave it.
            mapped: The same tensors as the function got them, without storage.
        """
        constants = set()
        for source, given in zip(sources, mapped, strict=False):
            if id(source) not in self._made:
                self._meet(source)
            if id(source) not in self._made:
                constants.add(given.untyped_storage()._cdata)
        for tensor in tree_iter(out):
            if not isinstance(tensor, Tensor) or id(tensor) in self._made:
                continue
            self.hold(tensor, free=tensor.untyped_storage()._cdata in constants)

    def _write(self, name: str, shape: Shape, made: Made) -> None:
        path, module = self._running[-1]
        self.rows.append(
            Row(
                made.op, name, path, module, shape, made.shape, made.macs, made.weight,
                made.affine, made.groups, made.mode, made.along,
            )
        )  # fmt: skip


# Operators whose output is contiguous or channels-last, on real devices though not in torch's meta
# kernels: channels-last if the input is, or the weight of a convolution.
_BY_FORMAT = {"conv", "conv_transpose", "batch_norm"}


def _in_format(shape: Shape, first: Tensor, weight: Tensor | None) -> Tensor:
    layout = torch.contiguous_format
    wanted = {4: torch.channels_last, 5: torch.channels_last_3d}.get(len(shape), layout)
    for tensor in (first, weight):
        if tensor is not None and tensor.dim() == len(shape) and not tensor.is_contiguous():
            layout = wanted if tensor.is_contiguous(memory_format=wanted) else layout
    return torch.empty(shape, device="meta", dtype=first.dtype, memory_format=layout)


def _check_writable(tensor: Tensor) -> None:
    if any(
        step == 0 and size > 1 for size, step in zip(tensor.shape, tensor.stride(), strict=True)
    ):
        raise RuntimeError("an expanded tensor cannot be written in place; clone it first")


_NOT_THIS_CALL = (TypeError, AttributeError, IndexError, KeyError, ValueError, ZeroDivisionError)


def _to_meta(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value if value.is_meta else value.to("meta")
    return value


def _without_device(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of `x.to(...)` with the device taken out: every tensor stays on meta."""
    kept = tuple(a for a in args[1:] if not isinstance(a, str | torch.device))
    return (args[0], *kept), {key: v for key, v in kwargs.items() if key != "device"}


_names: dict[type, str] = {}


def _class_name(cls: type) -> str:
    name = _names.get(cls)
    if name is None:
        name = _names[cls] = f"{cls.__module__}.{cls.__qualname__}"
    return name
