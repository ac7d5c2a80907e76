"""`harness plot`: a figure of the paper, one of your own, or an ablation curve, from records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import AsJson

if TYPE_CHECKING:
    from harness.report.curve_definition import CurveDefinition
    from harness.report.draw import Drawing
    from harness.report.figure_definition import FigureDefinition
    from harness.report.speed import FpsChoice
    from harness.store import Loaded

REPORTS = Path("reports")


def plot(
    name: Annotated[
        str, typer.Argument(metavar="NAME|curve|FILE.yaml", help="Which figure.")
    ] = "fig1",
    out: Annotated[
        Path | None,
        typer.Option(help="A .pdf, .png or .svg file.  [default: reports/NAME.pdf]"),
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of records; repeatable.  [default: results]"),
    ] = None,
    fps: Annotated[
        str | None,
        typer.Option(
            help="Which FPS: auto (measured where there are any), measured, reported.  "
            "[default: as the figure says]"
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="FPS of the device whose name contains this.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="FPS under the protocol of this name or id.")
    ] = None,
    log_x: Annotated[bool, typer.Option("--log-x", help="Logarithmic x axis.")] = False,
    size_by: Annotated[
        str | None,
        typer.Option(metavar="params|gflops|none", help="What the markers' area shows."),
    ] = None,
    front: Annotated[
        bool | None,
        typer.Option("--front/--no-front", help="The Pareto front.  [default: as it says]"),
    ] = None,
    x: Annotated[
        str | None,
        typer.Option("--x", metavar="OPTION", help="curve: the swept option, e.g. context.alpha."),
    ] = None,
    y: Annotated[
        str | None,
        typer.Option("--y", metavar="METRIC", help="curve: params, macs.paper, fps, miou, ..."),
    ] = None,
    hue: Annotated[
        str | None, typer.Option(metavar="OPTION", help="curve: a line for each of its values.")
    ] = None,
    style: Annotated[
        str | None, typer.Option(metavar="OPTION", help="curve: a dash for each of its values.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OPTION=VALUE", help="curve: only records with this; `variant`, `input` too."
        ),
    ] = None,
    average_over: Annotated[
        list[str] | None,
        typer.Option(metavar="OPTION", help="curve: draw the mean over this option's values."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a figure, fit for one column of a two-column paper, and print its path.

    A name or a file draws networks as points, labelled, with error bars where they were measured.
    `curve` draws a metric over one option of the variants: params, macs.CONVENTION, conv_io,
    peak_activation_bytes, fps, latency_s.mean (p50, p99, ...), energy_j, miou.

    --json prints the points with their exact figures, intervals, kinds and records, and draws
    only what --out names.

    \b
    Examples:
      harness plot
      harness plot fig1 --out fig1.png
      harness plot fig1 --size-by params --log-x --out fig1-log.svg
      harness plot my-figure.yaml --fps measured --device H200 --json
      harness plot curve --x context.alpha --y macs.paper --out alpha.pdf
      harness plot curve --x context.alpha --y fps --hue fusion.dilations --where variant=fassd-net
    """
    from harness.report.figure_definition import FigureDefinition
    from harness.report.sources import report_records

    flags = {"--x": x, "--y": y, "--hue": hue, "--style": style, "--where": where or [],
             "--average-over": average_over or []}  # fmt: skip
    definition = _definition(name, flags)
    path = out or (None if as_json else REPORTS / f"{definition.name}.pdf")
    format_name = image_format(path) if path else "pdf"
    if isinstance(definition, FigureDefinition):
        definition = _changed(definition, log_x=log_x, size_by=size_by, front=front)
        choice = _choice(fps or definition.fps, device, protocol)
        answer = _figure(definition, choice, report_records(results))
    else:
        _only_for_figures({"--fps": fps, "--size-by": size_by, "--front": front})
        choice = _choice("measured", device, protocol)
        answer = _curve(definition, choice, report_records(results), log_x=log_x)
    text, warnings, draw = answer
    _say("warning", warnings)
    if path is not None:
        _write(path, draw(format_name))
    typer.echo(text if as_json else str(path), nl=not as_json)
