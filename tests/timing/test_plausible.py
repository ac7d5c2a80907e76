"""A network that comes out faster than a part of it casts doubt on both figures."""

import time
from functools import cache
from typing import Any

import pytest

from harness.ledger import record
from harness.row import Row
from harness.timing.combine import combine
from harness.timing.part import Part
from harness.timing.plausible import Result, contradictions
from harness.timing_records import Timing
from variants.build import skeleton
from variants.catalog import load_catalog
from variants.spec import resolve

from .fakes import protocol


def row(op: str = "conv", path: str = "", **fields: Any) -> Row:
    given: dict[str, Any] = {"input": (1, 3, 8, 8), "output": (1, 4, 8, 8), "groups": 1}
    given |= {"weight": (4, 3, 3, 3), "macs": 6912, "affine": False, "mode": "", "along": 0}
    return Row(op=op, function=op, path=path, module="", **(given | fields))


def timing(fps: float, within: float = 0.01, **fields: Any) -> Timing:
    """Return a timing of 40 passes, its interval `within` of `fps` on both sides."""
    pass_s = (0.9 / fps, 1.1 / fps) * 20
    part = Part(pass_s=pass_s, elapsed_s=sum(pass_s), stopped_by="iterations", setup_s=0, host_s=0)
    made = combine(protocol(iterations=40, **fields), [part])
    assert made.fps == pytest.approx(fps)
    return replace_interval(made, (fps * (1 - within), fps * (1 + within)))


def replace_interval(made: Timing, interval: tuple[float, float] | None) -> Timing:
    return Timing(**(vars(made) | {"fps_ci95": interval}))


SMALL = (row(path="stem"), row("relu", weight=()))
LARGE = (row("relu", path="b", weight=()), row(path="a"), row("add", weight=()))


def test_the_larger_one_ahead_is_said_of_both() -> None:
    said = contradictions(
        [Result("whole", LARGE, timing(44.0)), Result("part", SMALL, timing(40.0))]
    )
    text = (
        "whole came out faster (44 FPS, 43.56 to 44.44) than its own part part (40 FPS, 39.6 to "
        "40.4), beyond both intervals; time both again, with more --rounds"
    )
    assert said == [(text,), (text,)]


def test_paths_and_order_do_not_matter_but_everything_computed_does() -> None:
    for other in (
        row("linear"),
        row(input=(1, 3, 16, 16)),
        row(output=(1, 4, 4, 4)),
        row(weight=(4, 3, 1, 1)),
        row(groups=2),
    ):
        different = (other, SMALL[1])
        assert contradictions(
            [Result("whole", LARGE, timing(44.0)), Result("other", different, timing(40.0))]
        ) == [(), ()]


def test_an_operator_that_runs_twice_is_not_in_a_network_that_runs_it_once() -> None:
    twice = (row(), row(), row("relu", weight=()))
    assert contradictions(
        [Result("whole", LARGE, timing(44.0)), Result("other", twice, timing(40.0))]
    ) == [(), ()]
    more = (*twice, row("add", weight=()))
    (whole, _) = contradictions(
        [Result("whole", more, timing(44.0)), Result("part", twice, timing(40.0))]
    )
    assert len(whole) == 1


def test_equal_networks_may_come_out_either_way() -> None:
    same = (SMALL[1], SMALL[0])
    assert contradictions(
        [Result("one", SMALL, timing(44.0)), Result("two", same, timing(40.0))]
    ) == [(), ()]


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        (timing(40.0), timing(44.0)),  # as it should be
        (timing(40.5), timing(40.0)),  # 40.1 to 40.9 and 39.6 to 40.4 overlap
        (replace_interval(timing(44.0), None), timing(40.0)),
        (timing(44.0), replace_interval(timing(40.0), None)),
        (timing(44.0, threads=2), timing(40.0)),
    ],
)
def test_what_the_intervals_allow_or_cannot_tell_is_left_alone(whole: Timing, part: Timing) -> None:
    results = [Result("whole", LARGE, whole), Result("part", SMALL, part)]
    assert contradictions(results) == [(), ()]


def test_nothing_is_said_of_none_or_one() -> None:
    assert contradictions([]) == []
    assert contradictions([Result("one", SMALL, timing(1.0))]) == [()]


@cache
def rows_of(name: str) -> tuple[Row, ...]:
    network = skeleton(resolve(load_catalog()[name].chosen))
    return record(network, (1, 3, 64, 128)).rows


def test_real_variants_are_parts_of_each_other_as_they_are_built() -> None:
    # Each is faster than every one before it. Blocks are added to the baseline: the context block
    # (ASPP or DAPF) and the fusion (MDA); fassd-net has DAPF and MDA.
    names = ("baseline", "baseline-aspp", "baseline-dapf", "baseline-mda", "baseline-aspp-mda")
    names += ("fassd-net", "fassd-net-l1")
    said = contradictions(
        [Result(name, rows_of(name), timing(10.0 * 1.5**n)) for n, name in enumerate(names)]
    )
    pairs = {(text.split()[0], text.split(" part ")[1].split()[0]) for t in said for text in t}
    assert pairs == {
        *((name, "baseline") for name in names[1:6]),
        *(("baseline-aspp-mda", "baseline-aspp"), ("baseline-aspp-mda", "baseline-mda")),
        *(("fassd-net", "baseline-dapf"), ("fassd-net", "baseline-mda")),
    }
    assert len(said[0]) == 5  # the baseline is told of each


def test_twenty_variants_of_three_hundred_operators_take_no_time() -> None:
    results = [
        Result(
            f"v{n}",
            [row(output=(1, number, 8, 8)) for number in range(280 + n)],
            timing(10.0 * 1.1**n),
        )
        for n in range(20)
    ]
    began = time.process_time()  # what other processes do meanwhile does not count
    said = contradictions(results)
    assert time.process_time() - began < 2.0
    assert len(said[0]) == len(said[19]) == 19
