"""Blocks of the networks of Table IV that fit FASSD-Net's slots, by hand-derived numbers."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from variants.build import build, skeleton
from variants.catalog import load_catalog, override
from variants.components.bisenet import ARM, AttentionRefinement, FeatureFusionModule, FFMFusion
from variants.components.hardnet import Level
from variants.components.ppm import PPM
from variants.components.resnet import ResNet18, ResNetStem
from variants.components.swiftnet import (
    BNReLUConv,
    LateralDecoder,
    PreactivatedHead,
    SpatialPyramidPooling,
)
from variants.errors import BadRequest
from variants.registry import components
from variants.spec import resolve


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def set_all(module: nn.Module, value: float) -> None:
    """Give every convolution of a module one weight and no bias."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, value)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def columns(*values: float, rows: int) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).expand(1, 1, rows, len(values)).contiguous()


def near(expected: list[float]) -> object:
    return pytest.approx(expected, rel=1e-4)  # BatchNorm's eps is 1e-5


# -- pyramid pooling


def test_ppm_branches_are_together_as_wide_as_the_input_unless_told() -> None:
    # 224 channels, four branches of 56: 224*56 and BatchNorm; closing 3x3 from 448 to 224
    expected = 4 * (224 * 56 + 2 * 56) + 9 * 448 * 224 + 2 * 224
    assert parameters(PPM(224)) == expected
    # two branches of 10, closing 1x1 from 244
    expected = 2 * (224 * 10 + 2 * 10) + 244 * 224 + 2 * 224
    assert parameters(PPM(224, bins=(1, 4), width=10, kernel=1)) == expected


def test_ppm_puts_averages_of_its_bins_behind_the_map_corners_aligned() -> None:
    module = PPM(1, bins=(2,), width=1, kernel=1).eval()
    set_all(module, 1.0)
    ramp = columns(0, 1, 2, 3, rows=4)
    # halves average 0.5 and 2.5; aligned corners bring them to 0.5 + (0, 2/3, 4/3, 2); the closing
    # 1x1 adds the map
    with torch.no_grad():
        assert module(ramp)[0, 0, 0].tolist() == near([0.5, 13 / 6, 23 / 6, 5.5])
        module.project[0].weight.copy_(torch.tensor([2.0, 0.0]).reshape(1, 2, 1, 1))
        assert module(ramp)[0, 0, 0].tolist() == near([0, 2, 4, 6])  # the map comes first


# -- SwiftNet


def test_spp_grids_have_as_many_columns_as_the_shape_of_the_map_asks_for() -> None:
    module = SpatialPyramidPooling(4, grids=(8, 2), width=4, level=2).eval()
    seen: list[tuple[int, ...]] = []
    for branch in module.branches:
        branch.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape[-2:])))
    with torch.no_grad():
        module(torch.zeros(1, 4, 16, 32))
        module(torch.zeros(1, 4, 3, 4))  # 8 * 4/3 = 10.7, 2 * 4/3 = 2.7
        module(torch.zeros(1, 4, 9, 1))  # 8/9 and 2/9, the latter at least one
    assert seen == [(8, 16), (2, 4), (8, 11), (2, 3), (8, 1), (2, 1)]


def test_spp_width_and_level_are_those_of_its_convolutions() -> None:
    # BatchNorm stands before each 1x1: 2*224 + 224*96; 3 x (2*96 + 96*32); 2*192 + 192*96
    expected = 2 * 224 + 224 * 96 + 3 * (2 * 96 + 96 * 32) + 2 * 192 + 192 * 96
    module = SpatialPyramidPooling(224, width=96, level=32)
    assert parameters(module) == expected
    assert module.out_channels == 96


def test_spp_resizes_without_aligning_corners_and_puts_the_map_first() -> None:
    module = SpatialPyramidPooling(1, grids=(1,), width=1, level=1).eval()
    set_all(module, 1.0)
    ramp = columns(0, 1, 2, 3, 4, 5, 6, 7, rows=4)
    # twice as wide as high, so one row has two cells, of mean 1.5 and 5.5
    # cells' centres lie at 1.5 and 5.5, and so does the value, between and beyond them
    expected = [0 + 1.5, 1 + 1.5, 2 + 2, 3 + 3, 4 + 4, 5 + 5, 6 + 5.5, 7 + 5.5]
    with torch.no_grad():
        assert module(ramp)[0, 0, 0].tolist() == near(expected)
        module.project[2].weight.copy_(torch.tensor([2.0, 0.0]).reshape(1, 2, 1, 1))
        assert module(ramp)[0, 0, 0].tolist() == near([0, 2, 4, 6, 8, 10, 12, 14])


def test_spp_keeps_its_statistics_longer() -> None:
    norms = [m for m in SpatialPyramidPooling(4).modules() if isinstance(m, nn.BatchNorm2d)]
    assert [norm.momentum for norm in norms] == [0.005] * 5
    assert BNReLUConv(4, 4, 1)[0].momentum == 0.1


def test_lateral_decoder_adds_the_skip_to_the_map_and_blends() -> None:
    decoder = LateralDecoder(6, [Level(2), Level(3)], channels=4)
    assert decoder.joined_channels == [6, 4]
    # laterals 3 -> 6 and 2 -> 4, blends 6 -> 4 and 4 -> 4; BatchNorm before each
    lateral = (2 * 3 + 3 * 6) + (2 * 2 + 2 * 4)
    assert parameters(decoder) == lateral + (2 * 6 + 9 * 6 * 4) + (2 * 4 + 9 * 4 * 4)


def test_lateral_decoder_does_not_align_corners() -> None:
    decoder = LateralDecoder(1, [Level(1)], channels=1).eval()
    set_all(decoder, 1.0)
    with torch.no_grad():
        joined = decoder.join(0, columns(0, 4, rows=1), columns(1, 1, 1, -1, rows=2))
    # 0, 4 doubled without aligned corners: 0, 1, 3, 4; the skip goes through a ReLU
    assert joined[0, 0, 0].tolist() == near([1, 2, 4, 4])


def test_preactivated_head_has_a_relu_before_the_scores_and_does_not_align_corners() -> None:
    head = PreactivatedHead(1, classes=1).eval()
    set_all(head, 1.0)
    with torch.no_grad():
        assert head(columns(-2, 4, rows=1), (1, 4))[0, 0, 0].tolist() == near([0, 1, 3, 4])
    assert parameters(PreactivatedHead(4, classes=7)) == 2 * 4 + 4 * 7 + 7


# -- ResNet


def test_resnet_has_the_parameters_of_the_published_ones_without_their_classifier() -> None:
    # torchvision's counts, less 512 * 1000 + 1000 of the classifier
    stem = parameters(ResNetStem(3))
    assert stem + parameters(ResNet18(64)) == 11_689_512 - 513_000
    assert stem + parameters(ResNet18(64, blocks=(3, 4, 6, 3))) == 21_797_672 - 513_000


def test_resnet_gives_a_skip_of_every_stage_but_the_last() -> None:
    encoder = ResNet18(5, widths=(4, 6, 8), blocks=(1, 1, 1)).eval()
    with torch.no_grad():
        skips, x = encoder(torch.randn(1, 5, 9, 20))
    assert [tuple(skip.shape[1:]) for skip in skips] == [(4, 9, 20), (6, 5, 10)]
    assert tuple(x.shape[1:]) == (8, 3, 5)
    assert [level.channels for level in encoder.levels] == [4, 6]
    assert all(skip.min() == 0 for skip in skips)  # taken behind the ReLU


def test_resnet_stem_is_a_quarter_rounded_up() -> None:
    stem = ResNetStem(1, channels=6).eval()
    assert stem(torch.zeros(1, 1, 33, 64)).shape == (1, 6, 9, 16)


# -- BiSeNet


def test_attention_refinement_weighs_channels_by_a_gate() -> None:
    module = AttentionRefinement(1, 1).eval()
    set_all(module, 0.0)
    with torch.no_grad():
        module.conv[0].weight[0, 0, 1, 1] = 1  # the map itself
        # a gate of sigmoid(0) = 1/2
        assert module(columns(2, 6, rows=2))[0, 0, 0].tolist() == near([1, 3])
        module.gate[1][0].weight.fill_(0.25)
        # the mean is 4, so the gate is sigmoid(1) = 0.731059
        assert module(columns(2, 6, rows=2))[0, 0, 0].tolist() == near([1.462117, 4.386352])


def test_arm_width_is_that_of_its_output() -> None:
    # 3x3 224 -> 64 and 1x1 64 -> 64, BatchNorm 2 a channel behind both
    module = ARM(224, width=64)
    assert parameters(module) == 9 * 224 * 64 + 64 * 64 + 2 * 2 * 64
    assert module.out_channels == 64


def test_feature_fusion_adds_a_gated_copy() -> None:
    module = FeatureFusionModule(1, 1).eval()
    set_all(module, 0.0)
    with torch.no_grad():
        module.conv[0].weight.fill_(1)
        # x + x * sigmoid(0)
        assert module(columns(2, 6, rows=2))[0, 0, 0].tolist() == near([3, 9])


def test_ffm_reduction_divides_the_channels_within_the_gate() -> None:
    # a level of 8 channels: 1x1 with BatchNorm, then two 1x1 without, 8 -> 2 -> 8
    assert parameters(FFMFusion([8], reduction=4)) == 8 * 8 + 2 * 8 + 2 * 8 * 2
    assert parameters(FFMFusion([8, 8])) == 2 * (8 * 8 + 2 * 8 + 2 * 8 * 8)


# -- in the slots of FASSD-Net


def network_of(*settings: str) -> nn.Module:
    return skeleton(resolve(override(load_catalog()["baseline"], settings).chosen))


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        # the pyramid and nothing else: 224 channels in and out, as above
        (["context.name=ppm"], 4 * (224 * 56 + 2 * 56) + 9 * 448 * 224 + 2 * 224),
        (["context.name=ppm", "context.kernel=1", "context.width=32"],
         4 * (224 * 32 + 2 * 32) + (224 + 128) * 224 + 2 * 224),
        # joined channels 192, 119 and 63: 1x1 with BatchNorm and two 1x1
        (["fusion.name=ffm"], sum(3 * c * c + 2 * c for c in (192, 119, 63))),
    ],
)  # fmt: skip
def test_a_component_costs_the_baseline_what_it_costs_alone(settings: list[str], more: int) -> None:
    assert parameters(network_of(*settings)) - parameters(network_of()) == more


@pytest.mark.parametrize(
    "settings",
    [
        ["context.name=spp"],
        ["context.name=arm", "fusion.name=ffm"],
        ["encoder.name=resnet18", "decoder.name=conv"],
        ["encoder.name=resnet18", "decoder.name=lateral", "fusion.name=mda"],
        ["decoder.name=lateral", "head.name=preactivated"],
        ["stem.name=resnet"],
    ],
)
def test_components_of_different_networks_make_one_that_runs(settings: list[str]) -> None:
    network = build(resolve(override(load_catalog()["fassd-net"], settings).chosen))
    with torch.inference_mode():
        out = network(torch.randn(1, 3, 65, 99))
    assert out.shape == (1, 19, 65, 99)
    assert out.isfinite().all()


def test_resnet_takes_the_place_of_hardnet_under_the_decoder_of_fassd_net() -> None:
    settings = ["encoder.name=resnet18"]
    network = skeleton(resolve(override(load_catalog()["fassd-net"], settings).chosen))
    # (512 + 256) // 2 at 1/16, then 160 of the block and 128 of the skip, 78 and 64
    assert [level.expand.out_channels for level in network.fusion] == [384, 144, 71]
    assert [level.context[0].dilation for level in network.fusion] == [(8, 1), (4, 1), (2, 1)]
    assert [len(block.layers) for block in network.decoder.blocks] == [8, 4, 4]


NARROW = {
    "hardnet": "encoder.widths=[16,16,24,24]",
    "resnet18": "encoder.widths=[8,16,24,32]",
}


@pytest.mark.parametrize("decoder", [n for s, n in components() if s == "decoder"])
@pytest.mark.parametrize("encoder", [n for s, n in components() if s == "encoder"])
def test_every_context_and_fusion_trains_between_every_encoder_and_decoder(
    encoder: str, decoder: str
) -> None:
    kinds = {slot: [n for s, n in components() if s == slot] for slot in ("context", "fusion")}
    fusions = itertools.cycle(kinds["fusion"])
    stems = itertools.cycle(("conv", "resnet"))
    for context, fusion, stem in zip(kinds["context"], fusions, stems, strict=False):
        settings = [f"encoder.name={encoder}", NARROW[encoder], f"decoder.name={decoder}"]
        settings += [f"context.name={context}", f"fusion.name={fusion}", f"stem.name={stem}"]
        network = build(resolve(override(load_catalog()["fassd-net"], settings).chosen)).train()
        out = network(torch.randn(2, 3, 61, 67))
        assert out.shape == (2, 19, 61, 67), settings
        nn.functional.cross_entropy(out, out.argmax(1)).backward()
        for path, parameter in network.named_parameters():
            assert parameter.grad is not None, (settings, path)
            assert parameter.grad.isfinite().all(), (settings, path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PPM(224, bins=()), r"context ppm: bins \(at least one\) and width must be at lea"),
        (lambda: PPM(224, bins=(0,)), r"context ppm: .*, got bins=\[0\], width=None"),
        (lambda: PPM(224, width=0), r"context ppm: .*, got bins=\[1, 2, 3, 6\], width=0"),
        (lambda: PPM(224, kernel=2), "context ppm: kernel must be odd and at least 1, got"),
        (lambda: PPM(224, bins=(1, 2, 3)), "number of bins must divide the 224 input channels"),
        (lambda: SpatialPyramidPooling(8, grids=()), r"context spp: grids \(at least one\), width"),
        (lambda: SpatialPyramidPooling(8, level=0), "context spp: .* level=0"),
        (lambda: ARM(8, width=0), "context arm: width must be at least 1, got width=0"),
        (lambda: FFMFusion([8, 6], reduction=4), "fusion ffm: reduction must divide the 6 channel"),
        (lambda: FFMFusion([8], reduction=0), "fusion ffm: .*, got reduction=0"),
        (lambda: ResNetStem(3, channels=0), "stem resnet: channels must be at least 1, got"),
        (lambda: ResNet18(3, blocks=(2, 2)), "encoder resnet18: widths and blocks must be equally"),
        (lambda: ResNet18(3, widths=(8, 0), blocks=(1, 1)), "encoder resnet18: .* at least 1 each"),
        (lambda: LateralDecoder(8, [], channels=0), "decoder lateral: channels must be at least 1"),
        (lambda: PreactivatedHead(8, classes=0), "head preactivated: classes must be at least 1"),
    ],
)  # fmt: skip
def test_an_illegal_option_is_refused_with_who_rule_and_value(make: object, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        make()  # type: ignore[operator]
