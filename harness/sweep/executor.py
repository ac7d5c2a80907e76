"""What runs the chunks of a sweep: processes of this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

_R = TypeVar("_R")
_Chunk = Sequence[int]


@dataclass(frozen=True)
class GivenUp:
    """What becomes of a piece that no process survives.

    Attributes:
        reason: In words.
    """

    reason: str


class Executor(Protocol):
    """Processes, each made ready for one sweep, that chunks of work are given to."""

    def run(
        self, function: Callable[[_Chunk], Sequence[_R]], chunks: Iterable[_Chunk]
    ) -> Iterator[tuple[_Chunk, Sequence[_R] | GivenUp]]:
        """Yield each chunk with what `function` returns for it, in order.

        A piece whose process dies every time comes as a chunk of its own. Only so many chunks
        are taken ahead as keep the processes busy; closing the iterator drops what is in
        flight.
        """
