"""`harness sweep`: measure every combination of options, and go on after any interruption."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import AsJson, Catalog

Flags = list[str] | None


def sweep(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE.yaml]", help="What varies, as a sweep file.")
    ] = None,
    variant: Annotated[
        Flags, typer.Option(metavar="V", help="Row that options are changed in; repeatable.")
    ] = None,
    grid: Annotated[
        Flags,
        typer.Option(
            metavar="SLOT.OPTION=V,V,...",
            help="An axis, e.g. context.alpha=1,2,4 or =1..8; repeatable.",
        ),
    ] = None,
    zipped: Annotated[
        Flags,
        typer.Option("--zip", metavar="AXIS,AXIS", help="Axes that go together, value by value."),
    ] = None,
    when: Annotated[
        Flags,
        typer.Option(
            metavar="AXIS:SLOT.OPTION=V",
            help="Where an axis applies, e.g. context.alpha:context.name=dapf.",
        ),
    ] = None,
    exclude: Annotated[
        Flags,
        typer.Option(
            metavar="SLOT.OPTION=V,...", help="Combinations to leave out: all of it must fit."
        ),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(metavar="N", help="Take N variants at random.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of --sample or --search.  [default: 0]")] = None,
    catalog: Catalog = None,
    name: Annotated[
        str | None,
        typer.Option(help="What --resume knows the sweep by.  [default: file's or variants']"),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option("--input", metavar="HxW,...", help="Input sizes.  [default: the variant's]"),
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Frames of the input.  [default: 1]")] = None,
    timing: Annotated[
        bool | None,
        typer.Option("--timing/--no-timing", help="Time the variants too.  [default: count only]"),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(metavar="auto|cpu|cuda:N", help="Where to time.  [default: auto]"),
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="As in profile.  [default: paper]")
    ] = None,
    iterations: Annotated[int | None, typer.Option(help="Timed passes of each variant.")] = None,
    budget: Annotated[
        float | None, typer.Option(help="Seconds of timed passes of each variant.")
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="Fresh processes of each variant.")] = None,
    limit: Annotated[
        float | None,
        typer.Option(
            help="Seconds after which a variant has failed.  [default: 60, timed 1800]",
        ),
    ] = None,
    miou: Annotated[
        bool, typer.Option("--miou", help="Look up each variant's mIoU in logged records.")
    ] = False,
    pareto: Annotated[
        str | None,
        typer.Option(metavar="X,Y", help="Print the front, as in results; what --search seeks."),
    ] = None,
    proxy: Annotated[
        Flags,
        typer.Option(
            metavar="NAME=MODULE:FUNCTION", help="Score each network, as column proxy.NAME."
        ),
    ] = None,
    search: Annotated[
        int | None, typer.Option(metavar="N", help="Measure N variants that a sampler proposes.")
    ] = None,
    constraint: Annotated[
        Flags,
        typer.Option(
            metavar="'COL <= X'", help="What a search asks of a variant, e.g. 'params <= 3M'."
        ),
    ] = None,
    sampler: Annotated[
        str | None,
        typer.Option(metavar="tpe|nsga2|nsga3|random", help="Of --search.  [default: tpe]"),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|URL", help="Where the search's study is.  [default: beside the records]"
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Processes that count.  [default: every core]")
    ] = None,
    executor: Annotated[
        str,
        typer.Option(metavar="local|ray", help="This machine, or a Ray cluster (harness[ray])."),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Of the cluster, ray://HOST:PORT too.  [default: auto]"
        ),
    ] = None,
    nodes: Annotated[
        Flags,
        typer.Option(metavar="LABEL=VALUE", help="Only nodes of this Ray label; repeatable."),
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder that the records go to.")] = Path("results"),
    resume: Annotated[
        bool, typer.Option("--resume", help="Measure only what the folder does not hold yet.")
    ] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Resume though the sweep is not what it was.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Resume what had failed, too.")
    ] = False,
    skip_illegal: Annotated[
        bool, typer.Option("--skip-illegal", help="Go on without what cannot be built.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="More than a million combinations are meant.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print count, rows and time; measure nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure every combination of options: an ablation, as the table of a paper needs it.

    What varies stands in FILE.yaml (keys: variants, grid, zip, when, exclude, sample, catalog,
    input, batch, timing, miou, pareto, proxy, search) or in flags. Equal specs are measured once.
    A combination that cannot be built is listed with its reason before anything runs.

    Counting uses every core. With --timing variants are timed one after the other, each in fresh
    processes. A variant that crashes, runs out of memory or takes longer than --limit leaves a
    record of its failure and the others go on; the exit status is 1 then.

    With --executor ray the same runs on a Ray cluster. A count takes a CPU of any node. A timed
    measurement holds a whole GPU, or with --device cpu all CPUs of a node; --jobs limits how many
    run at once. Nodes need the same harness and torch; catalogue files are sent, and so is what a
    --proxy names, unless it is installed. A node that dies costs only time: its work is done
    again elsewhere. The records are written here.

    Every record is on the disk before it is told, so a sweep may be killed at any moment: the same
    command with --resume goes on. Ctrl-C ends it in good order, a second one at once.

    --search N measures N variants that one of Optuna's samplers proposes, for the front of
    --pareto under every --constraint: COLUMN, sign, number, as in "conv GMACs <= 40". What breaks
    one by its counts is not timed. Processes that share a results folder share a search: start the
    others with --resume, which also goes on to a larger N. The same --seed and --jobs give the same
    variants. Needs harness[search].

    --proxy has each network, built with weights from a fixed seed, scored by a function of yours,
    called with the network and its input's shape; more is better.

    --json: planned, measured, reused, failed (variant, input, reason), results; pareto and search
    (variants, proposals, feasible, study, ...) where these were asked for.

    \b
    Examples:
      harness sweep --variant fassd-net --grid context.alpha=1,2,4,7,8 --dry-run
      harness sweep --variant fassd-net --grid "fusion.dilations=[8,4,2],[1,1,1]" \\
        --grid context.name=none,aspp,dapf --grid context.alpha=2,4 \\
        --when context.alpha:context.name=dapf
      harness sweep ablation.yaml --resume --json
      harness sweep ablation.yaml --timing --device cuda:0 --iterations 1000 --pareto fps,miou
      harness sweep ablation.yaml --timing --executor ray --nodes ray.io/accelerator-type=H100
      harness sweep ablation.yaml --search 200 --pareto macs.paper,miou \\
        --constraint "params <= 3M" --constraint "conv GMACs <= 40"
    """
    from harness.cli.sweep_flags import Flagged, definition_of
    from harness.cli.sweep_order import Order, labels_of
    from harness.cli.sweep_run import run
    from harness.cli.sweep_sought import Sought
    from harness.errors import RunFailed
    from harness.sweep.stopping import Stopped

    definition = definition_of(
        file,
        Flagged(
            variants=variant, grid=grid, zips=zipped, when=when, exclude=exclude, sample=sample,
            seed=seed, catalogs=catalog, name=name, sizes=size, batch=batch, timing=timing,
            device=device, protocol=protocol, iterations=iterations, budget=budget, rounds=rounds,
            miou=miou,
            sought=Sought(
                pareto=pareto, proxies=proxy, search=search, constraints=constraint,
                sampler=sampler, storage=storage,
            ),
        ),
    )  # fmt: skip
    order = Order(
        results=results, jobs=jobs, limit_s=limit, resume=resume, changed=changed,
        retry_failed=retry_failed, skip_illegal=skip_illegal, yes=yes, dry_run=dry_run,
        as_json=as_json, executor=executor, address=address, nodes=labels_of(nodes or ()),
    )  # fmt: skip
    try:
        failed = run(definition, order)
    except Stopped as stopped:
        typer.echo("harness: the same command with --resume goes on from here", err=True)
        if stopped.signal == signal.SIGINT:
            raise KeyboardInterrupt from None
        raise typer.Exit(128 + stopped.signal) from None
    except RunFailed as error:
        raise RunFailed(f"{error}; the same command with --resume goes on from here") from None
    if failed:
        raise typer.Exit(1)
