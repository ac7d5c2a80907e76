from typing import Any

import pytest
import torch
from torch import nn

from harness.ledger import record
from harness.static import total
from variants import build as build_module
from variants.build import Parts, build, skeleton
from variants.catalog import load_catalog, override
from variants.errors import BadRequest
from variants.registry import Component, find
from variants.spec import Spec, resolve

SPEC = resolve(load_catalog()["fassd-net"].chosen)


def test_a_skeleton_has_the_shapes_of_the_network_and_no_memory() -> None:
    real, shapes = build(SPEC).state_dict(), skeleton(SPEC).state_dict()
    assert {k: v.shape for k, v in shapes.items()} == {k: v.shape for k, v in real.items()}
    assert all(tensor.is_meta for tensor in shapes.values())


def test_the_seed_decides_the_weights() -> None:
    first, again, other = (build(SPEC, seed=s).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first["head.classify.weight"], other["head.classify.weight"])


def test_building_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    build(SPEC)
    assert torch.equal(torch.get_rng_state(), before)


def test_networks_come_in_eval_mode() -> None:
    assert not any(m.training for m in build(SPEC).modules())
    assert not any(m.training for m in skeleton(SPEC).modules())


def test_an_untrained_network_keeps_its_signal() -> None:
    # subnormal numbers would make a CPU slow and a timing meaningless
    with torch.inference_mode():
        logits = build(SPEC)(torch.randn(1, 3, 64, 128))
    assert 1e-3 < logits.std().item() < 1e3


@pytest.mark.parametrize("size", [(64, 128), (65, 127), (33, 97)])
def test_odd_sizes_come_out_as_they_went_in(size: tuple[int, int]) -> None:
    with torch.inference_mode():
        assert build(SPEC)(torch.zeros(1, 3, *size)).shape == (1, 19, *size)


class Table(nn.Module):
    """A component that computes with values while it is built."""

    def __init__(self) -> None:
        super().__init__()
        grid = torch.linspace(0, 1, 4)
        self.register_buffer("grid", grid / grid.max().item())


def test_a_component_that_computes_while_it_is_built_gets_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    component = Component("network", "table", f"{__name__}:Table", "test")
    monkeypatch.setattr(build_module, "find", lambda *_: component)
    spec = Spec({"network": {"name": "table"}})
    assert build(spec).grid.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])  # type: ignore[arg-type]
    assert skeleton(spec).grid.is_meta  # type: ignore[union-attr]


def test_options_that_do_not_fit_each_other_are_refused_by_both() -> None:
    row = load_catalog()["fassd-net"].chosen
    spec = resolve({**row, "context": {"name": "dapf", "alpha": 3}})
    for make in (build, skeleton):
        with pytest.raises(
            BadRequest, match="alpha must divide the 224 input channels, got alpha=3"
        ):
            make(spec)


def costs(spec: Spec, parts: Parts | None) -> object:
    network = skeleton(spec, parts)
    ledger = record(network, (1, 3, 128, 256))
    return ledger, total(network, ledger)


def test_skeletons_of_shared_parts_cost_what_those_of_their_own_do() -> None:
    parts = Parts()
    rows = [override(load_catalog()["fassd-net"], [f"context.alpha={a}"]) for a in (1, 2, 8)]
    specs = [resolve(row.chosen) for row in [*rows, *load_catalog().values()]]
    for spec in [*specs, *specs]:  # the second time from kept parts alone
        assert costs(spec, parts) == costs(spec, None)


def test_parts_are_made_once_for_the_same_options_and_channels() -> None:
    row, parts = load_catalog()["fassd-net"], Parts()
    one, two, wide = (
        skeleton(resolve(override(row, [setting]).chosen), parts)
        for setting in ("context.alpha=4", "context.alpha=8", "stem.channels=[16,24,32,64]")
    )
    assert one.encoder is two.encoder
    assert one.context is not two.context
    assert one.encoder is not wide.encoder


def test_only_the_parts_last_used_are_kept() -> None:
    row, parts = load_catalog()["fassd-net"], Parts(most=7)  # six make one network
    first = skeleton(resolve(row.chosen), parts)
    skeleton(resolve(override(row, ["context.alpha=4"]).chosen), parts)
    skeleton(resolve(override(row, ["context.alpha=8"]).chosen), parts)
    again = skeleton(resolve(row.chosen), parts)
    assert again.encoder is first.encoder
    assert again.context is not first.context


class Twins(nn.Module):
    """A network that asks twice for the same component."""

    SLOTS = ("stem",)
    SHARES_PARTS = True

    def __init__(self, make: Any) -> None:
        super().__init__()
        self.left, self.right = make["stem"](3), make["stem"](3)


class Loner(Twins):
    SHARES_PARTS = False


@pytest.mark.parametrize("network", ["Twins", "Loner"])
def test_only_networks_that_allow_it_share_and_none_holds_a_part_twice(
    network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Component("network", network, f"{__name__}:{network}", "test")
    monkeypatch.setattr(
        build_module, "find", lambda slot, name: own if slot == "network" else find(slot, name)
    )
    spec = Spec({"network": {"name": network}, "stem": dict(SPEC.slots["stem"])})
    parts = Parts()
    one, two = skeleton(spec, parts), skeleton(spec, parts)
    assert one.left is not one.right
    assert two.left is not two.right
    assert (one.left is two.left) == (network == "Twins")
