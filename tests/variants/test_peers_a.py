"""Fast-SCNN, SwiftNetRN-18, ERFNet, DABNet, BiSeNet and ICNet are what their public code is.

Counts cannot tell the order of a concatenation or where a ReLU stands; that is tested here too.
"""

import pytest
import torch
from peer_reference import assert_equals_reference, at_full_size
from torch import Tensor, nn

from harness.static import total
from variants.build import build, skeleton
from variants.catalog import load_catalog, override
from variants.components import blocks
from variants.components.factorised import ConvBesidePool, FactorisedResidual, Upsampler
from variants.components.feature_fusion import FeatureFusion
from variants.components.residual import BasicBlock, Bottleneck
from variants.components.separable import InvertedResidual, SeparableConv
from variants.networks.dabnet import DABModule
from variants.networks.icnet import CascadeFeatureFusion, PyramidSum
from variants.spec import resolve


def network_of(name: str, *settings: str) -> nn.Module:
    return skeleton(resolve(override(load_catalog()[name], settings).chosen))


# -- parameters, MACs and every convolution


def test_fast_scnn_is_the_reimplementation() -> None:
    # the reference saw no pyramid pools: four of a 128x32x64 map
    assert_equals_reference("fast-scnn", "1024x2048", unseen={"pool": 4 * 128 * 32 * 64})


@pytest.mark.parametrize(("size", "rows", "cols"), [("512x1024", 16, 32), ("1024x2048", 32, 64)])
def test_swiftnet_is_the_official_network(size: str, rows: int, cols: int) -> None:
    # the reference saw no pyramid pools: three of a 128-channel map at 1/32
    assert_equals_reference("swiftnet-rn18", size, unseen={"pool": 3 * 128 * rows * cols})


def test_erfnet_is_the_official_network() -> None:
    # the reference saw no ReLU: one a down- or upsampler, four a residual block
    half, quarter, eighth = 16 * 256 * 512, 64 * 128 * 256, 128 * 64 * 128
    down = half + quarter + 5 * 4 * quarter + eighth + 8 * 4 * eighth
    up = quarter + 2 * 4 * quarter + half + 2 * 4 * half
    assert_equals_reference("erfnet", "512x1024", unseen={"act": down + up})


def test_dabnet_is_the_official_network() -> None:
    assert_equals_reference("dabnet", "1024x2048")


def test_bisenet_is_the_official_network() -> None:
    assert_equals_reference("bisenet-rn18", "768x1536", "network.upsampling=none")


def test_bisenet_with_its_upsampling_differs_by_that_alone() -> None:
    # fvcore: 4 an element of the resize
    assert_equals_reference(
        "bisenet-rn18",
        "768x1536",
        fvcore_unseen=4 * 19 * 768 * 1536,
        output=(1, 19, 768, 1536),
    )


def test_icnet_is_the_official_network() -> None:
    assert_equals_reference("icnet", "1024x2048")


def test_icnet_has_the_counts_of_its_caffe_form_at_the_size_that_that_is_written_for() -> None:
    network, ledger = at_full_size("icnet", "1025x2049")
    macs = total(network, ledger).macs
    # published for the prototxt at 1025x2049, in thousands of millions
    assert round(macs["conv"] / 1e9, 3) == 29.812
    assert round(macs["paper"] / 1e9, 3) == 30.133


@pytest.mark.parametrize(
    ("name", "size", "gigamacs", "millions"),
    [
        ("swiftnet-rn18", "512x1024", 26.0, 11.8),
        ("dabnet", "1024x2048", 41.8, 0.76),
    ],
)
def test_has_the_cells_of_table_iv(name: str, size: str, gigamacs: float, millions: float) -> None:
    network, ledger = at_full_size(name, size)
    cost = total(network, ledger)
    assert round(cost.macs["paper"] / 1e9, 1) == gigamacs
    assert round(cost.params / 1e6, 2 if millions < 1 else 1) == millions


# -- what counts cannot tell


def offsets(module: nn.Module, channels: int, size: int = 41) -> set[tuple[int, int]]:
    """Return where an impulse at the centre shows in the output, all weights being one."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    impulse = torch.zeros(1, channels, size, size)
    impulse[..., size // 2, size // 2] = 1
    with torch.inference_mode():
        rows, cols = module.eval()(impulse)[0].abs().sum(0).nonzero().T
    return {(int(r) - size // 2, int(c) - size // 2) for r, c in zip(rows, cols, strict=True)}


def spread(*steps: tuple[int, ...]) -> set[tuple[int, int]]:
    """Return the offsets that squares of these steps reach one behind the other."""
    reached = {(0, 0)}
    for square in steps:
        reached = {(a + r, b + c) for a, b in reached for r in square for c in square}
    return reached


@pytest.mark.parametrize(("kernel", "dilation"), [(3, 1), (3, 4), (5, 2)])
def test_a_factorised_block_dilates_its_second_pair(kernel: int, dilation: int) -> None:
    plain = tuple(range(-(kernel // 2), kernel // 2 + 1))
    block = FactorisedResidual(2, kernel=kernel, dilation=dilation)
    assert offsets(block, 2) == spread(plain, tuple(dilation * n for n in plain))


def test_dab_modules_dilate_one_of_two_branches() -> None:
    one = (-1, 0, 1)
    assert offsets(DABModule(4, dilation=6), 4) == spread(one, one) | spread(one, (-6, 0, 6))


@pytest.mark.parametrize(
    ("name", "dilations"),
    [
        ("erfnet", [2, 4, 8, 16, 2, 4, 8, 16]),
        ("dabnet", [2, 2, 2, 4, 4, 8, 8, 16, 16]),
        # six bottlenecks, three more, two fusions
        ("icnet", [2] * 6 + [4] * 3 + [2] * 2),
    ],
)
def test_dilations_are_in_the_published_order(name: str, dilations: list[int]) -> None:
    rates = [
        max(m.dilation)
        for m in network_of(name).modules()
        if isinstance(m, nn.Conv2d) and max(m.dilation) > 1 and m.kernel_size != (1, 3)
    ]
    assert rates == dilations


def test_dabnet_pools_the_image_with_its_padding_counted() -> None:
    images = build(resolve(load_catalog()["dabnet"].chosen)).images
    ones = torch.ones(1, 1, 16, 16)
    # a window of nine at the corner has four pixels; then (4/9 + 2 * 6/9 + 1) / 9
    assert images[0](ones)[0, 0, 0, 0].item() == pytest.approx(4 / 9)
    assert images[1](ones)[0, 0, 0, 0].item() == pytest.approx((4 / 9 + 2 * 6 / 9 + 1) / 9)
    assert [tuple(chain(ones).shape[-2:]) for chain in images] == [(8, 8), (4, 4), (2, 2)]


def seen_by(network: nn.Module, image: Tensor, *paths: str) -> dict[str, tuple[Tensor, Tensor]]:
    """Return what the modules at `paths` were given and what they gave, of one image."""
    seen: dict[str, tuple[Tensor, Tensor]] = {}
    for path in paths:
        network.get_submodule(path).register_forward_hook(
            lambda _, given, out, path=path: seen.update({path: (given[0].clone(), out.clone())})
        )
    with torch.no_grad():
        network(image)
    return seen


def test_dabnet_puts_a_block_before_what_it_was_given_and_the_image_last() -> None:
    network = build(resolve(load_catalog()["dabnet"].chosen))
    paths = [f"{kind}.{n}" for kind in ("injections", "images") for n in range(3)]
    paths += [f"{kind}.{n}" for kind in ("downs", "blocks") for n in range(2)]
    seen = seen_by(network, torch.randn(1, 3, 32, 64), *paths)
    for n in (0, 1):
        expected = (seen[f"blocks.{n}"][1], seen[f"downs.{n}"][1], seen[f"images.{n + 1}"][1])
        assert torch.equal(seen[f"injections.{n + 1}"][0], torch.cat(expected, 1))


def test_dab_modules_end_in_their_input_plus_a_linear_map() -> None:
    module = DABModule(4, dilation=2).eval()
    nn.init.zeros_(module.expand[1].weight)
    x = torch.randn(1, 4, 6, 6)
    assert torch.equal(module(x), x)


def test_a_factorised_block_rectifies_its_input_plus_what_it_makes() -> None:
    block = FactorisedResidual(2, dropout=0.3).eval()
    nn.init.zeros_(block.layers[-2].weight)  # BatchNorm, in front of the dropout
    x = torch.randn(1, 2, 6, 6)
    assert torch.equal(block(x), x.relu())


def test_bisenet_fuses_the_spatial_path_first() -> None:
    network = build(resolve(load_catalog()["bisenet-rn18"].chosen))
    seen = seen_by(network, torch.randn(1, 3, 64, 96), "spatial", "refine.1", "fusion")
    expected = torch.cat([seen["spatial"][1], seen["refine.1"][1]], 1)
    assert torch.equal(seen["fusion"][0], expected)


def test_bisenet_adds_what_the_whole_image_says_to_the_deepest_map() -> None:
    network = build(resolve(load_catalog()["bisenet-rn18"].chosen))
    paths = ("whole", "attention.0", "refine.0", "attention.1", "refine.1")
    seen = seen_by(network, torch.randn(1, 3, 64, 96), *paths)
    # each sum is brought to the size of the next map before its 3x3
    for n, above in enumerate((seen["whole"][1], seen["refine.0"][1])):
        summed = seen[f"attention.{n}"][1] + above
        given = seen[f"refine.{n}"][0]
        torch.testing.assert_close(given, blocks.resize(summed, given.shape[-2:]))


def test_icnet_heads_score_the_coarse_side_of_each_fusion() -> None:
    spec = resolve(override(load_catalog()["icnet"], ["network.heads=train"]).chosen)
    network = build(spec).train()
    paths = ("cff42.coarse", "cff21.coarse", "auxiliary.0", "auxiliary.1")
    seen = seen_by(network, torch.randn(2, 3, 64, 96), *paths)
    assert torch.equal(seen["auxiliary.0"][0], seen["cff42.coarse"][0])
    assert torch.equal(seen["auxiliary.1"][0], seen["cff21.coarse"][0])


def test_bisenet_ends_in_a_log_softmax_at_inference() -> None:
    network = build(resolve(load_catalog()["bisenet-rn18"].chosen))
    image = torch.randn(2, 3, 32, 64)
    with torch.no_grad():
        assert network(image).exp().sum(1) == pytest.approx(torch.ones(2, 32, 64), rel=1e-5)
        assert (network.train()(image).exp().sum(1) - 1).abs().max() > 0.1


def test_icnet_pyramid_adds_the_averages_of_caffes_overlapping_windows() -> None:
    x = torch.randn(1, 2, 33, 65)
    windows = [x, x[..., :17, :33], x[..., :13, :25], x[..., :8, :15]]
    # corners stay in place, so the first pixel has the first cell of each grid
    corner = x[..., 0, 0] + sum(window.mean((2, 3)) for window in windows)
    torch.testing.assert_close(PyramidSum()(x)[..., 0, 0], corner)


def test_icnet_pyramid_is_adaptive_at_other_sizes() -> None:
    x = torch.randn(1, 2, 12, 24)
    windows = [x, x[..., :6, :12], x[..., :4, :8], x[..., :2, :4]]
    corner = x[..., 0, 0] + sum(window.mean((2, 3)) for window in windows)
    torch.testing.assert_close(PyramidSum()(x)[..., 0, 0], corner)


# -- shared blocks


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_a_downsampler_puts_the_convolution_before_the_pool() -> None:
    block = ConvBesidePool(2, 5, bias=True)
    nn.init.zeros_(block.conv.weight)
    nn.init.constant_(block.conv.bias, 7)
    x = torch.arange(8.0).reshape(1, 2, 2, 2)
    assert block(x).flatten().tolist() == [7, 7, 7, 3, 7]
    assert parameters(ConvBesidePool(2, 5, bias=False)) == 9 * 2 * 3


def test_an_upsampler_doubles_the_size_and_has_a_bias() -> None:
    block = Upsampler(6, 4)
    assert block.eval()(torch.zeros(1, 6, 5, 7)).shape == (1, 4, 10, 14)
    assert parameters(block) == 9 * 6 * 4 + 4 + 2 * 4


def test_a_separable_convolution_rectifies_between_its_parts() -> None:
    block = SeparableConv(1, 1).eval()
    nn.init.constant_(block[0][0].weight, -1.0)
    nn.init.constant_(block[1][0].weight, -1.0)
    # without the ReLU between, two signs would cancel
    assert block(torch.ones(1, 1, 3, 3)).abs().max() == 0


@pytest.mark.parametrize(
    ("out_channels", "stride", "kept"), [(4, 1, True), (4, 2, False), (6, 1, False)]
)
def test_an_inverted_residual_adds_its_input_where_the_shape_stays(
    out_channels: int, stride: int, kept: bool
) -> None:
    block = InvertedResidual(4, out_channels, expansion=3, stride=stride).eval()
    nn.init.zeros_(block.layers[2][0].weight)
    x = -torch.ones(1, 4, 2, 2)  # linear at the end: what is negative stays
    assert block(x).flatten().tolist() == (x if kept else 0 * block(x)).flatten().tolist()
    # to three times the width, depthwise, and to the output
    width = 3 * 4
    expected = 4 * width + 9 * width + width * out_channels + 2 * (2 * width + out_channels)
    assert parameters(block) == expected


def test_a_bottleneck_has_its_stride_where_it_is_told() -> None:
    for at, strides in (("1x1", [2, 1]), ("3x3", [1, 2])):
        block = Bottleneck(8, 2, 8, stride=2, dilation=3, stride_at=at)  # type: ignore[arg-type]
        assert [block.layers[n][0].stride[0] for n in (0, 1)] == strides
        assert block.layers[1][0].dilation == (3, 3)
        assert block(torch.zeros(2, 8, 5, 9)).shape == (2, 8, 3, 5)


def test_the_order_of_a_shortcut_changes_nothing_else() -> None:
    order: list[str] = []
    outputs = []
    for first in (True, False):
        torch.manual_seed(0)
        block = BasicBlock(2, 4, stride=2, shortcut_first=first).eval()
        block.shortcut.register_forward_hook(lambda *_: order.append("shortcut"))
        block.layers.register_forward_hook(lambda *_: order.append("layers"))
        outputs.append(block(torch.ones(1, 2, 6, 6)))
    assert order == ["shortcut", "layers", "layers", "shortcut"]
    assert torch.equal(*outputs)


def test_fusions_rectify_the_sum_alone() -> None:
    for fusion in (FeatureFusion(1, 1, 1).eval(), CascadeFeatureFusion(1, 1, 1).eval()):
        for part, bias in (
            (fusion.deep[1] if hasattr(fusion, "deep") else fusion.coarse, -3.0),
            (fusion.fine, 5.0),
        ):
            nn.init.zeros_(part[1].weight)
            nn.init.constant_(part[1].bias, bias)
        maps = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
        # a ReLU on either side would make 5 of it, none at all -2 of its opposite
        assert fusion(*maps).unique().tolist() == [2]
        nn.init.constant_(fusion.fine[1].bias, 1)
        assert fusion(*maps).unique().tolist() == [0]


def test_fusions_add_the_deep_map_and_the_fine_one() -> None:
    # Fast-SCNN: depthwise 3x3 and 1x1 with bias, 1x1 with bias; BatchNorm behind each
    fusion = FeatureFusion(4, 2, 6)
    assert parameters(fusion) == (9 * 4 + 8) + (4 * 6 + 6 + 12) + (2 * 6 + 6 + 12)
    assert fusion(torch.zeros(2, 4, 3, 5), torch.zeros(2, 2, 12, 20)).shape == (2, 6, 12, 20)
    # ICNet: 3x3 and 1x1
    cascade = CascadeFeatureFusion(4, 2, 6)
    assert parameters(cascade) == (9 * 4 * 6 + 12) + (2 * 6 + 12)
