"""Warnings that differ in their numbers alone, told once with all that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

NUMBER = re.compile(r"(?<![\d.])\d+(?:,\d{3})*(?:\.\d+)?(?!\.?\d)")  # no version's part


def together(found: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line for each kind of warning, in the order of their first ones.

    What makes a machine noisy makes all of its rows so: a line each would bury the table.

    Args:
        found: Names and what is to be said of them.

    Example:
        >>> together([("a", "only 8 of 30"), ("b", "swapped"), ("c", "only 11 of 30")])
        ['a, c: only 8 to 11 of 30', 'b: swapped']
    """
    alike: dict[str, list[tuple[str, str]]] = {}
    for name, text in found:
        alike.setdefault(NUMBER.sub("#", text), []).append((name, text))
    lines = []
    for group in alike.values():
        names = dict.fromkeys(name for name, _ in group)
        lines.append(f"{', '.join(names)}: {_ranged([text for _, text in group])}")
    return lines


def _ranged(texts: Sequence[str]) -> str:
    """Return texts that differ in numbers alone as one, a number that differs as its range."""
    places = zip(*map(NUMBER.findall, texts), strict=True)

    def shown(_: re.Match[str]) -> str:
        numbers = sorted(next(places), key=lambda text: float(text.replace(",", "")))
        return numbers[0] if numbers[0] == numbers[-1] else f"{numbers[0]} to {numbers[-1]}"

    return NUMBER.sub(shown, texts[0])
