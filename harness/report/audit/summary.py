"""What every form of an audit says of a table: names of quantities, counts, lines of a check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from harness.report.audit.check import VERDICTS, Check
from harness.report.audit.measured import CLASS, origin
from harness.report.audit.printed import parse, plain
from harness.report.audit.run import TITLES

QUANTITIES = {
    "gflops": "GFLOPs",
    "params_m": "parameters (M)",
    "delta_params_m": "Δp (M)",
    "fps": "FPS",
    "fps_norm": "FPS (norm.)",
    "miou": "mIoU",
    "output_size": "output size",
    "type": "type",
    "%": "%",
    "x": "times",
    "M": "M",
    "FPS": "FPS",
    "rank": "(rank)",
    "": "",
}


def by_table(checks: Sequence[Check]) -> dict[str, list[Check]]:
    """Return the checks of each table, in the order of the tables."""
    return {
        table: found
        for table in TITLES
        if (found := [check for check in checks if check.question.table == table])
    }


def count_line(checks: Sequence[Check]) -> str:
    """Return how many figures there are and what came of them, every verdict named."""
    counts = Counter(check.verdict for check in checks)
    shares = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    return f"{len(checks)} figure{'s' if len(checks) != 1 else ''}: {shares}"


def name(check: Check) -> str:
    """Return which figure it is, e.g. `+ DAPF, GFLOPs`."""
    if check.question.table == "text":
        return f"{check.question.label} ({check.question.place})"
    return f"{label(check)}, {quantity(check)}"


def label(check: Check) -> str:
    """Return which row it is of, in words that only this row of its table has."""
    question = check.question
    row, size = question.id.split("/")[1], question.id.split("/")[1].partition("@")[2]
    if question.table == "table-2":
        changed = f" of {question.variant}" if "." in question.id else ""
        return f"row {row}, {question.label}{changed}"
    return f"{question.label} at {size}" if size else question.label


def quantity(check: Check) -> str:
    """Return what the figure is, to read."""
    key = check.question.quantity
    return f"IoU {key.removeprefix(CLASS)}" if key.startswith(CLASS) else QUANTITIES[key]


def printed(check: Check) -> str:
    """Return the printed figure, with its unit where its name does not say it."""
    unit = QUANTITIES[check.question.quantity] if check.question.table == "text" else ""
    return f"{check.question.printed} {unit}".strip()


def ours(check: Check) -> str:
    """Return our figure with two more digits than the printed one, and where it is from."""
    value = check.answer.value
    if value is None:
        return ""
    like = parse(check.question.printed)
    shown = plain(value, like.decimals + 2) if isinstance(value, Fraction) and like else str(value)
    return f"{shown} {'by ' * (check.answer.how in BY)}{check.answer.how}"


BY = ("arithmetic", "record", "reference")


def lines(check: Check) -> list[str]:
    """Return what stands below a figure: its arithmetic, its explanation, our measurements."""
    found = [check.answer.working] if check.answer.working else []
    if check.explanation:
        found.append(f"{check.explanation.kind}: {check.explanation.working}")
    if check.reason:
        found.append(check.reason)
    return found + [measured_line(each, check) for each in check.measured]


def measured_line(each: dict[str, object], check: Check) -> str:
    """Return one figure of our records, with its conditions."""
    return f"measured: {each['value']:.4g} {quantity(check)}, {origin(each)}"


def open_groups(checks: Sequence[Check]) -> dict[tuple[str, str], list[Check]]:
    """Return the open figures by column and reason.

    One that has a measurement beside it, or is a claim of the text, stays apart.
    """
    groups: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        if check.verdict == "open":
            key = check.question.quantity
            column = "class IoUs" if key.startswith(CLASS) else quantity(check)
            alone = check.question.id if check.measured or check.question.table == "text" else ""
            groups.setdefault((alone or column, check.reason), []).append(check)
    return groups
