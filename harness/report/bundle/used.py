"""The records that a report rests on: those that make it again, and as few as that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from harness.errors import BadRequest
from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import DeviceRecord, Record, ReportedRecord, to_json
from harness.report.bundle.build import Report, compared, looked_at
from harness.report.rows import RowRecords


def unique(records: Sequence[Record]) -> list[Record]:
    """Return each record once, at the place of its last occurrence: where it counts."""
    found: dict[str, Record] = {}
    for record in records:
        line = to_json(record)
        found.pop(line, None)
        found[line] = record
    return list(found.values())


def used_records(
    report: Report, records: Sequence[Record], build: Callable[[Sequence[Record]], Report]
) -> list[Record]:
    """Return those of `records` that make `report` again, in their order.

    That is what its figures come from and, where a warning or note tells of more, what was set
    aside in its favour.

    Args:
        report: What was made of all of `records`.
        records: All records, each once.
        build: Makes the report of other records.
    """
    shown = [id(record) for record in report.records()]
    rows = [row for part in looked_at(report.definition, records) for row in part]
    wanted = set(shown)
    stages: tuple[Iterable[Record], ...] = (
        (),
        chain(_set_aside(rows, records), compared(report.definition, records)),
        _of_the_names(rows, records),
    )
    for more in stages:
        wanted |= {id(record) for record in more}
        kept = [record for record in records if id(record) in wanted]
        if _remade(kept, build) == report:
            return kept
    return list(records)


def _remade(kept: Sequence[Record], build: Callable[[Sequence[Record]], Report]) -> Report | None:
    try:
        return build(kept)
    except BadRequest:  # what is left does not even make a report
        return None


def _set_aside(rows: Sequence[RowRecords], records: Sequence[Record]) -> Iterator[Record]:
    """Yield what warnings tell of: failures, logs left out, networks of the past."""
    for row in rows:
        found = (row.measured, row.reported, row.failed, *row.logged)
        yield from (record for record in found if record is not None)
        if row.superseded:
            for record in records:
                if not isinstance(record, (ReportedRecord, DeviceRecord, ProxyRecord)) and (
                    record.variant in row.row.names and record.spec_sha256 in row.superseded
                ):
                    yield record


def _of_the_names(rows: Sequence[RowRecords], records: Sequence[Record]) -> Iterator[Record]:
    """Yield all that a row could look at: records of its names, and logs of its network."""
    names = {name for row in rows for name in row.row.names}
    specs = {row.measured.spec_sha256 for row in rows if row.measured}
    for record in records:
        if isinstance(record, (DeviceRecord, ProxyRecord)):  # no row shows a score
            continue
        if record.variant in names or (
            isinstance(record, LoggedRecord) and record.spec_sha256 in specs
        ):
            yield record
