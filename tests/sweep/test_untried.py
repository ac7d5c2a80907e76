"""Variants that a sampler has not proposed: all of a small space, of a large one what is found."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest

from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition, Search
from harness.sweep.plan import Checked, Illegal, Key, key_of
from harness.sweep.search import untried as module
from harness.sweep.search.untried import Untried
from harness.sweep.stopping import Stop
from variants.catalog import load_catalog

CATALOG = load_catalog()


class Looking:
    """An executor that says what `said` says of numbers, and keeps those it was asked about."""

    def __init__(self, said: Callable[[int], Checked]) -> None:
        self.said = said
        self.asked: list[int] = []

    def run(
        self, function: Any, chunks: Iterable[Sequence[int]]
    ) -> Iterator[tuple[Sequence[int], Any]]:
        assert function.__name__ == "check_chunk"
        for chunk in chunks:
            self.asked += chunk
            yield chunk, [self.said(number) for number in chunk]


def key(number: int) -> Key:
    return key_of(f"{number:064x}", 8, 8)


def legal(number: int) -> Key:
    return key(number)


def space(classes: int, *, conditional: int = 1, wide: int = 1) -> Combinations:
    """Return a space of so many numbers of classes, and of alphas where the context is DAPF.

    Besides, of `wide` values on each of two other axes.
    """
    grid = {
        "context.name": ("none", "dapf"),
        "context.alpha": tuple(range(1, conditional + 1)),
        "head.classes": tuple(range(classes)),
        "stem.a": tuple(range(wide)),
        "stem.b": tuple(range(wide)),
    }
    when = {"context.alpha": {"context.name": "dapf"}}
    return Combinations(
        Definition(name="x", variants=("fassd-net",), grid=grid, when=when), CATALOG
    )


def untried(found: Combinations, trials: int = 1, seed: int = 0) -> Untried:
    return Untried(found, Search(trials=trials, seed=seed), 2, lambda _number, _illegal: None)


def every(one: Untried, pool: Looking, most: int = 10**6) -> list[int]:
    """Return what it finds until it finds nothing, as a search asks it."""
    found: list[int] = []
    taken: set[Key] = set()
    while (number := one.next(pool, taken, Stop())) is not None and len(found) < most:
        found.append(number)
        taken.add(key(number))
    return found


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have spaces of more than ten count as large ones."""
    monkeypatch.setattr(module, "SHUFFLED", 10)


def test_all_of_a_small_space_is_found_once_and_then_it_is_exhausted() -> None:
    found, pool = space(20, conditional=3), Looking(legal)
    one = untried(found)
    numbers = every(one, pool)
    assert len(numbers) == len(set(numbers)) == found.distinct == 20 * (1 + 3)
    assert numbers != sorted(numbers)
    assert (one.exhausted, one.gave_up) == (True, False)
    assert numbers == every(untried(found), Looking(legal))
    assert numbers != every(untried(found, seed=1), Looking(legal))


def test_a_small_space_is_gone_through_however_little_of_it_is_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FEWEST_DRAWS", 1)
    monkeypatch.setattr(module, "DRAWS_PER_VARIANT", 1)
    last = space(20).total - 1
    pool = Looking(lambda number: legal(number) if number == last else Illegal("x", "no"))
    one = untried(space(20))
    assert every(one, pool) == [last]
    assert (one.exhausted, one.gave_up) == (True, False)


@pytest.mark.usefixtures("large")
def test_a_large_space_of_mostly_repeats_is_exhausted_too() -> None:
    found, pool = space(5, conditional=20), Looking(legal)
    one = untried(found)
    numbers = every(one, pool)
    # by hand: five without a context, and five times twenty with one
    assert len(numbers) == len(set(numbers)) == 5 + 5 * 20
    assert sorted(pool.asked) == sorted(numbers)  # no repeat was looked at, and nothing twice
    assert (one.exhausted, one.gave_up) == (True, False)
    assert numbers != every(untried(found, seed=1), Looking(legal))


@pytest.mark.parametrize(("trials", "patience"), [(1, 300), (2, 300), (5, 500)])
@pytest.mark.usefixtures("large")
def test_a_large_space_is_given_up_after_so_many_draws_that_were_nothing_new(
    monkeypatch: pytest.MonkeyPatch, trials: int, patience: int
) -> None:
    monkeypatch.setattr(module, "FEWEST_DRAWS", 300)
    pool = Looking(lambda _number: Illegal("x", "no"))
    one = untried(space(100, wide=1000), trials)
    assert every(one, pool) == []
    assert (one.exhausted, one.gave_up, one.patience) == (False, True, patience)
    assert len(pool.asked) == patience


@pytest.mark.usefixtures("large")
def test_what_is_new_gives_it_patience_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEWEST_DRAWS", 1000)
    pool = Looking(lambda number: legal(number) if number % 50 == 0 else Illegal("x", "no"))
    one = untried(space(100, wide=1000))
    assert len(every(one, pool, most=100)) == 100
    assert len(pool.asked) > 2 * one.patience
    assert not one.gave_up


def test_who_is_told_to_stop_has_not_looked_at_all() -> None:
    stop = Stop()

    def said(number: int) -> Checked:
        stop.signal = 15
        return Illegal("x", f"{number}")

    pool = Looking(said)
    one = untried(space(100, wide=1000))
    assert one.next(pool, set(), stop) is None
    assert (one.exhausted, one.gave_up) == (False, False)
    assert len(pool.asked) <= 2 * module.TOGETHER


def test_what_cannot_be_built_is_noted_and_what_is_taken_or_excluded_left_out() -> None:
    noted = []
    grid = {"head.classes": tuple(range(6))}
    exclude = ({"head.classes": [0, 1]},)
    found = Combinations(
        Definition(name="x", variants=("fassd-net",), grid=grid, exclude=exclude), CATALOG
    )
    pool = Looking(lambda number: Illegal("x", "no") if number == 2 else legal(number))
    one = Untried(found, Search(trials=1), 2, lambda number, _illegal: noted.append(number))
    numbers = [one.next(pool, {key(3)}, Stop()) for _ in range(3)]
    assert sorted(numbers[:2], key=str) == [4, 5]
    assert (numbers[2], noted) == (None, [2])
