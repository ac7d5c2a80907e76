"""What whole processes cost: counting beside `import torch`, listing beside `import typer, rich`.

    python benchmarks/startup.py [--rounds 9]

Pairs run in turn, A B A B; what is printed is the median of the pairwise ratios of wall-clock time,
and the ratio of the medians of peak memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

HARNESS = [sys.executable, "-m", "harness"]
TORCH = [sys.executable, "-c", "import torch"]
TYPER = [sys.executable, "-c", "import typer, rich"]
# pair -> limit on the ratio of time
PAIRS = {
    "harness profile --variant fassd-net --no-timing": (
        [*HARNESS, "profile", "--variant", "fassd-net", "--no-timing"], TORCH, 1.25,
    ),
    "harness --help": ([*HARNESS, "--help"], TYPER, 2.0),
    "harness list": ([*HARNESS, "list"], TYPER, 2.0),
}  # fmt: skip


def run(command: list[str], folder: str) -> tuple[float, int]:
    """Return wall-clock seconds and peak resident bytes of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {process.returncode}")
    return elapsed, usage.ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        for title, (ours, base, limit) in PAIRS.items():
            run(ours, folder), run(base, folder)  # caches warm
            pairs = [(run(ours, folder), run(base, folder)) for _ in range(rounds)]
            ratio = statistics.median(a[0] / b[0] for a, b in pairs)
            memory = [statistics.median(p[side][1] for p in pairs) for side in (0, 1)]
            walls = [statistics.median(p[side][0] for p in pairs) for side in (0, 1)]
            print(title)
            print(f"  beside         {' '.join(base[1:])}")
            seconds = f"{walls[0]:.3f} s, {walls[1]:.3f} s"
            print(f"  time           {ratio:.2f}x (at most {limit}x): {seconds}")
            mib = [m / 2**20 for m in memory]
            print(
                f"  peak memory    {memory[0] / memory[1]:.2f}x: {mib[0]:.0f} MiB, {mib[1]:.0f} MiB"
            )


if __name__ == "__main__":
    main()
