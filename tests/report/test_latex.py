"""LaTeX tables, as text; `test_latex_compiled.py` has LaTeX itself read them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.report.build import build_table
from harness.report.definition import load_definition
from harness.report.formats.latex import escape, escape_prose, to_latex
from harness.report.model import Table
from harness.store import paper_records

from .sample import COUNTS, profile
from .tables import grouped, table

GOLDEN = Path(__file__).parents[1] / "golden"


def table_1() -> Table:
    measured = [profile(v, fps=100.0 + i) for i, v in enumerate(COUNTS) if i not in (4, 5)]
    return build_table(load_definition("1"), [*paper_records(), *measured])


def test_every_special_character_is_escaped() -> None:
    assert escape("50% of a_b & #1 {x} $y$") == r"50\% of a\_b \& \#1 \{x\} \$y\$"
    assert escape("~^\\") == r"$\sim$\textasciicircum{}\textbackslash{}"
    assert escape("Δp–†") == r"$\Delta p$--$^\dagger$"
    assert escape("line\n\nbreak") == "line break"  # an empty line would end a caption


def test_more_rows_than_a_page_takes_are_several_floats_of_one_caption() -> None:
    one = table()
    rows = tuple(replace(one.rows[0], group=i // 50) for i in range(100))
    text = to_latex(replace(one, rows=rows, groups=("First", "Second"), footnotes=("A note.",)))
    parts = text.split(r"\begin{table}")[1:]
    # 100 rows of at most 45: three floats of 34, 34 and 32. The second group begins in the second.
    assert [part.count(r"    ours & ") for part in parts] == [34, 34, 32]
    assert [part.count("First") for part in parts] == [1, 1, 0]
    assert [part.count("Second") for part in parts] == [0, 1, 1]
    assert [part.count(r"\caption{") for part in parts] == [1, 0, 0]
    assert [part.count(r"Table~\ref{tab:t}, continued\par") for part in parts] == [0, 1, 1]
    assert [part.count("A note.") for part in parts] == [0, 0, 1]
    assert [part.count(r"\toprule") for part in parts] == [1, 1, 1]
    assert text.count("% needs") == 1


def test_as_many_rows_as_a_page_takes_are_one_float() -> None:
    one = table()
    for count, floats in ((45, 1), (46, 2), (0, 1)):
        text = to_latex(replace(one, rows=one.rows[:1] * count))
        assert text.count(r"\begin{table}") == floats
        assert text.count(r"    ours & ") == count


def test_two_hyphens_do_not_become_a_dash() -> None:
    assert escape("--json") == "-{}-json"
    assert escape("---") == "-{}-{}-"
    assert escape("FC-HarDNet-70") == "FC-HarDNet-70"


def test_code_in_footnotes_is_set_as_code_between_its_spaces() -> None:
    assert escape_prose("with `--fps` here") == r"with \texttt{-{}-fps} here"


def test_what_bears_no_mark_has_room_for_one_so_that_digits_stay_in_line() -> None:
    text = to_latex(table())
    assert r"    ours & 45.1\hphantom{$^\dagger$} & " in text
    assert r"    theirs & 8.7$^\dagger$ & " in text
    assert r"100.0 & 78.2 \\" in text  # no mark in a column, no room
    header = next(line for line in text.splitlines() if "Method" in line)
    assert header.count("dagger") == 1  # mIoU alone is reported throughout
    assert r"mIoU$^\dagger$ \\" in header


def test_two_marks_need_room_for_both() -> None:
    text = to_latex(grouped())
    assert r"\textbf{100.0}\hphantom{{*}$^\dagger$}" in text
    assert r"\underline{8.7}{*}$^\dagger$" in text


def test_the_best_is_bold_and_the_second_underlined() -> None:
    text = to_latex(grouped())
    assert r"\textbf{0.76M}" in text
    assert r"\underline{79.6}" in text
    assert text.count(r"\textbf") == text.count(r"\underline") - 1 == 2


def test_a_rule_stands_before_each_group_and_its_title_below_it() -> None:
    lines = [line.strip() for line in to_latex(grouped()).splitlines()]
    start = lines.index(r"\toprule")
    body = lines[start : lines.index(r"\bottomrule")]
    assert [line.partition(" & ")[0] for line in body] == [
        r"\toprule",
        "Method",
        r"\midrule",
        r"\multicolumn{4}{@{}l@{}}{\textit{First}} \\",
        "ours",
        r"\midrule",
        "theirs",
        "vague",
    ]


def test_a_wide_table_takes_both_columns_of_the_page() -> None:
    narrow, wide = to_latex(table()), to_latex(replace(table(), wide=True))
    assert r"\begin{table}[t]" in narrow
    assert r"\end{table}" in narrow
    assert wide == narrow.replace("{table}", "{table*}")


def test_type_is_as_large_as_the_width_allows() -> None:
    # A character takes 0.62 of the size, 4.96 pt of 8 and 4.34 of 7; the gap is 3 and 2 pt. So 252
    # pt take 50.2 and 57.6 of them, and 516 pt 103.4 and 118.4.
    for characters, wide, type_size in (
        (50, False, r"\footnotesize"), (51, False, r"\scriptsize"),
        (57, False, r"\scriptsize"), (58, False, r"\fontsize{6}{7}\selectfont"),
        (103, True, r"\footnotesize"), (104, True, r"\scriptsize"),
        (118, True, r"\scriptsize"), (119, True, r"\fontsize{6}{7}\selectfont"),
        (999, True, r"\fontsize{6}{7}\selectfont"),
    ):  # fmt: skip
        some = table("x" * (characters - 10), "theirs")
        [row, *_] = some.rows
        cells = (row.cells[0], replace(row.cells[1], text="1" * 10))
        two = replace(some, wide=wide, columns=some.columns[:2], rows=(replace(row, cells=cells),))
        assert rf"\smallskip{type_size}" in to_latex(two), (characters, wide)


def test_headers_have_a_word_a_line_on_the_side_of_their_figures() -> None:
    built = build_table(load_definition("4"), paper_records())
    header = next(line for line in to_latex(built).splitlines() if "Method" in line)
    assert r"\shortstack[l]{Input \\ Size}" in header
    assert r"\shortstack[r]{FPS \\ (norm.)$^\dagger$}" in header


def test_vague_figures_and_spreads_print_as_such() -> None:
    built = to_latex(build_table(load_definition("4"), paper_records()))
    assert r"& $\sim$1\hphantom{{*}} & $\sim$1 & 79.6" in built
    assert r"& \textless{}1\hphantom{{*}} & \textless{}1 & 79.7" in built
    assert r"78.3 $\pm$ 0.3" in to_latex(grouped())


def test_a_negative_figure_has_a_minus_and_not_a_hyphen() -> None:
    assert r"& $-$0.12M\hphantom" in to_latex(table())


def test_table_1_with_five_measured_rows_is_as_it_was() -> None:
    assert to_latex(table_1()) == (GOLDEN / "table-1.tex").read_text(encoding="utf-8")
