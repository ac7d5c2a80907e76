"""Being timed by the harness costs a network nothing: the harness's FPS over a bare loop's."""

from __future__ import annotations

import argparse
from typing import Any

from harness.timing.measure import time_network
from harness.timing.settings import applied
from speed_claims.ratios import HEADING, Ratios, Verdict, abba
from speed_claims.setting import (
    bare_loop_s,
    blocks_text,
    input_of,
    network_of,
    print_heading,
    protocol_of,
    protocol_text,
)

#: Passes of a block, warm-up passes before it, repetitions of four blocks. On a CPU a pass at
#: 1x3x1024x2048 takes 0.8 to 1 s; 15 repetitions are 360 passes, the first two of each block's six
#: not timed.
DEFAULTS = {
    "cpu": {"passes": 4, "warmup": 1, "repetitions": 15},
    "cuda": {"passes": 200, "warmup": 20, "repetitions": 20},
}
WITHIN = (0.99, 1.01)


def run(options: argparse.Namespace) -> tuple[Verdict, dict[str, Any]]:
    """Time one network object by `time_network` and by a bare loop, in turn; say and judge."""
    protocol = protocol_of(options, warmup=options.warmup, iterations=options.passes)
    print_heading(
        f"overhead: FPS of {options.variant} as the harness gives it over FPS of a bare loop",
        options,
        protocol_text(protocol),
        "one process, one network object; " + blocks_text(options, further=1),
    )
    network = network_of(options)
    batch = input_of(protocol, options.device)

    def by_harness() -> float:
        # A progress that does nothing, since the command line always has one.
        timing = time_network(network, protocol, progress=lambda *_: None)
        return timing.iterations * protocol.input[0] / timing.fps

    def by_bare_loop() -> float:
        with applied(protocol):
            # One more: `time_network` runs a first pass before its warm-up.
            return bare_loop_s(network, batch, passes=options.passes, warmup=options.warmup + 1)

    ratios = Ratios(abba(by_harness, by_bare_loop, options.repetitions))
    print(f"\n{HEADING}\n{ratios.row('harness / bare loop')}")
    return judge(ratios), {"protocol": protocol.to_dict(), "ratios": ratios.values}


def judge(ratios: Ratios) -> Verdict:
    """Return whether the median lies within 1% of 1, and what its interval adds to that."""
    low, high = WITHIN
    passed = low <= ratios.median <= high
    text = f"the median {ratios.median:.4f} lies {'' if passed else 'not '}within {low} to {high}"
    if (interval := ratios.interval) is None:
        return Verdict(passed, f"{text}; too few repetitions for an interval")
    inside = low <= interval[0] and interval[1] <= high
    return Verdict(passed, f"{text}; its 95% interval lies {'' if inside else 'not '}within")
