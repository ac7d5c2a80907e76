"""From a definition of ratios and records to a table."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records import Record
from harness.report.model import REPORTED_MARK, TENSORRT_MARK, Table
from harness.report.ratio import relative_half_width
from harness.report.side import timing_of
from harness.report.speed import FpsChoice
from harness.report.speed_notes import cpu_notes
from harness.report.survival import listing, matrix, overview
from harness.report.survival.definition import RatioDefinition
from harness.report.survival.implied import implied_factors
from harness.report.survival.judge import VERDICTS, could_survive
from harness.report.survival.survey import Survey, survey

_MAKERS = {
    "matrix": matrix.matrix,
    "pairs": listing.listing,
    "summary": overview.overview,
    "gpus": overview.factors,
}


def build_ratio_table(
    definition: RatioDefinition, records: Sequence[Record], choice: FpsChoice
) -> Table:
    """Return the table that `definition` makes of `records`.

    Raises:
        BadRequest: As `survey` does.
    """
    found = survey(definition, records, choice)
    columns, rows = _MAKERS[definition.show](found)
    titled = definition.show == "pairs"
    return Table(
        name=definition.name,
        title=f"{definition.title}: {_judge(found)}",
        columns=columns,
        rows=rows,
        groups=tuple(map(str.capitalize, VERDICTS)) if titled else (None,),
        footnotes=(
            *cpu_notes(found.conditions),
            *definition.footnotes,
            *definition.table.fps_footnotes,
            *_notes(definition, found),
        ),
        warnings=found.warnings,
        wide=definition.wide,
    )


def _judge(found: Survey) -> str:
    """Return what was measured on, and that a CPU is no judge: captions go where no note does."""
    no_judge = ", which judges no GPU" if found.conditions.on_cpu else ""
    return found.conditions.device_text + no_judge


def _notes(definition: RatioDefinition, found: Survey) -> list[str]:
    notes = []
    if definition.show == "gpus":
        notes += _factor_notes(found)
    else:
        notes += {
            "matrix": [matrix.NOTE],
            "pairs": [listing.NOTE],
            "summary": [overview.SHARES_NOTE],
        }[definition.show]
        notes += [*_rules(definition.tolerance), *_certainty(found, definition.tolerance)]
        notes += _basis_notes(found)
    if found.left_out:
        notes.append(f"Published but not measured here: {', '.join(found.left_out)}.")
    return [*notes, *found.notes, _origin(found)]


def _rules(tolerance: float) -> list[str]:
    share = f"{tolerance:.0%}" if tolerance else "nothing"
    return [
        f"Survives: the 95% interval of the measured ratio lies within the published one, give or "
        f"take {share}. Same order: it lies outside, and on the published side of 1 (on either "
        "side where print leaves the order open). Reversed: it lies wholly on the other side of 1. "
        "Undecided: it reaches across, so that a longer measurement is needed."
    ]


def _certainty(found: Survey, tolerance: float) -> list[str]:
    """Return how well rates are known, and how many ratios not well enough to survive."""
    widths = [relative_half_width(timing_of(network.measured)) for network in found.networks]
    known = [width for width in widths if width is not None]
    if not known:
        return []
    low, high = f"{min(known):.1%}", f"{max(known):.1%}"
    vague = sum(not could_survive(pair.published, pair.measured, tolerance) for pair in found.pairs)
    return [
        f"95% intervals of single FPS: ±{low}" + f" to ±{high}" * (high != low) + f"; {vague} of "
        f"{len(found.pairs)} ratios are known too little to survive, whatever they are."
    ]


def _basis_notes(found: Survey) -> list[str]:
    scales = found.scales
    notes = [
        f"Normalised: published FPS divided by the factor of its GPU ({scales.source}); between "
        "figures of one GPU no factor enters."
    ]
    if any(network.reported.tensorrt for network in found.networks):
        notes.append(
            f"{TENSORRT_MARK} Published with TensorRT ({_starred(found)}): divided by "
            f"{scales.tensorrt:g} besides, and kept apart."
        )
    vague = [network for network in found.networks if network.rate.value is None]
    if vague:
        names = ", ".join(f"{each.label} {each.reported.figures['fps']}" for each in vague)
        notes.append(f"Published as a bound, and taken as one: {names}.")
    return notes


def _origin(found: Survey) -> str:
    """Return whose figures the marked ones rest on; ratios of them stand nowhere in print."""
    sources = dict.fromkeys(
        f"{each.reported.source.place.partition(',')[0]} of {each.reported.source.work}"
        for each in found.networks
    )
    return f"{REPORTED_MARK} From what {'; '.join(sources)} prints; all else is our own."


def _starred(found: Survey) -> str:
    return ", ".join(each.label for each in found.networks if each.reported.tensorrt)


def _factor_notes(found: Survey) -> list[str]:
    scales = found.scales
    implied = implied_factors(found.networks, scales)
    if not implied:
        return [
            f"No factor is implied: no network that was published on {scales.reference} without "
            "TensorRT was measured."
        ]
    notes = [overview.FACTORS_NOTE.format(reference=scales.reference)]
    vague = [network.label for each in implied for network in each.bounds]
    if vague:
        notes.append(f"Published as a bound, which implies no factor: {', '.join(vague)}.")
    return notes
