"""The architecture table of a network: measured, else as published."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import BadRequest
from harness.records import ProfileRecord, Record, StageCost
from harness.report.build import build_table
from harness.report.definition import StageDefinition
from harness.report.model import Table

from .sample import profile, reported

DEFINITION = StageDefinition(
    name="t",
    title="T",
    source="table-2",
    input_shape=(1, 3, 64, 128),
    variant="net",
    columns=("stage", "name", "type", "output_size", "params", "macs"),
    footnotes=("A note.",),
)


def stage(part: str, name: str, params: int, macs: int, *kinds: str) -> StageCost:
    return StageCost(
        stage=part, name=name, type=kinds or ("Conv",), output_size=(8, 16, 4), params=params,
        macs=macs,
    )  # fmt: skip


STAGES = (
    stage("Encoder", "Stem", 1_234, 12_345_678, "Conv 3×3", "Conv 1×1"),
    stage("Encoder", "Stem", 99_950, 5_000_000),
    stage("Encoder", "B1", 0, 1_000),
    stage("Head", "B1", 7, 0),
)


def measured(**changes: Any) -> ProfileRecord:
    record: ProfileRecord = profile(
        "net", **{"stages": STAGES, "input_shape": (1, 3, 64, 128)} | changes
    )
    return record


def published(row: int, **figures: str) -> Record:
    return reported("net", table="table-2", row=row, figures=figures)


def table(*records: Record, definition: StageDefinition = DEFINITION) -> Table:
    return build_table(definition, records)


def texts(built: Table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in built.rows]


def test_a_measured_network_has_a_row_for_its_input_and_for_each_stage() -> None:
    assert texts(table(measured())) == [
        ["Input", "-", "-", "64×128×3", "-", "-"],
        ["Encoder", "Stem", "Conv 3×3, Conv 1×1", "8×16×4", "1.2k", "0.01"],
        # 99,950 / 1e3 = 99.95, of which the binary value lies above; a stage and a name are said
        # once.
        ["", "", "Conv", "8×16×4", "100.0k", "0.01"],
        ["", "B1", "Conv", "8×16×4", "-", "0.00"],
        ["Head", "B1", "Conv", "8×16×4", "0.0k", "-"],  # another stage's B1
    ]


def test_values_stay_exact_and_every_cell_knows_its_record() -> None:
    record = measured()
    built = table(record)
    assert [row.cells[4].value for row in built.rows] == [None, 1.234, 99.95, None, 0.007]
    assert built.rows[1].cells[5].value == 0.012345678
    assert all(cell.records == (record,) for cell in built.rows[1].cells)
    assert {cell.kind for cell in built.rows[1].cells} == {"measured"}
    assert [built.rows[3].cells[4].kind, built.rows[4].cells[5].kind] == ["absent", "absent"]


def test_a_group_begins_where_the_stage_changes() -> None:
    built = table(measured())
    assert [row.group for row in built.rows] == [0, 1, 1, 1, 2]
    assert built.groups == (None, None, None)


def test_notes_say_what_was_counted_and_of_which_network() -> None:
    assert table(measured()).footnotes == (
        "A note.",
        "GMACs: 1e9 multiply-accumulates under the convention `conv`.",
        f"Measured; spec {'a' * 12}.",
    )


def test_the_newest_record_with_stages_at_that_input_counts() -> None:
    other = (stage("X", "x", 1, 1),)
    newer = measured(stages=other, created="2026-01-09T00:00:00+00:00")
    assert texts(table(newer, measured()))[1][0] == "X"
    later_line = measured(stages=other)
    assert texts(table(measured(), later_line))[1][0] == "X"
    useless = [
        measured(stages=None, created="2026-01-09T00:00:00+00:00"),
        measured(stages=other, input_shape=(1, 3, 32, 64), created="2026-01-09T00:00:00+00:00"),
        profile("another", stages=other, input_shape=(1, 3, 64, 128)),
    ]
    assert texts(table(measured(), *useless))[1][0] == "Encoder"


def test_only_the_columns_that_are_asked_for_are_shown() -> None:
    definition = StageDefinition(**{**vars(DEFINITION), "columns": ("name", "macs"), "wide": True})
    built = table(measured(), definition=definition)
    assert [column.name for column in built.columns] == ["name", "macs"]
    assert built.wide
    assert not table(measured()).wide


def test_without_a_measurement_the_published_rows_stand_in_their_order() -> None:
    second = published(1, stage="E", name="B", type="Pool; Conv", output_size="8×16×4")
    first = published(0, stage="Input", name="-", type="-", output_size="64×128×3")
    built = table(second, first, reported("net"), reported("other", table="table-2"))
    assert [column.name for column in built.columns] == ["stage", "name", "type", "output_size"]
    assert texts(built) == [["Input", "-", "-", "64×128×3"], ["E", "B", "Pool, Conv", "8×16×4"]]
    assert built.header_marks() == ("†",) * 4
    assert any(note.startswith("† As printed in Table I of A. Author") for note in built.footnotes)


def test_a_users_own_published_row_replaces_ours() -> None:
    ours, users = published(0, stage="a"), published(0, stage="b")
    assert texts(table(ours, users))[0][0] == "b"


def test_a_measurement_goes_before_a_publication() -> None:
    assert texts(table(published(0, stage="E"), measured()))[1][0] == "Encoder"


def test_without_any_record_the_command_that_makes_one_is_named() -> None:
    with pytest.raises(BadRequest) as caught:
        table(profile("net"))
    assert str(caught.value) == (
        "table t: no record of net with its stages; make one with `harness profile --variant net "
        "--input 64x128 --stages --no-timing`"
    )
