"""The records of a curve, and the refusal of what varies behind the reader's back.

An ablation that averages over an option nobody named, or lets one change along with the one it
shows, says something false. So whatever varies besides what the axes show is refused by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import BadRequest
from harness.records import Record
from harness.report.candidates import (
    Candidate,
    candidates_of,
    having,
    of_conditions,
    require_options,
    those_where,
)
from harness.report.curve_definition import CurveDefinition
from harness.report.curve_options import INPUT, NOT_SET, VARIANT, ordered, text_of
from harness.report.speed import FpsChoice

NAMED = 5  # variants that a warning names one by one


def candidates(
    definition: CurveDefinition, records: Sequence[Record], choice: FpsChoice
) -> tuple[list[Candidate], list[str]]:
    """Return the records that the curve rests on, with a line for what it leaves out.

    Raises:
        BadRequest: If none is left, an option is unknown, or one varies that is not shown.
    """
    who = f"figure {definition.name}"
    found = those_where(candidates_of(having(definition.y, records, who)), definition.where, who)
    if definition.y.origin == "timed":
        found = of_conditions(found, choice, who)
    warnings: list[str] = []
    found = _with_x(found, definition, who, warnings)
    _refuse_varying(found, definition, who)
    return found, warnings


def _with_x(
    found: list[Candidate], definition: CurveDefinition, who: str, warnings: list[str]
) -> list[Candidate]:
    require_options((*definition.axes, *definition.average_over), found, who)
    left = [each for each in found if definition.x in each.options]
    if len(left) < len(found):
        names = dict.fromkeys(e.record.variant for e in found if definition.x not in e.options)
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        warnings.append(
            f"{who}: without {definition.x}, not drawn: {', '.join(list(names)[:NAMED])}{more}"
        )
    return left


def _refuse_varying(found: list[Candidate], definition: CurveDefinition, who: str) -> None:
    """Refuse what varies besides what is shown, averaged, or follows from what is shown."""
    shown = (*definition.axes, *definition.average_over)
    names = dict.fromkeys(option for each in found for option in each.options)
    varying = []
    for name in names:
        if name in shown or (name == INPUT and not definition.y.needs_input):
            continue
        # Of two networks of the same options only a training can differ by the row's name.
        bound = name == VARIANT or _is_bound(name, shown)
        if name == VARIANT and definition.y.origin != "logged":
            continue
        if _varies(found, name, shown if bound else ()):
            varying.append(name)
    if not varying:
        return
    texts = []
    for name in varying:
        values = ordered([each.options.get(name, NOT_SET) for each in found])
        texts.append(f"{name} ({', '.join(text_of(value) for value in values)})")
    example = f"{varying[0]}={text_of(found[-1].options.get(varying[0], NOT_SET))}"
    raise BadRequest(
        f"{who}: only what it shows may vary, but so do {'; '.join(texts)}; show one with --hue or "
        f"--style, fix it with --where {example}, or name it in --average-over"
    )


def _is_bound(name: str, shown: Sequence[str]) -> bool:
    """Whether an option comes and goes with what is shown: that of a component that is swept."""
    slot = name.partition(".")[0]
    return VARIANT in shown or f"{slot}.name" in shown


def _varies(found: Sequence[Candidate], name: str, within: Sequence[str]) -> bool:
    """Whether `name` has several values among candidates that agree in `within`."""
    values: dict[tuple[str, ...], set[str]] = {}
    for each in found:
        values.setdefault(each.key(within), set()).update(each.key([name]))
    return any(len(several) > 1 for several in values.values())
