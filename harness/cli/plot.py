"""`harness plot`: a figure of the paper, or one of your own, from records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

REPORTS = Path("reports")


def plot(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE.yaml", help="Which figure.")] = "fig1",
    out: Annotated[
        Path | None,
        typer.Option(help="A .pdf, .png or .svg file.  [default: reports/NAME.pdf]"),
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of records; repeatable.  [default: results]"),
    ] = None,
) -> None:
    """Draw a figure, fit for one column of a two-column paper, and print its path.

    \b
    Examples:
      harness plot
      harness plot fig1 --out fig1.png
      harness plot my-figure.yaml --out my-figure.svg
    """
    from harness.report.figure_data import collect
    from harness.report.figure_definition import load_figure
    from harness.report.output import write_whole
    from harness.report.sources import report_records

    definition = load_figure(name)
    path = out or REPORTS / f"{definition.name}.pdf"
    format_name = image_format(path)
    loaded = report_records(results)
    figure = collect(definition, loaded.records)
    for line in loaded.problems:
        typer.echo(f"warning: {line}", err=True)

    from harness.report.draw import draw  # matplotlib, once nothing can be refused any more

    drawing = draw(figure, format_name)
    write_whole(path, drawing.content)
    typer.echo(str(path))


def image_format(path: Path) -> str:
    """Return the image format that the name of `path` asks for.

    Raises:
        BadRequest: If it asks for none that can be written.
    """
    from harness.errors import BadRequest

    known = ("pdf", "png", "svg")
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in known:
        raise BadRequest(f"plot: --out must end in .pdf, .png or .svg, got {path}")
    return suffix
