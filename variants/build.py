"""From a spec to a network: with weights, or as a skeleton that only has shapes."""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from variants.registry import find
from variants.spec import Spec


def build(spec: Spec, *, device: str = "cpu", seed: int = 0) -> nn.Module:
    """Return the network that `spec` describes, in eval mode, its weights drawn from `seed`.

    The state of the global random generators is left as it was.

    Raises:
        BadRequest: If the options do not fit each other (an alpha that does not divide the
            channels, a schedule of another length than the decoder).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _assemble(spec)
    return network.to(device)


class Parts:
    """Components without weights, kept for the next skeletons that hold the same ones.

    Neighbours in a sweep differ in a component or two; making the others takes nine tenths of the
    time of a skeleton.

    Args:
        most: Components that are kept, those last used.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._kept: OrderedDict[object, Any] = OrderedDict()

    def shared(self, make: Mapping[str, Callable[..., Any]], spec: Spec) -> dict[str, Any]:
        """Return `make` for one network, each component being a kept one where there is one.

        A network that asks twice for the same component gets two, as it would without.
        """
        given: set[int] = set()

        def one(slot: str, *arguments: Any) -> Any:
            choice = json.dumps(spec.slots[slot], sort_keys=True)
            key = (slot, choice, repr(arguments))
            found = self._kept.get(key)
            if found is None or id(found) in given:
                made = make[slot](*arguments)
                if isinstance(made, nn.Module):
                    made.eval()
                    if found is None and _is_plain(arguments):
                        self._keep(key, made)
                        given.add(id(made))
                return made
            self._kept.move_to_end(key)
            given.add(id(found))
            return found

        return {slot: partial(one, slot) for slot in make}

    def _keep(self, key: object, component: nn.Module) -> None:
        self._kept[key] = component
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _is_plain(value: Any) -> bool:
    """Whether equal `repr` means an equal value: numbers, texts and lists of them."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, int | float | str)


def skeleton(spec: Spec, parts: Parts | None = None) -> nn.Module:
    """Return the network on the meta device: shapes only, no memory, no weight initialisation.

    Args:
        spec: What the network is.
        parts: Components that several skeletons share, for networks that allow it (a class
            attribute `SHARES_PARTS`: its constructor does nothing but call and hold them). Such
            skeletons are for counting alone.

    Raises:
        BadRequest: As `build` does.
    """
    try:
        with _Shapes():
            return _assemble(spec, parts)
    except (NotImplementedError, RuntimeError):
        # A component that computes with values while it is built (a table of anchors, say) has to
        # be built with memory; its shapes are what remains.
        return build(spec).to("meta")


def _assemble(spec: Spec, parts: Parts | None = None) -> nn.Module:
    make = {}
    for slot, choice in spec.slots.items():
        given = {key: value for key, value in choice.items() if key != "name"}
        make[slot] = partial(find(slot, choice["name"]).load(), **given)
    make_network = make.pop("network")
    if parts is not None and getattr(make_network.func, "SHARES_PARTS", False):
        network: nn.Module = make_network(parts.shared(make, spec))
        network.training = False  # its parts are in eval mode already
        return network
    return cast(nn.Module, make_network(make) if make else make_network()).eval()


_ALLOCATING = {
    torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn, torch.arange,
    torch.linspace, torch.tensor, torch.as_tensor, torch.eye,
}  # fmt: skip


class _Shapes(TorchFunctionMode):
    """Puts every new tensor on the meta device and skips what only fills it with values."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _ALLOCATING:
            kwargs["device"] = "meta"
        elif getattr(func, "__module__", None) == "torch.nn.init" or (
            getattr(func, "__objclass__", None) and func.__name__ in _FILLING
        ):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


_FILLING = {"normal_", "uniform_", "fill_", "zero_", "trunc_normal_", "bernoulli_", "random_"}
