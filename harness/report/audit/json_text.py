"""An audit as JSON, one object per figure; the package's docstring says what the keys mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from harness.report.audit.check import Check


def to_json(checks: Sequence[Check]) -> str:
    """Return all checks as a JSON list."""
    data = [to_dict(check) for check in checks]
    return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def to_dict(check: Check) -> dict[str, Any]:
    """Return one check as plain JSON types."""
    data = asdict(check.question)
    static = data.pop("static")
    return data | {
        "ours": _plain(check.answer.value),
        "rounded": check.rounded,
        "how": check.answer.how,
        "working": check.answer.working,
        "verdict": check.verdict,
        "reason": check.reason,
        "explanation": asdict(check.explanation) if check.explanation else None,
        "static": static,
        "measured": list(check.measured),
    }


def _plain(value: Fraction | str | None) -> int | float | str | None:
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return value
