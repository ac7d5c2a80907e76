"""Numbers as logs print them: a value and the last place that was printed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

NUMBER = r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf)(?!\w)"
_PARTS = re.compile(r"[-+]?\d*(?:\.(\d*))?(?:[eE]([-+]?\d+))?")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number out of a log.

    Attributes:
        value: As printed.
        text: As printed.
    """

    value: float
    text: str

    @property
    def place(self) -> float:
        """Unit of the last digit printed, e.g. 0.01 for `38.25`; 0 where it is no number."""
        parts = _PARTS.fullmatch(self.text.strip())
        if parts is None or self.missing:
            return 0.0
        exponent = int(parts[2] or 0) - len(parts[1] or "")
        return 10.0 ** max(exponent, -300)

    @property
    def missing(self) -> bool:
        """Whether it is NaN or infinite, as a mean over no class is."""
        return not math.isfinite(self.value)


def figure(text: str) -> Figure:
    """Return the number that `text` is.

    Raises:
        ValueError: If it is none.
    """
    if "_" in text or not text.isascii():  # which Python takes for numbers and no log prints
        raise ValueError(f"{text!r} is no number")
    return Figure(float(text), text)


def json_figure(value: object) -> Figure | None:
    """Return a number of a JSON file, or None if `value` is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return figure(repr(float(value)))
    except OverflowError:  # an integer of hundreds of digits
        return figure("inf")


def float32_figure(value: float) -> Figure:
    """Return the shortest decimal that a float32 stands for: 0.4, not 0.4000000059604645."""
    import numpy as np

    return figure(str(np.float32(value)))
