"""A constraint as people write it: `params <= 3M`, `conv GMACs <= 40`, `latency_s.p50 < 20 ms`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from harness.errors import BadRequest, did_you_mean

Sign = Literal["<=", "<", ">=", ">"]

UNKNOWN = 1.0  # what a variant without the figure exceeds the limit by: it does not meet it
_LEAST = 1e-12  # by which a figure that equals a strict limit exceeds it
_FORM = re.compile(
    r"\s*(?P<name>[^<>=!]*?)\s*(?P<sign><=|>=|==|!=|<|>|=)\s*(?P<number>[^<>=!]*?)\s*"
)
_NUMBER = re.compile(r"(?P<value>[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<unit>\S*)")
_MACS = re.compile(r"(?P<rule>\S+)\s+(?P<prefix>[kKMGT]?)MACs?", re.IGNORECASE)
_BARE_MACS = re.compile(r"[kKMGT]?MACs?", re.IGNORECASE)

_COUNTS = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_UNITS: Mapping[str, Mapping[str, float]] = {
    "": _COUNTS,
    "1/s": _COUNTS,
    "s": {"s": 1.0, "ms": 1e-3, "us": 1e-6},
    "bytes": {
        "B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30,
    },
    "fraction": {"%": 0.01},
    "J": {"J": 1.0, "mJ": 1e-3},
}  # fmt: skip
"""What may stand behind a number, by the unit of the column."""


@dataclass(frozen=True)
class Limit:
    """A limit of one figure.

    Attributes:
        text: As it was written.
        column: The figure, as `harness results` calls it.
        sign: How the figure must stand to the value.
        value: In the column's own unit.
    """

    text: str
    column: str
    sign: Sign
    value: float

    def excess(self, figure: float | None) -> float:
        """Return by how much a figure misses the limit, over the limit; 0 or less if it does not.

        Over the limit, so that millions of parameters weigh no more than frames a second. What is
        unknown misses it by `UNKNOWN`.
        """
        if figure is None or math.isnan(figure):
            return UNKNOWN
        beyond = figure - self.value if self.sign[0] == "<" else self.value - figure
        if beyond == 0 and len(self.sign) == 1:
            return _LEAST
        return beyond / (abs(self.value) or 1.0)


def read_limit(text: str, units: Mapping[str, str], who: str = "--constraint") -> Limit:
    """Return the limit that a text means.

    Args:
        text: Name of a column, sign, number; or a counting rule and a unit of MACs in place of the
            name. A number may bear K, M, G, T, or a unit that its column has.
        units: Unit of each column that there is, by name.
        who: Begins messages.

    Raises:
        BadRequest: If it is of another form, or its column or unit is unknown.
    """
    form = _FORM.fullmatch(text)
    if form is None or not form["name"] or form["sign"] in ("=", "==", "!="):
        raise BadRequest(f"{who}: a constraint is COLUMN <= NUMBER (or <, >=, >), got {text!r}")
    number = _NUMBER.fullmatch(form["number"])
    if number is None:
        raise BadRequest(f"{who} {text}: a limit must be a number, got {form['number']!r}")
    column, scale = _column(form["name"], units, f"{who} {text}")
    if number["unit"]:
        known = _UNITS.get(units[column], {}) if scale is None else {}
        if number["unit"] not in known:
            may = f"may bear {', '.join(known)}" if known else "bears no unit"
            raise BadRequest(f"{who} {text}: the number {may}, got {number['unit']}")
        scale = known[number["unit"]]
    # By decimals: 2.51 * 1e6 is 2,509,999.9999999995 in binary.
    value = float(Decimal(number["value"]) * Decimal(str(1.0 if scale is None else scale)))
    if not math.isfinite(value):
        raise BadRequest(f"{who} {text}: a limit must be finite, got {form['number']!r}")
    sign: Sign = form["sign"]  # type: ignore[assignment]  # the others are refused above
    return Limit(text.strip(), column, sign, value)


def _column(name: str, units: Mapping[str, str], who: str) -> tuple[str, float | None]:
    """Return the column that a name means, and its unit where the name says one."""
    if name in units:
        return name, None
    rules = [column.partition(".")[2] for column in units if column.startswith("macs.")]
    if found := _MACS.fullmatch(name):
        rule = found["rule"]
        if rule not in rules:
            raise BadRequest(f"{who}: no counting rule {rule!r}{did_you_mean(rule, rules)}")
        return f"macs.{rule}", _COUNTS[found["prefix"].upper()] if found["prefix"] else 1.0
    if _BARE_MACS.fullmatch(name):
        raise BadRequest(f"{who}: MACs need a counting rule, such as conv {name}, got {name}")
    hint = did_you_mean(name, units)
    known = hint if hint.startswith("; did you mean") else "; harness results --list-columns"
    raise BadRequest(f"{who}: no column {name!r}{known}")
