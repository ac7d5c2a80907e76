"""What results folders hold beside a printed rate or accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from harness.logged_record import LoggedRecord
from harness.records import ProfileRecord, ReportedRecord
from harness.report.audit.check import Answer, Check
from harness.report.audit.evidence import Evidence, sized
from harness.report.audit.printed import parse
from harness.report.conditions import of_profile
from harness.report.rows import created_at
from harness.report.scales import plain_name

CLASS = "iou."
ANOTHER = "Our records have another figure, of another run."


def with_measured(check: Check, record: ReportedRecord, evidence: Evidence) -> Check:
    """Return `check` with the rates or accuracies of our records beside it.

    One of them makes an open figure equal where it is the printed one to the digit (a rate on the
    same device only). None makes a figure different: another device is another figure, and so is
    another training.
    """
    quantity = check.question.quantity
    if quantity == "fps":
        found = list(_rates(record, evidence))
    elif quantity == "miou" or quantity.startswith(CLASS):
        found = list(_accuracies(check.question.variant, quantity, evidence))
    else:
        return check
    check = replace(check, measured=tuple(found))
    if quantity == "fps":
        found = [m for m in found if plain_name(m["device"]) == plain_name(record.device)]
    return _confirmed(check, found) if check.verdict == "open" and found else check


def _confirmed(check: Check, found: list[dict[str, Any]]) -> Check:
    """Return an open check as equal where one of our figures is the printed one."""
    printed = parse(check.question.printed)
    for each in found:
        value = Fraction(str(each["value"]))
        if printed is not None and printed.same(value):
            answer = Answer(value=value, how="record", working=origin(each))
            rounded = printed.rounded(value)
            return replace(check, answer=answer, rounded=rounded, verdict="equal", reason="")
    return replace(check, reason=ANOTHER)


def origin(each: dict[str, Any]) -> str:
    """Return where a measured figure comes from, e.g. `H200 under paper@1a2b3c4d`."""
    if "file" in each:
        return f"{each['use']} validation in {each['file']}"
    return f"{each['device']} under {each['protocol']}"


def _rates(record: ReportedRecord, evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Yield the newest rate of the row's network on each device under each protocol."""
    counted = evidence.cost_of(sized(record))
    newest = {}
    timed = [r for r in evidence.records if isinstance(r, ProfileRecord) and r.timing]
    for each in sorted(timed, key=created_at):
        same = (
            each.spec_sha256 == counted.spec_sha256 if counted else each.variant == record.variant
        )
        if same and each.input_shape == record.input_shape:
            newest[str(of_profile(each))] = each
    for each in newest.values():
        assert each.timing is not None
        conditions = of_profile(each)
        yield {
            "value": each.timing.fps,
            "device": conditions.device,
            "protocol": conditions.protocol_id,
            "created": each.created,
        }


def _accuracies(variant: str, quantity: str, evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Yield what each log of this variant says, in percent."""
    for each in evidence.records:
        if not isinstance(each, LoggedRecord) or each.variant != variant:
            continue
        score = each.reading.best if each.use == "best" else each.reading.final
        classes = score.per_class_iou or {}
        value = each.miou if quantity == "miou" else classes.get(quantity.removeprefix(CLASS))
        if value is not None:
            percent = float(Fraction(str(value)) * 100)
            yield {"value": percent, "file": each.file, "use": each.use}
