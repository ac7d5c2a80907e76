"""Names are shortened to what tells them apart, and never to nothing."""

from __future__ import annotations

import pytest

from harness.report.query.names import Name, parse, shorten


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("net", Name("net", {})),
        ("net[a.x=1]", Name("net", {"a.x": "1"})),
        ("net[a.x=[1,2],b.y={k: (3,4)},c=v]", Name("net", {
            "a.x": "[1,2]", "b.y": "{k: (3,4)}", "c": "v"})),
        ("net[a.x=b=c]", Name("net", {"a.x": "b=c"})),
        ("net[1]", Name("net[1]", {})),
        ("net[a.x=1", Name("net[a.x=1", {})),
        ("net[]", Name("net[]", {})),
        ("", Name("", {})),
    ],
)  # fmt: skip
def test_a_name_has_a_row_and_options(text: str, name: Name) -> None:
    assert parse(text) == name


def test_options_that_all_share_are_common() -> None:
    short = shorten(["net[a.x=1,b.y=2]", "net[a.x=1,b.y=[3,4]]"])
    assert (short.common, short.each) == ("net[a.x=1]", ["y=2", "y=[3,4]"])


def test_rows_of_the_catalogue_that_differ_stay() -> None:
    short = shorten(["net[a.x=1]", "other[a.x=1]", "other[a.x=2]"])
    assert (short.common, short.each) == ("", ["net x=1", "other x=1", "other x=2"])
    assert shorten(["fassd-net", "baseline"]).each == ["fassd-net", "baseline"]


def test_one_without_options_keeps_its_name() -> None:
    assert shorten(["net", "net[a.x=1]"]).each == ["net", "x=1"]


def test_an_option_of_two_slots_keeps_its_slot_and_a_component_is_called_by_it() -> None:
    short = shorten(["net[a.x=1,b.x=1,c.name=p,d.z=1]", "net[a.x=2,b.x=2,c.name=q,d.z=2]"])
    assert short.each == ["a.x=1 b.x=1 c=p z=1", "a.x=2 b.x=2 c=q z=2"]


def test_a_single_name_stays_whole_also_if_it_is_there_twice() -> None:
    assert shorten(["net[a.x=1]"] * 2) == ("", ["net[a.x=1]"] * 2)
    assert shorten([]) == ("", [])


def test_different_names_stay_different() -> None:
    names = [f"{base}[{s}]" for base in ("n", "m") for s in ("a.x=1", "b.x=1", "a.x=1,b.x=1")]
    assert len(set(shorten(names).each)) == len(names)
