"""Why single figures are not what counting gives: explanations that compute, and notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from variants.yaml_node import Node, read

FILE = Path(__file__).with_name("explanations.yaml")

Kind = Literal["unit", "convention", "digit", "rounding", "scope", "training", "quoted"]
KINDS: Mapping[Kind, str] = {
    "unit": "another unit than the column's",
    "convention": "another counting rule than the table's",
    "digit": "a digit added to, or cut from, a figure",
    "rounding": "computed from rounded figures",
    "scope": "of another set than the words say",
    "training": "of other weights",
    "quoted": "taken over from elsewhere",
}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """An explanation as it stands in data, not yet held against anything.

    Attributes:
        kind: What kind of reason it is.
        gives: Expressions that must each come to the printed figure.
        holds: A comparison that must be true, where no arithmetic gives the figure.
        reason: In words.
        where: File and line.
    """

    kind: Kind
    gives: tuple[str, ...]
    holds: str | None
    reason: str
    where: str


@dataclass(frozen=True, kw_only=True)
class Remarks:
    """What is known of figures, by their id: reasons of unequal ones, notes on any."""

    reasons: Mapping[str, Reason]
    notes: Mapping[str, str]


def load_remarks(path: Path | None = None) -> Remarks:
    """Return the remarks of the package, or of the YAML file `path`.

    Raises:
        BadRequest: If the file is broken, or says something twice; names file and line.
    """
    root = read(path or FILE, what="remarks")
    keys = root.mapping(required=("explanations", "notes"), optional=())
    return Remarks(
        reasons=_by_figure(keys["explanations"], _reason),
        notes=_by_figure(keys["notes"], _note),
    )


_T = TypeVar("_T")


def _by_figure(node: Node, make: Callable[[Node], _T]) -> dict[str, _T]:
    found: dict[str, _T] = {}
    for entry in node.items():
        made = make(entry)
        for name in entry.value["figures"].items():
            if name.text() in found:
                name.refuse("must be remarked on once")
            found[name.text()] = made
    return found


def _reason(entry: Node) -> Reason:
    keys = entry.mapping(required=("figures", "kind", "reason"), optional=("as", "holds"))
    if ("as" in keys) == ("holds" in keys):
        entry.refuse("must have one of the keys 'as' and 'holds'")
    given = keys.get("as")
    several = given.items() if given and isinstance(given.value, list) else [given] if given else []
    return Reason(
        kind=keys["kind"].one_of(tuple(KINDS)),
        gives=tuple(each.text() for each in several),
        holds=keys["holds"].text() if "holds" in keys else None,
        reason=keys["reason"].text(),
        where=entry.where,
    )


def _note(entry: Node) -> str:
    return entry.mapping(required=("figures", "note"), optional=())["note"].text()
