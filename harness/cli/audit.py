"""`harness audit`: every printed figure of the paper against ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import AsJson

if TYPE_CHECKING:
    from harness.records import ProfileRecord, ReportedRecord
    from harness.report.audit.check import Check
    from harness.report.audit.evidence import Evidence
    from variants.catalog import Row

FORMATS = ("text", "markdown", "json")
MOST_NAMES = 5  # of figures that are named in the message
SUFFIXES = {".md": "markdown", ".json": "json"}


def audit(
    table: Annotated[
        list[str] | None,
        typer.Option(help="1, 2, 3, 4, across (one figure in two tables) or text; repeatable."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Print every figure, the equal ones too.")
    ] = False,
    results: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of records, for FPS and mIoU; repeatable.  [default: results]"),
    ] = None,
    from_records: Annotated[
        bool,
        typer.Option("--from-records", help="Take counts from the records; count nothing."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 if any figure is different.")
    ] = False,
    format_name: Annotated[
        str | None,
        typer.Option("--format", help="text, markdown or json; by default as --out ends."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write to this file, whole or not at all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold every figure that the paper prints against counting, arithmetic and our records.

    A figure is equal where ours, rounded half up to the printed digits, is what is printed;
    explained where it is not, but arithmetic that stands beside it gives the printed figure;
    different where nothing does; open where there is nothing to hold it against. FPS and mIoU of
    our records stand beside the printed ones and never make them different.

    Exit status 1 if a count of the paper's own networks (Tables I, II, IV) is neither equal nor
    explained. --json gives every figure; its keys are those of harness/report/audit/__init__.py.

    \b
    Examples:
      harness audit
      harness audit --table text --all
      harness audit --format markdown --out audit.md
      harness audit --results runs --table 1 --table 4
      harness audit --json
    """
    from harness.report.audit.run import audit as run_audit
    from harness.report.audit.run import chosen_tables
    from harness.report.output import write_whole

    form = _form(format_name, out, as_json=as_json)
    tables = chosen_tables(table or ())
    checks = run_audit(_evidence(results, from_records=from_records), tables=tables)
    text = _render(checks, form, every=every)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_whole(out, text)
    _gate(checks, strict=strict)


def _form(given: str | None, out: Path | None, *, as_json: bool) -> str:
    from harness.errors import BadRequest, did_you_mean

    if as_json and given not in (None, "json"):
        raise BadRequest(f"audit: --json is a format of its own, got --format {given} besides")
    if given is not None and given not in FORMATS:
        raise BadRequest(f"no format {given!r}{did_you_mean(given, FORMATS)}")
    if as_json or given:
        return given or "json"
    return SUFFIXES.get(out.suffix, "text") if out else "text"


def _render(checks: list[Check], form: str, *, every: bool) -> str:
    from harness.report.audit.json_text import to_json
    from harness.report.audit.markdown import to_markdown
    from harness.report.audit.text import to_text

    if form == "json":
        return to_json(checks)
    return (to_text if form == "text" else to_markdown)(checks, every=every)


def _evidence(results: list[Path] | None, *, from_records: bool) -> Evidence:
    """Return the paper's records, ours, and the costs of its networks."""
    from harness.report.audit.evidence import Evidence, newest_costs
    from harness.report.sources import report_records
    from harness.store import paper_records

    loaded = report_records(results)
    for line in loaded.problems:
        typer.echo(f"warning: {line}", err=True)
    evidence = Evidence(printed=paper_records(), records=loaded.records)
    if from_records:
        return replace(evidence, costs=newest_costs(loaded.records), costs_are="record")
    return replace(evidence, costs=count_printed(evidence.printed))


def count_printed(printed: Iterable[ReportedRecord]) -> list[ProfileRecord]:
    """Count each network that the paper prints a row of, where the catalogue has it.

    Returns:
        A record for each network and input size, those of Table II with their stages.
    """
    from variants.catalog import load_catalog

    catalog = load_catalog(())
    wanted: dict[tuple[str, tuple[int, int]], bool] = {}
    for record in printed:
        for name in (record.variant, *_changed(record)):
            if name in catalog and record.input_shape is not None:
                key = name, record.input_shape[2:]
                wanted[key] = wanted.get(key, False) or record.table == "table-2"
    return [
        _count(replace(catalog[name], input=size), with_stages=with_stages)
        for (name, size), with_stages in wanted.items()
    ]


def _changed(record: ReportedRecord) -> list[str]:
    """Return the networks for which a footnote changes the row."""
    return [key.partition(".")[2] for key in record.figures if key.startswith("type.")]


def _count(row: Row, *, with_stages: bool) -> ProfileRecord:
    from datetime import datetime, timezone

    from harness.ledger import record
    from harness.records import ProfileRecord
    from harness.stages import stage_costs
    from harness.static import total
    from variants.build import skeleton
    from variants.spec import resolve

    spec = resolve(row.chosen)
    network = skeleton(spec)
    shape = (1, 3, *row.input)
    ledger = record(network, shape)
    return ProfileRecord(
        variant=row.name,
        spec=spec.to_dict(),
        spec_sha256=spec.sha256,
        input_shape=shape,
        static=total(network, ledger),
        timing=None,
        environment={},
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        stages=stage_costs(network, ledger) if with_stages else None,
    )


def _gate(checks: list[Check], *, strict: bool) -> None:
    """Fail if a count of the paper's own networks does not stand, or any figure if `strict`."""
    from harness.errors import RunFailed

    failed = [c for c in checks if c.failed or (strict and c.verdict == "different")]
    if failed:
        names = ", ".join(check.question.id for check in failed[:MOST_NAMES])
        rest = f" and {len(failed) - MOST_NAMES} more" if len(failed) > MOST_NAMES else ""
        verb = "figure is" if len(failed) == 1 else "figures are"
        raise RunFailed(f"audit: {len(failed)} {verb} neither equal nor explained: {names}{rest}")
