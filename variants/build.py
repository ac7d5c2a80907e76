"""From a spec to a network: with weights, or as a skeleton that only has shapes."""

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
    return network.to(device).eval()


def skeleton(spec: Spec) -> nn.Module:
    """Return the network on the meta device: shapes only, no memory, no weight initialisation.

    Raises:
        BadRequest: As `build` does.
    """
    try:
        with _Shapes():
            return _assemble(spec).eval()
    except (NotImplementedError, RuntimeError):
        # A component that computes with values while it is built (a table of anchors, say) has to
        # be built with memory; its shapes are what remains.
        return build(spec).to("meta")


def _assemble(spec: Spec) -> nn.Module:
    make = {}
    for slot, choice in spec.slots.items():
        given = {key: value for key, value in choice.items() if key != "name"}
        make[slot] = partial(find(slot, choice["name"]).load(), **given)
    network = make.pop("network")
    return cast(nn.Module, network(make) if make else network())


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
