"""A comparison as people read it: a line a variant, and the facts that changed."""

from __future__ import annotations

import json
import math
import textwrap
from collections import Counter
from collections.abc import Sequence

from harness.records import ProfileRecord
from harness.report.columns import COLUMNS
from harness.report.comparison import Compared, Comparison
from harness.report.normalise import MeasuredScale
from harness.report.pairing import Pair, changed_options, static_changes
from harness.report.ratio import Ratio
from harness.report.side import timing_of

WIDTH = 80
MOST_DIGITS = 6
NO_DIFFERENCE = "no difference beyond the noise"


def to_text(comparison: Comparison, scale: MeasuredScale | None = None) -> str:
    """Return the comparison in lines of 80 columns, as far as names allow, ending with a break."""
    lines = [
        *_conditions(comparison),
        *(
            _wrap(f"{field}: {' -> '.join(values)}")
            for field, values in comparison.unlike.items()
            if field != "device"  # which stands there already
        ),
        "",
        *_ratios(comparison),
    ]
    if scale:
        lines.append(_wrap(str(scale)))
    pairing = comparison.pairing
    if pairing.changed:
        lines += ["", *(_wrap(_another_network(pair)) for pair in pairing.changed)]
    facts = [_static_line(pair) for pair in (*pairing.same, *pairing.changed)]
    shapes = {r.input_shape for r in (*comparison.a.records, *comparison.b.records)}
    for side, records in (("A", pairing.only_a), ("B", pairing.only_b)):
        facts.append(_only(side, records, with_shape=len(shapes) > 1))
    facts += [f"note: {note}" for note in comparison.notes]
    if any(facts):
        lines += ["", *(_wrap(fact) for fact in facts if fact)]
    return "\n".join(lines) + "\n"


def _conditions(comparison: Comparison) -> list[str]:
    a, b = comparison.a.conditions, comparison.b.conditions
    return [_wrap(f"A and B: {a}")] if a == b else [_wrap(f"A: {a}"), _wrap(f"B: {b}")]


def ratio_text(ratio: Ratio) -> tuple[str, str]:
    """Return what a ratio says and its interval in brackets, nothing where it has none.

    Example:
        `1.62x faster`, `(1.58x to 1.66x)`
    """
    if ratio.ci95 is None:
        return f"{ratio.value:.2f}x, noise unknown", ""
    low, high = ratio.ci95
    if ratio.verdict == "no difference":
        digits = _digits(ratio)
        return NO_DIFFERENCE, f"({low:.{digits}f}x to {high:.{digits}f}x)"
    if ratio.verdict == "slower":  # 0.5x as fast is 2x slower, and its interval likewise
        ratio = Ratio(1 / ratio.value, ratio.log_half_width)
        low, high = 1 / high, 1 / low
        word = "slower"
    else:
        word = "faster"
    digits = _digits(ratio)
    return f"{ratio.value:.{digits}f}x {word}", f"({low:.{digits}f}x to {high:.{digits}f}x)"


def _digits(ratio: Ratio) -> int:
    """Return digits after the point: two, or what the interval is worth if that is more.

    And as many as it takes for a claimed difference not to print as 1.00x.
    """
    assert ratio.ci95 is not None
    low, high = ratio.ci95
    half = (high - low) / 2
    digits = 2 if half == 0 else max(2, -math.floor(math.log10(half)))
    if not low <= 1 <= high:
        while digits < MOST_DIGITS and float(f"{low:.{digits}f}") <= 1:
            digits += 1
    return min(digits, MOST_DIGITS)


def _ratios(comparison: Comparison) -> list[str]:
    """Return a line a variant, claims in columns, and the mean of several."""
    compared = comparison.compared
    labels = _labels(compared)
    phrases = [ratio_text(each.ratio) for each in compared]
    claims = [
        phrase
        for phrase, each in zip(phrases, compared, strict=True)
        if each.ratio.verdict in ("faster", "slower")
    ]
    first = max((len(text) for text, _ in claims), default=0)
    second = max((len(interval) for _, interval in claims), default=0)
    wide = max(map(len, labels), default=0)
    lines = []
    for label, (text, interval), each in zip(labels, phrases, compared, strict=True):
        if each.ratio.verdict == "no difference":
            rest = f"{text} {interval}"
        elif each.ratio.verdict == "unknown":
            rest = f"{text} ({_without_interval(each)})  {_rates(each)}"
        else:
            rest = f"{text:{first}}  {interval:{second}}  {_rates(each)}"
        lines.append(f"{label:{wide}}  {rest}")
    if comparison.mean and len(compared) > 1:
        lines.append(f"geometric mean of {len(compared)} variants: {joined(comparison.mean)}")
    return lines


def joined(ratio: Ratio) -> str:
    """Return a ratio in one phrase, e.g. `1.62x faster (1.58x to 1.66x)`."""
    return " ".join(filter(None, ratio_text(ratio)))


def _rates(each: Compared) -> str:
    a, b = (COLUMNS["fps"].print(timing_of(record).fps) for record in (each.pair.a, each.pair.b))
    return f"{a} -> {b} FPS"


def _without_interval(each: Compared) -> str:
    sides = (("A", each.pair.a), ("B", each.pair.b))
    names = [name for name, record in sides if timing_of(record).fps_ci95 is None]
    return f"{' and '.join(names)}: fewer than 2 blocks"


def _labels(compared: Sequence[Compared]) -> list[str]:
    """Return the names of what is compared, with what tells two of one name apart."""
    count = Counter(each.name for each in compared)
    labels = []
    for each in compared:
        a, b = _shape(each.pair.a), _shape(each.pair.b)
        size = f" {a} -> {b}" if a != b else f" {a}" if count[each.name] > 1 else ""
        labels.append(each.name + size)
    return labels


def _another_network(pair: Pair) -> str:
    changes = changed_options(pair.a.spec, pair.b.spec)
    text = ", ".join(f"{key} {_plain(old)} -> {_plain(new)}" for key, (old, new) in changes.items())
    return f"{pair.a.variant}: another network, so no ratio: {text or 'its hash alone differs'}"


def _static_line(pair: Pair) -> str:
    changes = static_changes(pair.a.static, pair.b.static)
    text = ", ".join(f"{name} {old:,} -> {new:,}" for name, (old, new) in changes.items())
    return f"{pair.a.variant}: {text}" if changes else ""


def _only(side: str, records: Sequence[ProfileRecord], *, with_shape: bool) -> str:
    names = [r.variant + (f" {_shape(r)}" if with_shape else "") for r in records]
    return f"only in {side}: {', '.join(names)}" if names else ""


def _shape(record: ProfileRecord) -> str:
    return "x".join(map(str, record.input_shape))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _wrap(text: str) -> str:
    return textwrap.fill(
        text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
