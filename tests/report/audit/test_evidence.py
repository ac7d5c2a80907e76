"""Where operands are looked up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from harness.errors import BadRequest
from harness.report.audit.evidence import Evidence, newest_costs
from harness.report.audit.expression import MissingFigureError
from harness.report.audit.references import Reference, load_references
from report.sample import profile, reported

SMALL, LARGE = (1, 3, 512, 1024), (1, 3, 1024, 2048)
FACT = Reference(value=Fraction(7), text="7", source="a/b@1234567, f.py", url="u", commit="c")
ROWS = [
    reported("net", table="table-4", label="Net", input_shape=SMALL, figures={"fps": "~1"}),
    reported("net", table="table-4", label="Net", input_shape=LARGE, figures={"fps": "2.0"}),
    reported("one", table="table-4", label="One", figures={"iou.a": "1.5", "iou.b": "2", "x": "3"}),
]
EVIDENCE = Evidence(
    printed=ROWS,
    costs=[profile("net", params=5, input_shape=LARGE)],
    references={"net": {"params": FACT, "miou": FACT}},
)


def test_printed_rows_of_one_network_are_told_apart_by_size() -> None:
    assert EVIDENCE.look_up("table-4/net@512x1024/fps").values == (Fraction(1),)
    assert EVIDENCE.look_up("table-4/net@1024x2048/fps").text == "2.0"
    assert EVIDENCE.look_up("table-4/one/x").about == "Table I, row 1 (One)"


def test_a_star_stands_for_several_figures_and_no_others() -> None:
    operand = EVIDENCE.look_up("table-4/one/iou.*")
    assert operand.values == (Fraction("1.5"), Fraction(2))
    assert operand.text == "iou.* of One"


def test_a_count_goes_before_a_reference() -> None:
    assert EVIDENCE.look_up("cost/net/params").text == "5"
    assert EVIDENCE.look_up("reference/net/params").text == "7"
    uncounted = replace(EVIDENCE, costs=[])
    assert uncounted.look_up("cost/net@1024x2048/params").text == "7"


def test_a_count_is_of_the_size_that_is_asked_for() -> None:
    costs = [
        profile("net", gmacs=1.0, input_shape=SMALL),
        profile("net", gmacs=4.0, input_shape=LARGE),
    ]
    both = replace(EVIDENCE, costs=costs)
    assert both.look_up("cost/net@512x1024/macs.paper").values == (Fraction(10**9),)
    assert both.look_up("cost/net@1024x2048/macs.paper").values == (Fraction(4 * 10**9),)
    assert both.cost_of("net") is None  # two sizes, and neither is meant


@pytest.mark.parametrize(
    "path",
    ["table-9/net/fps", "table-4/net/fps", "table-4/one/miou", "table-4/one/y*", "cost/none/params",
     "cost/net/macs.none", "reference/net/fps"],
)  # fmt: skip
def test_what_is_not_there_is_missing(path: str) -> None:
    with pytest.raises(MissingFigureError):
        EVIDENCE.look_up(path)


def test_of_several_counts_the_newest_is_taken() -> None:
    old = profile("net", params=1, created="2026-01-01T00:00:00Z")
    new = profile("net", params=2, created="2026-01-02T00:00:00Z")
    assert newest_costs([new, old, ROWS[0]]) == [new]


def test_every_reference_names_repository_commit_and_file() -> None:
    for figures in load_references().values():
        for reference in figures.values():
            assert reference.url.startswith("https://github.com/")
            assert len(reference.commit) == 40
            assert f"@{reference.commit[:7]}, " in reference.source


def test_a_fact_that_is_said_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    entry = "- {of: [net], repository: r, commit: c, file: f, figures: {params: 1}}\n"
    path.write_text(entry * 2)
    with pytest.raises(BadRequest, match=r"r\.yaml:2: params must be said once of net"):
        load_references(path)


def test_facts_are_read_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("- {of: [n], repository: r, commit: c, file: f, figures: {x: 0.1, y: 12345}}\n")
    facts = load_references(path)["n"]
    assert facts["x"].value == Fraction(1, 10)
    assert facts["y"].text == "12,345"
