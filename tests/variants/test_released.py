"""Our graphs against what the authors' released networks compute, with the same weights.

`golden/released-checkpoints.json` holds, for three networks, the released checkpoint's key names
and the logits that the released code gives at 48 points, all weights and the input filled by the
pseudo-random rule below. The order of concatenations, align_corners, dilations, BatchNorm's eps and
whether branches are added all show here, and in nothing that a count sees.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from variants.build import build
from variants.catalog import load_catalog
from variants.spec import resolve
from variants.weights.load import load_weights

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "released-checkpoints.json").read_text()
)


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
def test_computes_what_the_released_network_computes(name: str, tmp_path: Path) -> None:
    reference = GOLDEN[name]
    network = build(resolve(load_catalog()[reference["network"]].chosen)).double()
    state = {
        f"module.{key}": filled(key, shape, number) if shape else torch.tensor(1)
        for number, (key, shape) in enumerate(reference["state_dict"])
    }
    # as a released file has it
    torch.save({"epoch": 1, "model_state": state, "best_iou": 0.0}, tmp_path / "released.pkl")
    loaded = load_weights(network, tmp_path / "released.pkl")
    assert loaded.within == ("model_state", "module.")
    assert loaded.layout.name == ("fassd-net" if "fassd" in name else "fc-hardnet")
    assert len(loaded.taken) == len(reference["state_dict"])
    assert (loaded.left_in_file, loaded.left_in_network, loaded.notes) == ({}, {}, ())
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
