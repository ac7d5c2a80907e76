"""What runs the chunks of a sweep: processes of this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

_R = TypeVar("_R")
_Chunk = Sequence[int]


class Executor(Protocol):
    """Processes, each made ready for one sweep, that chunks of work are given to."""

    def run(
        self, function: Callable[[_Chunk], Sequence[_R]], chunks: Iterable[_Chunk]
    ) -> Iterator[tuple[_Chunk, Sequence[_R] | None]]:
        """Yield each chunk with what `function` returns for it, in order.

        A piece whose process dies every time comes as a chunk of its own, with None. Only so many
        chunks are taken ahead as keep the processes busy; closing the iterator drops what is in
        flight.
        """
