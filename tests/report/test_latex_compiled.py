"""LaTeX tables set by LaTeX itself, where there is one, in the widths of IEEE's two columns."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.report.any_table import build_any, load_table
from harness.report.build import Choices, build_table
from harness.report.definition import Definition, Emphasis, load_definition
from harness.report.formats import render
from harness.report.model import Table
from harness.store import load, paper_records

from .sample import COUNTS, logged, profile, protocol, timing
from .tables import grouped, table

PREAMBLE = r"""\documentclass[twocolumn]{article}
\usepackage{booktabs}\usepackage{siunitx}%s
\setlength{\textwidth}{516pt}\setlength{\columnsep}{12pt}
\begin{document}Text.
"""  # two columns of 252 pt, in which the paper is set
TIMES = r"\usepackage{mathptmx}"  # IEEE's typeface; without it Computer Modern, which is wider
COMPLAINT = re.compile(r"(Warning|Overfull|Underfull|^!)", re.MULTILINE)
NASTY = r"""a_b & 50% $x$ #1 {y} ~z^2 \LaTeX <i>|"q" `c` *d [e] -- f† × ± ≈ −1 Δ é"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed"),
]


def require(package: str) -> None:
    found = subprocess.run(["kpsewhich", f"{package}.sty"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip(f"LaTeX has no package {package}")


def compiles(folder: Path, text: str, typeface: str = "") -> None:
    """Have LaTeX set `text`, and take no complaint for an answer."""
    for package in ("booktabs", "siunitx", *(["mathptmx"] if typeface else [])):
        require(package)
    source = (PREAMBLE % typeface) + text + r"\clearpage\end{document}"
    (folder / "t.tex").write_text(source, encoding="utf-8")
    for _ in range(2):  # the first run writes the label that the second reads
        run = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
            cwd=folder,
            capture_output=True,
            check=False,
            timeout=120,
        )
    log = (folder / "t.log").read_text(encoding="latin-1")
    assert run.returncode == 0, log[-2000:]
    assert COMPLAINT.findall(log) == [], log


def definition(name: str) -> Definition:
    found = load_definition(name)
    assert isinstance(found, Definition)
    return found


def timed(variant: str, fps: float) -> object:
    return profile(variant, timing=timing(fps, fps_ci95=(0.99 * fps, 1.01 * fps)))


def with_everything() -> Iterator[tuple[str, Table]]:
    """Yield tables of measured, logged and reported figures, with ranks, spreads and marks."""
    records = [
        *paper_records(),
        *(timed(v, 100.0 + i) for i, v in enumerate(COUNTS) if i not in (4, 5)),
        timed("fassd-net", 45.0),
        logged("fassd-net", 0.785, file_sha256="1"),
        logged("fassd-net", 0.779, file_sha256="2"),
    ]
    spread = Choices(digits="spread", miou="mean")
    first, third, fourth = definition("1"), definition("3"), definition("4")
    yield "table-1", build_table(first, records)
    yield "table-1-beside", build_table(first, records, replace(spread, with_reported=True))
    best = Emphasis(columns=third.columns[1:], second=True)
    yield "table-3", build_table(replace(third, emphasis=best), records)
    best = Emphasis(columns=("params", "fps", "fps_norm", "miou"), second=True)
    yield "table-4", build_table(replace(fourth, emphasis=best), records, spread)
    yield "grouped", grouped()
    yield "nasty", nasty()


def nasty() -> Table:
    built = table(NASTY, f"[{NASTY}]", title=NASTY, notes=(NASTY, "`--code_x`"))
    return replace(built, wide=True, groups=(NASTY,))


@pytest.mark.parametrize("typeface", ["", TIMES], ids=["modern", "times"])
@pytest.mark.parametrize("format_name", ["latex", "latex-siunitx"])
@pytest.mark.parametrize("name", ["1", "2", "3", "4"])
def test_the_papers_tables_fit_column_and_page_without_a_complaint(
    tmp_path: Path, name: str, format_name: str, typeface: str
) -> None:
    built = build_table(load_definition(name), paper_records())
    compiles(tmp_path, render(built, format_name), typeface)


@pytest.mark.parametrize("format_name", ["latex", "latex-siunitx"])
@pytest.mark.parametrize(
    "built", [pytest.param(built, id=name) for name, built in with_everything()]
)
def test_tables_with_everything_at_once_do_too(
    tmp_path: Path, built: Table, format_name: str
) -> None:
    compiles(tmp_path, render(built, format_name))


@pytest.mark.parametrize("typeface", ["", TIMES], ids=["modern", "times"])
@pytest.mark.parametrize("format_name", ["latex", "latex-siunitx"])
@pytest.mark.parametrize("measured", ["one", "all"])
def test_table_4_with_the_published_figures_beside_ours_fits_the_papers_page(
    tmp_path: Path, measured: str, format_name: str, typeface: str
) -> None:
    table_4 = definition("4")
    wanted = table_4.wanted if measured == "all" else [("fassd-net", (1024, 2048))]
    ours = []
    for fps, (variant, size) in enumerate(wanted, start=100):
        under = protocol(input=[1, 3, *size])
        ours.append(
            profile(variant, timing=timing(fps, fps_ci95=(fps - 1, fps + 1), protocol=under))
        )
    logs = [
        logged("fassd-net", 0.785, file_sha256="1"),
        logged("fassd-net", 0.779, file_sha256="2"),
    ]
    choices = Choices(with_reported=True, digits="spread", miou="mean")
    built = build_table(table_4, [*paper_records(), *ours, *logs[: 2 * len(ours) - 2]], choices)
    assert len(built.columns) == (12 if measured == "one" else 13)
    compiles(tmp_path, render(built, format_name), typeface)


@pytest.mark.parametrize("format_name", ["latex", "latex-siunitx"])
@pytest.mark.parametrize("name", ["costs", "gmacs"])
def test_what_the_options_of_the_example_sweep_cost_fits_a_page(
    tmp_path: Path, name: str, format_name: str
) -> None:
    sweep = Path(__file__).parents[2] / "reports/sweep-fassd"
    if not sweep.is_dir():
        pytest.skip("the example sweep is no part of a package")
    built = build_any(load_table(str(sweep / f"{name}.yaml")), load(sweep).records, Choices())
    compiles(tmp_path, render(built, format_name))


@pytest.mark.parametrize("format_name", ["latex", "latex-siunitx"])
@pytest.mark.parametrize(
    "name", ["ratios", "ratios-pairs", "ratios-summary", "ratios-gpus", "4-beside", "4-full"]
)
def test_a_report_of_one_device_fits_its_pages(tmp_path: Path, name: str, format_name: str) -> None:
    wanted = [(v, size) for v, size in definition("4").wanted if v not in ("cas", "gun")]
    ours = []
    for number, (variant, size) in enumerate(wanted):
        fps = 4.0 / (number + 1)
        under = protocol(input=[1, 3, *size], device="cpu")
        its = timing(fps, fps_ci95=(fps * 0.98, fps * 1.02), protocol=under)
        ours.append(profile(variant, timing=its, device="AMD EPYC", input_shape=(1, 3, *size)))
    built = build_any(load_table(name), [*paper_records(), *ours], Choices())
    assert len(built.rows) == {"ratios-pairs": 136, "ratios-summary": 7}.get(name, len(built.rows))
    compiles(tmp_path, render(built, format_name))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [(r"\undefined", "Undefined"), (r"\hbox to 600pt{\hss x\hss}", "Overfull")],
)
def test_a_complaint_would_be_noticed(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        compiles(tmp_path, text)
