"""Records made up for tests."""

from dataclasses import replace
from typing import Any

from harness.records import (
    Latency,
    ProfileRecord,
    ReportedRecord,
    Source,
    StaticCost,
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


def profile(name: str, **fields: Any) -> ProfileRecord:
    """Return the example under another variant name, other fields replaced too."""
    return replace(PROFILE, variant=name, **fields)
