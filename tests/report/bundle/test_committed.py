"""The reports in git are what the records beside them give, and say what those say."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.store import load
from harness.timing_records import Timing

ROOT = Path(__file__).parents[3]
PAPER, ONE_CARD = ROOT / "reports/paper", ROOT / "reports/one-card"
TABLES = {
    PAPER: ("1", "2", "3", "4"),
    ONE_CARD: ("ratios-summary", "ratios-gpus", "ratios", "4-beside", "4-full", "ratios-pairs"),
}

pytestmark = pytest.mark.skipif(not PAPER.is_dir(), reason="reports are no part of a package")


@pytest.mark.parametrize("suffix", ["md", "csv", "json"])
@pytest.mark.parametrize(
    ("report", "name"), [(report, name) for report, names in TABLES.items() for name in names]
)
def test_a_table_is_what_the_reports_own_records_give(
    tmp_path: Path, report: Path, name: str, suffix: str
) -> None:
    out = tmp_path / f"t.{suffix}"
    assert run(["table", name, "--results", str(report), "--out", str(out)]) == 0
    assert out.read_bytes() == (report / f"table-{name}.{suffix}").read_bytes()


@pytest.mark.parametrize("name", TABLES[PAPER])
def test_the_papers_report_is_what_the_results_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # What was timed on some device stays out of results/: it would stand in every table of theirs.
    monkeypatch.chdir(ROOT)
    assert run(["table", name, "--out", str(tmp_path / "t.md")]) == 0
    assert (tmp_path / "t.md").read_bytes() == (PAPER / f"table-{name}.md").read_bytes()


@pytest.mark.parametrize("report", TABLES, ids=lambda report: report.name)
def test_a_report_holds_all_of_its_tables_and_no_other_file(report: Path) -> None:
    manifest = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert tuple(manifest["definition"]["tables"]) == TABLES[report]
    assert {path.name for path in report.iterdir()} == {*manifest["files"], "report.json"}
    assert manifest["command"].endswith(f"--results reports/{report.name}")
    assert all(path.stat().st_size < 2**20 for path in report.iterdir())


def timings() -> dict[str, Timing]:
    """Return the timings of the report of one device, at `VARIANT` and its input's height."""
    found = {}
    for record in load(ONE_CARD).records:
        if record.kind == "profile" and record.timing:
            found[f"{record.variant} {record.input_shape[2]}"] = record.timing
    return found


# By hand, from rounds (passes over seconds, Student's t of 4 degrees of freedom 2.776):
# print with its last digit's room / 1.1 to * 1.1, and the measured ratio with its interval.
BY_HAND = [
    # 41.1/27.7: 1.479 to 1.488; 1.484 (1.390 to 1.584)
    ("fassd-net 1024", "dabnet 1024", 1.484, 1.390, 1.584, "survives"),
    # 53.0/41.1: 1.287 to 1.292, / 1.1 = 1.170; 1.190 (1.128 to 1.254)
    ("fc-hardnet-70 1024", "fassd-net 1024", 1.190, 1.128, 1.254, "undecided"),
    # 152.8/41.1: 3.712 to 3.724, * 1.1 = 4.096; 4.704 (4.311 to 5.133)
    ("fc-hardnet-70-l2 1024", "fassd-net 1024", 4.704, 4.311, 5.133, "same order"),
    # 134.9/133.1: 1.013 to 1.014; 0.840 (0.736 to 0.958)
    ("swiftnet-rn18 512", "fassd-net-l2 1024", 0.840, 0.736, 0.958, "reversed"),
    # 65.5/1.12 over 30.3/0.61: 1.175 to 1.180; 0.747 (0.690 to 0.809)
    ("bisenet-rn18 768", "icnet 1024", 0.747, 0.690, 0.809, "reversed"),
    # 136.9/1.65 over 53.0: 1.563 to 1.568; 1.562 (1.492 to 1.636)
    ("df1-seg-d8 1024", "fc-hardnet-70 1024", 1.562, 1.492, 1.636, "survives"),
]
LABELS = {
    "fassd-net 1024": "FASSD-Net (ours)",
    "fassd-net-l2 1024": "FASSD-Net-L2 (ours)",
    "dabnet 1024": "DABNet",
    "fc-hardnet-70 1024": "FC-HarDNet-70",
    "fc-hardnet-70-l2 1024": "FC-HarDNet-70 (L2)",
    "swiftnet-rn18 512": "SwiftNetRN-18 512×1024",
    "bisenet-rn18 768": "BiSeNet",
    "icnet 1024": "ICNet",
    "df1-seg-d8 1024": "DF1-Seg-d8",
}


@pytest.mark.parametrize(("first", "second", "ratio", "low", "high", "verdict"), BY_HAND)
def test_its_verdicts_are_those_that_the_rounds_give_by_hand(
    first: str, second: str, ratio: float, low: float, high: float, verdict: str
) -> None:
    rates, widths = [], []
    for timing in (timings()[first], timings()[second]):
        passes = [each.iterations for each in timing.rounds]
        seconds = [each.elapsed_s for each in timing.rounds]
        rate = sum(passes) / sum(seconds)
        residuals = [n - rate * s for n, s in zip(passes, seconds, strict=True)]
        rates.append(rate)
        widths.append(2.776 * math.sqrt(5 / 4 * sum(r * r for r in residuals)) / sum(passes))
    width = math.exp(math.hypot(*widths))
    measured = rates[0] / rates[1]
    assert (measured, measured / width, measured * width) == pytest.approx(
        (ratio, low, high), abs=2e-3
    )
    rows = json.loads((ONE_CARD / "table-ratios-pairs.json").read_text(encoding="utf-8"))["rows"]
    [cells] = [
        row["cells"]
        for row in rows
        if row["cells"]["first"]["text"] == LABELS[first]
        and row["cells"]["second"]["text"] == LABELS[second]
    ]
    assert cells["measured"]["value"] == pytest.approx(ratio, abs=1e-3)
    assert cells["measured"]["interval"] == pytest.approx((low, high), abs=2e-3)
    assert cells["verdict"]["text"] == verdict


def test_its_figures_are_of_a_cpu_and_every_judgement_says_so() -> None:
    for name in ("ratios-summary", "ratios-gpus", "ratios", "ratios-pairs"):
        caption = (ONE_CARD / f"table-{name}.md").read_text(encoding="utf-8").splitlines()[0]
        assert caption.endswith(": AMD EPYC, a CPU, which judges no GPU**")
    assert "FPS measured on AMD EPYC, a CPU" in (ONE_CARD / "index.html").read_text("utf-8")
