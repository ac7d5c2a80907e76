"""A trial's parameters and the combination that they choose."""

from typing import Any

import pytest

from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from variants.catalog import load_catalog

optuna = pytest.importorskip("optuna", reason="needs harness[search]")

from harness.sweep.search.space import Space  # noqa: E402 - after the skip

CATALOG = load_catalog()


def combinations(**fields: Any) -> Combinations:
    fields.setdefault("variants", ("fassd-net",))
    return Combinations(Definition(name="test", **fields), CATALOG)


CONDITIONAL = {
    "grid": {
        "context.name": ("none", "aspp", "dapf"),
        "context.alpha": (2, 4, 8),
        "context.rates": ([1], [2]),
        "fusion.merge": ("add", "concat"),
    },
    "when": {
        "context.alpha": {"context.name": "dapf"},
        "context.rates": {"context.name": "dapf", "context.alpha": [4, 8]},
    },
}


def trial(**params: Any) -> Any:
    """Return a trial that raises where it is asked for any other parameter."""
    return optuna.trial.FixedTrial({name.replace("_", ".", 1): v for name, v in params.items()})


def name_of(found: Combinations, **params: Any) -> str:
    return found.row(Space(found).suggest(trial(**params))).name


def test_a_trial_chooses_a_value_on_each_axis() -> None:
    found = combinations(
        variants=("baseline", "fassd-net"),
        sizes=((64, 128), (128, 256)),
        grid={"fusion.merge": ("add", "concat"), "head.classes": (3, 5, 9)},
    )
    fixed = {"variant": "fassd-net", "input": "128x256", "fusion.merge": "concat"}
    number = Space(found).suggest(optuna.trial.FixedTrial({**fixed, "head.classes": "9"}))
    row = found.row(number)
    assert row.name == "fassd-net[fusion.merge=concat,head.classes=9]"
    assert row.input == (128, 256)
    assert number == found.total - 1


def test_an_axis_is_suggested_only_where_it_applies() -> None:
    found = combinations(**CONDITIONAL)
    none = name_of(found, context_name="none", fusion_merge="add")
    assert none == "fassd-net[context.name=none,fusion.merge=add]"
    small = name_of(found, context_name="dapf", fusion_merge="add", context_alpha="2")
    assert small == "fassd-net[context.alpha=2,context.name=dapf,fusion.merge=add]"
    with pytest.raises(ValueError, match=r"context\.rates"):
        name_of(found, context_name="dapf", fusion_merge="add", context_alpha="4")
    with pytest.raises(ValueError, match=r"context\.alpha"):
        name_of(found, context_name="dapf", fusion_merge="add")


def test_every_combination_that_is_no_repeat_can_be_proposed_and_nothing_else() -> None:
    for fields in (
        CONDITIONAL,
        CONDITIONAL | {"variants": ("baseline", "fassd-net"), "sizes": ((64, 64), (8, 8))},
        {  # zipped axes of which one is conditional
            "grid": CONDITIONAL["grid"],
            "when": {"context.alpha": {"context.name": "dapf"}},
            "zips": (("context.rates", "fusion.merge"),),
        },
        {
            "grid": CONDITIONAL["grid"],
            "when": {
                "context.rates": {"context.name": "dapf"},
                "fusion.merge": {"context.name": "none"},
            },
            "zips": (("context.rates", "fusion.merge"),),
        },
    ):
        found = combinations(**fields)
        space = Space(found)
        for number in range(found.total):
            proposed = space.suggest(optuna.trial.FixedTrial(space.parameters(number)))
            assert found.at(proposed) is not None
            if found.at(number) is not None:
                assert proposed == number


def test_zipped_axes_are_one_parameter() -> None:
    found = combinations(
        grid={"context.alpha": (2, 4), "fusion.dilations": ([8, 4, 2], [1, 1, 1])},
        zips=(("context.alpha", "fusion.dilations"),),
    )
    assert [Space(found).parameters(number) for number in (0, 1)] == [
        {"context.alpha,fusion.dilations": "2,[8,4,2]"},
        {"context.alpha,fusion.dilations": "4,[1,1,1]"},
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1, 2, 3), optuna.distributions.IntDistribution(1, 3)),
        ((16, 32, 48, 64), optuna.distributions.IntDistribution(16, 64, step=16)),
        ((8, 5, 2), optuna.distributions.IntDistribution(2, 8, step=3)),
        ((1, 2, 4), optuna.distributions.CategoricalDistribution(("1", "2", "4"))),
        ((True, False), optuna.distributions.CategoricalDistribution(("true", "false"))),
        ((1, "1"), optuna.distributions.CategoricalDistribution(("0: 1", "1: 1"))),
        (([1], [2]), optuna.distributions.CategoricalDistribution(("[1]", "[2]"))),
    ],
)
def test_whole_numbers_at_equal_distances_keep_their_order(
    values: tuple[Any, ...], expected: Any
) -> None:
    found = combinations(grid={"head.classes": values})
    space = Space(found)
    asked = optuna.create_study().ask()
    space.suggest(asked)
    assert asked.distributions == {"head.classes": expected}
    for step, value in enumerate(values):
        row = found.row(space.suggest(optuna.trial.FixedTrial(space.parameters(step))))
        assert row.chosen["head"]["classes"] is value or row.chosen["head"]["classes"] == value
