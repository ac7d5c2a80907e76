"""`harness list`: what there is to choose from. Imports nothing heavy, so it answers at once."""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.options import AsJson, Catalog

if TYPE_CHECKING:
    from variants.catalog import Row
    from variants.reported_only import ReportedOnly


class What(str, Enum):
    """What can be listed."""

    variants = "variants"
    components = "components"


def list_(
    what: Annotated[What, typer.Argument(help="What to list.")] = What.variants,
    catalog: Catalog = None,
    as_json: AsJson = False,
) -> None:
    """List the variants of the catalogue, or the components and their options.

    A variant that is reported only has published figures and no network; harness show says why.

    Examples:

        harness list

        harness list components

        harness list variants --catalog mine.yaml --json
    """
    if what is What.variants:
        from variants.catalog import load_catalog
        from variants.reported_only import reported_only

        built = load_catalog(catalog or ())
        found: list[Row | ReportedOnly] = [*built.values()]
        found += reported_only(besides=built).values()
        rows: list[dict[str, Any]] = [
            {
                "name": row.name,
                "title": row.title,
                "description": row.description,
                "input": list(row.input),
                **row.about(),
            }
            for row in found
        ]
        shown = [
            (row["name"], [row["description"] + " (reported only)" * ("reason" in row)])
            for row in rows
        ]
    else:
        from variants.declared import declared_options
        from variants.registry import components

        rows = [
            {
                "slot": component.slot,
                "name": component.name,
                "options": declared_options(component),
                "origin": component.origin,
            }
            for component in components().values()
        ]
        shown = [(f"{row['slot']}.{row['name']}", _with_origin(row)) for row in rows]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    width = max(len(name) for name, _ in shown)
    for name, lines in shown:
        for number, line in enumerate(lines or [""]):
            typer.echo(f"{'' if number else name:<{width}}  {line}".rstrip())


def _with_origin(row: dict[str, Any]) -> list[str]:
    """Return a component's options a line each, and where it is from unless it is built in."""
    origin = [] if row["origin"] == "harness" else [f"(from {row['origin']})"]
    return [*row["options"], *origin]
