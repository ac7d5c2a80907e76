"""Logs of one JSON object a line; a last line that a killed run left torn is passed over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from harness.logs.found import Found
from harness.logs.scan import scan
from harness.logs.source import Source


def objects(
    source: Source, found: Found, *, wanted: Sequence[bytes], edges: Sequence[bytes] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the objects of the lines that `scan` finds; note those that are not JSON."""
    for line in scan(source.blocks(), wanted=wanted, edges=edges):
        value = parsed(line)
        if isinstance(value, dict):
            yield value
        elif line.strip():
            found.note("lines that are not JSON (torn, or another program's) were passed over")


def parsed(text: str | bytes) -> Any:
    """Return a JSON value, NaN allowed; None if `text` is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def whole(value: Any) -> int | None:
    """Return a JSON value as a step: an integer, also one written `100.0`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if value == value and abs(value) < 2**63 and int(value) == value else None
