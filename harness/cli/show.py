"""`harness show`: the resolved spec of a variant and the table of its stages (Table II)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import AsJson, Catalog, Input, Settings, select, size_text
from harness.cli.show_reported import show_reported, unbuilt

if TYPE_CHECKING:
    from torch import nn

    from harness.ledger import Ledger
    from variants.catalog import Row
    from variants.spec import Spec


def show(
    variant: Annotated[str, typer.Argument(help="A variant's name; see harness list.")],
    settings: Settings = None,
    catalog: Catalog = None,
    size: Input = None,
    tree: Annotated[
        bool, typer.Option("--tree", help="Print every module instead of the stages.")
    ] = False,
    depth: Annotated[
        int | None, typer.Option(min=0, help="With --tree: how many levels to print.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a variant is made of: its spec, and its stages with size and cost.

    Of a variant that is reported only: what is known, why it cannot be built, what was published.

    Output sizes are height x width x channels, as in the paper's Table II. MACs are those of the
    convention conv: convolution, linear, matrix product and attention, nothing else.

    Examples:

        harness show fassd-net

        harness show fassd-net --set context.alpha=4 --input 512x1024

        harness show fassd-net --tree --depth 2
    """
    network = unbuilt(variant, catalog)
    if network and not (settings or size or tree):  # there is nothing to apply these to
        show_reported(network, as_json=as_json)
        return
    [row] = select([variant], settings=settings, catalogs=catalog, size=size)

    from dataclasses import asdict

    from harness.ledger import record
    from harness.stages import stage_costs
    from variants.build import skeleton
    from variants.spec import resolve

    spec = resolve(row.chosen)
    built = skeleton(spec)
    ledger = record(built, (1, 3, *row.input))
    rows = (
        module_rows(built, ledger, depth)
        if tree
        else [asdict(stage) for stage in stage_costs(built, ledger)]
    )
    if as_json:
        typer.echo(json.dumps(_as_json(row, spec, rows, tree=tree), indent=2, ensure_ascii=False))
    else:
        _print(row, spec, rows, tree=tree)


def module_rows(network: nn.Module, ledger: Ledger, depth: int | None) -> list[dict[str, Any]]:
    """Return the modules that ran, down to `depth` levels below the network."""
    from harness.static import module_costs

    return [
        {
            "path": cost.path,
            "type": cost.type,
            "params": cost.params,
            "macs": cost.macs,
            "output_shape": list(cost.output or ()),
        }
        for cost in module_costs(network, ledger)
        if depth is None or _level(cost.path) <= depth
    ]


def _level(path: str) -> int:
    return path.count(".") + 1 if path else 0


def _as_json(row: Row, spec: Spec, rows: list[dict[str, Any]], *, tree: bool) -> dict[str, Any]:
    return {
        "variant": row.name,
        "title": row.title,
        "spec": spec.to_dict(),
        "spec_sha256": spec.sha256,
        "input_shape": [1, 3, *row.input],
        **row.about(),
        "modules" if tree else "stages": rows,
    }


def _print(row: Row, spec: Spec, rows: list[dict[str, Any]], *, tree: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    typer.echo(f"{row.title} ({row.name})")
    typer.echo(f"spec {spec.sha256[:12]}, input {size_text((1, 3, *row.input))}")
    for line in _about(row):
        typer.echo(line)
    typer.echo()
    for slot, choice in spec.to_dict().items():
        options = [f"{key}={json.dumps(value)}" for key, value in choice.items() if key != "name"]
        for number, option in enumerate(options or [""]):
            head = f"{slot:<9}{choice['name']}" if number == 0 else ""
            typer.echo(f"  {head:<26}{option}".rstrip())
    typer.echo()
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    if tree:
        _fill_tree(grid, rows)
    else:
        _fill_stages(grid, rows, escape)
    console = Console(highlight=False)
    console.print(grid)


def _about(row: Row) -> list[str]:
    """Return what is known of a row's origin and of the image that its network is fed."""
    import textwrap

    known = (("fidelity", row.fidelity), ("source", row.source), ("image", row.image))
    lines = [f"{key:<9}{value}" for key, value in known if value]
    return [part for line in lines for part in textwrap.wrap(line, 80, subsequent_indent=" " * 9)]


def _fill_stages(grid: Any, rows: list[dict[str, Any]], escape: Any) -> None:
    for title, justify in (
        ("Stage", "left"),
        ("Name", "left"),
        ("Type", "left"),
        ("Output size", "right"),
        ("Params", "right"),
        ("G MACs", "right"),
    ):
        grid.add_column(title, justify=justify, no_wrap=True)
    before = ("", "")
    for row in rows:
        now = (row["stage"], row["name"])
        grid.add_row(
            now[0] if now[0] != before[0] else "",
            escape(now[1]) if now != before else "",
            escape("\n".join(row["type"])),
            size_text(row["output_size"], "×"),
            f"{row['params']:,}",
            f"{row['macs'] / 1e9:.3f}",
        )
        before = now
    grid.add_section()
    params, macs = (sum(row[key] for row in rows) for key in ("params", "macs"))
    grid.add_row("Total", "", "", "", f"{params:,}", f"{macs / 1e9:.3f}")


def _fill_tree(grid: Any, rows: list[dict[str, Any]]) -> None:
    grid.add_column("Module", no_wrap=True)
    grid.add_column("Output", no_wrap=True)
    grid.add_column("Params", justify="right", no_wrap=True)
    grid.add_column("G MACs", justify="right", no_wrap=True)
    for row in rows:
        name = row["path"].rpartition(".")[2]
        grid.add_row(
            f"{'  ' * _level(row['path'])}{name} {row['type']}" if name else row["type"],
            size_text(row["output_shape"]),
            f"{row['params']:,}",
            f"{row['macs']['conv'] / 1e9:.3f}",
        )
