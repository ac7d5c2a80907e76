"""The markers of groups as SVG paths, by the names that figure definitions give them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

Corners = tuple[tuple[float, float], ...]


def _ring(count: int, *, turn: float = 0.0, reach: float = 1.0) -> Corners:
    """Return corners at equal distances on a circle, clockwise from the top."""
    angles = (math.tau * (k / count + turn) for k in range(count))
    return tuple((reach * math.sin(a), -reach * math.cos(a)) for a in angles)


def _star(points: int) -> Corners:
    outer, inner = _ring(points, reach=1.15), _ring(points, turn=0.5 / points, reach=0.5)
    return tuple(corner for pair in zip(outer, inner, strict=True) for corner in pair)


def _turned(corners: Iterable[tuple[float, float]], degrees: float) -> Corners:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return tuple((c * x - s * y, s * x + c * y) for x, y in corners)


_T, _A = 0.36, 1.0  # half the thickness and the length of an arm
_PLUS: Corners = (
    (-_T, -_A), (_T, -_A), (_T, -_T), (_A, -_T), (_A, _T), (_T, _T),
    (_T, _A), (-_T, _A), (-_T, _T), (-_A, _T), (-_A, -_T), (-_T, -_T),
)  # fmt: skip

SHAPES: Mapping[str, Corners] = {
    "s": _turned(_ring(4, reach=1.25), 45),
    "D": _ring(4, reach=1.25),
    "^": _ring(3, reach=1.2),
    "v": _turned(_ring(3, reach=1.2), 180),
    "<": _turned(_ring(3, reach=1.2), -90),
    ">": _turned(_ring(3, reach=1.2), 90),
    "P": _PLUS,
    "X": _turned(_PLUS, 45),
    "*": _star(5),
    "p": _ring(5, reach=1.1),
    "h": _ring(6, reach=1.1),
}
"""Corners by name, y downwards, for a radius of 1; the circle `o` has none."""


def marker_path(name: str, x: float, y: float, radius: float) -> str:
    """Return the `d` of a marker around `(x, y)`."""
    if name == "o":
        r = number(radius)
        start = f"M{number(x - radius)} {number(y)}"
        return (
            f"{start}a{r} {r} 0 1 0 {number(2 * radius)} 0a{r} {r} 0 1 0 {number(-2 * radius)} 0z"
        )
    corners = (f"{number(x + radius * dx)} {number(y + radius * dy)}" for dx, dy in SHAPES[name])
    return f"M{'L'.join(corners)}z"


def number(value: float) -> str:
    """Return a coordinate with two decimals at most, the same on every machine."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")
