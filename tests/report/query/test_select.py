"""Rows and columns are those that were asked for, in that order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_records import DEVICE, FAILED, REPORTED

from harness.errors import BadRequest
from harness.records import Record
from harness.report.query.frame import Table, build_table
from harness.report.query.select import chosen_columns, newest_of, of_kinds, ordered

from .made import DETAILED, counted, logged, timed

EARLY, LATE = "2026-01-01T10:00:00+00:00", "2026-01-01T10:30:00Z"


def values(table: Table, column: str = "variant") -> list[object]:
    return table.frame[column].tolist()


def test_kinds_are_chosen() -> None:
    table = build_table([counted("a"), FAILED, REPORTED, logged("b", 0.5), DEVICE])
    assert values(of_kinds(table, ["failed"]), "kind") == ["failed"]
    assert values(of_kinds(table, ["reported", "profile"]), "kind") == ["profile", "reported"]
    with pytest.raises(BadRequest, match=r"^--kind: no kind 'logs'; did you mean logged"):
        of_kinds(table, ["logs"])


def kept(*records: Record) -> list[object]:
    """Return the positions of the newest records."""
    return list(newest_of(build_table(records)).frame.index)


def test_of_repetitions_the_newest_is_kept_whatever_its_place() -> None:
    old, new = timed("x", 1.0, created=EARLY), timed("x", 2.0, created=LATE)
    assert kept(old, new) == [1]
    assert kept(new, old) == [0]
    assert kept(old, old) == [1]


def test_of_many_from_one_instant_the_last_line_is_the_newest() -> None:
    assert kept(*(timed("x", float(n)) for n in range(1, 200))) == [198]


def test_many_equal_rows_keep_their_order() -> None:
    records = [timed(str(n), 5.0) for n in range(200)]
    assert order("fps", *records) == order("-fps", *records) == [str(n) for n in range(200)]


def test_time_zones_are_taken_into_account() -> None:
    earlier = timed("x", 1.0, created="2026-01-01T11:00:00+02:00")  # 09:00 UTC
    assert kept(timed("x", 2.0, created=EARLY), earlier) == [0]


@pytest.mark.parametrize(
    "other",
    [
        timed("y", 1.0, created=LATE),
        timed("x", 1.0, created=LATE, device="A GPU"),
        timed("x", 1.0, created=LATE, protocol={"precision": "bf16"}),
        timed("x", 1.0, created=LATE, input_shape=(1, 3, 512, 1024)),
        timed("x", 1.0, created=LATE, weights=DETAILED.weights),
        counted("x", created=LATE),
        logged("x", 0.5, created=LATE),
    ],
    ids=["spec", "device", "protocol", "input", "weights", "no timing", "log"],
)
def test_what_differs_in_spec_input_protocol_or_device_is_no_repetition(other: Record) -> None:
    assert kept(timed("x", 1.0, created=EARLY), other) == [0, 1]


def test_how_long_was_measured_makes_no_other_protocol() -> None:
    longer = timed("x", 1.0, created=LATE, protocol={"iterations": 9})
    assert kept(timed("x", 1.0, created=EARLY), longer) == [1]


def test_a_timing_after_a_failure_takes_its_place_and_the_reverse() -> None:
    success = timed("x", 1.0, protocol={"budget_s": None})
    assert success.timing is not None
    failure = replace(
        FAILED,
        spec_sha256=success.spec_sha256,
        input_shape=success.input_shape,
        protocol=success.timing.protocol,
    )
    assert kept(replace(failure, created=EARLY), replace(success, created=LATE)) == [1]
    assert kept(replace(success, created=EARLY), replace(failure, created=LATE)) == [1]


def test_reported_rows_are_no_repetitions_and_devices_are() -> None:
    assert kept(REPORTED, REPORTED, DEVICE, DEVICE) == [0, 1, 3]


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^--newest: created must be ISO 8601, got 'once'$"):
        newest_of(build_table([counted("x", created="once")]))


def order(keys: str, *records: Record) -> list[object]:
    table, _ = ordered(build_table(records), keys)
    return values(table)


def test_rows_are_sorted_up_or_down_and_unknown_ones_come_last() -> None:
    records = [timed("a", 5.0), counted("b"), timed("c", 7.0), timed("d", 6.0)]
    assert order("fps", *records) == ["a", "d", "c", "b"]
    assert order("-fps", *records) == ["c", "d", "a", "b"]


def test_the_second_key_decides_between_equals_and_their_order_is_kept() -> None:
    records = [timed("a", 5.0), timed("c", 7.0), timed("b", 5.0), timed("d", 7.0)]
    assert order("-fps, -variant", *records) == ["d", "c", "b", "a"]
    assert order("fps", *records) == ["a", "b", "c", "d"]
    assert order("-fps", *records) == ["c", "d", "a", "b"]


def test_texts_are_sorted_too() -> None:
    assert order("-variant", counted("a"), counted("c"), counted("b")) == ["c", "b", "a"]


def test_the_columns_that_were_sorted_by_are_told() -> None:
    _, keys = ordered(build_table([counted("a")]), "-fps,params")
    assert [column.name for column in keys] == ["fps", "params"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("fsp", "no column 'fsp'; did you mean fps"),
        ("fps,-fps", "got fps twice"),
        ("", "no column"),
    ],
)
def test_keys_that_are_none_are_refused(keys: str, message: str) -> None:
    with pytest.raises(BadRequest, match=f"^--sort: .*{message}"):
        order(keys, counted("a"))


def test_columns_are_chosen_in_their_order() -> None:
    table = build_table([counted("a")])
    chosen = chosen_columns(table, "miou, variant,context.alpha")
    assert [column.name for column in chosen] == ["miou", "variant", "context.alpha"]
    with pytest.raises(BadRequest, match=r"^--columns: no column 'moiu'; did you mean miou"):
        chosen_columns(table, "moiu")
    with pytest.raises(BadRequest, match=r"^--columns: .*got miou twice"):
        chosen_columns(table, "miou,miou")
