"""From a printed figure and ours to a verdict."""

from __future__ import annotations

from fractions import Fraction

from harness.report.audit.check import Answer, Check, Explanation, Question
from harness.report.audit.evidence import Evidence
from harness.report.audit.expression import MissingFigureError
from harness.report.audit.printed import Printed, parse
from harness.report.audit.remarks import Reason, Remarks


def judge(question: Question, answer: Answer, evidence: Evidence, remarks: Remarks) -> Check:
    """Return the check of one figure.

    An explanation is only looked at where the figure is not equal, and counts only where all of
    its arithmetic comes to the printed figure.
    """
    note = remarks.notes.get(question.id, "")
    if answer.value is None:
        reason = " ".join(filter(None, (answer.reason, note)))
        return Check(question=question, answer=answer, rounded=None, verdict="open", reason=reason)
    printed, rounded = parse(question.printed), str(answer.value)
    if isinstance(answer.value, str):
        equal = answer.value == question.printed
    elif printed is None:
        equal = False
    else:
        equal, rounded = printed.same(answer.value), printed.rounded(answer.value)
    if equal:
        return Check(
            question=question, answer=answer, rounded=rounded, verdict="equal", reason=note
        )
    return _unequal(question, answer, rounded, _explained(question, printed, evidence, remarks))


def _unequal(
    question: Question, answer: Answer, rounded: str, found: tuple[Explanation | None, str]
) -> Check:
    explanation, reason = found
    return Check(
        question=question,
        answer=answer,
        rounded=rounded,
        verdict="explained" if explanation else "different",
        reason=reason,
        explanation=explanation,
    )


def _explained(
    question: Question, printed: Printed | None, evidence: Evidence, remarks: Remarks
) -> tuple[Explanation | None, str]:
    """Return the explanation of an unequal figure and its words; null where none holds."""
    reason = remarks.reasons.get(question.id)
    if reason is None:
        note = remarks.notes.get(question.id)
        return None, note or "Nothing known gives the printed figure."
    try:
        working, holds = _work(reason, printed, evidence)
    except MissingFigureError as error:
        return None, f"Its explanation cannot be worked out: no figure {error}."
    if not holds:
        return None, f"Its explanation does not come to what is printed: {working}."
    return Explanation(kind=reason.kind, working=working), reason.reason


def _work(reason: Reason, printed: Printed | None, evidence: Evidence) -> tuple[str, bool]:
    if reason.holds is not None:
        result = evidence.compute(reason.holds)
        return result.working.rpartition(" = ")[0], result.value == Fraction(1)
    results = [evidence.compute(text, like=printed) for text in reason.gives]
    holds = printed is not None and all(printed.same(result.value) for result in results)
    return "; ".join(result.working for result in results), holds
