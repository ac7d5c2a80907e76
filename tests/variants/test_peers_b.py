"""FasterSeg, DF1-Seg, DeepLabV3+, PSPNet, ESPNetv2, ESNet, LEDNet and ContextNet are what their
public code is, and their parts do what they say."""

import pytest
import torch
from peer_reference import assert_equals_reference, at_full_size
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from harness.static import count_network, total
from variants.build import build
from variants.catalog import load_catalog
from variants.components.aspp import ASPP
from variants.components.blocks import resize
from variants.components.eesp import EESP, EESPDown, halve
from variants.components.fixed_upsample import fixed_upsample
from variants.components.xception import Xception65, XceptionBlock
from variants.components.zoom import ZoomedConv
from variants.errors import BadRequest
from variants.networks.df1_seg import DF1Seg
from variants.networks.esnet import ParallelFactorised
from variants.networks.espnetv2 import ESPNetV2, Pyramid
from variants.networks.fasterseg import FasterSeg
from variants.networks.lednet import AttentionPyramid, SplitShuffle
from variants.spec import resolve

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


@pytest.mark.parametrize(("scale", "thousands", "millions"), [(0.5, 99, 54), (1.5, 725, 322)])
def test_espnetv2_has_the_figures_of_its_readme(
    scale: float, thousands: int, millions: int
) -> None:
    # parameters and multiply-adds, at 224x224 with 20 classes
    cost = count_network(ESPNetV2(classes=20, scale=scale).eval(), (1, 3, 224, 224))
    assert round(cost.params / 10**3) == thousands
    assert round(cost.macs["conv"] / 10**6) == millions


def test_espnetv2_drops_out_half_as_much_at_its_smallest_scale() -> None:
    for scale, share in ((0.5, 0.1), (1.0, 0.2)):
        drops = [m for m in ESPNetV2(scale=scale).modules() if isinstance(m, nn.Dropout2d)]
        assert [drop.p for drop in drops] == [share, share]


# What counts do not see


@pytest.mark.parametrize(
    ("name", "reader", "channels", "maker"),
    [
        pytest.param("pspnet", "pyramid.project", (0, 2048), "layers.3", marks=pytest.mark.slow),
        pytest.param("deeplabv3plus", "decoder", (256, 304), "reduce", marks=pytest.mark.slow),
        ("fasterseg", "merge_deep.0.refine", (128, 192), "deep.3"),
        ("fasterseg", "fuse", (0, 64), "merge_deep.1"),
        ("df1-seg-d8", "up16.refine", (0, 32), "lateral.1"),
        ("df1-seg-d8", "up8.refine", (0, 19), "lateral.0"),
        ("espnetv2", "merge", (0, 256), "level3"),
        ("espnetv2", "classify4", (0, 128), "down.0"),
        ("espnetv2", "classify2", (0, 32), "level1"),
    ],
)
def test_concatenates_in_the_order_of_its_public_code(
    name: str, reader: str, channels: tuple[int, int], maker: str
) -> None:
    # another order is the same network to a count, but not to a checkpoint
    network = build(resolve(load_catalog()[name].chosen))
    read: list[Tensor] = []
    made: list[Tensor] = []
    network.get_submodule(reader).register_forward_pre_hook(lambda _, x: read.append(x[0]))
    network.get_submodule(maker).register_forward_hook(lambda _, __, x: made.append(x.clone()))
    with torch.inference_mode():
        network(torch.randn(1, 3, 64, 64))
    assert torch.equal(read[0][:, slice(*channels)], made[0])


def test_fasterseg_merges_its_branches_with_the_last_cell_of_each_size() -> None:
    network = FasterSeg().eval()
    read: dict[str, Tensor] = {}
    made: dict[str, Tensor] = {}
    for path, module in network.named_modules():
        if path in ("merge_deep.0", "merge_deep.1", "merge_shallow"):
            module.register_forward_pre_hook(lambda _, x, p=path: read.update({p: x[1]}))
        if path in ("deep.3", "shallow.1", "shared.2"):
            module.register_forward_hook(lambda _, __, x, p=path: made.update({p: x}))
    network(torch.zeros(1, 3, 64, 64))
    assert read["merge_deep.0"] is made["deep.3"]
    assert read["merge_deep.1"] is made["shared.2"]
    assert read["merge_shallow"] is made["shallow.1"]


def test_an_xception_block_passes_its_input_on_before_any_relu() -> None:
    torch.manual_seed(6)
    block = XceptionBlock(4, (4, 4, 4), shortcut="sum").eval()
    x = torch.randn(1, 4, 9, 9)
    before = x.clone()
    inner, out = block(x)
    assert torch.equal(x, before)
    assert inner.min() < 0  # what the decoder takes ends in a BatchNorm
    torch.testing.assert_close(out, x + block.last(inner))


def test_deeplabv3plus_takes_its_low_level_inside_the_second_block() -> None:
    network = Xception65().eval()
    made: list[Tensor] = []
    network.entry[1].head.register_forward_hook(lambda _, __, out: made.append(out))
    low, deep = network(torch.zeros(1, 3, 33, 65))
    assert low is made[0]
    assert (low.shape, deep.shape) == ((1, 256, 9, 17), (1, 2048, 3, 5))


def test_df1_seg_pools_over_what_a_window_covers_where_the_map_is_smaller() -> None:
    pools = [branch[0] for branch in DF1Seg().pyramid.branches]
    x = torch.arange(12.0).reshape(1, 1, 2, 6)
    # windows of 32, 16 and 8 cover it all; one of 4 covers columns 0 to 3, and 4 and 5
    assert [pool(x).flatten().tolist() for pool in pools] == [[5.5]] * 3 + [[4.5, 7.5]]


def test_lednet_attention_multiplies_the_scores_and_the_image_average_is_added() -> None:
    torch.manual_seed(7)
    pyramid = AttentionPyramid(8, 5).eval()
    x = torch.randn(1, 8, 16, 24)
    image = pyramid.image(x).expand(1, 5, 16, 24)
    for side in pyramid.side:
        nn.init.zeros_(side[1].weight)
    torch.testing.assert_close(pyramid(x), image)
    for side in pyramid.side:
        nn.init.ones_(side[1].bias)
    # three levels of one are added on the way up
    torch.testing.assert_close(pyramid(x), 3 * pyramid.middle(x) + image)


def test_espnetv2_adds_the_image_to_what_a_level_makes() -> None:
    torch.manual_seed(8)
    level = EESPDown(16, 48, dilations=(1, 2, 3, 4), halvings=2).eval()
    level.activate = nn.Identity()
    x, image = torch.randn(1, 16, 16, 24), torch.randn(1, 3, 32, 48)
    made = level(x, image) - torch.cat([level.pool(x), level.unit(x)], 1)
    quarter = avg_pool2d(avg_pool2d(image, 3, 2, 1), 3, 2, 1)
    torch.testing.assert_close(made, level.reinforce(quarter))


# What the parts of these networks do


def test_aspp_branches_are_depthwise_and_pointwise_where_asked() -> None:
    # image pooling and 1x1: 224*8 each; two branches: 9*224 and 224*8 each; 1x1 back: 4*8*224;
    # BatchNorm 2 a channel: 8 in four places, 224 behind either depthwise and behind the last
    aspp = ASPP(224, rates=(1, 2), width=8, separable=True)
    expected = 2 * 224 * 8 + 2 * (9 * 224 + 224 * 8) + 4 * 8 * 224 + 2 * (4 * 8 + 3 * 224)
    assert sum(p.numel() for p in aspp.parameters()) == expected


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
    plain, separable = (
        total(*at_full_size("fassd-net", "64x128", *some)) for some in (settings[::2], settings)
    )
    # three 3x3 of 224 to 256 channels and their separable form, on a map of 2x4
    saved = 3 * (9 * 224 * 256 - (9 * 224 + 224 * 256)) * 2 * 4
    assert plain.macs["conv"] - separable.macs["conv"] == saved


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
        nn.init.zeros_(unit.expand[1].weight)
        unit.activate = nn.Identity()
        x = torch.ones(1, unit.project[0].in_channels, 5, 5)
        assert bool(unit.eval()(x).all()) == keeps


@pytest.mark.parametrize("scale", [0.25, 0.75, 1.1])
def test_espnetv2_refuses_a_scale_that_its_groups_cannot_share(scale: float) -> None:
    with pytest.raises(BadRequest, match=r"network espnetv2: scale must be 0\.5, or a multiple of"):
        ESPNetV2(scale=scale)


def test_espnetv2_trains_the_scores_at_an_eighth_as_they_are_before_the_activation() -> None:
    torch.manual_seed(9)
    network = ESPNetV2(heads="train", scale=0.5).train()
    made: list[Tensor] = []
    network.classify8.register_forward_hook(lambda _, __, out: made.append(out))
    _, scores = network(torch.randn(2, 3, 64, 64))
    assert scores is made[0]


def test_espnetv2_pools_with_the_padding_counted() -> None:
    # a window of nine at the corner has four pixels
    level = EESPDown(16, 48, dilations=(1, 2, 3, 4), halvings=1)
    for pool in (level.pool, halve):
        assert pool(torch.ones(1, 1, 8, 8))[0, 0, 0, 0].item() == pytest.approx(4 / 9)


def test_espnetv2_pyramid_puts_the_map_first_and_each_level_on_the_halving_before() -> None:
    torch.manual_seed(10)
    pyramid = Pyramid(2).eval()
    read: list[Tensor] = []
    pyramid.project.register_forward_pre_hook(lambda _, given: read.append(given[0]))
    x = torch.randn(1, 2, 16, 24)
    pyramid(x)
    expected, halved = [x], x
    for level in pyramid.levels:
        halved = avg_pool2d(halved, 3, 2, 1)
        expected.append(resize(level(halved), (16, 24)))
    torch.testing.assert_close(read[0], torch.cat(expected, 1))


def test_aspp_puts_the_whole_image_first_and_its_rates_last() -> None:
    torch.manual_seed(11)
    aspp = ASPP(4, rates=(1, 2), width=3, separable=True).eval()
    read: list[Tensor] = []
    aspp.project.register_forward_pre_hook(lambda _, given: read.append(given[0]))
    x = torch.randn(1, 4, 5, 6)
    aspp(x)
    image = aspp.image_pooling(x).expand(1, 3, 5, 6)
    expected = [image, aspp.pointwise(x), *(branch(x) for branch in aspp.dilated)]
    torch.testing.assert_close(read[0], torch.cat(expected, 1))


def test_fasterseg_scores_the_deep_branch_before_the_shallow_one_at_a_sixteenth() -> None:
    torch.manual_seed(12)
    network = FasterSeg(heads="train").train()
    seen: dict[str, Tensor] = {}
    for path in ("deep.3", "deep.6", "shallow.5"):
        network.get_submodule(path).register_forward_hook(
            lambda _, __, out, path=path: seen.update({path: out})
        )
    for path in ("auxiliary.0", "auxiliary.1"):
        network.get_submodule(path).register_forward_pre_hook(
            lambda _, given, path=path: seen.update({path: given[0]})
        )
    with torch.no_grad():
        network(torch.randn(2, 3, 64, 128))
    assert seen["auxiliary.0"] is seen["deep.6"]
    torch.testing.assert_close(
        seen["auxiliary.1"], torch.cat([seen["deep.3"], seen["shallow.5"]], 1)
    )
