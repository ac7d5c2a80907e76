"""The figures of Table II: output sizes and types of FASSD-Net's stages, and of its footnotes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.records import ReportedRecord, StageCost
from harness.report.audit.check import Answer, Question
from harness.report.audit.evidence import Evidence

TABLE = "table-2"
NOTHING = "-"  # a type that the table leaves open
INPUT = "Input"  # the row that is no stage
UNCOUNTED = "No record of its network holds stages (`harness profile --stages`)."


def architecture_questions(evidence: Evidence) -> Iterator[tuple[Question, Answer]]:
    """Yield every size and type of Table II, with that of our network's stage in the same place."""
    for record in evidence.rows.get(TABLE, {}).values():
        for name, text in record.figures.items():
            quantity, _, variant = name.partition(".")
            if quantity not in ("type", "output_size") or text == NOTHING:
                continue
            question = Question(
                id=f"{TABLE}/{record.row + 1}/{name}",
                table=TABLE,
                place=record.source.place,
                variant=variant or record.variant,
                label=record.label,
                quantity=quantity,
                printed=text,
                static=True,
            )
            yield question, _answer(question, record, evidence)


def _answer(question: Question, record: ReportedRecord, evidence: Evidence) -> Answer:
    cost = evidence.cost_of(question.variant)
    stages = cost.stages if cost else None
    if stages is None or cost is None:
        return Answer(value=None, how="none", reason=UNCOUNTED)
    if record.label == INPUT:
        _, channels, height, width = cost.input_shape
        return Answer(value=_size((height, width, channels)), how="counted", working="our input")
    stage = stages[record.row - 1] if record.row <= len(stages) else None
    if stage is None:
        return Answer(value="no such stage", how="counted", working=question.variant)
    name = f"{stage.name} of {question.variant}"
    if stage.name != record.figures["name"]:
        return Answer(value=f"stage {stage.name}", how="counted", working=name)
    return Answer(value=_value(stage, question.quantity), how="counted", working=name)


def _value(stage: StageCost, quantity: str) -> str:
    return "; ".join(stage.type) if quantity == "type" else _size(stage.output_size)


def _size(size: Sequence[int]) -> str:
    return "×".join(map(str, size))
