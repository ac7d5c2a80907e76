"""What reading a large results folder takes: CPU seconds and peak memory, each in a fresh process.

    python benchmarks/results.py [--records 100000]

The folder holds one file of counts without timing, as a sweep over FASSD-Net's options leaves
them. CPU time is that of the process, its start and imports included, so that other load on the
machine does not enter. Exit status 1 if a limit is not met.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.records import ProfileRecord, StaticCost, to_json

LIMIT_S = 5.0  # for `LIMITED` at 100,000 records

LOAD = """
    from harness.store import load
    count = len(load(folder).records)
"""
TABLE = """
    from harness.report.query.source import load_table
    count = len(load_table([folder])[0])
"""
QUERY = """
    from harness.report.query.front import front, read_goals
    from harness.report.query.source import load_table
    from harness.report.query.where import where
    table = where(load_table([folder])[0], "params < 3e6 and context.alpha == 2")
    count = len(front(table, read_goals("macs.paper,params", table.columns)).rows)
"""
STEPS = {"records (store.load)": LOAD, "flat table": TABLE, "table, query and front": QUERY}
LIMITED = ("records (store.load)", "flat table")


def made(count: int, chance: random.Random) -> Iterator[str]:
    """Yield `count` records of made-up counts, as lines."""
    environment = {
        "harness": "0.1.0", "commit": "0" * 40, "python": "3.11.7",
        "platform": "Linux-6.1.0-x86_64-with-glibc2.36", "torch": "2.13.0+cpu", "cuda": None,
        "cudnn": None, "torch_threads": 2,
        "device": {"type": "cpu", "name": "Intel(R) Xeon(R) Processor"},
        "cpu": {"name": "Intel(R) Xeon(R) Processor", "logical_cores": 2, "physical_cores": 2},
    }  # fmt: skip
    for _ in range(count):
        options = {
            "context.alpha": chance.choice([1, 2, 4, 8, 14]),
            "context.rates": [chance.randint(1, 40) for _ in range(3)],
            "fusion.dilations": [chance.choice([1, 2, 4, 8]) for _ in range(3)],
            "fusion.merge": chance.choice(["add", "concat"]),
        }
        settings = ",".join(f"{key}={value}" for key, value in options.items())
        spec = _spec(options)
        scale = chance.uniform(0.5, 2)
        record = ProfileRecord(
            variant=f"fassd-net[{settings}]".replace(" ", "").replace("'", ""),
            spec=spec,
            spec_sha256=hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest(),
            input_shape=(1, 3, 1024, 2048),
            static=_cost(scale),
            timing=None,
            environment=environment,
            created="2026-11-22T18:51:41+00:00",
        )
        yield to_json(record)


def _spec(options: dict[str, Any]) -> dict[str, Any]:
    return {
        "network": {"name": "encoder-decoder", "in_channels": 3},
        "stem": {"name": "conv", "strides": [2, 1, 2, 1], "channels": [16, 24, 32, 48]},
        "encoder": {
            "name": "hardnet", "widths": [64, 96, 160, 224], "growth": [10, 16, 18, 24],
            "layers": [4, 4, 8, 8], "multiplier": 1.7,
        },
        "context": {
            "name": "dapf", "alpha": options["context.alpha"], "rates": options["context.rates"],
        },
        "fusion": {
            "name": "mda", "dilations": options["fusion.dilations"],
            "merge": options["fusion.merge"],
        },
        "decoder": {"name": "hardblock", "multiplier": 1.7},
        "head": {"name": "conv", "classes": 19},
    }  # fmt: skip


def _cost(scale: float) -> StaticCost:
    macs = {
        "conv": 44683993088, "paper": 45112279040, "fvcore": 45187883008, "thop": 45285449728,
        "ptflops": 45319921664,
    }  # fmt: skip
    return StaticCost(
        params=int(2845351 * scale),
        params_constructed=int(2845351 * scale),
        macs={rule: int(count * scale) for rule, count in macs.items()},
        conv_io=int(352952320 * scale),
        peak_activation_bytes=233570304,
        uncounted={},
    )


def measured(step: str, folder: Path) -> dict[str, float]:
    """Run one step in a fresh process; return its rows, CPU seconds and peak bytes."""
    lines = [line.strip() for line in step.strip().splitlines()]
    code = [
        "import json, resource, sys",
        "from pathlib import Path",
        "folder = Path(sys.argv[1])",
        *lines,
        "usage = resource.getrusage(resource.RUSAGE_SELF)",
        "cpu_s, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024",
        "print(json.dumps({'count': count, 'cpu_s': cpu_s, 'peak_bytes': peak}))",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code), str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--records", type=int, default=100_000)
    records = parser.parse_args().records
    limit = LIMIT_S * records / 100_000
    slow = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "profile.jsonl").open("w") as file:
            for line in made(records, random.Random(0)):
                file.write(f"{line}\n")
        megabytes = (folder / "profile.jsonl").stat().st_size / 1e6
        print(f"{records:,} records of static counts, {megabytes:.1f} MB")
        for title, step in STEPS.items():
            found = measured(step, folder)
            bound = f" (at most {limit:g})" if title in LIMITED else ""
            print(
                f"  {title:<24} {found['cpu_s']:6.2f} s of CPU{bound}, "
                f"{found['peak_bytes'] / 2**20:6.0f} MiB at the peak, {found['count']:,.0f} rows"
            )
            if title in LIMITED and found["cpu_s"] > limit:
                slow.append(title)
    if slow:
        raise SystemExit(f"slower than the limit: {', '.join(slow)}")


if __name__ == "__main__":
    main()
