"""Which options vary, from which values effects count, and which records are pairs."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import BadRequest
from harness.records import Record

from .made import effects, record, two_by_two

NONE: dict[str, Any] = {"name": "none"}


def dapf(alpha: int, **more: Any) -> dict[str, Any]:
    return {"name": "dapf", "alpha": alpha} | more


def conditional() -> list[Record]:
    """Return none, and dapf at alpha 1 and 2, each at strides 1 and 2.

    Parameters: none 100, dapf 100 + 60 / alpha. MACs: parameters over stride.
    """
    found: list[Record] = []
    for stride in (1, 2):
        for context in (NONE, dapf(1), dapf(2)):
            params = 100 + (60 // context["alpha"] if "alpha" in context else 0)
            found.append(
                record({"context": context, "stem": {"stride": stride}}, params=params,
                       macs=params // stride)
            )  # fmt: skip
    return found


def test_a_component_is_held_against_the_reference_at_each_value_of_its_own_options() -> None:
    space, found = effects(conditional())
    assert [factor.label for factor in space.factors] == [
        "context.name", "context.alpha", "stem.stride",
    ]  # fmt: skip
    effect = found["context.name", "dapf"]
    assert [change.difference for change in effect.changes] == [60, 30, 60, 30]
    assert effect.at_reference is effect.changes[0]  # alpha 1 came first
    _, found = effects(conditional(), reference=["context.alpha=2"])
    assert found["context.name", "dapf"].at_reference is not None
    assert found["context.name", "dapf"].at_reference.difference == 30


def test_the_reference_component_stands_at_the_references_of_its_own_options() -> None:
    _, found = effects(
        conditional(), reference=["context.name=dapf", "context.alpha=2"], metric="macs.paper"
    )
    effect = found["context.name", "none"]
    assert [change.difference for change in effect.changes] == [-30, -15]


def test_an_option_that_one_component_has_is_compared_within_it_alone() -> None:
    _, found = effects(conditional(), "macs.paper")
    effect = found["context.alpha", "2"]
    # 160 -> 130 at stride 1, 80 -> 65 at stride 2. The reference context, none, has no alpha: its
    # own component stands in.
    assert [change.difference for change in effect.changes] == [-30, -15]
    assert effect.at_reference is effect.changes[0]


def test_missing_records_are_missing_pairs() -> None:
    records = conditional()
    del records[2]  # dapf, alpha 2, stride 1: the pair at the reference
    _, found = effects(records, "macs.paper")
    effect = found["context.alpha", "2"]
    assert [change.difference for change in effect.changes] == [-15]
    assert effect.at_reference is None
    assert [c.difference for c in found["stem.stride", "2"].changes] == [-50, -80]


def test_an_option_that_both_components_have_is_held_equal() -> None:
    records: list[Record] = [
        record({"context": {"name": name, "width": width}}, params=price * width)
        for name, price in (("a", 1), ("b", 3))
        for width in (10, 20)
    ]
    _, found = effects(records)
    # 3 * 10 - 10 and 3 * 20 - 20; never across widths.
    assert [c.difference for c in found["context.name", "b"].changes] == [20, 40]


def test_an_option_that_follows_from_the_component_is_none_of_its_own() -> None:
    records: list[Record] = [
        record({"context": NONE}, params=1),
        record({"context": {"name": "aspp", "rates": [6, 12]}}, params=5),
        record({"context": {"name": "dapf", "rates": [2, 4]}}, params=3),
    ]
    space, found = effects(records)
    assert [factor.names for factor in space.factors] == [("context.name",)]
    assert {key: e.least.difference for key, e in found.items()} == {
        ("context.name", "aspp"): 4,
        ("context.name", "dapf"): 2,
    }


def test_options_that_always_change_together_are_one() -> None:
    records: list[Record] = [
        record({"stem": {"widths": w, "layers": n}, "head": {"classes": c}}, params=p)
        for w, n, c, p in (([8, 8], 1, 2, 10), ([16, 16], 2, 2, 14), ([8, 8], 1, 3, 20),
                           ([16, 16], 2, 3, 25))
    ]  # fmt: skip
    _, found = effects(records)
    effect = found["stem.widths + stem.layers", "16-16 + 2"]
    assert [change.difference for change in effect.changes] == [4, 5]
    _, found = effects(records, reference=["stem.layers=2"])
    assert found["stem.widths + stem.layers", "8-8 + 1"].least.difference == -5


def test_the_reference_is_named_or_of_the_plain_variant_or_came_first() -> None:
    figures = {(2, 1): 5, (1, 1): 3, (3, 1): 9}
    _, found = effects(two_by_two(figures))
    assert {value: e.least.difference for (_, value), e in found.items()} == {"1": -2, "3": 4}
    plain = record({"stem": {"width": 3, "depth": 1}}, params=9, variant="net")
    _, found = effects([*two_by_two({(2, 1): 5, (1, 1): 3}), plain])
    assert {value: e.least.difference for (_, value), e in found.items()} == {"2": -4, "1": -6}
    _, found = effects([*two_by_two({(2, 1): 5, (1, 1): 3}), plain], reference=["stem.width=1"])
    assert {value: e.least.difference for (_, value), e in found.items()} == {"2": 2, "3": 6}


def test_of_several_plain_variants_none_is_the_reference() -> None:
    plain: list[Record] = [
        record({"stem": {"width": w, "depth": 1}}, variant=name) for w, name in ((1, "a"), (3, "b"))
    ]
    _, found = effects([*two_by_two({(2, 1): 5}), *plain])
    assert {value for _, value in found} == {"1", "3"}


def test_a_reference_without_pairs_gives_way_to_one_that_has_them() -> None:
    # Width 9 stands alone with depth 9; of the others 1 came first.
    records = two_by_two({(9, 9): 0, (1, 1): 3, (2, 1): 5, (1, 2): 7})
    _, found = effects(records)
    assert found["stem.width", "2"].least.difference == 2
    with_named, found = effects(records, reference=["stem.width=9"])
    assert not [key for key in found if key[0] == "stem.width"]
    assert with_named.factors[0].reference == ("9",)


def test_the_input_size_is_an_option_too() -> None:
    records: list[Record] = [
        record({"stem": {"width": 1}}, macs=macs, input_shape=(1, 3, size, size))
        for size, macs in ((64, 100), (128, 400))
    ]
    _, found = effects(records, "macs.paper")
    assert found["input", "128x128"].least.difference == 300


def test_two_rows_of_the_catalogue_that_differ_in_name_alone_are_no_option() -> None:
    records: list[Record] = [
        record({"stem": {"width": w}}, params=w, variant=name) for w, name in ((1, "a"), (2, "b"))
    ]
    space, _ = effects(records)
    assert space.names == ("stem.width",)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"options": "stem.widht"}, "table effects: no option 'stem.widht'; did you mean"),
        (
            {"reference": ["stem.width=3"]},
            "the reference of stem.width must be a value that a record has, got 3; known: 1, 2",
        ),
        ({"options": "stem.depth"}, "stem.depth must be an option that varies, got 1 alone"),
        ({"reference": ["stem.depth=7"]}, "stem.depth must be an option that varies, got 1 alone"),
        ({"reference": ["stem.dept=7"]}, "no option 'stem.dept'; did you mean stem.depth"),
    ],
)
def test_what_does_not_vary_or_is_not_there_is_refused(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as error:
        effects(two_by_two({(1, 1): 1, (2, 1): 2}), **flags)
    assert message in str(error.value)


def test_a_reference_that_is_the_only_value_is_taken() -> None:
    _, found = effects(two_by_two({(1, 1): 1, (2, 1): 2}), reference=["stem.depth=1"])
    assert list(found) == [("stem.width", "2")]


def test_records_of_one_network_are_refused() -> None:
    with pytest.raises(BadRequest, match="an option must vary, got 1 record of one network"):
        effects(two_by_two({(1, 1): 1}))
