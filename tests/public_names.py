"""What public projects call the modules of their networks, in the order in which these run.

Stated network by network, block by block, from what each block does there; nothing here knows the
layouts of `variants.weights`. A layout is right where the n-th module that runs there is the n-th
that runs here: names alone could pair two modules of one shape the wrong way round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor, nn

from harness.ledger import record
from variants.build import skeleton
from variants.catalog import load_catalog
from variants.spec import resolve

BLOCK_1D = ("conv3x1_1", "conv1x3_1", "bn1", "conv3x1_2", "conv1x3_2", "bn2")
CONV_BN = ("conv", "bn")
CONV_BN_ACT = ("conv", "bn", "act")
SEPARABLE = ("conv.0", "conv.1", "conv.3", "conv.4")
INVERTED = (
    "block.0.conv.0", "block.0.conv.1", "block.1.conv.0", "block.1.conv.1", "block.2", "block.3",
)  # fmt: skip


def inside(outer: str, names: Sequence[str]) -> list[str]:
    return [f"{outer}.{name}" for name in names]


def lists(*parts: Sequence[str]) -> list[str]:
    return [name for part in parts for name in part]


def residual(outer: str, convs: int, shortcut: str) -> list[str]:
    """A ResNet block; `shortcut` is `first`, `last` or empty."""
    names = [name for n in range(1, convs + 1) for name in (f"conv{n}", f"bn{n}")]
    ways = {"first": (0, names), "last": (len(names), names)}
    if shortcut:
        place, _ = ways[shortcut]
        names[place:place] = ["downsample.0", "downsample.1"]
    return inside(outer, names)


def resnet18(shortcut: str) -> list[str]:
    names = ["conv1", "bn1"]
    for layer in (1, 2, 3, 4):
        for block in (0, 1):
            changes = layer > 1 and block == 0
            names += residual(f"layer{layer}.{block}", 2, shortcut if changes else "")
    return names


def swiftnet() -> list[str]:
    spp = ("spp_bn", "spp0", "spp1", "spp2", "spp_fuse")
    parts = [inside(f"backbone.spp.spp.{name}", ("norm", "conv")) for name in spp]
    for n in range(3):
        for name in ("bottleneck", "blend_conv"):
            parts.append(inside(f"backbone.upsample.{n}.{name}", ("norm", "conv")))
    return lists(inside("backbone", resnet18("first")), *parts, inside("logits", ("norm", "conv")))


def bisenet() -> list[str]:
    path = ("conv_7x7", "conv_3x3_1", "conv_3x3_2", "conv_1x1")
    up = []
    for n in (0, 1):
        up += inside(f"arms.{n}.conv_3x3", CONV_BN)
        up += inside(f"arms.{n}.channel_attention.1", CONV_BN)
        up += inside(f"refines.{n}", CONV_BN)
    return lists(
        *(inside(f"spatial_path.{name}", CONV_BN) for name in path),
        inside("context_path", resnet18("last")),
        inside("global_context.1", CONV_BN),
        up,
        inside("ffm.conv_1x1", CONV_BN),
        ["ffm.channel_attention.1.conv", "ffm.channel_attention.2.conv"],
        inside("heads.2.conv_3x3", CONV_BN),
        ["heads.2.conv_1x1"],
    )


def pspnet() -> list[str]:
    names = inside("layer0", [str(n) for n in (0, 1, 3, 4, 6, 7)])
    for layer, blocks in enumerate((3, 4, 23, 3), start=1):
        for block in range(blocks):
            names += residual(f"layer{layer}.{block}", 3, "" if block else "last")
    for n in range(4):
        names += inside(f"ppm.features.{n}", ("1", "2"))
    return [*names, "cls.0", "cls.1", "cls.4"]


def in_order(part: str, blocks: Sequence[Sequence[str]]) -> list[str]:
    return lists(*(inside(f"{part}.layers.{n}", block) for n, block in enumerate(blocks)))


def pspnet_imagenet() -> list[str]:
    """A ResNet-101 that begins with three convolutions of 3x3."""
    names = [name for n in (1, 2, 3) for name in (f"conv{n}", f"bn{n}")]
    return names + [name for name in pspnet() if name.startswith("layer") and name[5] != "0"]


def erfnet_encoder() -> list[str]:
    encoder = [CONV_BN, *[BLOCK_1D] * 5, CONV_BN, *[BLOCK_1D] * 8]
    return [*inside("encoder.initial_block", CONV_BN), *in_order("encoder", encoder)]


def erfnet() -> list[str]:
    return lists(
        erfnet_encoder(),
        in_order("decoder", [CONV_BN, *[BLOCK_1D] * 2, CONV_BN, *[BLOCK_1D] * 2]),
        ["decoder.output_conv"],
    )


def esnet() -> list[str]:
    # its one bn2 runs behind each of the three branches, first behind the branch of dilation 2
    parallel = [
        "conv3x1_1", "conv1x3_1", "bn1", "conv3x1_22", "conv1x3_22", "bn2",
        "conv3x1_25", "conv1x3_25", "conv3x1_29", "conv1x3_29",
    ]  # fmt: skip
    encoder = [*[BLOCK_1D] * 3, CONV_BN, *[BLOCK_1D] * 2, CONV_BN, *[parallel] * 3]
    return lists(
        inside("encoder.initial_block", CONV_BN),
        in_order("encoder", encoder),
        in_order("decoder", [CONV_BN, *[BLOCK_1D] * 2, CONV_BN, *[BLOCK_1D] * 2]),
        ["decoder.output_conv"],
    )


def lednet() -> list[str]:
    left = [f"{name}_l" for name in BLOCK_1D]
    right = ["conv1x3_1", "conv3x1_1", "bn1", "conv1x3_2", "conv3x1_2", "bn2"]
    split = [*left, *(f"{name}_r" for name in right)]
    encoder = [*[split] * 3, CONV_BN, *[split] * 2, CONV_BN, *[split] * 8]
    pyramid = ("branch1.1", "mid.0", "down1", "down2", "down3.0", "down3.1", "conv2", "conv1")
    return lists(
        inside("encoder.initial_block", CONV_BN),
        in_order("encoder", encoder),
        *(inside(f"decoder.apn.{name}.conv", ("0", "1")) for name in pyramid),
    )


def tail() -> list[str]:
    """The fusion and the classifier of Fast-SCNN and ContextNet."""
    return lists(
        inside("feature_fusion.dwconv.conv", ("0", "1")),
        inside("feature_fusion.conv_lower_res", ("0", "1")),
        inside("feature_fusion.conv_higher_res", ("0", "1")),
        inside("classifier.dsconv1", SEPARABLE),
        inside("classifier.dsconv2", SEPARABLE),
        ["classifier.conv.1"],
    )


def fast_scnn() -> list[str]:
    deep = "global_feature_extractor"
    groups = [(n, block) for n in (1, 2, 3) for block in range(3)]
    return lists(
        inside("learning_to_downsample.conv.conv", ("0", "1")),
        inside("learning_to_downsample.dsconv1", SEPARABLE),
        inside("learning_to_downsample.dsconv2", SEPARABLE),
        *(inside(f"{deep}.bottleneck{n}.{block}", INVERTED) for n, block in groups),
        *(inside(f"{deep}.ppm.{name}.conv", ("0", "1")) for name in
          ("conv1", "conv2", "conv3", "conv4", "out")),
        tail(),
    )  # fmt: skip


def contextnet() -> list[str]:
    blocks = (1, 1, 3, 3, 2, 2)
    groups = [(n, block) for n, count in enumerate(blocks, start=1) for block in range(count)]
    deep = "context_feature_extractor"
    return lists(
        inside("spatial_detail.conv.conv", ("0", "1")),
        *(inside(f"spatial_detail.dsconv{n}", SEPARABLE) for n in (1, 2, 3)),
        inside(f"{deep}.conv_.conv", ("0", "1")),
        *(inside(f"{deep}.bottleneck{n}.{block}", INVERTED) for n, block in groups),
        tail(),
    )


def dabnet() -> list[str]:
    norm = ("bn", "acti")
    conv = ["conv", *inside("bn_prelu", norm)]
    module = lists(
        inside("bn_relu_1", norm),
        *(inside(name, conv) for name in
          ("conv3x3", "dconv3x1", "dconv1x3", "ddconv3x1", "ddconv1x3")),
        inside("bn_relu_2", norm),
        ["conv1x1.conv"],
    )  # fmt: skip
    names = lists(*(inside(f"init_conv.{n}", conv) for n in range(3)))
    for block, modules in ((1, 3), (2, 6)):
        names += inside(f"bn_prelu_{block}", norm)
        names += [f"downsample_{block}.conv3x3.conv"]
        names += inside(f"downsample_{block}.bn_prelu", norm)
        for n in range(modules):
            names += inside(f"DAB_Block_{block}.DAB_Module_{block}_{n}", module)
    return [*names, *inside("bn_prelu_3", norm), "classifier.0.conv"]


def eesp(*, ends: bool) -> list[str]:
    return lists(
        inside("proj_1x1", CONV_BN_ACT),
        [f"spp_dw.{n}.conv" for n in range(4)],
        inside("br_after_cat", ("bn", "act")),
        inside("conv_1x1_exp", CONV_BN),
        ["module_act"] if ends else [],
    )


def espnetv2_encoder() -> list[str]:
    down = lists(
        inside("eesp", eesp(ends=False)),
        inside("inp_reinf.0", CONV_BN_ACT),
        inside("inp_reinf.1", CONV_BN),
        ["act"],
    )
    return lists(
        inside("level1", CONV_BN_ACT),
        inside("level2_0", down),
        inside("level3_0", down),
        *(inside(f"level3.{n}", eesp(ends=True)) for n in range(3)),
        inside("level4_0", down),
        *(inside(f"level4.{n}", eesp(ends=True)) for n in range(7)),
    )


def espnetv2() -> list[str]:
    return lists(
        inside("net", espnetv2_encoder()),
        inside("proj_L4_C", CONV_BN_ACT),
        inside("pspMod.0", eesp(ends=True)),
        [f"pspMod.1.stages.{n}.conv" for n in range(4)],
        inside("pspMod.1.project", CONV_BN_ACT),
        ["project_l3.1.conv"],
        inside("act_l3", ("bn", "act")),
        inside("project_l2", CONV_BN_ACT),
        ["project_l1.1.conv"],
    )


def fasterseg() -> list[str]:
    pair = ("conv1", "bn1", "conv2", "bn2")
    names = [*inside("stem.0.conv", ("0", "1")), *inside("stem.1", pair), *inside("stem.2", pair)]
    for layer in range(10):
        for branch in (0, 1):
            # the first three belong to both branches; the second branch ends a layer earlier
            if branch == 0 or 3 <= layer < 9:
                single = (layer, branch) == (3, 0)
                names += inside(f"cells.{layer}-{branch}._op._op", pair[:2] if single else pair)
    for where in ("arms32.0", "refines32.0", "arms32.1", "refines32.1", "arms16", "refines16"):
        names += inside(f"{where}.conv", ("0", "1"))
    names += inside("ffm.conv_1x1", CONV_BN)
    return [*names, *inside("heads8.conv_3x3", CONV_BN), "heads8.conv_1x1"]


# layout -> variant, its public modules, and the parts of the network that they are
PUBLIC: dict[str, tuple[str, Callable[[], list[str]], tuple[str, ...]]] = {
    "swiftnet": ("swiftnet-rn18", swiftnet, ()),
    "bisenet-torchseg": ("bisenet-rn18", bisenet, ()),
    "pspnet-semseg": ("pspnet", pspnet, ()),
    "pspnet-imagenet": ("pspnet", pspnet_imagenet, ("stem", "layers")),
    "erfnet": ("erfnet", erfnet, ()),
    "erfnet-imagenet": ("erfnet", lambda: inside("features", erfnet_encoder()), ("encoder",)),
    "esnet": ("esnet", esnet, ()),
    "lednet": ("lednet", lednet, ()),
    "fast-scnn-tramac": ("fast-scnn", fast_scnn, ()),
    "contextnet": ("contextnet", contextnet, ()),
    "dabnet": ("dabnet", dabnet, ()),
    "espnetv2": ("espnetv2", espnetv2, ()),
    "espnetv2-imagenet": ("espnetv2", espnetv2_encoder, ("level1", "down", "level3", "level4")),
    "fasterseg": ("fasterseg", fasterseg, ()),
    "torchvision-resnet18": ("swiftnet-rn18", lambda: resnet18("first"), ("stem", "encoder")),
}


@cache
def modules_in_order(variant: str) -> tuple[str, ...]:
    """Return the paths of our modules with tensors, in the order in which they first run."""
    network = skeleton(resolve(load_catalog()[variant].chosen))
    paths = dict.fromkeys(row.path for row in record(network, (1, 3, 256, 256)).rows)
    modules = {path: network.get_submodule(path) for path in paths}
    return tuple(path for path, m in modules.items() if m.state_dict() and not [*m.children()])


def pairs(layout: str) -> dict[str, str]:
    """Return our module by the public one, the n-th that runs by the n-th."""
    variant, public, parts = PUBLIC[layout]
    ours = [path for path in modules_in_order(variant) if not parts or path.split(".")[0] in parts]
    return dict(zip(public(), ours, strict=True))


def public_state(network: nn.Module, paired: dict[str, str]) -> dict[str, Tensor]:
    """Return the tensors of `network` under the public names of their modules."""
    return {
        f"{public}.{leaf}": tensor.clone()
        for public, ours in paired.items()
        for leaf, tensor in network.get_submodule(ours).state_dict().items()
    }


def trained(network: nn.Module, seed: int) -> nn.Module:
    """Give every tensor of `network` a value of its own, as training does, and return it."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            tensor.fill_(1000 + seed)
        elif tensor.ndim < 2:  # biases, and what BatchNorm and PReLU have
            tensor.add_(0.2 * torch.rand(tensor.shape, generator=generator))
        else:
            tensor.mul_(1 + 0.2 * torch.rand(tensor.shape, generator=generator))
    return network
