"""Where the time of a pass goes, as lines for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.cli.options import si

if TYPE_CHECKING:
    from harness.timing_records import LayerTime

WIDTH = 80
_HEAD = f"  {'time':>9}  {'share':>6}  {'MACs':>10}  {'of limit':>8}  module"
_MODULE_WIDTH = WIDTH - len(_HEAD) + len("module")


def layer_lines(
    layers: Sequence[LayerTime], limit: int = 15, pass_s: float | None = None
) -> list[str]:
    """Return the modules that took longest and what the others took together.

    Args:
        layers: The one that took longest first.
        limit: How many to name.
        pass_s: Measured seconds per pass, without the profiler; it is set beside the sum.
    """
    total_s = sum(layer.time_s for layer in layers)
    beside = f"; a pass alone takes {_ms(pass_s)}" if pass_s is not None else ""
    lines = [f"  layers       {_ms(total_s)} of operators, profiled{beside}", _HEAD]
    named, others = layers[:limit], layers[limit:]
    for layer in named:
        lines.append(_line([layer], total_s, _module(layer)))
    if others:
        lines.append(_line(others, total_s, f"{len(others)} more"))
    if any(layer.limit_s > layer.time_s for layer in named):
        lines.append("  over 100% of limit: tensors that a cache still held, faster than memory")
    return lines


def _line(layers: Sequence[LayerTime], total_s: float, module: str) -> str:
    time_s = sum(layer.time_s for layer in layers)
    share = f"{time_s / total_s:.1%}" if total_s else "-"
    macs = sum(layer.macs for layer in layers)
    of_limit = f"{sum(layer.limit_s for layer in layers) / time_s:.0%}" if time_s else "-"
    counted = si(macs) if macs else "-"
    return f"  {_ms(time_s):>9}  {share:>6}  {counted:>10}  {of_limit:>8}  {module}"


def _module(layer: LayerTime) -> str:
    """Return path and class; of what is too long, the end of the path, which says more."""
    name = f"{layer.path} {layer.type}" if layer.path else f"{layer.type} (the network itself)"
    return name if len(name) <= _MODULE_WIDTH else f"…{name[1 - _MODULE_WIDTH :]}"


def _ms(seconds: float) -> str:
    """Return milliseconds with three digits, no more than three of them decimals."""
    ms = float(f"{seconds * 1e3:.3g}") if seconds < 1 else seconds * 1e3
    digits = 0 if ms >= 100 else 1 if ms >= 10 else 2 if ms >= 1 else 3
    return f"{ms:.{digits}f} ms"
