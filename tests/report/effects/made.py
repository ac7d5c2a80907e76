"""Records whose every effect is known by construction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from harness.records import ProfileRecord, Record, StaticCost
from harness.report.candidates import candidates_of
from harness.report.curve_metrics import metric_of
from harness.report.effects.definition import EffectsDefinition, changed_effects
from harness.report.effects.effect import Effect, effect_of
from harness.report.effects.pairs import pairs_of, with_pairs
from harness.report.effects.space import Space, space_of
from harness.report.effects.table import build_effects
from harness.report.model import Table
from harness.report.speed import FpsChoice
from report.sample import profile, timing

PLAIN = EffectsDefinition(name="effects", title="Costs")


def spec(**slots: Any) -> dict[str, Any]:
    """Return a spec: `spec(context={"name": "none"}, stem={"stride": 2})`."""
    return {"network": {"name": "net"}} | slots


def record(
    slots: dict[str, Any],
    *,
    params: int = 0,
    macs: int = 0,
    fps: float | None = None,
    half_width: float | None = None,
    variant: str = "net[x=1]",
    **changes: Any,
) -> ProfileRecord:
    """Return a measurement of the network with these slots.

    Args:
        slots: What the spec has besides the network.
        params: Parameters.
        macs: MACs under the convention `paper`.
        fps: Its rate; null for a count alone.
        half_width: Of the rate's 95% interval, as a share of it.
        variant: Its name.
        **changes: As of `profile`.
    """
    network = spec(**slots)
    static = StaticCost(
        params=params,
        params_constructed=params,
        macs={"paper": macs},
        conv_io=changes.pop("conv_io", 0),
        peak_activation_bytes=changes.pop("peak", 0),
        uncounted={},
    )
    if fps is not None:
        interval = None if half_width is None else (fps * (1 - half_width), fps * (1 + half_width))
        changes["timing"] = timing(fps, fps_ci95=interval)
    made: ProfileRecord = profile(
        variant,
        spec=network,
        spec_sha256=hashlib.sha256(json.dumps(network).encode()).hexdigest(),
        static=static,
        **changes,
    )
    return made


def two_by_two(figures: dict[tuple[int, int], int]) -> list[Record]:
    """Return a record for each `(width, depth)`, with the figure as its parameters."""
    return [
        record({"stem": {"width": w, "depth": d}}, params=figure)
        for (w, d), figure in figures.items()
    ]


def effects(
    records: Sequence[Record], metric: str = "params", **flags: Any
) -> tuple[Space, dict[tuple[str, str], Effect]]:
    """Return the space, and each effect by option and value."""
    definition = changed_effects(PLAIN, **flags)
    found = candidates_of([r for r in records if isinstance(r, ProfileRecord)])
    space = space_of(found, definition)
    points = [space.point(each) for each in found]
    space = with_pairs(space, points, {where.option for where in definition.reference})
    effects = {}
    for factor in space.shown:
        for pairs in pairs_of(space, points, factor):
            effect = effect_of(metric_of(metric, "test"), factor, pairs)
            if effect is not None:
                effects[factor.label, factor.values[pairs.value]] = effect
    return space, effects


def table(records: Sequence[Record], choice: FpsChoice | None = None, **flags: Any) -> Table:
    """Return the table that flags make of records."""
    shows = flags.pop("shows", "differences")
    plain = EffectsDefinition(name="effects", title="Costs", shows=shows)
    return build_effects(changed_effects(plain, **flags), records, choice)


def texts(made: Table) -> dict[tuple[str, ...], dict[str, str]]:
    """Return the texts of a table by option and value, then by column."""
    names = [column.name for column in made.columns]
    rows = [dict(zip(names, (c.text for c in row.cells), strict=True)) for row in made.rows]
    return {tuple(row[name] for name in ("option", "to") if name in row): row for row in rows}
