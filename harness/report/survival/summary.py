"""How many published ratios survive, and how far the orders agree, by what stands between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.report.survival.judge import Verdict
from harness.report.survival.pairs import Basis, Pair


@dataclass(frozen=True, kw_only=True)
class Share:
    """What became of a set of pairs.

    Attributes:
        name: Which pairs, and by which of their published ratios.
        counts: How many of each verdict.
        tau: Kendall's tau of the two orders over these pairs: those in the order of print less
            those in the other one, over all; null without pairs.
        pairs: The pairs.
    """

    name: str
    counts: Mapping[Verdict, int]
    tau: float | None
    pairs: tuple[Pair, ...]


# Which pairs, whether by the ratio as it is printed, and what the row is called.
_ROWS: tuple[tuple[Basis, bool, str], ...] = (
    ("one GPU", False, "on one GPU"),
    ("across GPUs", False, "across GPUs, normalised"),
    ("across GPUs", True, "across GPUs, as printed"),
    ("TensorRT", False, "with TensorRT, normalised"),
    ("TensorRT", True, "with TensorRT, as printed"),
    ("bound", False, "with a bound, normalised"),
)


def shares_of(pairs: Sequence[Pair]) -> Iterator[Share]:
    """Yield what became of each set of pairs that is not empty, and of all with exact figures.

    Those with a bound stay out of the last one: `<1` beside 100 says so little that it survives.
    """
    for basis, raw, name in _ROWS:
        found = [pair for pair in pairs if pair.basis == basis]
        if found:
            yield _share(name, found, raw=raw)
    exact = [pair for pair in pairs if pair.basis != "bound"]
    if exact:
        yield _share("all but bounds, normalised", exact, raw=False)


def _share(name: str, pairs: Sequence[Pair], *, raw: bool) -> Share:
    return Share(
        name=name,
        counts=Counter(pair.raw_verdict if raw else pair.verdict for pair in pairs),
        tau=kendall_tau(pairs, raw=raw),
        pairs=tuple(pairs),
    )


def kendall_tau(pairs: Sequence[Pair], *, raw: bool) -> float | None:
    """Return Kendall's tau (tau-a) of the measured and the published order over `pairs`.

    A pair that print does not order counts for neither side. Over all pairs of some networks it is
    the coefficient of their two rankings; over a part of the pairs it is their share of it.
    """
    if not pairs:
        return None
    agreements = 0
    for pair in pairs:
        side = (pair.printed if raw else pair.published).side
        ratio = pair.measured.value
        agreements += side * ((ratio > 1) - (ratio < 1))
    return agreements / len(pairs)
