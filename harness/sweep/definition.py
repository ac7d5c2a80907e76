"""What a sweep is, as a value: what a sweep file and the command line's flags both become."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from variants.catalog import value_text

#: Values, or lists of values, by `slot.option` or `variant`: true where each of them fits.
Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """Variants drawn at random, none twice.

    Attributes:
        count: How many variants that can be built and are not excluded.
        seed: Decides which.
    """

    count: int
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How the variants are timed.

    Attributes:
        device: As the user names it: `auto`, `cpu`, `cuda`, `cuda:N`.
        protocol: Name or file.
        changes: Fields of the protocol that are set here, and `batch`.
        values: What the protocol says; empty until it is read.
    """

    device: str = "auto"
    protocol: str = "paper"
    changes: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search in place of every combination.

    Attributes:
        trials: How many different variants are measured in all.
        sampler: Which of Optuna's samplers proposes them; one of `SAMPLERS`.
        seed: Decides what it proposes.
        constraints: What a variant has to meet, as written: `params <= 3M`.
        storage: File or URL that keeps the study; null for one in the results folder.
        places: Where a constraint stands (`file:line`), for messages.
    """

    trials: int
    sampler: str = "tpe"
    seed: int = 0
    constraints: Sequence[str] = ()
    storage: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)


SAMPLERS = ("tpe", "nsga2", "nsga3", "random")


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A sweep.

    Attributes:
        name: What its state in the results folder is called.
        variants: Rows of the catalogue that everything else is laid over.
        catalogs: A user's own catalogue files.
        sizes: Heights and widths of the input; empty for each row's own.
        grid: Values of each axis, by `slot.option`; the last one changes fastest.
        zips: Axes that go together, value by value.
        when: Of an axis, the rule under which it applies; elsewhere its option is left alone.
        exclude: Rules for combinations that are left out.
        sample: Null for every combination.
        timing: Null for counting alone.
        batch: Frames of the input; what `timing` says of it wins where it times.
        miou: Whether the accuracy of each variant is looked up in logged records.
        pareto: Columns whose front is reported, as written: `macs.paper,miou`; null for none. What
            a search looks for.
        proxies: Functions that score each variant, `module:function` by name.
        search: Null for every combination, or a sample of them.
        rows: What the catalogue says of each variant; empty until it is read.
    """

    name: str
    variants: Sequence[str]
    catalogs: Sequence[str] = ()
    sizes: Sequence[tuple[int, int]] = ()
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    zips: Sequence[Sequence[str]] = ()
    when: Mapping[str, Rule] = field(default_factory=dict)
    exclude: Sequence[Rule] = ()
    sample: Sample | None = None
    timing: Timing | None = None
    batch: int = 1
    miou: bool = False
    pareto: str | None = None
    proxies: Mapping[str, str] = field(default_factory=dict)
    search: Search | None = None
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return what the sweep is in plain JSON types.

        Not in it is what may change from one run of it to the next: the front that is reported of
        it, and how many variants a search goes on to.
        """
        data: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        if self.search is None:
            del data["search"], data["pareto"]
        else:
            del data["search"]["trials"], data["search"]["places"]
        if not self.proxies:
            del data["proxies"]
        return data


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return a line for each thing that two definitions, as from `to_dict`, say differently.

    Example:
        >>> differences({"grid": {"a.b": [1]}}, {"grid": {"a.b": [1, 2]}})
        ['grid a.b: [1] -> [1,2]']
    """
    lines = []
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            lines += [f"{key} {line}" for line in differences(old, new)]
        elif old != new:
            lines.append(f"{key}: {_short(old)} -> {_short(new)}")
    return lines


def _short(value: Any) -> str:
    text = "nothing" if value in (None, [], {}) else value_text(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
