"""The architecture table of one network: its stages with output size and cost.

Out of the newest record that holds stages (`harness profile --stages`), else as published, without
the columns that nobody published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.errors import BadRequest
from harness.records import ProfileRecord, Record, ReportedRecord, StageCost
from harness.report.columns import STAGE_COLUMNS
from harness.report.definition import StageDefinition
from harness.report.footnotes import origin_notes
from harness.report.model import NO_FIGURE, Cell, Table, TableRow
from harness.report.rows import created_at

TEXTS = ("stage", "name", "type", "output_size")
SCALES = {"params": 1e3, "macs": 1e9}
NOTHING = "-"  # as the paper prints it

Line = dict[str, Cell]


def build_stage_table(definition: StageDefinition, records: Sequence[Record]) -> Table:
    """Return the architecture table that `definition` makes of `records`.

    Raises:
        BadRequest: If there is neither a measured nor a published table of the network.
    """
    measured = _newest(definition, records)
    lines = list(_measured(measured)) if measured else list(_published(definition, records))
    if not lines:
        height, width = definition.input_shape[2:]
        raise BadRequest(
            f"table {definition.name}: no record of {definition.variant} with its stages; make one "
            f"with `harness profile --variant {definition.variant} --input {height}x{width} "
            "--stages --no-timing`"
        )
    names = [n for n in definition.columns if any(n in line for line in lines)]
    groups = _groups(lines)
    table = Table(
        name=definition.name,
        title=definition.title,
        columns=tuple(STAGE_COLUMNS[name] for name in names),
        rows=tuple(
            TableRow(
                variant=definition.variant,
                cells=tuple(line.get(name, _absent()) for name in names),
                group=group,
            )
            for line, group in zip(_without_repeats(lines), groups, strict=True)
        ),
        footnotes=definition.footnotes,
        groups=(None,) * (groups[-1] + 1),
        wide=definition.wide,
    )
    notes = list(origin_notes(table))
    if "macs" in names:
        notes.append("GMACs: 1e9 multiply-accumulates under the convention `conv`.")
    if measured:
        notes.append(f"Measured; spec {measured.spec_sha256[:12]}.")
    return replace(table, footnotes=(*table.footnotes, *notes))


def _newest(definition: StageDefinition, records: Sequence[Record]) -> ProfileRecord | None:
    found = [
        record
        for record in records
        if isinstance(record, ProfileRecord)
        and record.variant == definition.variant
        and record.input_shape == definition.input_shape
        and record.stages
    ]
    return (
        max(enumerate(found), key=lambda each: (created_at(each[1]), each[0]))[1] if found else None
    )


def _measured(record: ProfileRecord) -> Iterator[Line]:
    _, channels, height, width = record.input_shape
    image = StageCost(
        stage="Input",
        name=NOTHING,
        type=(NOTHING,),
        output_size=(height, width, channels),
        params=0,
        macs=0,
    )
    for stage in (image, *(record.stages or ())):
        texts = {
            "stage": stage.stage,
            "name": stage.name,
            "type": ", ".join(stage.type),
            "output_size": "×".join(map(str, stage.output_size)),
        }
        line = {k: Cell(text=v, kind="measured", records=(record,)) for k, v in texts.items()}
        for name, count in (("params", stage.params), ("macs", stage.macs)):
            value = count / SCALES[name]
            line[name] = Cell(
                text=STAGE_COLUMNS[name].print(value) if count else NOTHING,
                kind="measured" if count else "absent",
                value=value if count else None,
                records=(record,) if count else (),
            )
        yield line


def _published(definition: StageDefinition, records: Sequence[Record]) -> Iterator[Line]:
    rows = {
        record.row: record
        for record in records
        if isinstance(record, ReportedRecord)
        and record.table == definition.source
        and record.variant == definition.variant
    }
    for position in sorted(rows):
        record = rows[position]
        yield {
            name: Cell(
                text=record.figures.get(name, NO_FIGURE).replace("; ", ", "),
                kind="reported",
                records=(record,),
            )
            for name in TEXTS
        }


def _groups(lines: Sequence[Line]) -> list[int]:
    """Return the number of each line's group: a new one begins where the stage changes."""
    numbers, number = [], 0
    for before, line in zip((lines[0], *lines), lines, strict=False):
        number += line["stage"].text != before["stage"].text
        numbers.append(number)
    return numbers


def _without_repeats(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines with a stage or a name left out where the line above says it."""
    above: tuple[str, str] | None = None
    for line in lines:
        now = (line["stage"].text, line["name"].text)
        shown = dict(line)
        if above and above[0] == now[0]:
            shown["stage"] = replace(line["stage"], text="")
            if above[1] == now[1]:
                shown["name"] = replace(line["name"], text="")
        yield shown
        above = now


def _absent() -> Cell:
    return Cell(text=NO_FIGURE, kind="absent")
