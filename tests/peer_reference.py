"""Networks of Table IV held against what their public code counts (`golden/peers.json`).

The reference looked at modules, our ledger at operators: where these differ, a test states the
elements that the reference did not see, derived by hand, term by term.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from harness.ledger import Ledger, record
from harness.static import total
from variants.build import skeleton
from variants.catalog import load_catalog, override
from variants.spec import resolve

_FILE = Path(__file__).with_name("golden") / "peers.json"
REFERENCES: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
COLUMNS = REFERENCES.pop("layer_columns")
_TERMS = ("conv", "bias", "bn", "act", "pool")


def at_full_size(variant: str, size: str, *settings: str) -> tuple[nn.Module, Ledger]:
    """Return a variant without memory, and the ledger of one image of `size` (`1024x2048`)."""
    row = override(load_catalog()[variant], settings)
    network = skeleton(resolve(row.chosen))
    height, width = map(int, size.split("x"))
    return network, record(network, (1, 3, height, width))


def assert_equals_reference(
    variant: str,
    size: str,
    *settings: str,
    name: str = "",
    unseen: Mapping[str, int] | None = None,
    fvcore_unseen: int = 0,
    output: tuple[int, ...] = (),
) -> None:
    """Hold a variant against its reference: parameters, MACs, and every convolution in order.

    Args:
        variant: Name in the catalogue.
        size: Input size.
        settings: What is set otherwise than in the catalogue.
        name: Name in the reference; that in the catalogue unless told otherwise.
        unseen: By term of the paper's convention, what the reference's counter did not see.
        fvcore_unseen: The same for the fvcore figure.
        output: Shape of the output, where it is meant to differ from the reference's.
    """
    reference = REFERENCES[f"{name or variant}@{size}"]
    network, ledger = at_full_size(variant, size, *settings)
    assert convolutions(network, ledger) == reference["layers"]
    cost = total(network, ledger)
    assert cost.params == reference["params_inference"]
    assert not cost.uncounted
    assert ledger.rows[-1].output == (output or tuple(reference["output"]))
    expected = {term: reference["paper_terms"].get(term, 0) for term in _TERMS}
    for term, more in (unseen or {}).items():
        expected[term] += more
    assert terms(ledger) == expected
    assert cost.macs["conv"] == reference["conv"]
    assert cost.macs["paper"] == reference["paper"] + sum((unseen or {}).values())
    assert cost.macs["fvcore"] == reference["fvcore"] + fvcore_unseen


def convolutions(network: nn.Module, ledger: Ledger) -> list[list[Any]]:
    """Return every executed convolution in order, in the columns of the reference."""
    found: list[list[Any]] = []
    for row in ledger.rows:
        if row.op not in ("conv", "conv_transpose"):
            continue
        layer = network.get_submodule(row.path)
        assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d), row.path
        settings = [layer.kernel_size, layer.stride, layer.padding, layer.dilation]
        found.append(
            [
                type(layer).__name__,
                row.input[1],
                row.output[1],
                *map(list, settings),
                row.groups,
                row.affine,
                *row.output[2:],
            ]
        )
    return found


def terms(ledger: Ledger) -> dict[str, int]:
    """Return the terms of the paper's convention, summed here and not by `harness.conventions`."""
    sums = dict.fromkeys(_TERMS, 0)
    for row in ledger.rows:
        given, made = math.prod(row.input), math.prod(row.output)
        if row.op in ("conv", "conv_transpose"):
            sums["conv"] += row.macs
            sums["bias"] += made if row.affine else 0
        elif row.op == "batch_norm":
            sums["bn"] += 2 * given
        elif row.op in ("relu", "torch_relu", "prelu"):
            sums["act"] += made
        elif row.op.endswith("_pool"):
            sums["pool"] += given
    return sums
