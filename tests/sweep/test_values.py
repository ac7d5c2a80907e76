"""Values of an axis, as people write them."""

import pytest

from harness.errors import BadRequest
from harness.sweep.values import expand, fits, parse_axis, parse_rule, rule_text, same


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("context.alpha=1,2,4", "context.alpha", (1, 2, 4)),
        ("context.name=none,dapf", "context.name", ("none", "dapf")),
        ("fusion.dilations=[8,4,2],[1,1,1]", "fusion.dilations", ([8, 4, 2], [1, 1, 1])),
        (" context.alpha = 1, 2 ", "context.alpha", (1, 2)),
        ("encoder.multiplier=1.7,2", "encoder.multiplier", (1.7, 2)),
        ("context.alpha=3..5", "context.alpha", (3, 4, 5)),
        ("context.alpha=1..8..3,16", "context.alpha", (1, 4, 7, 16)),
        ("context.alpha=8..2..-3", "context.alpha", (8, 5, 2)),
        ("context.alpha=4..4", "context.alpha", (4,)),
        ("context.x=null,true", "context.x", (None, True)),
    ],
)
def test_an_axis_is_an_option_and_its_values(
    text: str, key: str, values: tuple[object, ...]
) -> None:
    assert parse_axis(text, "--grid") == (key, values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("context.alpha", r"^--grid: an axis is slot.option=value,value"),
        ("=1", r"^--grid: an axis is slot.option"),
        ("contxt.alpha=1", r"no slot 'contxt'; did you mean context\?"),
        ("context=1", r"an axis is slot.option, got 'context'"),
        ("context.alpha=", r"--grid context.alpha: an axis needs at least one value, got none"),
        ("context.alpha=[1", r"values must be YAML"),
        ("context.alpha=1]", r"values must be YAML"),
        ("context.alpha=1..", r"a range needs an end, got '1\.\.'"),
        ("context.alpha=5..1", r"must lead from its start to its end, got '5\.\.1'"),
        ("context.alpha=1..5..0", r"must lead from its start to its end"),
        ("context.alpha=1..5..-1", r"must lead from its start to its end"),
        ("context.alpha=0..10000000", r"at most 10,000,000 values, got '0\.\.10000000'"),
    ],
)
def test_what_is_no_axis_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        parse_axis(text, "--grid")


def test_a_range_means_the_same_among_the_values_of_a_file() -> None:
    assert expand(["1..3", 8], "grid") == (1, 2, 3, 8)
    with pytest.raises(BadRequest, match="grid: an axis needs at least one value"):
        expand([], "grid")


def test_a_rule_is_what_must_fit_together() -> None:
    text = "context.name=aspp,fusion.dilations=[1,1,1], variant=baseline"
    rule = {"context.name": "aspp", "fusion.dilations": [1, 1, 1], "variant": "baseline"}
    assert parse_rule(text, "--exclude") == rule
    assert parse_rule(rule_text(rule), "--exclude") == rule
    assert parse_rule("context.alpha=1,2", "--exclude") == {"context.alpha": [1, 2]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("context.alpha", "a condition is slot.option=value"),
        ("context.alpha=", "a condition is slot.option=value"),
        ("contex.alpha=1", "no slot 'contex'; did you mean context"),
        ("context.alpha=1,context.alpha=2", "context.alpha must stand once, got it twice"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        parse_rule(text, "--exclude")


def test_a_condition_fits_a_value_or_one_of_several() -> None:
    assert fits(4, 4)
    assert fits([2, 4], 4)
    assert fits([1, 1, 1], [1, 1, 1])
    assert fits([[1, 1, 1], [8, 4, 2]], [8, 4, 2])
    assert not fits([2, 4], 8)
    assert not fits([1, 1, 1], [1, 1, 2])
    assert not fits(True, 1)
    assert not same(0, False)
    assert same(2, 2.0)
