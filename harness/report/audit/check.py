"""What an audit says of one printed figure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

Verdict = Literal["equal", "explained", "different", "open"]
VERDICTS: tuple[Verdict, ...] = ("equal", "explained", "different", "open")

How = Literal["counted", "arithmetic", "record", "reference", "none"]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One printed figure; attributes as in the JSON of `harness.report.audit`."""

    id: str
    table: str
    place: str
    variant: str
    label: str
    quantity: str
    printed: str
    static: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a printed figure is held against.

    Attributes:
        value: The exact figure, or text where the printed one is text; null where nobody has one.
        how: Where it comes from.
        working: Its arithmetic, or where it stands.
        reason: Why there is none.
    """

    value: Fraction | str | None
    how: How
    working: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """An explanation that held.

    Attributes:
        kind: One of `harness.report.audit.remarks.KINDS`.
        working: The arithmetic that gives the printed figure, or the condition that holds.
    """

    kind: str
    working: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A printed figure and what comes of it; attributes as in `harness.report.audit`."""

    question: Question
    answer: Answer
    rounded: str | None
    verdict: Verdict
    reason: str
    explanation: Explanation | None = None
    measured: tuple[dict[str, Any], ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a count of the paper's own networks is neither equal nor explained."""
        return self.question.static and self.verdict not in ("equal", "explained")
