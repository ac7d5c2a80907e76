"""What parameters and MACs cannot tell of a network: how it resizes, normalises, pools and drops
out, what it is fed, and what it was built from. By the public code of each.
"""

from collections import Counter
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from harness.ledger import record
from variants.build import skeleton
from variants.catalog import load_catalog
from variants.components import blocks
from variants.spec import resolve


class Uncounted(NamedTuple):
    """What a network has beside what is counted.

    Attributes:
        aligned: Resizes that align corners.
        unaligned: Resizes that do not.
        norms: What BatchNorm adds to the variance, and the momentum of its running statistics.
        pools: Poolings by kind.
        dropouts: Dropouts by kind and share.
    """

    aligned: int
    unaligned: int
    norms: set[tuple[float, float]]
    pools: dict[str, int]
    dropouts: dict[tuple[type[nn.Module], float], int]


USUAL = {(1e-5, 0.1)}
FACTORISED = {(1e-3, 0.1)}
UNCOUNTED = {
    # pyramid, fusion, output
    "fast-scnn": Uncounted(
        4 + 1 + 1, 0, USUAL, {"adaptive_avg_pool": 4}, {(nn.Dropout, 0.1): 1}
    ),
    # pyramid, ladder, output; the momentum 0.005 is that of the pyramid
    "swiftnet-rn18": Uncounted(
        0, 3 + 3 + 1, USUAL | {(1e-5, 0.005)}, {"max_pool": 1, "adaptive_avg_pool": 3}, {}
    ),
    # the encoder's blocks drop out, the decoder's do not
    "erfnet": Uncounted(
        0, 0, FACTORISED, {"max_pool": 3}, {(nn.Dropout2d, 0.03): 5, (nn.Dropout2d, 0.3): 8}
    ),
    # the image once, twice and three times
    "dabnet": Uncounted(0, 1, FACTORISED, {"avg_pool": 1 + 2 + 3, "max_pool": 1}, {}),
    # whole image, refinement, output; whole image, two refinements, fusion
    "bisenet-rn18": Uncounted(
        1 + 2 + 1, 0, USUAL, {"max_pool": 1, "adaptive_avg_pool": 1 + 2 + 1}, {}
    ),
    # two halvings, pyramid, fusions, output
    "icnet": Uncounted(
        2 + 4 + 2 + 2, 0, {(1e-5, 0.05)}, {"max_pool": 1, "adaptive_avg_pool": 4}, {}
    ),
    # ten zoomed cells there and back, two with stride 2 only there; three merges, output
    "fasterseg": Uncounted(10 * 2 + 2 + 3 + 1, 0, USUAL, {}, {}),
    # pyramid; the output's resize is ours
    "df1-seg-d8": Uncounted(4, 1, {(1e-4, 0.1)}, {"avg_pool": 4}, {}),
    # image pooling, decoder, output; 1e-3 in the backbone
    "deeplabv3plus": Uncounted(
        1 + 1 + 1, 0, USUAL | {(1e-3, 0.1)}, {"adaptive_avg_pool": 1}, {(nn.Dropout, 0.1): 1}
    ),
    "pspnet": Uncounted(
        4 + 1, 0, USUAL, {"max_pool": 1, "adaptive_avg_pool": 4}, {(nn.Dropout2d, 0.1): 1}
    ),
    # to 1/8, pyramid, to 1/4 and 1/2, output; the image as often as DABNet's but from two times
    # on, three downsamplers, pyramid
    "espnetv2": Uncounted(
        1 + 4 + 2 + 1, 0, USUAL, {"avg_pool": 2 + 3 + 4 + 3 + 4}, {(nn.Dropout2d, 0.2): 2}
    ),
    "esnet": Uncounted(
        0, 0, FACTORISED, {"max_pool": 3}, {(nn.Dropout2d, 0.03): 5, (nn.Dropout2d, 0.3): 3}
    ),
    # whole image, attention, output
    "lednet": Uncounted(
        1 + 3 + 1, 0, FACTORISED, {"max_pool": 3, "adaptive_avg_pool": 1},
        {(nn.Dropout2d, 0.03): 5, (nn.Dropout2d, 0.3): 8},
    ),
    # a quarter of the image, fusion, output
    "contextnet": Uncounted(1 + 1 + 1, 0, USUAL, {}, {(nn.Dropout, 0.1): 1}),
}  # fmt: skip


def network_of(name: str) -> nn.Module:
    return skeleton(resolve(load_catalog()[name].chosen))


@pytest.mark.parametrize("name", UNCOUNTED)
def test_resizes_align_corners_or_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[bool] = Counter()
    original = nn.functional.interpolate

    def spy(*args: object, align_corners: bool, **kwargs: object) -> Tensor:
        assert kwargs["mode"] == "bilinear"
        seen[align_corners] += 1
        return original(*args, align_corners=align_corners, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(blocks.nn.functional, "interpolate", spy)
    network_of(name)(torch.zeros(1, 3, 64, 128, device="meta"))
    assert (seen[True], seen[False]) == (UNCOUNTED[name].aligned, UNCOUNTED[name].unaligned)


@pytest.mark.parametrize("name", UNCOUNTED)
def test_batch_norms_are_as_published(name: str) -> None:
    norms = {p: m for p, m in network_of(name).named_modules() if isinstance(m, nn.BatchNorm2d)}
    assert {(norm.eps, norm.momentum) for norm in norms.values()} == UNCOUNTED[name].norms
    # where a network has two kinds, the second is that of one part
    part, odd = {
        "swiftnet-rn18": ("context.", [p for p in norms if norms[p].momentum == 0.005]),
        "deeplabv3plus": ("backbone.", [p for p in norms if norms[p].eps == 1e-3]),
    }.get(name, ("", list(norms)))
    assert odd == [path for path in norms if path.startswith(part)]


@pytest.mark.parametrize("name", UNCOUNTED)
def test_pools_are_of_the_published_kind(name: str) -> None:
    rows = record(network_of(name), (1, 3, 64, 128)).rows
    assert Counter(r.op for r in rows if r.op.endswith("_pool")) == UNCOUNTED[name].pools


@pytest.mark.parametrize("name", UNCOUNTED)
def test_drops_out_what_is_published(name: str) -> None:
    drops = [m for m in network_of(name).modules() if isinstance(m, nn.Dropout | nn.Dropout2d)]
    assert Counter((type(drop), drop.p) for drop in drops) == UNCOUNTED[name].dropouts


# What a red, green and blue of 200, 100 and 50 become, in the order in which they are fed
R, G, B = 200, 100, 50
TO_1 = [R / 255, G / 255, B / 255]
LIKE_IMAGENET = [
    (value - mean) / std
    for value, mean, std in zip(TO_1, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)
]
LESS_THE_MEAN = [R - 73.15835921, G - 82.90891754, B - 72.39239876]  # of Cityscapes
FED = {
    "fast-scnn": LIKE_IMAGENET,
    "swiftnet-rn18": [(R - 73.15) / 47.67, (G - 82.90) / 48.49, (B - 72.3) / 47.73],
    "erfnet": TO_1,
    "dabnet": LESS_THE_MEAN,
    "bisenet-rn18": LIKE_IMAGENET,
    "icnet": [B - 103.939, G - 116.779, R - 123.68],
    "fasterseg": LIKE_IMAGENET,
    "df1-seg-d8": [(B - 72) * 0.008, (G - 83) * 0.008, (R - 73) * 0.008],
    "deeplabv3plus": [2 * R / 255 - 1, 2 * G / 255 - 1, 2 * B / 255 - 1],
    "pspnet": LIKE_IMAGENET,
    "espnetv2": [
        (B - 72.3923111) / 45.3192215 / 255,
        (G - 82.90893555) / 46.15289307 / 255,
        (R - 73.15840149) / 44.91483307 / 255,
    ],
    "esnet": TO_1,
    "lednet": TO_1,
    "contextnet": LESS_THE_MEAN,
}


@pytest.mark.parametrize("name", UNCOUNTED)
def test_is_fed_what_its_public_code_feeds_it(name: str) -> None:
    image = load_catalog()[name].image
    assert image is not None
    channels = {"r": R, "g": G, "b": B}
    fed = [
        (channels[colour] * image.scale / 255 - mean) / std
        for colour, mean, std in zip(image.colour, image.mean, image.std, strict=True)
    ]
    assert fed == pytest.approx(FED[name], rel=1e-9)


# Fidelity, and the commit that was read; DeepLabV3+ was read file by file
BUILT_FROM = {
    "fast-scnn": ("reimplementation", "Tramac/Fast-SCNN-pytorch", "0638517"),
    "swiftnet-rn18": ("official", "orsic/swiftnet", "2b88990"),
    "erfnet": ("official", "Eromera/erfnet_pytorch", "d4a46fa"),
    "dabnet": ("official", "Reagan1311/DABNet", "b8d62fe"),
    "bisenet-rn18": ("official", "yu-changqian/TorchSeg", "62eeb15"),
    "icnet": ("official", "hszhao/ICNet", "dd2bf78"),
    "fasterseg": ("official", "VITA-Group/FasterSeg", "478b026"),
    "df1-seg-d8": ("official", "lixincn2015/Partial-Order-Pruning", "e136726"),
    "deeplabv3plus": ("official", "tensorflow/models", ""),
    "pspnet": ("official", "hszhao/semseg", "4f274c3"),
    "espnetv2": ("official", "sacmehta/ESPNetv2", "b78e323"),
    "esnet": ("official", "xiaoyufenfei/ESNet", "b10449a"),
    "lednet": ("official", "xiaoyufenfei/LEDNet", "5d900d9"),
    "contextnet": ("reimplementation", "xiaoyufenfei/Efficient-Segmentation-Networks", "0f0c32e"),
}


@pytest.mark.parametrize("name", UNCOUNTED)
def test_says_what_it_was_built_from(name: str) -> None:
    fidelity, repo, commit = BUILT_FROM[name]
    row = load_catalog()[name]
    assert row.source is not None
    assert (row.fidelity, row.source.repo) == (fidelity, f"github.com/{repo}")
    assert row.source.commit[:7] == commit
