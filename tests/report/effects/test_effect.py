"""Differences of pairs, what they depend on, and what noise explains."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from harness.records import Record
from harness.report.effects.effect import beyond_noise, depends_on
from harness.report.ratio import Ratio

from .made import effects, record, two_by_two


def test_a_purely_additive_metric_has_the_same_difference_in_all_pairs() -> None:
    chance = random.Random(0)
    levels = {option: [chance.randrange(10**12) for _ in range(4)] for option in "abc"}
    records = [
        record({"stem": {"a": a, "b": b, "c": c}},
               params=levels["a"][a] + levels["b"][b] + levels["c"][c])
        for a, b, c in itertools.product(range(4), repeat=3)
    ]  # fmt: skip
    space, found = effects(records)
    assert len(found) == 9  # three options with three values besides the reference
    for (option, value), effect in found.items():
        level = levels[option.removeprefix("stem.")]
        expected = level[int(value)] - level[0]
        assert (effect.least.difference, effect.most.difference) == (expected, expected)
        assert effect.constant
        assert effect.mean == expected
        assert len(effect.changes) == 16
        assert depends_on(space, [effect]) == []


def test_an_interaction_shows_as_a_range_with_the_option_it_depends_on() -> None:
    # width * depth: one more of width costs 1 at depth 1 and 3 at depth 3.
    figures = {(w, d): w * d for w in (1, 2) for d in (1, 3)}
    space, found = effects(two_by_two(figures))
    effect = found["stem.width", "2"]
    assert [change.difference for change in effect.changes] == [1, 3]
    assert (effect.least.difference, effect.mean, effect.most.difference) == (1, 2.0, 3)
    assert effect.at_reference is effect.changes[0]
    assert [ratio.value for ratio in effect.ratios] == [2.0, 2.0]
    assert depends_on(space, [effect]) == [("stem.depth", 1.0)]


def test_of_several_options_the_one_comes_first_that_the_difference_depends_on_most() -> None:
    # width costs 10 * depth + rate: 11, 12, 21, 22. Around their mean 16.5 the squares come to
    # 2 * 5.5^2 + 2 * 4.5^2 = 101, of which 4 * 5^2 lie between depths and 4 * 0.5^2 between rates.
    records: list[Record] = [
        record({"stem": {"width": w, "depth": d, "rate": r}}, params=w * (10 * d + r))
        for w in (0, 1)
        for d in (1, 2)
        for r in (1, 2)
    ]
    space, found = effects(records)
    shares = depends_on(space, [found["stem.width", "1"]])
    assert [name for name, _ in shares] == ["stem.depth", "stem.rate"]
    assert [share for _, share in shares] == pytest.approx([100 / 101, 1 / 101])


def test_a_count_of_zero_has_differences_and_no_ratio() -> None:
    _, found = effects(two_by_two({(1, 1): 0, (2, 1): 5}))
    (effect,) = found.values()
    assert effect.least.difference == 5
    assert effect.ratios == ()
    assert effect.mean_ratio is None


def test_whole_numbers_beyond_what_a_float_holds_stay_exact() -> None:
    big = 2**60
    _, found = effects(two_by_two({(1, 1): big, (2, 1): big + 1}))
    (effect,) = found.values()
    assert effect.least.difference == 1


def test_what_large_differences_depend_on_is_not_lost_in_rounding() -> None:
    big = 2**60
    figures = {(1, 1): 0, (2, 1): big + 1, (1, 3): 0, (2, 3): big + 3}
    space, found = effects(two_by_two(figures))
    assert depends_on(space, [found["stem.width", "2"]]) == [("stem.depth", 1.0)]


def test_a_timed_ratio_joins_both_intervals_and_their_mean_is_surer() -> None:
    records = [
        record({"stem": {"width": w, "depth": d}}, fps=fps, half_width=0.03)
        for (w, d), fps in {(1, 1): 10.0, (2, 1): 20.0, (1, 2): 5.0, (2, 2): 10.0}.items()
    ]
    _, found = effects(records, "fps")
    effect = found["stem.width", "2"]
    single = math.hypot(0.03, 0.03)
    assert [ratio.log_half_width for ratio in effect.ratios] == pytest.approx([single, single])
    assert effect.mean_ratio is not None
    assert effect.mean_ratio.value == pytest.approx(2.0)
    assert effect.mean_ratio.log_half_width == pytest.approx(single / math.sqrt(2))


def test_a_latency_ratio_has_the_interval_of_the_rates_and_the_inverse_value() -> None:
    records = [record({"stem": {"width": w}}, fps=f, half_width=0.1) for w, f in ((1, 8), (2, 4))]
    _, found = effects(records, "latency_s.mean")
    (effect,) = found.values()
    (ratio,) = effect.ratios
    assert ratio.value == pytest.approx(2.0)
    assert ratio.log_half_width == pytest.approx(math.hypot(0.1, 0.1))


def test_a_latency_of_which_no_interval_is_known_has_none() -> None:
    records = [record({"stem": {"width": w}}, fps=f, half_width=0.1) for w, f in ((1, 8), (2, 4))]
    _, found = effects(records, "latency_s.p50")
    (ratio,) = next(iter(found.values())).ratios
    assert ratio.ci95 is None


@pytest.mark.parametrize(
    ("apart", "expected"),
    # Two equal intervals of half-width h: Q = (apart * 1.96)^2 / 2, and 3.84 is the limit of one
    # degree of freedom, so that the limit of `apart` is sqrt(2).
    [(1.35, False), (1.48, True), (0.0, False)],
)
def test_two_ratios_differ_beyond_noise_from_root_two_half_widths_on(
    apart: float, expected: bool
) -> None:
    ratios = [Ratio(1.0, 0.05), Ratio(math.exp(apart * 0.05), 0.05)]
    assert beyond_noise(ratios) is expected


@pytest.mark.parametrize(("q", "expected"), [(18.0, False), (18.6, True)])
def test_eleven_ratios_have_the_limit_of_ten_degrees_of_freedom(q: float, expected: bool) -> None:
    # The limit is 18.307. Ten at 1 and one aside by x: Q = x^2 * 10 / 11 in standard errors.
    aside = math.sqrt(q * 11 / 10) / 1.959964 * 0.05
    assert beyond_noise([Ratio(1.0, 0.05)] * 10 + [Ratio(math.exp(aside), 0.05)]) is expected


@pytest.mark.parametrize("width", [None, 0.0])
def test_ratios_without_an_interval_claim_nothing(width: float | None) -> None:
    assert not beyond_noise([Ratio(1.0, width), Ratio(9.0, width)])
    assert not beyond_noise([Ratio(1.0, 0.01)])


def test_what_noise_explains_is_no_dependence() -> None:
    def timed(half_width: float) -> list[Record]:
        rates = {(1, 1): 10.0, (2, 1): 20.0, (1, 2): 10.0, (2, 2): 21.0}
        return [record({"stem": {"width": w, "depth": d}}, fps=fps, half_width=half_width)
                for (w, d), fps in rates.items()]  # fmt: skip

    space, noisy = effects(timed(0.05), "fps")
    assert depends_on(space, [noisy["stem.width", "2"]]) == []
    space, quiet = effects(timed(0.001), "fps")
    assert depends_on(space, [quiet["stem.width", "2"]]) == [("stem.depth", 1.0)]
