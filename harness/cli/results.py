"""`harness results`: the records of results folders as one table, filtered and sorted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import AsJson

if TYPE_CHECKING:
    from harness.report.query.columns import Column
    from harness.report.query.frame import Table

FORMATS = ("table", "csv", "json", "parquet")
SUFFIXES = {".csv": "csv", ".json": "json", ".parquet": "parquet"}
DEFAULT_RESULTS = Path("results")
MOST_WARNINGS = 5  # lines that cannot be read and are named one by one
MOST_ROWS = 50  # on a terminal, unless --limit says otherwise


def results(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER]...", help="Results folders or files.  [default: results]"),
    ] = None,
    where: Annotated[
        str | None, typer.Option(metavar="QUERY", help="Rows for which this is true.")
    ] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="COL,-COL", help="Sort by columns; of -COL most first.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="COL,COL", help="Which columns, in this order.")
    ] = None,
    list_columns: Annotated[
        bool, typer.Option("--list-columns", help="Print what the columns are, and no rows.")
    ] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="profile, failed, logged, proxy, reported or device; repeatable."),
    ] = None,
    newest: Annotated[
        bool,
        typer.Option(
            "--newest", help="Of records of one spec, input, protocol and device the newest."
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", help="At most N rows, 0 for all.  [default: 50 of a table]"),
    ] = None,
    pareto: Annotated[
        str | None,
        typer.Option(metavar="X,Y", help="Rows that no other row beats in these columns."),
    ] = None,
    format_name: Annotated[
        str | None,
        typer.Option("--format", help="table, csv, json or parquet; by default as --out ends."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write to this file, whole or not at all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Filter and sort records, find the best, write them for other programs.

    A record is a row; --list-columns says what its columns are: counts, speed, mIoU of the newest
    log of the same network, conditions, and every option as slot.option.

    --where takes a pandas query: columns as they are called, numbers, 'texts' and lists, + - * /,
    == != < > in, and or not, and of a column .isin([...]), .isna(), .notna(), .between(a, b) and
    .str.contains('...'). A list is one: fusion.dilations == [8, 4, 2]. Columns with a space stand
    in backticks. What is unknown is neither equal to anything, nor less or more.

    --pareto names two columns or more. MACs, parameters, times and memory are best small, FPS and
    mIoU large; min:COL and max:COL say it for others. Rows are best first by the first column, and
    speeds of several devices or protocols are refused.

    csv, json and parquet hold raw units (counts, seconds, bytes, fractions) and all columns; a
    table for people has M, G, ms, MiB and %, and what tells the rows apart. Parquet needs
    harness[parquet]. --json is --format json.

    \b
    Examples:
      harness results
      harness results runs --where "params < 3e6 and macs.paper < 40e9" --sort -fps
      harness results runs --where "context.name == 'dapf'" --columns variant,miou
      harness results runs --kind failed
      harness results runs --newest --pareto macs.paper,miou
      harness results runs --pareto latency_s.p50,max:context.alpha
      harness results runs --out runs.parquet
    """
    from harness.report.query.select import chosen_columns, newest_of, of_kinds, ordered
    from harness.report.query.where import where as rows_where

    form = _form(format_name, out, as_json=as_json)
    if list_columns:
        flags = {"--where": where, "--sort": sort, "--columns": columns, "--kind": kind or None,
                 "--newest": newest or None, "--limit": limit, "--pareto": pareto, "--out": out,
                 "--format": None if form == "json" else format_name}  # fmt: skip
        _refuse(flags)
    if limit is not None and limit < 0:
        raise _bad(f"--limit: must be 0 for all or more, got {limit}")
    table = _load(folders or [DEFAULT_RESULTS])
    if list_columns:
        _echo_columns(table, form)
        return
    chosen = None if columns is None else chosen_columns(table, columns)
    if kind:
        table = of_kinds(table, kind)
    if newest:
        table = newest_of(table)
    if where is not None:
        table = rows_where(table, where)
    asked: list[Column] = []
    if pareto is not None:
        table, asked = _front(table, pareto)
    if sort is not None:
        table, keys = ordered(table, sort)
        asked += keys
    if limit is None and form == "table" and out is None:
        limit = MOST_ROWS
    table = _limited(table, limit)
    _write(table, chosen, asked, form, out)


def _form(given: str | None, out: Path | None, *, as_json: bool) -> str:
    from harness.errors import did_you_mean

    if as_json and given not in (None, "json"):
        raise _bad(f"results: --json is a format of its own, got --format {given} besides")
    if given is not None and given not in FORMATS:
        raise _bad(f"--format: no format {given!r}{did_you_mean(given, FORMATS)}")
    form = "json" if as_json else given or (SUFFIXES.get(out.suffix, "table") if out else "table")
    if form == "parquet" and out is None:
        raise _bad("--format parquet: needs --out FILE, got none")
    return form


def _refuse(flags: Mapping[str, Any]) -> None:
    """Refuse flags of rows where columns are asked for."""
    for flag, value in flags.items():
        if value is not None:
            what = "" if value is True else f" {value}"
            raise _bad(f"--list-columns: says what columns there are, got {flag}{what} besides")


def _bad(message: str) -> Exception:
    from harness.errors import BadRequest

    return BadRequest(message)


def _load(folders: Sequence[Path]) -> Table:
    """Return the table of the folders; what cannot be read is a warning, unless nothing can."""
    from harness.report.query.source import load_table

    table, problems = load_table(folders)
    for line in problems[:MOST_WARNINGS]:
        typer.echo(f"warning: {line}", err=True)
    if len(problems) > MOST_WARNINGS:
        rest = len(problems) - MOST_WARNINGS
        typer.echo(f"warning: {rest} more lines could not be read", err=True)
    if not len(table):
        what = f"none of {len(problems)} lines could be read" if problems else "there is none"
        names = ", ".join(map(str, folders))
        raise _bad(f"results: a folder must hold records, {what} in {names}")
    return table


def _front(table: Table, pareto: str) -> tuple[Table, list[Column]]:
    """Return the front, and its columns; how many rows it is of is said on stderr."""
    from harness.report.query.front import front, read_goals

    found = front(table, read_goals(pareto, table.columns))
    for line in found.warnings:
        typer.echo(f"warning: {line}", err=True)
    typer.echo(str(found), err=True)
    return found.rows, [goal.column for goal in found.goals]


def _limited(table: Table, limit: int | None) -> Table:
    if not limit or len(table) <= limit:
        return table
    typer.echo(f"{limit} of {len(table):,} rows; --limit 0 for all", err=True)
    return table.first(limit)


def _write(
    table: Table,
    chosen: list[Column] | None,
    asked: Sequence[Column],
    form: str,
    out: Path | None,
) -> None:
    from harness.report.output import write_whole
    from harness.report.query import files

    every = chosen or list(table.columns.values())
    content: str | bytes
    if form == "table":
        content = _text(table, chosen, asked)
    elif form == "csv":
        content = files.csv_text(table, every)
    elif form == "json":
        content = files.json_text(table, every)
    else:
        content = files.parquet_bytes(table, every)
    if out is not None:
        write_whole(out, content)
    else:
        typer.echo(content, nl=False)


def _text(table: Table, chosen: list[Column] | None, asked: Sequence[Column]) -> str:
    import shutil

    from harness.report.query.text import table_text

    if not len(table):
        typer.echo("no row is left", err=True)
        return ""
    return table_text(table, chosen, asked, shutil.get_terminal_size().columns)


def _echo_columns(table: Table, form: str) -> None:
    import json

    rows = [
        {
            "name": column.name,
            "type": column.type,
            "unit": column.unit or None,
            "better": column.better,
            "about": column.about,
            "values": int(table.frame[column.name].notna().sum()),
        }
        for column in table.columns.values()
    ]
    if form == "json":
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        unit = f" ({row['unit']})" if row["unit"] else ""
        typer.echo(f"{row['name']:<{width}}  {row['about']}{unit}")
