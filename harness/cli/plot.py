"""`harness plot`: a figure of the paper, one of your own, or an ablation curve, from records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from harness.cli.options import AsJson, FpsDevice, FpsProtocol, ResultsFolders

if TYPE_CHECKING:
    from harness.report.curve_definition import CurveDefinition
    from harness.report.draw import Drawing
    from harness.report.figure_definition import FigureDefinition
    from harness.report.speed import FpsChoice

    Definition: TypeAlias = FigureDefinition | CurveDefinition

REPORTS = Path("reports")
CURVE = "curve"


def plot(
    name: Annotated[
        str, typer.Argument(metavar="NAME|curve|FILE.yaml", help="Which figure.")
    ] = "fig1",
    out: Annotated[
        Path | None,
        typer.Option(help="A .pdf, .png, .svg or .html file.  [default: reports/NAME.pdf]"),
    ] = None,
    results: ResultsFolders = None,
    fps: Annotated[
        str | None,
        typer.Option(
            help="Which FPS: auto (measured where there are any), measured, reported.  "
            "[default: as the figure says]"
        ),
    ] = None,
    device: FpsDevice = None,
    protocol: FpsProtocol = None,
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
    `curve` draws a metric over one option of the variants: params, params_constructed,
    macs.CONVENTION, conv_io, peak_activation_bytes, fps, latency_s.mean (p50, p99, ...), energy_j,
    peak_memory_bytes, roofline_s, roofline_share, miou, proxy.NAME.

    --json prints the points with their exact figures, intervals, kinds and records, and draws
    only what --out names.

    \b
    Examples:
      harness plot
      harness plot fig1 --out fig1.png
      harness plot fig1 --out fig1.html      (one interactive page, works offline)
      harness plot fig1 --size-by params --log-x --out fig1-log.svg
      harness plot my-figure.yaml --fps measured --device H200 --json
      harness plot curve --x context.alpha --y macs.paper --out alpha.pdf
      harness plot curve --x context.alpha --y fps --hue fusion.dilations --where variant=fassd-net
    """
    figure_flags = {"--fps": fps, "--size-by": size_by, "--front": front}
    curve_flags = {"--x": x, "--y": y, "--hue": hue, "--style": style, "--where": where,
                   "--average-over": average_over}  # fmt: skip
    if name == CURVE:
        _refuse(figure_flags, "of figures with points, not of a curve")
        definition: Definition = _curve_of(curve_flags)
    else:
        definition = _loaded(name, figure_flags, curve_flags)
    path = out or (None if as_json else REPORTS / f"{definition.name}.pdf")
    format_name = image_format(path) if path else ""
    shown = _shown(_scaled(definition, log_x), _choice(definition, fps, device, protocol), results)
    for line in shown.warnings:
        typer.echo(f"warning: {line}", err=True)
    if path is not None and format_name == "html":
        _write_page(path, shown)
    elif path is not None:
        _write(path, shown.draw(format_name))
    typer.echo(shown.json() if as_json else f"{path}\n", nl=False)


def _curve_of(flags: Mapping[str, Any]) -> CurveDefinition:
    from harness.report.plot_definition import curve_of

    return curve_of(**{key.removeprefix("--").replace("-", "_"): v for key, v in flags.items()})


def _loaded(
    name: str, figure_flags: Mapping[str, Any], curve_flags: Mapping[str, Any]
) -> Definition:
    """Return what a name or a file defines, with what the flags of its kind say in its place."""
    from harness.report.figure_definition import FigureDefinition
    from harness.report.plot_definition import changed_curve, changed_figure, load_plot

    definition = load_plot(name)
    if isinstance(definition, FigureDefinition):
        _refuse(curve_flags, f"of curves, which {definition.name} is not")
        return changed_figure(
            definition, size_by=figure_flags["--size-by"], front=figure_flags["--front"]
        )
    _refuse(figure_flags, f"of figures with points, which {definition.name} is not")
    _refuse({key: curve_flags[key] for key in ("--x", "--y")}, f"decided by {name}")
    return changed_curve(
        definition,
        hue=curve_flags["--hue"],
        style=curve_flags["--style"],
        where=curve_flags["--where"],
        average_over=curve_flags["--average-over"],
    )


def _refuse(flags: Mapping[str, Any], why: str) -> None:
    """Refuse flags that would be ignored."""
    from harness.errors import BadRequest

    for flag, value in flags.items():
        if value is not None and value != []:
            raise BadRequest(f"plot: {flag} is {why}, got {value}")


def _scaled(definition: Definition, log_x: bool) -> Definition:
    from harness.report.plot_definition import with_log_x

    return with_log_x(definition) if log_x else definition


def _choice(
    definition: Definition, fps: str | None, device: str | None, protocol: str | None
) -> FpsChoice:
    from harness.report.speed import fps_choice

    origin: str = getattr(definition, "fps", "measured")  # a curve shows what was measured
    return fps_choice(fps or origin, device=device, protocol=protocol)


@dataclass(frozen=True)
class _Shown:
    """A plot that nothing in the records refuses; heavy imports wait until it is drawn.

    Attributes:
        warnings: What whoever asked has to know.
        json: Returns its points as text.
        draw: Returns it as a file of the format named.
        page: Returns it as an interactive page; null for what has none.
    """

    warnings: Sequence[str]
    json: Callable[[], str]
    draw: Callable[[str], Drawing]
    page: Callable[[], str] | None = None


def _shown(definition: Definition, choice: FpsChoice, results: list[Path] | None) -> _Shown:
    from harness.report.figure_definition import FigureDefinition
    from harness.report.sources import report_records

    loaded = report_records(results)
    if isinstance(definition, FigureDefinition):
        from harness.report.figure_data import collect
        from harness.report.figure_json import figure_json

        figure = collect(definition, loaded.records, choice)

        def draw_figure(format_name: str) -> Drawing:
            from harness.report.draw import draw

            return draw(figure, format_name)

        def page() -> str:
            from harness.report.web.figure_page import figure_page

            return figure_page(figure)

        return _Shown(
            (*loaded.problems, *figure.warnings), lambda: figure_json(figure), draw_figure, page
        )
    from harness.report.curve_data import collect_curve
    from harness.report.curve_json import curve_json

    curve = collect_curve(definition, loaded.records, choice)

    def draw_curve(format_name: str) -> Drawing:
        from harness.report.draw_curve import draw_curve

        return draw_curve(curve, format_name)

    return _Shown((*loaded.problems, *curve.warnings), lambda: curve_json(curve), draw_curve)


def _write(path: Path, drawing: Drawing) -> None:
    from harness.report.output import write_whole

    for line in drawing.warnings:
        typer.echo(f"warning: {line}", err=True)
    write_whole(path, drawing.content)


def _write_page(path: Path, shown: _Shown) -> None:
    from harness.errors import BadRequest
    from harness.report.output import write_whole

    if shown.page is None:
        raise BadRequest(f"plot: --out of a curve must end in .pdf, .png or .svg, got {path}")
    write_whole(path, shown.page())


def image_format(path: Path) -> str:
    """Return the format that the name of `path` asks for.

    Raises:
        BadRequest: If it asks for none that can be written.
    """
    from harness.errors import BadRequest

    known = ("pdf", "png", "svg", "html")
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in known:
        raise BadRequest(f"plot: --out must end in .pdf, .png, .svg or .html, got {path}")
    return suffix
