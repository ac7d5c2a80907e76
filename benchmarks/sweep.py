"""A static sweep beside the same loop over thop, and what memory it holds, in one run.

    python benchmarks/sweep.py [--variants 1000] [--jobs N] [--sample 20]

`harness sweep` counts variants of FASSD-Net at 1x3x1024x2048 in processes of its own, start
included. The loop over thop takes a sample of the same variants: on the meta device it gets
networks without weights, which is the fastest that it can be; on the CPU it runs as its
documentation has it. CPU seconds are of all processes together; they tell more than the clock
where the machine has other work. Linux only (/proc).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from harness.environment import read_environment
from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from harness.sweep.pool import usable_cpus
from variants.build import build, skeleton
from variants.catalog import load_catalog
from variants.spec import resolve

SHAPE = (1, 3, 1024, 2048)
GRID = {  # 1 + 1 + 8 contexts, 100 each; further schedules where more variants are asked for
    "context.name": ("none", "aspp", "dapf"),
    "context.alpha": (1, 2, 4, 7, 8, 14, 16, 28),
    "stem.strides": ([2, 1, 2, 1], [3, 1, 2, 1], [2, 2, 2, 1], [2, 1, 1, 2], [4, 1, 1, 1]),
    "fusion.merge": ("add", "concat"),
}
PER_SCHEDULE = (1 + 1 + 8) * 5 * 2
EVERY_S = 0.2


class Sample(NamedTuple):
    """Processes of a sweep at one moment: bytes stored, and by process bytes held and CPU."""

    stored: int
    rss: dict[int, int]
    cpu_s: dict[int, float]


def schedules(variants: int) -> tuple[list[int], ...]:
    """Return as many dilation schedules as make at least so many variants."""
    count = -(-variants // PER_SCHEDULE)
    return tuple([1 + n % 16, 1 + n // 16 % 16, 1 + n // 256] for n in range(count))


def flags(variants: int) -> list[str]:
    grid = {**GRID, "fusion.dilations": schedules(variants)}
    each = (
        f"--grid={key}={','.join(str(v).replace(' ', '') for v in values)}"
        for key, values in grid.items()
    )
    return [*each, "--when=context.alpha:context.name=dapf", "--variant=fassd-net"]


def processes(session: int) -> dict[int, tuple[int, float]]:
    """Return bytes held and CPU seconds of each process of a session."""
    found = {}
    page, tick = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                cpu_s = (int(fields[11]) + int(fields[12])) / tick
                found[int(stat.parent.name)] = int(fields[21]) * page, cpu_s
    return found


def run_sweep(variants: int, jobs: int, folder: Path) -> tuple[float, list[Sample], int]:
    """Return the seconds that a sweep took, samples of its processes, and the main one's number."""
    command = [sys.executable, "-m", "harness", "sweep", *flags(variants), f"--jobs={jobs}"]
    stored = folder / "static" / "profile.jsonl"
    start_s = time.monotonic()
    child = subprocess.Popen([*command, f"--results={folder}", "--json"], start_new_session=True)
    samples = []
    while child.poll() is None:
        time.sleep(EVERY_S)
        size = stored.stat().st_size if stored.exists() else 0
        alive = processes(child.pid)
        rss = {pid: held for pid, (held, _) in alive.items()}
        samples.append(Sample(size, rss, {pid: cpu_s for pid, (_, cpu_s) in alive.items()}))
    elapsed_s = time.monotonic() - start_s
    if child.returncode:
        raise SystemExit("the sweep failed")
    return elapsed_s, samples, child.pid


def cpu_seconds(samples: list[Sample]) -> float:
    last: dict[int, float] = {}
    for sample in samples:
        last.update(sample.cpu_s)
    return sum(last.values())


def mebibytes(samples: list[Sample], share: float, main: int) -> tuple[float, float]:
    """Return what main process and largest other one held when so much was stored."""
    whole = samples[-1].stored
    at = next(sample for sample in samples if sample.stored >= share * whole and sample.rss)
    others = [held for pid, held in at.rss.items() if pid != main]
    return at.rss.get(main, 0) / 2**20, max(others, default=0) / 2**20


def loop_over_thop(
    make: Callable[[object], nn.Module], specs: list[object], device: str
) -> tuple[float, float]:
    """Return the seconds and CPU seconds of one variant in a loop over thop."""
    from thop import profile

    start_s, cpu_s = time.monotonic(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        for spec in specs:
            profile(make(spec), (torch.empty(SHAPE, device=device),), verbose=False)
    count = len(specs)
    return (time.monotonic() - start_s) / count, (time.process_time() - cpu_s) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--variants", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=usable_cpus())
    parser.add_argument("--sample", type=int, default=20)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    cpu = read_environment("cpu")["cpu"]
    print(f"{cpu['name']}, {cpu['logical_cores']} cores, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        elapsed_s, samples, pid = run_sweep(arguments.variants, arguments.jobs, Path(folder))
    count = len(schedules(arguments.variants)) * PER_SCHEDULE
    used_s = cpu_seconds(samples)
    print(f"{count:,} variants, {arguments.jobs} processes: {elapsed_s:.1f} s, CPU {used_s:.1f} s")
    for share in (0.1, 0.5, 0.95):
        own, other = mebibytes(samples, share, pid)
        print(f"memory at {share:4.0%}: {own:.0f} MiB, largest worker {other:.0f} MiB")
    grid = {**GRID, "fusion.dilations": schedules(arguments.variants)}
    when = {"context.alpha": {"context.name": "dapf"}}
    definition = Definition(name="benchmark", variants=("fassd-net",), grid=grid, when=when)
    combinations = Combinations(definition, load_catalog())
    step = max(1, combinations.total // (3 * arguments.sample))
    rows = [found.row for n in range(0, combinations.total, step) if (found := combinations.at(n))]
    specs: list[object] = [resolve(row.chosen) for row in rows[: arguments.sample]]
    for title, make, device, some in (
        ("meta device", skeleton, "meta", specs),
        ("CPU", build, "cpu", specs[: max(1, len(specs) // 4)]),
    ):
        thop_s, thop_cpu_s = loop_over_thop(make, some, device)  # type: ignore[arg-type]
        times, cpu_times = thop_s * count / elapsed_s, thop_cpu_s * count / used_s
        print(
            f"thop, {title}: {thop_s * 1e3:.0f} ms a variant, CPU {thop_cpu_s * 1e3:.0f} ms: "
            f"{times:.1f}x the time, {cpu_times:.1f}x the CPU"
        )


if __name__ == "__main__":
    main()
