"""The best of a column, and the second."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.records import Record
from harness.report.build import Choices, build_table
from harness.report.columns import COLUMNS
from harness.report.definition import Definition, Emphasis
from harness.report.emphasis import rank
from harness.report.model import Cell, Table
from harness.report.row_definition import Row
from harness.report.speed import FpsChoice

from .sample import CPU, profile, reported, timing

ROWS = tuple(Row(variant=name) for name in "abcd")
DEFINITION = Definition(
    name="t",
    title="T",
    source="table-1",
    input_shape=(1, 3, 1024, 2048),
    convention="paper",
    baseline=None,
    columns=("method", "params", "miou"),
    rows=ROWS,
    emphasis=Emphasis(columns=("params", "miou")),
)


def cell(text: str, value: float | None, interval: tuple[float, float] | None = None) -> Cell:
    return Cell(text=text, kind="measured", value=value, interval=interval)


def ranks(*cells: Cell, column: str = "miou", second: bool = True) -> list[str | None]:
    return [each.rank for each in rank(cells, COLUMNS[column], second=second)]


def row(variant: str, params: str, miou: str, **changes: object) -> Record:
    return reported(variant, figures={"params_m": params, "miou": miou}, **changes)


FOUR = [
    row("a", "1.0", "70.0"),
    row("b", "2.0", "80.0"),
    row("c", "3.0", "90.0"),
    row("d", "4.0", "60.0"),
]


def shown(built: Table, column: str) -> list[str | None]:
    position = [each.name for each in built.columns].index(column)
    return [each.cells[position].rank for each in built.rows]


def test_higher_is_better_or_lower_as_the_column_says() -> None:
    three = (cell("1.0", 1.0), cell("3.0", 3.0), cell("2.0", 2.0))
    assert ranks(*three, column="miou") == [None, "best", "second"]
    for column in ("gflops", "params", "delta_params"):
        assert ranks(*three, column=column) == ["best", None, "second"]
    for column in ("fps", "fps_norm", "iou.road"):
        assert ranks(*three, column=column) == [None, "best", "second"]


def test_the_second_is_shown_only_where_asked_for() -> None:
    assert ranks(cell("1", 1.0), cell("2", 2.0), second=False) == [None, "best"]


def test_figures_that_print_alike_share_a_rank() -> None:
    three = (cell("80.0", 80.04), cell("80.0", 79.96), cell("70.0", 70.0))
    assert ranks(*three) == ["best", "best", "second"]


def test_equal_figures_of_unlike_digits_share_a_rank() -> None:
    assert ranks(cell("4.1M", 4.1), cell("4.10M", 4.1), column="params") == ["best", "best"]


def test_measured_figures_whose_intervals_meet_share_a_rank() -> None:
    # 9.0 to 11.0 reaches 10.5 to 11.5; 8.0 to 8.9 reaches neither, nor does it matter that it
    # nearly meets the second of the first rank.
    best, meets, apart = (
        cell("11.0", 11.0, (10.5, 11.5)),
        cell("10.0", 10.0, (9.0, 11.0)),
        cell("8.4", 8.4, (8.0, 8.9)),
    )
    assert ranks(best, meets, apart, column="fps") == ["best", "best", "second"]
    touching = cell("10.0", 10.0, (9.0, 10.5))
    assert ranks(best, touching, column="fps") == ["best", "best"]
    below = cell("10.0", 10.0, (9.5, 10.4))
    assert ranks(best, below, column="fps") == ["best", "second"]


def test_intervals_count_from_the_first_of_the_rank_and_do_not_chain() -> None:
    # The third meets the second, the second the first, the third not the first.
    chain = (
        cell("11.0", 11.0, (10.5, 11.5)),
        cell("10.2", 10.2, (9.8, 10.6)),
        cell("9.6", 9.6, (9.2, 10.0)),
    )
    assert ranks(*chain, column="fps") == ["best", "best", "second"]


def test_an_interval_beside_a_figure_without_one_decides_nothing() -> None:
    assert ranks(cell("11.0", 11.0, (9.0, 13.0)), cell("10.0", 10.0)) == ["best", "second"]


def test_what_is_no_number_has_no_rank_and_one_figure_alone_is_not_the_best() -> None:
    assert ranks(cell("<1", None), cell("2.0", 2.0)) == [None, None]
    assert ranks(cell("<1", None), cell("2.0", 2.0), cell("1.0", 1.0)) == [None, "best", "second"]
    assert ranks() == []


def test_only_the_columns_that_the_definition_names_are_ranked() -> None:
    built = build_table(DEFINITION, FOUR)
    assert shown(built, "params") == ["best", None, None, None]
    assert shown(built, "miou") == [None, None, "best", None]
    only = replace(DEFINITION, emphasis=Emphasis(columns=("miou",), second=True))
    assert shown(build_table(only, FOUR), "params") == [None] * 4
    assert shown(build_table(only, FOUR), "miou") == [None, "second", "best", None]
    plain = replace(DEFINITION, emphasis=None)
    assert shown(build_table(plain, FOUR), "miou") == [None] * 4


def test_rows_that_are_not_compared_take_no_part_and_are_named() -> None:
    rows = (*ROWS[:2], Row(variant="c", label="C", compared=False), ROWS[3])
    built = build_table(replace(DEFINITION, rows=rows), FOUR)
    assert shown(built, "miou") == [None, "best", None, None]
    assert "Bold: the best of its column; C left aside." in built.footnotes


def test_the_best_may_be_that_of_each_group() -> None:
    rows = tuple(replace(each, group=i // 2) for i, each in enumerate(ROWS))
    within = Emphasis(columns=("miou",), within="group", second=True)
    grouped = replace(DEFINITION, rows=rows, groups=(None, None), emphasis=within)
    built = build_table(grouped, FOUR)
    assert shown(built, "miou") == ["second", "best", "best", "second"]
    assert "Bold: the best of its column in its group; underlined: the second." in built.footnotes
    whole = replace(grouped, emphasis=replace(within, within="table"))
    assert shown(build_table(whole, FOUR), "miou") == [None, "second", "best", None]


def test_the_note_says_when_intervals_decided() -> None:
    definition = replace(
        DEFINITION, columns=("method", "fps"), emphasis=Emphasis(columns=("fps",)), rows=ROWS[:2]
    )
    records = [
        profile("a", timing=timing(40.0, fps_ci95=(39.0, 41.0))),
        profile("b", timing=timing(40.5, fps_ci95=(39.5, 41.5))),
    ]
    built = build_table(definition, records)
    assert shown(built, "fps") == ["best", "best"]
    note = "Bold: the best of its column; measured figures whose 95% intervals meet share a rank."
    assert note in built.footnotes


FPS = replace(
    DEFINITION,
    columns=("method", "gpu", "fps"),
    rows=ROWS[:2],
    emphasis=Emphasis(columns=("fps",)),
)


def test_published_rates_of_unlike_devices_have_no_best_and_a_warning_says_so() -> None:
    records = [reported("a"), reported("b", device="Titan XP", figures={"fps": "90.0"})]
    built = build_table(FPS, records)
    assert shown(built, "fps") == [None, None]
    why = "figures of unlike devices or protocols do not compare"
    assert built.warnings == (f"FPS: no best is shown; {why}",)
    alike = [reported("a"), reported("b", figures={"fps": "90.0"})]
    assert shown(build_table(FPS, alike), "fps") == [None, "best"]
    assert build_table(FPS, alike).warnings == ()


def test_with_and_without_tensorrt_are_unlike_protocols() -> None:
    records = [reported("a"), reported("b", tensorrt=True)]
    assert shown(build_table(FPS, records), "fps") == [None, None]


def test_a_column_without_any_rate_is_not_warned_about() -> None:
    built = build_table(FPS, [profile("a"), profile("b")])
    assert built.warnings == ()


@pytest.mark.parametrize("column", ["gflops", "fps"])
def test_figures_of_unlike_input_sizes_have_no_best(column: str) -> None:
    small = (1, 3, 512, 1024)
    rows = (ROWS[0], Row(variant="b", input_shape=small))
    definition = replace(
        FPS,
        rows=rows,
        columns=("method", "input_size", "gpu", "gflops", "params", "fps"),
        emphasis=Emphasis(columns=(column, "params")),
    )
    other = {"fps": "90.0", "gflops": "1.0", "params_m": "1.0"}
    records = [reported("a"), reported("b", input_shape=small, figures=other)]
    built = build_table(definition, records)
    assert shown(built, column) == [None, None]
    assert shown(built, "params") == [None, "best"]  # which no input size changes
    (warning,) = built.warnings
    assert warning.endswith("no best is shown; figures of unlike input sizes do not compare")


def test_rates_that_were_taken_alike_are_ranked_and_others_refused_before() -> None:
    records = [profile("a", fps=10.0), profile("b", fps=20.0)]
    assert shown(build_table(FPS, records), "fps") == [None, "best"]
    mixed = [*records, profile("b", fps=99.0, device=CPU)]
    chosen = Choices(fps=FpsChoice(device="H200"))
    assert shown(build_table(FPS, mixed, chosen), "fps") == [None, "best"]
