"""`harness weights`: whether a checkpoint is one of a variant, and the same in our own names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import AsJson, Catalog, Settings, select

if TYPE_CHECKING:
    from torch import nn

    from variants.catalog import Row
    from variants.spec import Spec
    from variants.weights.load import Loaded

_SHOWN = 8  # reasons on one side


def weights(
    variant: Annotated[
        str | None, typer.Argument(help="A variant's name; see harness list.")
    ] = None,
    file: Annotated[
        Path | None, typer.Argument(help="Its checkpoint: .pth, .pkl, .tar, .safetensors, ...")
    ] = None,
    settings: Settings = None,
    catalog: Catalog = None,
    layout: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="How the file names tensors.  [default: found out]"),
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take what fits, and say what was left.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.safetensors", help="Write it in this project's own names."),
    ] = None,
    show_layouts: Annotated[
        bool, typer.Option("--list", help="List the layouts that are known, and their sources.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a checkpoint against a variant: every tensor has a place, or the misfits are listed.

    Nothing that a file holds is run: PyTorch files are read with weights_only=True. A layout says
    what a public project calls the tensors of its network; one of an ImageNet encoder fits a part
    of the network and says so. --out writes the whole network's weights, or nothing.

    Exit status: 0 it fits, 2 it does not.

    \b
    Examples:
      harness weights fassd-net FASSD-Net.pkl
      harness weights erfnet erfnet_pretrained.pth --set network.classes=20
      harness weights swiftnet-rn18 resnet18-5c106cde.pth --layout torchvision-resnet18
      harness weights fc-hardnet-70 hardnet70.pkl --out fc-hardnet-70.safetensors
      harness weights --list
    """
    from harness.errors import BadRequest

    if show_layouts:
        if variant or file or layout or partial or out or settings or catalog:
            raise BadRequest("weights: --list goes with --json alone, got more")
        _list(as_json=as_json)
        return
    if variant is None or file is None:
        raise BadRequest("weights: needs VARIANT and FILE, or --list")
    if out is not None and out.suffix != ".safetensors":
        raise BadRequest(f"--out: must end in .safetensors, got {out}")
    [row] = select([variant], settings=settings, catalogs=catalog, size=None)

    from variants.build import build
    from variants.spec import resolve

    spec = resolve(row.chosen)
    network = build(spec)
    loaded = _loaded(network, file, layout, partial=partial)
    if out is not None:
        _write(out, network, loaded, row, spec)
    if as_json:
        typer.echo(json.dumps(_as_json(row, spec, loaded, out), indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(row, loaded, out)))


def _list(*, as_json: bool) -> None:
    from variants.weights.layouts import WITHOUT, layouts

    rows = [
        {"name": each.name, "variants": each.variants, "part": each.part, "source": each.source}
        for each in layouts().values()
    ]
    if as_json:
        typer.echo(json.dumps({"layouts": rows, "without": dict(WITHOUT)}, indent=2))
        return
    width = max(len(each) for each in layouts())
    for each in layouts().values():
        typer.echo(f"{each.name:<{width}}  {', '.join(each.variants)}")
        if each.part:
            typer.echo(f"{'':<{width}}  {each.part}")
        typer.echo(f"{'':<{width}}  {each.source}")
    typer.echo("\nwithout a layout:")
    for name, why in WITHOUT.items():
        typer.echo(f"  {name}: {why}")


def _loaded(network: nn.Module, file: Path, layout: str | None, *, partial: bool) -> Loaded:
    """Load `file` into `network`; where it does not fit, list on standard error what does not."""
    from harness.errors import BadRequest
    from variants.weights.load import Misfit, load_weights

    try:
        return load_weights(network, file, layout=layout, partial=partial)
    except Misfit as error:
        typer.echo("\n".join(error.details), err=True)
        raise BadRequest(error.summary) from None


def _write(out: Path, network: nn.Module, loaded: Loaded, row: Row, spec: Spec) -> None:
    from harness.errors import BadRequest
    from harness.report.output import write_whole

    if not loaded.whole:
        raise BadRequest(
            f"--out: writes the weights of a whole network, got {len(loaded.taken)} tensors of "
            f"{len(loaded.left_in_network) + len(loaded.taken)}"
        )
    try:
        from safetensors.torch import save
    except ImportError:
        raise BadRequest(
            "--out: needs the package safetensors (pip install 'harness[weights]')"
        ) from None
    about = {
        "variant": row.name,
        "spec_sha256": spec.sha256,
        "from_sha256": loaded.sha256,
        "from_layout": loaded.layout.name,
    }
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    write_whole(out, save(state, about))


def _as_json(row: Row, spec: Spec, loaded: Loaded, out: Path | None) -> dict[str, Any]:
    return {
        "variant": row.name,
        "spec_sha256": spec.sha256,
        "file": str(loaded.path),
        "sha256": loaded.sha256,
        "within": list(loaded.within),
        "layout": loaded.layout.name,
        "source": loaded.layout.source,
        "part": loaded.layout.part or None,
        "whole": loaded.whole,
        "tensors": len(loaded.taken),
        "parameters": loaded.parameters,
        "parameters_of_network": loaded.parameters_of_network,
        "left_in_file": dict(loaded.left_in_file),
        "left_in_network": dict(loaded.left_in_network),
        "notes": list(loaded.notes),
        "warnings": list(loaded.warnings),
        "out": str(out) if out else None,
    }


def _lines(row: Row, loaded: Loaded, out: Path | None) -> list[str]:
    layout = loaded.layout
    within = f", within {' '.join(loaded.within)}" if loaded.within else ""
    lines = [
        f"{row.title} ({row.name}): {loaded.path}",
        f"  sha256      {loaded.sha256}",
        f"  layout      {layout.name}{within}",
        f"              {layout.source}",
        *([f"  part        {layout.part}"] if layout.part else []),
        f"  tensors     {len(loaded.taken)} of {len(loaded.taken) + len(loaded.left_in_network)}",
        f"  parameters  {loaded.parameters:,} of {loaded.parameters_of_network:,}",
    ]
    lines += [f"  note        {note}" for note in loaded.notes]
    lines += [f"  warning     {warning}" for warning in loaded.warnings]
    lines += _left("left in the file", loaded.left_in_file)
    lines += _left("left in the network, as built", loaded.left_in_network)
    return [*lines, f"  written     {out}"] if out else lines


def _left(where: str, names: Mapping[str, str]) -> list[str]:
    """Return how many tensors were left, and why: a line for each reason, the first few."""
    if not names:
        return []
    by_reason: dict[str, list[str]] = {}
    for name, why in names.items():
        by_reason.setdefault(why, []).append(name)
    shown = [*by_reason.items()][:_SHOWN]
    lines = [f"  {where}: {len(names)}"]
    for why, (first, *others) in shown:
        more = f" and {len(others)} more" if others else ""
        lines.append(f"    {first}{more}: {why}")
    rest = len(names) - sum(len(found) for _, found in shown)
    return [*lines, f"    ... and {rest} more"] if rest else lines
