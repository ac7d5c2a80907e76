"""Which records belong to which row of a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TypeVar

from harness.errors import BadRequest
from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import FailedRecord, ProfileRecord, Record, ReportedRecord
from harness.report.definition import Definition
from harness.report.input_shape import Shape
from harness.report.row_definition import Row

Dated = ProfileRecord | FailedRecord | LoggedRecord | ProxyRecord
_Measured = TypeVar("_Measured", ProfileRecord, FailedRecord)


@dataclass(frozen=True, kw_only=True)
class RowRecords:
    """A row with what is known about its variant at the row's input size.

    Attributes:
        row: The row.
        measured: The newest measurement; null where there is none.
        timed: Measurements of the same network with a timing, oldest first.
        reported: The row of the reported table that the definition names; null where it has none.
        logged: Training logs of the same network, oldest first: those of the row's name, else of
            its other name, else of the network under any name.
        unlike_logs: How many logs bear the row's name and are of another network.
        superseded: Hashes of the networks that bore this name before `measured`, oldest first.
        failed: The newest failure, where no timing came after it; else null.
    """

    row: Row
    measured: ProfileRecord | None
    timed: tuple[ProfileRecord, ...]
    reported: ReportedRecord | None
    logged: tuple[LoggedRecord, ...] = ()
    unlike_logs: int = 0
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
    profiles = _by_variant_and_input(r for r in records if isinstance(r, ProfileRecord))
    failures = _by_variant_and_input(r for r in records if isinstance(r, FailedRecord))
    logs: dict[str, list[LoggedRecord]] = defaultdict(list)  # by name, and by the network's hash
    reported: dict[str, list[ReportedRecord]] = defaultdict(list)
    for record in records:
        if isinstance(record, LoggedRecord):
            logs[record.variant].append(record)
            logs[record.spec_sha256].append(record)
        elif isinstance(record, ReportedRecord) and record.table == definition.source:
            reported[record.variant].append(record)
    rows = []
    for row in definition.rows:
        shape = definition.shape_of(row)
        measured = _in_time([r for name in row.names for r in profiles.get((name, shape), ())])
        # A name goes first: two rows may be one network that was trained in two ways.
        network = [measured[-1].spec_sha256] if measured else []
        log_key = next((key for key in (*row.names, *network) if key in logs), "")
        rows.append(
            _row_records(
                row,
                measured,
                [r for name in row.names for r in failures.get((name, shape), ())],
                _in_time(list(logs.get(log_key, ()))),
                _reported(shape, reported.get(row.variant, ())),
            )
        )
    return tuple(rows)


def _by_variant_and_input(
    records: Iterable[_Measured],
) -> Mapping[tuple[str, Shape], list[_Measured]]:
    found: dict[tuple[str, Shape], list[_Measured]] = defaultdict(list)
    for record in records:
        found[record.variant, record.input_shape].append(record)
    return found


_AnyDated = TypeVar("_AnyDated", bound=Dated)


def _in_time(records: list[_AnyDated]) -> list[_AnyDated]:
    """Return `records`, oldest first; of two from one instant, the later line is the newer."""
    return sorted(records, key=created_at)


def _row_records(
    row: Row,
    profiles: list[ProfileRecord],
    failures: list[FailedRecord],
    logs: list[LoggedRecord],
    reported: ReportedRecord | None,
) -> RowRecords:
    measured = profiles[-1] if profiles else None
    network = measured.spec_sha256 if measured else logs[-1].spec_sha256 if logs else None
    hashes = dict.fromkeys([r.spec_sha256 for r in profiles] + [r.spec_sha256 for r in logs])
    return RowRecords(
        row=row,
        measured=measured,
        timed=tuple(r for r in profiles if r.spec_sha256 == network and r.timing is not None),
        reported=reported,
        logged=tuple(r for r in logs if r.spec_sha256 == network),
        unlike_logs=sum(r.spec_sha256 != network for r in logs),
        superseded=tuple(h for h in hashes if h != network),
        failed=open_failure(failures, [r for r in profiles if r.timing is not None]),
    )


def open_failure(
    failures: Sequence[FailedRecord], timed: Sequence[ProfileRecord]
) -> FailedRecord | None:
    """Return the newest failure, or nothing where a timing came after it.

    A timing with trained weights takes no failure without any back, nor the reverse.
    """
    newest = max(failures, key=created_at, default=None)
    if newest is None:
        return None
    alike = [record for record in timed if (record.weights is None) == (newest.weights is None)]
    return None if any(created_at(each) >= created_at(newest) for each in alike) else newest


def _reported(shape: Shape, found: Sequence[ReportedRecord]) -> ReportedRecord | None:
    """Return the reported row; the last read wins, so that a user's folder can correct ours.

    A table can have one network at several input sizes, and a figure at another size is another
    figure: only where the table says nothing of the size is it taken on trust.
    """
    fitting = [r for r in found if r.input_shape in (shape, None)]
    return fitting[-1] if fitting else None


def record_warnings(rows: Sequence[RowRecords]) -> list[str]:
    """Return a line on the variants without records, and one for each with an older network's."""
    missing: dict[str, None] = {}
    lines = []
    for row in rows:
        newest = row.measured or (row.logged[-1] if row.logged else None)
        if not newest and not row.reported:
            missing[row.row.variant] = None
        if newest and row.superseded:
            old = ", ".join(h[:12] for h in row.superseded)
            new = newest.spec_sha256[:12]
            lines.append(
                f"{row.row.variant}: older records are of another spec ({old}) than the newest "
                f"({new}) and are not used"
            )
    if missing:
        lines.insert(0, f"{', '.join(missing)}: no record at this input size")
    return list(dict.fromkeys(lines))


def failure_warnings(rows: Sequence[RowRecords]) -> list[str]:
    """Return a line for every variant whose newest attempt at a timing failed."""
    return [failure_line(row.failed) for row in rows if row.failed]


def failure_line(record: FailedRecord) -> str:
    """Return a failure in one line."""
    date = created_at(record).date().isoformat()
    name = record.variant + (f" with {record.weights.label}" if record.weights else "")
    return f"{name}: failed on {date}: {' '.join(record.reason.split())}"


def created_at(record: Dated) -> datetime:
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
