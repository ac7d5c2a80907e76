"""Which combinations there are, counted by hand."""

from typing import Any

import pytest

from harness.errors import BadRequest
from harness.sweep import combinations as module
from harness.sweep.combinations import Combinations, numbers, value_of
from harness.sweep.definition import Definition, Sample
from variants.catalog import load_catalog

CATALOG = load_catalog()


def combinations(**fields: Any) -> Combinations:
    fields.setdefault("variants", ("fassd-net",))
    return Combinations(Definition(name="test", **fields), CATALOG)


def names(found: Combinations) -> list[str]:
    """Return what is left of every number that is no repeat and not excluded."""
    made = [found.at(number) for number in range(found.total)]
    return [one.row.name for one in made if one is not None and one.excluded is None]


def test_the_last_axis_changes_fastest_and_variants_slowest() -> None:
    found = combinations(
        variants=("baseline", "fassd-net"),
        grid={"stem.strides": ([2, 1, 2, 1], [3, 1, 2, 1]), "head.classes": (19, 20)},
    )
    assert found.total == 8
    strides = ("[2,1,2,1]", "[3,1,2,1]")
    assert names(found) == [
        f"{row}[head.classes={classes},stem.strides={s}]"
        for row in ("baseline", "fassd-net")
        for s in strides
        for classes in (19, 20)
    ]


def test_a_combination_has_the_options_that_its_name_says() -> None:
    found = combinations(grid={"context.name": ("aspp", "dapf"), "fusion.merge": ("add", "concat")})
    row = found.row(1)
    assert row.name == "fassd-net[context.name=aspp,fusion.merge=concat]"
    assert row.chosen["context"] == {"name": "aspp"}  # dapf's options are gone
    assert row.chosen["fusion"]["merge"] == "concat"
    assert row.chosen["fusion"]["dilations"] == [8, 4, 2]


def test_input_sizes_are_an_axis_between_variants_and_options() -> None:
    found = combinations(sizes=((64, 128), (128, 256)), grid={"context.alpha": (1, 2)})
    rows = [found.row(number) for number in range(found.total)]
    assert [(row.input, row.chosen["context"]["alpha"]) for row in rows] == [
        ((64, 128), 1), ((64, 128), 2), ((128, 256), 1), ((128, 256), 2),
    ]  # fmt: skip
    assert combinations(grid={"context.alpha": (1,)}).row(0).input == (1024, 2048)


def test_zipped_axes_go_together() -> None:
    found = combinations(
        grid={
            "context.alpha": (1, 2),
            "fusion.merge": ("add", "concat"),
            "decoder.multiplier": (1.5, 1.7),
        },
        zips=(("context.alpha", "decoder.multiplier"),),
    )
    assert names(found) == [
        "fassd-net[context.alpha=1,decoder.multiplier=1.5,fusion.merge=add]",
        "fassd-net[context.alpha=1,decoder.multiplier=1.5,fusion.merge=concat]",
        "fassd-net[context.alpha=2,decoder.multiplier=1.7,fusion.merge=add]",
        "fassd-net[context.alpha=2,decoder.multiplier=1.7,fusion.merge=concat]",
    ]


def test_an_axis_with_a_condition_is_left_alone_elsewhere() -> None:
    found = combinations(
        grid={"context.name": ("none", "dapf"), "context.alpha": (1, 2, 4)},
        when={"context.alpha": {"context.name": "dapf"}},
    )
    assert found.total == 6
    assert names(found) == [
        "fassd-net[context.name=none]",
        "fassd-net[context.alpha=1,context.name=dapf]",
        "fassd-net[context.alpha=2,context.name=dapf]",
        "fassd-net[context.alpha=4,context.name=dapf]",
    ]


def test_a_condition_may_be_about_what_the_row_itself_says() -> None:
    found = combinations(
        variants=("baseline", "baseline-aspp", "fassd-net"),
        grid={"context.alpha": (1, 2)},
        when={"context.alpha": {"context.name": "dapf"}},
    )
    assert names(found) == [
        "baseline",
        "baseline-aspp",
        "fassd-net[context.alpha=1]",
        "fassd-net[context.alpha=2]",
    ]


def test_a_condition_may_name_variants() -> None:
    found = combinations(
        variants=("baseline-dapf", "fassd-net"),
        grid={"context.alpha": (1, 2)},
        when={"context.alpha": {"variant": "fassd-net"}},
    )
    assert names(found) == [
        "baseline-dapf", "fassd-net[context.alpha=1]", "fassd-net[context.alpha=2]",
    ]  # fmt: skip


def test_conditions_follow_each_other_in_whatever_order_they_stand() -> None:
    when = {
        "fusion.merge": {"context.alpha": 4},
        "context.alpha": {"context.name": "dapf"},
    }
    grid = {
        "fusion.merge": ("add", "concat"),
        "context.alpha": (2, 4),
        "context.name": ("none", "dapf"),
    }
    # none; dapf with 2; dapf with 4 and either merge
    for order in (when, dict(reversed(when.items()))):
        assert sorted(names(combinations(grid=grid, when=order))) == [
            "fassd-net[context.alpha=2,context.name=dapf]",
            "fassd-net[context.alpha=4,context.name=dapf,fusion.merge=add]",
            "fassd-net[context.alpha=4,context.name=dapf,fusion.merge=concat]",
            "fassd-net[context.name=none]",
        ]


def test_conditions_in_a_circle_are_refused() -> None:
    with pytest.raises(BadRequest, match=r"context.alpha -> fusion.merge -> context.alpha"):
        combinations(
            grid={"context.alpha": (1, 2), "fusion.merge": ("add", "concat")},
            when={
                "context.alpha": {"fusion.merge": "add"},
                "fusion.merge": {"context.alpha": 1},
            },
        )


def test_a_rule_leaves_out_what_fits_all_of_it() -> None:
    found = combinations(
        grid={"context.alpha": (1, 2), "fusion.dilations": ([8, 4, 2], [1, 1, 1])},
        exclude=(
            {"context.alpha": 1, "fusion.dilations": [1, 1, 1]},
            {"variant": "fassd-net", "context.alpha": [2, 4]},
        ),
    )
    excluded = [found.at(number).excluded for number in range(4)]  # type: ignore[union-attr]
    assert excluded == [None, 0, 1, 1]


def test_a_rule_sees_defaults_that_nobody_wrote() -> None:
    assert value_of({"context": {"name": "aspp"}}, "context.width") == 256
    assert value_of({"context": {"name": "aspp"}}, "context.rates") == [12, 24, 36]
    assert value_of({}, "context.name") == "none"
    assert value_of({}, "network.name") == "encoder-decoder"
    assert value_of({"context": {"name": "none"}}, "context.alpha") is ...


def test_a_sample_is_drawn_by_its_seed_and_draws_nothing_twice() -> None:
    first = list(numbers(1000, Sample(10, seed=1)))
    assert sorted(first) == list(range(1000))
    assert first == list(numbers(1000, Sample(10, seed=1)))
    assert first != list(numbers(1000, Sample(10, seed=2)))
    assert list(numbers(5, None)) == [0, 1, 2, 3, 4]


def test_a_sample_of_more_than_can_be_shuffled_is_drawn_one_by_one() -> None:
    total = 10**30  # more than a machine word
    drawn = list(numbers(total, Sample(3, seed=1)))
    assert len(drawn) == len(set(drawn)) == 10_000
    assert all(0 <= number < total for number in drawn)
    assert max(drawn) > total // 2


def test_numbers_that_are_drawn_one_by_one_do_not_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHUFFLED", 10)
    assert sorted(numbers(20, Sample(20, seed=1))) == list(range(20))
