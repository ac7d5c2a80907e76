"""How many combinations there are without repeats."""

from typing import Any

import pytest

from harness.sweep import distinct as module
from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from variants.catalog import load_catalog

CATALOG = load_catalog()
GRID = {
    "context.name": ("none", "aspp", "dapf"),
    "context.alpha": (2, 4, 8),
    "context.rates": ([1], [2]),
    "fusion.merge": ("add", "concat"),
    "head.classes": (3, 5, 9, 19),
}


def combinations(**fields: Any) -> Combinations:
    fields.setdefault("variants", ("fassd-net",))
    return Combinations(Definition(name="test", **fields), CATALOG)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"grid": GRID},
        {"grid": GRID, "when": {"context.alpha": {"context.name": "dapf"}}},
        {  # conditions on what is conditional itself
            "grid": GRID,
            "when": {
                "context.alpha": {"context.name": "dapf"},
                "context.rates": {"context.name": "dapf", "context.alpha": [4, 8]},
            },
        },
        {  # about an option that only one component has, and that nobody varies
            "grid": GRID,
            "when": {"fusion.merge": {"context.width": 256}},
        },
        {
            "variants": ("baseline", "fassd-net"),
            "sizes": ((64, 64), (8, 8), (16, 16)),
            "grid": GRID,
            "when": {"context.alpha": {"variant": "baseline"}},
        },
        {  # zipped axes of which one is conditional, and of which all are
            "grid": GRID,
            "when": {"context.rates": {"context.name": "dapf"}},
            "zips": (("context.rates", "fusion.merge"),),
        },
        {
            "grid": GRID,
            "when": {
                "context.rates": {"context.name": "dapf"},
                "fusion.merge": {"context.name": "none"},
            },
            "zips": (("context.rates", "fusion.merge"),),
        },
    ],
)
def test_it_is_the_number_of_those_that_are_no_repeats(fields: dict[str, Any]) -> None:
    found = combinations(**fields)
    assert found.distinct == sum(found.at(number) is not None for number in range(found.total))


def test_axes_without_a_condition_are_multiplied_and_not_gone_through() -> None:
    wide = {name: tuple(range(1, 1001)) for name in ("head.classes", "stem.a", "stem.b")}
    found = combinations(grid=GRID | wide, when={"context.alpha": {"context.name": "dapf"}})
    # by hand: alpha has three values at one of the three contexts; rates and merge have two each
    assert found.distinct == (1 + 1 + 3) * 2 * 2 * 1000**3


def test_too_many_conditions_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    when = {"context.alpha": {"context.name": "dapf"}}
    monkeypatch.setattr(module, "MOST_COUNTED", 5)  # none, aspp, and dapf with each alpha
    assert combinations(grid=GRID, when=when).distinct is not None
    monkeypatch.setattr(module, "MOST_COUNTED", 4)
    assert combinations(grid=GRID, when=when).distinct is None
