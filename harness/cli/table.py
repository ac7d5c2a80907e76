"""`harness table`: a table of the paper, or one of your own, from records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import AsJson, FpsDevice, FpsProtocol, ResultsFolders, table_choices

if TYPE_CHECKING:
    from harness.report.any_table import TableDefinition
    from harness.report.build import Choices

SUFFIXES = {".md": "markdown", ".tex": "latex", ".html": "html", ".csv": "csv", ".json": "json"}


def table(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE.yaml", help="Which table.")],
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="markdown, latex, latex-siunitx, html or csv; by default as --out ends.",
        ),
    ] = None,
    results: ResultsFolders = None,
    fps: Annotated[
        str,
        typer.Option(help="Which FPS: auto (measured where there are any), measured, reported."),
    ] = "auto",
    device: FpsDevice = None,
    protocol: FpsProtocol = None,
    miou: Annotated[
        str,
        typer.Option(
            help="Which mIoU: of the newest log, the mean of all logs (seeds), or reported."
        ),
    ] = "newest",
    digits: Annotated[
        str,
        typer.Option(
            help="Of our figures: as the paper prints them (paper), or with their 95% interval, or "
            "standard deviation over logs, down to its first digit (spread)."
        ),
    ] = "paper",
    with_reported: Annotated[
        bool, typer.Option("--with-reported", help="Published figures in columns beside ours.")
    ] = False,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="effects, shares: params, macs.paper, conv_io, fps, ..."),
    ] = None,
    options: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="effects, shares: which options.  [default: what varies]"),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(metavar="OPTION=VALUE", help="effects: hold its other values against this."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OPTION=VALUE", help="effects, shares: only records with this; `variant` too."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write to this file, whole or not at all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a table: our figures where we measured, the paper's, marked, where we did not.

    Tables 1 to 4 are the paper's; a FILE.yaml is one of your own (harness/report/definitions
    holds ours). FPS of different devices or protocols are never mixed in one column. mIoU is that
    of the training logs that harness log add stored. --json gives every cell with its exact value,
    its kind and the records that it comes from. Tables ratios, ratios-pairs, ratios-summary and
    ratios-gpus say which published FPS ratios of Table IV survive on the device that was measured.

    effects says what each option costs, over all pairs of records that differ in it alone: the
    difference where all else is at the reference, least and most; of one metric in full, with
    mean, ratio and the option that it depends on most. shares splits the variance of a sweep of
    every combination by option.

    \b
    Examples:
      harness table 1
      harness table 3 --format latex --out table3.tex
      harness table 4 --format latex-siunitx
      harness table 1 --fps reported
      harness table 1 --device H200 --protocol paper
      harness table 4 --with-reported --json
      harness table 1 --digits spread --miou mean
      harness table ratios --device H200
      harness table effects --results runs --reference context.name=none
      harness table effects --metrics fps --where variant=fassd-net --device H200
      harness table shares --results runs --metrics params,macs.paper
      harness table my-table.yaml --results results --results ../other/results
    """
    from harness.cli.reasons import with_reasons
    from harness.report.any_table import build_any
    from harness.report.formats import renderer
    from harness.report.output import write_whole
    from harness.report.sources import report_records

    render = renderer(_format_name(format_name, out, as_json=as_json))
    choices = table_choices(
        fps=fps,
        device=device,
        protocol=protocol,
        miou=miou,
        digits=digits,
        with_reported=with_reported,
    )
    effects = {"metrics": metrics, "options": options, "reference": reference, "where": where}
    definition = _loaded(name, choices, effects)
    loaded = report_records(results)
    built = build_any(with_reasons(definition, loaded.records), loaded.records, choices)
    for line in (*loaded.problems, *built.warnings):
        typer.echo(f"warning: {line}", err=True)
    if out is None:
        typer.echo(render(built), nl=False)
    else:
        write_whole(out, render(built))


def _loaded(name: str, choices: Choices, effects: Mapping[str, Any]) -> TableDefinition:
    """Return what a name or a file defines, with what flags say; refuse those it cannot heed."""
    from dataclasses import replace

    from harness.errors import BadRequest
    from harness.report.any_table import load_table
    from harness.report.build import Choices
    from harness.report.definition import StageDefinition
    from harness.report.effects.definition import EffectsDefinition, changed_effects
    from harness.report.speed import FpsChoice
    from harness.report.survival.definition import RatioDefinition

    definition = load_table(name)
    if isinstance(definition, EffectsDefinition):
        kept = FpsChoice(device=choices.fps.device, protocol=choices.fps.protocol)
        if choices != Choices(fps=kept):
            raise BadRequest(
                f"table {name}: a table of effects shows what was measured or logged, so it takes "
                "none of --fps, --miou, --digits and --with-reported"
            )
        return changed_effects(definition, **effects)
    for flag, value in effects.items():
        if value:
            raise BadRequest(f"table {name}: --{flag} is of tables of effects, got {value}")
    if isinstance(definition, StageDefinition) and choices != Choices():
        raise BadRequest(
            f"table {name}: an architecture table has no FPS or mIoU, so it takes none of --fps, "
            "--device, --protocol, --miou, --digits and --with-reported"
        )
    if isinstance(definition, RatioDefinition) and replace(choices, fps=Choices().fps) != Choices():
        raise BadRequest(
            f"table {name}: a table of ratios takes none of --miou, --digits and --with-reported"
        )
    return definition


def _format_name(given: str | None, out: Path | None, *, as_json: bool) -> str:
    from harness.errors import BadRequest

    if as_json:
        if given not in (None, "json"):
            raise BadRequest(f"table: --json is a format of its own, got --format {given} besides")
        return "json"
    if given is not None:
        return given
    return SUFFIXES.get(out.suffix, "markdown") if out else "markdown"
