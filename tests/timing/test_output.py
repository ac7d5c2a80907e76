"""Real rounding passes the comparison with eager's output, another network does not."""

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from harness.errors import RunFailed
from harness.timing.output import TOLERANCES, check_finite, compare, first_tensor
from variants.build import build
from variants.catalog import find_row, load_catalog
from variants.spec import resolve

CATALOGUE = list(load_catalog(()))
SIZE = (1, 3, 128, 256)
SMALL = (1, 3, 64, 128)  # for what a CPU takes a minute of fp16 for
ONE = torch.ones(1, 2, 3, 3)


def network_of(name: str) -> nn.Module:
    return build(resolve(find_row(load_catalog(()), name).chosen))


def picture(size: tuple[int, ...] = SIZE) -> torch.Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(0))


class Scores(NamedTuple):
    logits: torch.Tensor
    auxiliary: torch.Tensor


@pytest.mark.parametrize(
    "output",
    [
        ONE,
        (ONE, 2 * ONE),
        [ONE],
        Scores(ONE, 2 * ONE),
        {"out": ONE, "aux": 2 * ONE},
        OrderedDict(out=(ONE, 2 * ONE)),
        ((ONE,), 2 * ONE),
    ],
)
def test_the_first_tensor_of_an_output_is_found(output: Any) -> None:
    assert first_tensor(output) is ONE


@pytest.mark.parametrize("output", [None, (), {}, "logits", 1.0, (None, ONE)])
def test_an_output_without_a_tensor_first_is_a_failed_run(output: Any) -> None:
    with pytest.raises(RunFailed, match=r"^network: must return a tensor first, got \w+$"):
        first_tensor(output)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_what_is_not_finite_is_counted_and_refused(bad: float, dtype: torch.dtype) -> None:
    output = torch.zeros(1, 2, 100, 10, dtype=dtype)
    check_finite(output)
    output[0, 0, :2, 0] = bad
    with pytest.raises(RunFailed, match="must be finite, got 2 NaN or infinite values of 2,000"):
        check_finite(output)


def test_an_empty_output_is_refused() -> None:
    with pytest.raises(RunFailed, match=r"must not be empty, got shape \(0, 19, 8, 8\)"):
        check_finite(torch.zeros(0, 19, 8, 8))


def test_classes_are_finite() -> None:
    check_finite(torch.zeros(1, 8, 8, dtype=torch.int64))


def test_the_distance_is_relative_absolute_and_in_classes() -> None:
    # Two positions, two channels. Eager's scores 3 and 4 have the norm 5; the difference is 0.003
    # in one of them. The second position, (0, 0) and (0, 0.001), has another largest channel.
    eager = torch.tensor([[[[3.0, 0.0]], [[4.0, 0.0]]]])
    ours = torch.tensor([[[[3.0, 0.0]], [[4.003, 0.001]]]])
    error = compare(ours, eager, "fp16")
    assert error.relative_l2 == pytest.approx((0.003**2 + 0.001**2) ** 0.5 / 5, rel=1e-3)
    assert error.max_abs == pytest.approx(0.003, rel=1e-3)
    assert error.same_class == 0.5
    assert error.tolerance == TOLERANCES["fp16"]


@pytest.mark.parametrize("precision", list(TOLERANCES))
def test_the_precision_decides_what_passes(precision: str) -> None:
    eager = torch.ones(1, 1, 4, 4)
    compare(eager * (1 + 0.9 * TOLERANCES[precision]), eager, precision)
    with pytest.raises(RunFailed, match=rf"relative L2, {precision}\), got .*; not timed$"):
        compare(eager * (1 + 1.1 * TOLERANCES[precision]), eager, precision)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_distance_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(RunFailed, match="not timed"):
        compare(ONE * bad, ONE, "bf16")


def test_another_shape_is_refused() -> None:
    with pytest.raises(RunFailed, match=r"eager's shape \(1, 2, 3, 3\), got \(1, 2, 3, 4\)"):
        compare(torch.ones(1, 2, 3, 4), ONE, "fp32")


def test_zeros_equal_zeros() -> None:
    error = compare(0 * ONE, 0 * ONE, "fp32")
    assert (error.relative_l2, error.same_class) == (0.0, 1.0)


def test_classes_are_compared_one_by_one() -> None:
    eager = torch.tensor([[[100, 100], [100, 1]]])
    error = compare(torch.tensor([[[100, 100], [100, 2]]]), eager.float(), "fp16")
    assert error.same_class == 0.75


def test_scores_without_channels_are_compared_one_by_one() -> None:
    assert compare(torch.ones(4), torch.ones(4), "fp32").same_class == 1.0


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.half)])
def test_the_rounding_of_the_catalogues_networks_passes(
    name: str, precision: str, dtype: torch.dtype
) -> None:
    network = network_of(name)
    image = picture(SMALL if name == "pspnet" else SIZE)
    with torch.inference_mode():
        eager = network(image)
        # Large enough for a relative distance to say something, and for fp16 to hold.
        assert 0.1 < float(eager.square().mean().sqrt()) < 10
        ours = copy.deepcopy(network).to(dtype)(image.to(dtype))
    error = compare(ours, eager, precision)
    assert 0 < error.relative_l2 < error.tolerance / 3


def lost_block(network: nn.Module) -> None:
    network.encoder.blocks[1].layers[2][0].weight.data.zero_()


def lost_activation(network: nn.Module) -> None:
    network.decoder.blocks[0].layers[0][2] = nn.Identity()


def swapped_classes(network: nn.Module) -> None:
    weight = network.head.classify.weight
    weight.data[:2] = weight.data[:2].flip(0)


def other_dilation(network: nn.Module) -> None:
    conv = network.fusion[1].context[0]
    assert conv.dilation == (4, 1)
    conv.dilation, conv.padding = (2, 1), (2, 0)


def lost_residual(network: nn.Module) -> None:
    network.fusion[2].register_forward_hook(lambda _module, args, output: output - args[0])


def without_batch_norm(network: nn.Module) -> None:
    network.stem[1][1].running_mean.fill_(0.5)


@pytest.fixture
def corners_not_aligned(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[nn.Module], None]]:
    resize = F.interpolate

    def flipped(*args: Any, **options: Any) -> torch.Tensor:
        return resize(*args, **(options | {"align_corners": not options["align_corners"]}))

    def flip(_network: nn.Module) -> None:
        monkeypatch.setattr(F, "interpolate", flipped)

    return flip


def distance_of(wrong: Callable[[nn.Module], None]) -> None:
    network = network_of("fassd-net")
    with torch.inference_mode():
        eager = network(picture())
        wrong(network)
        compare(network(picture()), eager, "bf16")  # the widest tolerance


@pytest.mark.parametrize(
    "wrong",
    [
        *(lost_block, lost_activation, swapped_classes, other_dilation, lost_residual),
        without_batch_norm,
    ],
)
def test_another_network_is_refused_in_every_precision(wrong: Callable[[nn.Module], None]) -> None:
    with pytest.raises(RunFailed, match=r"must be within 0\.08 of eager's"):
        distance_of(wrong)


def test_another_alignment_of_the_corners_is_refused(
    corners_not_aligned: Callable[[nn.Module], None],
) -> None:
    with pytest.raises(RunFailed, match=r"must be within 0\.08 of eager's"):
        distance_of(corners_not_aligned)
