"""Pairs, shares, Kendall's tau and implied factors of networks whose figures are round."""

from __future__ import annotations

import pytest

from harness.report.scales import load_scales
from harness.report.survival.implied import implied_factors
from harness.report.survival.pairs import Network, Pair, pairs_of
from harness.report.survival.published import published_rate
from harness.report.survival.summary import kendall_tau, shares_of
from tests.report.survival.made_up import measured, published

MAXWELL = "Titan X (M)"  # 0.61 in the paper
SCALES = load_scales()


def network(
    label: str, fps: str, ours: float, device: str = "GTX 1080 Ti", *, tensorrt: bool = False
) -> Network:
    record = published(label, fps, device, tensorrt=tensorrt)
    return Network(
        label=label,
        rate=published_rate(record, SCALES, "t"),
        reported=record,
        measured=measured(label, ours),
    )


# On the reference FPS are 10 times as many here, but for c; Maxwell's factor would be 0.5 and not
# 0.61. Normalised: a 200, m 122 / 0.61 = 200 (behind a), b 100, n 61 / 0.61 = 100, c 50.
A = network("a", "200.0", 2000)
B = network("b", "100.0", 1000)
C = network("c", "50.0", 450)
M = network("m", "122.0", 2440, MAXWELL)
N = network("n", "60.9", 1218, MAXWELL)
T = network("t", "165.0", 1250, tensorrt=True)  # 100 by the paper's 1.65
V = network("v", "<1", 3)


def found(*networks: Network) -> dict[tuple[str, str], Pair]:
    ordered = sorted(networks, key=lambda each: -each.rate.place)
    return {(p.first.label, p.second.label): p for p in pairs_of(ordered, 0.1)}


def test_a_pair_has_both_published_ratios_and_the_measured_one() -> None:
    pair = found(A, N)["a", "n"]
    assert pair.value == pytest.approx(200 / (60.9 / 0.61))
    assert pair.printed.low < 200 / 60.9 < pair.printed.high
    assert pair.measured.value == pytest.approx(2000 / 1218)
    assert pair.change == pytest.approx((2000 / 1218) / (200 * 0.61 / 60.9))
    # Intervals of 0.1% each: joined in quadrature, sqrt(2) * 0.1%.
    low, high = pair.measured.ci95 or (0, 0)
    assert high / low == pytest.approx(1 + 2 * 2**0.5 * 0.001, rel=1e-5)


def test_normalised_and_printed_ratio_get_verdicts_of_their_own() -> None:
    # a over n: 2.0 normalised, 3.28 printed, 1.64 measured: 18% and 50% off.
    pair = found(A, N)["a", "n"]
    assert (pair.verdict, pair.raw_verdict) == ("same order", "same order")
    # n over c: 2.0 normalised, 1.22 printed, 2.71 measured; b over n: 1.0, 1.64, 0.82.
    assert found(B, N)["b", "n"].verdict == "reversed"
    near = found(network("b", "61.0", 1218), N)["n", "b"]  # 1.64 normalised, 1.0 printed, 1.0 ours
    assert (near.verdict, near.raw_verdict) == ("undecided", "survives")


def test_pairs_are_kept_apart_by_what_stands_between_the_figures() -> None:
    pairs = found(A, B, M, N, T, V)
    bases = {names: pair.basis for names, pair in pairs.items()}
    assert bases["a", "b"] == "one GPU"
    assert bases["m", "n"] == "one GPU"  # whichever GPU
    assert bases["a", "n"] == "across GPUs"
    assert bases["a", "t"] == "TensorRT"  # of one GPU, but not taken alike
    assert bases["a", "v"] == bases["t", "v"] == "bound"
    assert pairs["a", "v"].value is None
    assert pairs["a", "v"].change is None


def test_on_one_gpu_no_factor_enters() -> None:
    pair = found(M, N)["m", "n"]
    assert pair.published.low == pytest.approx(pair.printed.low)
    assert pair.verdict == pair.raw_verdict == "survives"


def test_shares_count_each_set_by_its_own_ratios() -> None:
    shares = {s.name: s for s in shares_of(list(found(A, B, C, M, N, T, V).values()))}
    one = shares["on one GPU"]  # ab, ac, bc, mn: c is 11% off
    assert len(one.pairs) == 4
    assert (one.counts["survives"], one.counts["same order"]) == (2, 2)
    # Of 7 networks: 4 on one GPU, 6 across (a b c by m n), 5 with t, 6 with v.
    sizes = {name: len(share.pairs) for name, share in shares.items()}
    assert sizes == {
        "on one GPU": 4,
        "across GPUs, normalised": 6,
        "across GPUs, as printed": 6,
        "with TensorRT, normalised": 5,
        "with TensorRT, as printed": 5,
        "with a bound, normalised": 6,
        "all but bounds, normalised": 15,
    }
    assert shares["with a bound, normalised"].counts == {"survives": 6}


def test_a_set_without_pairs_is_no_row() -> None:
    assert [s.name for s in shares_of(list(found(A, B).values()))] == [
        "on one GPU",
        "all but bounds, normalised",
    ]
    assert [s.name for s in shares_of(list(found(A, V).values()))] == ["with a bound, normalised"]


def test_kendalls_tau_of_four_networks_by_hand() -> None:
    # Print 4 > 3 > 2 > 1, measured 4, 1, 2, 3 times: of six pairs, 4-3, 4-2 and 4-1 agree, the
    # other three do not: (3 - 3) / 6 = 0.
    nets = [network(n, f"{p}.0", m) for n, p, m in
            (("w", 400, 40), ("x", 300, 10), ("y", 200, 20), ("z", 100, 30))]  # fmt: skip
    assert kendall_tau(pairs_of(nets, 0.1), raw=False) == 0
    # With the last two exchanged: w z y x against w x z y. 4 agree, 2 do not: 2/6.
    nets[2], nets[3] = network("y", "200.0", 30), network("z", "100.0", 20)
    nets[1] = network("x", "300.0", 25)
    # measured 40, 25, 30, 20: only x-y disagrees: (5 - 1) / 6.
    assert kendall_tau(pairs_of(nets, 0.1), raw=False) == pytest.approx(4 / 6)
    assert kendall_tau((), raw=False) is None


def test_tau_by_printed_figures_is_another_one() -> None:
    pairs = list(found(B, N).values())  # b ahead by both, by 0.2% normalised; n ahead here
    assert kendall_tau(pairs, raw=False) == -1
    above = list(found(C, N).values())  # n ahead normalised, printed and measured
    assert kendall_tau(above, raw=True) == 1
    # m over b: 2.0 normalised, 1.22 printed, 2.44 measured.
    swapped = list(found(network("b", "130.0", 1000), M).values())
    assert kendall_tau(swapped, raw=False) == 1  # 200 over 130
    assert kendall_tau(swapped, raw=True) == -1  # 122 over 130


def test_a_pair_that_print_does_not_order_counts_for_neither_side() -> None:
    tie = [network("x", "100.0", 900), network("y", "100.0", 800), network("z", "50.0", 100)]
    assert kendall_tau(pairs_of(tie, 0.1), raw=False) == pytest.approx(2 / 3)


def test_the_factor_of_a_card_is_what_the_measurements_imply() -> None:
    # a, b: 0.1 published per measured FPS; m, n: 0.05. So Maxwell is 0.5, and 0.61 in the paper.
    reference, maxwell = implied_factors([A, B, M, N], SCALES)
    assert (reference.name, reference.used) == ("GTX 1080 Ti", 1)
    assert reference.value == pytest.approx(1)
    assert (maxwell.name, maxwell.used) == (MAXWELL, 0.61)
    assert maxwell.value == pytest.approx(0.5)
    assert maxwell.spread == pytest.approx(1)


def test_its_spread_is_a_factor_of_single_networks() -> None:
    # 2/10 and 8/10 of the unit 0.1: geometric mean 4/10, deviation ln 4 / sqrt 2.
    low, high = network("m", "20.0", 1000, MAXWELL), network("n", "80.0", 1000, MAXWELL)
    _, maxwell = implied_factors([A, B, low, high], SCALES)
    assert maxwell.value == pytest.approx(0.4)
    assert maxwell.spread == pytest.approx(4 ** (1 / 2**0.5))
    assert maxwell.end(highest=False) == (pytest.approx(0.2), low)
    assert maxwell.end(highest=True) == (pytest.approx(0.8), high)


def test_its_interval_comes_out_of_the_spread_of_all_cards() -> None:
    # Logs of published over measured, less that of 0.1: d, -d, 0 on the reference, x + d, x - d on
    # Maxwell, d being ln 1.2. Pooled variance (2 d^2 + 2 d^2) / (2 + 1): s = d * sqrt(4/3).
    # Its mean's error: s * sqrt(1/2 + 1/3); Student's t of 3 degrees of freedom is 3.18245.
    reference = [network(n, "100.0", 1000 * by) for n, by in (("a", 1.2), ("b", 1 / 1.2), ("c", 1))]
    maxwell = [network(n, "50.0", 1000 * by, MAXWELL) for n, by in (("m", 1.2), ("n", 1 / 1.2))]
    first, second = implied_factors([*reference, *maxwell], SCALES)
    assert first.ci95 is None  # 1 by definition
    width = 1.2 ** (3.18245 * (4 / 3 * 5 / 6) ** 0.5)
    assert second.value == pytest.approx(0.5)
    assert second.ci95 == pytest.approx((0.5 / width, 0.5 * width), rel=1e-5)


def test_of_one_network_a_card_nothing_says_how_networks_differ() -> None:
    assert [each.ci95 for each in implied_factors([A, M], SCALES)] == [None, None]


def test_a_card_of_one_network_has_the_interval_that_the_other_cards_spread_gives() -> None:
    # Spread of the reference alone: ln(10/9) / sqrt 3 with 2 degrees of freedom (A and B at 0.1, C
    # at 1/9); means of 1 and of 3.
    vague = network("v", "~1", 3, "Titan X (P)")
    _, maxwell, pascal = implied_factors([A, B, C, M, vague], SCALES)
    width = (10 / 9) ** (4.30265 / 3**0.5 * (1 + 1 / 3) ** 0.5)
    assert maxwell.value is not None
    assert maxwell.ci95 == pytest.approx((maxwell.value / width, maxwell.value * width), rel=1e-5)
    assert pascal.ci95 is None


def test_tensorrt_has_a_factor_beyond_that_of_its_card() -> None:
    # 165 published, 1250 measured: 0.132, 1.32 of the unit; on Maxwell over its 0.61 besides.
    *_, tensorrt = implied_factors([A, B, T], SCALES)
    assert (tensorrt.name, tensorrt.used) == ("TensorRT", 1.65)
    assert tensorrt.value == pytest.approx(1.32)
    assert tensorrt.spread is None  # of one network
    other = network("t", "100.65", 1000, MAXWELL, tensorrt=True)  # 1.0065 of the unit
    *_, tensorrt = implied_factors([A, B, other], SCALES)
    assert tensorrt.value == pytest.approx(1.0065 / 0.61)


def test_bounds_imply_no_factor_and_are_named() -> None:
    vague = network("v", "~1", 3, "Titan X (P)")
    *_, pascal = implied_factors([A, vague, V], SCALES)
    assert (pascal.name, pascal.value, pascal.bounds) == ("Titan X (P)", None, (vague,))
    assert pascal.end(highest=True) is None


def test_without_the_reference_nothing_is_implied() -> None:
    assert implied_factors([M, N, T, V], SCALES) == ()


def test_the_reference_comes_first_whatever_the_order() -> None:
    assert [each.name for each in implied_factors([M, T, A], SCALES)] == [
        "GTX 1080 Ti", MAXWELL, "TensorRT",
    ]  # fmt: skip
