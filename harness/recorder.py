"""Recording a forward pass operator by operator, on tensors that have only a shape."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_iter, tree_map

from harness.as_found import Modules
from harness.aten import AtenRecorder
from harness.calls import (
    ASKING,
    BY_FORMAT,
    FIRST,
    KERNELS,
    LEAVING,
    MAKING,
    META,
    MOVING,
    NOT_THIS_CALL,
    RECURRENT,
    SETTINGS,
    check_writable,
    in_format,
    to_meta,
    without_device,
)
from harness.errors import RunFailed
from harness.memory import LiveBytes
from harness.operators import RULES, Made
from harness.row import Row, Shape

_OUT_OF_SIGHT = "code out of sight"


class Recorder(TorchFunctionMode):
    """Catches every torch function and answers it with a tensor that has only a shape.

    Attributes:
        rows: The operators so far.
        places: Path and class of every registered module, by its `id`.
        running: Places of the modules that are running, innermost last.
        memory: What this pass made and what of it is alive.
        dtype: Type of the network's first floating-point parameter; None where it has none.
    """

    def __init__(self, modules: Modules) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.places = {id(m): (path, _class_name(type(m))) for path, m in modules.items()}
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
        self.running = [self.places[id(modules[""])]]
        self._failure: tuple[BaseException | None, str] = None, ""
        self._read: set[int] = set()
        self.memory = LiveBytes()
        self._made = self.memory.tensors
        self._constants: set[int] | None = None

    # -- which module is running

    def new_place(self, module: nn.Module) -> tuple[str, str]:
        """Return the place of a module that is not registered: that of the one that calls it."""
        return self.running[-1][0], _class_name(type(module))

    def fail(self, error: BaseException) -> None:
        """Note the innermost module that an error comes out of."""
        if error is not self._failure[0]:
            self._failure = error, self.running[-1][0]

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

    def _meet(self, tensor: Tensor) -> None:
        """Note a tensor that an operator reads: a parameter, or one that nothing here made."""
        key = id(tensor)
        if key in self._parameters:
            self._read.add(key)
        elif tensor.is_meta and key not in self._buffers and key not in self._attributes():
            if not self.memory.has(tensor):  # else another Python object of the same data
                self._write(_OUT_OF_SIGHT, (), Made("unknown", tuple(tensor.shape)))
            self.memory.hold(tensor)

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
            except NOT_THIS_CALL:
                made = None  # not a call that the rule knows; torch's own kernel has the last word
            if made is not None:
                return self._make(func, made, args, kwargs)
        if func in ASKING:
            return func(*args, **kwargs)
        if func.__name__ == "__get__":
            return self._get(func, args)
        if func in MOVING and isinstance(args[0], Tensor):
            return self._move(func, args, kwargs)
        if func in LEAVING:
            return args[0]
        return self._run(func, args, kwargs)

    def _make(self, func: Any, made: Made, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        first = args[0] if args else next(kwargs[name] for name in FIRST if name in kwargs)
        operands = (*args, *kwargs.values()) if kwargs else args
        if func is torch.cat:
            operands, first = first, first[0]
        plain = True
        for value in operands:
            if value.__class__ in SETTINGS or not isinstance(value, Tensor):
                continue
            key = id(value)
            if key in self._parameters:
                self._read.add(key)
            elif key not in self._made and key not in self._buffers:
                self._meet(value)
            if not value.is_contiguous():
                plain = False
        self._write(func.__name__, tuple(first.shape), made)
        if made.inplace:
            check_writable(first)
            return first
        if plain:
            out = torch.empty(made.shape, device=META, dtype=first.dtype)
        elif made.op in BY_FORMAT:
            weight = args[1] if made.macs and len(args) > 1 else kwargs.get("weight")
            out = in_format(made.shape, first, weight if made.macs else None)
        else:  # the layout of the output is torch's to say: views and copies depend on it
            args, kwargs = tree_map(to_meta, (args, kwargs))
            out = func(*args, **kwargs)
        self.memory.hold(out)
        return out

    def _get(self, func: Any, args: tuple[Any, ...]) -> Any:
        """Answer an attribute: a fact (`x.shape`), or another view (`x.T`)."""
        out = func(*args)
        if isinstance(out, Tensor):
            self._keep(out, [args[0]], [args[0]])
        return out

    def _move(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        source = args[0]
        mapped = to_meta(source)
        out = func(mapped, *args[1:], **kwargs)
        self._keep(out, [source], [mapped])
        return out

    def _run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let torch run `func` on meta tensors and write down the operators that it is made of."""
        if sys._getframe(2).f_globals.get("__name__", "").startswith(KERNELS):
            self._write(_OUT_OF_SIGHT, (), Made("unknown", ()))
            return func(*args, **kwargs)
        sources = [leaf for leaf in tree_iter((args, kwargs)) if isinstance(leaf, Tensor)]
        if func is Tensor.to:
            args, kwargs = without_device(args, kwargs)
        args, kwargs = tree_map(to_meta, (args, kwargs))
        if func in MAKING or "device" in kwargs:
            kwargs["device"] = "meta"
        mapped = [leaf for leaf in tree_iter((args, kwargs)) if isinstance(leaf, Tensor)]
        with AtenRecorder() as recorder:
            out = func(*args, **kwargs)
        self._keep(out, sources, mapped)
        recurrent = func.__name__ in RECURRENT
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
            self.memory.hold(tensor, free=tensor.untyped_storage()._cdata in constants)

    def _write(self, name: str, shape: Shape, made: Made) -> None:
        path, module = self.running[-1]
        self.rows.append(
            Row(
                made.op, name, path, module, shape, made.shape, made.macs, made.weight,
                made.affine, made.groups, made.mode, made.along,
            )
        )  # fmt: skip


@contextmanager
def watched(recorder: Recorder) -> Iterator[None]:
    """Tell the recorder which module is running.

    `nn.Module.__call__` is replaced for a while. Global hooks would do as well, but take torch's
    slow path through every call, which costs as much as the operators do.
    """
    original = nn.Module.__call__
    places, running = recorder.places, recorder.running

    def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        running.append(places.get(id(module)) or recorder.new_place(module))
        try:
            return original(module, *args, **kwargs)
        except BaseException as error:
            recorder.fail(error)
            raise
        finally:
            running.pop()

    nn.Module.__call__ = call  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.__call__ = original  # type: ignore[method-assign]


_names: dict[type, str] = {}


def _class_name(cls: type) -> str:
    name = _names.get(cls)
    if name is None:
        name = _names[cls] = f"{cls.__module__}.{cls.__qualname__}"
    return name
