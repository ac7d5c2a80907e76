"""Flags that take one of a few words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from harness.errors import BadRequest, did_you_mean

_Word = TypeVar("_Word", bound=str)


def one_of(flag: str, given: str, known: Sequence[_Word], *, what: str = "choice") -> _Word:
    """Return that one of `known` which was given; `what` it is stands in the message.

    Raises:
        BadRequest: If it is none of them.
    """
    if given not in known:
        raise BadRequest(f"{flag}: no such {what} {given!r}{did_you_mean(given, known)}")
    return known[known.index(given)]
