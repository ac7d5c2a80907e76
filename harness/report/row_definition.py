"""The rows of a table: listed one by one, in groups, or those of another table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import BadRequest
from harness.report.input_shape import Shape, read_input
from variants.yaml_node import Node

if TYPE_CHECKING:
    from harness.report.definition import Definition

Groups = tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a table.

    Attributes:
        variant: Catalogue name; records of exactly this name fill the row.
        same_as: Another name of the same network, whose records fill the row too; null for none.
        label: What the row is called in print; null takes the reported record's label.
        compared: Whether the row stands in comparison with the others: it is built on the baseline,
            so that delta p means something, and competes for the best of a column.
        input_shape: `(N, C, H, W)` of this row's figures; null means the table's.
        group: Number of the group that it is in.
    """

    variant: str
    label: str | None = None
    same_as: str | None = None
    compared: bool = True
    input_shape: Shape | None = None
    group: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which the row's network may have been measured."""
        return (self.variant,) if self.same_as is None else (self.variant, self.same_as)


def read_rows(
    root: Node,
    keys: dict[str, Node],
    only: Shape | None,
    load: Callable[[Node], Definition | None],
) -> tuple[Groups, tuple[Row, ...]]:
    """Return the titles of the groups and the rows of all of them.

    Args:
        root: The table.
        keys: Its keys, of which one is `rows`, `groups` or `rows_of`.
        only: The one input that rows may have; null where they may have any.
        load: Reads the table that a key names; null where it is none of variants with rows.

    Raises:
        BadRequest: If there is none of these keys or several, or a row is broken.
    """
    given = [key for key in ("rows", "groups", "rows_of") if key in keys]
    if len(given) != 1:
        raise BadRequest(
            f"{root.where}: a table has the key 'rows' or the key 'groups', or 'rows_of' instead"
        )
    if "rows_of" in keys:
        return _rows_of(keys["rows_of"], load, only)
    if "rows" in keys:
        return (None,), tuple(_row(node, 0, only) for node in keys["rows"].items())
    titles: list[str | None] = []
    rows: list[Row] = []
    for number, node in enumerate(keys["groups"].items()):
        group = node.mapping(required=("rows",), optional=("title",))
        titles.append(group["title"].text() if "title" in group else None)
        rows += [_row(entry, number, only) for entry in group["rows"].items()]
    return tuple(titles), tuple(rows)


def _row(node: Node, group: int, only: Shape | None) -> Row:
    keys = node.mapping(required=("variant",), optional=("label", "same_as", "compared", "input"))
    return Row(
        variant=keys["variant"].text(),
        label=keys["label"].text() if "label" in keys else None,
        same_as=keys["same_as"].text() if "same_as" in keys else None,
        compared=keys["compared"].flag() if "compared" in keys else True,
        input_shape=_own_input(keys["input"], only) if "input" in keys else None,
        group=group,
    )


def _own_input(node: Node, only: Shape | None) -> Shape:
    """Return a row's own input; the reader must see it where it is not the table's."""
    shape = read_input(node)
    if only not in (shape, None):
        node.refuse("must be the table's, or be shown in a column input_size")
    return shape


def _rows_of(
    node: Node, load: Callable[[Node], Definition | None], only: Shape | None
) -> tuple[Groups, tuple[Row, ...]]:
    """Return the rows of another table: at `only`, each network once, or at its own inputs."""
    other = load(node)
    if other is None:
        node.refuse("must be a table of variants")
    if only is None:
        own = (replace(row, input_shape=other.shape_of(row)) for row in other.rows)
        return other.groups, tuple(own)
    rows: dict[str, Row] = {}
    for row in other.rows:
        rows.setdefault(row.variant, replace(row, input_shape=None))
    return other.groups, tuple(rows.values())
