"""A definition that cannot be meant is refused before anything is made of it."""

from typing import Any

import pytest

from harness.errors import BadRequest
from harness.sweep.checks import check
from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition, Sample
from variants.catalog import load_catalog

CATALOG = load_catalog()
ALPHA = {"context.alpha": (1, 2)}


def checked(*, yes: bool = False, total: int | None = None, **fields: Any) -> None:
    fields.setdefault("variants", ("fassd-net",))
    definition = Definition(name="test", **fields)
    if total is None:
        total = Combinations(definition, CATALOG).total
    check(definition, CATALOG, total, yes=yes)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"variants": ("fasd-net",), "total": 1}, "no variant 'fasd-net'; did you mean fassd-net"),
        ({"variants": ("baseline", "baseline")}, "named once, got baseline twice"),
        ({"grid": {"context.alhpa": (1,)}}, "no option 'alhpa'; did you mean alpha"),
        ({"grid": {"context.name": ("dafp",)}}, "no context component 'dafp'; did you mean dapf"),
        ({"grid": {"context.alpha": (1, "two")}}, "context dapf: alpha must be int, got 'two'"),
        ({"grid": {"fusion.merge": ("ad",)}}, "must be add or concat, got 'ad'; did you mean add"),
        ({"grid": {"head.name": ("conv", True)}}, "no head component 'True'"),
        (
            {"grid": {"context.name": ("none", "aspp"), "context.alpha": (1,)}},
            "context none or aspp: no option 'alpha'",
        ),
        ({"grid": ALPHA, "when": {"context.alpa": {}}}, "axis of the grid, got context.alpa; did"),
        (
            {"grid": ALPHA, "when": {"context.alpha": {"context.name": "dafp"}}},
            "when: no context component 'dafp' in the sweep",
        ),
        (
            {"grid": ALPHA, "exclude": ({"context.rate": 1},)},
            "exclude context.rate: context dapf: no option 'rate'; did you mean rates",
        ),
        (
            {"grid": ALPHA, "exclude": ({"fusion.merge": "cncat"},)},
            "exclude: fusion mda: merge must be add or concat, got 'cncat'; did you mean concat",
        ),
        (
            {"grid": ALPHA, "exclude": ({"context.alpha": [1, "two"]},)},
            "exclude: context dapf: alpha must be int, got 'two'",
        ),
        (
            {"grid": ALPHA, "when": {"context.alpha": {"fusion.dilations": [[8, 4, 2], 1]}}},
            "when: fusion mda: dilations must be a list of int, got 1",
        ),
        (
            {"grid": ALPHA, "exclude": ({"variant": "baseline"},)},
            "exclude: no variant 'baseline' in the sweep",
        ),
        ({"grid": ALPHA, "zips": (("context.alpha",),)}, "at least two axes go together"),
        (
            {"grid": ALPHA, "zips": (("context.alpha", "fusion.merge"),), "total": 2},
            "zip: must name axes of the grid, got fusion.merge",
        ),
        (
            {
                "grid": ALPHA | {"fusion.merge": ("add",)},
                "zips": (("context.alpha", "fusion.merge"),),
                "total": 2,
            },
            "equally many values, got context.alpha with 2, fusion.merge with 1",
        ),
        (
            {
                "grid": ALPHA | {"fusion.merge": ("add", "concat"), "head.classes": (19, 20)},
                "zips": (("context.alpha", "fusion.merge"), ("context.alpha", "head.classes")),
                "total": 4,
            },
            "zipped once, got context.alpha twice",
        ),
        ({}, "something must vary: a --grid, or more than one --variant"),
        ({"grid": ALPHA, "total": 1_000_001}, "more than 1,000,000 combinations need --yes, got 1"),
        (
            {"grid": ALPHA, "total": 10**9, "sample": Sample(2_000_000)},
            "need --yes, got 2,000,000",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        checked(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"grid": ALPHA},
        {"variants": ("baseline", "fassd-net")},
        {"grid": {}, "sizes": ((64, 128), (128, 256))},
        # alpha fits one of the components that the slot takes
        {"grid": {"context.name": ("none", "dapf"), "context.alpha": (1,)}},
        {"variants": ("baseline", "fassd-net"), "grid": ALPHA},
        {"grid": ALPHA, "when": {"context.alpha": {"variant": "fassd-net"}}},
        {"grid": ALPHA, "exclude": ({"fusion.dilations": [8, 4, 2]},)},
        {"grid": ALPHA, "exclude": ({"fusion.dilations": [[8, 4, 2], [1, 1, 1]]},)},
        {"grid": ALPHA, "exclude": ({"context.alpha": [1, 9]},)},
        # a rule may be about the option of either component
        {
            "grid": {"context.name": ("none", "aspp", "dapf")},
            "exclude": ({"context.rates": [12, 24, 36]},),
        },
        {"grid": ALPHA, "total": 10**9, "yes": True},
        {"grid": ALPHA, "total": 10**9, "sample": Sample(10)},
    ],
)
def test_what_can_be_meant_passes(fields: dict[str, Any]) -> None:
    checked(**fields)
