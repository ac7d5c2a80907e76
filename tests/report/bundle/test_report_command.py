"""`harness report` from the command line's end."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.cli.app import run
from harness.records import Record, from_json
from harness.store import append
from report.sample import COUNTS, CPU, failed, logged, profile, timing

ROOT = Path(__file__).parents[3]
SMALL = """\
title: Small
text: Some `text`.
tables: [1]
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder: no command may lean on the checkout."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    return tmp_path


def store(*records: Record, folder: str = "results") -> None:
    for record in records:
        append(Path(folder) / "any.jsonl", record)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def manifest(folder: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
    return data


def used(folder: str) -> list[Record]:
    lines = (Path(folder) / "records.jsonl").read_text(encoding="utf-8").splitlines()
    return [from_json(line, where="used") for line in lines]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused and return its one line."""
    capsys.readouterr()
    assert run(["report", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.strip()


@pytest.mark.slow
def test_the_papers_report_holds_every_table_and_figure_in_all_formats(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store(*(profile(v, fps=100.0) for v in COUNTS))
    assert run(["report"]) == 0
    assert capsys.readouterr().out == "reports/paper/index.html\n"
    folder = Path("reports/paper")
    tables = [f"table-{n}.{s}" for n in (1, 2, 3, 4) for s in ("md", "tex", "html", "csv", "json")]
    figures = [f"fig1.{s}" for s in ("pdf", "png", "svg", "html")]
    others = ["index.html", "records.jsonl", "report.json"]
    assert sorted(content(folder)) == sorted([*tables, *figures, *others])
    assert (folder / "fig1.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "fig1.pdf").read_bytes().startswith(b"%PDF-")
    assert "booktabs" in (folder / "table-1.tex").read_text(encoding="utf-8")
    assert json.loads((folder / "table-4.json").read_text(encoding="utf-8"))["name"] == "4"


@pytest.mark.slow
def test_a_report_makes_itself_again_byte_for_byte_from_its_own_records() -> None:
    store(
        *(profile(v, timing=timing(50.0 + i, fps_ci95=(49.0 + i, 51.0 + i)))
          for i, v in enumerate(COUNTS)),
        profile("not-in-any-table", fps=1.0),
        logged("baseline", 0.75), failed("baseline"),
    )  # fmt: skip
    assert run(["report", "paper", "--out", "first"]) == 0
    assert run(["report", "paper", "--results", "first", "--out", "second"]) == 0
    assert content(Path("first")) == content(Path("second"))
    variants = {getattr(record, "variant", None) for record in used("first")}
    assert "not-in-any-table" not in variants
    assert {"baseline", "fassd-net", "deeplabv3plus"} <= variants


def test_the_same_records_in_other_files_and_at_another_time_give_the_same_bytes() -> None:
    records = [profile(v, fps=10.0 + i) for i, v in enumerate(COUNTS)]
    store(*records)
    for record in records:
        append(Path("apart") / record.variant / "x.jsonl", record)
    assert run(["report", "small.yaml", "--out", "a"]) == 0
    assert run(["report", "small.yaml", "--out", "b"]) == 0
    assert content(Path("a")) == content(Path("b"))
    assert run(["report", "small.yaml", "--results", "apart", "--out", "c"]) == 0
    tables = {name for name in content(Path("a")) if name.startswith("table")}
    assert len(tables) == 5
    assert all(content(Path("a"))[name] == content(Path("c"))[name] for name in tables)


def test_records_hold_what_cells_rest_on_each_once_and_nothing_else() -> None:
    timed = [profile(v, fps=10.0) for v in COUNTS]
    early = profile("baseline", fps=5.0, created="2025-01-01T00:00:00+00:00")
    store(early, *timed, *timed)  # everything twice
    assert run(["report", "small.yaml"]) == 0
    found = used("reports/small")
    measured = [record for record in found if record.kind == "profile"]
    assert measured == timed
    # mIoU is reported: the paper's seven rows.
    assert [r.kind for r in found if r not in measured] == ["reported"] * 7
    hashes = [entry["sha256"] for entry in manifest("reports/small")["records"]]
    lines = Path("reports/small/records.jsonl").read_bytes().splitlines()
    assert hashes == [hashlib.sha256(line).hexdigest() for line in lines]


def test_a_log_that_was_stored_twice_is_one_log() -> None:
    log = logged("baseline", 0.7)
    store(log, log)
    assert run(["report", "small.yaml"]) == 0
    assert used("reports/small").count(log) == 1
    assert not any("newest of 2 logs" in line for line in manifest("reports/small")["warnings"])


@pytest.mark.parametrize(
    ("extra", "warning"),
    [
        (failed("baseline"), "baseline: failed on 2026-01-05: out of memory"),
        (
            profile("baseline", spec_sha256="c" * 64, created="2025-01-01T00:00:00+00:00"),
            "baseline: older records are of another spec (cccccccccccc)",
        ),
        (
            logged("baseline", 0.7, split="test"),
            "baseline: 1 log of another set than val left out",
        ),
    ],
)
def test_what_a_warning_tells_of_is_among_the_records(extra: Record, warning: str) -> None:
    timed = [profile(v, fps=10.0) for v in COUNTS]
    other = profile("baseline", fps=5.0, created="2025-01-01T00:00:00+00:00")
    store(extra, other, *timed)
    assert run(["report", "small.yaml", "--out", "a"]) == 0
    assert any(line.startswith(warning) for line in manifest("a")["warnings"])
    assert extra in used("a")
    assert other not in used("a")  # an older timing, of which nothing tells
    assert run(["report", "small.yaml", "--results", "a", "--out", "b"]) == 0
    assert content(Path("a")) == content(Path("b"))


def test_a_users_correction_of_a_reported_row_survives(tmp_path: Path) -> None:
    from dataclasses import replace

    from harness.store import paper_records

    row = next(r for r in paper_records() if (r.table, r.variant) == ("table-1", "baseline"))
    store(replace(row, figures={**row.figures, "miou": "99.9"}))
    assert run(["report", "small.yaml", "--out", "a"]) == 0
    assert "99.9" in (tmp_path / "a/table-1.md").read_text(encoding="utf-8")
    assert run(["report", "small.yaml", "--results", "a", "--out", "b"]) == 0
    assert content(Path("a")) == content(Path("b"))


def test_json_lists_the_files_that_were_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "small.yaml", "--json"]) == 0
    files = json.loads(capsys.readouterr().out)
    assert sorted(files) == sorted(str(path) for path in Path("reports/small").iterdir())
    assert "reports/small/report.json" in files


def test_the_manifest_says_how_it_was_made_and_when_is_nowhere() -> None:
    store(*(profile(v, fps=100.0) for v in COUNTS))
    arguments = ["--fps", "measured", "--device", "H200", "--digits", "spread", "--with-reported"]
    assert run(["report", "small.yaml", *arguments]) == 0
    data = manifest("reports/small")
    assert data["command"] == (
        "harness report small.yaml --fps measured --device H200 --digits spread --with-reported "
        "--results reports/small"
    )
    definition = hashlib.sha256(Path("small.yaml").read_bytes()).hexdigest()
    assert data["definition"]["sha256"]["report"] == definition
    assert data["choices"]["fps"] == {"origin": "measured", "device": "H200", "protocol": None}
    files = content(Path("reports/small"))
    del files["report.json"]
    assert data["files"] == {n: hashlib.sha256(c).hexdigest() for n, c in files.items()}
    assert set(data["versions"]) == {"harness"}  # no figure, so nothing that draws one


@pytest.mark.parametrize(
    ("arguments", "here", "gone"),
    [
        (["--fps", "reported"], "41.1", "123.4"),
        (["--device", "EPYC"], "123.4", "41.1"),
        (["--protocol", "paper", "--device", "EPYC"], "123.4", "41.1"),
        (["--device", "EPYC", "--digits", "spread"], "123 ± 10 |", "123.4"),
        (["--device", "EPYC", "--miou", "reported"], "78.2", "70.0‡"),
        (["--device", "EPYC", "--with-reported"], "41.1", "no such figure"),
    ],
)
def test_the_options_of_tables_pass_through(arguments: list[str], here: str, gone: str) -> None:
    rate = timing(123.4, fps_ci95=(113.4, 133.4))
    store(profile("baseline-dapf-mda", timing=rate, device=CPU), logged("baseline-dapf-mda", 0.7))
    store(profile("baseline", fps=9.0))
    assert run(["report", "small.yaml", *arguments]) == 0
    text = Path("reports/small/table-1.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if "+ DAPF + MDA" in line)
    assert here in row
    assert gone not in row


@pytest.mark.slow
def test_a_device_narrows_what_was_measured_and_leaves_what_was_reported() -> None:
    Path("both.yaml").write_text(SMALL + "figures: [fig1]\n", encoding="utf-8")
    store(*(profile(v, fps=100.0) for v in COUNTS), profile("baseline", fps=1.0, device=CPU))
    assert run(["report", "both.yaml", "--device", "H200"]) == 0
    assert "100.0" in Path("reports/both/table-1.md").read_text(encoding="utf-8")
    index = Path("reports/both/index.html").read_text(encoding="utf-8")
    assert "FASSD-Net (ours): FPS (normalised to GTX 1080 Ti) 41.1" in index


def test_a_table_without_a_timing_stands_as_reported_beside_a_device() -> None:
    Path("peers.yaml").write_text(
        "title: T\nsource: table-4\ninput: 1024x2048\nconvention: paper\n"
        "columns: [method, fps]\nrows: [{variant: dabnet}]\n"
    )
    Path("both.yaml").write_text(SMALL.replace("[1]", "[1, peers.yaml]"), encoding="utf-8")
    store(*(profile(v, fps=100.0) for v in COUNTS))
    assert run(["report", "both.yaml", "--device", "H200"]) == 0
    assert "27.7" in Path("reports/both/table-peers.md").read_text(encoding="utf-8")


def test_figures_follow_fps_only_where_it_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    Path("both.yaml").write_text(SMALL + "figures: [fig1]\n", encoding="utf-8")
    store(*(profile(v, fps=100.0) for v in COUNTS))
    # Nothing measured has a normalised speed: the device has no scale.
    message = refused(capsys, "both.yaml", "--fps", "measured")
    assert message.startswith("harness: figure fig1: must have a point")


def test_the_index_shows_tables_links_command_and_records() -> None:
    store(profile("baseline", fps=10.0))
    assert run(["report", "small.yaml"]) == 0
    index = Path("reports/small/index.html").read_text(encoding="utf-8")
    for part in (
        "<h1>Small</h1>",
        "Some <code>text</code>.",
        "<caption>Ablation study",
        '<a href="table-1.tex">table-1.tex</a>',
        '<a href="records.jsonl">',
        "harness report small.yaml --results reports/small",
        "8 records: 1 profile, 7 reported",
        '<td class="number">4</td>',  # measured: GFLOPs, parameters, Δp and FPS of one row
    ):
        assert part in index, part
    assert "<script" not in index


def test_an_earlier_report_is_replaced_and_what_it_no_longer_has_is_gone() -> None:
    assert run(["report", "small.yaml", "--out", "r"]) == 0
    first = set(content(Path("r")))
    Path("small.yaml").write_text(SMALL.replace("[1]", "[3]"), encoding="utf-8")
    assert run(["report", "small.yaml", "--out", "r"]) == 0
    assert first - set(content(Path("r"))) == {
        f"table-1.{s}" for s in ("md", "tex", "html", "csv", "json")
    }
    assert [p.name for p in Path.cwd().iterdir() if p.name.startswith(".")] == []


def test_an_empty_folder_is_taken() -> None:
    Path("r").mkdir()
    assert run(["report", "small.yaml", "--out", "r"]) == 0
    assert "index.html" in content(Path("r"))


def test_a_folder_with_anything_else_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("r").mkdir()
    Path("r/mine.txt").write_text("x")
    assert refused(capsys, "small.yaml", "--out", "r") == (
        "harness: report: --out must be empty or hold a report made by harness (report.json), "
        "got r with mine.txt"
    )
    Path("r/report.json").write_text('{"made_by": "someone else", "files": {"mine.txt": ""}}')
    assert "must be empty or hold a report" in refused(capsys, "small.yaml", "--out", "r")
    assert Path("r/mine.txt").read_text() == "x"


@pytest.mark.parametrize("foreign", ["notes.md", "sub/notes.md"])
def test_a_report_with_a_users_own_file_is_refused_and_stays(
    capsys: pytest.CaptureFixture[str], foreign: str
) -> None:
    assert run(["report", "small.yaml", "--out", "r"]) == 0
    (Path("r") / foreign).parent.mkdir(exist_ok=True)
    (Path("r") / foreign).write_text("mine")
    message = refused(capsys, "small.yaml", "--out", "r")
    assert message.startswith("harness: report: --out must hold nothing but the report, got r with")
    assert (Path("r") / foreign).read_text() == "mine"


def test_whatever_fails_the_existing_report_stays(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(*(profile(v, fps=100.0) for v in COUNTS))
    assert run(["report", "small.yaml", "--out", "r"]) == 0
    before = content(Path("r"))
    store(profile("baseline", fps=1.0, device=CPU))  # now two devices
    assert "one device and one protocol" in refused(capsys, "small.yaml", "--out", "r")
    assert content(Path("r")) == before

    original = Path.replace

    def fails(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return original(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    message = refused(capsys, "small.yaml", "--device", "H200", "--out", "r")
    assert message.endswith("r: cannot be written (No space left on device)")
    assert content(Path("r")) == before
    assert [p.name for p in Path.cwd().iterdir() if p.name.startswith(".")] == []


def test_a_record_of_another_schema_is_a_line_and_the_others_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store(profile("baseline", fps=10.0))
    with Path("results/any.jsonl").open("a") as file:
        file.write('{"schema": 99, "kind": "profile"}\n')
    assert run(["report", "small.yaml"]) == 0
    err = capsys.readouterr().err
    assert "warning: results/any.jsonl:2: this version reads schema 1, got 99\n" in err
    assert "10.0" in Path("reports/small/table-1.md").read_text(encoding="utf-8")


def test_hostile_names_are_escaped_in_every_format(elsewhere: Path) -> None:
    evil = r"<script>alert(1)</script> \input{x} & $"
    table = f"""\
title: T
source: table-1
input: 1024x2048
convention: paper
columns: [method, params]
rows: [{{variant: baseline, label: '{evil}'}}]
"""
    (elsewhere / "evil.yaml").write_text(table, encoding="utf-8")
    (elsewhere / "r.yaml").write_text(f"title: '{evil}'\ntables: [evil.yaml]\n", encoding="utf-8")
    assert run(["report", "r.yaml"]) == 0
    files = content(Path("reports/r"))
    for name in ("index.html", "table-evil.html"):
        assert b"<script" not in files[name]
        assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in files[name]
    assert rb"\input" not in files["table-evil.tex"]
    assert rb"\textless{}script\textgreater{}" in files["table-evil.tex"]


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("title: T\n", ":1: report lacks the key 'tables' or 'figures'"),
        ("title: T\ntables: [9]\n", "no table '9'"),
        ("title: T\nfigures: [1]\n", "no figure '1'"),
        ("title: T\ntables: [1, 1]\n", ":2: tables entry 2 must be named once"),
        ("title: T\ntables: [1, sub/1.yaml]\n", "must have a name that no other of its kind has"),
        ("title: T\ntables: [missing.yaml]\n", "missing.yaml: cannot be read"),
        ("titel: T\ntables: [1]\n", ":1: report has no key 'titel'; did you mean title"),
        ("title: T\ntables: [1.5]\n", ":2: tables entry 1 must be text, got 1.5"),
    ],
)
def test_a_broken_definition_is_one_line(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], yaml: str, message: str
) -> None:
    (elsewhere / "sub").mkdir()
    shutil.copy(ROOT / "harness/report/definitions/1.yaml", elsewhere / "sub/1.yaml")
    (elsewhere / "bad.yaml").write_text(yaml, encoding="utf-8")
    assert message in refused(capsys, "bad.yaml")
    assert not Path("reports").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["papr"], "no report 'papr' (nor a .yaml file); did you mean paper?"),
        (["small.yaml", "--fps", "fast"], "--fps: no such origin 'fast'"),
        (["small.yaml", "--device", "H200"], "report: --device must name what was measured"),
        (["small.yaml", "--out", "file"], "report: --out must be a folder, got the file file"),
        (["small.yaml", "--out", "file/r"], "harness: file/r: cannot be written (File exists)"),
        (["small.yaml", "--results", "file"], "--results: must be a folder, got file"),
    ],
)
def test_bad_requests_are_one_line_and_write_nothing(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (elsewhere / "file").write_text("x")
    assert message in refused(capsys, *arguments)
    assert sorted(path.name for path in elsewhere.iterdir()) == ["file", "small.yaml"]


def test_a_report_needs_no_torch_and_its_command_nothing_heavy() -> None:
    code = (
        "import sys, harness.cli.report;"
        "heavy = {'torch', 'matplotlib', 'pandas', 'yaml', 'harness.report'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "from harness.cli.app import run; assert run(['report', 'small.yaml']) == 0;"
        "heavy = {'torch', 'matplotlib', 'pandas'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False, capture_output=True, text=True, timeout=60,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
