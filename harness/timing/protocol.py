"""Protocols: everything that decides an FPS figure, as data.

Two FPS figures may stand in one column only if their protocols are equal, so a protocol leaves
nothing to a default elsewhere: what `time_network` does is what its protocol says.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from harness.errors import BadRequest

PAPER_ITERATIONS = 10_000
CPU_BUDGET_S = 20.0  # 10,000 passes of a 45 GMAC network take a CPU half a day
CPU_WARMUP = 2  # the first pass plans and allocates, the second runs as all others will
CUDA_WARMUP = 50  # cudnn.benchmark tries its algorithms in the first; clocks rise in the others

# What `time_network` can do today. A protocol that names anything else is refused, so that no
# record claims a setting that was not applied.
SUPPORTED = {
    "device": ("cpu", "cuda"),
    "precision": ("fp32",),
    "memory_format": ("contiguous",),
    "backend": ("eager",),
    "input_values": ("standard normal",),
    "synchronisation": ("both ends of the timed loop",),
    "timed_region": (
        "forward pass, final upsampling included, in inference mode; no data transfer",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How a network is timed.

    Attributes:
        name: What the protocol is called in reports.
        input: `(N, C, H, W)` of the one input that every pass takes.
        device: Kind of device. Which of several, the environment says.
        precision: Type of weights, activations and arithmetic.
        tf32: Whether fp32 matrix products and convolutions may round their inputs to TF32.
        cudnn_benchmark: Whether cuDNN tries its algorithms and keeps the fastest.
        memory_format: Layout of input and weights.
        backend: What executes the network.
        threads: Threads of one operator on the CPU.
        warmup: Passes before the timed ones.
        iterations: Timed passes asked for.
        budget_s: Wall-clock seconds after which the timed loop ends early; null for never.
        min_iterations: Passes that are timed even when the budget is spent.
        input_values: Distribution of the input.
        seed: Seed of the input.
        synchronisation: When host and device wait for each other.
        timed_region: What a pass consists of.

    Raises:
        BadRequest: If a value is out of its range or not supported.
    """

    name: str
    input: tuple[int, int, int, int]
    device: str
    precision: str = "fp32"
    tf32: bool = False
    cudnn_benchmark: bool = True
    memory_format: str = "contiguous"
    backend: str = "eager"
    threads: int
    warmup: int
    iterations: int
    budget_s: float | None
    min_iterations: int = 5
    input_values: str = "standard normal"
    seed: int = 0
    synchronisation: str = SUPPORTED["synchronisation"][0]
    timed_region: str = SUPPORTED["timed_region"][0]

    def __post_init__(self) -> None:
        for field, known in SUPPORTED.items():
            if (value := getattr(self, field)) not in known:
                choices = " or ".join(map(repr, known))
                raise BadRequest(f"protocol: {field} must be {choices}, got {value!r}")
        if len(self.input) != 4 or min(self.input) < 1:
            raise BadRequest(f"protocol: input must be four positive sizes, got {self.input}")
        for field, least in (
            ("threads", 1),
            ("warmup", 0),
            ("iterations", 1),
            ("min_iterations", 1),
        ):
            if (value := getattr(self, field)) < least:
                raise BadRequest(f"protocol: {field} must be at least {least}, got {value}")
        if self.budget_s is not None and not 0 < self.budget_s < math.inf:
            raise BadRequest(f"protocol: budget_s must be positive, got {self.budget_s}")

    def to_dict(self) -> dict[str, Any]:
        """Return the protocol as a record stores it: plain JSON types."""
        return asdict(self) | {"input": list(self.input)}

    @property
    def input_name(self) -> str:
        """The input as people write it, such as `1x3x1024x2048`."""
        return "x".join(map(str, self.input))


def paper_protocol(
    input_shape: tuple[int, int, int, int],
    device: str,
    iterations: int = PAPER_ITERATIONS,
    *,
    threads: int | None = None,
) -> Protocol:
    """Return the paper's protocol: rate over 10,000 passes, synchronised at both ends.

    On the CPU the same, but with a budget. For another budget, use `dataclasses.replace`.

    Args:
        input_shape: `(N, C, H, W)`.
        device: `cpu`, `cuda` or `cuda:N`.
        iterations: Timed passes asked for.
        threads: Threads of one operator on the CPU; by default what torch is set to.
    """
    if threads is None:
        import torch  # not above: what only reads protocols needs no torch

        threads = torch.get_num_threads()
    kind = device.partition(":")[0]
    return Protocol(
        name="paper",
        input=input_shape,
        device=kind,
        threads=threads,
        warmup=CPU_WARMUP if kind == "cpu" else CUDA_WARMUP,
        iterations=iterations,
        budget_s=CPU_BUDGET_S if kind == "cpu" else None,
    )
