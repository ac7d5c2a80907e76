"""Our graphs against what the authors' released networks compute, with the same weights.

`golden/released-checkpoints.json` holds, for three networks, the released checkpoint's key names
and the logits that the released code gives at 48 points, all weights and the input filled by the
pseudo-random rule below. The order of concatenations, align_corners, dilations, BatchNorm's eps and
whether branches are added all show here, and in nothing that a count sees.
"""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from variants.build import build
from variants.catalog import load_catalog
from variants.spec import resolve

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "released-checkpoints.json").read_text()
)

KEYS = [
    (r"^base\.([0-3])\.", r"stem.\1."),
    (r"^base\.(4|7|10|13|16)\.", lambda m: f"encoder.blocks.{(int(m[1]) - 4) // 3}."),
    (r"^base\.(5|8|11|14|17)\.", lambda m: f"encoder.projections.{(int(m[1]) - 5) // 3}."),
    (r"^DAPF\.(conv1x1|bn1x1)\.", lambda m: f"context.pointwise.{_conv_or_norm(m[1])}."),
    (r"^DAPF\.(conv1|bn1)\.", lambda m: f"context.project.{_conv_or_norm(m[1])}."),
    (
        r"^DAPF\.pyBranch([234])\.(atrous_conv|bn)(3x1|1x3)\.",
        lambda m: f"context.dilated.{int(m[1]) - 2}.{int(m[3] == '1x3')}.{_conv_or_norm(m[2])}.",
    ),
    (r"^denseBlocksUp\.", "decoder.blocks."),
    (r"^conv1x1_up\.", "decoder.joins."),
    (r"^mda\.", "fusion."),
    (r"\.bn_relu_1\.", ".enter."),
    (r"\.bn_relu_2\.", ".leave."),
    (r"\.conv3x3\.conv\.", ".reduce.0."),
    (r"\.conv3x3\.bn_prelu\.", ".reduce.1."),
    (r"\.parallel_conv3x3\.conv\.", ".detail.0."),
    (r"\.parallel_conv3x3\.bn_prelu\.", ".detail.1."),
    (r"\.parallel_ddconv3x1\.conv\.", ".context.0."),
    (r"\.parallel_ddconv3x1\.bn_prelu\.", ".context.1."),
    (r"\.parallel_ddconv1x3\.conv\.", ".context.2."),
    (r"\.parallel_ddconv1x3\.bn_prelu\.", ".context.3."),
    (r"^(fusion\.\d+)\.conv1x1\.conv\.", r"\1.expand."),
    (r"^finalConv\.", "head.classify."),
    (r"\.(conv|bn)\.", lambda m: f".{_conv_or_norm(m[1])}."),
    (r"\.norm\.", ".1."),
    (r"\.acti\.", ".1."),
]


def _conv_or_norm(name: str) -> int:
    return 0 if "conv" in name else 1


def our_key(released: str) -> str:
    """Return our name of a tensor of the released checkpoint."""
    for pattern, replacement in KEYS:
        if pattern == r"\.(conv|bn)\." and released.startswith("fusion."):
            released = re.sub(r"\.bn\.", ".0.", released)  # BatchNorm, PReLU: no convolution
        else:
            released = re.sub(pattern, replacement, released)
    return released


def noise(count: int, number: int) -> torch.Tensor:
    """Return u(n, k) of the reference: `count` numbers in [-1, 1), determined by `number`."""
    mask = (1 << 32) - 1
    h = (np.arange(count, dtype=np.int64) * 2654435761 + number * 40503 + 12345) & mask
    for _ in range(2):
        h = ((h ^ (h >> 16)) * 0x45D9F3B) & mask
    h = h ^ (h >> 16)
    return torch.from_numpy(h / 2.0**31 - 1)


def filled(key: str, shape: list[int], number: int) -> torch.Tensor:
    u = noise(math.prod(shape), number).reshape(shape)
    if len(shape) == 4:
        return u * math.sqrt(6 / math.prod(shape[1:]))
    if key.endswith("running_mean"):
        return 0.1 * u
    if key.endswith("running_var"):
        return 1 + 0.5 * u
    if key.endswith(".acti.weight"):
        return 0.25 + 0.05 * u
    if key.endswith("weight"):
        return 1 + 0.2 * u
    return 0.1 * u


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_computes_what_the_released_network_computes(name: str) -> None:
    reference = GOLDEN[name]
    network = build(resolve(load_catalog()[reference["network"]].chosen)).double()
    state = {
        our_key(key): filled(key, shape, number)
        for number, (key, shape) in enumerate(reference["state_dict"])
        if not key.endswith("num_batches_tracked")
    }
    tracked = {k: v for k, v in network.state_dict().items() if k.endswith("num_batches_tracked")}
    network.load_state_dict({**state, **tracked}, strict=True)
    image = 1.7 * noise(math.prod(reference["input"]), 7).reshape(reference["input"])
    with torch.inference_mode():
        logits = network(image)[0]
    assert list(logits.shape) == reference["output_shape"]
    values = [logits[tuple(point)].item() for point in reference["points"]]
    # 1e-9 is what float64 gives; another graph is far outside it
    assert values == pytest.approx(reference["values"], rel=1e-9, abs=1e-9)
    assert logits.mean().item() == pytest.approx(reference["mean"], rel=1e-9)
    assert logits.std().item() == pytest.approx(reference["std"], rel=1e-9)
    histogram = torch.bincount(logits.argmax(0).flatten(), minlength=19).tolist()
    assert histogram == reference["argmax_hist"]
