"""Networks that are known by published figures alone: too little is public to build them.

They have names of the catalogue and no spec, so nothing measures them. Why not stands here and
nowhere else: whoever is asked for one of them, and every table that shows one, says it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from variants.about import REPORTED, Source, parse_size, read_source
from variants.yaml_node import Node, read

FILE = Path(__file__).parent / "catalog" / "reported" / "networks.yaml"


@dataclass(frozen=True, kw_only=True)
class ReportedOnly:
    """A network without a spec.

    Attributes:
        name: Name in the catalogue.
        title: Name in print.
        description: One line on what is known of it.
        input: Height and width that its figures were published for.
        source: What describes it.
        reason: Why it cannot be built, as the end of a sentence.
    """

    name: str
    title: str
    description: str
    input: tuple[int, int]
    source: Source
    reason: str

    def about(self) -> dict[str, Any]:
        """Return fidelity, source and image as other rows have them, and the reason."""
        return {
            "fidelity": REPORTED,
            "source": asdict(self.source),
            "image": None,
            "reason": self.reason,
        }


def reported_only(*, besides: Collection[str] = ()) -> dict[str, ReportedOnly]:
    """Return these networks by name, but for the names `besides`.

    Args:
        besides: Names of rows that can be built: a user who knows more than is public may give
            one of these networks a row.
    """
    return {name: each for name, each in _known().items() if name not in besides}


@lru_cache(maxsize=1)
def _known() -> dict[str, ReportedOnly]:
    return {name: _network(name, node) for name, node in _named(FILE).items()}


def _named(path: Path) -> dict[str, Node]:
    root = read(path, what="reported networks")
    return root.mapping(required=(), optional=root.value)


def _network(name: str, node: Node) -> ReportedOnly:
    keys = node.mapping(required=("title", "description", "input", "source", "reason"), optional=())
    return ReportedOnly(
        name=name,
        title=keys["title"].text(),
        description=keys["description"].text(),
        input=parse_size(keys["input"].plain(), keys["input"].where),
        source=read_source(keys["source"]),
        reason=keys["reason"].text(),
    )
