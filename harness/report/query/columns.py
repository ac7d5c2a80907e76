"""The columns of the flat table: name, meaning, raw unit, which way is better, how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from harness.report.conditions import AS_BUILT, WEIGHTS
from harness.timing_records import Latency

Type = Literal["text", "whole", "number", "flag"]
Better = Literal["min", "max"]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How a terminal shows the figures of a column.

    Attributes:
        unit: What stands under the column's name.
        divisor: What a raw figure is divided by for that unit.
        digits: After the point; null for four significant ones.
    """

    unit: str
    divisor: float = 1.0
    digits: int | None = None


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        name: Its name in queries and files.
        about: What it holds.
        unit: Unit of the raw values; empty for text and plain counts.
        type: Type of the values.
        better: Which values are better; null where none are.
        shown: How a terminal shows it; null for as it is.
        timed: Whether it depends on device and protocol.
    """

    name: str
    about: str
    unit: str = ""
    type: Type = "number"
    better: Better | None = None
    shown: Shown | None = None
    timed: bool = False


_MILLION = Shown(unit="M", divisor=1e6, digits=3)
_GIGA = Shown(unit="G", divisor=1e9, digits=3)
_MIB = Shown(unit="MiB", divisor=2.0**20, digits=1)
_MS = Shown(unit="ms", divisor=1e-3)
_PERCENT = Shown(unit="%", divisor=0.01, digits=2)
_SHORT = 12  # digits of a hash that a terminal shows


def _text(name: str, about: str) -> Column:
    return Column(name=name, about=about, type="text")


def _count(name: str, about: str, shown: Shown | None, unit: str = "") -> Column:
    return Column(name=name, about=about, unit=unit, type="whole", better="min", shown=shown)


def _timed(name: str, about: str, unit: str, better: Better | None, shown: Shown) -> Column:
    return Column(name=name, about=about, unit=unit, better=better, shown=shown, timed=True)


_ABOUT = (
    _text("kind", "profile, failed, logged, proxy, reported or device"),
    _text("variant", "name in the catalogue, changed options in brackets"),
    _text("label", "name of the row in the table that reports it"),
    _text("table", "which table reports it"),
    _text("input", "input of the network, NxCxHxW"),
)
_COUNTED = (
    _count("params", "parameters that run at inference", _MILLION),
    _count("params_constructed", "parameters, run or not", _MILLION),
    _count("conv_io", "elements in and out of convolutions", _MILLION),
    _count("peak_activation_bytes", "most activations alive at once", _MIB, "bytes"),
)
_SPEED = (
    _timed("fps", "frames per second", "1/s", "max", Shown(unit="± 95%")),
    _timed("fps_low", "lower end of its 95% interval", "1/s", "max", Shown(unit="1/s")),
    _timed("fps_high", "upper end of its 95% interval", "1/s", "max", Shown(unit="1/s")),
    *(
        _timed(f"latency_s.{field.name}", f"time of a pass, {field.name}", "s", "min", _MS)
        for field in fields(Latency)
    ),
    replace(_timed("iterations", "timed passes", "", None, Shown(unit="", digits=0)), type="whole"),
    _timed("energy_j", "energy of a frame", "J", "min", Shown(unit="J")),
    replace(
        _timed("peak_memory_bytes", "most device memory of a pass", "bytes", "min", _MIB),
        type="whole",
    ),
    _timed("roofline_s", "least time that the device could take", "s", "min", _MS),
    _timed("roofline_share", "that over the measured time", "fraction", "max", _PERCENT),
)
_CONDITIONS = (
    _text("device", "device that was timed or that the figures are of"),
    _text("protocol", "name and content of the protocol: paper@1a2b3c4d"),
    _text("backend", "what executed the network"),
    _text("precision", "fp32, tf32, fp16 or bf16"),
    _text(WEIGHTS, f"file and content of what it was timed with, or {AS_BUILT}"),
    replace(_timed("warnings", "warnings of the timing", "", None, Shown(unit="")), type="whole"),
)
_ACCURACY = (
    Column(
        name="miou",
        about="mIoU of the newest log of the same spec, or as reported",
        unit="fraction",
        better="max",
        shown=_PERCENT,
    ),
    _text("miou_use", "which validation that is: best or final"),
    _text("miou_split", "set that it was validated on"),
)
_RECORD = (
    _text("spec_sha256", "hash of the resolved specification"),
    _text("created", "when it was measured, ISO 8601"),
    _text("reason", "why it failed"),
)

FIXED: Mapping[str, Column] = {
    column.name: column
    for column in (*_ABOUT, *_COUNTED, *_SPEED, *_CONDITIONS, *_ACCURACY, *_RECORD)
}
"""The columns that every table has, values or not."""

_REPORTED_BETTER: Mapping[str, Better] = {
    "gflops": "min", "params_m": "min", "delta_params_m": "min", "fps": "max", "fps_norm": "max",
    "miou": "max",
}  # fmt: skip

MACS, REPORTED, DEVICE_MACS = "macs.", "reported.", "device_macs_per_s."
DEVICE_BYTES = "device_bytes_per_s"
PROXY = "proxy."


def family_column(name: str) -> Column | None:
    """Return a column of which there are as many as the records name; null if it is none of them.

    These are `macs.CONVENTION`, `proxy.NAME`, `reported.FIGURE` and what a device does at best.
    """
    if name.startswith(MACS):
        rule = name.removeprefix(MACS)
        return _count(name, f"multiply-accumulates by the rule {rule}", _GIGA)
    if name.startswith(PROXY):
        about = f"what the proxy {name.removeprefix(PROXY)} says of the network"
        return Column(name=name, about=about, better="max")
    if name.startswith(REPORTED):
        figure = name.removeprefix(REPORTED)
        better = "max" if figure.startswith("iou.") else _REPORTED_BETTER.get(figure)
        about = f"{figure} as printed, where that is a number"
        return Column(name=name, about=about, better=better)
    if name.startswith(DEVICE_MACS):
        precision = name.removeprefix(DEVICE_MACS)
        about = f"multiply-accumulates that the device does in {precision}"
        return Column(name=name, about=about, unit="1/s", better="max", shown=_GIGA)
    if name == DEVICE_BYTES:
        return Column(
            name=name, about="bytes that it reads and writes", unit="bytes/s", better="max",
            shown=_GIGA,
        )  # fmt: skip
    return None


def option_column(name: str, type_: Type) -> Column:
    """Return the column of an option of the spec, `slot.option`."""
    return Column(name=name, about="option of the spec", type=type_)


def short_text(name: str, value: str) -> str:
    """Return a text as a terminal shows it: of a hash its beginning."""
    return value[:_SHORT] if name == "spec_sha256" else value
