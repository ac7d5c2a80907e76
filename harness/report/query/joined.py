"""What records say of a network that other records measure: its mIoU, and the scores of proxies."""

from __future__ import annotations

from typing import Any

from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import Record
from harness.report.query.columns import PROXY
from harness.report.query.flatten import shape_text
from harness.report.rows import created_at


class Joined:
    """The newest log of each spec, and the newest score of each spec at an input size by name."""

    def __init__(self) -> None:
        self._logs: dict[str, LoggedRecord] = {}
        self._scores: dict[tuple[str, str], dict[str, ProxyRecord]] = {}

    def add(self, record: Record) -> None:
        """Take a record if it is one of these.

        Raises:
            BadRequest: If its `created` is not a date.
        """
        if isinstance(record, LoggedRecord):
            newest = self._logs.get(record.spec_sha256)
            if newest is None or created_at(record) >= created_at(newest):
                self._logs[record.spec_sha256] = record
        elif isinstance(record, ProxyRecord) and record.value is not None:
            scores = self._scores.setdefault(
                (record.spec_sha256, shape_text(record.input_shape)), {}
            )
            before = scores.get(record.name)
            if before is None or created_at(record) >= created_at(before):
                scores[record.name] = record

    def accuracy(self, spec: str) -> dict[str, Any]:
        """Return the columns of mIoU of a spec; none where no log is about it."""
        log = self._logs.get(spec)
        if log is None:
            return {}
        return {"miou": log.miou, "miou_use": log.use, "miou_split": log.reading.split}

    def scores(self, spec: str, input_: str | None) -> dict[str, float | None]:
        """Return the columns of the proxies of a spec at an input size, written as `1x3x64x64`."""
        found = self._scores.get((spec, input_ or ""), {})
        return {f"{PROXY}{name}": record.value for name, record in found.items()}
