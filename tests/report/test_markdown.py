"""Markdown tables: aligned, marked, and safe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.report.build import build_table
from harness.report.definition import load_definition
from harness.report.formats.markdown import escape, escape_prose, to_markdown
from harness.store import paper_records

from .sample import COUNTS, profile
from .tables import grouped, table

GOLDEN = Path(__file__).parents[1] / "golden"


def test_columns_are_aligned_and_figures_stand_right() -> None:
    assert to_markdown(table(notes=("A note.",))) == (
        "**A title**\n"
        "\n"
        "| Method | GFLOPs |      Δp |   FPS | mIoU† |\n"
        "|--------|-------:|--------:|------:|------:|\n"
        "| ours   |  45.1  | -0.12M  | 100.0 |  78.2 |\n"
        "| theirs |   8.7† |     0M† |     – |   \\<1 |\n"
        "\n"
        "- A note.\n"
    )


def test_lines_of_the_table_are_equally_long_whatever_the_labels() -> None:
    lines = to_markdown(table("ein Netz für α", "x" * 40)).splitlines()[2:]
    assert len({len(line) for line in lines}) == 1


def test_wide_and_combining_characters_keep_the_columns_aligned() -> None:
    # Two columns each for 网络; none for the combining accent.
    lines = to_markdown(table("网络", "e\u0301e")).splitlines()[2:]
    assert len(lines[2]) == len(lines[0]) - 2
    assert len(lines[3]) == len(lines[0]) + 1


def test_what_markdown_would_interpret_is_escaped() -> None:
    assert escape("a|b*c_d<e>`f`[g]\\&") == r"a\|b\*c\_d\<e\>\`f\`\[g\]\\\&"
    assert escape("~a~") == r"\~a\~"  # two of them strike out what lies between
    assert escape("two\nlines") == "two lines"


def test_code_in_footnotes_stays_code() -> None:
    assert escape_prose("use `--fps a_b`, not c_d") == r"use `--fps a_b`, not c\_d"


def test_a_pipe_in_a_label_adds_no_column() -> None:
    line = to_markdown(table("a | b", "c")).splitlines()[4]
    assert line.replace(r"\|", "").count("|") == 6  # five columns


def test_table_1_with_five_measured_rows_is_as_it_was() -> None:
    measured = [profile(v, fps=100.0 + i) for i, v in enumerate(COUNTS) if i not in (4, 5)]
    built = build_table(load_definition("1"), [*paper_records(), *measured])
    golden = (GOLDEN / "table-1.md").read_text(encoding="utf-8")
    assert to_markdown(built) == golden


def test_groups_ranks_and_marks_leave_the_digits_in_line() -> None:
    # Emphasis and marks stand behind the digits; what bears less has spaces in their place.
    assert to_markdown(grouped()).splitlines()[2:] == [
        r"| Method    | No. Parameters |            FPS |            mIoU |",
        r"|-----------|---------------:|---------------:|----------------:|",
        r"| **First** |                |                |                 |",
        r"| ours      |   <u>2.85M</u> | **100.0**      | 78.3 ± 0.3‡     |",
        r"|           |                |                |                 |",
        r"| theirs    |        49M†    |  <u>8.7</u>\*† |        8.2†     |",
        r"| vague     |    **0.76M**†  |     \<1†       |    <u>79.6</u>† |",
    ]


def test_a_first_group_without_a_title_has_no_row_of_its_own() -> None:
    lines = to_markdown(replace(grouped(), groups=(None, "Second"))).splitlines()[4:]
    firsts = [line.split("|")[1].strip() for line in lines]
    assert firsts == ["ours", "**Second**", "theirs", "vague"]


def test_a_groups_title_is_escaped() -> None:
    text = to_markdown(replace(grouped(), groups=("a|b <i>", None)))
    assert r"**a\|b \<i\>**" in text
