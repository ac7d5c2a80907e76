"""The flags of `harness sweep` that say what is looked for: front, proxies, search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import BadRequest, did_you_mean
from harness.sweep.definition import SAMPLERS, Definition, Search

Texts = Sequence[str] | None


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Flags as they were given; null where they were not."""

    pareto: str | None
    proxies: Texts
    search: int | None
    constraints: Texts
    sampler: str | None
    storage: str | None


def with_sought(definition: Definition, sought: Sought, seed: int | None) -> Definition:
    """Return a sweep with what the flags say is looked for; they win over what its file says.

    Args:
        definition: The sweep.
        sought: The flags.
        seed: Of the search; null for what the file says.

    Raises:
        BadRequest: If a flag needs another one, or its value is none.
    """
    if sought.pareto is not None:
        definition = replace(definition, pareto=sought.pareto)
    if sought.proxies:
        from harness.sweep.proxy import read_proxies

        definition = replace(definition, proxies=read_proxies(sought.proxies))
    changes = _changes(sought)
    if sought.search is None and definition.search is None:
        if changes:
            flag = {"constraints": "constraint"}.get(next(iter(changes)), next(iter(changes)))
            raise BadRequest(f"--{flag}: needs --search, got it alone")
        return definition
    if seed is not None:
        if seed < 0:
            raise BadRequest(f"--seed: must be at least 0, got {seed}")
        changes["seed"] = seed
    search = definition.search or Search(trials=sought.search or 0)
    if sought.search is not None:
        if sought.search < 1:
            raise BadRequest(f"--search: must be at least 1, got {sought.search}")
        changes["trials"] = sought.search
    return replace(definition, search=replace(search, **changes))


def _changes(sought: Sought) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if sought.constraints:
        changes["constraints"] = tuple(sought.constraints)
    if sought.sampler is not None:
        if sought.sampler not in SAMPLERS:
            hint = did_you_mean(sought.sampler, SAMPLERS)
            raise BadRequest(f"--sampler: no sampler {sought.sampler!r}{hint}")
        changes["sampler"] = sought.sampler
    if sought.storage is not None:
        changes["storage"] = sought.storage
    return changes
