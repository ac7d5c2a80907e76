"""Two sets of records against each other: ratios, what is claimed of them, and what is refused."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.errors import BadRequest
from harness.records import ProfileRecord, Record
from harness.report.comparison import Comparison, compare, slower, unjudged
from harness.report.comparison_json import to_json
from harness.report.comparison_text import joined, ratio_text, to_text
from harness.report.pairing import changed_options
from harness.report.ratio import Ratio, geometric_mean, rate_ratio
from harness.report.side import choose_side
from harness.report.speed import FpsChoice
from harness.timing.statistics import fps_interval, relative_half_width
from harness.timing_records import Round, Timing

from .sample import CPU, GPU, failed, profile, protocol, reported, roof, timing, trained

LATER = "2026-02-01T00:00:00Z"


def rate(fps: float, half: float | None = 0.01, **changes: Any) -> Timing:
    """Return a timing with a 95% interval of +-`half`."""
    return timing(fps, fps_ci95=fps_interval(fps, half), **changes)


def timed(variant: str, fps: float, half: float | None = 0.01, **changes: Any) -> ProfileRecord:
    keys = changes.pop("keys", {})
    fields = changes.pop("timing_fields", {})
    record: ProfileRecord = profile(
        variant, timing=rate(fps, half, protocol=protocol(**keys), **fields), **changes
    )
    return record


def compared(
    a: Sequence[Record], b: Sequence[Record], *, across: Sequence[str] = (), **choice: Any
) -> Comparison:
    chosen = FpsChoice(origin="measured", **choice)
    return compare(
        choose_side(a, chosen, name="A"), choose_side(b, chosen, name="B"), across=across
    )


def refusal(a: Sequence[Record], b: Sequence[Record], **options: Any) -> str:
    with pytest.raises(BadRequest) as caught:
        compared(a, b, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# The ratio and its interval


def test_the_ratio_is_bs_rate_over_as_with_half_widths_in_quadrature_on_logarithms() -> None:
    ratio = rate_ratio(rate(10.0, 0.03), rate(20.0, 0.04))
    assert ratio.value == 2.0
    # sqrt(0.03^2 + 0.04^2) = 0.05; 2 / e^0.05 = 1.902459, 2 * e^0.05 = 2.102542
    assert ratio.ci95 == pytest.approx((1.902459, 2.102542), abs=1e-6)


def test_a_over_b_is_exactly_the_inverse_of_b_over_a() -> None:
    a, b = rate(1.16, 0.2), rate(1.88, 0.3)
    forth, back = rate_ratio(a, b).ci95, rate_ratio(b, a).ci95
    assert forth is not None
    assert back is not None
    assert back == pytest.approx((1 / forth[1], 1 / forth[0]), rel=1e-12)


def test_an_interval_that_is_cut_off_at_zero_keeps_its_width() -> None:
    # fps (1 - 1.2) would be negative and is stored as 0; the upper end still says 1.2.
    wide = rate(10.0, 1.2)
    assert wide.fps_ci95 == (0.0, 22.0)
    assert rate_ratio(wide, rate(10.0, 0.0)).log_half_width == pytest.approx(1.2)


def test_a_difference_is_claimed_only_where_the_interval_excludes_one() -> None:
    # Joined half-width of two 1% intervals: 1.414%.
    assert rate_ratio(rate(100), rate(101.3)).verdict == "no difference"
    assert rate_ratio(rate(100), rate(101.6)).verdict == "faster"
    assert rate_ratio(rate(100), rate(98.7)).verdict == "no difference"
    assert rate_ratio(rate(100), rate(98.4)).verdict == "slower"


@pytest.mark.parametrize(("a", "b"), [(None, 0.01), (0.01, None), (None, None)])
def test_without_an_interval_on_both_sides_nothing_is_claimed(
    a: float | None, b: float | None
) -> None:
    ratio = rate_ratio(rate(1.0, a), rate(100.0, b))
    assert (ratio.value, ratio.ci95, ratio.verdict) == (100.0, None, "unknown")
    assert not rate_ratio(rate(100.0, a), rate(1.0, b)).slower_by(0.05)


def test_the_geometric_mean_joins_the_noise_of_its_ratios() -> None:
    mean = geometric_mean([Ratio(2.0, 0.03), Ratio(8.0, 0.04)])
    assert mean.value == pytest.approx(4.0)  # sqrt(2 * 8)
    assert mean.log_half_width == pytest.approx(0.025)  # sqrt(0.03^2 + 0.04^2) / 2
    assert geometric_mean([Ratio(2.0, 0.03), Ratio(8.0, None)]).verdict == "unknown"


@pytest.mark.parametrize(
    ("value", "half", "fails"),
    [
        (0.90, 0.02, True),  # 10% lost, for sure
        (0.94, 0.02, True),  # 6% lost at an estimate, and something for sure
        (0.96, 0.02, False),  # something for sure, but not 5%
        (0.90, 0.20, False),  # 10% that is noise
        (1.20, 0.02, False),
    ],
)
def test_a_gate_needs_both_the_estimate_and_the_interval(
    value: float, half: float, fails: bool
) -> None:
    assert Ratio(value, half).slower_by(0.05) is fails


# Simulated measurements, through the interval that the harness itself computes


def measured(random_: random.Random, fps: float, rounds: int, blocks: int) -> Timing:
    """Return a timing of a network of `fps` whose block means scatter by 2%."""
    seconds = [[random_.gauss(1 / fps, 0.02 / fps) for _ in range(blocks)] for _ in range(rounds)]
    mean = math.fsum(map(math.fsum, seconds)) / (rounds * blocks)
    return rate(1 / mean, relative_half_width(seconds))


@pytest.mark.parametrize(
    ("rounds", "blocks", "least"),
    [
        # Student's t with 29 degrees of freedom for each, 2.045, where both together have 58 and
        # 2.002 would do: 4.5% false claims.
        (1, 30, 0.030),
        (1, 6, 0.010),
        (3, 10, 0.0),  # the wider of two intervals: safer still
    ],
)
def test_of_equal_networks_a_difference_is_claimed_in_at_most_one_of_twenty(
    rounds: int, blocks: int, least: float
) -> None:
    random_ = random.Random(20260301)
    pairs = [
        rate_ratio(measured(random_, 40, rounds, blocks), measured(random_, 40, rounds, blocks))
        for _ in range(3000)
    ]
    claims = sum(ratio.verdict != "no difference" for ratio in pairs) / len(pairs)
    assert least <= claims <= 0.055
    means = [geometric_mean(pairs[i : i + 3]) for i in range(0, len(pairs), 3)]
    claims = sum(mean.verdict != "no difference" for mean in means) / len(means)
    assert claims <= 0.06


def test_the_interval_holds_the_true_ratio_as_often_as_it_says() -> None:
    random_ = random.Random(7)
    hits = 0
    for _ in range(2000):
        ratio = rate_ratio(measured(random_, 40, 1, 30), measured(random_, 65, 1, 12))
        assert ratio.ci95 is not None
        hits += ratio.ci95[0] <= 65 / 40 <= ratio.ci95[1]
    assert 0.945 <= hits / 2000 <= 0.975


def test_a_true_difference_of_10_percent_is_found_at_intervals_of_1_percent() -> None:
    # 2% scatter over 30 blocks: 2.045 * 2% / sqrt(30) = 0.75%.
    random_ = random.Random(11)
    pairs = [
        rate_ratio(measured(random_, 40, 1, 30), measured(random_, 44, 1, 30)) for _ in range(500)
    ]
    assert all(ratio.verdict == "faster" for ratio in pairs)
    assert all(Ratio(1 / r.value, r.log_half_width).slower_by(0.05) for r in pairs)


# Which records are compared


def test_the_newest_timed_record_of_each_side_counts() -> None:
    a = [timed("x", 10), timed("x", 11, created=LATER), profile("x", created="2026-03-01")]
    (only,) = compared(a, [timed("x", 22)]).compared
    assert only.ratio.value == 2.0
    (only,) = compared(a[::-1], [timed("x", 22)]).compared
    assert only.ratio.value == 2.0


def test_other_kinds_of_records_are_no_timed_ones() -> None:
    side = [timed("x", 10), reported("x"), failed("y"), roof()]
    assert [each.name for each in compared(side, side).compared] == ["x"]
    message = refusal([reported("x"), profile("x")], side)
    assert message == (
        "compare: A must hold a timed record, got 2 without a timing (profile, reported)"
    )
    assert "B must hold a timed record, got no record" in refusal(side, [])


def test_one_network_under_two_names_is_one_network() -> None:
    (only,) = compared([timed("x", 10)], [timed("y", 20)]).compared
    assert (only.name, only.ratio.value) == ("x (y)", 2.0)


def test_a_name_goes_before_a_hash_where_both_would_fit() -> None:
    a = [timed("x", 10), timed("y", 10)]
    b = [timed("y", 30), timed("x", 20)]
    assert {each.name: each.ratio.value for each in compared(a, b).compared} == {
        "x": 2.0,
        "y": 3.0,
    }


def test_a_changed_network_gets_no_ratio_and_says_what_changed() -> None:
    a = timed("x", 10, spec={"context": {"alpha": 2}}, spec_sha256="a" * 64)
    b = timed("x", 20, spec={"context": {"alpha": 4}, "stem": {"w": [1]}}, spec_sha256="b" * 64)
    result = compared([a], [b])
    assert result.compared == ()
    assert result.mean is None
    text = to_text(result)
    assert "x: another network, so no ratio: context.alpha 2 -> 4, stem.w not set -> [1]" in text
    assert "faster" not in text
    data = json.loads(to_json(result, None))
    assert data["changed"][0]["spec"] == {"context.alpha": [2, 4], "stem.w": ["not set", [1]]}
    assert data["geometric_mean"] is None


def test_options_of_equal_value_and_another_type_are_a_change() -> None:
    assert changed_options({"a": {"b": 1}}, {"a": {"b": True}}) == {"a.b": (1, True)}
    assert changed_options({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 1}}}) == {}


def test_variants_of_one_side_only_are_listed() -> None:
    a = [timed("x", 10), timed("y", 10, spec_sha256="b" * 64)]
    b = [timed("x", 10), timed("z", 10, spec_sha256="c" * 64)]
    result = compared(a, b)
    text = to_text(result)
    assert "only in A: y\n" in text
    assert "only in B: z\n" in text
    data = json.loads(to_json(result, None))
    assert data["only_a"] == [{"variant": "y", "input_shape": [1, 3, 1024, 2048]}]
    assert [each["variant"] for each in data["only_b"]] == ["z"]


def test_sides_without_a_common_variant_are_refused() -> None:
    message = refusal([timed("x", 10)], [timed("y", 10, spec_sha256="b" * 64)])
    assert message == "compare: A and B must have a variant in common, got A: x; B: y"


def at(shape: tuple[int, int, int, int], fps: float, variant: str = "x") -> ProfileRecord:
    return timed(variant, fps, input_shape=shape, keys={"input": list(shape)})


SMALL, LARGE, MANY = (1, 3, 512, 1024), (1, 3, 1024, 2048), (8, 3, 512, 1024)


def test_each_input_is_compared_with_its_own() -> None:
    result = compared([at(SMALL, 40), at(LARGE, 10)], [at(LARGE, 20), at(SMALL, 120)])
    assert [each.ratio.value for each in result.compared] == [3.0, 2.0]
    text = to_text(result)
    assert "x 1x3x512x1024   3.00x faster" in text
    assert "x 1x3x1024x2048  2.00x faster" in text


def test_two_inputs_are_compared_only_on_request() -> None:
    message = refusal([at(SMALL, 40)], [at(MANY, 120)])
    assert message.endswith("x: other inputs, which --across input compares")
    result = compared([at(SMALL, 40)], [at(MANY, 120)], across=["input"])
    assert result.compared[0].ratio.value == 3.0
    assert "x 1x3x512x1024 -> 8x3x512x1024  3.00x faster" in to_text(result)


def test_across_inputs_each_side_must_have_one() -> None:
    message = refusal([at(SMALL, 40)], [at(MANY, 120), at(LARGE, 9)], across=["input"])
    assert "needs one input of x in B, got 8x3x512x1024, 1x3x1024x2048" in message


# What is refused


def test_two_devices_are_refused_with_both_names_and_the_flag() -> None:
    message = refusal([timed("x", 10)], [timed("x", 10, device=CPU)])
    assert message == (
        f"compare: A and B must be timed alike, got device {GPU} and {CPU}; what you compare on "
        "purpose, name: --across device"
    )
    text = to_text(compared([timed("x", 10)], [timed("x", 10, device=CPU)], across=["device"]))
    assert text.startswith(f"A: {GPU} under paper@")
    assert f"\nB: {CPU} under paper@" in text
    assert "device:" not in text  # it stands there already
    result = compared([timed("x", 10)], [timed("x", 10, device=CPU)], across=["device"])
    assert json.loads(to_json(result, None))["across"] == {"device": [GPU, CPU]}


def test_every_field_that_differs_must_be_named() -> None:
    a, b = [timed("x", 10)], [timed("x", 20, keys={"backend": "compile", "precision": "fp16"})]
    message = refusal(a, b)
    assert 'precision "fp32" and "fp16"; backend not stated and "compile"' in message
    assert message.endswith("--across precision --across backend")
    assert refusal(a, b, across=["backend"]).endswith("name: --across precision")
    result = compared(a, b, across=["backend", "precision"])
    assert 'precision: "fp32" -> "fp16"' in to_text(result)
    assert json.loads(to_json(result, None))["across"] == {
        "precision": ["fp32", "fp16"],
        "backend": [None, "compile"],
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("iterations", 7),
        ("until", 0.01),
        ("budget_s", 3.0),
        ("min_iterations", 9),
        ("rounds", 5),
        ("name", "mine"),  # a name decides no figure
        ("provider", None),  # records were written before these keys were, and meant these values
        ("fold_bn", False),
    ],
)
def test_what_decides_no_figure_is_not_refused(key: str, value: object) -> None:
    result = compared([timed("x", 10)], [timed("x", 20, keys={key: value})])
    assert result.compared[0].ratio.value == 2.0
    assert result.unlike == {}


@pytest.mark.parametrize(("key", "value"), [("provider", "cuda"), ("fold_bn", True), ("seed", 1)])
def test_what_decides_a_figure_is_refused(key: str, value: object) -> None:
    assert refusal([timed("x", 10)], [timed("x", 20, keys={key: value})]).endswith(
        f"--across {key}"
    )


def test_trained_weights_against_weights_as_built_is_a_difference_to_name() -> None:
    a, b = [timed("x", 10)], [timed("x", 20, weights=trained())]
    message = refusal(a, b)
    assert 'got weights as built and "trained"' in message
    assert message.endswith("name: --across weights")
    result = compared(a, b, across=["weights"])
    assert result.compared[0].ratio.value == 2.0
    assert 'weights: as built -> "trained"' in to_text(result)
    assert not [note for note in result.notes if "called" in note or "weights" in note]
    assert json.loads(to_json(result, None))["across"] == {"weights": ["as built", "trained"]}
    assert compared(a, a, across=["weights"]).unlike == {}  # may differ, and does not


def test_weights_of_another_file_are_noted_and_not_refused() -> None:
    a = [timed("x", 10, weights=trained()), timed("y", 10, weights=trained())]
    b = [timed("x", 20, weights=trained("d")), timed("y", 20, weights=trained())]
    result = compared(a, b)
    assert result.unlike == {}
    assert "weights differ: x c.pth@cccccccc -> d.pth@dddddddd" in result.notes
    assert not [note for note in compared(a, a).notes if "weights" in note]


def test_a_side_of_both_is_refused() -> None:
    a = [timed("x", 10), timed("y", 10, weights=trained())]
    message = refusal(a, a)
    assert 'protocols differ in weights (as built, "trained")' in message
    side = choose_side(a, FpsChoice(protocol="paper+weights"), name="A")
    assert [record.variant for record in side.records] == ["y"]


def test_a_failure_with_weights_is_named_until_a_timing_with_weights_comes() -> None:
    failure = failed("x", weights=trained())
    after = timed("x", 10, created=LATER)
    line = "x with c.pth@cccccccc: failed on 2026-01-05: out of memory"
    assert choose_side([failure, after], FpsChoice(), name="A").failures == (line,)
    after = replace(after, weights=trained("d"))
    assert choose_side([failure, after], FpsChoice(), name="A").failures == ()


def test_a_key_that_another_one_decides_need_not_be_named() -> None:
    b = [timed("x", 20, keys={"precision": "tf32", "tf32": True})]
    assert compared([timed("x", 10)], b, across=["precision"]).compared
    b = [timed("x", 20, keys={"tf32": True})]  # decided by nothing else
    assert refusal([timed("x", 10)], b, across=["precision"]).endswith("--across tf32")


def test_a_condition_that_there_is_not_is_refused() -> None:
    assert "--across: no such condition 'presicion'; did you mean precision" in refusal(
        [timed("x", 10)], [timed("x", 10)], across=["presicion"]
    )


def test_several_conditions_on_one_side_are_refused_and_a_choice_decides() -> None:
    a = [timed("x", 10), timed("x", 90, device=CPU), timed("y", 8, keys={"tf32": True})]
    message = refusal(a, [timed("x", 20)])
    assert message.startswith("compare: A must be of one device and one protocol, got NVIDIA H200")
    assert "protocols differ in tf32 (false, true)" in message
    assert "decide with --device or --protocol (given twice: A's, then B's)" in message
    side = choose_side(a[:2], FpsChoice(device="epyc"), name="A")
    assert [record.timing and record.timing.fps for record in side.records] == [90]
    with pytest.raises(BadRequest, match="A has no timed record for --device tpu; known: NVIDIA"):
        choose_side(a, FpsChoice(device="tpu"), name="A")
    with pytest.raises(BadRequest, match="for --protocol nightly; known: paper@"):
        choose_side(a, FpsChoice(protocol="nightly"), name="A")


@pytest.mark.parametrize("interval", [(11.0, 12.0), (8.0, 9.0)])
def test_an_interval_without_its_rate_is_refused(interval: tuple[float, float]) -> None:
    bad = profile("x", timing=timing(10.0, fps_ci95=interval))
    assert "A: record of x: fps must be positive and inside fps_ci95" in refusal(
        [bad], [timed("x", 10)]
    )


def test_a_rate_of_zero_is_refused() -> None:
    bad = profile("x", timing=replace(timing(1.0), fps=0.0))
    assert "fps must be positive" in refusal([timed("x", 10)], [bad])


# What else is said


def test_software_is_noted_and_not_refused() -> None:
    old = {
        "device": {"name": GPU, "driver": "570.86"},
        "torch": "2.12.0",
        "cuda": "12.6",
        "commit": "a" * 40,
    }
    new = old | {"torch": "2.13.0", "device": {"name": GPU, "driver": "580.1"}, "commit": "b" * 40}
    new["allocator"] = "MALLOC_MMAP_MAX_=0"
    backend = {"backend": {"onnxruntime": "1.32", "layers": "57 Conv"}}
    result = compared(
        [timed("x", 10, environment=old)],
        [timed("x", 10, environment=new, timing_fields=backend)],
    )
    assert result.notes[0] == (
        "software differs: torch 2.12.0 -> 2.13.0, commit aaaaaaaaaaaa -> bbbbbbbbbbbb, "
        "driver 570.86 -> 580.1, allocator not stated -> MALLOC_MMAP_MAX_=0, "
        "onnxruntime not stated -> 1.32"
    )


def test_intervals_of_fewer_than_three_processes_are_noted() -> None:
    three = {"rounds": (Round(fps=10.0, iterations=5, elapsed_s=0.5, setup_s=0.0),) * 3}
    a, b = timed("x", 10, timing_fields=three), timed("x", 10)
    assert compared([a], [a]).notes == ()
    (note,) = compared([a], [b]).notes
    assert "timings of fewer than 3 rounds: 1 of 1 in B; what differs from process" in note


def test_other_protocol_names_are_noted() -> None:
    notes = compared([timed("x", 10)], [timed("x", 10, keys={"name": "mine"})]).notes
    assert notes[0] == "protocols are called paper and mine"


def test_counts_that_changed_are_facts_and_others_are_silent() -> None:
    a, b = timed("x", 10), timed("x", 10, params=1_000_001, gmacs=2.0)
    assert "x: parameters" not in to_text(compared([a], [a]))
    result = compared([a], [replace(b, static=replace(b.static, params=1_000_005))])
    assert "x: parameters 1,000,000 -> 1,000,005, MACs (paper) 1,000,000,000 ->" in to_text(result)
    (variant,) = json.loads(to_json(result, None))["variants"]
    assert variant["static"] == {
        "params": [1_000_000, 1_000_005],
        "macs": {"conv": [1, 1], "paper": [1_000_000_000, 2_000_000_000]},
    }


def test_a_failure_that_is_newer_than_the_measurement_is_a_warning() -> None:
    line = "x: failed on 2026-01-05: out of memory"
    assert choose_side(
        [timed("x", 1), failed("x", reason="out of\nmemory")], FpsChoice(), name="A"
    ).warnings == [line]
    healed = [failed("x"), timed("x", 1, created=LATER)]
    assert choose_side(healed, FpsChoice(), name="A").warnings == []
    elsewhere = failed("x", environment={"device": {"name": CPU}})
    assert choose_side([timed("x", 1), elsewhere], FpsChoice(), name="A").warnings == []
    assert choose_side([timed("y", 1), failed("x")], FpsChoice(), name="A").warnings == [line]


def test_the_records_own_warnings_are_passed_on() -> None:
    noisy = timed("x", 1, timing_fields={"warnings": ("passes spread by 12%",)})
    assert choose_side([noisy], FpsChoice(), name="A").warnings == ["x: passes spread by 12%"]


# In print


def test_a_slower_network_is_so_many_times_slower_with_its_own_interval() -> None:
    # 1 / 0.5 = 2; e^0.1 = 1.105: 1.81 to 2.21. Half-width 0.2: two digits.
    assert ratio_text(Ratio(0.5, 0.1)) == ("2.00x slower", "(1.81x to 2.21x)")
    assert ratio_text(Ratio(2.0, 0.1)) == ("2.00x faster", "(1.81x to 2.21x)")


def test_digits_follow_the_interval() -> None:
    assert joined(Ratio(1.25, 0.004)) == "1.250x faster (1.245x to 1.255x)"
    assert joined(Ratio(1.0, 0.0004)) == "no difference beyond the noise (0.9996x to 1.0004x)"
    # 1.0304 / e^0.03 = 0.99995: two digits would print a claim as 1.00x.
    assert joined(Ratio(1.0308, 0.03)) == "1.0308x faster (1.0003x to 1.0622x)"


def test_lines_are_aligned_and_fit_80_columns() -> None:
    a = [timed("fassd-net", 1.16, 0.014), timed("baseline", 50, 0.018), timed("icnet", 9, None)]
    b = [timed("fassd-net", 1.88, 0.014), timed("baseline", 50.2, 0.018), timed("icnet", 10)]
    a, b = ([replace(r, spec_sha256=c * 64) for r, c in zip(s, "abc", strict=True)] for s in (a, b))
    lines = to_text(compared(a, b)).splitlines()
    assert lines[2:6] == [
        "fassd-net  1.62x faster  (1.59x to 1.65x)  1.16 -> 1.88 FPS",
        "baseline   no difference beyond the noise (0.98x to 1.03x)",
        "icnet      1.11x, noise unknown (A: fewer than 2 blocks)  9.00 -> 10.0 FPS",
        "geometric mean of 3 variants: 1.22x, noise unknown",
    ]
    assert max(map(len, lines)) <= 80


def test_one_variant_has_no_mean_in_print() -> None:
    assert "geometric" not in to_text(compared([timed("x", 1)], [timed("x", 2)]))


def test_json_holds_exact_figures_and_verdicts() -> None:
    data = json.loads(to_json(compared([timed("x", 10, 0.03)], [timed("x", 20, 0.04)]), None))
    (variant,) = data["variants"]
    assert (variant["ratio"], variant["verdict"]) == (2.0, "faster")
    assert variant["ratio_ci95"] == pytest.approx([1.902459, 2.102542], abs=1e-6)
    assert variant["a"] == {
        "fps": 10.0,
        "fps_ci95": pytest.approx([9.7, 10.3]),
        "iterations": 10_000,
        "rounds": 1,
        "created": "2026-01-02T03:04:05+00:00",
    }
    assert data["geometric_mean"]["variants"] == 1
    assert data["a"]["device"] == GPU
    assert data["measured_scale"] is None


def test_the_gate_names_variants_and_mean_and_what_it_cannot_judge() -> None:
    a = [timed("x", 100), timed("y", 100), timed("z", 100, None)]
    b = [timed("x", 80), timed("y", 99.9), timed("z", 10)]
    a, b = ([replace(r, spec_sha256=c * 64) for r, c in zip(s, "abc", strict=True)] for s in (a, b))
    result = compared(a, b)
    assert slower(result, 0.05) == ["x"]  # the mean's noise is unknown
    assert unjudged(result) == ["z"]
    # sqrt(0.8 * 0.999) = 0.894
    assert slower(compared(a[:2], b[:2]), 0.05) == ["x", "the geometric mean"]
    assert slower(compared(a[:2], b[:2]), 0.25) == []
    assert slower(compared(a[:1], b[:1]), 0.05) == ["x"]  # of one variant, the mean is no news
