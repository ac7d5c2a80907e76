"""How wide a text is, without a font: on the safe side for the sans-serif that a browser may take.

Advance widths of DejaVu Sans, the widest of the usual sans-serif faces, in thousandths of the font
size: in any other of them a text takes less room than is kept for it.
"""

from __future__ import annotations

import unicodedata

BOLD = 1.12  # a bold text over the same in regular, digits and letters together
OTHER = 700  # a letter that is not in the list
FULL = 1000

_WIDTHS = {
    275: "'", 278: "ijl", 295: "IJ", 318: " ,.", 337: "/:;\\|", 352: "f", 361: "-", 390: "()[]",
    392: "t", 401: "!", 411: "r", 460: '"', 500: "*_`–†‡", 521: "s", 525: "z", 531: "?", 550: "c",
    557: "L", 575: "F", 579: "k", 592: "vxy", 603: "P", 611: "TY", 613: "oa", 615: "e", 632: "E",
    636: "Sbdgpqhnu$0123456789{}", 656: "K", 686: "AVΔXZB", 698: "RC", 732: "U", 752: "NH",
    775: "DG", 787: "&OQ", 818: "w", 838: "#+<=>^~×±", 863: "M", 950: "%", 974: "m", 989: "W",
    1000: "@…",
}  # fmt: skip
_BY_CHARACTER = {c: width for width, characters in _WIDTHS.items() for c in characters}


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of one line in the unit of `size`, the font size."""
    return sum(map(_thousandths, text)) / 1000 * size * (BOLD if bold else 1.0)


def _thousandths(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return FULL
    return _BY_CHARACTER.get(character, OTHER)


def fitted(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """Return `text`, its end replaced by an ellipsis where it is wider than `width`."""
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(f"{text}…", size, bold=bold) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"
