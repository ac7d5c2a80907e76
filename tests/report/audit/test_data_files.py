"""Remarks and claims as data: what is refused, by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import BadRequest
from harness.report.audit.claims import load_claims
from harness.report.audit.remarks import load_remarks

GOOD = "- {figures: [t/r/f], kind: unit, as: 1 + 1, reason: Why.}"
NOTE = "- {figures: [t/r/g], note: What.}"


def remarks(path: Path, explanations: str, notes: str = NOTE) -> Path:
    path = path / "e.yaml"
    path.write_text(f"explanations:\n{explanations}\nnotes:\n{notes}\n")
    return path


def test_reads_reasons_and_notes_by_figure(tmp_path: Path) -> None:
    entry = "- {figures: [t/r/f, t/r/h], kind: digit, as: ['1 + 1', '2 * 1'], reason: Why.}"
    found = load_remarks(remarks(tmp_path, entry))
    assert found.notes == {"t/r/g": "What."}
    assert list(found.reasons) == ["t/r/f", "t/r/h"]
    assert found.reasons["t/r/h"].gives == ("1 + 1", "2 * 1")
    assert found.reasons["t/r/f"].holds is None


@pytest.mark.parametrize(
    ("explanations", "message"),
    [
        ("- {figures: [f], kind: unit, reason: W.}", "must have one of the keys 'as' and 'holds'"),
        ("- {figures: [f], kind: unit, as: '1', holds: '1', reason: W.}", "must have one of"),
        ("- {figures: [f], kind: guess, as: '1', reason: W.}", "kind must be one of unit, "),
        ("- {figures: [f], kind: unit, as: '1'}", "lacks the key 'reason'"),
        (f"{GOOD}\n{GOOD}", "must be remarked on once, got 't/r/f'"),
        ("- {figures: [f], kind: unit, as: 1, reason: W.}", "as must be text"),
    ],
)  # fmt: skip
def test_refuses_what_explains_nothing(tmp_path: Path, explanations: str, message: str) -> None:
    with pytest.raises(BadRequest, match=r"e\.yaml:\d+: ") as error:
        load_remarks(remarks(tmp_path, explanations))
    assert message in str(error.value)


def test_a_claim_is_one_expression_or_one_for_each_side(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("a: 1 + 1\nb: ['2', '3']\n")
    assert load_claims(path) == {"a": ("1 + 1",), "b": ("2", "3")}
    path.write_text("a: 2\n")
    with pytest.raises(BadRequest, match=r"c\.yaml:1: a must be text, got 2"):
        load_claims(path)
