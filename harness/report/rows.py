"""Which records belong to which row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from harness.errors import BadRequest
from harness.records import FailedRecord, ProfileRecord, Record, ReportedRecord
from harness.report.definition import Definition, Row


@dataclass(frozen=True, kw_only=True)
class RowRecords:
    """A row with what is known about its variant at the table's input size.

    Attributes:
        row: The row.
        measured: The newest measurement; null where there is none.
        timed: Measurements of the same network with a timing, oldest first.
        reported: The row of the reported table that the definition names; null where it has none.
        superseded: Hashes of the networks that bore this name before `measured`, oldest first.
        failed: The newest failure, where no timing came after it; else null.
    """

    row: Row
    measured: ProfileRecord | None
    timed: tuple[ProfileRecord, ...]
    reported: ReportedRecord | None
    superseded: tuple[str, ...] = ()
    failed: FailedRecord | None = None

    @property
    def label(self) -> str:
        """What the row is called: by its definition, else by the paper, else the variant."""
        return self.row.label or (self.reported.label if self.reported else self.row.variant)


def gather(definition: Definition, records: Sequence[Record]) -> tuple[RowRecords, ...]:
    """Return the rows of `definition`, each with its records.

    Where records of one variant are of different networks (their `spec_sha256` differs: the
    catalogue row was changed in between), only those of the newest one count.

    Raises:
        BadRequest: If a record's `created` is not a date.
    """
    profiles = [r for r in records if isinstance(r, ProfileRecord)]
    reported = [r for r in records if isinstance(r, ReportedRecord)]
    profiles = [r for r in profiles if r.input_shape == definition.input_shape]
    profiles.sort(key=created_at)  # stable: of two from one instant, the later line is the newer
    failures = [r for r in records if isinstance(r, FailedRecord)]
    failures = [r for r in failures if r.input_shape == definition.input_shape]
    return tuple(
        _row_records(
            row,
            [r for r in profiles if r.variant in row.names],
            [r for r in failures if r.variant in row.names],
            _reported(row, definition, reported),
        )
        for row in definition.rows
    )


def _row_records(
    row: Row,
    profiles: list[ProfileRecord],
    failures: list[FailedRecord],
    reported: ReportedRecord | None,
) -> RowRecords:
    measured = profiles[-1] if profiles else None
    current = [r for r in profiles if measured and r.spec_sha256 == measured.spec_sha256]
    hashes = dict.fromkeys(r.spec_sha256 for r in profiles)
    return RowRecords(
        row=row,
        measured=measured,
        timed=tuple(r for r in current if r.timing is not None),
        reported=reported,
        superseded=tuple(h for h in hashes if measured and h != measured.spec_sha256),
        failed=open_failure(failures, [r for r in profiles if r.timing is not None]),
    )


def open_failure(
    failures: Sequence[FailedRecord], timed: Sequence[ProfileRecord]
) -> FailedRecord | None:
    """Return the newest failure, or nothing where a timing came after it."""
    newest = max(failures, key=created_at, default=None)
    if newest is None or any(created_at(record) >= created_at(newest) for record in timed):
        return None
    return newest


def _reported(
    row: Row, definition: Definition, reported: list[ReportedRecord]
) -> ReportedRecord | None:
    """Return the reported row; the last read wins, so that a user's folder can correct ours.

    A table can have one network at several input sizes, and a figure at another size is another
    figure: only where the table says nothing of the size is it taken on trust.
    """
    found = [
        r
        for r in reported
        if r.table == definition.source
        and r.variant == row.variant
        and r.input_shape in (definition.input_shape, None)
    ]
    return found[-1] if found else None


def record_warnings(rows: Sequence[RowRecords]) -> list[str]:
    """Return a line for every variant without records, or with records of an older network."""
    lines = []
    for row in rows:
        if not row.measured and not row.reported:
            lines.append(f"{row.row.variant}: no record at this input size")
        if row.measured and row.superseded:
            old = ", ".join(h[:12] for h in row.superseded)
            new = row.measured.spec_sha256[:12]
            lines.append(
                f"{row.row.variant}: older records are of another spec ({old}) than the newest "
                f"({new}) and are not used"
            )
    return list(dict.fromkeys(lines))


def failure_warnings(rows: Sequence[RowRecords]) -> list[str]:
    """Return a line for every variant whose newest attempt at a timing failed."""
    return [failure_line(row.failed) for row in rows if row.failed]


def failure_line(record: FailedRecord) -> str:
    """Return a failure in one line."""
    date = created_at(record).date().isoformat()
    return f"{record.variant}: failed on {date}: {' '.join(record.reason.split())}"


def created_at(record: ProfileRecord | FailedRecord) -> datetime:
    """Return when `record` was made.

    Raises:
        BadRequest: If it does not say so in ISO 8601.
    """
    try:
        # Python 3.10 does not read the Z of ISO 8601.
        created = datetime.fromisoformat(record.created.replace("Z", "+00:00"))
    except ValueError:
        raise BadRequest(
            f"record of {record.variant}: created must be ISO 8601, got {record.created!r}"
        ) from None
    return created if created.tzinfo else created.replace(tzinfo=timezone.utc)
