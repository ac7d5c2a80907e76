"""Records made up for the tests of the reports; each test states what it changes."""

from __future__ import annotations

from typing import Any

from harness.logged_record import LoggedRecord, LogReading, Score
from harness.records import (
    DeviceRecord,
    FailedRecord,
    ProfileRecord,
    ReportedRecord,
    Source,
    StaticCost,
    WeightsUsed,
)
from harness.timing_records import Latency, Timing

GPU = "NVIDIA H200"
CPU = "AMD EPYC 9554"

# Parameters and giga-MACs (convention `paper`, rounded) of the networks in Table I's rows.
COUNTS = {
    "fc-hardnet-70": (4_119_257, 35.502),
    "baseline": (1_896_365, 32.909),
    "baseline-aspp": (3_849_069, 36.793),
    "baseline-dapf": (2_362_509, 33.866),
    "baseline-mda": (2_379_207, 44.156),
    "baseline-aspp-mda": (4_331_911, 48.039),
    "baseline-dapf-mda": (2_845_351, 45.112),
}


def protocol(**changes: Any) -> dict[str, Any]:
    """Return a protocol with some keys changed."""
    base = {
        "name": "paper",
        "input": [1, 3, 1024, 2048],
        "device": "cuda",
        "precision": "fp32",
        "tf32": False,
        "memory_format": "contiguous",
        "warmup": 50,
        "iterations": 10_000,
        "budget_s": None,
        "min_iterations": 5,
    }
    return base | changes


def timing(fps: float, **changes: Any) -> Timing:
    """Return a timing of `fps` with some fields changed."""
    second = 1 / fps
    latency = Latency(
        mean=second, min=second, p50=second, p90=second, p95=second, p99=second, max=second
    )
    base: dict[str, Any] = {
        "fps": fps,
        "fps_ci95": None,
        "iterations": 10_000,
        "elapsed_s": 10_000 * second,
        "latency_s": latency,
        "block_means_s": (second,),
        "block_size": 10_000,
        "protocol": protocol(),
        "stopped_by": "iterations",
        "peak_memory_bytes": None,
        "warnings": (),
    }
    return Timing(**(base | changes))


def trained(letter: str = "c", *, whole: bool = True) -> WeightsUsed:
    """Return weights of a file of its own, `c.pth@cccccccc`."""
    return WeightsUsed(file=f"{letter}.pth", sha256=letter * 64, layout="erfnet", whole=whole)


def profile(variant: str, *, fps: float | None = None, device: str = GPU, **changes: Any) -> Any:
    """Return a measurement of a row of Table I with some fields changed.

    Args:
        variant: Catalogue name.
        fps: Its rate; null for a count without timing.
        device: Name of the device.
        **changes: Fields of `ProfileRecord`, or `params`, `gmacs`, `uncounted`.
    """
    params, gmacs = COUNTS.get(variant, (1_000_000, 1.0))
    static = StaticCost(
        params=changes.pop("params", params),
        params_constructed=params,
        macs={"conv": 1, "paper": round(changes.pop("gmacs", gmacs) * 1e9)},
        conv_io=1,
        peak_activation_bytes=1,
        uncounted=changes.pop("uncounted", {}),
    )
    base: dict[str, Any] = {
        "variant": variant,
        "spec": {"network": variant},
        "spec_sha256": "a" * 64,
        "input_shape": (1, 3, 1024, 2048),
        "static": static,
        "timing": None if fps is None else timing(fps),
        "environment": {"device": {"name": device}, "torch": "2.13.0", "cuda": "12.6"},
        "created": "2026-01-02T03:04:05+00:00",
    }
    return ProfileRecord(**(base | changes))


def reported(variant: str, **changes: Any) -> ReportedRecord:
    """Return a row of a made-up publication's table with some fields changed."""
    base: dict[str, Any] = {
        "variant": variant,
        "table": "table-1",
        "row": 0,
        "label": variant.upper(),
        "group": None,
        "input_shape": (1, 3, 1024, 2048),
        "device": "GTX 1080 Ti",
        "figures": {"gflops": "45.1", "params_m": "2.85", "fps": "41.1", "miou": "78.2"},
        "tensorrt": False,
        "source": Source(work="A. Author, A Paper, 2020", place="Table I, row 1"),
    }
    return ReportedRecord(**(base | changes))


def failed(variant: str, **changes: Any) -> FailedRecord:
    """Return a timing that failed with some fields changed."""
    base: dict[str, Any] = {
        "variant": variant,
        "spec": {"network": variant},
        "spec_sha256": "a" * 64,
        "input_shape": (1, 3, 1024, 2048),
        "protocol": protocol(),
        "reason": "out of memory",
        "peak_memory_bytes": None,
        "environment": {"device": {"name": GPU}},
        "created": "2026-01-05T00:00:00+00:00",
    }
    return FailedRecord(**(base | changes))


def roof(device: str = GPU) -> DeviceRecord:
    """Return what a device can do at best."""
    return DeviceRecord(
        macs_per_s={"fp32": 1e13},
        bytes_per_s=1e12,
        method={},
        environment={"device": {"name": device}},
        created="2026-01-06T00:00:00+00:00",
    )


def logged(variant: str, miou: float, **changes: Any) -> LoggedRecord:
    """Return a training log whose validations all gave `miou`, with some fields changed.

    Args:
        variant: Catalogue name.
        miou: A fraction.
        **changes: Fields of `LoggedRecord` and of its reading, or `best`, `classes`.
    """
    final = Score(miou=miou, step=90_000, per_class_iou=changes.pop("classes", None))
    best = changes.pop("best", final)
    reading: dict[str, Any] = {
        "format": "text",
        "metric": "mIoU",
        "final": final,
        "best": best,
        "unit": "fraction",
        "step_unit": "iteration",
        "validations": 1,
        "finished": True,
        "split": "val",
        "notes": (),
    }
    reading |= {key: changes.pop(key) for key in tuple(changes) if key in reading}
    base: dict[str, Any] = {
        "variant": variant,
        "spec": {"network": variant},
        "spec_sha256": "a" * 64,
        "miou": miou,
        "use": "final",
        "reading": LogReading(**reading),
        "file": "train.log",
        "file_sha256": "b" * 64,
        "file_bytes": 1,
        "created": "2026-01-03T00:00:00+00:00",
    }
    return LoggedRecord(**(base | changes))
