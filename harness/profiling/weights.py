"""Trained weights that a network is timed with: found to fit first, then loaded for every round."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import BadRequest, RunFailed

if TYPE_CHECKING:
    from torch import nn

    from harness.records import WeightsUsed
    from variants.spec import Spec


@dataclass(frozen=True)
class GivenWeights:
    """Weights of a file that fits the network.

    Attributes:
        path: The file, absolute.
        partial: Whether what does not fit was to be left.
        used: What records say of it.
        warnings: What speaks against it, a sentence each.
    """

    path: Path
    partial: bool
    used: WeightsUsed
    warnings: tuple[str, ...]


def given_weights(spec: Spec, path: Path, *, partial: bool) -> GivenWeights:
    """Return the weights of `path`, which are those of the network that `spec` describes.

    Raises:
        BadRequest: If they are not; the message says how to see why.
    """
    from harness.records import WeightsUsed
    from variants.build import build
    from variants.weights.load import Misfit, load_weights

    try:
        loaded = load_weights(build(spec), path, partial=partial)
    except Misfit as error:
        raise BadRequest(f"--weights: {error.summary}; harness weights lists them") from None
    used = WeightsUsed(
        file=path.name, sha256=loaded.sha256, layout=loaded.layout.name, whole=loaded.whole
    )
    return GivenWeights(path.resolve(), partial, used, loaded.warnings)


def load_given(network: nn.Module, weights: GivenWeights) -> None:
    """Load weights that were found to fit into a network of the same spec.

    Raises:
        RunFailed: If the file has changed since.
    """
    from variants.weights.load import load_weights

    try:
        loaded = load_weights(
            network, weights.path, layout=weights.used.layout, partial=weights.partial
        )
    except BadRequest as error:
        raise RunFailed(str(error).splitlines()[0]) from None
    if loaded.sha256 != weights.used.sha256:
        raise RunFailed(f"{weights.path}: must stay as it is while it is timed, got other content")
