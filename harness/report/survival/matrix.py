"""Every network over every other one: what becomes of the ratio, a letter each.

By how much a ratio changed is the value of its cell, which JSON and HTML hold; in print it would
make the table too wide for a page, and stands in the list of pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.report.columns import COLUMNS, Column, reported
from harness.report.model import TENSORRT_MARK, Cell, TableRow
from harness.report.side import timing_of
from harness.report.survival.cells import EMPTY, label, named
from harness.report.survival.judge import Verdict
from harness.report.survival.pairs import Network, Pair
from harness.report.survival.survey import Survey

LETTERS: Mapping[Verdict, str] = {
    "survives": "s",
    "same order": "o",
    "reversed": "R",
    "undecided": "u",
}
NOTE = (
    "Each letter: what becomes of the published ratio of the row's network to that of the column's "
    f"number; {', '.join(f'{letter} {verdict}' for verdict, letter in LETTERS.items())}."
)


def matrix(survey: Survey) -> tuple[tuple[Column, ...], tuple[TableRow, ...]]:
    """Return columns and rows: networks as they are in print, the fastest first."""
    networks = survey.networks
    pairs = {(id(pair.first), id(pair.second)): pair for pair in survey.pairs}
    rows = []
    for i, network in enumerate(networks):
        ratios = (
            _ratio(pairs[id(network), id(other)]) if j > i else EMPTY
            for j, other in enumerate(networks)
            if j  # nothing is faster than the first one: its column would be empty
        )
        cells = (label(f"{i + 1}. {network.label}"), *_rates(network), *ratios)
        rows.append(TableRow(variant=network.measured.variant, cells=cells))
    return _columns(networks), tuple(rows)


def _columns(networks: Sequence[Network]) -> tuple[Column, ...]:
    return (
        COLUMNS["method"],
        named("gpu", "GPU", published=True),
        reported(COLUMNS["fps_norm"]),
        COLUMNS["fps"],
        *(named(f"over.{j + 1}", str(j + 1), number=True) for j in range(1, len(networks))),
    )


def _rates(network: Network) -> tuple[Cell, Cell, Cell]:
    timing, record = timing_of(network.measured), network.reported
    star = TENSORRT_MARK * record.tensorrt
    return (
        label(record.device),
        replace(_normalised(network), records=(record,), mark=star),
        Cell(
            text=COLUMNS["fps"].print(timing.fps),
            kind="measured",
            value=timing.fps,
            interval=timing.fps_ci95,
            records=(network.measured,),
        ),
    )


def _normalised(network: Network) -> Cell:
    """Return the normalised rate as it is printed, else by the rule."""
    rate, figures = network.rate, network.reported.figures
    value = None if rate.value is None else rate.value / rate.factor
    text = figures["fps"] if value is None else COLUMNS["fps_norm"].print(value)
    return Cell(text=figures.get("fps_norm", text), kind="reported", value=value)


def _ratio(pair: Pair) -> Cell:
    return Cell(
        text=LETTERS[pair.verdict],
        kind="measured",
        value=pair.change,
        records=(*pair.first.records, *pair.second.records),
    )
