"""Which packages besides harness a sweep measures components of."""

from __future__ import annotations

from collections.abc import Mapping

from harness.sweep.definition import Definition
from variants.catalog import Row
from variants.registry import find


def packages_of(definition: Definition, catalog: Mapping[str, Row]) -> list[str]:
    """Return the distributions that registered components which the sweep may build.

    Args:
        definition: The sweep, checked.
        catalog: Its rows by name.
    """
    used = {
        (slot, str(options["name"]))
        for name in definition.variants
        for slot, options in catalog[name].chosen.items()
        if "name" in options
    }
    for key, values in definition.grid.items():
        slot, _, option = key.partition(".")
        if option == "name":
            used |= {(slot, str(value)) for value in values}
    return sorted({find(slot, name).origin for slot, name in used} - {"harness"})
