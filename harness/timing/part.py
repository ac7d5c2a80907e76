"""What one process hands back: the raw result of timing one network for a while."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.timing.loop import StoppedBy
from harness.timing_records import OutputError, Telemetry


@dataclass(frozen=True, kw_only=True)
class Part:
    """One round of one network. A `Timing` is made of several (`harness.timing.combine`).

    Attributes:
        pass_s: Seconds of each timed pass, in order.
        elapsed_s: Wall-clock seconds between the two synchronisations.
        stopped_by: Why the loop ended.
        setup_s: Seconds until the first pass was over: transforms, export, compilation, that pass.
        host_s: Mean seconds that the host was busy with the call of one pass.
        gpu_s: Seconds of one pass on the GPU alone; null where unknown.
        energy_j: Joules that the GPU drew during the timed passes; null where unknown.
        peak_memory_bytes: Most device memory that torch had allocated during a pass; null where
            unknown, as on the CPU and where the backend takes memory elsewhere.
        backend: Versions and choices of what executed the network.
        output_error: Distance to the output of eager in fp32; null where that itself ran.
        telemetry: What the machine said about itself; null where nobody asked.
        notes: Reasons to distrust the figure that only this process could see, in words.
    """

    pass_s: tuple[float, ...]
    elapsed_s: float
    stopped_by: StoppedBy
    setup_s: float
    host_s: float
    gpu_s: float | None = None
    energy_j: float | None = None
    peak_memory_bytes: int | None = None
    backend: dict[str, str] = field(default_factory=dict)
    output_error: OutputError | None = None
    telemetry: Telemetry | None = None
    notes: tuple[str, ...] = ()
