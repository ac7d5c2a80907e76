"""The networks that were both published and measured, paired and judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.errors import BadRequest
from harness.records import ProfileRecord, Record
from harness.report.conditions import Conditions
from harness.report.definition import Definition
from harness.report.rows import RowRecords, failure_warnings, gather, record_warnings
from harness.report.scales import Scales, load_scales
from harness.report.side import check_rate
from harness.report.speed import FpsChoice, Speeds, choose_speeds
from harness.report.speed_notes import speed_notes, speed_warnings
from harness.report.survival.definition import RatioDefinition
from harness.report.survival.pairs import Network, Pair, pairs_of
from harness.report.survival.published import published_rate

FEWEST = 2  # networks that make a ratio


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What one device says of a table's published FPS.

    Attributes:
        networks: Published and measured, the fastest in print first.
        pairs: Every two of them.
        scales: Factors of the cards.
        conditions: Device and protocol of the measurements.
        left_out: Names of the published rows without a measurement under these conditions.
        notes: Device, protocol and passes of the measurements.
        warnings: Reasons to distrust them.
    """

    networks: tuple[Network, ...]
    pairs: tuple[Pair, ...]
    scales: Scales
    conditions: Conditions
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def survey(definition: RatioDefinition, records: Sequence[Record], choice: FpsChoice) -> Survey:
    """Return what `records` say of the published FPS of a table.

    Args:
        definition: The table of ratios.
        records: All records at hand, in the order in which they were stored.
        choice: Which device and protocol.

    Raises:
        BadRequest: If the measured FPS are of more than one device or protocol, or of fewer than
            two published rows, or a published one has no scale.
    """
    where = f"table {definition.name}"
    rows = gather(definition.table, records)
    speeds = _speeds(definition, rows, choice, where)
    published = [i for i, row in enumerate(rows) if row.reported and "fps" in row.reported.figures]
    both = [i for i in published if i in speeds.records]
    if len(both) < FEWEST:
        raise BadRequest(
            f"{where}: needs measured FPS of at least {FEWEST} published rows of table "
            f"{definition.table.name}, got {len(both)}; `harness profile --table "
            f"{definition.table.name}` takes them"
        )
    conditions = speeds.conditions
    assert conditions is not None  # measured rates are of one device and protocol, or refused
    scales, labels = load_scales(definition.table.scales), _labels(definition.table, rows)
    networks = sorted(
        (_network(rows[i], labels[i], speeds, i, scales, where) for i in both),
        key=lambda network: -network.rate.place,
    )
    # In notes the measured rows alone: that a row was not timed is said in words of its own.
    timed = [rows[i] for i in both]
    own = replace(speeds, records={k: speeds.records[i] for k, i in enumerate(both)})
    return Survey(
        networks=tuple(networks),
        pairs=pairs_of(networks, definition.tolerance),
        scales=scales,
        conditions=conditions,
        left_out=tuple(labels[i] for i in published if i not in both),
        notes=tuple(speed_notes(timed, own)),
        warnings=(*record_warnings(timed), *speed_warnings(own), *failure_warnings(rows)),
    )


def _speeds(
    definition: RatioDefinition, rows: Sequence[RowRecords], choice: FpsChoice, where: str
) -> Speeds:
    """Return the measured FPS of `rows`, of one device under one protocol."""
    if choice.origin == "reported":
        raise BadRequest(f"{where}: judges published FPS by measured ones, got --fps reported")
    besides = ("input",) if len(definition.table.shapes) > 1 else ()
    return choose_speeds(rows, replace(choice, origin="measured"), besides=besides)


def _network(
    row: RowRecords, label: str, speeds: Speeds, position: int, scales: Scales, where: str
) -> Network:
    measured = speeds.records[position]
    assert isinstance(measured, ProfileRecord)
    assert row.reported is not None
    check_rate(measured, where)
    return Network(
        label=label,
        rate=published_rate(row.reported, scales, where),
        reported=row.reported,
        measured=measured,
    )


def _labels(table: Definition, rows: Sequence[RowRecords]) -> list[str]:
    """Return the names of the rows; where two have one name, with their input sizes."""
    counts = Counter(row.label for row in rows)
    labels = []
    for row in rows:
        _, _, height, width = table.shape_of(row.row)
        labels.append(row.label + f" {height}×{width}" * (counts[row.label] > 1))
    return labels
