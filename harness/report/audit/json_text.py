"""An audit as JSON: a list with one object per figure; its keys stand in the package's docstring."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from harness.report.audit.check import Check


def to_json(checks: Sequence[Check], *, every: bool = True) -> str:  # noqa: ARG001 - always all
    """Return all checks as a JSON list."""
    data = [to_dict(check) for check in checks]
    return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def to_dict(check: Check) -> dict[str, Any]:
    """Return one check as plain JSON types."""
    value = check.answer.value
    if isinstance(value, Fraction):
        value = int(value) if value.denominator == 1 else float(value)
    data = asdict(check.question)
    static = data.pop("static")
    return data | {
        "ours": value,
        "rounded": check.rounded,
        "how": check.answer.how,
        "working": check.answer.working,
        "verdict": check.verdict,
        "reason": check.reason,
        "explanation": asdict(check.explanation) if check.explanation else None,
        "static": static,
        "measured": list(check.measured),
    }
