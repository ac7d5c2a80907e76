"""The front is what comparing every pair of rows gives."""

from __future__ import annotations

import time

import numpy as np
import pytest

from harness.report.pareto import on_front


def by_every_pair(values: np.ndarray, more_is_better: list[bool]) -> list[bool]:
    """Return the front by its definition."""

    def beats(one: np.ndarray, other: np.ndarray) -> bool:
        pairs = list(zip(one, other, more_is_better, strict=True))
        as_good = all(a >= b if more else a <= b for a, b, more in pairs)
        return as_good and any(a != b for a, b, _ in pairs)

    return [not any(beats(other, row) for other in values) for row in values]


@pytest.mark.parametrize("figures", [1, 2, 3, 4])
def test_random_rows_with_many_ties_give_what_every_pair_gives(figures: int) -> None:
    chance = np.random.default_rng(figures)
    for _ in range(200):
        rows, distinct = chance.integers(0, 40), chance.integers(2, 30)
        values = chance.integers(0, distinct, (rows, figures)).astype(float)
        ways = [bool(way) for way in chance.integers(0, 2, figures)]
        assert on_front(values.tolist(), ways) == by_every_pair(values, ways)


def test_cheap_and_accurate_rows_are_on_the_front() -> None:
    # (MACs, mIoU): 2 costs more than 1 and is worse; 4 costs as much as 3 and is worse.
    values = [(10.0, 70.0), (20.0, 75.0), (25.0, 74.0), (30.0, 78.0), (30.0, 77.0)]
    assert on_front(values, [False, True]) == [True, True, False, True, False]


def test_rows_that_are_equal_share_their_fate() -> None:
    values = [(1.0, 5.0), (1.0, 5.0), (2.0, 4.0), (2.0, 4.0)]
    assert on_front(values, [False, True]) == [True, True, False, False]
    three = [(*row, 0.0) for row in values]
    assert on_front(three, [False, True, True]) == [True, True, False, False]


@pytest.mark.parametrize(
    "second", [lambda x: -x, lambda x: x, lambda x: 0 * x], ids=["all", "one", "no second figure"]
)
def test_a_hundred_thousand_rows_take_no_square(second: object) -> None:
    first = np.random.default_rng(0).random(100_000)
    values = np.stack([first, second(first)], axis=1).tolist()  # type: ignore[operator]
    start = time.process_time()
    kept = on_front(values, [True, True])
    assert time.process_time() - start < 3  # 0.1 where nothing else runs; a square, minutes
    assert sum(kept) in (1, len(first))


def test_a_hundred_thousand_equal_rows_of_three_figures_take_no_square() -> None:
    start = time.process_time()
    assert all(on_front(np.ones((100_000, 3)).tolist(), [True] * 3))
    assert time.process_time() - start < 3


def test_no_rows_have_no_front() -> None:
    assert on_front([], [True, False]) == []


@pytest.mark.parametrize(
    ("values", "ways"),
    [
        ([(1.0, float("nan"))], [True, True]),
        ([(1.0, 2.0)], [True]),
        ([(1.0,)], []),
    ],
)
def test_what_is_no_table_of_numbers_is_our_mistake(
    values: list[tuple[float, ...]], ways: list[bool]
) -> None:
    with pytest.raises(ValueError, match=r"^on_front: "):
        on_front(values, ways)
