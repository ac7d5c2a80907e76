"""The figures of Tables I, III and IV, and those that stand in two tables."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from harness.records import ReportedRecord
from harness.report.audit.check import Answer, Question
from harness.report.audit.evidence import Evidence, sized
from harness.report.audit.expression import MissingFigureError
from harness.report.audit.printed import parse
from harness.report.scales import Scales

Asked = tuple[Question, Answer]

TABLES = ("table-1", "table-3", "table-4")
OWN = ("baseline", "fassd-net", "fc-hardnet-70")
"""What the names of the networks begin with that the paper builds and measures itself."""

COUNTS = {  # expressions of figures that counting gives, {} being the network
    "gflops": "{{cost/{0}/macs.paper}} / 10 ** 9",
    "params_m": "{{cost/{0}/params}} / 10 ** 6",
    "delta_params_m": "({{cost/{0}/params}} - {{cost/baseline/params}}) / 10 ** 6",
}
SAME = {"baseline-dapf-mda": "fassd-net"}  # one network under two names
NO_COUNT = "Neither a count nor public code gives it."
NO_RATE = "Its GPU was not measured here."
NO_LOG = "No log of this network is in the records."


def table_questions(table: str, evidence: Evidence, scales: Scales) -> Iterator[Asked]:
    """Yield every figure of one of `TABLES`, with what it is held against."""
    for key, record in evidence.rows.get(table, {}).items():
        for name, text in record.figures.items():
            question = Question(
                id=f"{table}/{key}/{name}",
                table=table,
                place=record.source.place,
                variant=record.variant,
                label=record.label,
                quantity=name,
                printed=text,
                static=name in COUNTS and record.variant.startswith(OWN),
            )
            yield question, _answer(question, key, record, evidence, scales)


def _answer(
    question: Question, key: str, record: ReportedRecord, evidence: Evidence, scales: Scales
) -> Answer:
    name = question.quantity
    if name in COUNTS:
        return _counted(question, COUNTS[name].format(sized(record)), evidence)
    if name == "fps_norm":
        return _normalised(question, key, record, evidence, scales)
    if name == "miou" and question.table == "table-3":
        return arithmetic(question, f"mean({{table-3/{key}/iou.*}})", evidence)
    return _referred(question, record, evidence)


def _counted(question: Question, text: str, evidence: Evidence) -> Answer:
    try:
        result = evidence.compute(text, like=parse(question.printed))
    except MissingFigureError:
        return Answer(value=None, how="none", reason=NO_COUNT)
    own = evidence.cost_of(result.operands[0].split("/")[1]) is not None
    how = evidence.costs_are if own else "reference"
    working = result.working
    if not own:
        working += f" ({evidence.look_up(result.operands[0]).about})"
    return Answer(value=result.value, how=how, working=working)


def _normalised(
    question: Question, key: str, record: ReportedRecord, evidence: Evidence, scales: Scales
) -> Answer:
    """Return FPS / scale, and / the factor of TensorRT, of the printed FPS."""
    scale = scales.scale(record.device)
    if scale is None or (record.tensorrt and scales.tensorrt is None):
        return Answer(value=None, how="none", reason=f"The paper has no scale of {record.device}.")
    by = f" / {scale:g}" + (f" / {scales.tensorrt:g}" if record.tensorrt else "")
    return arithmetic(question, f"{{{question.table}/{key}/fps}}{by}", evidence)


def arithmetic(question: Question, text: str, evidence: Evidence) -> Answer:
    """Return what an expression of printed figures comes to."""
    try:
        result = evidence.compute(text, like=parse(question.printed))
    except MissingFigureError as error:
        return Answer(value=None, how="none", reason=f"There is no figure {error}.")
    return Answer(value=result.value, how="arithmetic", working=result.working)


def _referred(question: Question, record: ReportedRecord, evidence: Evidence) -> Answer:
    """Return a rate or an accuracy of Table IV as a public page states it.

    The other tables hold the paper's own measurements, which no page can confirm.
    """
    try:
        if question.table != "table-4":
            raise MissingFigureError(question.id)
        operand = evidence.look_up(f"reference/{sized(record)}/{question.quantity}")
    except MissingFigureError:
        reason = NO_RATE if question.quantity == "fps" else NO_LOG
        return Answer(value=None, how="none", reason=reason)
    working = f"{operand.about}: {operand.text}"
    return Answer(value=operand.values[0], how="reference", working=working)


def across_questions(evidence: Evidence) -> Iterator[Asked]:
    """Yield every figure that two tables print of one network, each against the other.

    The one with fewer digits is the printed one.
    """
    for first, second in (("table-1", "table-4"), ("table-3", "table-4")):
        others = {r.variant: (key, r) for key, r in evidence.rows.get(second, {}).items()}
        for key, record in evidence.rows.get(first, {}).items():
            variant = SAME.get(record.variant, record.variant)
            if variant not in others:
                continue
            other_key, other = others[variant]
            for name in (each for each in record.figures if each in other.figures):
                sides = (f"{first}/{key}/{name}", record), (f"{second}/{other_key}/{name}", other)
                yield _across(variant, name, sides, f"{first}-{second[-1]}", evidence)


def _across(
    variant: str,
    name: str,
    sides: tuple[tuple[str, ReportedRecord], tuple[str, ReportedRecord]],
    tables: str,
    evidence: Evidence,
) -> Asked:
    coarser, finer = sorted(sides, key=lambda side: len(side[1].figures[name]))
    record, (other_path, other) = coarser[1], finer
    question = Question(
        id=f"across/{variant}/{name}.{tables}",
        table="across",
        place=f"{record.source.place} and {other.source.place}",
        variant=variant,
        label=other.label.removesuffix(" (ours)"),
        quantity=name,
        printed=record.figures[name],
    )
    value: Fraction = evidence.look_up(other_path).values[0]
    working = f"{other.source.place}: {other.figures[name]}"
    return question, Answer(value=value, how="arithmetic", working=working)
