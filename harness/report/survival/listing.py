"""The pairs one by one, those that did not survive first."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.report.columns import Column
from harness.report.model import Cell, TableRow
from harness.report.survival.cells import (
    ABSENT,
    RATIO,
    label,
    measured_ratio,
    named,
    range_text,
)
from harness.report.survival.judge import VERDICTS
from harness.report.survival.pairs import Pair
from harness.report.survival.survey import Survey

COLUMNS = (
    named("first", "Ahead in print"),
    named("second", "Over"),
    named("between", "Figures"),
    named("printed", "As printed", number=True, published=True),
    named("published", "Normalised", number=True, published=True),
    named("measured", "Measured", number=True),
    named("interval", "95% interval"),
    named("change", "Change", number=True),
    named("verdict", "Verdict"),
)
NOTE = (
    "Ratios: FPS of the first network over that of the second one, as printed and normalised; "
    "change: measured over normalised."
)


def listing(survey: Survey) -> tuple[tuple[Column, ...], tuple[TableRow, ...]]:
    """Return columns and rows, each verdict in a group of its own, the largest changes first."""
    pairs = sorted(survey.pairs, key=lambda pair: (VERDICTS.index(pair.verdict), -_size(pair)))
    return COLUMNS, tuple(
        TableRow(
            variant=pair.first.measured.variant,
            cells=tuple(_cells(pair)),
            group=VERDICTS.index(pair.verdict),
        )
        for pair in pairs
    )


def _size(pair: Pair) -> float:
    return 0.0 if pair.change is None else abs(math.log(pair.change))


def _cells(pair: Pair) -> Iterator[Cell]:
    first, second = pair.first, pair.second
    yield label(first.label)
    yield label(second.label)
    yield label(pair.basis)
    printed = (first.reported, second.reported)
    raw = None
    if first.rate.value is not None and second.rate.value is not None:
        raw = first.rate.value / second.rate.value
    for value, found in ((raw, pair.printed), (pair.value, pair.published)):
        text = range_text(found) if value is None else RATIO.print(value)
        interval = None if math.isinf(found.high) else (found.low, found.high)
        yield Cell(text=text, kind="reported", value=value, interval=interval, records=printed)
    yield from measured_ratio(pair.measured, (first, second))
    if pair.change is None:
        yield ABSENT
    else:
        # Of the records of both figures that it is the quotient of, beside it.
        yield Cell(text=RATIO.print(pair.change), kind="measured", value=pair.change)
    yield label(pair.verdict)
