"""A metric's variance, split by option."""

from __future__ import annotations

import pytest

from harness.errors import BadRequest
from harness.records import Record
from harness.report.effects.definition import EffectsDefinition
from harness.report.effects.table import build_effects

from .made import record, table, texts, two_by_two
from .test_pairs import conditional


def shares(records: list[Record], metric: str = "params") -> dict[str, float]:
    made = table(records, shows="shares", metrics=metric)
    return {row.cells[0].text: row.cells[1].value or 0.0 for row in made.rows}


def test_an_additive_metric_is_split_without_a_rest() -> None:
    # 0, 3, 10, 13 around 6.5: the squares come to 42.25 + 12.25 + 12.25 + 42.25 = 109; between
    # widths 4 * 5^2 = 100, between depths 4 * 1.5^2 = 9.
    figures = {(w, d): 10 * w + 3 * d for w in (0, 1) for d in (0, 1)}
    assert shares(two_by_two(figures)) == pytest.approx(
        {"stem.width": 100 * 100 / 109, "stem.depth": 100 * 9 / 109, "interactions": 0.0}
    )


def test_what_no_option_explains_alone_is_left_to_interactions() -> None:
    # width * depth over {-1, 1}^2: neither has a main effect.
    figures = {(w, d): w * d for w in (-1, 1) for d in (-1, 1)}
    assert shares(two_by_two(figures)) == {
        "stem.width": 0.0, "stem.depth": 0.0, "interactions": 100.0,
    }  # fmt: skip


def test_an_option_of_one_component_counts_within_it() -> None:
    # Parameters 100, 160, 130 at each of two strides, mean 130: squares 2 * (900 + 900) = 3600.
    # Between none (100) and dapf (mean 145, twice as many): 2 * 30^2 + 4 * 15^2 = 2700. Within
    # dapf, between alphas: 4 * 15^2 = 900.
    assert shares(conditional()) == pytest.approx(
        {"context.name": 75.0, "context.alpha": 25.0, "stem.stride": 0.0, "interactions": 0.0}
    )


def test_a_metric_that_never_changes_has_no_shares() -> None:
    assert set(shares(two_by_two({(1, 1): 7, (2, 1): 7})).values()) == {0.0}


def test_only_the_options_asked_for_are_shown() -> None:
    made = table(conditional(), shows="shares", metrics="params", options="context.alpha")
    assert [row.cells[0].text for row in made.rows] == ["context.alpha", "interactions"]


def test_shares_name_their_records_and_keep_the_notes_and_width_of_their_file() -> None:
    records = conditional()
    definition = EffectsDefinition(
        name="s", title="S", shows="shares", footnotes=("Mine.",), wide=False
    )
    made = build_effects(definition, records)
    assert made.footnotes[0] == "Mine."
    assert made.footnotes[1].startswith("6 records of net at 1x3x1024x2048; GMACs: 1e9")
    assert not made.wide
    assert {id(each) for each in made.basis} == {id(each) for each in records}


def test_options_that_change_together_are_one_factor() -> None:
    records: list[Record] = [
        record({"stem": {"a": a, "b": a + 1}, "head": {"c": c}}, params=a + c)
        for a in (0, 1)
        for c in (0, 1)
    ]
    assert shares(records) == {"stem.a + stem.b": 50.0, "head.c": 50.0, "interactions": 0.0}


def test_slots_that_change_together_are_one_too() -> None:
    records: list[Record] = [
        record({"stem": {"a": a, "b": b}, "head": {"c": a}}, params=a + b)
        for a in (0, 1)
        for b in (0, 1)
    ]
    assert shares(records) == {"stem.a + head.c": 50.0, "stem.b": 50.0, "interactions": 0.0}


@pytest.mark.parametrize("gone", [0, 1, 5])
def test_a_sweep_with_a_gap_is_refused(gone: int) -> None:
    records = conditional()
    del records[gone]
    with pytest.raises(BadRequest, match=r"every combination of the options.*, got 5 of 6"):
        shares(records)


def test_the_smallest_share_does_not_print_as_none() -> None:
    # 4 of 1,000,004.
    figures = {(w, d): 1_000 * w + 2 * d for w in (0, 1) for d in (0, 1)}
    made = texts(table(two_by_two(figures), shows="shares", metrics="params"))
    assert made[("stem.depth",)]["params"] == "0.00040%"
    assert made[("interactions",)]["params"] == "0%"
