"""What a timing says, as records store it: raw seconds, shares and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Seconds per pass over all timed passes: mean, extremes and percentiles."""

    mean: float
    min: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, kw_only=True)
class Round:
    """One fresh process's share of a timing.

    Attributes:
        fps: Frames per second of this share alone.
        iterations: Timed passes.
        elapsed_s: Wall-clock seconds between its two synchronisations.
        setup_s: Seconds until the first pass was done: transforms, export, compilation, and that
            pass. Warm-up is not in it.
    """

    fps: float
    iterations: int
    elapsed_s: float
    setup_s: float


@dataclass(frozen=True, kw_only=True)
class OutputError:
    """How far the timed network's output is from that of the same network, eager and in fp32.

    Attributes:
        relative_l2: L2 norm of the difference over the L2 norm of eager's output.
        max_abs: Largest absolute difference.
        same_class: Share of positions whose largest channel is the same.
        tolerance: The `relative_l2` above which the network would not have been timed.
    """

    relative_l2: float
    max_abs: float
    same_class: float
    tolerance: float


@dataclass(frozen=True, kw_only=True)
class Range:
    """Extremes and mean of what was sampled."""

    min: float
    mean: float
    max: float


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """What the machine said about itself while the passes ran; null where it does not say.

    Attributes:
        samples: How often the GPU was asked.
        sm_clock_mhz: Clock of the GPU's multiprocessors.
        sm_clock_max_mhz: The highest that the card allows.
        memory_clock_mhz: Clock of the GPU's memory.
        memory_clock_max_mhz: The highest that the card allows.
        temperature_c: Of the GPU.
        power_w: Drawn by the GPU.
        throttle: Reasons for lower clocks, with the share of samples that named them; empty where
            there was none, or none is known.
        foreign_processes: Most other processes that computed on the GPU at once.
        cpu_steal: Share of the processors' busy time that the hypervisor gave to others.
        swap_bytes: Bytes that moved between memory and swap, in the whole machine.
        kernel_share: Share of the measuring process's processor time that went to the operating
            system, page faults above all; null on a GPU, whose passes it does not make.
    """

    samples: int
    sm_clock_mhz: Range | None
    sm_clock_max_mhz: int | None
    memory_clock_mhz: Range | None
    memory_clock_max_mhz: int | None
    temperature_c: Range | None
    power_w: Range | None
    throttle: dict[str, float]
    foreign_processes: int | None
    cpu_steal: float | None
    swap_bytes: int | None
    kernel_share: float | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The least time that a pass could take on this device, by what was measured on it.

    Attributes:
        macs_per_s: Multiply-accumulates per second at best (`harness.timing.limits`).
        bytes_per_s: Bytes read plus bytes written per second at best.
        arithmetic_s: Seconds of the `conv` MACs at that rate.
        memory_s: Seconds of the operators' traffic (inputs, weights, outputs) at that bandwidth.
        roofline_s: Sum over operators of the larger of the two.
        share: `roofline_s` over the measured seconds per pass.
    """

    macs_per_s: float
    bytes_per_s: float
    arithmetic_s: float
    memory_s: float
    roofline_s: float
    share: float


@dataclass(frozen=True, kw_only=True)
class LayerTime:
    """Where the time of a pass goes: one module, without the modules below it.

    Attributes:
        path: Path from the network; empty for the network itself.
        type: Class name.
        time_s: Seconds of its own operators per pass, by torch's profiler.
        macs: `conv` MACs of its own operators.
        bytes: Traffic of its own operators: inputs, weights and outputs.
        limit_s: The least seconds that its operators could take on this device (roofline).
    """

    path: str
    type: str
    time_s: float
    macs: int
    bytes: int
    limit_s: float


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How fast a network ran under one protocol.

    Attributes:
        fps: Frames per second: frames over the wall-clock time between the two synchronisations.
        fps_ci95: 95% confidence interval of `fps`: the wider of that of blocks and that of rounds
            (`harness.timing.statistics`); null below two blocks.
        iterations: Timed passes that were done.
        elapsed_s: Wall-clock seconds between the two synchronisations.
        latency_s: Distribution of the passes.
        block_means_s: Mean seconds per pass of consecutive blocks of passes, in order.
        block_size: Passes in each block (the last passes that fill no block are left out).
        protocol: Everything that decided the figure (`harness.timing.protocol`).
        stopped_by: Why the loop ended.
        peak_memory_bytes: Most device memory allocated during a pass; null where unknown.
        warnings: Reasons to distrust the figure, in words.
        rounds: The shares of the timing, each in a fresh process, in the order of time.
        setup_s: Longest set-up of the backend over the rounds, in seconds.
        backend: Versions and choices of what executed the network.
        output_error: Distance to eager's output; null where the network ran eager and unchanged.
        host_s: Mean seconds that the host was busy with the call of one pass.
        gpu_s: Seconds of one pass on the GPU alone, enqueued whole before it began; null on the
            CPU or where it could not be taken.
        gpu_busy: Share of the passes' time that the GPU worked and did not wait for the host.
        energy_j: Joules per frame that the GPU drew; null where it has no counter.
        telemetry: Clocks, temperature, throttling, steal and swap during the run.
        limits: The least time that this device could take.
    """

    fps: float
    fps_ci95: tuple[float, float] | None
    iterations: int
    elapsed_s: float
    latency_s: Latency
    block_means_s: tuple[float, ...]
    block_size: int
    protocol: dict[str, Any]
    stopped_by: Literal["iterations", "budget", "interrupt", "until"]
    peak_memory_bytes: int | None
    warnings: tuple[str, ...]
    rounds: tuple[Round, ...] = ()
    setup_s: float | None = None
    backend: dict[str, str] | None = None
    output_error: OutputError | None = None
    host_s: float | None = None
    gpu_s: float | None = None
    gpu_busy: float | None = None
    energy_j: float | None = None
    telemetry: Telemetry | None = None
    limits: Limits | None = None
