"""Ten thousand rows: no format may take a time that grows faster than the table."""

from __future__ import annotations

import time

import pytest

from harness.report.build import build_table
from harness.report.definition import Definition, Emphasis
from harness.report.formats import FORMATS, render
from harness.report.row_definition import Row

from .sample import profile

ROWS = 10_000
# Building and rendering takes well below 2 s. A step that looks at every row for every row (1e8
# looks, at some 50 ns each) takes at least 5 s more, on a machine as slow as the bound allows.
BOUND_S = 8.0


def definition(count: int) -> Definition:
    return Definition(
        name="many",
        title="Many",
        source="none",
        input_shape=(1, 3, 1024, 2048),
        convention="paper",
        baseline="v0",
        columns=("method", "gflops", "params", "delta_params", "fps"),
        rows=tuple(Row(variant=f"v{i}", group=i % 100) for i in range(count)),
        groups=tuple(f"group {i}" for i in range(100)),
        emphasis=Emphasis(columns=("gflops", "fps"), second=True, within="group"),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_ten_thousand_rows_take_no_quadratic_time(name: str) -> None:
    records = [profile(f"v{i}", fps=1.0 + i) for i in range(ROWS)]
    many = definition(ROWS)
    started = time.process_time()  # what other processes do meanwhile does not count
    text = render(build_table(many, records), name)
    taken = time.process_time() - started
    assert f"v{ROWS - 1}" in text
    assert text.count("\n") >= ROWS
    assert taken < BOUND_S
