"""A network's output: what of it is compared, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from harness.errors import RunFailed
from harness.timing_records import OutputError

# Relative L2 error above which a backend is wrong rather than rounded differently: about three
# times the most that the catalogue's networks showed, on the CPU and up to 1x3x1024x2048. They
# showed 0.027 in bf16 and 0.0035 in fp16, whose mantissa TF32 shares; in fp32, where it was 2e-6,
# there is room for the coarser algorithms of GPUs (Winograd). A wrong alignment of the upsampling
# gives 0.15 and more, a halved dilation in the decoder 0.16 and more, half of all lost layers 0.08
# and more. One small layer lost deep inside can be as little as 0.01: in bf16 that passes.
TOLERANCES = {"fp32": 5e-4, "tf32": 1e-2, "fp16": 1e-2, "bf16": 8e-2}


def first_tensor(output: Any) -> torch.Tensor:
    """Return the first tensor of what a forward returned: a tensor, or a nest of them.

    Raises:
        RunFailed: If there is none.
    """
    if isinstance(output, torch.Tensor):
        return output
    if isinstance(output, Mapping):
        output = tuple(output.values())
    if isinstance(output, Sequence) and not isinstance(output, str) and output:
        return first_tensor(output[0])
    raise RunFailed(f"network: must return a tensor first, got {type(output).__name__}")


def check_finite(output: torch.Tensor) -> None:
    """Raise `RunFailed` if `output` is empty, or there is a NaN or an infinity in it."""
    if not output.numel():
        raise RunFailed(f"outputs: must not be empty, got shape {tuple(output.shape)}")
    bad = int((~torch.isfinite(output)).sum())
    if bad:
        raise RunFailed(
            f"outputs: must be finite, got {bad:,} NaN or infinite values of {output.numel():,}"
        )


def compare(output: torch.Tensor, eager: torch.Tensor, precision: str) -> OutputError:
    """Return how far `output` is from eager's in fp32.

    Args:
        output: `(N, C, H, W)`, any type and device.
        eager: The same shape, as fp32.
        precision: The protocol's; decides the tolerance.

    Raises:
        RunFailed: If the shapes differ or the error is above the tolerance: what was executed is
            another network.
    """
    if output.shape != eager.shape:
        raise RunFailed(
            f"outputs: must have eager's shape {tuple(eager.shape)}, got {tuple(output.shape)}"
        )
    difference = output.to(eager) - eager
    scale = float(torch.linalg.vector_norm(eager))
    error = OutputError(
        relative_l2=float(torch.linalg.vector_norm(difference)) / (scale or 1.0),
        max_abs=float(difference.abs().max()),
        same_class=_same_class(output, eager),
        tolerance=TOLERANCES[precision],
    )
    if not error.relative_l2 <= error.tolerance:
        raise RunFailed(
            f"outputs: must be within {error.tolerance:g} of eager's (relative L2, "
            f"{precision}), got {error.relative_l2:.3g}; not timed"
        )
    return error


def _same_class(output: torch.Tensor, eager: torch.Tensor) -> float:
    """Return the share of positions of one class: that of the largest score, or the value itself.

    Integers are classes already, and below two axes there is none of channels.
    """
    if not output.is_floating_point() or output.ndim < 2:
        return float((output == eager).double().mean())
    return float((output.argmax(1).to(eager.device) == eager.argmax(1)).double().mean())
