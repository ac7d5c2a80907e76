"""`harness report`: tables, figures and the records behind them, in one folder."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import AsJson, FpsDevice, FpsProtocol, ResultsFolders, table_choices

if TYPE_CHECKING:
    from harness.report.build import Choices

REPORTS = Path("reports")


def report(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE.yaml", help="Which report.")] = "paper",
    results: ResultsFolders = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.  [default: reports/NAME]")
    ] = None,
    fps: Annotated[
        str | None,
        typer.Option(
            help="Which FPS: auto (measured where there are any), measured, reported.  "
            "[default: auto in tables, as they say in figures]"
        ),
    ] = None,
    device: FpsDevice = None,
    protocol: FpsProtocol = None,
    miou: Annotated[
        str, typer.Option(help="Which mIoU: newest log, mean of all logs (seeds), or reported.")
    ] = "newest",
    digits: Annotated[
        str, typer.Option(help="Of measured figures: as the paper prints, or by their spread.")
    ] = "paper",
    with_reported: Annotated[
        bool, typer.Option("--with-reported", help="Published figures beside our own.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a report into one folder, whole or not at all, and print the path of its index.

    Every table in all formats, every figure as PDF, PNG, SVG and (but for curves) interactive page,
    an index.html, the records that it rests on (records.jsonl), and report.json with command,
    versions and hashes. The same records give the same bytes, and records.jsonl is all that it
    takes. A folder that holds anything but an earlier report is refused. --json prints the files
    that were written.

    \b
    Examples:
      harness report
      harness report paper --results runs --out /tmp/paper
      harness report paper --results reports/paper     (again, from its own records)
      harness report one-card --device H200     (which FPS ratios of Table IV survive)
      harness report my-report.yaml --device H200
      harness report effects --results runs            (what each option costs)
    """
    from harness.cli.reasons import report_with_reasons
    from harness.report.bundle.definition import load_report
    from harness.report.bundle.folder import check_folder
    from harness.report.output import write_whole_folder
    from harness.report.sources import report_records

    choices = table_choices(
        fps=fps or "auto",
        device=device,
        protocol=protocol,
        miou=miou,
        digits=digits,
        with_reported=with_reported,
    )
    definition = load_report(name)
    folder = out or REPORTS / definition.name
    check_folder(folder)
    loaded = report_records(results)
    definition = report_with_reasons(definition, loaded.records)
    command = _command(definition.called, definition.name, choices, fps)

    from harness.report.bundle.make import make_report

    files, warnings = make_report(
        definition, loaded.records, choices, command, figures_follow=fps is not None
    )
    for line in (*loaded.problems, *warnings):
        typer.echo(f"warning: {line}", err=True)
    write_whole_folder(folder, files)
    if as_json:
        typer.echo(json.dumps([str(folder / file) for file in files], indent=2))
    else:
        typer.echo(str(folder / "index.html"))


def _command(called: str, name: str, choices: Choices, fps: str | None) -> str:
    """Return what makes the report again from the records in its default folder.

    Where the records came from and where the report went are no part of it: they differ from
    machine to machine, and the report must not.
    """
    words = ["harness", "report", called]
    for flag, value in (
        ("--fps", fps),
        ("--device", choices.fps.device),
        ("--protocol", choices.fps.protocol),
        ("--miou", choices.miou if choices.miou != "newest" else None),
        ("--digits", choices.digits if choices.digits != "paper" else None),
    ):
        words += [flag, value] if value is not None else []
    words += ["--with-reported"] if choices.with_reported else []
    return shlex.join([*words, "--results", (REPORTS / name).as_posix()])
