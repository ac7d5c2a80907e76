"""`harness compare`: two sets of records against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import AsJson, fraction

if TYPE_CHECKING:
    from harness.records import Record
    from harness.report.comparison import Comparison
    from harness.report.normalise import MeasuredScale
    from harness.report.speed import FpsChoice

MOST_WARNINGS = 5  # of a side, that are printed one by one


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Results folder or .jsonl file.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="What is compared with it.")],
    across: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD",
            help="What may differ: device, input, weights or a key of the protocol; repeatable.",
        ),
    ] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(help="FPS of the device whose name contains this; given twice, A's and B's."),
    ] = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="FPS under the protocol of this name or id; given twice, A's and B's."),
    ] = None,
    fail_slower: Annotated[
        str | None,
        typer.Option(
            metavar="PERCENT",
            help="Exit 1 if a variant or the mean lost more than this (5%), beyond the noise.",
        ),
    ] = None,
    scales: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Scales of devices.  [default: the paper's]"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print what is faster in B than in A, and whether that is beyond the noise.

    Of every variant the newest timed record of each side counts. A difference is claimed where the
    95% interval of the ratio B/A excludes 1. Records that were not timed alike are refused, with
    the fields that differ; versions of software are noted.

    --fail-slower 5% fails where B's rate is below 95% of A's and the interval excludes 1. A variant
    without an interval cannot fail and is warned about; if there is no other one, the check fails.

    --json: a, b, across, variants (ratio, ratio_ci95, verdict: faster, slower, no difference or
    unknown; FPS and counts of both), geometric_mean, changed, only_a, only_b, notes,
    measured_scale.

    \b
    Examples:
      harness compare before after
      harness compare main.jsonl branch.jsonl --fail-slower 5%
      harness compare results results --protocol paper --protocol mine --across backend
      harness compare results results --device 1080 --device H200 --across device
    """
    from harness.report.comparison import compare as compare_sides
    from harness.report.normalise import measured_scale
    from harness.report.scales import load_scales
    from harness.report.side import choose_side

    share = None if fail_slower is None else fraction("--fail-slower", fail_slower, zero=True)
    table = load_scales(scales)
    choices = _choices(device, protocol)
    sides = [
        choose_side(_records(path, name), choice, name=name)
        for path, name, choice in zip((a, b), "AB", choices, strict=True)
    ]
    comparison = compare_sides(*sides, across=across or ())
    for side in sides:
        for line in shortened(side.warnings):
            typer.echo(f"warning: {side.name}: {line}", err=True)
    _show(comparison, measured_scale(comparison, table), as_json=as_json)
    if share is not None:
        _gate(comparison, share, str(fail_slower))


def shortened(warnings: list[str]) -> list[str]:
    """Return a side's warnings, or where they would bury the answer how many there are."""
    if len(warnings) <= MOST_WARNINGS:
        return warnings
    return [f"{len(warnings)} warnings stand in its records, such as: {warnings[0]}"]


def _choices(device: list[str] | None, protocol: list[str] | None) -> list[FpsChoice]:
    """Return what is chosen on each side."""
    from harness.report.speed import FpsChoice

    devices, protocols = _both("--device", device), _both("--protocol", protocol)
    return [
        FpsChoice(origin="measured", device=d, protocol=p)
        for d, p in zip(devices, protocols, strict=True)
    ]


def _both(flag: str, values: list[str] | None) -> list[str | None]:
    """Return A's and B's value of a flag that is given not at all, for both, or for each."""
    from harness.errors import BadRequest

    if not values:
        return [None, None]
    if len(values) > 2:
        raise BadRequest(f"{flag}: at most two, A's and B's, got {len(values)}")
    return [values[0], values[-1]]


def _records(path: Path, name: str) -> list[Record]:
    """Return the records of one side; what could not be read is a warning."""
    from harness.errors import BadRequest
    from harness.store import load

    if not path.exists():
        raise BadRequest(f"compare: {name} must be a results folder or a .jsonl file, got {path}")
    loaded = load(path)
    for line in loaded.problems:
        typer.echo(f"warning: {line}", err=True)
    return loaded.records


def _show(comparison: Comparison, scale: MeasuredScale | None, *, as_json: bool) -> None:
    from harness.report.comparison_json import to_json
    from harness.report.comparison_text import to_text

    text = to_json(comparison, scale) if as_json else to_text(comparison, scale)
    typer.echo(text, nl=False)


def _gate(comparison: Comparison, share: float, asked: str) -> None:
    """Fail if anything lost more than `share`, or if nothing could be judged."""
    from harness.errors import RunFailed
    from harness.report.comparison import slower, unjudged

    if lost := slower(comparison, share):
        raise RunFailed(
            f"compare: slower by more than {asked}, beyond the noise: {', '.join(lost)}"
        )
    unknown = unjudged(comparison)
    if unknown and len(unknown) == len(comparison.compared) + len(comparison.pairing.changed):
        raise RunFailed(
            f"compare: --fail-slower needs an interval of one variant at least, got none of "
            f"{', '.join(unknown)}"
        )
    for name in unknown:
        typer.echo(f"warning: --fail-slower cannot judge {name}", err=True)
