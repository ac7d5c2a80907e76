"""Names of variants, shortened to what tells them apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple


class Name(NamedTuple):
    """A variant's name: that of its row in the catalogue, and the options that were changed."""

    base: str
    settings: Mapping[str, str]


class Short(NamedTuple):
    """Shortened names.

    Attributes:
        common: What all of them share; empty where they share nothing.
        each: What remains of each.
    """

    common: str
    each: list[str]


def parse(name: str) -> Name:
    """Return the parts of a name.

    Example:
        >>> parse("fassd-net[context.alpha=4,fusion.dilations=[8,4,2]]").settings
        {'context.alpha': '4', 'fusion.dilations': '[8,4,2]'}
    """
    base, bracket, inner = name.partition("[")
    if not bracket or not inner.endswith("]"):
        return Name(name, {})
    parts = [part.partition("=") for part in _split(inner[:-1])]
    if not all(key and equals for key, equals, _ in parts):
        return Name(name, {})
    return Name(base, {key: value for key, _, value in parts})


def _split(text: str) -> Iterator[str]:
    """Yield what the commas outside of brackets separate."""
    depth, start = 0, 0
    for place, character in enumerate(text):
        depth += (character in "[{(") - (character in "]})")
        if character == "," and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def shorten(names: Sequence[str]) -> Short:
    """Return `names` without what all of them share.

    What is left of a name is that of the catalogue's row, where they differ in it, and the options
    that differ, without their slots where these are clear. What is left of one that has none of
    these options is the row's name.

    Example:
        >>> shorten(["net[a.x=1,a.y=2]", "net[a.x=1,a.y=3]"])
        Short(common='net[a.x=1]', each=['y=2', 'y=3'])
    """
    different = list(dict.fromkeys(names))
    parsed = {name: parse(name) for name in different}
    if len(different) < 2:
        return Short("", list(names))
    bases = {name.base for name in parsed.values()}
    times = Counter(pair for name in parsed.values() for pair in name.settings.items())
    shared = {key: value for (key, value), count in times.items() if count == len(different)}
    plain = _without_slots({key for key, _ in times} - shared.keys())
    short = {}
    for full, name in parsed.items():
        rest = [f"{plain[k]}={v}" for k, v in name.settings.items() if k not in shared]
        head = [name.base] if len(bases) > 1 or not rest else []
        short[full] = " ".join(head + rest)
    settings = ",".join(f"{key}={value}" for key, value in shared.items())
    base = next(iter(bases)) if len(bases) == 1 else ""
    common = base + (f"[{settings}]" if settings else "")
    return Short(common, [short[name] for name in names])


def _without_slots(options: set[str]) -> dict[str, str]:
    """Return each option's name without its slot; with it where two slots have one of that name.

    Of a slot's `name`, which says which component it is, the slot remains.
    """
    slots = defaultdict(set)
    for option in options:
        slot, _, name = option.partition(".")
        slots[name].add(slot)
    plain = {}
    for option in options:
        slot, _, name = option.partition(".")
        if name == "name":
            plain[option] = slot
        else:
            plain[option] = name if name and len(slots[name]) == 1 else option
    return plain
