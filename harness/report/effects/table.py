"""Effect tables, made of records: several metrics side by side, or one of them in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import BadRequest
from harness.records import Record
from harness.report.columns import Column
from harness.report.curve_metrics import Metric, Origin
from harness.report.effects.definition import EffectsDefinition
from harness.report.effects.effect import Effect, depends_on, effect_of
from harness.report.effects.factors import Factor, Key
from harness.report.effects.figures import (
    MORE,
    absent,
    change_cell,
    depends_text,
    difference_column,
    header,
    mean_cell,
    range_cell,
    ratio_cell,
    ratio_column,
    text_cell,
)
from harness.report.effects.gathered import Gathered, gather_points
from harness.report.effects.notes import difference_notes
from harness.report.effects.pairs import Pairs, pairs_of
from harness.report.effects.share_table import OPTION, share_table
from harness.report.model import Cell, Table, TableRow
from harness.report.speed import FpsChoice

FROM, TO, PAIRS = (
    Column(name="from", header="From"),
    Column(name="to", header="To"),
    Column(name="pairs", header="Pairs", figure="pairs"),
)


def build_effects(
    definition: EffectsDefinition, records: Sequence[Record], choice: FpsChoice | None = None
) -> Table:
    """Return the effect table that `definition` makes of `records`.

    Args:
        definition: Options, metrics and conditions.
        records: All records at hand, in the order in which they were stored.
        choice: Device and protocol of metrics that were timed.

    Raises:
        BadRequest: If no option varies, an option, a metric or a reference is unknown, no two
            records differ in one option alone, timings are of several devices or protocols, or
            shares are asked for where combinations are missing.
    """
    gathered = gather_points(definition, records, choice or FpsChoice(origin="measured"))
    if definition.shows == "shares":
        return share_table(gathered)
    return _differences(gathered)


@dataclass(frozen=True)
class Line:
    """One row: an option's value, held against the reference, in every metric that has pairs."""

    factor: Factor
    value: Key
    effects: Mapping[str, Effect]

    @property
    def pairs(self) -> int:
        """In how many pairs the value is held against the reference."""
        return max((len(effect.changes) for effect in self.effects.values()), default=0)


def _lines(gathered: Gathered) -> list[Line]:
    lines = []
    for factor in gathered.space.shown:
        pairs: dict[Key, dict[Origin, Pairs]] = {}
        for origin, points in gathered.points.items():
            for each in pairs_of(gathered.space, points, factor):
                pairs.setdefault(each.value, {})[origin] = each
        for value in factor.values:
            effects = {
                metric.name: effect
                for metric in gathered.metrics
                if value in pairs
                and (effect := effect_of(metric, factor, pairs[value][metric.origin]))
            }
            if effects:
                lines.append(Line(factor, value, effects))
    return lines


def _differences(gathered: Gathered) -> Table:
    definition = gathered.definition
    lines = _lines(gathered)
    if not lines:
        names = ", ".join(factor.label for factor in gathered.space.shown)
        raise BadRequest(
            f"{definition.who}: two records must differ in one option alone, got none that do in "
            f"{names}"
        )
    one = len(gathered.metrics) == 1
    columns, cells = (_full if one else _side_by_side)(gathered, lines)
    without = [f for f in gathered.space.shown if f not in [line.factor for line in lines]]
    warnings = []
    if without:
        names = ", ".join(factor.label for factor in without)
        warnings = [f"{definition.who}: no two records differ from the reference in one of these "
                    f"alone, so they are left out: {names}"]  # fmt: skip
    groups = list(dict.fromkeys(line.factor.names for line in lines))
    rows = tuple(
        TableRow(
            variant=f"{line.factor.label}={line.factor.values[line.value]}",
            cells=(*_label_cells(line), *each),
            group=groups.index(line.factor.names),
        )
        for line, each in zip(lines, cells, strict=True)
    )
    effects = [list(line.effects.values()) for line in lines]
    return Table(
        name=definition.name,
        title=definition.title,
        columns=(OPTION, FROM, TO, PAIRS, *columns),
        rows=rows,
        footnotes=(
            *definition.footnotes,
            *difference_notes(gathered.space, effects, gathered.metrics, gathered.records),
            *gathered.notes,
        ),
        warnings=(*gathered.warnings, *warnings),
        groups=(None,) * len(groups),
        wide=definition.wide,
        basis=gathered.records,
    )


def _label_cells(line: Line) -> tuple[Cell, ...]:
    factor = line.factor
    texts = (factor.label, factor.values[factor.reference], factor.values[line.value])
    count = Cell(text=f"{line.pairs:,}", kind="measured", value=float(line.pairs))
    return (*(text_cell(text) for text in texts), count)


def _side_by_side(
    gathered: Gathered, lines: Sequence[Line]
) -> tuple[list[Column], list[list[Cell]]]:
    """Return a column for each metric: differences, of a timed one ratios."""
    columns = [
        ratio_column(f"{m.name}.ratio", f"{header(m)}, ratio")
        if m.origin == "timed"
        else difference_column(m, m.name, header(m))
        for m in gathered.metrics
    ]

    def cell(metric: Metric, column: Column, line: Line) -> Cell:
        effect = line.effects.get(metric.name)
        if effect is None:
            return absent()
        return (ratio_cell if metric.origin == "timed" else range_cell)(column, effect)

    return columns, [
        [cell(m, c, line) for m, c in zip(gathered.metrics, columns, strict=True)] for line in lines
    ]


def _full(gathered: Gathered, lines: Sequence[Line]) -> tuple[list[Column], list[list[Cell]]]:
    """Return all that is known of one metric's differences."""
    (metric,) = gathered.metrics
    named = {"at_reference": "At reference", "least": "Least", "mean": "Mean", "most": "Most"}
    columns = [difference_column(metric, name, above, more=MORE) for name, above in named.items()]
    ratio = ratio_column("ratio", "Ratio")
    depends = Column(name="depends_on", header="Depends most on")
    cells = []
    for line in lines:
        effect = line.effects[metric.name]
        cells.append(
            [
                change_cell(columns[0], metric, effect.at_reference),
                change_cell(columns[1], metric, effect.least),
                mean_cell(columns[2], effect),
                change_cell(columns[3], metric, effect.most),
                ratio_cell(ratio, effect),
                text_cell(depends_text(depends_on(gathered.space, [effect]), most=1)),
            ]
        )
    return [*columns, ratio, depends], cells
