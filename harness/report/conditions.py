"""Under which conditions a rate was taken, and when two of them are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.records import ProfileRecord, ReportedRecord

HOW_LONG = ("iterations", "budget_s", "min_iterations")
"""Protocol keys that say how long was measured and not how: they make a figure more or less
certain, but not another figure."""

UNNAMED_DEVICE = "unnamed device"


@dataclass(frozen=True)
class Conditions:
    """Device and protocol of a rate; equal where two rates may stand in one column.

    Attributes:
        device: The device's name.
        protocol_id: Name and content of the protocol, short: `paper@1a2b3c4d`.
        protocol: The protocol without `HOW_LONG`.
    """

    device: str
    protocol_id: str
    protocol: Mapping[str, Any] = field(compare=False)  # protocol_id stands for it

    @property
    def protocol_names(self) -> tuple[str, str]:
        """What a user may call the protocol, casefolded: its name and its id."""
        identity = self.protocol_id.casefold()
        return identity.partition("@")[0], identity

    def __str__(self) -> str:
        return f"{self.device} under {self.protocol_id}"


def of_profile(record: ProfileRecord) -> Conditions:
    """Return the conditions of a timed record."""
    assert record.timing is not None
    protocol = {k: v for k, v in record.timing.protocol.items() if k not in HOW_LONG}
    content = json.dumps(protocol, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    name = protocol.get("name", "unnamed")
    return Conditions(_device_name(record), f"{name}@{digest}", protocol)


def of_reported(record: ReportedRecord) -> Conditions:
    """Return the conditions of a reported rate, as far as a publication tells them."""
    name = "reported-tensorrt" if record.tensorrt else "reported"
    return Conditions(record.device, name, {"tensorrt": record.tensorrt})


def differences(conditions: Sequence[Conditions]) -> str:
    """Return the protocol keys that tell `conditions` apart with their values, or nothing.

    Example:
        `tf32 (false, true), batch (1, 8)`
    """
    keys = dict.fromkeys(key for each in conditions for key in each.protocol)
    lines = []
    for key in keys:
        values = dict.fromkeys(
            json.dumps(c.protocol[key], sort_keys=True) if key in c.protocol else "not stated"
            for c in conditions
        )
        if len(values) > 1:
            lines.append(f"{key} ({', '.join(values)})")
    return ", ".join(lines)


def _device_name(record: ProfileRecord) -> str:
    device = record.environment.get("device")
    name = device.get("name") if isinstance(device, dict) else None
    return str(name) if name else UNNAMED_DEVICE
