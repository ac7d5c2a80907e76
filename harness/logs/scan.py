"""The lines of a log that matter, found by searching blocks rather than by looking at every line.

A log of 100 MB has a million training lines, of which those next to a validation tell its step.
`bytes.find` goes through the rest at gigabytes a second; a regular expression a line would not.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import pairwise

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def scan(
    blocks: Iterable[bytes],
    *,
    wanted: Sequence[bytes],
    edges: Sequence[bytes] = (),
    follow: int = 0,
) -> Iterator[str]:
    r"""Yield lines in order, decoded, without colours and line end.

    Args:
        blocks: As `Source.blocks` gives them.
        wanted: Every line that contains one of these is yielded; `\n|` is a `|` at its beginning.
        edges: Of the lines that contain one of these, the first and the last between two wanted
            lines (and at the ends of a block) are yielded.
        follow: Number of lines behind a wanted one that are yielded as well, up to one that
            contains one of `edges`.
    """
    owed = 0
    for block in blocks:
        starts = _line_starts(block, wanted)
        bounds = [*starts, len(block)]
        # Position 1 is behind the line end that leads the block.
        position, owed = yield from _lines(block, 1, bounds[0], owed, edges)
        for start, end in pairwise(bounds):
            yield from _edges(block, position, start, edges)
            position, _ = yield from _lines(block, start, end, 1, ())
            position, owed = yield from _lines(block, position, end, follow, edges)
        yield from _edges(block, position, len(block), edges)


def _line_starts(block: bytes, needles: Sequence[bytes]) -> list[int]:
    starts = set()
    for needle in needles:
        at_beginning = needle.startswith(b"\n")
        found = block.find(needle)
        while found >= 0:
            start = found + 1 if at_beginning else block.rfind(b"\n", 0, found) + 1
            starts.add(start)
            # From the line end itself, which the next line's needle may begin with.
            found = block.find(needle, block.find(b"\n", start))
    return sorted(starts)


def _lines(
    block: bytes, position: int, stop: int, count: int, last: Sequence[bytes]
) -> Generator[str, None, tuple[int, int]]:
    """Yield up to `count` lines before `stop`, none behind one that contains one of `last`.

    Return where the next line begins and how many are owed from the next block.
    """
    while count and position < stop:
        end = block.find(b"\n", position)
        line = block[position:end]
        yield _decoded(line)
        position, count = end + 1, count - 1
        if any(needle in line for needle in last):
            count = 0
    return position, count


def _edges(block: bytes, start: int, end: int, needles: Sequence[bytes]) -> Iterator[str]:
    spans = set()
    for needle in needles:
        first = block.find(needle, start, end)
        if first >= 0:
            for found in (first, block.rfind(needle, start, end)):
                begin = block.rfind(b"\n", 0, found) + 1
                spans.add((begin, block.find(b"\n", found)))
    for begin, stop in sorted(spans):
        yield _decoded(block[begin:stop])


def _decoded(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return _COLOUR.sub("", text) if "\x1b" in text else text
