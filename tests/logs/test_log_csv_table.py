"""Rows of a CSV read many at once say what they say one after the other."""

import math
import random
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RunFailed
from harness.logs import Choice, columns_csv, csv_table, read_log
from harness.logs.csv_table import Table, comparable
from harness.logs.found import MOST_SERIES
from harness.logs.source import open_source

ODD = (
    "", "", " ", "nan", "inf", "-0.5", "1e-3", "5_0", "50%", "50.5 ", " 50.5", "x", '"50.1"',
    "50.1.", ".", "5", "99999.5", "50.\x0c1", "ä", "50.00", "0050.00",
)  # fmt: skip
HEADS = (
    "step,loss,mIoU,IoU.road,IoU.car",
    "epoch,val_miou,test_miou,note",
    "mIoU",
    "loss,mIoU",
    "iter,IoU,lr",
    "step,mIoU,mIoU,IoU.road",
)


def made(chance: random.Random, head: str, rows: int, odd: float) -> str:
    """Return a CSV whose cells are as they should be, but for a share that is odd in some way."""
    names = head.split(",")
    lines, step = [head], 0
    for _ in range(rows):
        step += chance.choice((0, 1, 1, 10)) - 1000 * (chance.random() < odd / 4)
        cells = [f"{chance.randrange(2000, 9900) / 100:05.2f}" for _ in names]
        if names[0] in ("step", "epoch", "iter"):
            cells[0] = str(max(step, 0))
        if chance.random() < odd:
            cells[chance.randrange(len(cells))] = chance.choice(ODD)
        if chance.random() < odd / 10:
            cells = chance.choice((cells[:-1], [*cells, ""], [*cells, "1"]))
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def what(path: Path) -> Any:
    """Return all that was found, or the refusal."""
    try:
        found = columns_csv.read(open_source(path), ",")
    except RunFailed as error:
        return str(error)
    series = {
        key: (one.count, one.missing, repr(one.last), repr(one.extremes))
        for key, one in found.series.items()
    }
    return series, found.reached, found.step_unit, found.notes


@pytest.mark.parametrize("head", HEADS)
def test_what_is_found_is_the_same_whether_rows_are_read_at_once_or_not(
    head: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(head)
    monkeypatch.setattr(columns_csv, "PIECE", 400)  # some twenty rows
    at_once, answers, refused = Table.add_at_once, [], 0
    for trial in range(120):
        odd = (0.0, 0.002, 0.01, 0.05)[trial % 4]
        path = tmp_path / "log.csv"
        path.write_text(made(chance, head, 200, odd), encoding="utf-8")

        def noted(self: Table, lines: bytes, above: int) -> bool:
            answers.append(at_once(self, lines, above))
            return answers[-1]

        monkeypatch.setattr(Table, "add_at_once", noted)
        refused += isinstance(both_ways(path, monkeypatch), str)
    assert answers.count(True) > 4 * answers.count(False) > 0
    assert 0 < refused < 60


def both_ways(path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what is found, which is the same at once and row by row."""
    fast = what(path)
    with monkeypatch.context() as patch:
        patch.setattr(Table, "add_at_once", lambda *_: False)
        assert fast == what(path)
    return fast


@pytest.mark.parametrize("last", ["", "nan", "inf"])
def test_a_last_row_without_a_step_leaves_the_step_before_it(
    last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"step,mIoU\n1,0.500\n2,0.400\n3,0.450\n4,0.450\n{last},0.450\n")
    series, reached, *_ = both_ways(path, monkeypatch)
    assert reached == 4
    assert series["mIoU", None, 1][0] == 5


def test_runs_beyond_the_most_that_are_kept_are_left_out_at_once_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Header and rows have ten bytes; every piece is a run, which the 20 steps to 19 are.
    monkeypatch.setattr(columns_csv, "PIECE", 199)
    steps = [*range(1, 20), *[*range(20)] * (MOST_SERIES + 4), *range(20, 60)]
    path = tmp_path / "log.csv"
    path.write_text("step,mIoU\n" + "".join(f"{step:04},0.50\n" for step in steps))
    series, *_ = both_ways(path, monkeypatch)
    assert len(series) == MOST_SERIES
    assert {one[0] for one in series.values()} == {19, 20}
    assert series["mIoU", None, MOST_SERIES][0] == 20


def test_of_many_validations_few_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []
    add_row = csv_table.add_row

    def noted(*arguments: Any) -> None:
        looked_at.append(arguments)
        add_row(*arguments)

    monkeypatch.setattr(csv_table, "add_row", noted)
    path = tmp_path / "log.csv"
    rows = [f"{step},0.25,0.{step % 997:03},nan\n" for step in range(20_000)]
    path.write_text("step,loss,mIoU,IoU.road\n" + "".join(rows))
    reading = read_log(path, Choice()).reading
    assert (reading.validations, reading.best.miou, reading.best.step) == (20_000, 0.996, 996)
    assert (reading.final.miou, reading.final.step) == (0.059, 19_999)  # 19,999 = 20 x 997 + 59
    assert len(looked_at) < 100


def test_the_line_of_a_mistake_is_named_far_down(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    rows = ["1,0.500\n"] * 10_000
    rows[8_765] = "1,half\n"
    path.write_text("step,mIoU\n" + "".join(rows))
    with pytest.raises(
        RunFailed, match=r"log\.csv: line 8767: 'mIoU' must be a number, got 'half'"
    ):
        read_log(path, Choice())


@pytest.mark.parametrize(
    ("cells", "as_they_are"),
    [
        (["10.5", "09.7", "99.9"], True),
        (["100", "200"], True),
        ([".5", ".6"], True),
        (["9.75", "10.5"], False),  # as text 9.75 were the larger
        (["10.5", "9.75"], False),
        (["-1.5", "-2.5"], False),
        (["1e10", "2000"], False),
        (["+1.5", "01.5"], False),
        (["234", "5"], False),
    ],
)
def test_digits_that_line_up_are_compared_as_they_are(cells: list[str], as_they_are: bool) -> None:
    values = comparable(cells)
    assert (values == cells) is as_they_are
    order = sorted(range(len(cells)), key=lambda at: float(cells[at]))
    assert sorted(range(len(cells)), key=values.__getitem__) == order


@pytest.mark.parametrize("cells", [["."], ["1.2", "1..", "1.3"], ["1.2", "x.2"], ["1.2", "1.2.3"]])
def test_cells_that_hold_no_number_are_refused(cells: list[str]) -> None:
    with pytest.raises(ValueError, match="could not convert"):
        comparable(cells)


def test_nan_compares_as_the_number_that_it_is_none() -> None:
    assert math.isnan(comparable(["nan", "0.5"])[0])
    assert comparable([]) == []
