"""What peers' public code computes and their pages state, each with repository and commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from variants.yaml_node import Node, read

FILE = Path(__file__).with_name("references.yaml")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One public fact.

    Attributes:
        value: The figure, exact.
        text: The figure to read.
        source: Repository, commit (short) and file.
        url: Where the repository is.
        commit: The commit, as far as it is known.
    """

    value: Fraction
    text: str
    source: str
    url: str
    commit: str


def load_references(path: Path | None = None) -> dict[str, dict[str, Reference]]:
    """Return the references, by `VARIANT` or `VARIANT@HxW` and by figure.

    Raises:
        BadRequest: If the file is broken, or says something twice.
    """
    found: dict[str, dict[str, Reference]] = {}
    for entry in read(path or FILE, what="references").items():
        keys = entry.mapping(
            required=("of", "repository", "commit", "file", "figures"), optional=()
        )
        figures = keys["figures"].mapping(required=(), optional=keys["figures"].value)
        for of in keys["of"].items():
            known = found.setdefault(of.text(), {})
            for name, node in figures.items():
                if name in known:
                    node.refuse(f"must be said once of {of.text()}")
                known[name] = _reference(node, keys)
    return found


def _reference(node: Node, keys: Mapping[str, Node]) -> Reference:
    node.number()
    value = Fraction(str(node.value))  # as it is written, not as a binary fraction
    url, commit = keys["repository"].text(), keys["commit"].text()
    name = url.removeprefix("https://github.com/")
    return Reference(
        value=value,
        text=f"{node.value:,}",
        source=f"{name}@{commit[:7]}, {keys['file'].text()}",
        url=url,
        commit=commit,
    )
