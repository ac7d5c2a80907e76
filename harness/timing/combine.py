"""Rounds of one network, joined into one `Timing`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from harness.timing import statistics, telemetry
from harness.timing.part import Part
from harness.timing.plan import until_met
from harness.timing.protocol import Protocol
from harness.timing.stability import Evidence, doubts
from harness.timing_records import Round, Timing


def combine(protocol: Protocol, parts: Sequence[Part]) -> Timing:
    """Return the timing that `parts` make under `protocol`; at least one part, in order."""
    rounds = [part.pass_s for part in parts]
    passes = [seconds for values in rounds for seconds in values]
    elapsed_s = math.fsum(part.elapsed_s for part in parts)
    batch = protocol.input[0]
    frames = len(passes) * batch
    fps = frames / elapsed_s
    half_width = statistics.relative_half_width(rounds)
    block_size, block_means_s = statistics.blocks_of(rounds)
    stopped_by = _stopped_by(protocol, parts)
    energies = [part.energy_j for part in parts if part.energy_j is not None]
    gpu_s = _mean([part.gpu_s for part in parts if part.gpu_s is not None])
    latency = statistics.latency(passes)
    return Timing(
        fps=fps,
        fps_ci95=statistics.fps_interval(fps, half_width),
        iterations=len(passes),
        elapsed_s=elapsed_s,
        latency_s=latency,
        block_means_s=block_means_s,
        block_size=block_size,
        protocol=protocol.to_dict(),
        stopped_by=stopped_by,
        peak_memory_bytes=max(
            (part.peak_memory_bytes for part in parts if part.peak_memory_bytes is not None),
            default=None,
        ),
        warnings=doubts(Evidence(protocol, tuple(parts), half_width, stopped_by)),
        rounds=tuple(_round(part, batch) for part in parts),
        setup_s=max(part.setup_s for part in parts),
        backend=_backend([part.backend for part in parts]),
        output_error=max(
            (part.output_error for part in parts if part.output_error),
            key=lambda error: error.relative_l2,
            default=None,
        ),
        host_s=math.fsum(part.host_s * len(part.pass_s) for part in parts) / len(passes),
        gpu_s=gpu_s,
        gpu_busy=None if gpu_s is None else min(1.0, gpu_s / latency.mean),
        energy_j=_per_frame(energies, len(parts), frames),
        telemetry=telemetry.combine([part.telemetry for part in parts if part.telemetry]),
    )


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _per_frame(energies: Sequence[float], parts: int, frames: int) -> float | None:
    """Return joules per frame; None unless every round had a counter."""
    return math.fsum(energies) / frames if len(energies) == parts else None


def _backend(each: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return what the rounds say of their backends; where they differ, all of it."""
    keys = dict.fromkeys(key for about in each for key in about)
    return {
        key: "; ".join(dict.fromkeys(about.get(key, "not stated") for about in each))
        for key in keys
    }


def _round(part: Part, batch: int) -> Round:
    return Round(
        fps=len(part.pass_s) * batch / part.elapsed_s,
        iterations=len(part.pass_s),
        elapsed_s=part.elapsed_s,
        setup_s=part.setup_s,
    )


def _stopped_by(
    protocol: Protocol, parts: Sequence[Part]
) -> Literal["iterations", "budget", "interrupt", "until"]:
    if any(part.stopped_by == "interrupt" for part in parts):
        return "interrupt"
    if until_met(protocol, parts):
        return "until"
    done = sum(len(part.pass_s) for part in parts)
    return "iterations" if done >= protocol.iterations else "budget"
