"""Effect tables: what each option costs, of which records, against which values.

A definition, of which all from `metrics` on is optional:

    title: What each option costs
    effects: differences            # or shares: of a metric's variance, by option
    metrics: [params, macs.paper]   # one alone is shown in full; by default what the records have
    options: [context.alpha]        # by default every option that varies
    reference: {context.alpha: 2}   # by default that of the plain variant, else what came first
    where: {variant: fassd-net}
    footnotes: [The schedule of dilations changes what is seen.]
    wide: true                      # across both columns of a two-column page
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from harness.errors import BadRequest
from harness.report.curve_definition import Where, read_where, where_of
from harness.report.curve_metrics import Metric, metric_of
from harness.report.curve_options import text_of
from variants.yaml_node import Node

REQUIRED = ("title", "effects")
OPTIONAL = ("metrics", "options", "reference", "where", "footnotes", "wide")

Shows = Literal["differences", "shares"]
SHOWS: tuple[Shows, ...] = ("differences", "shares")


@dataclass(frozen=True, kw_only=True)
class EffectsDefinition:
    """An effect table before any record is known.

    Attributes:
        name: Short name, for messages and labels.
        title: The caption.
        shows: What changing an option changes, or how much of a metric's variance it explains.
        metrics: The metrics; empty for the usual ones that the records have.
        options: The options, in order; empty for all that vary.
        reference: The value that an option's other values are held against; of two for one option
            the later counts.
        where: What records must have.
        footnotes: Notes under the table, before those that the figures themselves require.
        wide: Whether the table is set across both columns of a two-column page.
    """

    name: str
    title: str
    shows: Shows = "differences"
    metrics: tuple[Metric, ...] = ()
    options: tuple[str, ...] = ()
    reference: tuple[Where, ...] = ()
    where: tuple[Where, ...] = ()
    footnotes: tuple[str, ...] = ()
    wide: bool = True

    @property
    def who(self) -> str:
        """What messages begin with."""
        return f"table {self.name}"


def read_effects(root: Node, path: Path) -> EffectsDefinition:
    """Return the effect table that the content `root` of the file `path` defines.

    Raises:
        BadRequest: If it is broken; names file and line.
    """
    keys = root.mapping(required=REQUIRED, optional=OPTIONAL)

    def texts(key: str) -> list[Node]:
        return keys[key].items() if key in keys else []

    metrics = [metric_of(node.text(), node.where) for node in texts("metrics")]
    options = [node.text() for node in texts("options")]
    for key, names in (("metrics", [m.name for m in metrics]), ("options", options)):
        _refuse_twice(names, f"{keys[key].where}: {key}" if key in keys else key)
    reference = read_where(keys["reference"]) if "reference" in keys else ()
    if reference:
        _refuse_several(reference, f"{keys['reference'].where}: reference")
    return EffectsDefinition(
        name=path.stem,
        title=keys["title"].text(),
        shows=keys["effects"].one_of(SHOWS),
        metrics=tuple(metrics),
        options=tuple(options),
        reference=reference,
        where=read_where(keys["where"]) if "where" in keys else (),
        footnotes=tuple(node.text() for node in texts("footnotes")),
        wide=keys["wide"].flag() if "wide" in keys else True,
    )


def changed_effects(
    definition: EffectsDefinition,
    *,
    metrics: str | None = None,
    options: str | None = None,
    reference: Sequence[str] | None = None,
    where: Sequence[str] | None = None,
) -> EffectsDefinition:
    """Return `definition` with what flags say in its place, and conditions added to its own.

    Args:
        definition: What a file or a name defines.
        metrics: Names joined by commas.
        options: Likewise.
        reference: `option=value` each, the value being YAML.
        where: Likewise.

    Raises:
        BadRequest: If a metric is unknown, a name stands twice, or a condition is malformed.
    """
    if metrics is not None:
        names = _names(metrics, "--metrics")
        definition = replace(
            definition, metrics=tuple(metric_of(name, "--metrics") for name in names)
        )
    if options is not None:
        definition = replace(definition, options=_names(options, "--options"))
    given = where_of(reference or (), "--reference")
    _refuse_several(given, "--reference")
    conditions = (*definition.where, *where_of(where or ()))
    return replace(definition, reference=(*definition.reference, *given), where=conditions)


def _names(text: str, flag: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(","))
    _refuse_twice(names, flag)
    return names


def _refuse_several(references: Sequence[Where], who: str) -> None:
    for each in references:
        if len(each.values) > 1:
            values = " and ".join(text_of(value) for value in each.values)
            raise BadRequest(f"{who}: {each.option} must have one value, got {values}")


def _refuse_twice(names: Sequence[str], who: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise BadRequest(f"{who}: a name stands once, got {name} twice")
