"""A small table with one of everything, for the tests of the formats."""

from __future__ import annotations

from dataclasses import replace

from harness.report.columns import COLUMNS
from harness.report.model import Cell, Table, TableRow

from .sample import logged, profile, reported

OURS = profile("fassd-net", fps=40.0)
LOG = logged("fassd-net", 0.783)
THEIRS = reported("fassd-net")


def label(text: str) -> Cell:
    return Cell(text=text, kind="label")


def measured(text: str, value: float) -> Cell:
    return Cell(text=text, kind="measured", value=value, records=(OURS,))


def printed(text: str, value: float | None = None) -> Cell:
    return Cell(text=text, kind="reported", value=value, records=(THEIRS,))


ABSENT = Cell(text="–", kind="absent")


def table(*labels: str, title: str = "A title", notes: tuple[str, ...] = ()) -> Table:
    """Return a table with a mixed column, an absent cell and a wholly reported column.

    Args:
        *labels: Names of the first and the second row.
        title: Its caption.
        notes: Its footnotes.
    """
    first, second = labels or ("ours", "theirs")
    names = ("method", "gflops", "delta_params", "fps", "miou")
    return Table(
        name="t",
        title=title,
        columns=tuple(COLUMNS[name] for name in names),
        rows=(
            TableRow(
                variant="a",
                cells=(
                    label(first),
                    measured("45.1", 45.112),
                    measured("-0.12M", -0.12),
                    measured("100.0", 100.0),
                    printed("78.2", 78.2),
                ),
            ),
            TableRow(
                variant="b",
                cells=(
                    label(second),
                    printed("8.7", 8.7),
                    printed("0M", 0.0),
                    ABSENT,
                    printed("<1"),
                ),
            ),
        ),
        footnotes=notes,
    )


def grouped() -> Table:
    """Return two groups of which the first has a title, with marks, ranks and spreads."""
    best = Cell(
        text="100.0",
        kind="measured",
        value=100.0,
        interval=(99.0, 101.0),
        records=(OURS,),
        rank="best",
    )
    second = replace(printed("8.7", 8.7), mark="*", rank="second")
    mean = Cell(text="78.3 ± 0.3", kind="logged", value=78.3, deviation=0.28, records=(LOG,))
    return Table(
        name="t",
        title="A title",
        columns=tuple(COLUMNS[name] for name in ("method", "params", "fps", "miou")),
        rows=(
            TableRow(
                variant="a",
                cells=(label("ours"), replace(measured("2.85M", 2.845), rank="second"), best, mean),
            ),
            TableRow(
                variant="b",
                cells=(label("theirs"), printed("49M", 49.0), second, printed("8.2", 8.2)),
                group=1,
            ),
            TableRow(
                variant="c",
                cells=(
                    label("vague"),
                    replace(printed("0.76M", 0.76), rank="best"),
                    printed("<1"),
                    replace(printed("79.6", 79.6), rank="second"),
                ),
                group=1,
            ),
        ),
        footnotes=(),
        groups=("First", None),
    )
