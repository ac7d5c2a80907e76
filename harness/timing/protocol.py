"""Protocols: everything that decides an FPS figure, as data.

Two FPS figures may stand in one column only if their protocols are equal, so a protocol leaves
nothing to a default elsewhere: what `time_network` does is what its protocol says.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, fields
from typing import Any

from harness.errors import BadRequest
from harness.reading import read_as

THROUGHPUT = "both ends of the timed loop"
LATENCY = "before and after each pass"

# What `time_network` can do. A protocol that names anything else is refused, so that no record
# claims a setting that was not applied.
SUPPORTED: dict[str, tuple[Any, ...]] = {
    "device": ("cpu", "cuda"),
    "precision": ("fp32", "tf32", "fp16", "bf16"),
    "memory_format": ("contiguous", "channels_last"),
    "backend": ("eager", "compile", "cudagraph", "onnxruntime", "openvino"),
    "provider": (None, "cpu", "cuda", "tensorrt"),
    "input_values": ("standard normal",),
    "synchronisation": (THROUGHPUT, LATENCY),
    "timed_region": (
        "forward pass, final upsampling included, in inference mode; no data transfer",
    ),
}
#: The least value of each whole number; `batch` is the first of `input`.
LEAST = {
    **{"batch": 1, "threads": 1, "warmup": 0, "iterations": 1, "min_iterations": 1, "rounds": 1},
    "seed": 0,
}
MOST_SEED = 2**64 - 1  # what torch's generator takes
FLAGS = ("tf32", "cudnn_benchmark", "fold_bn")

PROVIDERS = {"cpu": ("cpu",), "cuda": ("cuda", "tensorrt")}  # of onnxruntime, by kind of device
ONLY_ON = {"cudagraph": "cuda", "openvino": "cpu"}  # backends that need one kind of device
OWN_LAYOUT = ("onnxruntime", "openvino")  # backends that lay out their tensors themselves


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How a network is timed.

    Attributes:
        name: What the protocol is called in reports.
        input: `(N, C, H, W)` of the one input that every pass takes.
        device: Kind of device. Which of several, the environment says.
        precision: Type of weights, activations and arithmetic; `tf32` is fp32 whose products and
            convolutions round their inputs to TF32.
        tf32: Whether fp32 products and convolutions may do so; always with precision `tf32`.
        cudnn_benchmark: Whether cuDNN tries its algorithms and keeps the fastest.
        memory_format: Layout of input and weights.
        backend: What executes the network.
        provider: Execution provider of the backend onnxruntime; null for every other one.
        fold_bn: Whether BatchNorm is folded into the convolution before it.
        threads: Threads of one operator on the CPU.
        warmup: Passes before the timed ones, in every round.
        iterations: Timed passes asked for; with `until`, the most.
        until: Relative half-width of the 95% interval at which timing ends; null for never.
        budget_s: Wall-clock seconds of timed passes after which timing ends; null for never.
        min_iterations: Passes that are timed even when the budget is spent.
        rounds: Fresh processes that share the timed passes; with `until`, the fewest.
        input_values: Distribution of the input.
        seed: Seed of the input.
        synchronisation: When host and device wait for each other.
        timed_region: What a pass consists of.

    Raises:
        BadRequest: If a value is out of its range or not supported, or two do not fit.
    """

    name: str
    input: tuple[int, int, int, int]
    device: str
    precision: str = "fp32"
    tf32: bool = False
    cudnn_benchmark: bool = True
    memory_format: str = "contiguous"
    backend: str = "eager"
    provider: str | None = None
    fold_bn: bool = False
    threads: int
    warmup: int
    iterations: int
    until: float | None = None
    budget_s: float | None
    min_iterations: int = 5
    rounds: int = 1
    input_values: str = "standard normal"
    seed: int = 0
    synchronisation: str = THROUGHPUT
    timed_region: str = SUPPORTED["timed_region"][0]

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if rule := broken_rule(field.name, value):
                raise BadRequest(f"protocol: {field.name} {rule}, got {value!r}")
        self._check_fit()

    def _check_fit(self) -> None:
        """Refuse values that are fine alone and mean nothing together."""
        if self.precision == "tf32" and self.device != "cuda":
            raise BadRequest("protocol: precision tf32 runs on cuda, got device 'cpu'")
        if self.tf32 != (self.precision == "tf32") and self.precision != "fp32":
            raise BadRequest(
                f"protocol: tf32 must be {self.precision == 'tf32'} with precision "
                f"{self.precision}, got {self.tf32}"
            )
        needed = ONLY_ON.get(self.backend)
        if needed and self.device != needed:
            raise BadRequest(
                f"protocol: backend {self.backend} runs on {needed}, got device {self.device!r}"
            )
        if self.backend in OWN_LAYOUT and self.memory_format != "contiguous":
            raise BadRequest(
                f"protocol: memory_format must be 'contiguous' with backend {self.backend}, which "
                f"lays out its tensors itself, got {self.memory_format!r}"
            )
        providers = PROVIDERS[self.device] if self.backend == "onnxruntime" else (None,)
        if self.provider not in providers:
            choices = " or ".join("null" if name is None else repr(name) for name in providers)
            raise BadRequest(
                f"protocol: provider must be {choices} with backend {self.backend} on "
                f"{self.device}, got {self.provider!r}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the protocol as a record stores it: plain JSON types."""
        return asdict(self) | {"input": list(self.input)}

    @classmethod
    def from_dict(cls, data: Any, *, where: str) -> Protocol:
        """Return the protocol that a record stores.

        Args:
            data: As from `to_dict`; what a record from before a field came lacks has its default.
            where: `file:line`, for messages.

        Raises:
            BadRequest: If a field is unknown, missing, of another type, or as above.
        """
        return read_as(cls, data, where)

    @property
    def input_name(self) -> str:
        """The input as people write it, such as `1x3x1024x2048`."""
        return "x".join(map(str, self.input))

    @property
    def plain(self) -> bool:
        """Whether the network runs as it is: eager, in fp32 and its own layout, nothing folded."""
        return (self.backend, self.precision, self.memory_format, self.tf32, self.fold_bn) == (
            *("eager", "fp32", "contiguous"),
            *(False, False),
        )


def broken_rule(field: str, value: Any) -> str | None:
    """Return the rule that `value` breaks by itself, such as `must be at least 1`, or None.

    Args:
        field: Of `Protocol`, or `batch`.
        value: Anything.
    """
    if field in SUPPORTED:
        choices = SUPPORTED[field]
        listed = " or ".join("null" if choice is None else repr(choice) for choice in choices)
        return None if value in choices else f"must be {listed}"
    if field in FLAGS:
        return None if isinstance(value, bool) else "must be true or false"
    if field in LEAST:
        return _broken_by_whole_number(field, value)
    if field == "input":
        fits = isinstance(value, tuple) and len(value) == 4
        fits = fits and all(_is_whole(size) and size >= 1 for size in value)
        return None if fits else "must be four positive sizes"
    if field == "name":
        return None if isinstance(value, str) and value.strip() else "must be text"
    assert field in ("until", "budget_s"), field
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "must be a number"
    if field == "until":
        return None if 0 < value < 1 else "must be between 0 and 1"
    return None if 0 < value <= sys.float_info.max else "must be positive"


def _broken_by_whole_number(field: str, value: Any) -> str | None:
    if not _is_whole(value):
        return "must be a whole number"
    if value < LEAST[field]:
        return f"must be at least {LEAST[field]}"
    return f"must be at most {MOST_SEED}" if field == "seed" and value > MOST_SEED else None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
