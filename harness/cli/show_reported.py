"""What `harness show` says of a network that has published figures and no spec."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import typer

from harness.cli.options import size_text

if TYPE_CHECKING:
    from pathlib import Path

    from harness.records import ReportedRecord
    from variants.reported_only import ReportedOnly

WIDTH = 80
HEAD = 9  # columns of a line's first word


def unbuilt(name: str, catalogs: list[Path] | None) -> ReportedOnly | None:
    """Return the network `name` where it is reported only, and no row of a catalogue builds it."""
    from variants.catalog import load_catalog
    from variants.reported_only import reported_only

    known = reported_only()
    if name not in known or name in load_catalog(catalogs or ()):
        return None
    return known[name]


def show_reported(network: ReportedOnly, *, as_json: bool) -> None:
    """Print what is known of a network that cannot be built, and its published figures."""
    from harness.store import paper_records

    found = [record for record in paper_records() if record.variant == network.name]
    if as_json:
        typer.echo(json.dumps(_as_json(network, found), indent=2, ensure_ascii=False))
        return
    typer.echo(f"{network.title} ({network.name})")
    typer.echo(f"reported only, input {size_text((1, 3, *network.input))}")
    lines = [("known", network.description), ("source", str(network.source))]
    lines.append(("reason", f"it cannot be built: {network.reason}"))
    lines += [("reported", _figures(record)) for record in found]
    for head, text in lines:
        indented = textwrap.wrap(f"{head:<{HEAD}}{text}", WIDTH, subsequent_indent=" " * HEAD)
        typer.echo("\n".join(indented))


def _as_json(network: ReportedOnly, found: list[ReportedRecord]) -> dict[str, Any]:
    return {
        "variant": network.name,
        "title": network.title,
        "description": network.description,
        "input_shape": [1, 3, *network.input],
        **network.about(),
        "reported": [
            {
                "work": record.source.work,
                "place": record.source.place,
                "device": record.device,
                "figures": record.figures,
            }
            for record in found
        ],
    }


def _figures(record: ReportedRecord) -> str:
    figures = ", ".join(f"{name} {text}" for name, text in record.figures.items())
    return f"{record.source.place}: {figures}, on {record.device}"
