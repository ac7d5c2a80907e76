"""How effects print: signed differences in the metric's unit, ranges, ratios and shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.records import Record
from harness.report.columns import Column
from harness.report.curve_metrics import MACS, Metric
from harness.report.digits import spread
from harness.report.effects.effect import Change, Effect
from harness.report.model import NO_FIGURE, Cell, Kind
from harness.report.ratio import Ratio

HEADERS: Mapping[str, str] = {
    "params": "Parameters (M)",
    "conv_io": "Conv. in+out (M)",
    "peak_activation_bytes": "Peak activations (MiB)",
    "energy_j": "Energy (J)",
    "miou": "mIoU (%)",
}
DIGITS: Mapping[str, int] = {
    "conv_io": 1, "peak_activation_bytes": 1, "fps": 1, "miou": 1,
}  # fmt: skip
MORE = 1  # digit after the point where a metric has the table to itself
SIGNIFICANT = 2
RATIO_DIGITS = 3
LEAST_SHARE = 0.01  # of a dependence that is worth a word
UNITS = {
    "params": "1e6", "params_constructed": "1e6", "conv_io": "1e6 elements",
    "peak_activation_bytes": "MiB", "miou": "%",
}  # fmt: skip


def header(metric: Metric) -> str:
    """Return what stands above a metric's column."""
    if metric.name.startswith(MACS):
        return f"GMACs ({metric.name.removeprefix(MACS)})"
    return HEADERS.get(metric.name, metric.label)


def difference_column(metric: Metric, name: str, above: str, *, more: int = 0) -> Column:
    """Return a column of differences of a metric, in the unit that its axis has.

    Args:
        metric: The metric.
        name: The column's name.
        above: Its header.
        more: Digits after the point besides the usual ones.
    """
    return Column(
        name=name,
        header=above,
        unit="1e9 MACs" if metric.name.startswith(MACS) else UNITS.get(metric.name, ""),
        digits=DIGITS.get(metric.name, 2) + more,
        significant=SIGNIFICANT,
        figure=metric.name,
    )


def ratio_column(name: str, above: str) -> Column:
    """Return a column of ratios."""
    return Column(name=name, header=above, digits=RATIO_DIGITS, figure="ratio")


def signed(column: Column, value: float) -> str:
    """Return a difference as printed; only one that is exactly 0 prints as 0."""
    return f"+{column.print(value)}" if value > 0 else column.print(value)


def change_cell(column: Column, metric: Metric, change: Change | None) -> Cell:
    """Return the difference of one pair."""
    if change is None:
        return absent()
    value = change.difference / metric.unit
    records = (change.pair.a.source.record, change.pair.b.source.record)
    return Cell(text=signed(column, value), kind=kind(metric), value=value, records=records)


def range_cell(column: Column, effect: Effect) -> Cell:
    """Return the difference at the reference, with the least and the most where they differ."""
    metric = effect.metric
    if effect.constant:
        return change_cell(column, metric, effect.at_reference or effect.changes[0])
    at = change_cell(column, metric, effect.at_reference)
    ends = (effect.least, effect.most)
    low, high = (change.difference / metric.unit for change in ends)
    around = _range(at.value, {end: signed(column, end) for end in (low, high)})
    return Cell(
        text=f"{at.text} ({around})",
        kind=kind(metric),
        value=at.value,
        span=(low, high),
        records=_records([effect.at_reference, *ends]),
    )


def _range(value: float | None, ends: Mapping[float, str]) -> str:
    """Return the ends of a range, but for one that the figure before it is."""
    others = [text for end, text in ends.items() if end != value]
    return " to ".join(others) if len(others) == len(ends) else f"to {others[0]}"


def mean_cell(column: Column, effect: Effect) -> Cell:
    """Return the mean difference, which rests on all of the table's records."""
    value = effect.mean / effect.metric.unit
    return Cell(text=signed(column, value), kind=kind(effect.metric), value=value)


def ratio_cell(column: Column, effect: Effect) -> Cell:
    """Return a ratio: of a timed metric the mean of all with its interval, else as `range_cell`.

    A single timed ratio is as uncertain as its two timings; their geometric mean is less so.
    """
    ratios = effect.ratios
    if not ratios:
        return absent()
    metric = effect.metric
    shown = effect.at_reference.ratio if effect.at_reference else None
    if metric.origin == "timed":
        shown = effect.mean_ratio
    elif effect.constant and ratios[0].value == ratios[-1].value:
        shown = ratios[0]
    text = _ratio_text(column, shown)
    span = None
    if ratios[0].value != ratios[-1].value:
        span = (ratios[0].value, ratios[-1].value)
        ends = {end: column.print(end) for end in span}
        if shown is None or len(set(ends.values())) > 1:
            text += f" ({_range(shown.value if shown else None, ends)})"
    timed = metric.origin == "timed"
    return Cell(
        text=text,
        kind=kind(metric),
        value=shown.value if shown else None,
        interval=shown.ci95 if shown and timed else None,
        span=span,
        records=_records([effect.at_reference, effect.least, effect.most]),
    )


def _ratio_text(column: Column, ratio: Ratio | None) -> str:
    if ratio is None:
        return NO_FIGURE
    if not ratio.log_half_width:
        return column.print(ratio.value)
    assert ratio.ci95 is not None
    return spread(ratio.value, ratio.ci95[1] - ratio.value)


def share_cell(column: Column, share: float, metric: Metric) -> Cell:
    """Return a share in percent, which rests on all of the table's records."""
    return Cell(text=column.print(100 * share), kind=kind(metric), value=100 * share)


def text_cell(text: str) -> Cell:
    """Return a cell of words."""
    return Cell(text=text, kind="label")


def absent() -> Cell:
    """Return the cell of a figure that there is none of."""
    return Cell(text=NO_FIGURE, kind="absent")


def kind(metric: Metric) -> Kind:
    """Return whether a metric's figures are measured or read in a log."""
    return "logged" if metric.origin == "logged" else "measured"


def depends_text(shares: Sequence[tuple[str, float]], *, most: int) -> str:
    """Return the options that differences depend on, at most so many: `stem.strides 98%`."""
    named = [share for share in shares[:most] if share[1] >= LEAST_SHARE]
    return ", ".join(f"{name} {100 * share:.0f}%" for name, share in named)


def _records(changes: Sequence[Change | None]) -> tuple[Record, ...]:
    """Return the records of some pairs, each once."""
    found: dict[int, Record] = {}
    for change in changes:
        if change is not None:
            for point in (change.pair.a, change.pair.b):
                found[id(point.source.record)] = point.source.record
    return tuple(found.values())
