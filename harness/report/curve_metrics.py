"""What a curve can show: figures of records, with the unit that their axis has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

from harness.errors import BadRequest, did_you_mean
from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import ProfileRecord
from harness.report.query.columns import PROXY
from harness.timing_records import Latency, Timing

Source = ProfileRecord | LoggedRecord | ProxyRecord
Origin = Literal["counted", "timed", "logged", "scored"]
Interval = tuple[float, float] | None

GIGA, MILLION, MEBI, MILLI, PERCENT = 1e9, 1e6, 2.0**20, 1e-3, 1e-2
LATENCIES = tuple(field.name for field in fields(Latency))
COUNTED = ("params", "params_constructed", "conv_io", "peak_activation_bytes")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure of a record.

    Attributes:
        name: As a user writes it.
        label: What stands along its axis, unit included.
        unit: What the raw figure is divided by for the axis.
        origin: Which records have it.
        needs_input: Whether it depends on the input size.
    """

    name: str
    label: str
    unit: float
    origin: Origin
    needs_input: bool = True

    def value(self, record: Source) -> float | None:
        """Return the figure in the axis' unit; null where the record has none."""
        raw = self.raw(record)
        return None if raw is None else raw / self.unit

    def raw(self, record: Source) -> int | float | None:
        """Return the figure as the record has it, a count as a whole number; null without."""
        return _raw(self.name, record)

    def ci95(self, record: Source) -> Interval:
        """Return the 95% interval of `value`; null where it is unknown.

        The interval of a rate is that of its reciprocal, the mean latency, too.
        """
        timing = record.timing if isinstance(record, ProfileRecord) else None
        if timing is None or timing.fps_ci95 is None:
            return None
        low, high = timing.fps_ci95
        if self.name == "fps":
            return low / self.unit, high / self.unit
        if self.name != "latency_s.mean" or low <= 0:
            return None
        mean = timing.latency_s.mean / self.unit
        return mean * timing.fps / high, mean * timing.fps / low


_FIXED: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(name="params", label="Parameters (M)", unit=MILLION, origin="counted",
               needs_input=False),
        Metric(name="params_constructed", label="Parameters constructed (M)", unit=MILLION,
               origin="counted", needs_input=False),
        Metric(name="conv_io", label="Convolution input + output (M elements)", unit=MILLION,
               origin="counted"),
        Metric(name="peak_activation_bytes", label="Peak activations (MiB)", unit=MEBI,
               origin="counted"),
        Metric(name="fps", label="FPS", unit=1, origin="timed"),
        Metric(name="energy_j", label="Energy per frame (J)", unit=1, origin="timed"),
        Metric(name="peak_memory_bytes", label="Peak device memory (MiB)", unit=MEBI,
               origin="timed"),
        Metric(name="roofline_s", label="Least time of the device (ms)", unit=MILLI,
               origin="timed"),
        Metric(name="roofline_share", label="Least time over measured (%)", unit=PERCENT,
               origin="timed"),
        Metric(name="miou", label="mIoU (%)", unit=PERCENT, origin="logged", needs_input=False),
        *(
            Metric(name=f"latency_s.{name}", label=f"Latency, {name} (ms)", unit=MILLI,
                   origin="timed")
            for name in LATENCIES
        ),
    )
}  # fmt: skip
MACS = "macs."


def metric_of(name: str, who: str) -> Metric:
    """Return the metric called `name`.

    Whether records know a convention behind `macs.`, or a score behind `proxy.`, shows when they
    are read.

    Raises:
        BadRequest: If there is none; `who` begins the message.
    """
    if name in _FIXED:
        return _FIXED[name]
    if name.startswith(MACS) and len(name) > len(MACS):
        rule = name.removeprefix(MACS)
        return Metric(name=name, label=f"MACs (G, convention {rule})", unit=GIGA, origin="counted")
    if name.startswith(PROXY) and len(name) > len(PROXY):
        label = f"{name.removeprefix(PROXY)} (proxy)"
        return Metric(name=name, label=label, unit=1, origin="scored")
    raise BadRequest(f"{who}: no metric {name!r}{did_you_mean(name, [*_FIXED, 'macs.paper'])}")


def _raw(name: str, record: Source) -> int | float | None:
    if isinstance(record, ProxyRecord):
        return record.value if name == f"{PROXY}{record.name}" else None
    if isinstance(record, LoggedRecord):
        return record.miou if name == "miou" else None
    if name.startswith(MACS):
        return record.static.macs.get(name.removeprefix(MACS))
    if name in COUNTED:
        counted: int = getattr(record.static, name)
        return counted
    return None if record.timing is None else _timed(name, record.timing)


def _timed(name: str, timing: Timing) -> float | None:
    if name == "fps":
        return timing.fps
    if name in ("energy_j", "peak_memory_bytes"):
        figure: float | None = getattr(timing, name)
        return figure
    if name.startswith("roofline_"):
        limits = timing.limits
        if limits is None:
            return None
        return limits.roofline_s if name == "roofline_s" else limits.share
    latency: float | None = getattr(timing.latency_s, name.removeprefix("latency_s."), None)
    return latency
