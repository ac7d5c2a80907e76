"""A comparison as JSON.

Ratios are B's FPS over A's; `[A's, B's]` is a list of two.

    a, b            `device`, `protocol`
    across          what differs: field -> [A's, B's], null where a protocol does not state it
                    (`weights`: `as built`, `trained`, `trained in part`)
    variants        `variant`, `variant_b`, `spec_sha256`, `input_shape`, `input_shape_b`, `ratio`,
                    `ratio_ci95` (null where unknown), `verdict` (`faster`, `slower`,
                    `no difference`, `unknown`), `a` and `b` (`fps`, `fps_ci95`, `iterations`,
                    `rounds`, `created`), `static` (`params`, `macs` by convention: [A's, B's])
    geometric_mean  `ratio`, `ratio_ci95`, `verdict`, `variants`; null without a ratio
    changed         `variant`, `input_shape`, `spec` (option -> [A's, B's]), `static`
    only_a, only_b  `variant`, `input_shape`
    notes           lines of text
    measured_scale  `device`, `reference`, `scale`, `scale_ci95`, `variants`, `table`,
                    `table_scale`; null unless the device is all that differs
"""

from __future__ import annotations

import json
from typing import Any

from harness.records import ProfileRecord
from harness.report.comparison import Compared, Comparison
from harness.report.conditions import AS_BUILT, WEIGHTS
from harness.report.normalise import MeasuredScale
from harness.report.pairing import Pair, changed_options
from harness.report.ratio import Ratio
from harness.report.side import Side, timing_of


def to_json(comparison: Comparison, scale: MeasuredScale | None) -> str:
    """Return the comparison as one JSON object."""
    mean, pairing = comparison.mean, comparison.pairing
    data = {
        "a": _side(comparison.a),
        "b": _side(comparison.b),
        "across": {field: _values(comparison, field) for field in comparison.unlike},
        "variants": [_compared(each) for each in comparison.compared],
        "geometric_mean": mean and _ratio(mean) | {"variants": len(comparison.compared)},
        "changed": [_changed(pair) for pair in pairing.changed],
        "only_a": [_name(record) for record in pairing.only_a],
        "only_b": [_name(record) for record in pairing.only_b],
        "notes": comparison.notes,
        "measured_scale": scale and _scale(scale),
    }
    return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _side(side: Side) -> dict[str, Any]:
    return {"device": side.conditions.device, "protocol": side.conditions.protocol_id}


def _values(comparison: Comparison, field: str) -> list[Any]:
    """Return both sides' value of a condition; null where a protocol does not state it."""
    sides = (comparison.a, comparison.b)
    if field == "device":
        return [side.conditions.device for side in sides]
    absent = AS_BUILT if field == WEIGHTS else None
    return [side.protocol.get(field, absent) for side in sides]


def _compared(each: Compared) -> dict[str, Any]:
    a, b = each.pair.a, each.pair.b
    return {
        "variant": a.variant,
        "variant_b": b.variant,
        "spec_sha256": a.spec_sha256,
        "input_shape": a.input_shape,
        "input_shape_b": b.input_shape,
        **_ratio(each.ratio),
        "a": _rate(a),
        "b": _rate(b),
        "static": _static(each.pair),
    }


def _ratio(ratio: Ratio) -> dict[str, Any]:
    return {"ratio": ratio.value, "ratio_ci95": ratio.ci95, "verdict": ratio.verdict}


def _rate(record: ProfileRecord) -> dict[str, Any]:
    timing = timing_of(record)
    return {
        "fps": timing.fps,
        "fps_ci95": timing.fps_ci95,
        "iterations": timing.iterations,
        "rounds": max(1, len(timing.rounds)),
        "created": record.created,
    }


def _static(pair: Pair) -> dict[str, Any]:
    a, b = pair.a.static, pair.b.static
    return {
        "params": (a.params, b.params),
        "macs": {name: (a.macs[name], b.macs[name]) for name in a.macs if name in b.macs},
    }


def _changed(pair: Pair) -> dict[str, Any]:
    return {
        **_name(pair.a),
        "spec": changed_options(pair.a.spec, pair.b.spec),
        "static": _static(pair),
    }


def _name(record: ProfileRecord) -> dict[str, Any]:
    return {"variant": record.variant, "input_shape": record.input_shape}


def _scale(scale: MeasuredScale) -> dict[str, Any]:
    return {
        "device": scale.device,
        "reference": scale.reference,
        "scale": scale.ratio.value,
        "scale_ci95": scale.ratio.ci95,
        "variants": scale.variants,
        "table": scale.table,
        "table_scale": scale.table_scale,
    }
