"""Options that several commands share, and what they select. Heavy imports stay inside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.report.build import Choices
    from variants.catalog import Row

Catalog = Annotated[
    list[Path] | None,
    typer.Option("--catalog", metavar="FILE", help="A catalogue of your own; repeatable."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="SLOT.OPTION=VALUE", help="Change one option, e.g. context.alpha=4."
    ),
]
Input = Annotated[
    str | None,
    typer.Option("--input", metavar="HxW", help="Input size.  [default: the variant's]"),
]
ResultsFolders = Annotated[
    list[Path] | None,
    typer.Option("--results", help="Folder of records; repeatable.  [default: results]"),
]
FpsDevice = Annotated[
    str | None, typer.Option("--device", help="FPS of the device whose name contains this.")
]
FpsProtocol = Annotated[
    str | None, typer.Option("--protocol", help="FPS under the protocol of this name or id.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def select(
    names: Sequence[str],
    *,
    settings: Sequence[str] | None,
    catalogs: Sequence[Path] | None,
    size: str | None,
) -> list[Row]:
    """Return the catalogue rows of `names`, with settings and input size applied.

    Raises:
        BadRequest: If a name, setting or size is unknown or malformed, or a catalogue is broken.
    """
    from dataclasses import replace

    from variants.about import parse_size
    from variants.catalog import find_row, load_catalog, override

    catalog = load_catalog(catalogs or ())
    rows = [override(find_row(catalog, name), settings or ()) for name in names]
    if size is not None:
        given = parse_size(size, "--input")
        rows = [replace(row, input=given) for row in rows]
    return rows


def table_choices(
    *,
    fps: str,
    device: str | None,
    protocol: str | None,
    miou: str,
    digits: str,
    with_reported: bool,
) -> Choices:
    """Return what flags decide about tables.

    Raises:
        BadRequest: If one of them is none of its choices.
    """
    from harness.report.build import Choices
    from harness.report.choice import one_of
    from harness.report.digits import CHOICES as DIGITS
    from harness.report.miou import CHOICES as ACCURACIES
    from harness.report.speed import fps_choice

    return Choices(
        fps=fps_choice(fps, device=device, protocol=protocol),
        miou=one_of("--miou", miou, ACCURACIES),
        digits=one_of("--digits", digits, DIGITS),
        with_reported=with_reported,
    )


def size_text(shape: Sequence[int], sep: str = "x") -> str:
    """Return a shape as people write it, e.g. `1x3x1024x2048`."""
    return sep.join(map(str, shape))


def si(value: float, unit: str = "") -> str:
    """Return a count with three decimals and G, M or k, e.g. `44.684 G`; small ones exactly."""
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.3f} {prefix}{unit}"
    return f"{value:.0f} {unit}".rstrip()


def fraction(flag: str, text: str, *, zero: bool = False) -> float:
    """Return the fraction that `0.5%` or `0.005` means.

    Args:
        zero: Whether 0 is allowed.

    Raises:
        BadRequest: If it is no number, or not between 0 and 1.
    """
    from harness.errors import BadRequest

    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = float("nan")
    if not (0 < value < 1 or (zero and value == 0)):
        raise BadRequest(f"{flag}: must be a share such as 5%, between 0 and 100%, got {text!r}")
    return value
