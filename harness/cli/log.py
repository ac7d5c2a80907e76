"""`harness log`: mIoU out of the logs that trainings leave, shown or stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import AsJson, Catalog, Settings, select

if TYPE_CHECKING:
    from harness.logged_record import LoggedRecord
    from harness.logs import Choice, LogFile
    from variants.catalog import Row

Metric = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Which mIoU: a column, key, tag, head or network."),
]
SplitName = Annotated[
    str | None,
    typer.Option("--split", metavar="val|test", help="[default: val where there is one]"),
]
UnitName = Annotated[
    str | None,
    typer.Option(
        "--unit", metavar="fraction|percent", help="Unit of numbers that do not say theirs."
    ),
]
Run = Annotated[
    int | None, typer.Option(metavar="N", help="Which run of a file that holds several, from 1.")
]

log = typer.Typer(
    name="log",
    help="Read mIoU out of the logs that trainings leave.\n\n\b\nExamples:\n"
    "  harness log show train.log\n"
    "  harness log add --variant fassd-net train.log",
    rich_markup_mode=None,
)


@log.command()
def show(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Logs, or a folder to look through.")
    ],
    metric: Metric = None,
    split: SplitName = None,
    unit: UnitName = None,
    run: Run = None,
    as_json: AsJson = False,
) -> None:
    """Print what a log says: final and best mIoU, classes, whether the run finished.

    The format is recognised by what is in the file: ptsemseg and FC-HarDNet, mmsegmentation 0.x and
    1.x, HRNet, DDRNet and PIDNet, TorchSeg and FasterSeg, CoinCheung's BiSeNet, Detectron2,
    Lightning, TensorBoard, cityscapesScripts, the Cityscapes server, CSV and JSON with named
    columns, and any text that prints mIoU. gzip and UTF-16 are read too. Of a folder, the files
    below it that hold mIoU are listed.

    --json: format, final and best (miou, step), per_class_iou (of final), validations, finished,
    split, notes; best_per_class_iou, unit, step_unit, metric. mIoU and IoU are fractions. Of
    several files or a folder, a list of these with file first.

    Exit status 1: no mIoU in a file, or several answers and no flag that decides; of a folder, in
    none of its files.

    \b
    Examples:
      harness log show train.log
      harness log show metrics.csv --metric val_miou --json
      harness log show work_dirs/ddrnet_23-slim
    """
    from harness.cli.log_text import (
        name_of,
        reading_dict,
        reading_lines,
        readings_lines,
        survey_lines,
    )
    from harness.logs import read_log, survey

    choice = _choice(metric, split, unit, run)
    folder = files[0] if len(files) == 1 and files[0].is_dir() else None
    if len(files) == 1 and folder is None:
        reading = read_log(files[0], choice).reading
        if as_json:
            _print_json(reading_dict(reading))
        else:
            typer.echo("\n".join(reading_lines(reading)))
        return
    if folder is not None:
        found = survey(folder, choice)
        logs, failures, lines = found.logs, found.refused, survey_lines(folder, found)
    else:
        logs, failures = _read_each(files, choice)
        lines = readings_lines(logs)
    if as_json:
        _print_json([{"file": name_of(x.source.path)} | reading_dict(x.reading) for x in logs])
    elif logs:
        typer.echo("\n".join(lines))
    for failure in failures:
        typer.echo(f"harness: {failure}", err=True)
    if folder is not None and not logs:
        typer.echo(f"harness: {lines[0]}", err=True)
    if not logs or (failures and folder is None):
        raise typer.Exit(1)


def _read_each(files: list[Path], choice: Choice) -> tuple[tuple[LogFile, ...], tuple[str, ...]]:
    """Return what could be read, and a line for each file that could not."""
    from harness.errors import BadRequest, RunFailed
    from harness.logs import read_log

    logs, failures = [], []
    if folders := [path for path in files if path.is_dir()]:
        raise BadRequest(
            f"{folders[0]}: a folder must be the only argument, got {len(files)} arguments"
        )
    for path in files:
        try:
            logs.append(read_log(path, choice))
        except RunFailed as error:
            failures.append(str(error))
    return tuple(logs), tuple(failures)


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


@log.command()
def add(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Logs of one variant, e.g. one for each seed."),
    ],
    variant: Annotated[str, typer.Option(metavar="NAME", help="The variant that was trained.")],
    use: Annotated[
        str,
        typer.Option(
            metavar="final|best", help="Which validation counts; best was chosen by its result."
        ),
    ] = "final",
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Store the log of a run that did not finish.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Store a log that is stored already once more.")
    ] = False,
    metric: Metric = None,
    split: SplitName = None,
    unit: UnitName = None,
    run: Run = None,
    settings: Settings = None,
    catalog: Catalog = None,
    results: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder that the records go to.")
    ] = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Store the mIoU of a variant, out of its log, with the log's hash.

    The record holds the final and the best validation and says which of them counts. The log of a
    run that did not finish is refused, unless --unfinished says that it is known; one that is
    stored already is passed over. All files are read before the first record is written.

    --json: the records that were stored, as a list.

    \b
    Examples:
      harness log add --variant fassd-net train.log
      harness log add --variant fassd-net --use best seed1.log seed2.log
      harness log add --variant fassd-net --set context.alpha=4 train.log
    """
    from harness.cli.log_text import reading_lines, stored_line
    from harness.errors import BadRequest
    from harness.store import append, check_writable, path_for

    if use not in ("best", "final"):
        raise BadRequest(f"--use: must be best or final, got {use!r}")
    choice = _choice(metric, split, unit, run)
    [row] = select([variant], settings=settings, catalogs=catalog, size=None)
    check_writable(results)
    records = [_record(row, _finished(path, choice, unfinished), use) for path in files]
    records = _new(records, results, again)
    for record in records:
        append(path_for(results, record), record)
    if as_json:
        from harness.records import to_dict

        _print_json([to_dict(record) for record in records])
        return
    for record in records:
        typer.echo("\n".join([stored_line(record), *reading_lines(record.reading)]))
    if records:
        typer.echo(f"stored in {path_for(results, records[0])}")


def _choice(metric: str | None, split: str | None, unit: str | None, run: int | None) -> Choice:
    from harness.errors import BadRequest
    from harness.logs import Choice

    if split not in (None, "val", "test"):
        raise BadRequest(f"--split: must be val or test, got {split!r}")
    if unit not in (None, "fraction", "percent"):
        raise BadRequest(f"--unit: must be fraction or percent, got {unit!r}")
    if run is not None and run < 1:
        raise BadRequest(f"--run: must be at least 1, got {run}")
    return Choice(metric=metric, split=split, unit=unit, run=run)  # type: ignore[arg-type]


def _finished(path: Path, choice: Choice, unfinished: bool) -> LogFile:
    """Return the log at `path`, if its run may count."""
    from harness.errors import BadRequest, RunFailed
    from harness.logs import read_log

    if path.is_dir():
        raise BadRequest(
            f"{path}: must be a log file, got a folder; harness log show {path} says which of its "
            "files hold mIoU"
        )
    found = read_log(path, choice)
    if found.reading.finished is False and not unfinished:
        end = next(note for note in found.reading.notes if note.startswith("unfinished"))
        raise RunFailed(f"{path}: {end}; --unfinished stores it all the same")
    if found.reading.finished is None:
        _warn(f"{path}: does not tell whether its run had finished")
    return found


def _record(row: Row, found: LogFile, use: str) -> LoggedRecord:
    from datetime import datetime, timezone

    from harness.cli.log_text import name_of
    from harness.logged_record import LoggedRecord
    from variants.spec import resolve

    spec = resolve(row.chosen)
    score = found.reading.best if use == "best" else found.reading.final
    return LoggedRecord(
        variant=row.name,
        spec=spec.to_dict(),
        spec_sha256=spec.sha256,
        miou=score.miou,
        use=use,  # type: ignore[arg-type]
        reading=found.reading,
        file=name_of(Path(found.source.path.name)),
        file_sha256=found.source.sha256(),
        file_bytes=found.source.size,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def _new(records: list[LoggedRecord], results: Path, again: bool) -> list[LoggedRecord]:
    """Return the records that are not stored yet; warn of two files of one run."""
    from harness.logged_record import LoggedRecord, run_of
    from harness.store import load, path_for

    loaded = load(path_for(results, records[0]))
    for problem in loaded.problems:
        _warn(problem)
    known = [record for record in loaded.records if isinstance(record, LoggedRecord)]
    new = []
    for record in records:
        same_run = [other for other in known if run_of(other) == run_of(record)]
        same_file = [other for other in same_run if other.file_sha256 == record.file_sha256]
        if same_file and not again:
            at = same_file[0].created
            _warn(f"{record.file}: stored already ({at}), passed over; --again stores it")
            continue
        if same_run and not same_file:
            other = same_run[0].file
            _warn(f"{record.file}: the same mIoU at the same steps as {other}: is it the same run?")
        new.append(record)
        known.append(record)
    return new


def _warn(text: str) -> None:
    typer.echo(f"warning: {text}", err=True)
