from collections.abc import Sequence
from typing import Any, Literal

import pytest

from variants.errors import BadRequest
from variants.options import check_option, describe


@pytest.mark.parametrize(
    ("annotation", "value", "result"),
    [
        (int, 3, 3),
        (float, 2, 2.0),
        (bool, True, True),
        (str, "a", "a"),
        (Sequence[int], (8, 4, 2), [8, 4, 2]),
        (Sequence[int], [], []),
        (tuple[int, int], [3, 1], [3, 1]),
        (tuple[int, ...], [3], [3]),
        (Literal["add", "concat"], "add", "add"),
        (Literal[2, 4], 2, 2),
        (int | None, None, None),
        (int | str, "x", "x"),
        (Sequence[Sequence[int]], [[1], [2, 3]], [[1], [2, 3]]),
        (Any, {"a": 1}, {"a": 1}),
    ],
)
def test_a_value_that_fits_comes_back_as_plain_json(
    annotation: Any, value: object, result: object
) -> None:
    checked = check_option("x", annotation, value)
    assert checked == result
    assert type(checked) is type(result)


@pytest.mark.parametrize(
    ("annotation", "value", "rule"),
    [
        (int, 2.5, "must be int, got 2.5"),
        (int, 2.0, "must be int, got 2.0"),
        (int, True, "must be int, got True"),
        (int, "2", "must be int, got '2'"),
        (float, True, "must be float, got True"),
        (float, float("nan"), "must be float, got nan"),
        (float, float("-inf"), "must be float, got -inf"),
        (float, 10**400, f"must be float, got {10**400}"),
        (Sequence[float], [1.0, float("inf")], "must be a list of float, got [1.0, inf]"),
        (Sequence[int], 8, "must be a list of int, got 8"),
        (Sequence[int], [8, 4.5], "must be a list of int, got [8, 4.5]"),
        (Sequence[int], "842", "must be a list of int, got '842'"),
        (tuple[int, int], [3], "must be a list of 2: int, int, got [3]"),
        (Literal["add", "concat"], "ad", "must be add or concat, got 'ad'; did you mean add?"),
        (Literal[2, 4], True, "must be 2 or 4, got True"),
        (int | None, "none", "must be int or null, got 'none'"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_rule_and_value(
    annotation: Any, value: object, rule: str
) -> None:
    with pytest.raises(BadRequest) as refusal:
        check_option("context dapf: alpha", annotation, value)
    assert str(refusal.value) == f"context dapf: alpha {rule}"


def test_types_are_described_in_a_users_words() -> None:
    assert describe(Sequence[Literal["a", "b"]]) == "a list of a or b"
    assert describe(None) == "null"
