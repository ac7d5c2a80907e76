"""The claims about speed, put to the test: a subcommand each, exit 1 where one does not hold.

    python benchmarks/speed.py overhead          the harness's FPS over that of a bare loop
    python benchmarks/speed.py implementation    our FASSD-Net over one written in one file
    python benchmarks/speed.py backends          each backend over eager fp32
    python benchmarks/speed.py repeatability     pairs of whole runs, minutes apart

Ratios are taken between neighbours in time within one run. Every subcommand prints machine,
protocol, method, command, and minimum, median and maximum; `--record FILE` adds the raw figures to
a file, one line of JSON a run. What follows `--` behind `repeatability` goes to `harness profile`.
At their defaults, on a CPU of two cores, `overhead` takes 5 minutes, `implementation` 6, `backends`
4 and the compilation that it measures, `repeatability` 15.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from speed_claims import backends, implementation, overhead, repeatability
from speed_claims.setting import append_raw

from harness.errors import BadRequest, RunFailed
from harness.timing.device import resolve_device

CLAIMS = {
    "overhead": overhead,
    "implementation": implementation,
    "backends": backends,
    "repeatability": repeatability,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit status."""
    options = parse(arguments)
    claim = CLAIMS[options.claim]
    try:
        options.device = resolve_device(options.device)
        defaults = claim.DEFAULTS[options.device.partition(":")[0]]
        for name, value in defaults.items():
            if getattr(options, name) is None:
                setattr(options, name, value)
        if getattr(options, "child", None):
            print(json.dumps(backends.measure(options)))
            return 0
        verdict, raw = claim.run(options)
    except (BadRequest, RunFailed) as error:
        print(f"speed: {error}", file=sys.stderr)
        return 2 if isinstance(error, BadRequest) else 1
    print(f"{'PASS' if verdict.passed else 'FAIL'}: {verdict.text}")
    if options.record:
        raw |= {"passed": verdict.passed, "verdict": verdict.text}
        append_raw(options.record, options.claim, options.device, raw)
    return 0 if verdict.passed else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of a subcommand; those that are None have a default by device."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    claims = parser.add_subparsers(dest="claim", required=True)
    for name, module in CLAIMS.items():
        summary = (module.__doc__ or "").splitlines()[0]
        claim = claims.add_parser(name, help=summary, description=summary)
        claim.add_argument("--input", default="1024x2048", metavar="HxW")
        claim.add_argument("--device", default="auto", metavar="auto|cpu|cuda|cuda:N")
        claim.add_argument("--record", type=Path, metavar="FILE", help="add the raw figures to it")
        if name == "implementation":
            claim.set_defaults(variant="fassd-net")
            claim.add_argument("--processes", type=positive, help="fresh ones, a ratio each")
            claim.add_argument("--heap", choices=("kept", "default"), default="kept")
        else:
            claim.add_argument("--variant", default="fassd-net", metavar="V")
        if name != "repeatability":
            claim.add_argument("--passes", type=positive, help="timed passes of a block")
            claim.add_argument("--warmup", type=int, help="passes before them")
            claim.add_argument("--repetitions", type=positive, help="four blocks each")
        if name == "backends":
            claim.add_argument("--only", action="append", metavar="NAME", help="repeatable")
            claim.add_argument(
                "--timeout", type=float, default=240, help="seconds that one may take"
            )
            claim.add_argument("--child", help=argparse.SUPPRESS)
        if name == "repeatability":
            claim.add_argument("--pairs", type=positive)
            claim.add_argument("--gap", type=float, help="seconds between the runs of a pair")
            claim.add_argument("flags", nargs="*", help="flags of harness profile, after --")
    return parser.parse_args(arguments)


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


if __name__ == "__main__":
    sys.exit(main())
