"""From two figures to a verdict: each of the four, and explanations that do not hold."""

from __future__ import annotations

from fractions import Fraction

import pytest

from harness.report.audit.check import Answer, Check, Question
from harness.report.audit.evidence import Evidence
from harness.report.audit.judge import judge
from harness.report.audit.remarks import Reason, Remarks
from report.sample import reported

ROW = reported("net", table="table-1", figures={"params_m": "49", "fps": "7"})
EVIDENCE = Evidence(printed=[ROW], references={})
PARAMS = Fraction(12_894_163, 10**6)


def verdict(
    ours: Fraction | str | None,
    *,
    printed: str = "49",
    gives: str | tuple[str, ...] | None = None,
    holds: str | None = None,
    note: str | None = None,
    static: bool = False,
) -> Check:
    question = Question(
        id="table-1/net/params_m",
        table="table-1",
        place="Table I, row 1",
        variant="net",
        label="Net",
        quantity="params_m",
        printed=printed,
        static=static,
    )
    several = (gives,) if isinstance(gives, str) else gives or ()
    reason = Reason(kind="unit", gives=several, holds=holds, reason="It is MiB.", where="f:1")
    remarks = Remarks(
        reasons={question.id: reason} if gives or holds else {},
        notes={question.id: note} if note else {},
    )
    how = "none" if ours is None else "counted"
    answer = Answer(value=ours, how=how, reason="Nobody knows." if ours is None else "")  # type: ignore[arg-type]
    return judge(question, answer, EVIDENCE, remarks)


def test_equal_where_rounding_gives_the_printed_string() -> None:
    check = verdict(Fraction("48.5"), note="A note.")
    assert (check.verdict, check.rounded, check.reason) == ("equal", "49", "A note.")


def test_different_where_it_does_not_and_nothing_explains_it() -> None:
    check = verdict(PARAMS)
    assert (check.verdict, check.rounded) == ("different", "13")
    assert check.reason == "Nothing known gives the printed figure."
    assert verdict(PARAMS, note="Not even MB.").reason == "Not even MB."


def test_explained_where_the_explanations_own_arithmetic_gives_it() -> None:
    # 12,894,163 parameters of 4 bytes are 51,576,652 bytes; / 1,048,576 = 49.19 MiB
    check = verdict(PARAMS, gives="12894163 * 4 / 2 ** 20")
    assert check.verdict == "explained"
    assert check.reason == "It is MiB."
    assert check.explanation is not None
    assert check.explanation.working == "12894163 * 4 / 2^20 = 49.19"


@pytest.mark.parametrize(
    "gives",
    [
        "12894163 * 4 / 10 ** 6",  # MB: 51.6
        ("12894163 * 4 / 2 ** 20", "12894163 * 4 / 10 ** 6"),  # one of two is not enough
        ("12894163 * 4 / 10 ** 6", "12894163 * 4 / 2 ** 20"),
    ],
)
def test_different_where_the_explanations_arithmetic_fails(gives: str | tuple[str, ...]) -> None:
    check = verdict(PARAMS, gives=gives)
    assert check.verdict == "different"
    assert check.explanation is None
    assert "does not come to what is printed" in check.reason
    assert "51.58" in check.reason


def test_a_condition_explains_only_while_it_holds() -> None:
    assert verdict(PARAMS, holds="{table-1/net/params_m} > {table-1/net/fps}").verdict == (
        "explained"
    )
    check = verdict(PARAMS, holds="{table-1/net/params_m} < {table-1/net/fps}")
    assert check.verdict == "different"
    assert "49 < 7" in check.reason


def test_different_where_an_explanation_lacks_a_figure() -> None:
    check = verdict(PARAMS, gives="{reference/net/params} * 4")
    assert check.verdict == "different"
    assert "no figure reference/net/params" in check.reason


def test_an_equal_figure_needs_no_explanation() -> None:
    assert verdict(Fraction(49), gives="1 + 1").verdict == "equal"


def test_open_where_there_is_nothing_to_hold_it_against() -> None:
    check = verdict(None, gives="49 * 1", note="A page says 50.")
    assert check.verdict == "open"
    assert check.rounded is None
    assert check.reason == "Nobody knows. A page says 50."


def test_text_is_equal_letter_by_letter() -> None:
    assert verdict("512×1024×16", printed="512×1024×16").verdict == "equal"
    assert verdict("512×1024×18", printed="512×1024×16").verdict == "different"


def test_a_number_is_never_equal_to_printed_text() -> None:
    assert verdict(Fraction(512), printed="512×1024").verdict == "different"


@pytest.mark.parametrize(
    ("check", "failed"),
    [
        (verdict(Fraction(49), static=True), False),
        (verdict(PARAMS, static=True), True),
        (verdict(PARAMS, static=False), False),
        (verdict(PARAMS, static=True, gives="49 * 1"), False),
        (verdict(None, static=True), True),
        (verdict(None, static=False), False),
    ],
)
def test_only_a_static_figure_that_does_not_stand_has_failed(check: Check, failed: bool) -> None:
    assert check.failed is failed
