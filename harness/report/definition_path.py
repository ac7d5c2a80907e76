"""Where a report definition lies: one of ours by its short name, or a user's own file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from harness.errors import BadRequest, did_you_mean

Kind = Literal["table", "figure", "report"]

FOLDER = Path(__file__).with_name("definitions")
REPORTS = FOLDER / "reports"
FIGURE_PREFIX = "fig"  # built-in figures are called fig*, every other built-in is a table


def built_in(kind: Kind) -> list[str]:
    """Return the names of the definitions that come with the package."""
    if kind == "report":
        return sorted(path.stem for path in REPORTS.glob("*.yaml"))
    names = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return [n for n in names if n.startswith(FIGURE_PREFIX) == (kind == "figure")]


def definition_path(name: str, *, kind: Kind) -> Path:
    """Return the file of the built-in `name`, or `name` itself where it is a YAML file's path.

    Raises:
        BadRequest: If `name` is neither a built-in of this kind nor the path of a YAML file.
    """
    names = built_in(kind)
    if name in names:
        return (REPORTS if kind == "report" else FOLDER) / f"{name}.yaml"
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    raise BadRequest(f"no {kind} {name!r} (nor a .yaml file){did_you_mean(name, names)}")
