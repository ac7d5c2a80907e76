"""FPS as another device would have it: the paper's FPS (norm.), and scales measured by us.

FPS (norm.) = FPS / scale of the device, and / the TensorRT factor where TensorRT was used. That one
number fits every network is an assumption, so what comes out is an estimate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from harness.records import ProfileRecord, ReportedRecord
from harness.report.comparison import Comparison
from harness.report.conditions import device_name
from harness.report.ratio import Ratio
from harness.report.scales import Scales

DEVICE_BOUND = ("device", "threads", "warmup")
"""Protocol keys that a device brings with it: its kind, its host's cores, how long it warms up."""


def factor(device: str, scales: Scales, *, tensorrt: bool) -> float | None:
    """Return what an FPS of `device` is divided by; null where `scales` does not say."""
    scale = scales.scale(device)
    if scale is None or not tensorrt:
        return scale
    return None if scales.tensorrt is None else scale * scales.tensorrt


def uses_tensorrt(record: ProfileRecord) -> bool:
    """Return whether a timed record was taken with TensorRT."""
    return record.timing is not None and record.timing.protocol.get("provider") == "tensorrt"


def normalised(record: ProfileRecord, scales: Scales) -> float | None:
    """Return a measured FPS, normalised; null without timing, or where `scales` does not say."""
    by = factor(device_name(record.environment), scales, tensorrt=uses_tensorrt(record))
    return None if record.timing is None or by is None else record.timing.fps / by


def normalised_print(record: ReportedRecord, scales: Scales) -> str | None:
    """Return a reported FPS, normalised, with as many digits as its FPS is printed with.

    `~1` and `<1` keep their sign. Null where the record has no FPS, or `scales` does not say.
    """
    printed = re.fullmatch(r"([~<]?)(\d+(?:\.(\d+))?)", record.figures.get("fps", ""))
    by = factor(record.device, scales, tensorrt=record.tensorrt)
    if printed is None or by is None:
        return None
    sign, number, decimals = printed.groups(default="")
    exact = Decimal(number) / Decimal(str(by))
    return f"{sign}{exact.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)}"


@dataclass(frozen=True, kw_only=True)
class MeasuredScale:
    """How fast one device is relative to another, by networks that were timed on both.

    Attributes:
        device: The device.
        reference: The device whose scale is 1.
        ratio: The scale and its interval.
        variants: How many networks it is the geometric mean of.
        table: What the table beside it is called.
        table_scale: What that table says; null where it lacks one of the devices.
    """

    device: str
    reference: str
    ratio: Ratio
    variants: int
    table: str
    table_scale: float | None

    def __str__(self) -> str:
        value, ci95 = f"{self.ratio.value:.2f}", self.ratio.ci95
        interval = f" ({ci95[0]:.2f} to {ci95[1]:.2f})" if ci95 else " (interval unknown)"
        table = "" if self.table_scale is None else f"; {self.table} says {self.table_scale:.2f}"
        return (
            f"measured scale of {self.device} to {self.reference}: {value}{interval}, from "
            f"{self.variants} variant{'s' if self.variants > 1 else ''}{table}"
        )


def measured_scale(comparison: Comparison, scales: Scales) -> MeasuredScale | None:
    """Return the scale of B's device to A's: the geometric mean of the ratios.

    Null where the device is not all that differs (but for what it brings with it), or where no
    network was timed on both.
    """
    unlike = set(comparison.unlike)
    if "device" not in unlike or not unlike <= set(DEVICE_BOUND) or comparison.mean is None:
        return None
    if any(each.pair.a.input_shape != each.pair.b.input_shape for each in comparison.compared):
        return None
    reference, device = comparison.a.conditions.device, comparison.b.conditions.device
    ours, theirs = scales.scale(device), scales.scale(reference)
    return MeasuredScale(
        device=device,
        reference=reference,
        ratio=comparison.mean,
        variants=len(comparison.compared),
        table=scales.name,
        table_scale=ours / theirs if ours and theirs else None,
    )
