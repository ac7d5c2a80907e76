"""The resolved form of a variant: every slot's component with every option, and its hash."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from variants.errors import BadRequest, did_you_mean
from variants.registry import find, resolve_options

DEFAULT_NETWORK = "encoder-decoder"


@dataclass(frozen=True)
class Spec:
    """What a network is, completely: two specs with the same hash are the same network.

    Attributes:
        slots: For `network` and each of its slots, `{"name": ..., option: value, ...}` in plain
            JSON types, defaults included.
    """

    slots: Mapping[str, Mapping[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return the spec in plain JSON types."""
        return {slot: dict(chosen) for slot, chosen in self.slots.items()}

    @cached_property
    def sha256(self) -> str:
        """Hash of the spec; the order of slots and options does not enter."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def resolve(chosen: Mapping[str, Mapping[str, Any]]) -> Spec:
    """Return the spec of what a row chooses, with the defaults of everything it leaves open.

    A slot that is left open is `none` where that exists.

    Args:
        chosen: For some of `network` and its slots, `{"name": ..., option: value, ...}`.

    Raises:
        BadRequest: If a slot, a name or an option is unknown or does not fit.
    """
    network = {"name": DEFAULT_NETWORK, **chosen.get("network", {})}
    component = find("network", cast(str, network["name"]))
    slots = getattr(component.load(), "SLOTS", ())
    for slot in chosen:
        if slot not in ("network", *slots):
            hint = did_you_mean(slot, ["network", *slots])
            raise BadRequest(f"network {component.name}: no slot {slot!r}{hint}")
    filled = {"network": network} | {s: {"name": "none", **chosen.get(s, {})} for s in slots}
    return Spec({slot: _complete(slot, choice) for slot, choice in filled.items()})


def _complete(slot: str, choice: Mapping[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in choice.items() if key != "name"}
    component = find(slot, choice["name"])
    return {"name": component.name} | resolve_options(component, given)
