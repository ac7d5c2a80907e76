"""The rows of a network's architecture table (Table II of the paper)."""

from typing import NamedTuple

from torch import nn


class Stage(NamedTuple):
    """One row: where it stands, what it is, and which modules it is made of.

    Attributes:
        part: Part of the network, e.g. `Encoder`.
        name: Name of the row, e.g. `Encoder B1`.
        type: What is computed, a line each, e.g. `("2D Average Pooling", "HarDBlock (L=4)")`.
        modules: Paths of the modules that belong to the row, in the order of execution; the last
            one's output is the row's.
    """

    part: str
    name: str
    type: tuple[str, ...]
    modules: tuple[str, ...]


def summary(module: nn.Module) -> str:
    """Return what a module calls itself in such a row: its `summary`, else its class's name."""
    text = getattr(module, "summary", None)
    return text if isinstance(text, str) else type(module).__name__
