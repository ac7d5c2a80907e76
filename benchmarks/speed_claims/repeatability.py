"""Two runs of `harness profile`, minutes apart, agree within their stated intervals.

Two means with true, independent 95% intervals differ by no more than the square root of the sum of
their half-widths' squares in 95% of all pairs; that two intervals merely overlap is much weaker.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import RunFailed
from speed_claims.ratios import Verdict
from speed_claims.setting import print_heading

#: On a CPU a run takes 20 s of timed passes and three processes' start and warm-up: 40 to 45 s.
DEFAULTS = {"cpu": {"pairs": 10, "gap": 120.0}, "cuda": {"pairs": 10, "gap": 120.0}}
AGREEING = 0.9  # share of the pairs
WIDEST = {"cpu": 0.03, "cuda": 0.005}  # median half-width, relative
HEADING = (
    f"{'pair':<5}{'first FPS':>10}{'+-':>8}{'second':>10}{'+-':>8}"
    f"{'difference':>12}{'allowed':>9}  agree overlap"
)


@dataclass(frozen=True)
class Run:
    """What one run says: frames per second, with its 95% interval."""

    fps: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Frames per second."""
        return (self.high - self.low) / 2


def allowed(a: Run, b: Run) -> float:
    """Return the frames per second that two runs may differ by and agree."""
    return math.hypot(a.half_width, b.half_width)


def agree(a: Run, b: Run) -> bool:
    """Return whether two runs agree within their combined interval."""
    return abs(a.fps - b.fps) <= allowed(a, b)


def overlap(a: Run, b: Run) -> bool:
    """Return whether the intervals of two runs have a point in common."""
    return a.low <= b.high and b.low <= a.high


def judge(pairs: Sequence[tuple[Run, Run]], kind: str) -> Verdict:
    """Return whether 9 in 10 pairs agree, by intervals that are narrow enough to say something."""
    agreeing = sum(agree(a, b) for a, b in pairs)
    overlapping = sum(overlap(a, b) for a, b in pairs)
    width = statistics.median(run.half_width / run.fps for pair in pairs for run in pair)
    passed = agreeing >= AGREEING * len(pairs) and width <= WIDEST[kind]
    return Verdict(
        passed,
        f"{agreeing} of {len(pairs)} pairs agree ({AGREEING:.0%} asked), {overlapping} overlap; "
        f"median half-width {width:.2%} (at most {WIDEST[kind]:.1%})",
    )


def run(options: argparse.Namespace) -> tuple[Verdict, dict[str, Any]]:
    """Run `harness profile` twice a pair; say each pair and judge all."""
    command = profile_command(options)
    print_heading(
        f"repeatability: {options.variant}, whole runs at least {options.gap:g} s apart",
        options,
        "that of `harness " + " ".join(command[3:]) + "`",
        f"{options.pairs} pairs: all first runs, then all second ones in the same order",
    )
    records: list[dict[str, Any]] = []

    def measure() -> Run:
        print(f"run {len(records) + 1} of {2 * options.pairs}", file=sys.stderr, flush=True)
        record = profile(command)
        records.append(record)
        return run_of(record)

    print(f"\n{HEADING}")
    pairs = []
    for pair in paired(measure, options.pairs, options.gap):
        pairs.append(pair)
        print(row(len(pairs), *pair), flush=True)
    kind = options.device.partition(":")[0]
    return judge(pairs, kind), {"runs": records}


def paired(
    measure: Callable[[], Run],
    pairs: int,
    gap_s: float,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[Run, Run]]:
    """Yield pairs of runs, the second beginning at least `gap_s` after the first ended.

    All first runs come before all second ones: most of the gap is spent on measuring.
    """
    firsts = []
    for _ in range(pairs):
        first = measure()
        firsts.append((first, now()))
    for first, ended_s in firsts:
        sleep(max(0.0, ended_s + gap_s - now()))
        yield first, measure()


def row(number: int, a: Run, b: Run) -> str:
    """Return one line under `HEADING`."""
    said = ["yes" if answer else "NO" for answer in (agree(a, b), overlap(a, b))]
    figures = f"{a.fps:10.4g}{a.half_width:8.2g}{b.fps:10.4g}{b.half_width:8.2g}"
    difference = f"{abs(a.fps - b.fps):12.2g}{allowed(a, b):9.2g}"
    return f"{number:<5}{figures}{difference}  {said[0]:<5} {said[1]}"


def profile_command(options: argparse.Namespace) -> list[str]:
    """Return the command of one run."""
    command = [sys.executable, "-m", "harness", "profile", "--variant", options.variant]
    command += ["--input", options.input, "--device", options.device, "--json", "--no-save"]
    return command + list(options.flags)


def profile(command: Sequence[str]) -> dict[str, Any]:
    """Return the record that a run of `harness profile` prints.

    Raises:
        RunFailed: If it fails; with its last line.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        line = (done.stderr.strip() or "nothing on stderr").splitlines()[-1]
        raise RunFailed(f"harness profile: must exit 0, got {done.returncode} ({line})")
    record: dict[str, Any] = json.loads(done.stdout)[0]
    return record


def run_of(record: dict[str, Any]) -> Run:
    """Return what a record's timing says.

    Raises:
        RunFailed: If it has no interval.
    """
    timing = record["timing"]
    if timing["fps_ci95"] is None:
        raise RunFailed(
            f"harness profile: must state an interval, got none from {timing['iterations']} passes"
        )
    low, high = timing["fps_ci95"]
    return Run(timing["fps"], low, high)
