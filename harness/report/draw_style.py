"""Settings of matplotlib, and the font of a figure with what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from warnings import catch_warnings, filterwarnings

import matplotlib as mpl
import seaborn as sns
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

from harness.errors import BadRequest, did_you_mean
from harness.report.figure_style import STYLE

NOT_STYLE = ("backend", "backend_fallback")  # never touched: they belong to whoever calls


def style(font: str) -> dict[Any, Any]:
    """Return every setting of matplotlib that a figure depends on, the user's own files aside."""
    defaults = {k: v for k, v in mpl.rcParamsDefault.items() if k not in NOT_STYLE}
    return {**defaults, **sns.axes_style("ticks"), **STYLE, "font.family": font}


@contextmanager
def styled(font: str) -> Iterator[None]:
    """Draw with `font` and nothing that this machine's settings change.

    matplotlib's own warning of a missing glyph is left out: `missing_glyphs` says it in one line.
    """
    with mpl.rc_context(style(font)), catch_warnings():
        filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


def check_font(font: str, who: str) -> None:
    """Raise unless matplotlib knows a font of this name.

    Raises:
        BadRequest: If it does not.
    """
    known = {entry.name for entry in fontManager.ttflist}
    if font not in known:
        hint = did_you_mean(font, known)
        raise BadRequest(
            f"{who}: font must be one that matplotlib finds, got {font!r}"
            + (hint if "did you mean" in hint else "")
        )


def missing_glyphs(font: str, texts: Sequence[str]) -> list[str]:
    """Return a line for every one of `texts` with characters that `font` cannot show."""
    known = set.intersection(
        *(
            set(get_font(findfont(FontProperties(family=font, weight=weight))).get_charmap())
            for weight in ("normal", "bold")
        )
    )
    lines = []
    for text in dict.fromkeys(texts):
        lacking = dict.fromkeys(c for c in text if ord(c) not in known and not c.isspace())
        if lacking:
            names = ", ".join(f"{c} (U+{ord(c):04X})" for c in lacking)
            lines.append(f"{text}: font {font} has no {names}; name another one by the key `font`")
    return lines
