"""Definitions of tables that judge the published FPS of another table by our own.

title: Which ratios survive
ratios: 4             # the table: a built-in's name, or a YAML file beside this one
show: matrix          # or pairs, summary, gpus
tolerance: 0.1        # by which share a ratio may be another one and survive; optional
footnotes: [...]      # optional, as `wide` is
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from variants.yaml_node import Node

if TYPE_CHECKING:
    from harness.report.definition import Definition

KEY = "ratios"  # what tells such a file from another table's
Show = Literal["matrix", "pairs", "summary", "gpus"]
SHOWN: tuple[Show, ...] = ("matrix", "pairs", "summary", "gpus")
TOLERANCE = 0.1


@dataclass(frozen=True, kw_only=True)
class RatioDefinition:
    """A table about the ratios of another one, before any record is known.

    Attributes:
        name: Short name, for messages and labels.
        title: The caption.
        table: The table whose rows and published figures it is about.
        show: Every network over every other one (`matrix`), the pairs one by one (`pairs`), how
            many survive (`summary`), or the factors between cards (`gpus`).
        tolerance: By which share a ratio may be another one and still survive.
        footnotes: Notes under the table, before those that the figures themselves require.
        wide: Whether the table is set across both columns of a two-column page.
    """

    name: str
    title: str
    table: Definition
    show: Show
    tolerance: float = TOLERANCE
    footnotes: tuple[str, ...] = ()
    wide: bool = False

    @property
    def wanted(self) -> tuple[tuple[str, tuple[int, int]], ...]:
        """What has to be measured: the variants of the table with height and width."""
        return self.table.wanted


def read_ratios(
    root: Node, name: str, load: Callable[[Node], Definition | None]
) -> RatioDefinition:
    """Return the table that the content `root` of a file defines.

    Args:
        root: The content.
        name: The table's name.
        load: Reads the table that a key names; null where it is none of variants.

    Raises:
        BadRequest: If a key is unknown, missing or out of range, or the table that it is about is
            none of variants.
    """
    keys = root.mapping(
        required=("title", KEY, "show"), optional=("tolerance", "footnotes", "wide")
    )
    table = load(keys[KEY])
    if table is None:
        keys[KEY].refuse("must be a table of variants")
    notes = keys["footnotes"].items() if "footnotes" in keys else []
    return RatioDefinition(
        name=name,
        title=keys["title"].text(),
        table=table,
        show=keys["show"].one_of(SHOWN),
        tolerance=_tolerance(keys["tolerance"]) if "tolerance" in keys else TOLERANCE,
        footnotes=tuple(node.text() for node in notes),
        wide=keys["wide"].flag() if "wide" in keys else False,
    )


def _tolerance(node: Node) -> float:
    share = node.number()
    if not 0 <= share < 1:
        node.refuse("must be from 0 up to, not including, 1")
    return share
