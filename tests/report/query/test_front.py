"""A front is of what may be compared, and says which way is better."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from example_records import REPORTED

from harness.errors import BadRequest
from harness.records import Record
from harness.report.query.frame import build_table
from harness.report.query.front import Front, front, read_goals

from .made import counted, logged, timed


def made(goals: str, *records: Record) -> Front:
    table = build_table(records)
    return front(table, read_goals(goals, table.columns))


def names(goals: str, *records: Record) -> list[object]:
    return made(goals, *records).rows.frame["variant"].tolist()


def with_miou(variant: str, macs: int, miou: float) -> list[Record]:
    return [counted(variant, macs={"paper": macs}), logged(variant, miou)]


def several(*rows: tuple[str, int, float]) -> list[Record]:
    return [record for row in rows for record in with_miou(*row)]


CHEAP, WORSE, DEAR = ("cheap", 10, 0.70), ("worse", 20, 0.69), ("dear", 30, 0.75)


def test_less_macs_and_more_miou_are_better_and_the_cheapest_comes_first() -> None:
    found = made("macs.paper,miou", *several(DEAR, WORSE, CHEAP))
    assert found.rows.frame["variant"].tolist() == ["cheap", "dear"]
    # The logs themselves have no MACs.
    assert str(found) == (
        "2 of 3 rows are on the front of least macs.paper, most miou; "
        "3 left out, which lack one of these"
    )


def test_the_order_follows_the_first_figure_best_first() -> None:
    assert names("miou,macs.paper", *several(CHEAP, DEAR)) == ["dear", "cheap"]
    assert names("fps,params", timed("a", 5.0, params=1), timed("b", 9.0, params=2)) == ["b", "a"]


def test_all_rows_complete_says_so_without_more() -> None:
    assert str(made("params,macs.paper", counted("a"))) == (
        "1 of 1 rows are on the front of least params, least macs.paper"
    )


def test_a_direction_can_be_said() -> None:
    records = several(CHEAP, WORSE, DEAR)
    assert names("max:macs.paper,min:miou", *records) == ["dear", "worse"]


def test_an_option_needs_a_direction() -> None:
    records = [
        counted("a", 1, spec={"context": {"alpha": 4}}),
        counted("b", 2, spec={"context": {"alpha": 8}}),
    ]
    with pytest.raises(
        BadRequest, match=r"^--pareto: context.alpha needs a direction, min:context"
    ):
        names("params,context.alpha", *records)
    assert names("params,min:context.alpha", *records) == ["a"]
    assert names("params,max:context.alpha", *records) == ["a", "b"]


def test_three_figures_make_a_front() -> None:
    records = [
        timed("a", 9.0, params=2, macs={"paper": 2}),
        timed("b", 8.0, params=1, macs={"paper": 3}),
        timed("c", 7.0, params=1, macs={"paper": 2}),
        timed("d", 6.0, params=3, macs={"paper": 2}),
    ]
    assert names("fps,params,macs.paper", *records) == ["a", "b", "c"]


def test_equal_rows_are_all_on_the_front() -> None:
    assert names("params,macs.paper", counted("a"), counted("b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("goals", "message"),
    [
        ("macs.paper,miuo", "no column 'miuo'; did you mean miou"),
        ("params", "a front needs two columns or more, got params"),
        ("params,params", "got params twice"),
        ("params,min:params", "got params twice"),
        ("params,variant", "variant must be a number, got text"),
        ("params,least:fps", "a direction is min: or max:, got least:fps"),
        ("params,iterations", "needs a direction, min:iterations or max:iterations"),
        ("", "no column ''"),
    ],
)
def test_goals_that_are_none_are_refused(goals: str, message: str) -> None:
    with pytest.raises(BadRequest, match=f"^--pareto: .*{re.escape(message)}"):
        made(goals, counted("a"))


@pytest.mark.parametrize("goal", ["fps", "latency_s.mean", "fps_low"])
def test_speeds_of_unlike_devices_or_protocols_are_refused(goal: str) -> None:
    gpu = timed("b", 60.0, device="A GPU")
    with pytest.raises(
        BadRequest,
        match=r"^--pareto: speeds must be of one device, got A CPU, A GPU; "
        r"decide with --where 'device == \"A CPU\"'$",
    ):
        made(f"{goal},params", timed("a", 5.0), gpu)
    half = timed("b", 60.0, protocol={"precision": "bf16"})
    with pytest.raises(BadRequest, match=r"must be of one protocol, got paper@\w+, paper@\w+; dec"):
        made(f"{goal},params", timed("a", 5.0), half)


def test_only_rows_that_take_part_must_be_alike() -> None:
    # The reported rate is another device's, but no parameters of ours stand beside it.
    assert names("fps,params", timed("a", 5.0), REPORTED) == ["a"]
    gpu = timed("b", 60.0, params=1, device="A GPU")
    assert names("params,macs.paper", timed("a", 5.0), gpu) == ["b"]


def test_a_device_whose_name_holds_the_rest_is_listed_up_to_four() -> None:
    records = [timed(str(n), 5.0, device=f"GPU {n}") for n in range(6)]
    with pytest.raises(BadRequest, match=r"got GPU 0, GPU 1, GPU 2, GPU 3 and 2 more; "):
        made("fps,params", *records)


def test_accuracy_beside_costs_at_several_inputs_is_refused() -> None:
    small = counted("b", input_shape=(1, 3, 512, 1024))
    records = [counted("a"), small, logged("a", 0.7), logged("b", 0.6)]
    with pytest.raises(
        BadRequest, match=r"beside the mIoU of logs must be of one input, got 1x3x1"
    ):
        made("macs.paper,miou", *records)
    assert len(made("macs.paper,params", *records).rows) == 2


def test_reported_rows_of_several_inputs_may_stand_on_one_front() -> None:
    figures = {"fps": "100", "miou": "70"}
    small = replace(REPORTED, input_shape=(1, 3, 512, 1024), figures=figures)
    large = replace(REPORTED, figures={"fps": "50", "miou": "75"})
    assert len(made("fps,miou", small, large).rows) == 2


def test_accuracies_of_unlike_validations_are_warned_about() -> None:
    records = [counted("a"), counted("b"), logged("a", 0.7), logged("b", 0.6, use="final")]
    assert made("macs.paper,miou", *records).warnings == (
        "mIoU of unlike validations on one front (miou_use: best, final)",
    )
    records[-1] = logged("b", 0.6, split="test")
    assert made("macs.paper,miou", *records).warnings == (
        "mIoU of unlike sets on one front (miou_split: test, val)",
    )
    assert made("macs.paper,params", *records).warnings == ()
