"""What a log says, out of what was found in it; where that allows two answers, a refusal."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import RunFailed, did_you_mean
from harness.logged_record import LogReading, Score
from harness.logs.choice import Choice, Split, Unit
from harness.logs.found import Found, Series, Validation
from harness.logs.names import renamed
from harness.logs.source import NoMiou
from harness.logs.units import best_of, fraction, unit_of

MOST_NAMED = 10  # of several mIoU, that a message lists


def conclude(name: str, format_name: str, found: Found, choice: Choice) -> LogReading:
    """Return the reading of the log called `name`.

    Raises:
        NoMiou: If there is no mIoU in it.
        RunFailed: If there are several answers and no flag that decides, or a mIoU that is none.
    """
    if not found.series:
        raise NoMiou(f"{name}: no mIoU in it, {_why(format_name, found)}")
    notes = list(found.notes)
    series = _chosen(name, found, choice, notes)
    unit = unit_of(name, series, choice, notes)
    highest = best_of(series, unit)
    if highest is None or series.last.miou.missing:
        raise RunFailed(f"{name}: the last mIoU must be a number, got {series.last.miou.value}")
    final, best = _score(name, series.last, unit, notes), _score(name, highest, unit, notes)
    if series.missing:
        notes.append(f"{series.missing} of {series.count} validations are NaN")
    split = series.split or choice.split
    if series.split is None:
        said = f"; said to be {split} (--split)" if split else ""
        notes.append(f"the file does not say which split was evaluated{said}")
    _check_mean(series.last, final, "final", notes)
    if highest is not series.last:
        _check_mean(highest, best, "best", notes)
    finished = _finished(found)
    _note_progress(found, finished, final, notes)
    return LogReading(
        format=format_name,
        metric=series.metric,
        final=final,
        best=best,
        unit=series.last.unit or unit,
        step_unit=found.step_unit if final.step is not None else None,
        validations=series.count,
        finished=finished,
        split=split,
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
    every = list(found.series.values())
    if choice.metric is not None:
        every = _named(name, every, choice.metric)
    of_split = _of_split(name, every, choice.split)
    metrics = list(dict.fromkeys(s.metric for s in of_split))
    metric = next((m for m in found.preferred if m in metrics), metrics[0])
    if len(metrics) > 1 and metric not in found.preferred:
        raise RunFailed(f"{name}: holds several mIoU, --metric decides: {_listed(metrics)}")
    chosen = _run(name, [s for s in of_split if s.metric == metric], choice.run, notes)
    others = {(s.metric, s.split): s for s in every}  # the last run of each
    del others[chosen.metric, chosen.split]
    for other in list(others.values())[:MOST_NAMED]:
        flag = f"--metric {other.metric!r}" if other.metric != metric else f"--split {other.split}"
        notes.append(
            f"left out: {other.metric} on {other.split or 'an unnamed split'}, "
            f"last {other.last.miou.value:g} ({flag} reads it)"
        )
    return chosen


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(map(repr, names[:MOST_NAMED])) + more


def _named(name: str, every: Sequence[Series], metric: str) -> list[Series]:
    wanted = " ".join(metric.split())
    found = [s for s in every if s.metric == wanted]
    if not found:
        known = list(dict.fromkeys(s.metric for s in every))
        hint = did_you_mean(metric, known)
        if hint.startswith("; known"):
            hint = f"; known: {_listed(known)}"
        raise RunFailed(f"{name}: has no metric {metric!r}{hint}")
    return found


def _of_split(name: str, every: Sequence[Series], split: Split | None) -> list[Series]:
    """Return the series of a split: that asked for, else validation before test."""
    splits = {s.split for s in every}
    order: tuple[Split | None, ...] = ("val", None, "test")
    if split is None:
        split = next(s for s in order if s in splits)
    elif splits == {None}:  # the log does not say, so the user may
        return list(every)
    elif split not in splits:
        known = " and ".join(s for s in order if s and s in splits)
        raise RunFailed(f"{name}: --split {split}: it has only {known}")
    return [s for s in every if s.split == split]


def _run(name: str, runs: Sequence[Series], run: int | None, notes: list[str]) -> Series:
    if run is None and len(runs) > 1:
        ends = "; ".join(
            f"{i}: {s.count} validations, the last at {s.last.step}"
            for i, s in enumerate(runs[:MOST_NAMED], start=1)
        )
        raise RunFailed(
            f"{name}: steps go back, so it holds {len(runs)} runs, --run decides: {ends}"
        )
    if run is not None and run > len(runs):
        raise RunFailed(f"{name}: --run must be 1 to {len(runs)}, got {run}")
    if len(runs) > 1:
        notes.append(f"run {run} of the {len(runs)} in the file (--run)")
    return runs[(run or 1) - 1]


def _score(name: str, validation: Validation, unit: Unit, notes: list[str]) -> Score:
    miou = fraction(validation.miou, validation.unit or unit)
    classes, left_out = {}, []
    named, assumed = renamed(validation.classes)
    if assumed:
        notes.append("19 classes without names, taken for Cityscapes' in their usual order")
    for of, iou in named.items():
        value = fraction(iou, validation.classes_unit or unit)
        if iou.missing:
            left_out.append(of)
        elif 0 <= value <= 1:
            classes[of] = value
        else:
            raise RunFailed(f"{name}: IoU of {of!r} must be 0 to 1, got {value:g}")
    if left_out:
        notes.append(f"classes without a number are left out: {', '.join(left_out)}")
    return Score(miou=miou, step=validation.step, per_class_iou=classes or None)


def _check_mean(validation: Validation, score: Score, what: str, notes: list[str]) -> None:
    """Note where the mean of the classes is not the mIoU that the log states."""
    classes = score.per_class_iou
    if not classes:
        return
    place = max(figure.place for figure in (validation.miou, *validation.classes.values()))
    percent = "percent" in (validation.classes_unit, validation.unit)
    mean = sum(classes.values()) / len(classes)
    if abs(mean - score.miou) > place / (100 if percent else 1) + 1e-9:
        count = f"{len(classes)} class{'es' * (len(classes) != 1)}"
        notes.append(
            f"the mean of the {count} listed is {mean:.4f}, not the mIoU "
            f"{score.miou:.4f} stated ({what}){_zeros(classes, score.miou)}"
        )


def _zeros(classes: dict[str, float], miou: float) -> str:
    """Say how many classes of IoU 0 would make up the difference, if a whole number does."""
    total = sum(classes.values()) / miou if miou else 0.0
    missing = round(total) - len(classes)
    if missing > 0 and abs(total - round(total)) < 0.001 * total:
        return f"; {missing} more of 0 would make it so"
    return ""


def _finished(found: Found) -> bool | None:
    if found.finished is not None:
        return found.finished
    if found.reached is None or found.planned is None:
        return None
    return found.reached >= found.planned


def _note_progress(found: Found, finished: bool | None, final: Score, notes: list[str]) -> None:
    reached, planned, unit = found.reached, found.planned, found.step_unit
    if finished is None:
        notes.append("the file does not tell whether the run had finished")
    elif not finished:
        at = f"at {unit} {reached}" if reached is not None else "before its end"
        of = f" of {planned}" if planned is not None else ""
        notes.append(f"unfinished: it ends {at}{of}")
    if final.step is not None and reached is not None and final.step < reached:
        notes.append(f"the last validation is at {unit} {final.step}, the log goes on to {reached}")
