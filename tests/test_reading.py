"""JSON values become the dataclass that they fit, and nothing that does not fit passes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from harness.errors import BadRequest
from harness.reading import read_as


@dataclass(frozen=True)
class Inner:
    count: int
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    name: str
    kind: Literal["a", "b"]
    flag: bool
    inner: Inner
    pair: tuple[int, float]
    many: tuple[Inner, ...]
    table: dict[str, int]
    anything: Any
    maybe: Inner | None
    late: tuple[Inner, ...] = ()
    later: dict[str, str] | None = None
    made: list[int] = field(default_factory=list)


DATA: dict[str, Any] = {
    "name": "x",
    "kind": "b",
    "flag": True,
    "inner": {"count": 1, "share": 2},
    "pair": [3, 4],
    "many": [{"count": 5}, {"count": 6, "share": 0.25}],
    "table": {"y": 7},
    "anything": [{"z": None}],
    "maybe": None,
}
WHERE = "f:1"


def test_json_types_become_the_annotated_ones() -> None:
    read = read_as(Outer, DATA, WHERE)
    assert read == Outer(
        name="x",
        kind="b",
        flag=True,
        inner=Inner(1, 2.0),
        pair=(3, 4.0),
        many=(Inner(5), Inner(6, 0.25)),
        table={"y": 7},
        anything=[{"z": None}],
        maybe=None,
    )
    assert isinstance(read.inner.share, float)
    assert isinstance(read.pair[1], float)


def test_a_field_with_a_default_may_be_absent_and_is_read_where_it_is_there() -> None:
    read = read_as(Outer, DATA, WHERE)
    assert (read.late, read.later, read.made) == ((), None, [])
    read = read_as(Outer, DATA | {"late": [{"count": 1}], "later": {"k": "v"}}, WHERE)
    assert (read.late, read.later) == ((Inner(1),), {"k": "v"})


@pytest.mark.parametrize("name", sorted(DATA))
def test_a_field_without_a_default_may_not(name: str) -> None:
    data = {key: value for key, value in DATA.items() if key != name}
    with pytest.raises(BadRequest, match=f"^f:1: Outer lacks field {name}$"):
        read_as(Outer, data, WHERE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nmae": 1}, "Outer has unknown field nmae; did you mean name"),
        ({"inner": {"count": 1, "conut": 2}}, "Inner has unknown field conut; did you mean count?"),
        ({"many": [{"count": 1}, {}]}, "Outer.many[1]: Inner lacks field count"),
        ({"maybe": {"count": "1"}}, "Inner.count must be int, got '1'"),
        ({"late": [{"count": 1, "x": 2}]}, "Outer.late[0]: Inner has unknown field x"),
        ({"later": {"k": 1}}, "Outer.later.k must be str, got 1"),
        ({"later": []}, "Outer.later must be dict, got []"),
        ({"name": None}, "Outer.name must be str, got None"),
        ({"kind": "c"}, "Outer.kind must be 'a' or 'b', got 'c'"),
        ({"kind": ["a"]}, "Outer.kind must be"),
        ({"flag": 1}, "Outer.flag must be bool, got 1"),
        ({"inner": [1]}, "Inner must be an object, got [1]"),
        ({"inner": {"count": 1.0}}, "Inner.count must be int, got 1.0"),
        ({"inner": {"count": True}}, "Inner.count must be int, got True"),
        ({"inner": {"count": 1, "share": True}}, "Inner.share must be float, got True"),
        ({"inner": {"count": 1, "share": 10**400}}, "Inner.share must be float, got 1000"),
        ({"pair": [1]}, "Outer.pair must be a list of 2, got [1]"),
        ({"pair": {"0": 1}}, "Outer.pair must be a list of 2"),
        ({"many": {"count": 1}}, "Outer.many must be a list, got"),
        ({"table": {"y": "7"}}, "Outer.table.y must be int, got '7'"),
        ({"late": None}, "Outer.late must be a list, got None"),
    ],
)
def test_what_does_not_fit_is_refused_with_place_rule_and_value(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadRequest, match=f"^f:1: .*{re.escape(message)}"):
        read_as(Outer, DATA | changes, WHERE)


@pytest.mark.parametrize("data", [None, [], "text", 1])
def test_what_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(BadRequest, match=r"^f:1: Outer must be an object, got "):
        read_as(Outer, data, WHERE)
