"""Tables of thousands of rows: no step may take the square of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from harness.records import Record
from harness.report.build import Choices, build_table
from harness.report.columns import CLASSES
from harness.report.columns import COLUMNS as ALL
from harness.report.definition import Definition, Emphasis
from harness.report.emphasis import rank
from harness.report.formats import FORMATS, render
from harness.report.model import Cell, Table, TableRow
from harness.report.norm_speed import choose_norm_speeds
from harness.report.row_definition import Row
from harness.report.rows import gather
from harness.report.scales import load_scales
from harness.report.speed import FpsChoice, choose_speeds

from .sample import logged, profile, reported, timing

COLUMNS = ("method", "input_size", "gpu", "gflops", "params", "fps", "fps_norm", "miou")
EMPHASIS = Emphasis(columns=("gflops", "params", "fps", "miou"), second=True)
FEW, MANY = 300, 1200


@dataclass(frozen=True)
class Large:
    """A definition of `rows` rows and records of every kind for each."""

    rows: int
    groups: int = 1
    columns: tuple[str, ...] = COLUMNS

    def definition(self) -> Definition:
        return Definition(
            name="t",
            title="T",
            source="table-4",
            input_shape=(1, 3, 1024, 2048),
            convention="paper",
            baseline=None,
            columns=self.columns,
            rows=tuple(Row(variant=f"v{i}", group=i % self.groups) for i in range(self.rows)),
            groups=(None,) * self.groups,
            emphasis=EMPHASIS,
        )

    def records(self) -> list[Record]:
        names = [f"v{i}" for i in range(self.rows)]
        classes = dict.fromkeys(CLASSES, 0.5)
        return [
            *(profile(v, timing=timing(50.0, fps_ci95=(49.0, 51.0))) for v in names),
            *(logged(v, 0.5, classes=classes) for v in names),
            *(reported(v, table="table-4") for v in names),
        ]


def cpu_s(work: Callable[[], object]) -> float:
    """Return the processor time that `work` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def grows_linearly(few: Callable[[], object], many: Callable[[], object]) -> None:
    """Four times the rows may take eight times as long, and not sixteen.

    The least of several turns counts, since a busy machine slows processor time too.
    """
    few()  # whatever is cached by its first call
    turns = [(cpu_s(few), cpu_s(many)) for _ in range(3)]
    short, long = (min(times) for times in zip(*turns, strict=True))
    assert long < 8 * short + 0.01


@pytest.mark.parametrize("with_reported", [False, True], ids=["plain", "with-reported"])
@pytest.mark.parametrize("alike", [True, False], ids=["ties", "no-ties"])
def test_building_takes_time_as_there_are_rows(alike: bool, with_reported: bool) -> None:
    choices = Choices(with_reported=with_reported)

    def build(rows: int) -> Callable[[], object]:
        large = Large(rows)
        definition, records = large.definition(), large.records()
        if not alike:
            records = [*(profile(f"v{i}", fps=10.0 + i, params=10**6 + i) for i in range(rows))]
        return lambda: build_table(definition, records, choices)

    grows_linearly(build(FEW), build(MANY))


def test_ranking_takes_time_as_there_are_figures_however_many_are_alike() -> None:
    def ranked(size: int) -> Callable[[], object]:
        cells = [Cell(text="1.0", kind="measured", value=1.0)] * size
        return lambda: rank(cells, ALL["miou"], second=True)

    grows_linearly(ranked(2_000), ranked(8_000))


def test_building_takes_time_as_there_are_records_of_other_networks() -> None:
    definition = Large(10).definition()
    few, many = Large(FEW).records(), Large(MANY).records()
    grows_linearly(lambda: build_table(definition, few), lambda: build_table(definition, many))


@pytest.mark.parametrize("column", ["fps", "fps_norm"])
def test_choosing_rates_takes_time_as_there_are_devices(column: str) -> None:
    def choose(size: int) -> Callable[[], object]:
        records: list[Record] = [
            profile(f"v{i}", fps=1.0, device=f"card {i}")
            if column == "fps_norm"
            else reported(f"v{i}", table="table-4", device=f"card {i}")
            for i in range(size)
        ]
        rows, choice = gather(Large(size).definition(), records), FpsChoice()
        if column == "fps":
            return lambda: choose_speeds(rows, choice, devices_stated=True)
        return lambda: choose_norm_speeds(rows, choice, load_scales())

    grows_linearly(choose(500), choose(2_000))


def test_grouping_takes_time_as_there_are_groups() -> None:
    def grouping(size: int) -> Callable[[], object]:
        rows = tuple(TableRow(variant="v", cells=(), group=i) for i in range(size))
        groups = (None,) * size
        table = Table(name="t", title="T", columns=(), rows=rows, footnotes=(), groups=groups)
        return lambda: list(table.grouped())

    grows_linearly(grouping(1_000), grouping(4_000))


@pytest.mark.parametrize("format_name", sorted(FORMATS))
def test_rendering_takes_time_as_there_are_rows(format_name: str) -> None:
    few, many = (build_table(Large(n).definition(), Large(n).records()) for n in (FEW, MANY))
    grows_linearly(lambda: render(few, format_name), lambda: render(many, format_name))


@pytest.mark.slow
@pytest.mark.parametrize("format_name", sorted(FORMATS))
def test_ten_thousand_rows_are_built_and_rendered_in_seconds(format_name: str) -> None:
    # Under 2 s on a free core; three times that leaves room for a core that others use too.
    large = Large(10_000, groups=4)
    definition, records = large.definition(), large.records()
    start = time.process_time()
    text = render(build_table(definition, records), format_name)
    assert time.process_time() - start < 6
    assert text.count("v9999") + text.count("V9999") >= 1
