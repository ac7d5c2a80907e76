"""What an audit looks at: the printed figures, costs, stages, measurements, public references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal

from harness.records import ProfileRecord, Record, ReportedRecord, StaticCost
from harness.report.audit.expression import MissingFigureError, Operand, Result, compute
from harness.report.audit.printed import Printed, parse
from harness.report.audit.references import Reference, load_references
from harness.report.rows import created_at

WHOLE_ROW = "*"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that figures are held against.

    Attributes:
        printed: The paper's records.
        costs: Counts of networks, one for each variant and input size, with their stages where
            Table II is of them; timings are not looked at.
        costs_are: Whether they were counted for this audit, or come from a results folder.
        records: Records of results folders, for rates and logs.
        references: What public code and pages say, by `VARIANT` or `VARIANT@HxW` and figure.
    """

    printed: Sequence[ReportedRecord]
    costs: Sequence[ProfileRecord] = ()
    costs_are: Literal["counted", "record"] = "counted"
    records: Sequence[Record] = ()
    references: Mapping[str, Mapping[str, Reference]] = field(default_factory=load_references)

    @cached_property
    def rows(self) -> dict[str, dict[str, ReportedRecord]]:
        """The printed rows, by table and by the row's key; see `key_of`."""
        tables: dict[str, list[ReportedRecord]] = {}
        for record in self.printed:
            tables.setdefault(record.table, []).append(record)
        return {name: {key_of(r, rows): r for r in rows} for name, rows in tables.items()}

    @cached_property
    def _costs(self) -> dict[str, ProfileRecord]:
        return {sized(record): record for record in self.costs}

    def cost_of(self, variant: str) -> ProfileRecord | None:
        """Return the count of `VARIANT@HxW`, or of `VARIANT` where there is one input size."""
        if variant in self._costs:
            return self._costs[variant]
        several = [r for key, r in self._costs.items() if key.partition("@")[0] == variant]
        return several[0] if len(several) == 1 else None

    def compute(self, text: str, *, like: Printed | None = None) -> Result:
        """Return what the expression `text` comes to; see `harness.report.audit.expression`."""
        return compute(text, self.look_up, like=like)

    def look_up(self, path: str) -> Operand:
        """Return the figures at `path`.

        Args:
            path: `cost/VARIANT/FIGURE` (counted, else a reference), `reference/VARIANT/FIGURE`, or
                `TABLE/ROW/FIGURE` of print, where a `*` at the end stands for several figures.

        Raises:
            MissingFigureError: If there is none.
        """
        kind, _, rest = path.partition("/")
        row, _, figure = rest.partition("/")
        if kind == "cost":
            record = self.cost_of(row)
            if record is not None:
                return _count(record.static, figure, path)
        if kind in ("cost", "reference"):
            return self._reference(row, figure)
        return self._printed(kind, row, figure)

    def _reference(self, row: str, figure: str) -> Operand:
        for key in (row, row.partition("@")[0]):
            found = self.references.get(key, {}).get(figure)
            if found is not None:
                return Operand((found.value,), found.text, found.source)
        raise MissingFigureError(f"reference/{row}/{figure}")

    def _printed(self, table: str, row: str, figure: str) -> Operand:
        record = self.rows.get(table, {}).get(row)
        if record is None:
            raise MissingFigureError(f"{table}/{row}")
        stem, _, _ = figure.partition(WHOLE_ROW)
        wanted = {
            name: text
            for name, text in record.figures.items()
            if name == figure or (figure.endswith(WHOLE_ROW) and name.startswith(stem))
        }
        figures = [parsed for text in wanted.values() if (parsed := parse(text))]
        if not figures or len(figures) < len(wanted):
            raise MissingFigureError(f"{table}/{row}/{figure}")
        values = tuple(Fraction(parsed.value) for parsed in figures)
        place = f"{record.source.place} ({record.label})"
        shown = next(iter(wanted.values()))
        return Operand(values, shown if len(values) == 1 else f"{figure} of {record.label}", place)


def key_of(record: ReportedRecord, rows: Sequence[ReportedRecord]) -> str:
    """Return what a printed row is called within its table.

    Args:
        record: The row.
        rows: All rows of its table: a network that stands there at several sizes bears its size.
    """
    if "claim" in record.figures:
        return record.figures["claim"]
    if "output_size" in record.figures:  # many rows of one network
        return str(record.row + 1)
    several = sum(each.variant == record.variant for each in rows) > 1
    return sized(record) if several else record.variant


def sized(record: ProfileRecord | ReportedRecord) -> str:
    """Return `VARIANT@HxW`."""
    shape = record.input_shape or ()
    return f"{record.variant}@{'x'.join(map(str, shape[2:]))}"


def newest_costs(records: Sequence[Record]) -> list[ProfileRecord]:
    """Return the newest record of each variant at each input size, timed or not.

    It takes the stages of the newest one that has any, if that is of the same network.
    """
    profiles = sorted((r for r in records if isinstance(r, ProfileRecord)), key=created_at)
    newest = {sized(record): record for record in profiles}
    stages = {(sized(r), r.spec_sha256): r.stages for r in profiles if r.stages}
    return [
        replace(record, stages=stages.get((key, record.spec_sha256)))
        for key, record in newest.items()
    ]


def _count(cost: StaticCost, figure: str, path: str) -> Operand:
    counts = {"params": cost.params, "params_constructed": cost.params_constructed}
    counts |= {f"macs.{name}": value for name, value in cost.macs.items()}
    if figure not in counts:
        raise MissingFigureError(path)
    return Operand((Fraction(counts[figure]),), f"{counts[figure]:,}", "counted")
