"""Every option of every built-in component does something, and exactly what it says.

The table CHANGES holds one other value for each option; a component whose option is missing there
fails, and so does one that builds the same network whatever the option says.
"""

import pytest
import torch
from torch import nn

from harness.ledger import record
from variants.build import skeleton
from variants.catalog import load_catalog, override
from variants.components.aspp import ASPP
from variants.components.blocks import conv
from variants.components.dapf import DAPF
from variants.components.decoder import ConvDecoder, HarDBlockDecoder
from variants.components.hardnet import HarDBlock, HarDNet, Level, layer_width, links
from variants.components.head import ConvHead
from variants.components.mda import MDA, MDAFusion
from variants.components.stem import ConvStem
from variants.errors import BadRequest
from variants.networks.encoder_decoder import EncoderDecoder
from variants.registry import components, options
from variants.spec import resolve

# slot.name -> the row that has it (in brackets what it takes), and another value for each option
CHANGES: dict[str, tuple[str, dict[str, str]]] = {
    "network.encoder-decoder": ("fassd-net", {"in_channels": "1"}),
    "network.bisenet-rn18": (
        "bisenet-rn18",
        {"classes": "11", "heads": "train", "upsampling": "none"},
    ),
    "network.contextnet": ("contextnet", {"classes": "11", "heads": "train"}),
    "network.dabnet": ("dabnet", {"classes": "11"}),
    "network.deeplabv3plus": ("deeplabv3plus", {"classes": "11"}),
    "network.df1-seg-d8": ("df1-seg-d8", {"classes": "11", "upsampling": "none"}),
    "network.erfnet": ("erfnet", {"classes": "11", "heads": "train"}),
    "network.esnet": ("esnet", {"classes": "11", "heads": "train"}),
    "network.espnetv2": ("espnetv2", {"classes": "11", "heads": "train", "scale": "1.5"}),
    "network.fast-scnn": ("fast-scnn", {"classes": "11", "heads": "train"}),
    "network.fasterseg": ("fasterseg", {"classes": "11", "heads": "train"}),
    "network.icnet": ("icnet", {"classes": "11", "heads": "train"}),
    "network.lednet": ("lednet", {"classes": "11", "heads": "train"}),
    "network.pspnet": ("pspnet", {"classes": "11", "heads": "train"}),
    "stem.conv": ("fassd-net", {"strides": "[2,2,2,1]", "channels": "[16,24,32,40]"}),
    "stem.resnet": ("swiftnet-rn18", {"channels": "48"}),
    "encoder.hardnet": (
        "fassd-net",
        {
            "widths": "[64,96,160,256]",
            "growth": "[10,16,18,26]",
            "layers": "[4,4,8,4]",
            "multiplier": "1.5",
        },
    ),
    "encoder.resnet18": (
        "swiftnet-rn18",
        {"widths": "[64,128,256,384]", "blocks": "[2,2,2,1]"},
    ),
    "context.none": ("baseline", {}),
    "context.aspp": ("baseline-aspp", {"rates": "[12,24,30]", "width": "128", "separable": "true"}),
    "context.dapf": ("fassd-net", {"alpha": "4", "rates": "[12,24,30]"}),
    "context.ppm": (
        "baseline[context.name=ppm]",
        {"bins": "[1,2,3,5]", "width": "32", "kernel": "1"},
    ),
    "context.spp": ("swiftnet-rn18", {"grids": "[8,4,1]", "width": "96", "level": "32"}),
    "context.arm": ("baseline[context.name=arm]", {"width": "64"}),
    "fusion.none": ("baseline", {}),
    "fusion.mda": ("fassd-net", {"dilations": "[1,1,1]", "merge": "concat"}),
    "fusion.ffm": ("swiftnet-rn18[fusion.name=ffm]", {"reduction": "4"}),
    "decoder.hardblock": ("fassd-net", {"multiplier": "1.5"}),
    "decoder.conv": ("fassd-net-l2", {"channels": "32"}),
    "decoder.lateral": ("fassd-net[decoder.name=lateral]", {"channels": "64"}),
    "head.conv": ("fassd-net", {"classes": "11"}),
    "head.preactivated": ("swiftnet-rn18", {"classes": "11"}),
}


def fingerprint(name: str, *settings: str) -> list[tuple[object, ...]]:
    """Return every convolution with what decides its arithmetic, every operator's shapes and every
    parameter, of a network that runs."""
    row, _, set_first = name.rstrip("]").partition("[")
    settings = (*([set_first] if set_first else ()), *settings)
    spec = resolve(override(load_catalog()[row], settings).chosen)
    network = skeleton(spec)
    ledger = record(network, (1, spec.slots["network"].get("in_channels", 3), 64, 128))
    convolutions = [
        (path, m.in_channels, m.out_channels, m.kernel_size, m.stride, m.padding, m.dilation)
        for path, m in network.named_modules()
        if isinstance(m, nn.Conv2d)
    ]
    parameters = [(path, p.shape) for path, p in network.named_parameters()]
    operators = [(row.op, row.input, row.output) for row in ledger.rows]
    return [*convolutions, *operators, *parameters]


@pytest.mark.parametrize("key", [f"{slot}.{name}" for slot, name in components()])
def test_every_option_changes_the_network(key: str) -> None:
    slot, name = key.split(".")
    row, changes = CHANGES[key]
    assert list(changes) == list(options(components()[slot, name]))
    for option, value in changes.items():
        assert fingerprint(row, f"{slot}.{option}={value}") != fingerprint(row), option


def reach(module: nn.Module, channels: int, size: int = 81) -> set[tuple[int, int]]:
    """Return the offsets at which an impulse at the centre shows in the output.

    Weights are set to one, so that nothing cancels; BatchNorm in eval mode keeps zeros zero.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
    impulse = torch.zeros(1, channels, size, size)
    impulse[:, :, size // 2, size // 2] = 1
    with torch.inference_mode():
        rows, cols = module.eval()(impulse)[0].abs().sum(0).nonzero().T
    centre = size // 2
    return {(int(r) - centre, int(c) - centre) for r, c in zip(rows, cols, strict=True)}


def square(*steps: int) -> set[tuple[int, int]]:
    """Return all offsets whose row and column are among `steps`."""
    return {(row, col) for row in steps for col in steps}


@pytest.mark.parametrize("rates", [(12, 24, 36), (3,), (1, 5)])
def test_dapf_reaches_exactly_its_rates(rates: tuple[int, ...]) -> None:
    # a 3x1 then a 1x3 of dilation r: a 3x3 grid with step r; the 1x1 branch: the centre
    expected = set().union(*(square(-r, 0, r) for r in rates))
    assert reach(DAPF(4, alpha=2, rates=rates), 4) == expected


@pytest.mark.parametrize("rates", [(12, 24, 36), (2, 7)])
def test_aspp_branches_reach_exactly_their_rates(rates: tuple[int, ...]) -> None:
    module = ASPP(4, rates=rates, width=2)
    for rate, branch in zip(rates, module.dilated, strict=True):
        assert reach(branch, 4) == square(-rate, 0, rate)


def test_aspp_sees_the_whole_image() -> None:
    # the pooling branch spreads the impulse everywhere
    assert len(reach(ASPP(4, rates=(1,), width=2), 4, size=9)) == 81


@pytest.mark.parametrize("dilation", [1, 2, 8])
def test_mda_reaches_exactly_its_dilation(dilation: int) -> None:
    # 3x3, then 3x3 beside a dilated 3x1 and 1x3: what one 3x3 reaches, moved by what the next does
    one = square(-1, 0, 1)
    plain = {(a + c, b + d) for a, b in one for c, d in one}
    grid = square(-dilation, 0, dilation)
    dilated = {(a + c, b + d) for a, b in one for c, d in grid}
    assert reach(MDA(4, dilation=dilation, merge="add"), 4, size=31) == plain | dilated


def test_mda_dilations_go_from_the_deepest_level_to_the_finest() -> None:
    network = skeleton(resolve(load_catalog()["fassd-net"].chosen))
    # channels after joining: (224+160)//2 at 1/16, (160+78)//2 at 1/8, (78+48)//2 at 1/4
    assert [level.expand.out_channels for level in network.fusion] == [192, 119, 63]
    assert [level.context[0].dilation for level in network.fusion] == [(8, 1), (4, 1), (2, 1)]
    assert [level.context[2].dilation for level in network.fusion] == [(1, 8), (1, 4), (1, 2)]


def test_mda_merges_by_addition_or_concatenation() -> None:
    # C=8: behind the merge, BatchNorm and PReLU have 3 a channel and the 1x1 has 8 a channel;
    # concatenation brings 8 channels there instead of 4: 4 x (3 + 8) parameters more
    added = sum(p.numel() for p in MDA(8, dilation=2, merge="add").parameters())
    concatenated = sum(p.numel() for p in MDA(8, dilation=2, merge="concat").parameters())
    assert concatenated - added == 44


def test_mda_keeps_its_input_through_the_residual() -> None:
    module = MDA(4, dilation=2, merge="add").eval()
    nn.init.zeros_(module.expand.weight)
    x = torch.randn(1, 4, 8, 8)
    assert torch.equal(module(x), x)


def test_dapf_width_is_channels_over_alpha() -> None:
    # alpha 4 at 224: branches of 56. 1x1: 224*56; per rate: 3*224*56 + 3*56*56; 1x1 back: 4*56*224;
    # BatchNorm 2 a channel: (1 + 3*2) * 56 + 224
    expected = 224 * 56 + 3 * (3 * 224 * 56 + 3 * 56 * 56) + 4 * 56 * 224 + 2 * (7 * 56 + 224)
    assert sum(p.numel() for p in DAPF(224, alpha=4).parameters()) == expected


def test_aspp_width_is_that_of_every_branch() -> None:
    # 1x1 and pooling: 224*8 each; two 3x3: 9*224*8; 1x1 back: 4*8*224; BatchNorm 2 a channel
    expected = 2 * 224 * 8 + 2 * 9 * 224 * 8 + 4 * 8 * 224 + 2 * (4 * 8 + 224)
    assert sum(p.numel() for p in ASPP(224, rates=(1, 2), width=8).parameters()) == expected


def test_stem_strides_and_channels_are_those_of_each_convolution() -> None:
    stem = ConvStem(3, strides=(3, 1, 2), channels=(4, 5, 6)).eval()
    # 32 -> 11 -> 11 -> 6, 64 -> 22 -> 22 -> 11: rounded up at each convolution
    assert stem(torch.zeros(1, 3, 32, 64)).shape == (1, 6, 6, 11)
    assert [m[0].stride for m in stem] == [(3, 3), (1, 1), (2, 2)]
    assert [m[0].out_channels for m in stem] == [4, 5, 6]


def test_a_layer_reads_the_layers_that_powers_of_two_lead_to() -> None:
    assert links(1) == [0]
    assert links(4) == [3, 2, 0]
    assert links(6) == [5, 4]
    assert links(8) == [7, 6, 4, 0]


def test_widths_are_those_of_the_released_checkpoint() -> None:
    # growth 24, eight layers: the second block of the decoder of FC-HarDNet-70
    assert [layer_width(n, 24, 1.7) for n in range(1, 9)] == [24, 40, 24, 70, 24, 40, 24, 118]


def test_hardblock_multiplier_growth_and_layers_set_the_widths() -> None:
    # growth 10, multiplier 2, 4 layers: widths 10, 20, 10, 40 (two, one and three links)
    block = HarDBlock(3, growth=10, layers=4, multiplier=2)
    assert [layer[0].out_channels for layer in block.layers] == [10, 20, 10, 40]
    assert block.out_channels == 10 + 10 + 40  # odd layers and the last


def test_decoder_halves_the_joined_channels_rounded_down() -> None:
    decoder = HarDBlockDecoder(224, [Level(78, 16, 4), Level(160, 18, 8)], multiplier=1.7)
    # (224+160)//2 = 192; the block gives 160; (160+78)//2 = 119
    assert decoder.joined_channels == [192, 119]


def test_conv_decoder_has_its_channels_at_every_level() -> None:
    decoder = ConvDecoder(224, [Level(78), Level(160)], channels=32)
    assert [block[0].out_channels for block in decoder.blocks] == [32, 32]
    assert decoder.out_channels == 32


def test_a_hardblock_decoder_is_fassd_nets_behind_an_encoder_without_hardblocks() -> None:
    decoder = HarDBlockDecoder(512, [Level(64), Level(128), Level(256)])
    # growth 18, 16 and 10, of eight, four and four layers, deepest first: the widths of each layer
    assert [[layer[0].out_channels for layer in block.layers] for block in decoder.blocks] == [
        [layer_width(n, growth, 1.7) for n in range(1, layers + 1)]
        for growth, layers in ((18, 8), (16, 4), (10, 4))
    ]
    # (512 + 256) // 2; FASSD-Net's blocks of such growth give 160, 78 and 48
    assert decoder.joined_channels == [384, (160 + 128) // 2, (78 + 64) // 2]
    assert decoder.out_channels == 48


def test_a_hardblock_decoder_needs_hardblocks_or_three_levels() -> None:
    with pytest.raises(BadRequest, match="decoder hardblock: an encoder without HarDBlocks must"):
        HarDBlockDecoder(224, [Level(78)])


def test_hardnet_says_what_it_needs_where_its_map_is_too_small_to_be_halved() -> None:
    encoder = HarDNet(48).eval()
    skips, x = encoder(torch.zeros(1, 48, 8, 9))
    assert ([skip.shape[-1] for skip in skips], x.shape[-2:]) == ([9, 4, 2], (1, 1))
    with pytest.raises(BadRequest) as refusal:
        encoder(torch.zeros(1, 48, 9, 7))
    assert str(refusal.value) == (
        "encoder hardnet: height and width behind the stem must be at least 8, to be halved 3 "
        "times, got 9x7"
    )


def test_head_scores_classes_at_the_size_of_the_image() -> None:
    head = ConvHead(4, classes=7).eval()
    assert head(torch.zeros(1, 4, 5, 9), (33, 67)).shape == (1, 7, 33, 67)


def test_head_upsampling_aligns_corners() -> None:
    head = ConvHead(1, classes=1)
    nn.init.ones_(head.classify.weight)
    nn.init.zeros_(head.classify.bias)
    ramp = torch.arange(4.0).reshape(1, 1, 1, 4).expand(1, 1, 2, 4)
    # 4 columns to 7 with corners aligned: a step of (4-1)/(7-1) = 0.5
    assert head(ramp, (2, 7))[0, 0, 0].tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3]


def test_dilation_acts_only_along_the_kernel() -> None:
    layer = conv(1, 1, (3, 1), dilation=(8, 1))
    assert (layer.dilation, layer.padding) == ((8, 1), (8, 0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DAPF(224, alpha=3), "context dapf: alpha must divide the 224 input channels, got"),
        (lambda: DAPF(224, alpha=0), "alpha must divide the 224 input channels, got alpha=0"),
        (lambda: DAPF(224, rates=()), r"rates \(at least one\) must be at least 1, got rates=\[\]"),
        (lambda: DAPF(224, rates=(0,)), r"must be at least 1, got rates=\[0\]"),
        (lambda: ASPP(224, width=0), "context aspp: .* width=0"),
        (lambda: ASPP(224, rates=(-1,)), "context aspp: .*"),
        (lambda: MDAFusion([8, 8], dilations=(8, 4, 2)), "one entry for each of the 2 decoder"),
        (lambda: MDAFusion([8], dilations=(0,)), "dilations must be at least 1"),
        (lambda: ConvStem(3, strides=(2, 1), channels=(8,)), "equally many"),
        (lambda: ConvStem(3, strides=(), channels=()), "equally many"),
        (lambda: ConvStem(3, strides=(0,), channels=(8,)), "must be at least 1"),
        (lambda: HarDNet(48, widths=(64,), growth=(10,), layers=(4,)), "got 1, 1 and 1"),
        (lambda: HarDNet(48, layers=(4, 4)), "equally many"),
        (lambda: HarDNet(48, widths=(0, 1, 2, 3)), "widths must be at least 1"),
        (lambda: HarDBlock(3, growth=0, layers=4), "growth and layers must be at least 1"),
        (lambda: HarDBlock(3, growth=8, layers=4, multiplier=0), "multiplier above 0"),
        # growth 8 and two factors of 0.01, rounded
        (lambda: HarDBlock(3, growth=8, layers=4, multiplier=0.01), "every layer must have chan"),
        (lambda: MDAFusion([8, 1], dilations=(4, 2)), r"at least 2 channels, got .*\[8, 1\]"),
        (lambda: EncoderDecoder({}, in_channels=0), "network encoder-decoder: in_channels must be"),
        (lambda: ConvDecoder(8, [], channels=0), "decoder conv: channels must be at least 1"),
        (lambda: ConvHead(8, classes=0), "head conv: classes must be at least 1, got classes=0"),
    ],
)  # fmt: skip
def test_an_illegal_option_is_refused_with_who_rule_and_value(make: object, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        make()  # type: ignore[operator]
