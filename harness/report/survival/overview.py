"""The short tables: how many ratios survive, and the factors between cards."""

from __future__ import annotations

from collections.abc import Iterator

from harness.records import Record
from harness.report.columns import Column
from harness.report.model import Cell, TableRow
from harness.report.survival.cells import ABSENT, RATIO, interval, label, named
from harness.report.survival.implied import Implied, implied_factors
from harness.report.survival.judge import VERDICTS
from harness.report.survival.pairs import Network
from harness.report.survival.summary import Share, shares_of
from harness.report.survival.survey import Survey

SHARES = (
    named("figures", "Published figures"),
    named("pairs", "Pairs", number=True),
    *(
        named(verdict.replace(" ", "_"), verdict.capitalize(), number=True)
        for verdict in reversed(VERDICTS)
    ),
    named("tau", "Kendall's tau", number=True),
)
SHARES_NOTE = (
    "Kendall's tau: pairs in the order of print less pairs in the other order, over all pairs of "
    "the row, by the measured ratio itself, whatever its interval."
)
FACTORS = (
    named("gpu", "Factor of"),
    named("networks", "Networks", number=True),
    named("used", "In the paper", number=True, published=True),
    named("implied", "Implied", number=True),
    named("interval", "95% interval"),
    named("spread", "Spread", number=True),
    named("lowest", "Lowest"),
    named("highest", "Highest"),
)
FACTORS_NOTE = (
    "Implied: published FPS over measured FPS, geometric mean of the networks of a GPU, over that "
    "of {reference}; of TensorRT, over the factor of its GPU too. Spread: geometric standard "
    "deviation of the single networks' factors, to be read as times or divided by; the row of "
    "{reference} shows what it is where there is no factor between. 95% interval: by that spread, "
    "pooled over the GPUs; what all networks of a GPU share, such as the software of their time, "
    "it does not know."
)


def overview(survey: Survey) -> tuple[tuple[Column, ...], tuple[TableRow, ...]]:
    """Return columns and rows of how many ratios survive, by what stands between the figures."""
    shares = tuple(shares_of(survey.pairs))
    return SHARES, tuple(TableRow(variant="", cells=tuple(_shares(each))) for each in shares)


def _shares(share: Share) -> Iterator[Cell]:
    total = len(share.pairs)
    records = tuple(
        {id(r): r for p in share.pairs for n in (p.first, p.second) for r in n.records}.values()
    )
    yield label(share.name)
    # The records once in a row: all of its figures rest on the same, up to thirty of them.
    yield Cell(text=str(total), kind="measured", value=total, records=records)
    for verdict in reversed(VERDICTS):
        count = share.counts.get(verdict, 0)
        text = f"{count} ({100 * count / total:.0f}%)"
        yield Cell(text=text, kind="measured", value=count)
    assert share.tau is not None  # a share has a pair
    yield Cell(text=RATIO.print(share.tau), kind="measured", value=share.tau)


def factors(survey: Survey) -> tuple[tuple[Column, ...], tuple[TableRow, ...]]:
    """Return columns and rows of the factors between cards, used and implied."""
    found = implied_factors(survey.networks, survey.scales)
    return FACTORS, tuple(TableRow(variant="", cells=tuple(_factors(each))) for each in found)


def _factors(implied: Implied) -> Iterator[Cell]:
    records = tuple(record for each in implied.networks for record in each.records)
    count = len(implied.networks)
    yield label(implied.name)
    yield Cell(text=str(count), kind="measured", value=count, records=records)
    published = tuple(n.reported for n in (*implied.networks, *implied.bounds))
    used = RATIO.print(implied.used)
    yield Cell(text=used, kind="reported", value=implied.used, records=published)
    yield _factor(implied.value, records, implied.ci95)
    yield interval(implied.ci95)
    yield _factor(implied.spread, records)
    yield _end(implied.end(highest=False))
    yield _end(implied.end(highest=True))


def _factor(
    value: float | None,
    records: tuple[Record, ...],
    ci95: tuple[float, float] | None = None,
) -> Cell:
    if value is None:
        return ABSENT
    text = RATIO.print(value)
    return Cell(text=text, kind="measured", value=value, interval=ci95, records=records)


def _end(found: tuple[float, Network] | None) -> Cell:
    if found is None:
        return ABSENT
    factor, network = found
    text = f"{RATIO.print(factor)} {network.label}"
    return Cell(text=text, kind="label", value=factor, records=network.records)
