"""The records behind an effect table, at their places in the space that they span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import BadRequest
from harness.records import Record
from harness.report.candidates import (
    SOURCES,
    Candidate,
    candidates_of,
    having,
    newest,
    of_conditions,
    of_variants,
    those_where,
)
from harness.report.curve_metrics import Metric, Origin, Source, metric_of
from harness.report.effects.definition import EffectsDefinition
from harness.report.effects.pairs import with_pairs
from harness.report.effects.space import Point, Space, space_of
from harness.report.speed import FpsChoice

USUAL = ("params", "macs.paper", "conv_io", "peak_activation_bytes", "fps", "miou")
"""The metrics of a table that names none, as far as the records have them."""


@dataclass(frozen=True)
class Gathered:
    """What a table is made of.

    Attributes:
        definition: What was asked for, its metrics named.
        space: The options that vary.
        points: The records by the origin of the metrics, the newest of each network.
        notes: What a reader has to know about them.
        warnings: What whoever prints the table has to know.
    """

    definition: EffectsDefinition
    metrics: tuple[Metric, ...]
    space: Space
    points: Mapping[Origin, tuple[Point, ...]]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """The records behind the points, each once."""
        found = {id(p.source.record): p.source.record for those in self.points.values()
                 for p in those}  # fmt: skip
        return tuple(found.values())


def gather_points(
    definition: EffectsDefinition, records: Sequence[Record], choice: FpsChoice
) -> Gathered:
    """Return the points of the space that `records` span."""
    who = definition.who
    metrics = metrics_of(definition, records)
    found: dict[Origin, dict[int, Source]] = {}  # by identity: records are not hashable
    for metric in metrics:
        those = having(metric, records, who)
        found.setdefault(metric.origin, {}).update((id(record), record) for record in those)
    chosen: dict[Origin, list[Candidate]] = {}
    for origin, by_id in found.items():
        kept = those_where(candidates_of(by_id.values()), definition.where, who)
        chosen[origin] = of_conditions(kept, choice, who) if origin == "timed" else kept
    space = space_of([each for those in chosen.values() for each in those], definition)
    points: dict[Origin, tuple[Point, ...]] = {}
    notes: list[str] = []
    warnings: list[str] = []
    for origin, candidates in chosen.items():
        left = newest(candidates, space.names, origin, choice, who)
        points[origin] = tuple(space.point(each) for each in left.candidates)
        notes += left.notes
        warnings += left.warnings
    fixed = {where.option for where in definition.reference}
    space = with_pairs(space, [p for those in points.values() for p in those], fixed)
    return Gathered(definition, metrics, space, points, tuple(notes), tuple(warnings))


def metrics_of(definition: EffectsDefinition, records: Sequence[Record]) -> tuple[Metric, ...]:
    """Return the metrics that a table names, else those of the usual ones that its records have.

    Raises:
        BadRequest: If they have none of them.
    """
    if definition.metrics:
        return definition.metrics
    kept = of_variants(definition.where, records)
    found = [metric_of(name, definition.who) for name in USUAL]
    there = tuple(metric for metric in found if any(_has(metric, each) for each in kept))
    if not there:
        raise BadRequest(
            f"{definition.who}: a record must have one of {', '.join(USUAL)}, got none"
        )
    return there


def _has(metric: Metric, record: Record) -> bool:
    return isinstance(record, SOURCES[metric.origin]) and metric.raw(record) is not None
