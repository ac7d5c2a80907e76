"""Records made up for tests."""

from dataclasses import replace
from typing import Any

from harness.proxy_record import ProxyRecord
from harness.records import (
    DeviceRecord,
    FailedRecord,
    ProfileRecord,
    ReportedRecord,
    Source,
    StageCost,
    StaticCost,
    WeightsUsed,
)
from harness.timing_records import (
    Latency,
    LayerTime,
    Limits,
    OutputError,
    Range,
    Round,
    Telemetry,
    Timing,
)

TIMING = Timing(
    fps=10.0,
    fps_ci95=(9.5, 10.5),
    iterations=4,
    elapsed_s=0.4,
    latency_s=Latency(mean=0.1, min=0.1, p50=0.1, p90=0.1, p95=0.1, p99=0.1, max=0.1),
    block_means_s=(0.1, 0.1, 0.1, 0.1),
    block_size=1,
    protocol={"name": "paper", "budget_s": None},
    stopped_by="iterations",
    peak_memory_bytes=None,
    warnings=("only 4 passes timed",),
)

PROFILE = ProfileRecord(
    variant="dapf-α2",  # not ASCII, to see that the encoding holds
    spec={"context": {"name": "dapf", "rates": [12, 24, 36]}},
    spec_sha256="ab" * 32,
    input_shape=(1, 3, 1024, 2048),
    static=StaticCost(
        params=2,
        params_constructed=3,
        macs={"conv": 5, "paper": 7},
        conv_io=11,
        peak_activation_bytes=13,
        uncounted={"aten::sort": 1},
    ),
    timing=TIMING,
    environment={"device": {"type": "cpu", "name": "A CPU"}},
    created="2026-01-01T00:00:00+00:00",
)

REPORTED = ReportedRecord(
    variant="fassd-net",
    table="table-1",
    row=6,
    label="FASSD-Net",
    group=None,
    input_shape=(1, 3, 1024, 2048),
    device="GTX 1080 Ti",
    figures={"gflops": "45.1", "fps": "41.1"},
    tensorrt=False,
    source=Source(work="A paper", place="Table I, row 7"),
)

DETAILED_TIMING = replace(
    TIMING,
    stopped_by="until",
    rounds=(
        Round(fps=10.0, iterations=3, elapsed_s=0.3, setup_s=1.5),
        Round(fps=10.0, iterations=1, elapsed_s=0.1, setup_s=2.5),
    ),
    setup_s=2.5,
    backend={"onnxruntime": "1.32.0"},
    output_error=OutputError(relative_l2=1e-5, max_abs=0.5, same_class=0.25, tolerance=1e-3),
    host_s=0.05,
    gpu_s=0.075,
    gpu_busy=0.75,
    energy_j=12.5,
    telemetry=Telemetry(
        samples=3,
        sm_clock_mhz=Range(min=1200.0, mean=1300.0, max=1410.0),
        sm_clock_max_mhz=1980,
        memory_clock_mhz=None,
        memory_clock_max_mhz=None,
        temperature_c=Range(min=40.0, mean=45.0, max=50.0),
        power_w=None,
        throttle={"SW power cap": 0.5},
        foreign_processes=0,
        cpu_steal=0.125,
        swap_bytes=4096,
    ),
    limits=Limits(
        macs_per_s=1e12,
        bytes_per_s=2e11,
        arithmetic_s=0.01,
        memory_s=0.02,
        roofline_s=0.025,
        share=0.25,
    ),
)

DETAILED = replace(
    PROFILE,
    timing=DETAILED_TIMING,
    layers=(
        LayerTime(path="head.0", type="Conv2d", time_s=0.05, macs=3, bytes=4, limit_s=0.01),
        LayerTime(path="", type="Network", time_s=0.01, macs=0, bytes=2, limit_s=0.001),
    ),
    stages=(
        StageCost(
            stage="Head",
            name="Output Conv",
            type=("Conv 1×1", "Upsampling ×4"),
            output_size=(1024, 2048, 19),
            params=2,
            macs=5,
        ),
    ),
    weights=WeightsUsed(file="a.pth", sha256="0" * 64, layout="fassd-net", whole=True),
)

FAILED = FailedRecord(
    variant=PROFILE.variant,
    spec=PROFILE.spec,
    spec_sha256=PROFILE.spec_sha256,
    input_shape=(8, 3, 1024, 2048),
    protocol={"name": "paper", "budget_s": None},
    reason="input 8x3x1024x2048 does not fit the memory of cuda:0",
    peak_memory_bytes=12345,
    environment=PROFILE.environment,
    created=PROFILE.created,
)

DEVICE = DeviceRecord(
    macs_per_s={"fp32": 1e12, "bf16": 4e12},
    bytes_per_s=2e11,
    method={"size": 4096, "repetitions": [5, 7]},
    environment=PROFILE.environment,
    created=PROFILE.created,
)

PROXY = ProxyRecord(
    variant=PROFILE.variant,
    spec=PROFILE.spec,
    spec_sha256=PROFILE.spec_sha256,
    input_shape=PROFILE.input_shape,
    name="synflow",
    source="scores:synflow",
    value=0.5,
    reason=None,
    seed=0,
    environment=PROFILE.environment,
    created=PROFILE.created,
)


def profile(name: str, **fields: Any) -> ProfileRecord:
    """Return the example under another variant name, other fields replaced too."""
    return replace(PROFILE, variant=name, **fields)
