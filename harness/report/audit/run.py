"""The audit itself: every figure of the tables that were asked for, judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.errors import BadRequest, did_you_mean
from harness.report.audit.architecture import architecture_questions
from harness.report.audit.check import Answer, Check, Question
from harness.report.audit.claims import claim_questions, load_claims
from harness.report.audit.evidence import Evidence
from harness.report.audit.judge import judge
from harness.report.audit.measured import with_measured
from harness.report.audit.remarks import Remarks, load_remarks
from harness.report.audit.tables import across_questions, table_questions
from harness.report.scales import load_scales

NAMES = {  # what --table takes, and the table that it stands for
    "1": "table-1",
    "2": "table-2",
    "3": "table-3",
    "4": "table-4",
    "across": "across",
    "text": "text",
}
TITLES = {
    "table-1": "Table I",
    "table-2": "Table II",
    "table-3": "Table III",
    "table-4": "Table IV",
    "across": "One figure in two tables",
    "text": "Text",
}


def chosen_tables(names: Sequence[str]) -> list[str]:
    """Return the tables that `names` mean, in the paper's order; all where there are none.

    Raises:
        BadRequest: If there is no such table.
    """
    for name in names:
        if name not in NAMES:
            raise BadRequest(f"--table: no such table {name!r}{did_you_mean(name, NAMES)}")
    return [table for name, table in NAMES.items() if not names or name in names]


def audit(
    evidence: Evidence, *, tables: Sequence[str] = tuple(TITLES), remarks: Remarks | None = None
) -> list[Check]:
    """Return the checks of every figure of `tables`, in the order of print."""
    remarks = remarks or load_remarks()
    return [
        _with_measured(judge(question, answer, evidence, remarks), evidence)
        for table in tables
        for question, answer in _questions(table, evidence)
    ]


def _questions(table: str, evidence: Evidence) -> Iterator[tuple[Question, Answer]]:
    if table == "table-2":
        return architecture_questions(evidence)
    if table == "across":
        return across_questions(evidence)
    if table == "text":
        return claim_questions(evidence, load_claims())
    return table_questions(table, evidence, load_scales())


def _with_measured(check: Check, evidence: Evidence) -> Check:
    table, row, _ = check.question.id.split("/")
    record = evidence.rows.get(table, {}).get(row)
    if record is None or table not in ("table-1", "table-3", "table-4"):
        return check
    return with_measured(check, record, evidence)


def idle_remarks(checks: Sequence[Check], remarks: Remarks) -> list[str]:
    """Return the ids of remarks that no check of a whole audit needed: a mistake in the data.

    A reason is needed by a figure that is not equal, a note by any figure.
    """
    verdicts = {check.question.id: check.verdict for check in checks}
    reasons = [name for name in remarks.reasons if verdicts.get(name) in (None, "equal", "open")]
    return reasons + [name for name in remarks.notes if name not in verdicts]
