"""`harness log`: mIoU out of the logs that trainings leave, shown or stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import AsJson, Catalog, Settings, select

if TYPE_CHECKING:
    from harness.logged_record import LoggedRecord, LogReading
    from harness.logs import Choice, LogFile
    from variants.catalog import Row

Metric = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Which mIoU: a column, key, tag, head or network."),
]
SplitName = Annotated[
    str | None, typer.Option("--split", help="val or test.  [default: val where there is one]")
]
UnitName = Annotated[
    str | None,
    typer.Option("--unit", help="fraction or percent, where the file does not say."),
]
Run = Annotated[int | None, typer.Option(help="Which run of a file that holds several, from 1.")]

log = typer.Typer(
    name="log",
    help="Read mIoU out of the logs that trainings leave.",
    rich_markup_mode=None,
)


@log.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A training or evaluation log.")],
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
    columns, and any text that prints mIoU. gzip and UTF-16 are read too.

    --json: format, final and best (miou, step), per_class_iou (of final), validations, finished,
    split, notes; best_per_class_iou, unit, step_unit, metric. mIoU and IoU are fractions.

    \b
    Examples:
      harness log show train.log
      harness log show metrics.csv --metric val_miou --split test --json
    """
    from harness.logs import read_log

    reading = read_log(file, _choice(metric, split, unit, run)).reading
    if as_json:
        import json

        typer.echo(json.dumps(reading_dict(reading), indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(reading_lines(reading)))


@log.command()
def add(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Logs of one variant.")],
    variant: Annotated[str, typer.Option(help="The variant that was trained.")],
    use: Annotated[
        str, typer.Option(help="Which validation counts: final, or best (chosen by its result).")
    ] = "final",
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Store the log of a run that did not finish.")
    ] = False,
    metric: Metric = None,
    split: SplitName = None,
    unit: UnitName = None,
    run: Run = None,
    settings: Settings = None,
    catalog: Catalog = None,
    results: Annotated[Path, typer.Option(help="Folder that the records go to.")] = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Store the mIoU of a variant, out of its log, with the log's hash.

    The record holds the final and the best validation and says which of them counts. The log of a
    run that did not finish is refused, unless --unfinished says that it is known. All files are
    read before the first record is written.

    \b
    Examples:
      harness log add --variant fassd-net train.log
      harness log add --variant fassd-net --use best seed1.log seed2.log
    """
    from harness.errors import BadRequest
    from harness.store import append, check_writable, path_for

    if use not in ("best", "final"):
        raise BadRequest(f"--use: must be best or final, got {use!r}")
    choice = _choice(metric, split, unit, run)
    [row] = select([variant], settings=settings, catalogs=catalog, size=None)
    check_writable(results)
    records = [_record(row, _finished(path, choice, unfinished), use) for path in files]
    for record in records:
        append(path_for(results, record), record)
    if as_json:
        import json

        from harness.records import to_dict

        typer.echo(json.dumps([to_dict(r) for r in records], indent=2, ensure_ascii=False))
        return
    for record in records:
        typer.echo("\n".join((_stored_line(record), *reading_lines(record.reading))))
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
    from harness.errors import RunFailed
    from harness.logs import read_log

    found = read_log(path, choice)
    if found.reading.finished is False and not unfinished:
        end = next((n for n in found.reading.notes if n.startswith("unfinished")), "unfinished")
        raise RunFailed(f"{path}: {end}; --unfinished stores it all the same")
    if found.reading.finished is None:
        typer.echo(f"warning: {path}: does not tell whether its run had finished", err=True)
    return found


def _record(row: Row, found: LogFile, use: str) -> LoggedRecord:
    from datetime import datetime, timezone

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
        file=found.source.path.name,
        file_sha256=found.source.sha256(),
        file_bytes=found.source.size,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def _stored_line(record: LoggedRecord) -> str:
    return f"{record.variant}  mIoU {record.miou:.2%}, the {record.use} of {record.file}"


def reading_dict(reading: LogReading) -> dict[str, Any]:
    """Return a reading as `--json` prints it."""
    from dataclasses import asdict

    data = asdict(reading)
    final, best = data["final"], data["best"]
    return {
        "format": data["format"],
        "final": {"miou": final["miou"], "step": final["step"]},
        "best": {"miou": best["miou"], "step": best["step"]},
        "per_class_iou": final["per_class_iou"],
        "validations": data["validations"],
        "finished": data["finished"],
        "split": data["split"],
        "notes": list(data["notes"]),
        "best_per_class_iou": best["per_class_iou"],
        "unit": data["unit"],
        "step_unit": data["step_unit"],
        "metric": data["metric"],
    }


def reading_lines(reading: LogReading) -> list[str]:
    """Return a reading in a few lines, as a terminal of 80 columns shows them."""
    from textwrap import wrap

    ended = {True: "finished", False: "unfinished", None: "may be unfinished"}[reading.finished]
    count = f"{reading.validations} validation{'s' * (reading.validations != 1)}"
    title = f"{reading.format}: {reading.metric} on {reading.split or 'an unnamed split'}"
    lines = wrap(f"{title}, {count}, {ended}, in {reading.unit}", 80, subsequent_indent="  ")
    for name, score in (("final", reading.final), ("best", reading.best)):
        at = f" at {reading.step_unit} {score.step}" if score.step is not None else ""
        lines.append(f"  {name:5}  mIoU {score.miou:.2%}{at}")
    if classes := reading.final.per_class_iou:
        each = ", ".join(f"{of} {iou:.2%}" for of, iou in classes.items())
        lines += wrap(f"classes {each}", 78, initial_indent="  ", subsequent_indent="    ")
    for note in reading.notes:
        lines += wrap(f"note: {note}", 78, initial_indent="  ", subsequent_indent="    ")
    return lines
