"""What every network of Table IV does: train, drop its training heads, say which sizes it takes.

Each test runs over WHOLE; a network that has no entry there fails the first one.
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import pytest
import torch
from _pytest.mark import ParameterSet
from peer_reference import REFERENCES, at_full_size
from torch import Tensor, nn

from harness.cli.app import run
from harness.crosscheck import crosscheck
from harness.errors import RunFailed
from harness.ledger import record
from harness.stages import stage_costs
from harness.static import total
from variants.build import build, skeleton
from variants.catalog import load_catalog, override
from variants.errors import BadRequest
from variants.registry import components
from variants.spec import resolve


class Whole(NamedTuple):
    """What is known of a network.

    Attributes:
        smallest: Smallest input that it takes, height and width.
        odd: Another legal input that is as odd as it may be.
        refused: An input that it refuses, either way round, and the rule that it names; null where
            it takes every size.
        heads: Height and width of what each training head gives at 64x128.
        training_params: Parameters with all training heads.
        never_run: Start of the names of parameters that the authors build and never run.
        fixed: Start of the names of parameters that are not trained.
    """

    smallest: tuple[int, int]
    odd: tuple[int, int]
    refused: tuple[tuple[int, int], str] | None
    heads: tuple[tuple[int, int], ...]
    training_params: int
    never_run: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()


BY_8 = ((64, 100), "divisible by 8")
WHOLE = {
    # the reference built the first two's heads; ICNet's are 1x1 on 256 and 128 channels:
    # (256 + 1 + 128 + 1) * 19
    "fast-scnn": Whole((3, 3), (45, 71), ((2, 64), "at least 3"), ((8, 16),), 1157174),
    "bisenet-rn18": Whole((1, 1), (45, 71), None, ((4, 8), (8, 16)), 13194489),
    "icnet": Whole((1, 1), (45, 71), None, ((4, 8), (8, 16)), 6699987 + 386 * 19),
    # the encoder's head: (128 + 1) * 19
    "erfnet": Whole((8, 8), (8, 24), BY_8, ((8, 16),), 2064191 + 129 * 19),
    "swiftnet-rn18": Whole((1, 1), (45, 71), None, (), 11797071),
    "dabnet": Whole(
        (3, 3), (43, 71), ((64, 66), "even when halved and rounded up"), (), 756643
    ),
    # the smallest that the release takes; at 1 a BatchNorm of two values has no useful gradient
    "pspnet": Whole((9, 9), (45, 71), None, ((8, 16),), 68072166),
    "deeplabv3plus": Whole((1, 1), (45, 71), None, (), 41054899),
    # 57 -> 29 -> 15 -> 8 by strides, then halved and rounded down to the two rows that a zoom needs
    "fasterseg": Whole(
        (57, 57), (65, 79), ((56, 128), "at least 57"), ((2, 4), (4, 8)), 4385689,
        never_run=("attention.",),
    ),
    "df1-seg-d8": Whole(
        (32, 32), (32, 96), ((64, 100), "divisible by 32"), (), 13108059,
        fixed=("up16.upsample.", "up8.upsample."),
    ),
    "espnetv2": Whole((1, 1), (45, 71), None, ((8, 16),), 1252538, never_run=("never_run.",)),
    "esnet": Whole((8, 8), (8, 24), BY_8, ((8, 16),), 1661522),
    "lednet": Whole((8, 8), (8, 24), BY_8, ((8, 16),), 925272),
    # its head is off in the reference: 3x3 128 to 32, BatchNorm, 1x1 to 19 with bias
    "contextnet": Whole(
        (12, 12), (45, 71), ((64, 11), "at least 12"), ((8, 16),),
        876563 + 9 * 128 * 32 + 2 * 32 + 33 * 19,
    ),
}  # fmt: skip
LARGE = ("pspnet", "deeplabv3plus")  # whose weights take seconds to draw
TRAINED = [name for name, whole in WHOLE.items() if whole.heads]


def drawn(names: Iterable[str]) -> list[ParameterSet]:
    """Return parameters of a test that draws the networks' weights."""
    return [pytest.param(n, marks=[pytest.mark.slow] * (n in LARGE)) for n in names]


@cache
def built(name: str, *settings: str) -> nn.Module:
    return build(resolve(override(load_catalog()[name], settings).chosen))


def make(name: str, *settings: str) -> nn.Module:
    """Return a network in eval mode; building it is most of the work, so it is built once."""
    return built(name, *settings).eval()


def with_heads(name: str) -> nn.Module:
    return make(name, *(["network.heads=train"] if WHOLE[name].heads else []))


def logits(out: Tensor | list[Tensor]) -> list[Tensor]:
    return [out] if isinstance(out, Tensor) else out


@pytest.fixture
def image() -> Tensor:
    return torch.randn(2, 3, 64, 128, generator=torch.Generator().manual_seed(0))


def test_every_network_without_slots_is_held_to_this() -> None:
    slotless = {name for slot, name in components() if slot == "network"} - {"encoder-decoder"}
    assert slotless <= set(WHOLE)


@pytest.mark.parametrize("name", drawn(WHOLE))
def test_trains_at_the_smallest_legal_size(name: str) -> None:
    network = with_heads(name).train()
    network.zero_grad()
    height, width = WHOLE[name].smallest
    # two images, since BatchNorm cannot normalise a single value
    out = logits(network(torch.randn(2, 3, height, width)))
    assert len(out) == 1 + len(WHOLE[name].heads)
    sum(nn.functional.cross_entropy(o, o.argmax(1)) for o in out).backward()
    for path, parameter in network.named_parameters():
        if path.startswith((*WHOLE[name].never_run, *WHOLE[name].fixed)):
            assert parameter.grad is None, path
            assert parameter.requires_grad != path.startswith(WHOLE[name].fixed), path
            continue
        assert parameter.grad is not None, path
        assert parameter.grad.isfinite().all(), path


@pytest.mark.parametrize("name", drawn(WHOLE))
def test_takes_odd_sizes_that_are_legal(name: str) -> None:
    height, width = WHOLE[name].odd
    network = make(name)
    with torch.inference_mode():
        out = network(torch.randn(1, 3, height, width))
    assert out.shape == (1, 19, height, width)
    assert out.isfinite().all()


@pytest.mark.parametrize("name", [name for name, whole in WHOLE.items() if whole.refused])
def test_says_which_sizes_it_needs(name: str) -> None:
    assert WHOLE[name].refused is not None
    size, rule = WHOLE[name].refused  # type: ignore[misc]
    shapes = skeleton(resolve(load_catalog()[name].chosen))
    for height, width in (size, size[::-1]):
        message = f"network {name}: height and width must be {rule}, got {height}x{width}"
        with pytest.raises(BadRequest) as refusal:
            make(name)(torch.zeros(1, 3, height, width))
        assert str(refusal.value) == message
        with pytest.raises(RunFailed) as failure:
            record(shapes, (1, 3, height, width))
        assert str(failure.value).endswith(message)
        assert "\n" not in str(failure.value)


@pytest.mark.parametrize("name", drawn(TRAINED))
def test_training_heads_answer_in_training_alone(name: str, image: Tensor) -> None:
    network = with_heads(name)
    with torch.no_grad():
        assert isinstance(network(image), Tensor)
        out = network.train()(image)
    assert [tuple(o.shape) for o in out] == [
        (2, 19, 64, 128),
        *((2, 19, *size) for size in WHOLE[name].heads),
    ]


@pytest.mark.parametrize("name", drawn(TRAINED))
def test_without_training_heads_it_is_the_same_network(name: str, image: Tensor) -> None:
    full, lean = with_heads(name), make(name)
    missing = lean.load_state_dict(full.state_dict(), strict=False)
    assert not missing.missing_keys
    assert missing.unexpected_keys
    with torch.inference_mode():
        assert torch.equal(full(image), lean(image))
        assert isinstance(lean.train()(image), Tensor)


@pytest.mark.parametrize("name", TRAINED)
def test_training_heads_cost_nothing_at_inference(name: str) -> None:
    height, width = load_catalog()[name].input
    for settings in ((), ("network.heads=train",)):
        network, ledger = at_full_size(name, f"{height}x{width}", *settings)
        cost = total(network, ledger)
        key = f"{name}@{height}x{width}"
        assert (cost.params, cost.macs["conv"]) == (
            REFERENCES[key]["params_inference"],
            REFERENCES[key]["conv"],
        )


@pytest.mark.parametrize("name", WHOLE)
def test_scores_as_many_classes_as_asked_for(name: str) -> None:
    slot = "head" if name == "swiftnet-rn18" else "network"
    settings = [f"{slot}.classes=7", *["network.heads=train"] * bool(WHOLE[name].heads)]
    network = skeleton(resolve(override(load_catalog()[name], settings).chosen)).train()
    out = logits(network(torch.empty(2, 3, 64, 128, device="meta")))
    assert [o.shape[1] for o in out] == [7] * (1 + len(WHOLE[name].heads))


@pytest.mark.parametrize("name", drawn(WHOLE))
def test_activations_of_an_untrained_network_keep_order_one(name: str, image: Tensor) -> None:
    # subnormal numbers would be timed as they are not met in practice, large ones overflow in half
    network = make(name)
    found: list[float] = []
    hooks = [
        m.register_forward_hook(lambda _, __, out: found.append(out.square().mean().sqrt().item()))
        for m in network.modules()
        if isinstance(m, nn.BatchNorm2d)
    ]
    with torch.inference_mode():
        network(image)
    for hook in hooks:
        hook.remove()
    assert len(found) > 20
    assert min(found) > 1e-3
    assert max(found) < 100


@pytest.mark.parametrize("name", WHOLE)
def test_constructs_what_the_reference_trains(name: str) -> None:
    whole = WHOLE[name]
    network = skeleton(
        resolve(override(load_catalog()[name], ["network.heads=train"] * bool(whole.heads)).chosen)
    )
    assert sum(p.numel() for p in network.parameters()) == whole.training_params


@pytest.mark.parametrize("name", WHOLE)
def test_is_measured_at_the_size_of_the_reference(name: str) -> None:
    height, width = load_catalog()[name].input
    assert f"{name}@{height}x{width}" in REFERENCES


@pytest.mark.parametrize("name", WHOLE)
def test_its_stages_add_up_and_leave_nothing_out(name: str) -> None:
    height, width = load_catalog()[name].input
    network, ledger = at_full_size(name, f"{height}x{width}")
    stages = stage_costs(network, ledger)
    assert "elsewhere" not in [stage.name for stage in stages]
    assert sum(stage.params for stage in stages) == sum(ledger.parameters.values())
    assert stages[-1].output_size == (height, width, 19)


@pytest.mark.parametrize("name", WHOLE)
def test_its_table_of_stages_fits_a_terminal_of_80_columns(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["show", name]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "swiftnet-rn18"])
def test_refuses_to_tell_no_classes_apart(name: str) -> None:
    with pytest.raises(BadRequest, match=f"network {name}: classes must be at least 1, got"):
        make(name, "network.classes=0")


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
def test_fvcore_and_thop_themselves_count_what_their_conventions_say(name: str) -> None:
    spec = resolve(load_catalog()[name].chosen)
    shape = (1, 3, 64, 128)
    ledger = record(skeleton(spec), shape)
    # raises where a tool disagrees
    results = crosscheck(
        lambda place: skeleton(spec) if place == "meta" else build(spec), ledger, shape
    )
    assert [result.tool for result in results] == ["fvcore", "thop"]
    assert all(result.theirs == result.ours for result in results)
