"""`harness profile`: count and time variants, store the records, say what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import AsJson, Catalog, Input, Settings, select, si, size_text

if TYPE_CHECKING:
    from harness.crosscheck import Comparison
    from harness.records import ProfileRecord, StaticCost, Timing
    from harness.timing.protocol import Protocol
    from variants.catalog import Row
    from variants.spec import Spec


def profile(
    variant: Annotated[
        list[str] | None, typer.Option(metavar="V", help="A variant's name; repeatable.")
    ] = None,
    table: Annotated[
        str | None, typer.Option(metavar="NAME", help="Every variant of a table, e.g. 1.")
    ] = None,
    settings: Settings = None,
    catalog: Catalog = None,
    size: Input = None,
    device: Annotated[
        str, typer.Option(metavar="auto|cpu|cuda|cuda:N", help="Where to time.")
    ] = "auto",
    iterations: Annotated[int, typer.Option(help="Timed passes.")] = 10_000,
    budget: Annotated[
        float | None,
        typer.Option(
            help="Seconds after which timing ends early.  [default: 20 on cpu, else none]"
        ),
    ] = None,
    no_timing: Annotated[bool, typer.Option("--no-timing", help="Count only.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Run fvcore and thop too; they must agree.")
    ] = False,
    results: Annotated[Path, typer.Option(help="Folder that the records go to.")] = Path("results"),
    no_save: Annotated[bool, typer.Option("--no-save", help="Store no record.")] = False,
    as_json: AsJson = False,
) -> None:
    """Count and time variants, and store a record of each.

    MACs are given under every convention; FPS is the average rate over the timed passes, batch 1,
    synchronised at both ends, final upsampling included. On a CPU timing ends after --budget
    seconds (20 by default), but not before 5 passes.

    Examples:

        harness profile --variant fassd-net

        harness profile --table 1 --no-timing

        harness profile --variant fassd-net --set context.alpha=4 --input 512x1024

        harness profile --variant fassd-net --no-timing --check
    """
    from harness.errors import BadRequest

    names = [*(variant or ()), *(_variants_of(table) if table else ())]
    if not names:
        raise BadRequest("profile: needs at least one --variant, or --table; see harness list")
    if iterations < 1:
        raise BadRequest(f"--iterations: must be at least 1, got {iterations}")
    if budget is not None and not 0 < budget < float("inf"):
        raise BadRequest(f"--budget: must be above 0 seconds, got {budget:g}")
    rows = select(names, settings=settings, catalogs=catalog, size=size)
    if not no_save:
        from harness.store import check_writable

        check_writable(results)

    from harness.timing.device import resolve_device
    from variants.spec import resolve

    place = "cpu" if no_timing and device == "auto" else resolve_device(device)
    specs = [resolve(row.chosen) for row in rows]
    protocols = [None if no_timing else _protocol(row, place, iterations, budget) for row in rows]
    done: list[ProfileRecord] = []
    measured = _measure(rows, specs, protocols, place, check)
    try:
        for record, comparisons in measured:
            if not no_save:
                from harness.store import append, path_for

                append(path_for(results, record), record)
            done.append(record)
            if not as_json:
                typer.echo(describe(record, comparisons))
            if record.timing and record.timing.stopped_by == "interrupt":
                raise KeyboardInterrupt
    finally:
        if as_json and done:  # also after a failure: what is done is not lost
            from harness.records import to_dict

            typer.echo(json.dumps([to_dict(record) for record in done], indent=2))


def _variants_of(table: str) -> list[str]:
    from harness.report.definition import load_definition

    return list(load_definition(table).variants)


def _protocol(row: Row, device: str, iterations: int, budget: float | None) -> Protocol:
    from dataclasses import replace

    from harness.timing.protocol import paper_protocol

    protocol = paper_protocol((1, 3, *row.input), device, iterations)
    return protocol if budget is None else replace(protocol, budget_s=budget)


def _measure(
    rows: Sequence[Row],
    specs: Sequence[Spec],
    protocols: Sequence[Protocol | None],
    device: str,
    check: bool,
) -> Iterator[tuple[ProfileRecord, list[Comparison]]]:
    """Yield the record of each variant as it is done.

    Every network is built once as a skeleton before the first is timed, so that options that do
    not fit each other are refused at once. What is counted and what is timed are two instances.
    """
    from harness.environment import read_environment
    from harness.ledger import record
    from harness.records import ProfileRecord
    from harness.static import total
    from variants.build import build, skeleton

    skeletons = [skeleton(spec) for spec in specs]
    for row, spec, protocol, network in zip(rows, specs, protocols, skeletons, strict=True):
        shape = (1, 3, *row.input)
        ledger = record(network, shape)
        comparisons: list[Comparison] = []
        if check:
            from harness.crosscheck import crosscheck

            comparisons = crosscheck(
                lambda place, spec=spec: skeleton(spec) if place == "meta" else build(spec),  # type: ignore[misc]
                ledger,
                shape,
            )
        timing = None if protocol is None else _time(row.name, spec, protocol, device)
        yield (
            ProfileRecord(
                variant=row.name,
                spec=spec.to_dict(),
                spec_sha256=spec.sha256,
                input_shape=shape,
                static=total(network, ledger),
                timing=timing,
                environment=read_environment(device),
                created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            ),
            comparisons,
        )


def _time(name: str, spec: Spec, protocol: Protocol, device: str) -> Timing:
    from harness.timing.measure import time_network
    from harness.timing.progress import progress_bar
    from variants.build import build

    network = build(spec, device=device)
    with progress_bar(name, protocol) as progress:
        return time_network(network, protocol, progress=progress)


def describe(record: ProfileRecord, comparisons: Sequence[Comparison] = ()) -> str:
    """Return a record in a few lines, as a terminal of 80 columns shows them."""
    lines = [f"{record.variant}  {size_text(record.input_shape)}", *_static_lines(record.static)]
    for result in comparisons:
        lines.append(
            f"  check        {result.tool} {result.version} itself counts {result.theirs:,}: agrees"
        )
    if record.timing is not None:
        lines += _timing_lines(record.timing, record.environment)
    return "\n".join(lines) + "\n"


def _static_lines(static: StaticCost) -> list[str]:
    built = static.params_constructed
    unused = f" run at inference, of {built:,} constructed" if built != static.params else ""
    first, *rest = (f"{si(macs)} {name}" for name, macs in static.macs.items())
    lines = [
        f"  parameters   {static.params:,}{unused}",
        f"  MACs         {first}",
        f"               {' | '.join(rest)}",
        f"  conv in+out  {si(static.conv_io)} elements",
        f"  activations  {static.peak_activation_bytes / 2**20:.1f} MiB at the peak",
    ]
    for name, calls in static.uncounted.items():
        lines.append(f"  warning: {name} ({calls} calls) has no counting rule: not in the MACs")
    return lines


def _timing_lines(timing: Timing, environment: dict[str, object]) -> list[str]:
    device = environment.get("device")
    name = device.get("name") if isinstance(device, dict) else "unknown device"
    latency = timing.latency_s
    interval = ""
    if timing.fps_ci95 is not None:
        interval = f", 95% CI {timing.fps_ci95[0]:.4g} to {timing.fps_ci95[1]:.4g}"
    why = {
        "iterations": "",
        "budget": f", ended by the budget of {timing.protocol.get('budget_s'):g} s",
        "interrupt": ", interrupted",
    }[timing.stopped_by]
    lines = [
        f"  speed        {timing.fps:.4g} FPS{interval}",
        f"  latency      mean {_ms(latency.mean)}, p50 {_ms(latency.p50)}, "
        f"p99 {_ms(latency.p99)}, range {_ms(latency.min)} to {_ms(latency.max)}",
        f"  timed        {timing.iterations:,} passes{why}",
        f"  on           {name}, protocol {timing.protocol.get('name')}",
    ]
    return lines + [f"  warning: {text}" for text in timing.warnings]


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.4g} ms"
