"""`harness profile`: count and time variants, store the records, say what came out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import AsJson, Catalog, Input, Settings, fraction, select

if TYPE_CHECKING:
    from variants.catalog import Row


def profile(
    variant: Annotated[
        list[str] | None, typer.Option(metavar="V", help="A variant's name; repeatable.")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE", help="Every variant of a table, e.g. 1, at its row's input size."
        ),
    ] = None,
    settings: Settings = None,
    catalog: Catalog = None,
    size: Input = None,
    device: Annotated[
        str, typer.Option(metavar="auto|cpu|cuda|cuda:N", help="Where to time.")
    ] = "auto",
    protocol: Annotated[
        str,
        typer.Option(metavar="NAME|FILE", help="paper, latency, or a YAML file of your own."),
    ] = "paper",
    backend: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="eager, compile, cudagraph, onnxruntime or openvino."),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of onnxruntime: cpu, cuda or tensorrt."),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(metavar="NAME", help="fp32, tf32, fp16 or bf16.")
    ] = None,
    memory_format: Annotated[
        str | None, typer.Option(metavar="NAME", help="contiguous or channels_last.")
    ] = None,
    fold_bn: Annotated[
        bool, typer.Option("--fold-bn", help="Fold BatchNorm into the convolution before it.")
    ] = False,
    batch: Annotated[int | None, typer.Option(help="Frames in a pass.")] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads of one operator.")] = None,
    warmup: Annotated[int | None, typer.Option(help="Passes before the timed ones.")] = None,
    iterations: Annotated[
        int | None, typer.Option(help="Timed passes; with --until the most.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="0.5%", help="Stop when the 95% interval is inside +- this."),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            help="Seconds of timed passes after which timing ends.  [default: 20 on a cpu, "
            "else none; with --until 120 and 60]"
        ),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(help="Fresh processes that share the passes.  [default: 5]")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Time the variant with these; see harness weights."),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take of --weights what fits.")
    ] = False,
    layers: Annotated[
        bool, typer.Option("--layers", help="Show where the time goes, by torch's profiler.")
    ] = False,
    stages: Annotated[
        bool, typer.Option("--stages", help="Record the cost of each stage, for harness table 2.")
    ] = False,
    no_timing: Annotated[bool, typer.Option("--no-timing", help="Count only.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Run fvcore and thop too; they must agree.")
    ] = False,
    results: Annotated[Path, typer.Option(help="Folder that the records go to.")] = Path("results"),
    no_save: Annotated[bool, typer.Option("--no-save", help="Store no record.")] = False,
    as_json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV, a line a variant, and nothing else.")
    ] = False,
) -> None:
    """Count and time variants, and store a record of each.

    MACs are given under every convention. FPS is taken under a protocol: paper (the average rate
    over 10,000 passes, fp32 without TF32, batch 1, on a CPU within a budget of 20 seconds) unless
    --protocol names another; the flags below change it, and the record holds the whole of it.
    Passes are shared among --rounds fresh processes, in which the variants take turns.

    A variant that cannot be timed leaves a record of its failure, and the others go on; the exit
    status is 1 then.

    --table takes every row of a table at its input size; a row that the catalogue lacks, or that
    is reported only, is left out and named. --stages adds what harness table 2 prints.

    \b
    Examples:
      harness profile --variant fassd-net
      harness profile --table 1 --until 1% --budget 120
      harness profile --table 4 --no-timing
      harness profile --variant fassd-net --stages --no-timing
      harness profile --variant fassd-net --backend openvino --precision bf16
      harness profile --variant fassd-net --protocol latency --layers
      harness profile --variant fassd-net --set context.alpha=4 --input 512x1024
      harness profile --variant fassd-net --weights FASSD-Net.pkl
    """
    from harness.errors import BadRequest

    if not variant and not table:
        raise BadRequest("profile: needs at least one --variant, or --table; see harness list")
    if as_json and as_csv:
        raise BadRequest("profile: prints --json or --csv, got both")
    if layers and no_timing:
        raise BadRequest("profile: --layers times, got --no-timing too")
    changes = {
        "backend": backend,
        "provider": provider,
        "precision": precision,
        "memory_format": memory_format,
        "fold_bn": fold_bn or None,
        "batch": at_least("--batch", batch, 1),
        "threads": at_least("--threads", threads, 1),
        "warmup": at_least("--warmup", warmup, 0),
        "iterations": at_least("--iterations", iterations, 1),
        "rounds": at_least("--rounds", rounds, 1),
        "until": None if until is None else fraction("--until", until),
        "budget_s": budget,
    }
    if budget is not None and not 0 < budget < float("inf"):
        raise BadRequest(f"--budget: must be above 0 seconds, got {budget:g}")
    rows = select(variant or (), settings=settings, catalogs=catalog, size=size)
    if table:
        rows += _rows_of(table, settings=settings, catalogs=catalog, size=size)
    if partial and weights is None:
        raise BadRequest("profile: --partial is about --weights, got none")
    if weights is not None and (no_timing or len(rows) != 1):
        given = "--no-timing" if no_timing else f"{len(rows)} variants"
        raise BadRequest(f"profile: --weights is what one variant is timed with, got {given}")
    if not no_save:
        from harness.store import check_writable

        check_writable(results)
    from harness.cli.answer import Answer
    from harness.profiling.request import Request

    request = Request(
        device=_device(device, no_timing=no_timing),
        protocol=protocol,
        changes={key: value for key, value in changes.items() if value is not None},
        timed=not no_timing,
        check=check,
        layers=layers,
        stages=stages,
        size_given=size is not None or table is not None,
        weights=weights,
        partial=partial,
    )
    answer = Answer(
        form="json" if as_json else "csv" if as_csv else "text",
        results=None if no_save else results,
    )
    try:
        for measured in request.measure(rows):
            answer.add(measured)
    finally:  # also after a failure: what is done is not lost
        answer.end()
    if answer.interrupted:
        raise KeyboardInterrupt
    if answer.failures:
        raise typer.Exit(1)


def at_least(flag: str, value: int | None, least: int) -> int | None:
    """Return `value`; refuse it below `least`."""
    from harness.errors import BadRequest

    if value is not None and value < least:
        raise BadRequest(f"{flag}: must be at least {least}, got {value}")
    return value


def _rows_of(
    table: str,
    *,
    settings: Sequence[str] | None,
    catalogs: Sequence[Path] | None,
    size: str | None,
) -> list[Row]:
    """Return the catalogue's row of each row of a table, at its input size or at `size`.

    Raises:
        BadRequest: If there is no such table, or the catalogue has none of its variants.
    """
    from dataclasses import replace

    from harness.errors import BadRequest
    from harness.report.definition import load_definition
    from variants.catalog import load_catalog
    from variants.reported_only import reported_only

    wanted = load_definition(table).wanted
    known = load_catalog(catalogs or ())
    missing = dict.fromkeys(name for name, _ in wanted if name not in known)
    unbuilt = [name for name in missing if name in reported_only()]
    found = [(name, shape) for name, shape in wanted if name in known]
    if not found:
        raise BadRequest(f"--table {table}: must have a variant of the catalogue, got none")
    if unbuilt:
        typer.echo(f"reported only, left out: {', '.join(unbuilt)}", err=True)
    if len(missing) > len(unbuilt):
        unknown = ", ".join(name for name in missing if name not in unbuilt)
        typer.echo(f"not in the catalogue, left out: {unknown}", err=True)
    if size is not None:  # then rows that differ in their input alone are one
        names = dict.fromkeys(name for name, _ in found)
        return select([*names], settings=settings, catalogs=catalogs, size=size)
    rows = select([name for name, _ in found], settings=settings, catalogs=catalogs, size=None)
    return [replace(row, input=shape) for row, (_, shape) in zip(rows, found, strict=True)]


def _device(name: str, *, no_timing: bool) -> str:
    from harness.timing.device import resolve_device

    return "cpu" if no_timing and name == "auto" else resolve_device(name)
