"""A record in a few lines, as a terminal of 80 columns shows them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.cli.options import si, size_text

if TYPE_CHECKING:
    from harness.crosscheck import Comparison
    from harness.records import FailedRecord, ProfileRecord, StaticCost
    from harness.timing_records import Latency, Telemetry, Timing

WIDTH = 80
INDENT = 15  # where the values begin


def failure_line(record: FailedRecord) -> str:
    """Return what went wrong with a variant, in one line."""
    peak = record.peak_memory_bytes
    memory = f" (peak memory {peak / 2**30:.2f} GiB)" if peak else ""
    name = record.variant + (f" with {record.weights.label}" if record.weights else "")
    return f"{name}: {record.reason}{memory}"


def record_lines(record: ProfileRecord, comparisons: Sequence[Comparison] = ()) -> list[str]:
    """Return what was counted and timed of one variant."""
    lines = [f"{record.variant}  {size_text(record.input_shape)}", *_static_lines(record.static)]
    lines += [
        f"  check        {c.tool} {c.version} itself counts {c.theirs:,}: agrees"
        for c in comparisons
    ]
    if record.weights is not None:
        rest = "" if record.weights.whole else ", the rest as built"
        used = record.weights
        lines.append(f"  weights      {used.file} (sha256 {used.sha256[:12]}), {used.layout}{rest}")
    if record.timing is not None:
        lines += _timing_lines(record.timing, record.environment)
    if record.layers is not None:
        from harness.cli.layers_text import layer_lines

        pass_s = record.timing.latency_s.mean if record.timing else None
        lines += layer_lines(record.layers, pass_s=pass_s)
    return lines


def summary_lines(records: Sequence[ProfileRecord]) -> list[str]:
    """Return how the fastest of several timed variants compares with each other one."""
    timed = [(r.variant, r.timing) for r in records if r.timing is not None]
    if len(timed) < 2:
        return []
    timed.sort(key=lambda each: -each[1].fps)
    (fastest, best), *others = timed
    lines = ["Summary", f"  {fastest} ran"]
    for name, timing in others:
        ratio = best.fps / timing.fps
        widths = [_half_width(best), _half_width(timing)]
        spread = ""
        if None not in widths:
            spread = f" +- {ratio * math.hypot(*(w for w in widths if w is not None)):.2f}"
        lines.append(f"    {ratio:.2f}{spread} times as fast as {name}")
    return lines


def _half_width(timing: Timing) -> float | None:
    """Return the half-width of the interval of FPS, relative to it."""
    return None if timing.fps_ci95 is None else timing.fps_ci95[1] / timing.fps - 1


def _static_lines(static: StaticCost) -> list[str]:
    built = static.params_constructed
    unused = f" run at inference, of {built:,} constructed" if built != static.params else ""
    first, *rest = (f"{si(macs)} {name}" for name, macs in static.macs.items())
    lines = [
        f"  parameters   {static.params:,}{unused}",
        f"  MACs         {first}",
        f"               {' | '.join(rest)}",
        f"  conv in+out  {si(static.conv_io)} elements",
        f"  activations  {static.peak_activation_bytes / 2**20:.1f} MiB at the peak",
    ]
    for name, calls in static.uncounted.items():
        lines.append(f"  warning: {name} ({calls} calls) has no counting rule: not in the MACs")
    return lines


def _timing_lines(timing: Timing, environment: dict[str, Any]) -> list[str]:
    named = {
        "speed": _speed(timing),
        "per pass": _latency(timing.latency_s),
        "timed": _timed(timing),
        "on": _conditions(timing, environment),
        "set-up": _set_up(timing),
        "limit": _limit(timing),
        "GPU": _gpu(timing),
    }
    lines = []
    for name, text in named.items():
        if text:
            lines += textwrap.wrap(
                f"  {name:<12} {text}", WIDTH, subsequent_indent=" " * INDENT,
                break_long_words=False,
            )  # fmt: skip
    for text in timing.warnings:
        lines += textwrap.wrap(f"  warning: {text}", WIDTH, subsequent_indent=" " * 11)
    return lines


def _speed(timing: Timing) -> str:
    half_width = _half_width(timing)
    if timing.fps_ci95 is None or half_width is None:
        return f"{timing.fps:.4g} FPS, of too few passes for an interval"
    low, high = timing.fps_ci95
    return f"{timing.fps:.4g} FPS +- {half_width:.2%} (95% CI {low:.4g} to {high:.4g})"


def _latency(latency: Latency) -> str:
    return (
        f"mean {_ms(latency.mean)}, p50 {_ms(latency.p50)}, p99 {_ms(latency.p99)}, "
        f"range {_ms(latency.min)} to {_ms(latency.max)}"
    )


def _timed(timing: Timing) -> str:
    why = (
        {
            "iterations": "",
            "budget": f", ended by the budget of {timing.protocol.get('budget_s'):g} s",
            "interrupt": ", interrupted",
            "until": ", until the interval was narrow enough",
        }[timing.stopped_by]
        if timing.stopped_by != "iterations"
        else ""
    )
    rounds = len(timing.rounds)
    return f"{timing.iterations:,} passes in {rounds} process{'es' * (rounds != 1)}{why}"


def _conditions(timing: Timing, environment: dict[str, Any]) -> str:
    device = environment.get("device")
    name = device.get("name") if isinstance(device, dict) else "unknown device"
    protocol = timing.protocol
    how = [str(protocol.get("backend")), str(protocol.get("precision"))]
    how += [str(protocol["provider"])] if protocol.get("provider") else []
    how += ["channels last"] if protocol.get("memory_format") == "channels_last" else []
    how += ["BatchNorm folded"] if protocol.get("fold_bn") else []
    if protocol.get("device") == "cpu":
        how.append(f"{protocol.get('threads')} threads")
    return f"{name}, {', '.join(how)}, protocol {protocol.get('name')}"


def _set_up(timing: Timing) -> str:
    """Return what came before the passes, where it is more than eager's first pass."""
    if timing.output_error is None or timing.setup_s is None:
        return ""
    error = timing.output_error
    about = ", ".join(f"{key} {value}" for key, value in (timing.backend or {}).items())
    return (
        f"{timing.setup_s:.3g} s{f' ({about})' if about else ''}; output within "
        f"{error.relative_l2:.1e} of eager's, {error.same_class:.2%} of pixels of one class"
    )


def _limit(timing: Timing) -> str:
    limits = timing.limits
    if limits is None:
        return ""
    return (
        f"{_ms(limits.roofline_s)} at the best that this device does "
        f"({si(limits.macs_per_s)}MAC/s, {si(limits.bytes_per_s)}B/s): "
        f"{limits.share:.0%} of it reached"
    )


def _gpu(timing: Timing) -> str:
    said = []
    if timing.gpu_busy is not None:
        said.append(f"busy {timing.gpu_busy:.0%}")
    if timing.peak_memory_bytes is not None:
        said.append(f"{timing.peak_memory_bytes / 2**20:.0f} MiB at the peak")
    if timing.energy_j is not None:
        said.append(f"{timing.energy_j:.3g} J a frame")
    if timing.telemetry is not None:
        said += _telemetry(timing.telemetry)
    return ", ".join(said)


def _telemetry(telemetry: Telemetry) -> list[str]:
    said = []
    if telemetry.sm_clock_mhz is not None:
        said.append(f"{telemetry.sm_clock_mhz.mean:.0f} MHz")
    if telemetry.temperature_c is not None:
        said.append(f"{telemetry.temperature_c.max:.0f} C")
    return said


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.4g} ms"
