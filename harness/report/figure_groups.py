"""The groups of a figure, told apart by marker and colour for whoever sees or prints grey."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from harness.report.colours import LEAST_DISTANCE, least_distance
from variants.yaml_node import Node

MARKERS = tuple("os^vDPX*<>ph")  # filled ones: an outline can highlight them


@dataclass(frozen=True, kw_only=True)
class Group:
    """How the points of one group look.

    Attributes:
        number: `ReportedRecord.group`, unless `device` decides.
        label: What the legend calls it.
        marker: Its marker, as matplotlib names it.
        colour: `#RRGGBB`.
        device: Reported rows of this device are its points; null where their numbers say.
    """

    number: int
    label: str
    marker: str
    colour: str
    device: str | None = None


def read_groups(node: Node) -> tuple[Group, ...]:
    """Return the groups of a definition.

    Raises:
        BadRequest: If two have one number, or share a marker and colours that a reader may not
            tell apart, or some but not all are of a device.
    """
    groups = tuple(_group(entry) for entry in node.items())
    numbers = [group.number for group in groups]
    if len({group.device is None for group in groups}) > 1:
        node.refuse("must all have the key 'device', or none")
    for entry, number in zip(node.items(), numbers, strict=True):
        if numbers.count(number) > 1:
            entry.refuse(f"has the number {number}, which must be given once")
    for (_, a), (entry, b) in itertools.combinations(zip(node.items(), groups, strict=True), 2):
        if a.marker == b.marker and least_distance(a.colour, b.colour) < LEAST_DISTANCE:
            entry.refuse(
                f"must differ from group {a.number} in marker, or in a colour that grey print and "
                "colour blindness leave apart"
            )
    return groups


def _group(node: Node) -> Group:
    keys = node.mapping(required=("group", "label", "marker", "colour"), optional=("device",))
    number = keys["group"].number()
    if number != int(number):
        keys["group"].refuse("must be a whole number")
    if not re.fullmatch("#[0-9A-Fa-f]{6}", keys["colour"].text()):
        keys["colour"].refuse("must be #RRGGBB")
    return Group(
        number=int(number),
        label=keys["label"].text(),
        marker=keys["marker"].one_of(MARKERS),
        colour=keys["colour"].text(),
        device=keys["device"].text() if "device" in keys else None,
    )
