"""Our own rates and accuracies beside the printed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.logged_record import LoggedRecord, LogReading, Score
from harness.records import Record
from harness.report.audit.check import Check
from harness.report.audit.evidence import Evidence
from harness.report.audit.measured import ANOTHER
from harness.report.audit.run import audit
from report.sample import GPU, profile, timing

OURS = "GTX 1080 Ti"


def logged(variant: str, miou: float, **changes: Any) -> LoggedRecord:
    score = Score(miou=miou, step=90_000, per_class_iou={"road": 0.9832, "truck": 0.5})
    reading = LogReading(
        format="f",
        metric="mIoU",
        final=score,
        best=score,
        unit="fraction",
        step_unit="iteration",
        validations=1,
        finished=True,
        split="val",
        notes=(),
    )
    base: dict[str, Any] = {
        "variant": variant,
        "spec": {},
        "spec_sha256": "a" * 64,
        "miou": miou,
        "use": "final",
        "reading": reading,
        "file": "run.log",
        "file_sha256": "b" * 64,
        "file_bytes": 1,
        "created": "2026-01-02T03:04:05+00:00",
    }
    return LoggedRecord(**(base | changes))


def check(evidence: Evidence, name: str, records: Sequence[Record]) -> Check:
    table = name.split("/")[0]
    found = {c.question.id: c for c in audit(replace(evidence, records=records), tables=[table])}
    return found[name]


def rate(evidence: Evidence, variant: str, fps: float, **changes: Any) -> Any:
    """Return a timed record of the very network that the audit counted."""
    cost = evidence.cost_of(variant)
    assert cost is not None
    base = {"spec_sha256": cost.spec_sha256, "fps": fps}
    return profile(variant, **(base | changes))


def test_a_rate_of_another_device_stands_beside_the_printed_one(evidence: Evidence) -> None:
    found = check(evidence, "table-4/fassd-net/fps", [rate(evidence, "fassd-net", 41.1)])
    assert found.verdict == "open"  # 41.1 on another GPU is not the paper's 41.1
    [measured] = found.measured
    assert measured["value"] == 41.1
    assert measured["device"] == GPU
    assert measured["protocol"].startswith("paper@")


def test_the_printed_rate_on_the_papers_device_makes_it_equal(evidence: Evidence) -> None:
    record = rate(evidence, "fassd-net", 41.13, device=f"NVIDIA GeForce {OURS}")
    found = check(evidence, "table-4/fassd-net/fps", [record])
    assert (found.verdict, found.answer.how, found.rounded) == ("equal", "record", "41.1")


def test_another_rate_on_the_papers_device_is_never_different(evidence: Evidence) -> None:
    found = check(
        evidence, "table-4/fassd-net/fps", [rate(evidence, "fassd-net", 60.0, device=OURS)]
    )
    assert (found.verdict, found.reason) == ("open", ANOTHER)


def test_one_network_has_one_rate_under_both_of_its_names(evidence: Evidence) -> None:
    records = [rate(evidence, "fassd-net", 50.0)]
    assert check(evidence, "table-1/baseline-dapf-mda/fps", records).measured
    assert not check(evidence, "table-1/baseline-mda/fps", records).measured


def test_the_newest_rate_of_a_device_and_protocol_counts(evidence: Evidence) -> None:
    old = rate(evidence, "fassd-net", 50.0, created="2026-01-01T00:00:00Z")
    new = rate(evidence, "fassd-net", 51.0, created="2026-01-02T00:00:00Z")
    other = rate(evidence, "fassd-net", 52.0, device="B")
    found = check(evidence, "table-4/fassd-net/fps", [new, old, other])
    assert sorted(each["value"] for each in found.measured) == [51.0, 52.0]


@pytest.mark.parametrize(
    "changes",
    [{"spec_sha256": "f" * 64}, {"input_shape": (1, 3, 512, 1024)}, {"timing": None}],
)
def test_rates_of_other_networks_and_sizes_do_not_count(
    evidence: Evidence, changes: dict[str, Any]
) -> None:
    record = replace(rate(evidence, "fassd-net", 50.0), **changes)
    assert not check(evidence, "table-4/fassd-net/fps", [record]).measured


def test_without_a_count_a_rate_belongs_to_the_row_of_its_name() -> None:
    from harness.store import paper_records

    evidence = Evidence(printed=paper_records())
    record = replace(profile("fassd-net"), timing=timing(50.0))
    assert check(evidence, "table-4/fassd-net/fps", [record]).measured
    assert not check(evidence, "table-4/fassd-net-l1/fps", [record]).measured


def test_a_log_of_the_printed_accuracy_makes_it_equal(evidence: Evidence) -> None:
    found = check(evidence, "table-4/fassd-net/miou", [logged("fassd-net", 0.7881)])
    assert (found.verdict, found.answer.how, found.rounded) == ("equal", "record", "78.8")
    assert found.measured == ({"value": 78.81, "file": "run.log", "use": "final"},)


def test_a_log_of_another_accuracy_is_never_different(evidence: Evidence) -> None:
    found = check(evidence, "table-4/fassd-net/miou", [logged("fassd-net", 0.70)])
    assert (found.verdict, found.reason) == ("open", ANOTHER)
    assert found.measured[0]["value"] == 70.0


def test_a_log_belongs_to_its_own_name_alone(evidence: Evidence) -> None:
    # Table I is without fine-tuning: the same network, another training.
    records = [logged("fassd-net", 0.7881)]
    assert not check(evidence, "table-1/baseline-dapf-mda/miou", records).measured


def test_class_ious_come_out_of_the_validation_that_the_record_uses(evidence: Evidence) -> None:
    record = logged("fassd-net", 0.7881)
    best = replace(record.reading.best, per_class_iou={"road": 0.5})
    records = [replace(record, reading=replace(record.reading, best=best))]
    assert check(evidence, "table-3/fassd-net/iou.road", records).verdict == "equal"  # 98.3
    assert check(evidence, "table-3/fassd-net/iou.truck", records).measured[0]["value"] == 50
    assert not check(evidence, "table-3/fassd-net/iou.car", records).measured
    records = [replace(records[0], use="best")]
    assert check(evidence, "table-3/fassd-net/iou.road", records).measured[0]["value"] == 50


def test_a_mean_that_is_equal_anyway_keeps_its_arithmetic(evidence: Evidence) -> None:
    found = check(evidence, "table-3/fassd-net/miou", [logged("fassd-net", 0.70)])
    assert (found.verdict, found.answer.how) == ("equal", "arithmetic")
    assert found.measured


@pytest.mark.parametrize("miou", [0.774, 0.70])
def test_a_figure_that_a_page_states_stays_the_pages(evidence: Evidence, miou: float) -> None:
    records = [logged("fc-hardnet-70", miou)]
    found = check(evidence, "table-4/fc-hardnet-70/miou", records)  # 77.4
    assert (found.verdict, found.answer.how) == ("equal", "reference")
    assert len(found.measured) == 1
