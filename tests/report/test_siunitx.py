"""Columns of siunitx: room for the widest number, and everything aligned in it."""

from __future__ import annotations

import pytest

from harness.report.columns import COLUMNS
from harness.report.formats.siunitx import to_siunitx
from harness.report.model import Cell, Rank, Table, TableRow

from .tables import grouped, table


def column(*texts: str, name: str = "miou", ranks: dict[int, Rank] | None = None) -> Table:
    """Return a table of one column of figures that were measured."""
    cells = (
        Cell(text=text, kind="measured", value=1.0, rank=(ranks or {}).get(i))
        for i, text in enumerate(texts)
    )
    return Table(
        name="t",
        title="T",
        columns=(COLUMNS[name],),
        rows=tuple(TableRow(variant="v", cells=(cell,)) for cell in cells),
        footnotes=(),
    )


def options(built: Table) -> str:
    (line,) = (line for line in to_siunitx(built).splitlines() if "begin{tabular*}" in line)
    return line.partition("S[")[2].rpartition("]@")[0]


def body(built: Table) -> list[str]:
    text = to_siunitx(built).partition(r"\midrule")[2].partition(r"\bottomrule")[0]
    return [line.strip().removesuffix(r" \\") for line in text.strip().splitlines()]


@pytest.mark.parametrize(
    ("texts", "room"),
    [
        (("1.5", "104.0", "26"), "table-format=3.1"),
        (("1", "20"), "table-format=2"),
        (("-0.12", "2.43"), "table-format=-1.2"),
        (("<1", "-"), "table-format=1"),
        (("41.1 ± 0.3", "0.973 ± 0.014"), r"table-format=2.3,table-space-text-post={ $\pm$ 0.014}"),
    ],
)
def test_a_column_has_room_for_its_widest_number(texts: tuple[str, ...], room: str) -> None:
    assert options(column(*texts)) == room


def test_a_unit_moves_into_the_header() -> None:
    built = column("2.85M", "0M", name="params")
    assert options(built) == "table-format=1.2"
    assert body(built) == ["2.85", "0"]
    assert r"{\shortstack[r]{No. \\ Parameters \\ (M)}}" in to_siunitx(built)


def test_numbers_are_bare_and_what_is_none_stands_in_braces() -> None:
    assert body(column("41.1", "~1", "<1", "-", "–", "-0.12")) == [
        "41.1", r"{$\sim$1}", r"{\textless{}1}", "{-}", "{--}", "-0.12",
    ]  # fmt: skip


def test_what_follows_a_number_is_no_part_of_it() -> None:
    assert body(column("41.1 ± 0.3", "8.7")) == [r"41.1{ $\pm$ 0.3}", "8.7"]


def test_the_best_is_bold_and_the_second_underlined_where_it_stands() -> None:
    assert body(column("8.7", "41.1", "30.0", ranks={1: "best", 0: "second"})) == [
        r"{\rlap{\phantom{0}\underline{8.7}}\phantom{00.0}}",
        r"\bfseries 41.1",
        "30.0",
    ]


def test_an_underlined_number_takes_the_room_of_the_widest() -> None:
    assert body(column("7", "-41.25 ± 0.30", ranks={0: "second"}))[0] == (
        r"{\rlap{\phantom{$-$0}\underline{7}}\phantom{$-$00.00 $\pm$ 0.30}}"
    )
    assert body(column("-7.5 ± 0.5", "41.1", ranks={0: "second"}))[0] == (
        r"{\rlap{\phantom{0}\underline{$-$7.5 $\pm$ 0.5}}\phantom{$-$00.0 $\pm$ 0.5}}"
    )


def test_marks_have_room_of_their_own() -> None:
    text = to_siunitx(grouped())
    assert r"S[table-format=3.1,table-space-text-post={{*}$^\dagger$}]" in text
    assert r"49{$^\dagger$}" in text
    assert r"\underline{8.7}{*}$^\dagger$" in text
    assert r"{\textless{}1$^\dagger$}" in text


def test_it_says_what_it_needs_and_sets_marks_right_behind_digits() -> None:
    lines = to_siunitx(table()).splitlines()
    assert lines[:2] == [r"% needs \usepackage{booktabs}", r"% needs \usepackage{siunitx}"]
    assert any("table-align-text-after = false" in line for line in lines)
    assert any("text-series-to-math = true" in line for line in lines)


def test_columns_of_text_are_as_in_plain_latex() -> None:
    text = to_siunitx(table("a_b", "c"))
    assert r"    a\_b & " in text
    assert r"@{\extracolsep{\fill}}lS[" in text
