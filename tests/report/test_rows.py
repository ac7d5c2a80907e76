"""Which records fill a row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import BadRequest
from harness.report.definition import Definition
from harness.report.row_definition import Row
from harness.report.rows import RowRecords, failure_warnings, gather, record_warnings

from .sample import failed, logged, profile, reported, timing, trained

DEFINITION = Definition(
    name="t",
    title="T",
    source="table-1",
    input_shape=(1, 3, 1024, 2048),
    convention="paper",
    baseline=None,
    columns=("method", "gflops"),
    rows=(Row(variant="fassd-net"),),
)


def row(*records: object) -> RowRecords:
    return gather(DEFINITION, records)[0]  # type: ignore[arg-type]


def test_the_newest_record_counts_wherever_it_stands() -> None:
    old = profile("fassd-net", created="2026-01-01T00:00:00+00:00")
    new = profile("fassd-net", created="2026-01-02T00:00:00+00:00")
    assert row(old, new).measured is new
    assert row(new, old).measured is new


def test_newest_is_by_time_not_by_text() -> None:
    # As text, "...00Z" sorts after "...00.5Z"; in time it is half a second earlier. And 01:30 at
    # +02:00 is 23:30 of the day before.
    early = profile("fassd-net", created="2026-01-02T00:00:00Z")
    late = profile("fassd-net", created="2026-01-02T00:00:00.500000Z")
    zoned = profile("fassd-net", created="2026-01-02T01:30:00+02:00")
    assert row(late, early, zoned).measured is late
    assert row(early, zoned).measured is early


def test_of_two_records_from_one_instant_the_later_line_counts() -> None:
    first, second = profile("fassd-net"), profile("fassd-net")
    assert row(first, second).measured is second


def test_only_the_exact_name_and_the_tables_input_size_count() -> None:
    assert row(profile("fassd-net[context.alpha=4]")).measured is None
    assert row(profile("fassd-net-l1")).measured is None
    assert row(profile("fassd-net", input_shape=(1, 3, 512, 1024))).measured is None
    assert row(profile("fassd-net", input_shape=(8, 3, 1024, 2048))).measured is None


def test_a_row_with_an_input_of_its_own_takes_records_of_that_input() -> None:
    small = (1, 3, 512, 1024)
    rows = (Row(variant="x"), Row(variant="x", input_shape=small))
    large_record = profile("x", fps=1.0)
    small_record = profile("x", fps=2.0, input_shape=small, created="2026-01-09T00:00:00Z")
    theirs = [reported("x"), reported("x", input_shape=small, label="small")]
    failure = failed("x", input_shape=small, created="2026-01-10T00:00:00Z")
    large, own = gather(
        replace(DEFINITION, rows=rows), [large_record, small_record, *theirs, failure]
    )
    assert (large.timed, own.timed) == ((large_record,), (small_record,))
    assert (large.label, own.label) == ("X", "small")
    assert (large.failed, own.failed) == (None, failure)


def test_a_log_is_of_any_input_and_of_the_same_network() -> None:
    old = logged("fassd-net", 0.1, created="2026-01-01T00:00:00Z")
    new = logged("fassd-net", 0.2, created="2026-01-02T00:00:00Z")
    assert row(new, old).logged == (old, new)
    assert row(logged("fassd-net-l1", 0.1)).logged == ()
    changed = profile("fassd-net", spec_sha256="c" * 64)
    assert row(old, changed).logged == ()
    assert row(old, changed).superseded == ("a" * 64,)
    alone = logged("fassd-net", 0.3, spec_sha256="d" * 64, created="2026-01-05T00:00:00Z")
    found = row(old, alone)
    assert found.logged == (alone,)
    assert record_warnings([found]) == [
        "fassd-net: older records are of another spec (aaaaaaaaaaaa) than the newest "
        "(dddddddddddd) and are not used"
    ]


def test_a_log_under_the_networks_other_name_counts_too() -> None:
    definition = replace(DEFINITION, rows=(Row(variant="x", same_as="fassd-net"),))
    log = logged("fassd-net", 0.1)
    assert gather(definition, [log])[0].logged == (log,)


def test_a_row_with_a_log_alone_is_not_without_a_record() -> None:
    assert record_warnings([row(logged("fassd-net", 0.1))]) == []


def test_the_reported_table_is_that_of_the_definition_whatever_the_row() -> None:
    definition = replace(DEFINITION, source="table-4")
    right = reported("fassd-net", table="table-4")
    assert gather(definition, [right, reported("fassd-net")])[0].reported is right


def test_a_record_under_the_networks_other_name_counts_too() -> None:
    definition = replace(DEFINITION, rows=(Row(variant="baseline-dapf-mda", same_as="fassd-net"),))
    own = profile("baseline-dapf-mda", created="2026-01-01T00:00:00+00:00")
    other = profile("fassd-net", created="2026-01-02T00:00:00+00:00")
    assert gather(definition, [own, other])[0].measured is other
    assert gather(definition, [own, profile("fassd-net-l1")])[0].measured is own


def test_a_record_without_timing_is_no_speed_record() -> None:
    counted = profile("fassd-net", created="2026-01-03T00:00:00Z")
    timed = profile("fassd-net", timing=timing(40.0), created="2026-01-02T00:00:00Z")
    found = row(counted, timed)
    assert found.measured is counted
    assert found.timed == (timed,)


def test_records_of_an_older_network_are_left_out_and_named() -> None:
    old = profile("fassd-net", fps=40.0, spec_sha256="b" * 64, created="2026-01-01T00:00:00Z")
    new = profile("fassd-net", spec_sha256="c" * 64, created="2026-01-02T00:00:00Z")
    found = row(old, new)
    assert found.timed == ()  # the FPS of another network would stand beside these GFLOPs
    assert record_warnings([found]) == [
        "fassd-net: older records are of another spec (bbbbbbbbbbbb) than the newest "
        "(cccccccccccc) and are not used"
    ]


def test_records_of_one_network_give_no_warning() -> None:
    assert record_warnings([row(profile("fassd-net"), profile("fassd-net"))]) == []


def test_a_failure_counts_until_a_timing_comes_after_it() -> None:
    before = profile("fassd-net", fps=1.0, created="2026-01-02T00:00:00Z")
    failure = failed("fassd-net", created="2026-01-03T00:00:00Z", reason="out of\nmemory")
    counted = profile("fassd-net", created="2026-01-04T00:00:00Z")
    after = profile("fassd-net", fps=1.0, created="2026-01-05T00:00:00Z")
    line = "fassd-net: failed on 2026-01-03: out of memory"
    older = failed("fassd-net", created="2026-01-01T00:00:00Z")
    assert failure_warnings([row(before, failure, older)]) == [line]
    assert failure_warnings([row(failure)]) == [line]
    assert failure_warnings([row(before, failure, counted)]) == [line]  # counting heals nothing
    assert failure_warnings([row(before, failure, after)]) == []
    assert failure_warnings([row(before)]) == []


def test_a_timing_with_weights_heals_no_failure_without_any_and_the_reverse() -> None:
    plain = failed("fassd-net", created="2026-01-03T00:00:00Z")
    with_file = replace(plain, weights=trained())
    timed = profile("fassd-net", fps=41.0, created="2026-01-04T00:00:00Z")
    of_file = replace(timed, weights=trained("d"))
    assert failure_warnings([row(plain, of_file)]) == [
        "fassd-net: failed on 2026-01-03: out of memory"
    ]
    assert failure_warnings([row(with_file, timed)]) == [
        "fassd-net with c.pth@cccccccc: failed on 2026-01-03: out of memory"
    ]
    assert failure_warnings([row(plain, timed)]) == []
    assert failure_warnings([row(with_file, of_file)]) == []


def test_a_failure_of_another_variant_or_size_is_no_failure_of_the_row() -> None:
    assert row(failed("fassd-net-l1")).failed is None
    assert row(failed("fassd-net", input_shape=(8, 3, 1024, 2048))).failed is None
    definition = replace(DEFINITION, rows=(Row(variant="x", same_as="fassd-net"),))
    assert gather(definition, [failed("fassd-net")])[0].failed is not None


def test_a_row_without_any_record_is_warned_about() -> None:
    assert record_warnings([row()]) == ["fassd-net: no record at this input size"]


def test_rows_without_any_record_share_a_line_before_all_others() -> None:
    old = profile("fassd-net", spec_sha256="b" * 64, created="2025-01-01T00:00:00+00:00")
    superseded = row(old, profile("fassd-net"))
    bare = [replace(row(), row=Row(variant=name)) for name in ("x", "y", "x")]
    first, second = record_warnings([superseded, *bare])
    assert first == "x, y: no record at this input size"
    assert second.startswith("fassd-net: older records are of another spec")


def test_the_reported_row_is_of_the_same_table_variant_and_size() -> None:
    right = reported("fassd-net")
    others = [
        reported("fassd-net", table="table-4"),
        reported("fassd-net-l1"),
        reported("fassd-net", input_shape=(1, 3, 512, 1024)),
    ]
    assert row(right, *others).reported is right
    assert row(*others).reported is None
    assert row(reported("fassd-net", input_shape=None)).reported is not None


def test_a_users_own_reported_record_replaces_ours() -> None:
    ours, users = reported("fassd-net"), reported("fassd-net", label="corrected")
    assert row(ours, users).reported is users


def test_the_label_is_the_definitions_else_the_papers_else_the_variant() -> None:
    assert row().label == "fassd-net"
    assert row(reported("fassd-net")).label == "FASSD-NET"
    named = RowRecords(
        row=Row(variant="v", label="L"), measured=None, timed=(), reported=reported("v")
    )
    assert named.label == "L"


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(BadRequest, match="record of fassd-net: created must be ISO 8601, got 'x'"):
        row(profile("fassd-net", created="x"))
