"""What a reader of a text log is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.logs.found import Found
from harness.logs.source import Source


@dataclass(frozen=True)
class TextFormat:
    """A kind of text log.

    Attributes:
        name: As readings and records have it.
        signature: A log that contains one of these is of this kind; empty for what is tried last.
        read: Reads it.
    """

    name: str
    signature: tuple[bytes, ...]
    read: Callable[[Source], Found]
