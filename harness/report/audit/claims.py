"""The figures that the paper's text claims, each with what it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.records import ReportedRecord
from harness.report.audit.check import Answer, How, Question
from harness.report.audit.evidence import Evidence
from harness.report.audit.expression import MissingFigureError, Result
from harness.report.audit.printed import parse
from variants.yaml_node import Node, read

FILE = Path(__file__).with_name("claims.yaml")
TABLE = "text"
UNKNOWN = "No figure of the paper gives it."

Claims = dict[str, tuple[str, ...]]


def load_claims(path: Path | None = None) -> Claims:
    """Return the expressions of each claim: one, or one for each side of a size.

    Raises:
        BadRequest: If the file is broken; names file and line.
    """
    root = read(path or FILE, what="claims")
    keys = root.mapping(required=(), optional=root.value)
    return {name: tuple(each.text() for each in _several(node)) for name, node in keys.items()}


def _several(node: Node) -> list[Node]:
    return node.items() if isinstance(node.value, list) else [node]


def claim_questions(evidence: Evidence, claims: Claims) -> Iterator[tuple[Question, Answer]]:
    """Yield every claim of the text, with what its arithmetic comes to."""
    for name, record in evidence.rows.get(TABLE, {}).items():
        question = Question(
            id=f"{TABLE}/{name}/value",
            table=TABLE,
            place=record.source.place,
            variant=record.variant,
            label=record.label,
            quantity=record.figures["unit"],
            printed=record.figures["value"],
        )
        yield question, _answer(record, claims.get(name, ()), evidence)


def _answer(record: ReportedRecord, expressions: tuple[str, ...], evidence: Evidence) -> Answer:
    if not expressions:
        return Answer(value=None, how="none", reason=UNKNOWN)
    like = parse(record.figures["value"])
    try:
        results = [evidence.compute(text, like=like) for text in expressions]
    except MissingFigureError as error:
        return Answer(value=None, how="none", reason=f"There is no figure {error}.")
    working = ", ".join(result.working for result in results)
    if len(results) == 1:
        return Answer(value=results[0].value, how=_how(results, evidence), working=working)
    size = "×".join(str(result.value) for result in results)
    return Answer(value=size, how=_how(results, evidence), working=working)


def _how(results: list[Result], evidence: Evidence) -> How:
    """Return the least direct of what the operands are: arithmetic, a count, a reference."""
    costs = [
        path.split("/")[1]
        for result in results
        for path in result.operands
        if path.startswith("cost/")
    ]
    if not costs:
        return "arithmetic"
    counted = all(evidence.cost_of(variant) is not None for variant in costs)
    return evidence.costs_are if counted else "reference"
