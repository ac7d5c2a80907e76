"""FasterSeg, DF1-Seg, DeepLabV3+, PSPNet, ESPNetv2, ESNet, LEDNet and ContextNet are what their
public code is, and run, train and refuse as they say."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import torch
from peer_reference import REFERENCES, assert_equals_reference, at_full_size
from torch import Tensor, nn

from harness.static import count_network
from variants.build import build, skeleton
from variants.catalog import load_catalog, override
from variants.components.aspp import ASPP
from variants.components.blocks import resize
from variants.components.eesp import EESP
from variants.components.fixed_upsample import fixed_upsample
from variants.components.zoom import ZoomedConv
from variants.errors import BadRequest
from variants.networks.df1_seg import DF1Seg
from variants.networks.esnet import ParallelFactorised
from variants.networks.espnetv2 import ESPNetV2
from variants.networks.lednet import SplitShuffle
from variants.networks.whole import check_size
from variants.registry import find, options
from variants.spec import resolve


class Peer(NamedTuple):
    """What a network takes and gives.

    Attributes:
        smallest: Its smallest legal image (height, width), a batch of two in training.
        small: Sizes of its training heads' scores for that image, main head first.
        never_run: Start of the names of parameters that no pass reads.
        fixed: Start of the names of parameters that are not trained.
        odd: What it says to an image of 129x195; empty where it takes it.
    """

    smallest: tuple[int, int]
    small: tuple[tuple[int, int], ...]
    never_run: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    odd: str = ""


BY_8 = "height and width must be divisible by 8, got 129x195"
BY_32 = "height and width must be divisible by 32, got 129x195"
PEERS = {
    # the smallest that its release takes; at 1x1 a BatchNorm of two values has no useful gradient
    "pspnet": Peer((9, 9), ((9, 9), (2, 2))),
    "deeplabv3plus": Peer((1, 1), ((1, 1),)),
    # 57 -> 29 -> 15 -> 8 by stride; 1/16: 4, and 1/32: 2
    "fasterseg": Peer((57, 57), ((57, 57), (2, 2), (4, 4)), never_run=("attention.",)),
    "df1-seg-d8": Peer((32, 32), ((32, 32),), fixed=("up16.upsample.", "up8.upsample."), odd=BY_32),
    "espnetv2": Peer((1, 1), ((1, 1), (1, 1)), never_run=("never_run.",)),
    "esnet": Peer((8, 8), ((8, 8), (1, 1)), odd=BY_8),
    "lednet": Peer((8, 8), ((8, 8), (1, 1)), odd=BY_8),
    # the shallow branch: 12 -> 5 unpadded -> 3 -> 2
    "contextnet": Peer((12, 12), ((12, 12), (2, 2))),
}
WITH_HEADS = [name for name, peer in PEERS.items() if len(peer.small) > 1]
BUILT_LARGE = ("pspnet", "deeplabv3plus")
each = pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if n in BUILT_LARGE else ()) for n in PEERS],
)


def chosen(name: str, *settings: str) -> Any:
    return resolve(override(load_catalog()[name], settings).chosen)


def heads(name: str) -> tuple[str, ...]:
    return ("network.heads=train",) if name in WITH_HEADS else ()


# What their public code counts: parameters, MACs, every convolution in order


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("pspnet", "713x713"),
        ("deeplabv3plus", "512x1024"),
        ("fasterseg", "1024x2048"),
        ("contextnet", "1024x2048"),
    ],
)
def test_counts_what_its_public_code_counts(name: str, size: str) -> None:
    assert_equals_reference(name, size)


def test_df1_seg_d8_ends_at_an_eighth_when_its_upsampling_is_left_out() -> None:
    assert_equals_reference("df1-seg-d8", "1024x2048", "network.upsampling=none")


def test_df1_seg_d8_costs_a_bilinear_resize_more_than_what_was_timed() -> None:
    # fvcore counts 4 an element of the resize, the paper's rule and conv nothing
    assert_equals_reference(
        "df1-seg-d8",
        "1024x2048",
        fvcore_unseen=4 * 19 * 1024 * 2048,
        output=(1, 19, 1024, 2048),
    )


def test_df1_seg_is_df1_seg_d8_with_a_fixed_deconvolution() -> None:
    setting = "network.upsampling=deconvolution"
    assert_equals_reference("df1-seg-d8", "1024x2048", setting, name="df1-seg")


def test_esnet_counts_what_its_public_code_counts() -> None:
    # five of the six ReLUs of each of three blocks at 1/8 are function calls there
    assert_equals_reference("esnet", "512x1024", unseen={"act": 3 * 5 * 128 * 64 * 128})


def test_lednet_counts_what_its_public_code_counts() -> None:
    # the last ReLU of each of 3, 2 and 8 blocks is a function call there
    half, quarter, eighth = 32 * 256 * 512, 64 * 128 * 256, 128 * 64 * 128
    unseen = 3 * half + 2 * quarter + 8 * eighth
    assert_equals_reference("lednet", "512x1024", unseen={"act": unseen})


def test_espnetv2_counts_what_its_public_code_counts() -> None:
    # poolings by function there: of the image two, three and four times from its full size, and
    # of the 256 channels at 1/8 four times
    sizes = [512 * 1024 // 4**n for n in range(7)]
    image = 3 * sum(sum(sizes[:times]) for times in (2, 3, 4))
    pyramid = 256 * sum(sizes[3:7])
    assert_equals_reference("espnetv2", "512x1024", unseen={"pool": image + pyramid})


def test_espnetv2_at_scale_1_5_has_the_figures_of_its_readme() -> None:
    # 725K parameters and 322M multiply-adds, at 224x224 with 20 classes
    cost = count_network(ESPNetV2(classes=20, scale=1.5).eval(), (1, 3, 224, 224))
    assert round(cost.params, -3) == 725_000
    assert round(cost.macs["conv"], -6) == 322_000_000


# What exists for training


@pytest.mark.parametrize("key", [k for k in REFERENCES if k.partition("@")[0] in PEERS])
def test_has_at_inference_what_runs_and_in_training_what_the_code_constructs(key: str) -> None:
    name, _, size = key.partition("@")
    network, _ = at_full_size(name, size)
    assert parameters(network) == REFERENCES[key]["params_inference"]
    training, _ = at_full_size(name, size, *heads(name))
    constructed = REFERENCES[key]["params_full"]
    if name == "contextnet":
        # off in its reference: 3x3 128 to 32, BatchNorm, 1x1 to 19 with bias
        constructed += 9 * 128 * 32 + 2 * 32 + 32 * 19 + 19
    assert parameters(training) == constructed


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("name", WITH_HEADS)
def test_training_heads_cost_nothing_at_inference(name: str) -> None:
    size = load_catalog()[name].input
    counts = [count_network(skeleton(chosen(name, *s)), (1, 3, *size)) for s in ((), heads(name))]
    assert counts[0].macs == counts[1].macs
    assert counts[0].params == counts[1].params


@each
def test_one_step_of_training_reaches_every_trained_parameter(name: str) -> None:
    peer = PEERS[name]
    network = build(chosen(name, *heads(name))).train()
    torch.manual_seed(1)
    outputs = network(torch.randn(2, 3, *peer.smallest))
    outputs = outputs if isinstance(outputs, list) else [outputs]
    assert [tuple(o.shape) for o in outputs] == [(2, 19, *size) for size in peer.small]
    sum(o.square().mean() for o in outputs).backward()
    for path, parameter in network.named_parameters():
        if path.startswith(peer.never_run):
            assert parameter.grad is None, path
        elif path.startswith(peer.fixed):
            assert not parameter.requires_grad, path
        else:
            assert parameter.grad is not None, path
            assert parameter.grad.isfinite().all(), path


@each
def test_gives_one_map_of_scores_of_the_images_size_at_inference(name: str) -> None:
    peer = PEERS[name]
    for settings in {(), heads(name)}:
        network = build(chosen(name, *settings))
        with torch.inference_mode():
            scores = network(torch.randn(1, 3, *peer.smallest))
        assert scores.shape == (1, 19, *peer.smallest)
        assert scores.isfinite().all()


# Sizes and classes


@pytest.mark.parametrize("name", PEERS)
def test_takes_an_odd_image_or_says_what_it_needs(name: str) -> None:
    network = skeleton(chosen(name))
    image = torch.empty(1, 3, 129, 195, device="meta")
    if PEERS[name].odd:
        with pytest.raises(BadRequest, match=f"network {name}: {PEERS[name].odd}"):
            network(image)
    else:
        assert network(image).shape == (1, 19, 129, 195)


@pytest.mark.parametrize(
    ("name", "size", "rule"),
    [
        ("fasterseg", (56, 128), "at least 57, got 56x128"),
        ("contextnet", (64, 11), "at least 12, got 64x11"),
    ],
)
def test_refuses_an_image_that_is_too_small(name: str, size: tuple[int, int], rule: str) -> None:
    with pytest.raises(BadRequest, match=f"network {name}: height and width must be {rule}"):
        skeleton(chosen(name))(torch.empty(1, 3, *size, device="meta"))


def test_a_size_is_checked_for_both_rules() -> None:
    check_size("x", torch.empty(1, 3, 16, 24, device="meta"), divisor=8, least=16)
    with pytest.raises(BadRequest, match="divisible by 16, got 16x24"):
        check_size("x", torch.empty(1, 3, 16, 24, device="meta"), divisor=16)


@pytest.mark.parametrize("name", PEERS)
def test_scores_as_many_classes_as_asked_for(name: str) -> None:
    network = skeleton(chosen(name, "network.classes=7", *heads(name))).train()
    outputs = network(torch.empty(2, 3, 128, 192, device="meta"))
    outputs = outputs if isinstance(outputs, list) else [outputs]
    assert [o.shape[1] for o in outputs] == [7] * len(PEERS[name].small)
    with pytest.raises(BadRequest, match=f"network {name}: classes must be at least 1, got"):
        skeleton(chosen(name, "network.classes=0"))


@pytest.mark.parametrize("name", PEERS)
def test_has_a_heads_option_where_there_are_heads(name: str) -> None:
    assert ("heads" in options(find("network", name))) == (name in WITH_HEADS)


# Activations of an untrained network: neither subnormal nor beyond half precision


@each
def test_activations_keep_order_one(name: str) -> None:
    network = build(chosen(name))
    torch.manual_seed(2)
    with torch.inference_mode():
        levels = list(rms_of_activations(network, torch.randn(1, 3, 128, 192)))
    assert len(levels) > 20
    assert min(levels) > 1e-3
    assert max(levels) < 30


def rms_of_activations(network: nn.Module, image: Tensor) -> Iterator[float]:
    found: list[float] = []
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(
                lambda _, __, out: found.append(out.square().mean().sqrt().item())
            )
    network(image)
    return iter(found)


# What the parts of these networks do


def test_aspp_branches_are_depthwise_and_pointwise_where_asked() -> None:
    # image pooling and 1x1: 224*8 each; two branches: 9*224 and 224*8 each; 1x1 back: 4*8*224;
    # BatchNorm 2 a channel: 8 in four places, 224 behind either depthwise and behind the last
    expected = 2 * 224 * 8 + 2 * (9 * 224 + 224 * 8) + 4 * 8 * 224 + 2 * (4 * 8 + 3 * 224)
    assert parameters(ASPP(224, rates=(1, 2), width=8, separable=True)) == expected


def test_separable_aspp_branches_reach_exactly_their_rates() -> None:
    for rate, branch in zip(
        (2, 7), ASPP(4, rates=(2, 7), width=2, separable=True).dilated, strict=True
    ):
        for layer in branch.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.ones_(layer.weight)
        impulse = torch.zeros(1, 4, 31, 31)
        impulse[..., 15, 15] = 1
        rows, cols = branch.eval()(impulse)[0].sum(0).nonzero().T
        reached = {(int(r) - 15, int(c) - 15) for r, c in zip(rows, cols, strict=True)}
        assert reached == {(a, b) for a in (-rate, 0, rate) for b in (-rate, 0, rate)}


def test_separable_aspp_fits_the_context_slot_of_fassd_net() -> None:
    settings = ("context.name=aspp", "context.separable=true", "context.rates=[6,12,18]")
    cost = count_network(skeleton(chosen("fassd-net", *settings)), (1, 3, 64, 128))
    plain = count_network(skeleton(chosen("fassd-net", *settings[::2])), (1, 3, 64, 128))
    # three 3x3 of 224 to 256 channels and their separable form, on a map of 2x4
    saved = 3 * (9 * 224 * 256 - (9 * 224 + 224 * 256)) * 2 * 4
    assert plain.macs["conv"] - cost.macs["conv"] == saved


def test_fixed_upsampling_is_a_bilinear_resize_away_from_the_border() -> None:
    x = torch.randn(1, 3, 6, 7, dtype=torch.float64)
    for factor in (2, 8):
        made = fixed_upsample(3, factor).double()(x)
        resized = resize(x, (6 * factor, 7 * factor), align_corners=False)
        assert made.shape == resized.shape
        inner = slice(factor, -factor)
        torch.testing.assert_close(made[..., inner, inner], resized[..., inner, inner])


def test_df1_seg_upsampling_resizes_what_it_ends_with_at_an_eighth() -> None:
    torch.manual_seed(3)
    networks = [DF1Seg(upsampling=u).eval() for u in ("none", "bilinear", "deconvolution")]  # type: ignore[arg-type]
    missing = [n.load_state_dict(networks[0].state_dict(), strict=False) for n in networks]
    assert [m.missing_keys for m in missing] == [[], [], ["deconvolution.weight"]]
    with torch.inference_mode():
        eighth, bilinear, deconvolved = (n(torch.ones(1, 3, 64, 96)) for n in networks)
    assert eighth.shape == (1, 19, 8, 12)
    torch.testing.assert_close(bilinear, resize(eighth, (64, 96), align_corners=False))
    inner = (..., slice(8, -8), slice(8, -8))
    torch.testing.assert_close(deconvolved[inner], bilinear[inner])


def test_a_zoomed_convolution_runs_at_half_the_size() -> None:
    seen: list[tuple[int, ...]] = []
    for stride, size in ((1, (9, 12)), (2, (4, 6))):
        cell = ZoomedConv(4, 6, depth=3, stride=stride).eval()
        for layer in cell.convs:
            layer.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[-2:])))
        assert cell(torch.zeros(1, 4, 9, 12)).shape == (1, 6, *size)
    assert seen == [(4, 6)] * 6


def test_a_zoomed_convolution_ends_in_a_relu_behind_the_way_back() -> None:
    torch.manual_seed(4)
    cell = ZoomedConv(4, 4, depth=1).eval()
    x = torch.randn(1, 4, 8, 8)
    # rectified before the resize it would be larger wherever signs meet
    expected = resize(cell.convs(resize(x, (4, 4))), (8, 8)).relu()
    assert torch.equal(cell(x), expected)


def test_the_branches_of_an_esnet_block_share_one_batch_norm() -> None:
    block = ParallelFactorised(8)
    before = block.norm.num_batches_tracked.item()
    block(torch.randn(2, 8, 20, 20))
    assert block.norm.num_batches_tracked.item() - before == 3
    assert sum(isinstance(m, nn.BatchNorm2d) for m in block.modules()) == 2


def test_an_esnet_block_reaches_its_three_dilations() -> None:
    # without the first pair, an impulse shows at 0 and +-r in both directions
    block = ParallelFactorised(1).eval()
    for layer in block.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    block.enter = nn.Sequential()
    impulse = torch.zeros(1, 1, 21, 21)
    impulse[..., 10, 10] = 1
    rows, cols = (block(impulse) != impulse)[0, 0].nonzero().T
    reached = {(int(r) - 10, int(c) - 10) for r, c in zip(rows, cols, strict=True)}
    assert reached == {(a, b) for r in (2, 5, 9) for a in (-r, 0, r) for b in (-r, 0, r)}


def test_a_lednet_block_interleaves_its_halves() -> None:
    block = SplitShuffle(6, dilation=1, dropout=0.0).eval()
    for half in (block.left, block.right):
        nn.init.zeros_(half[-1].weight)
    x = torch.arange(6.0).reshape(1, 6, 1, 1)
    assert block(x).flatten().tolist() == [0, 3, 1, 4, 2, 5]


def test_eesp_adds_each_dilated_map_to_the_next() -> None:
    torch.manual_seed(5)
    unit = EESP(16, 16, dilations=(1, 2, 3, 4)).eval()
    unit.project, unit.join, unit.expand = nn.Sequential(), nn.Sequential(), nn.Sequential()
    unit.residual, unit.activate = False, None
    x = torch.randn(1, 4, 9, 9)
    maps = [branch(x) for branch in unit.branches]
    expected = torch.cat([sum(maps[: n + 1]) for n in range(4)], 1)  # type: ignore[arg-type]
    torch.testing.assert_close(unit(x), expected)


def test_eesp_adds_its_input_where_the_shape_is_kept() -> None:
    for unit, keeps in (
        (EESP(16, 16, dilations=(1, 1, 2, 3)), True),
        (EESP(32, 16, dilations=(1, 1, 2, 3)), False),
        (EESP(16, 16, dilations=(1, 1, 2, 3), stride=2), False),
    ):
        assert unit.residual == keeps


@pytest.mark.parametrize("scale", [0.5, 1.1, 0.25])
def test_espnetv2_refuses_a_scale_that_its_groups_cannot_share(scale: float) -> None:
    with pytest.raises(BadRequest, match="network espnetv2: 64 times scale must be a multiple"):
        ESPNetV2(scale=scale)
