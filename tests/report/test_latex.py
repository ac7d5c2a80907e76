"""LaTeX tables: escaped, and compiled by LaTeX itself where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.report.build import build_table
from harness.report.definition import load_definition
from harness.report.formats.latex import escape, escape_prose, to_latex
from harness.report.model import Table
from harness.store import paper_records

from .sample import COUNTS, profile
from .tables import table

GOLDEN = Path(__file__).parents[1] / "golden"
COLUMN_PT = 252  # a column of IEEE's two-column format, in which the paper is set
WIDE_PT = 500
COMPLAINT = re.compile(r"(Warning|Overfull|Underfull|^!)", re.MULTILINE)
NASTY = r"""a_b & 50% $x$ #1 {y} ~z^2 \LaTeX <i>|"q" `c` *d [e] -- f† × ± ≈ −1 Δ é"""


def table_1() -> Table:
    measured = [profile(v, fps=100.0 + i) for i, v in enumerate(COUNTS) if i not in (4, 5)]
    return build_table(load_definition("1"), [*paper_records(), *measured])


def test_every_special_character_is_escaped() -> None:
    assert escape("50% of a_b & #1 {x} $y$") == r"50\% of a\_b \& \#1 \{x\} \$y\$"
    assert escape("~^\\") == r"\textasciitilde{}\textasciicircum{}\textbackslash{}"
    assert escape("Δp–†") == r"$\Delta p$--$^\dagger$"
    assert escape("line\n\nbreak") == "line break"  # an empty line would end a caption


def test_two_hyphens_do_not_become_a_dash() -> None:
    assert escape("--json") == "-{}-json"
    assert escape("---") == "-{}-{}-"
    assert escape("FC-HarDNet-70") == "FC-HarDNet-70"


def test_code_in_footnotes_is_set_as_code_between_its_spaces() -> None:
    assert escape_prose("with `--fps` here") == r"with \texttt{-{}-fps} here"


def test_marks_take_no_width_so_that_digits_stay_in_line() -> None:
    lines = to_latex(table()).splitlines()
    assert r"    theirs & 8.7\rlap{$^\dagger$} & " in "\n".join(lines)
    header = next(line for line in lines if "Method" in line)
    assert header.count("dagger") == 1  # mIoU alone is reported throughout
    assert r"mIoU$^\dagger$ \\" in header


def test_a_negative_figure_has_a_minus_and_not_a_hyphen() -> None:
    assert "& $-$0.12M &" in to_latex(table())


def test_table_1_with_five_measured_rows_is_as_it_was() -> None:
    assert to_latex(table_1()) == (GOLDEN / "table-1.tex").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("built", "width"),
    [
        pytest.param(table_1(), COLUMN_PT, id="table-1"),
        pytest.param(
            table(NASTY, f"[{NASTY}]", title=NASTY, notes=(NASTY, "`--code_x`")),
            WIDE_PT,
            id="nasty",
        ),
    ],
)
def test_latex_compiles_without_a_complaint(tmp_path: Path, built: Table, width: int) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    (tmp_path / "t.tex").write_text(
        rf"\documentclass{{article}}\usepackage{{booktabs}}\setlength{{\textwidth}}{{{width}pt}}"
        rf"\begin{{document}}Text.{to_latex(built)}\end{{document}}",
        encoding="utf-8",
    )
    for _ in range(2):  # the first run writes the label that the second reads
        run = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
            timeout=120,
        )
    log = (tmp_path / "t.log").read_text(encoding="latin-1")
    assert run.returncode == 0, log[-2000:]
    assert COMPLAINT.findall(log) == [], log
