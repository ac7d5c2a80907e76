"""How far apart two colours look: in full colour, to the colour-blind, and in grey print.

Dichromats by the projection of Vienot, Brettel and Mollon, "Digital video colourmaps for checking
the legibility of displays by dichromats", Color Research & Application 24(4), 1999: the matrices
below act on linear RGB. Distances are CIE 1976 (L*a*b*, D65), where about 2.3 is the least that an
eye notices side by side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

Triple = tuple[float, float, float]
Matrix = tuple[Triple, Triple, Triple]

LEAST_DISTANCE = 20.0
"""Far more than noticeable: markers are 1.5 mm wide and stand far apart."""

_SEEN_BY: Mapping[str, Matrix] = {
    "protanopia": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deuteranopia": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
    # What a printer makes of it: luminance alone.
    "grey": ((0.2126, 0.7152, 0.0722), (0.2126, 0.7152, 0.0722), (0.2126, 0.7152, 0.0722)),
}
_XYZ: Matrix = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_WHITE: Triple = (0.9505, 1.0, 1.089)


def least_distance(a: str, b: str) -> float:
    """Return the smallest distance of two `#RRGGBB` colours over all ways of seeing them."""
    return min(distance(a, b, seen_by=each) for each in (None, *_SEEN_BY))


def distance(a: str, b: str, *, seen_by: str | None = None) -> float:
    """Return the CIE 1976 distance of two `#RRGGBB` colours.

    Args:
        seen_by: `protanopia`, `deuteranopia` or `grey`; null for all colours.
    """
    return math.dist(_lab(a, seen_by), _lab(b, seen_by))


def _lab(colour: str, seen_by: str | None) -> Triple:
    linear = _linear(colour)
    if seen_by is not None:
        linear = _product(_SEEN_BY[seen_by], linear)
    x, y, z = (
        _response(value / white)
        for value, white in zip(_product(_XYZ, linear), _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _linear(colour: str) -> Triple:
    """Return linear RGB of an sRGB colour (IEC 61966-2-1)."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return _decoded(r), _decoded(g), _decoded(b)


def _decoded(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _product(matrix: Matrix, vector: Triple) -> Triple:
    a, b, c = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return a, b, c


def _response(ratio: float) -> float:
    """Return the eye's response to a share of white (CIE 15)."""
    low = 6 / 29
    return ratio ** (1 / 3) if ratio > low**3 else ratio / (3 * low**2) + 4 / 29
