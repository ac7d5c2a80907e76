"""Backends bring what they promise: the speed of each over eager fp32, pass beside pass.

Each is measured in a process of its own, which also holds eager: what a runtime does to its process
(threads that spin, a crash) ends with it, and the two take turns there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import BadRequest, did_you_mean
from harness.timing.measure import ready
from harness.timing.part import Part
from harness.timing.protocol import Protocol
from harness.timing.settings import applied
from speed_claims.ratios import Ratios, Verdict, abba
from speed_claims.setting import (
    blocks_text,
    network_of,
    print_heading,
    protocol_of,
    protocol_text,
)

SPEED = Path(__file__).parents[1] / "speed.py"
FP16_LAST = {"precision": "fp16", "memory_format": "channels_last"}

#: Name -> what it changes about eager, fp32, contiguous.
CONFIGURATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "cpu": {
        "channels_last": {"memory_format": "channels_last"},
        "fold-bn": {"fold_bn": True},
        "bf16-channels_last": {"precision": "bf16", "memory_format": "channels_last"},
        "compile": {"backend": "compile"},
        "onnxruntime": {"backend": "onnxruntime"},
        "openvino": {"backend": "openvino"},
        "openvino-bf16": {"backend": "openvino", "precision": "bf16"},
        "openvino-fp16": {"backend": "openvino", "precision": "fp16"},
    },
    "cuda": {
        "channels_last": {"memory_format": "channels_last"},
        "fold-bn": {"fold_bn": True},
        "tf32": {"precision": "tf32"},
        "fp16-channels_last": FP16_LAST,
        "cudagraph": {"backend": "cudagraph"},
        "cudagraph-fp16-channels_last": {"backend": "cudagraph", **FP16_LAST},
        "compile": {"backend": "compile"},
        "compile-fp16-channels_last": {"backend": "compile", **FP16_LAST},
        "onnxruntime": {"backend": "onnxruntime"},
    },
}
#: Kind of device -> how many times as fast as eager the fastest of these is to be; empty: of all.
TARGETS: dict[str, tuple[float, tuple[str, ...]]] = {
    "cpu": (1.5, ()),
    "cuda": (3.0, ("cudagraph-fp16-channels_last", "compile-fp16-channels_last")),
}
#: On a CPU at 1x3x1024x2048 a configuration takes 12 passes and the backend's own preparation, half
#: a minute in all; compilation a minute.
DEFAULTS = {
    "cpu": {"passes": 1, "warmup": 0, "repetitions": 3},
    "cuda": {"passes": 50, "warmup": 5, "repetitions": 7},
}
HEADING = f"{'over eager fp32':<30}{'min':>7}{'median':>8}{'max':>7}{'FPS':>10}{'output error':>14}"


def run(options: argparse.Namespace) -> tuple[Verdict, dict[str, Any]]:
    """Measure every configuration of the device, or those asked for; say and judge."""
    kind = options.device.partition(":")[0]
    known = CONFIGURATIONS[kind]
    for name in options.only or ():
        if name not in known:
            raise BadRequest(f"--only: no configuration {name!r}{did_you_mean(name, known)}")
    print_heading(
        f"backends: speed of {options.variant} over its own in eager fp32",
        options,
        protocol_text(protocol_of(options)) + ", but for what the name says",
        "a process for each, eager in it too; " + blocks_text(options),
    )
    print(f"\n{HEADING}")
    found: dict[str, dict[str, Any]] = {}
    for name in options.only or known:
        found[name] = in_own_process(name, options)
        print(row(name, found[name]), flush=True)
    medians = {n: statistics.median(f["ratios"]) for n, f in found.items() if "ratios" in f}
    return judge(medians, kind), {"configurations": found}


def row(name: str, found: Mapping[str, Any]) -> str:
    """Return one line under `HEADING`: figures, or why there are none."""
    if "ratios" not in found:
        return f"{name:<30}cannot: {found['reason']}"[:160]
    ratios = Ratios(tuple(found["ratios"]))
    low, high = min(ratios.values), max(ratios.values)
    figures = f"{low:7.2f}{ratios.median:8.2f}{high:7.2f}{found['fps']:10.4g}"
    return f"{name:<30}{figures}{found['output_error']:14.1e}"


def judge(medians: Mapping[str, float], kind: str) -> Verdict:
    """Return whether the fastest of those that count reaches the target.

    Args:
        medians: Configuration -> median ratio; those that could not run are absent.
        kind: `cpu` or `cuda`.
    """
    target, among = TARGETS[kind]
    counted = {name: ratio for name, ratio in medians.items() if not among or name in among}
    if not counted:
        return Verdict(False, f"none of {', '.join(among) or 'them'} could run")
    best = max(counted, key=lambda name: counted[name])
    passed = counted[best] >= target
    text = f"{best} is {counted[best]:.2f} times as fast as eager fp32"
    return Verdict(passed, f"{text}, {'at least' if passed else 'below'} {target:g}")


def in_own_process(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return what a fresh process says of a configuration, or `{"reason": ...}`."""
    asked = ("variant", "input", "device", "passes", "warmup", "repetitions")
    flags = [f"--{key}={getattr(options, key)}" for key in asked]
    command = [sys.executable, str(SPEED), "backends", f"--child={name}", *flags]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=options.timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return {"reason": f"took longer than --timeout {options.timeout:g} s"}
    if done.returncode < 0:
        return {"reason": f"killed by signal {-done.returncode}"}
    if done.returncode:
        return {"reason": (done.stderr.strip() or f"exit {done.returncode}").splitlines()[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return ratios, FPS and output error of the configuration `options.child`, in this process."""
    kind = options.device.partition(":")[0]
    changes = CONFIGURATIONS[kind][options.child]
    protocols = (protocol_of(options), protocol_of(options, **changes))
    parts: list[Part] = []
    with ExitStack() as stack:
        # Two networks, since a backend may change the one that it gets.
        rounds = [stack.enter_context(ready(network_of(options), p)) for p in protocols]

        def block(side: int, warmup: int) -> float:
            share = share_of(protocols[side], options, warmup)
            with applied(protocols[side]):  # whose settings hold otherwise is the other's
                part = rounds[side](share, None, None)
            if side:
                parts.append(part)
            return part.elapsed_s

        for side in (0, 1):
            block(side, protocols[side].warmup)
        parts.clear()
        ratios = abba(
            lambda: block(1, options.warmup), lambda: block(0, options.warmup), options.repetitions
        )
    frames = options.passes * protocols[1].input[0]
    error = parts[-1].output_error
    return {
        "ratios": ratios,
        "fps": statistics.median(frames / part.elapsed_s for part in parts),
        "output_error": error.relative_l2 if error else 0.0,
        "backend": parts[-1].backend,
        "protocol": protocols[1].to_dict(),
    }


def share_of(protocol: Protocol, options: argparse.Namespace, warmup: int) -> Protocol:
    """Return the protocol of one block."""
    return replace(protocol, iterations=options.passes, min_iterations=1, warmup=warmup)
