"""What a proxy says of one network: a figure that stands for accuracy where nobody has trained.

Standard library only, like all records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class ProxyRecord:
    """A score of one variant by a function of its network.

    Attributes:
        variant: As in `ProfileRecord`, like `spec`, `spec_sha256`.
        input_shape: `(N, C, H, W)` that the function was given.
        name: What the score is called.
        source: Which function it is, as `module:function`.
        value: The score; null where there is none.
        reason: Why there is none, one line; null where there is one.
        seed: What the network's weights and the function's random numbers were drawn from.
        environment: Software and machine.
        created: UTC, ISO 8601.
        schema: That of `harness.records`.
    """

    variant: str
    spec: dict[str, Any]
    spec_sha256: str
    input_shape: tuple[int, int, int, int]
    name: str
    source: str
    value: float | None
    reason: str | None
    seed: int
    environment: dict[str, Any]
    created: str
    schema: int = 1
    kind: Literal["proxy"] = "proxy"
