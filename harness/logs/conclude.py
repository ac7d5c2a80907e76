"""What a log says, out of what was found in it; where that allows two answers, a refusal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.errors import RunFailed, did_you_mean
from harness.logged_record import LogReading, Score
from harness.logs.choice import Choice, Split, Unit
from harness.logs.figure import Figure
from harness.logs.found import Found, Series, Validation
from harness.logs.names import renamed

LOWEST_PERCENT = (
    2.0  # below this, and above 1, a number without a unit is neither one nor the other
)


def conclude(name: str, format_name: str, found: Found, choice: Choice) -> LogReading:
    """Return the reading of the log called `name`.

    Raises:
        RunFailed: If there is no mIoU in it, several answers and no flag that decides, or a mIoU
            that is none.
    """
    if not found.series:
        raise RunFailed(f"{name}: no mIoU in it, {_why(format_name, found)}")
    notes = list(found.notes)
    series = _chosen(name, found, choice, notes)
    unit = _unit(name, series, choice)
    if series.best is None or series.last.miou.missing:
        raise RunFailed(f"{name}: the last mIoU must be a number, got {series.last.miou.value}")
    final, best = _score(name, series.last, unit, notes), _score(name, series.best, unit, notes)
    if series.missing:
        notes.append(f"{series.missing} of {series.count} validations are NaN")
    if series.split is None:
        notes.append("the file does not say which split was evaluated")
    _check_means(series, (final, best), notes)
    finished = _finished(found)
    _note_progress(found, final, notes)
    return LogReading(
        format=format_name,
        metric=series.metric,
        final=final,
        best=best,
        unit=unit,
        step_unit=found.step_unit if final.step is not None else None,
        validations=series.count,
        finished=finished,
        split=series.split,
        notes=tuple(dict.fromkeys(notes)),
    )


def _why(format_name: str, found: Found) -> str:
    if found.nothing:
        return f"{found.nothing} (read as {format_name})"
    if found.reached is None:
        return f"read as {format_name}"
    of = f" of {found.planned}" if found.planned is not None else ""
    return f"0 validations up to {found.step_unit} {found.reached}{of} (read as {format_name})"


def _chosen(name: str, found: Found, choice: Choice, notes: list[str]) -> Series:
    """Return the series that counts: of the split, the metric and the run asked for."""
    every = list(found.all_series())
    if choice.metric is not None:
        every = _named(name, every, choice.metric)
    of_split = _of_split(name, every, choice.split)
    metrics = list(dict.fromkeys(s.metric for s in of_split))
    metric = metrics[0]
    if len(metrics) > 1:
        metric = next((m for m in found.preferred if m in metrics), "")
        if not metric:
            raise RunFailed(
                f"{name}: holds several mIoU, --metric decides: {', '.join(map(repr, metrics))}"
            )
    chosen = _run(name, [s for s in of_split if s.metric == metric], choice.run)
    for other in every:
        if (other.metric, other.split) != (chosen.metric, chosen.split):
            flag = f"--metric {other.metric!r}" if other.metric != metric else "--split"
            if other.metric == metric or other.split != chosen.split:
                flag = f"--split {other.split}"
            notes.append(
                f"left out: {other.metric} on {other.split or 'an unnamed split'}, "
                f"last {other.last.miou.value:g} ({flag} reads it)"
            )
    return chosen


def _named(name: str, every: Sequence[Series], metric: str) -> list[Series]:
    wanted = " ".join(metric.split())
    found = [s for s in every if s.metric == wanted]
    if not found:
        known = list(dict.fromkeys(s.metric for s in every))
        raise RunFailed(f"{name}: has no metric {metric!r}{did_you_mean(metric, known)}")
    return found


def _of_split(name: str, every: Sequence[Series], split: Split | None) -> list[Series]:
    """Return the series of a split: that asked for, else validation before test."""
    splits = {s.split for s in every}
    if split is None:
        order: tuple[Split | None, ...] = ("val", None, "test")
        split_found = next(s for s in order if s in splits)
        return [s for s in every if s.split == split_found]
    if split in splits:
        return [s for s in every if s.split == split]
    if splits == {None}:  # the log does not say, so the user may
        for series in every:
            series.split = split
        return list(every)
    known = " and ".join(sorted(s for s in splits if s))
    raise RunFailed(f"{name}: --split {split}: it has only {known}")


def _run(name: str, runs: Sequence[Series], run: int | None) -> Series:
    if run is None and len(runs) > 1:
        ends = "; ".join(
            f"{i}: {s.count} validations, the last at {s.last.step}"
            for i, s in enumerate(runs[:5], start=1)
        )
        raise RunFailed(f"{name}: steps go back, so it holds several runs, --run decides: {ends}")
    if run is not None and not 1 <= run <= len(runs):
        raise RunFailed(f"{name}: --run must be 1 to {len(runs)}, got {run}")
    return runs[(run or 1) - 1]


def _unit(name: str, series: Series, choice: Choice) -> Unit:
    """Return the unit of `series`, and hold its values to it."""
    said = {unit for unit in series.units if unit is not None}
    if None in series.units and said:
        raise RunFailed(f"{name}: mIoU with and without %, got {series.low:g} to {series.high:g}")
    if len(said) > 1:
        unit: Unit = series.last.unit or "fraction"
    elif said:
        (unit,) = said
        if choice.unit not in (None, unit):
            raise RunFailed(f"{name}: --unit {choice.unit}: the log says {unit}")
        _check_range(name, series, unit)
    else:
        unit = choice.unit or _likely_unit(name, series)
        _check_range(name, series, unit)
    return unit


def _likely_unit(name: str, series: Series) -> Unit:
    if not series.high > 1:
        return "fraction"
    if series.high < LOWEST_PERCENT or series.low <= 1:
        raise RunFailed(
            f"{name}: mIoU of {series.low:g} to {series.high:g} may be a fraction or percent; "
            "--unit decides"
        )
    return "percent"


def _check_range(name: str, series: Series, unit: Unit) -> None:
    top = 1.0 if unit == "fraction" else 100.0
    for value in (series.low, series.high):
        if math.isfinite(value) and not 0 <= value <= top:
            raise RunFailed(f"{name}: mIoU as {unit} must be 0 to {top:g}, got {value:g}")


def _score(name: str, validation: Validation, unit: Unit, notes: list[str]) -> Score:
    miou = _fraction(validation.miou, validation.unit or unit)
    if not 0 <= miou <= 1:  # where a log has both units, its ends are all that is checked
        raise RunFailed(f"{name}: mIoU must be 0 to 1, got {miou:g}")
    classes, left_out = {}, []
    named, assumed = renamed(validation.classes)
    if assumed:
        notes.append("19 classes without names, taken for Cityscapes' in their usual order")
    for of, iou in named.items():
        value = _fraction(iou, validation.classes_unit or unit)
        if iou.missing:
            left_out.append(of)
        elif 0 <= value <= 1:
            classes[of] = value
        else:
            raise RunFailed(f"{name}: IoU of {of} must be 0 to 1, got {value:g}")
    if left_out:
        notes.append(f"classes without a number are left out: {', '.join(left_out)}")
    return Score(miou=miou, step=validation.step, per_class_iou=classes or None)


def _fraction(value: Figure, unit: Unit) -> float:
    """Return a value as a fraction, with the digits it was printed with."""
    if unit == "fraction" or value.missing:
        return value.value
    digits = 2 - round(math.log10(value.place)) if value.place else 17
    return round(value.value / 100, max(digits, 0))


def _check_means(series: Series, scores: Sequence[Score], notes: list[str]) -> None:
    """Note where the mean of the classes is not the mIoU that the log states."""
    for validation, score, what in zip(
        (series.last, series.best), scores, ("final", "best"), strict=True
    ):
        classes = score.per_class_iou
        if not classes or validation is None or (what == "best" and validation is series.last):
            continue
        place = max(figure.place for figure in (validation.miou, *validation.classes.values()))
        percent = validation.classes_unit == "percent" or validation.unit == "percent"
        mean = sum(classes.values()) / len(classes)
        if abs(mean - score.miou) > place / (100 if percent else 1) + 1e-9:
            notes.append(
                f"the mean of the {len(classes)} classes listed is {mean:.4f}, not the mIoU "
                f"{score.miou:.4f} stated ({what}){_zeros(classes, score.miou)}"
            )


def _zeros(classes: dict[str, float], miou: float) -> str:
    """Say how many classes of IoU 0 would make up the difference, if a whole number does."""
    total = sum(classes.values()) / miou if miou else 0.0
    missing = round(total) - len(classes)
    if missing > 0 and abs(total - round(total)) < 0.01 * round(total) / 10:
        return f"; {missing} more of 0 would make it so"
    return ""


def _finished(found: Found) -> bool | None:
    if found.finished is not None:
        return found.finished
    if found.reached is None or found.planned is None:
        return None
    return found.reached >= found.planned


def _note_progress(found: Found, final: Score, notes: list[str]) -> None:
    reached, planned, unit = found.reached, found.planned, found.step_unit
    if _finished(found) is None:
        notes.append("the file does not tell whether the run had finished")
    elif not _finished(found) and reached is not None:
        of = f" of {planned}" if planned is not None else ""
        notes.append(f"unfinished: it ends at {unit} {reached}{of}")
    if final.step is not None and reached is not None and final.step < reached:
        notes.append(f"the last validation is at {unit} {final.step}, the log goes on to {reached}")
