"""Published figures in columns of their own, beside ours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import BadRequest
from harness.records import Record
from harness.report.build import Choices, build_table
from harness.report.definition import Definition, Emphasis
from harness.report.model import Table
from harness.report.row_definition import Row

from .sample import GPU, logged, profile, reported, timing

DEFINITION = Definition(
    name="t",
    title="T",
    source="table-1",
    input_shape=(1, 3, 1024, 2048),
    convention="paper",
    baseline=None,
    columns=("method", "gpu", "params", "fps", "miou"),
    rows=(Row(variant="a"), Row(variant="b")),
)
BOTH = Choices(with_reported=True)
OURS = profile("a", fps=50.0)
THEIRS = [reported("a"), reported("b")]


def texts(built: Table, row: int = 0) -> dict[str, str]:
    return {
        column.name: cell.text
        for column, cell in zip(built.columns, built.rows[row].cells, strict=True)
    }


def table(*records: Record, definition: Definition = DEFINITION, choices: Choices = BOTH) -> Table:
    return build_table(definition, records, choices)


def test_every_column_of_our_own_figures_gets_the_published_ones_beside_it() -> None:
    built = table(OURS, *THEIRS)
    assert texts(built) == {
        "method": "A",
        "gpu": GPU,
        "gpu.reported": "GTX 1080 Ti",
        "params": "1.00M",
        "params.reported": "2.85M",
        "fps": "50.0",
        "fps.reported": "41.1",
        "miou": "78.2",  # nothing of our own: one column says it
    }
    assert [column.name for column in table(OURS, *THEIRS, choices=Choices()).columns] == [
        *DEFINITION.columns
    ]


def test_the_column_of_ours_then_holds_nothing_published() -> None:
    built = table(OURS, *THEIRS)
    assert texts(built, 1) == {
        "method": "B",
        "gpu": "–",
        "gpu.reported": "GTX 1080 Ti",
        "params": "–",
        "params.reported": "2.85M",
        "fps": "–",
        "fps.reported": "41.1",
        "miou": "78.2",
    }
    assert "– in GPU, No. Parameters: nothing of our own." in built.footnotes
    plain = table(OURS, *THEIRS, choices=Choices())
    assert texts(plain, 1)["params"] == "2.85M"
    assert not any("nothing of our own" in note for note in plain.footnotes)


def test_heads_tell_the_published_columns_apart_whatever_they_hold() -> None:
    built = table(OURS)  # nothing published at all
    marks = dict(zip((c.name for c in built.columns), built.header_marks(), strict=True))
    assert marks["fps.reported"] == marks["gpu.reported"] == marks["params.reported"] == "†"
    assert marks["fps"] == marks["gpu"] == ""


def test_the_published_rates_device_is_in_the_notes() -> None:
    notes = table(OURS, *THEIRS).footnotes
    assert "FPS†: as reported for GTX 1080 Ti." in notes
    assert any(note.startswith(f"FPS: {GPU}, torch") for note in notes)
    assert "– in FPS: not timed." in notes  # no hint at figures that stand beside it


def test_published_rates_of_several_devices_need_theirs_beside_them() -> None:
    others = [reported("a"), reported("b", device="Titan XP")]
    built = table(OURS, *others)
    assert [texts(built, i)["gpu.reported"] for i in (0, 1)] == ["GTX 1080 Ti", "Titan XP"]
    assert any(n.startswith("FPS†: as reported, each on the device") for n in built.footnotes)
    without = replace(DEFINITION, columns=("method", "fps"))
    message = (
        "column fps.reported: one device, or a column gpu.reported beside it, got GTX 1080 Ti "
        "under reported, Titan XP under reported"
    )
    with pytest.raises(BadRequest) as caught:
        table(OURS, *others, definition=without)
    assert str(caught.value) == message
    assert texts(table(OURS, *THEIRS, definition=without))["fps.reported"] == "41.1"


def test_published_rates_of_several_devices_are_never_ranked() -> None:
    columns = ("method", "gpu.reported", "fps.reported")
    ranked = replace(DEFINITION, columns=columns, emphasis=Emphasis(columns=("fps.reported",)))
    other = reported("b", device="Titan XP", figures={"fps": "90.0"})
    built = table(reported("a"), other, definition=ranked)
    assert {cell.rank for row in built.rows for cell in row.cells} == {None}
    assert any("FPS: no best is shown" in line for line in built.warnings)
    alike = table(reported("a"), replace(other, device="GTX 1080 Ti"), definition=ranked)
    assert [row.cells[2].rank for row in alike.rows] == [None, "best"]


def test_a_definition_may_name_published_columns_itself() -> None:
    definition = replace(DEFINITION, columns=("method", "fps", "fps.reported", "miou.reported"))
    built = table(OURS, *THEIRS, logged("a", 0.5), definition=definition, choices=Choices())
    assert texts(built) == {
        "method": "A", "fps": "50.0", "fps.reported": "41.1", "miou.reported": "78.2",
    }  # fmt: skip
    # Not timed: nothing published slips into the column of ours.
    untimed = table(*THEIRS, definition=definition, choices=Choices())
    assert [texts(untimed, i)["fps"] for i in (0, 1)] == ["–", "–"]
    assert [texts(untimed, i)["fps.reported"] for i in (0, 1)] == ["41.1", "41.1"]
    assert "– in FPS: not timed." in untimed.footnotes
    # Nor do several devices of the published ones matter to a column without them.
    wide = replace(definition, columns=("method", "fps", "gpu.reported", "fps.reported"))
    others = [reported("a"), reported("b", device="Titan XP")]
    apart = table(*others, definition=wide, choices=Choices())
    assert [texts(apart, i)["fps"] for i in (0, 1)] == ["–", "–"]


def test_tensorrt_is_marked_in_the_published_column_too() -> None:
    built = table(OURS, reported("a", tensorrt=True), reported("b"))
    position = [column.name for column in built.columns].index("fps.reported")
    assert [row.cells[position].mark for row in built.rows] == ["*", ""]
    assert "* Timed with TensorRT." in built.footnotes


def test_logs_and_normalised_rates_get_theirs_beside_them() -> None:
    figures = {"fps": "41.1", "fps_norm": "39.0", "miou": "78.2"}
    definition = replace(DEFINITION, columns=("method", "fps_norm", "miou"))
    built = table(
        profile("a", timing=timing(44.8), device="Titan XP"),
        logged("a", 0.7),
        reported("a", figures=figures),
        reported("b", figures=figures),
        definition=definition,
    )
    assert texts(built) == {
        "method": "A",
        "fps_norm": "40.0",  # 44.8 / 1.12, the paper's scale
        "fps_norm.reported": "39.0",
        "miou": "70.0",
        "miou.reported": "78.2",
    }
    assert texts(built, 1)["fps_norm"] == texts(built, 1)["miou"] == "–"


def test_published_normalised_rates_stand_where_our_device_has_no_scale() -> None:
    figures = {"fps": "41.1", "fps_norm": "39.0", "miou": "78.2"}
    definition = replace(DEFINITION, columns=("method", "fps", "fps_norm"))
    theirs = [reported(name, figures=figures) for name in "ab"]
    built = table(OURS, *theirs, definition=definition)  # an H200, which the paper has no scale of
    assert texts(built) == {
        "method": "A", "fps": "50.0", "fps.reported": "41.1", "fps_norm.reported": "39.0",
    }  # fmt: skip
    assert texts(built, 1)["fps_norm.reported"] == "39.0"
    assert not any("no scale" in note for note in built.footnotes)
    plain = table(*theirs, definition=definition)  # nothing of ours: no column has another name
    assert [column.name for column in plain.columns] == ["method", "fps", "fps_norm"]
    both = replace(definition, columns=("method", "fps_norm", "fps_norm.reported"))
    assert list(texts(table(OURS, *theirs, definition=both))) == ["method", "fps_norm.reported"]


def test_a_difference_of_our_own_stands_beside_the_published_one() -> None:
    rows = (Row(variant="base"), Row(variant="a"))
    definition = replace(DEFINITION, rows=rows, baseline="base", columns=("method", "delta_params"))
    records = [
        reported("base", figures={"delta_params_m": "0"}),
        reported("a", figures={"delta_params_m": "0.95"}),
        profile("base", params=1_000_000),
    ]
    built = table(*records, definition=definition)
    assert texts(built, 0)["delta_params"] == "0M"
    assert texts(built, 1) == {"method": "A", "delta_params": "–", "delta_params.reported": "0.95M"}


def test_a_table_that_grows_is_set_as_wide_as_the_page() -> None:
    assert table(OURS, *THEIRS).wide
    assert not table(*THEIRS).wide  # nothing of our own, nothing beside it
    assert not table(OURS, *THEIRS, choices=Choices()).wide
