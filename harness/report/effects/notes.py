"""What a reader of an effect table has to know: pairs, ranges, and what they depend on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import ProfileRecord, Record
from harness.report.curve_metrics import MACS, Metric
from harness.report.effects.effect import Effect, depends_on
from harness.report.effects.figures import depends_text, header
from harness.report.effects.space import Space


def difference_notes(
    space: Space,
    effects: Sequence[Sequence[Effect]],
    metrics: Sequence[Metric],
    records: Sequence[Record],
) -> list[str]:
    """Return the notes under a table of differences.

    Args:
        space: The options that vary.
        effects: The effects of each row.
        metrics: The table's metrics.
        records: The records that it rests on.
    """
    notes = [_basis(records, metrics)]
    notes.append(
        "Each figure: To minus From, over all pairs of records that are alike in every other "
        f"option that both have. {_reference(space)}"
    )
    every = [effect for row in effects for effect in row]
    if len(metrics) > 1:
        if any(not effect.constant for effect in every if effect.metric.origin != "timed"):
            notes.append(
                "A figure alone holds in all pairs. Else it is that of the pair in which all other "
                "options are at the reference, and in brackets stand the least and the most of "
                "all pairs, or the other one where it is one of them."
            )
        notes += _dependence(space, every)
    else:
        notes.append(
            "At reference: of the pair in which all other options are at the reference. Depends "
            "most on: the option between whose values the differences vary most, with its share "
            "of their variance; empty where they do not vary."
        )
        notes += _several(space, every)
    notes += _free_of_charge(every)
    notes += _noise(every)
    notes += _fewer(effects, metrics)
    return notes


def share_notes(records: Sequence[Record], metrics: Sequence[Metric]) -> list[str]:
    """Return the notes under a table of shares."""
    return [
        _basis(records, metrics),
        "Share of the variance over all records that lies between the values of the option alone; "
        "an option that one component of a slot has counts within it. What no option explains "
        "alone is left to their interactions"
        + (", and to noise where it was timed." if any(m.origin == "timed" for m in metrics)
           else "."),
    ]  # fmt: skip


def _basis(records: Sequence[Record], metrics: Sequence[Metric]) -> str:
    sources = [r for r in records if isinstance(r, (ProfileRecord, LoggedRecord, ProxyRecord))]
    variants = dict.fromkeys(r.variant.partition("[")[0] for r in sources)
    shapes = dict.fromkeys(
        "x".join(map(str, r.input_shape)) for r in sources if not isinstance(r, LoggedRecord)
    )
    text = f"{len(records):,} record{'s' * (len(records) != 1)} of {_few(list(variants))}"
    text += f" at {_few(list(shapes))}" if shapes else ""
    rules = [m.name.removeprefix(MACS) for m in metrics if m.name.startswith(MACS)]
    if rules:
        named = ", ".join(f"`{rule}`" for rule in rules)
        text += f"; GMACs: 1e9 multiply-accumulates under the convention {named}"
    return f"{text}."


def _few(names: Sequence[str]) -> str:
    most = 3
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _reference(space: Space) -> str:
    values = ", ".join(f"{f.label} {f.values[f.reference]}" for f in space.factors)
    return f"The reference: {values}."


def _dependence(space: Space, every: Sequence[Effect]) -> list[str]:
    """Return for each option what its differences depend on, by metric."""
    found: dict[str, dict[str, list[Effect]]] = defaultdict(lambda: defaultdict(list))
    for effect in every:
        found[effect.factor.label][effect.metric.name].append(effect)
    notes = []
    for label, by_metric in found.items():
        texts: dict[str, list[str]] = defaultdict(list)
        for effects in by_metric.values():
            text = depends_text(depends_on(space, effects), most=2)
            if text:
                texts[text].append(header(effects[0].metric).partition(" (")[0])
        if texts:
            parts = "; ".join(f"{', '.join(names)} on {text}" for text, names in texts.items())
            notes.append(f"What `{label}` costs depends on other options: {parts}.")
    return notes


def _several(space: Space, every: Sequence[Effect]) -> list[str]:
    """Return on what the differences depend where that is more than the one option of the row."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for effect in every:
        text = depends_text(depends_on(space, [effect]), most=3)
        if "," in text:
            value = effect.factor.values[effect.value]
            found[effect.factor.label, text].append(value)
    parts = "; ".join(
        f"`{label}` {', '.join(values)} on {text}" for (label, text), values in found.items()
    )
    return [f"Depends on more than one option: {parts}."] if parts else []


def _free_of_charge(every: Sequence[Effect]) -> list[str]:
    """Return which options change no figure that was counted."""
    changed: dict[str, bool] = {}
    for effect in every:
        if effect.metric.origin == "counted":
            label = effect.factor.label
            changed[label] = changed.get(label, False) or not _none(effect)
    free = [label for label, has in changed.items() if not has]
    return [f"No change at all by {', '.join(f'`{label}`' for label in free)}."] if free else []


def _none(effect: Effect) -> bool:
    return effect.constant and effect.least.difference == 0


def _noise(every: Sequence[Effect]) -> list[str]:
    """Return what is noise in the figures that were timed or trained."""
    timed = [effect for effect in every if effect.metric.origin == "timed"]
    notes = []
    if any(effect.metric.origin == "logged" for effect in every):
        notes = ["mIoU: differences of one training each hold the noise of both, which is unknown."]
    scored = [effect.metric for effect in every if effect.metric.origin == "scored"]
    if scored:
        names = ", ".join(dict.fromkeys(header(metric) for metric in scored))
        notes.append(f"{names}: of weights drawn at random once each, whose noise is unknown.")
    if not timed:
        return notes
    names = ", ".join(dict.fromkeys(header(effect.metric) for effect in timed))
    return [
        *notes,
        f"{names}: ratio To over From, the geometric mean of all pairs with the half-width of its "
        "95% interval where that is known; least and most of single pairs hold their noise, and "
        "depend on an option only where they differ by more than that.",
    ]


def _fewer(effects: Sequence[Sequence[Effect]], metrics: Sequence[Metric]) -> list[str]:
    """Return which metrics are known in some of the pairs alone."""
    most = sum(max(len(e.changes) for e in row) for row in effects)
    notes = []
    for metric in metrics:
        count = sum(len(e.changes) for row in effects for e in row if e.metric == metric)
        if count < most:
            notes.append(f"{header(metric)}: known in {count:,} of {most:,} pairs.")
    return notes
