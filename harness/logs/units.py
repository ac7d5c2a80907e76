"""Fraction or percent: what a log says, what its numbers tell, and what only the user can."""

from __future__ import annotations

import math

from harness.errors import RunFailed
from harness.logs.choice import Choice, Unit
from harness.logs.figure import Figure
from harness.logs.found import Extremes, Series, Validation

# Below this, and above 1, a number without a unit may be a fraction gone wrong or percent.
LOWEST_PERCENT = 2.0


def unit_of(name: str, series: Series, choice: Choice, notes: list[str]) -> Unit:
    """Return the unit of the numbers of `series` that do not say theirs, else that of the last one.

    Raises:
        RunFailed: If the numbers may be either and `choice` does not decide, if it contradicts the
            log, or if a number is no mIoU in its unit.
    """
    said = [unit for unit in series.extremes if unit is not None]
    silent = series.extremes.get(None)
    if silent is None:
        unit = series.last.unit or "fraction"
        if choice.unit is not None and said != [choice.unit]:
            raise RunFailed(f"{name}: --unit {choice.unit}: the log says {' and '.join(said)}")
    elif choice.unit is not None:
        unit = choice.unit
        notes.append(f"the file does not say the unit; read as {unit} (--unit)")
    elif said:
        raise RunFailed(
            f"{name}: holds mIoU with % (up to {series.extremes[said[0]].high:g}) and without "
            f"({silent.low:g} to {silent.high:g}); --unit decides what the latter are"
        )
    else:
        unit = _likely(name, silent)
    for of, extremes in series.extremes.items():
        _check_range(name, extremes, of or unit)
    return unit


def _likely(name: str, extremes: Extremes) -> Unit:
    if extremes.high <= 1:
        return "fraction"
    if extremes.high < LOWEST_PERCENT or extremes.low <= 1:
        raise RunFailed(
            f"{name}: mIoU of {extremes.low:g} to {extremes.high:g} may be a fraction or percent; "
            "--unit decides"
        )
    return "percent"


def _check_range(name: str, extremes: Extremes, unit: Unit) -> None:
    top = 1 if unit == "fraction" else 100
    for value in (extremes.low, extremes.high):
        if not 0 <= value <= top:
            raise RunFailed(f"{name}: mIoU as {unit} must be 0 to {top}, got {value:g}")


def best_of(series: Series, unit: Unit) -> Validation | None:
    """Return the validation with the highest mIoU, the earliest of equals; None if all are NaN.

    Args:
        unit: Of the numbers that do not say theirs.
    """
    best = max(
        series.extremes.values(),
        key=lambda e: (fraction(e.best.miou, e.best.unit or unit), -e.place),
        default=None,
    )
    return best.best if best else None


def fraction(value: Figure, unit: Unit) -> float:
    """Return a value as a fraction, with the digits that it was printed with."""
    if unit == "fraction" or value.missing:
        return value.value
    digits = 2 - round(math.log10(value.place)) if value.place else 17
    return round(value.value / 100, max(digits, 0))
