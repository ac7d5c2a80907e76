"""Under which conditions a rate was taken, and when two of them are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.records import ProfileRecord, ReportedRecord, WeightsUsed

HOW_LONG = ("iterations", "until", "budget_s", "min_iterations", "rounds")
"""Protocol keys that say how long was measured and not how: they make a figure more or less
certain, but not another figure."""

WEIGHTS, AS_BUILT = "weights", "as built"
"""What a network was timed with, told like a key of the protocol, which is absent where that were
weights as built: how long arithmetic takes depends on its numbers (denormal ones on a CPU, the
power that a GPU draws). Which file is no condition, since every network has its own."""

BEFORE: Mapping[str, Any] = {"provider": None, "fold_bn": False}
"""Protocol keys that came later, with what held before: a record that lacks one and a record that
has it at this value were taken alike, so it is left out of both."""

RUNTIMES = ("onnxruntime", "openvino", "tensorrt", "onnx", "onnxscript", "triton")
"""Keys of a timing's `backend` that are versions; the others are choices of a single network."""

UNNAMED_DEVICE = "unnamed device"
NOT_STATED = "not stated"


@dataclass(frozen=True)
class Conditions:
    """Device and protocol of a rate; equal where two rates may stand in one column.

    Attributes:
        device: The device's name.
        protocol_id: Name and content of the protocol, short: `paper@1a2b3c4d`, and with trained
            weights `paper+weights@5e6f7a8b`.
        protocol: The protocol without `HOW_LONG`, and without `BEFORE` where it held; with
            `WEIGHTS` where there were any.
    """

    device: str
    protocol_id: str
    protocol: Mapping[str, Any] = field(compare=False)  # protocol_id stands for it

    @property
    def protocol_names(self) -> tuple[str, str]:
        """What a user may call the protocol, casefolded: its name and its id."""
        identity = self.protocol_id.casefold()
        return identity.partition("@")[0], identity

    @property
    def on_cpu(self) -> bool:
        """Whether it was taken on a CPU; a publication's protocol does not say."""
        return self.protocol.get("device") == "cpu"

    @property
    def device_text(self) -> str:
        """The device's name, which does not always tell that it is a CPU."""
        return f"{self.device}, a CPU" if self.on_cpu else self.device

    def __str__(self) -> str:
        return f"{self.device} under {self.protocol_id}"


def of_profile(record: ProfileRecord, *, besides: Collection[str] = ()) -> Conditions:
    """Return the conditions of a timed record, `besides` those keys of its protocol."""
    assert record.timing is not None
    kept = {key: value for key, value in record.timing.protocol.items() if key not in besides}
    identity, protocol = identified(kept, record.weights)
    return Conditions(device_name(record.environment), identity, protocol)


def identified(
    protocol: Mapping[str, Any], weights: WeightsUsed | None
) -> tuple[str, Mapping[str, Any]]:
    """Return the id of a record's protocol and weights, and the keys that the id stands for."""
    deciding = {
        k: v
        for k, v in protocol.items()
        if k not in HOW_LONG and not (k in BEFORE and v == BEFORE[k])
    }
    name = deciding.get("name", "unnamed")
    if weights is not None:
        name = f"{name}+{WEIGHTS}"
        deciding[WEIGHTS] = "trained" if weights.whole else "trained in part"
    content = json.dumps(deciding, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    return f"{name}@{digest}", deciding


def of_reported(record: ReportedRecord) -> Conditions:
    """Return the conditions of a reported rate, as far as a publication tells them."""
    name = "reported-tensorrt" if record.tensorrt else "reported"
    return Conditions(record.device, name, {"tensorrt": record.tensorrt})


def protocol_differences(protocols: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the keys that tell `protocols` apart, with their values as JSON, each once."""
    keys = dict.fromkeys(key for each in protocols for key in each)
    found = {}
    for key in keys:
        values = dict.fromkeys(
            json.dumps(each[key], sort_keys=True) if key in each else _absent(key)
            for each in protocols
        )
        if len(values) > 1:
            found[key] = list(values)
    return found


def _absent(key: str) -> str:
    return AS_BUILT if key == WEIGHTS else NOT_STATED


def differences(protocols: Sequence[Mapping[str, Any]]) -> str:
    """Return the keys that tell `protocols` apart with their values, or nothing.

    Example:
        `tf32 (false, true), input ([1, 3, 512, 1024], [1, 3, 1024, 2048])`
    """
    found = protocol_differences(protocols)
    return ", ".join(f"{key} ({', '.join(values)})" for key, values in found.items())


def device_name(environment: Mapping[str, Any]) -> str:
    """Return the name of the device in a record's environment."""
    device = environment.get("device")
    name = device.get("name") if isinstance(device, dict) else None
    return str(name) if name else UNNAMED_DEVICE
