"""`harness table` from the command line's end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.records import Record
from harness.store import append

from .sample import COUNTS, CPU, failed, profile

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder: no command may lean on the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def store(folder: Path, *records: Record) -> None:
    for record in records:
        append(folder / "profile.jsonl", record)


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused and return its one line."""
    assert run(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.strip()


def test_without_results_the_papers_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["table", "1"]) == 0
    out, err = capsys.readouterr()
    assert "| + DAPF + MDA  |    45.1 |           2.85M | 0.95M | 41.1 |  78.2 |" in out
    assert err == ""


def test_records_under_results_are_found_in_the_working_directory(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(elsewhere / "results" / "gpu", *(profile(v, fps=100.0) for v in COUNTS))
    assert run(["table", "1"]) == 0
    out, err = capsys.readouterr()
    assert "| + DAPF + MDA  |   45.1 |          2.85M | 0.95M | 100.0 |  78.2 |" in out
    assert err == ""


def test_results_folders_add_up(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(elsewhere / "a", profile("baseline", fps=10.0))
    store(elsewhere / "b", profile("baseline-mda", fps=20.0))
    assert run(["table", "1", "--results", "a", "--results", "b", "--format", "csv"]) == 0
    out = capsys.readouterr().out
    assert "10.0,measured" in out
    assert "20.0,measured" in out


def test_json_is_all_that_stdout_gets(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(elsewhere / "results", profile("baseline", uncounted={"fft": 1}))
    assert run(["table", "1", "--json"]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert len(data["rows"]) == 7
    assert err == "warning: baseline: GFLOPs leave out operators without a rule: fft x1\n"


def test_damaged_lines_are_warned_about_with_file_and_line(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(elsewhere / "results", profile("baseline"))
    with (elsewhere / "results" / "profile.jsonl").open("a") as file:
        file.write("{torn")
    assert run(["table", "1"]) == 0
    out, err = capsys.readouterr()
    assert "32.9 " in out
    assert err.startswith("warning: results/profile.jsonl:2: ")


def test_a_failure_after_the_measurement_is_a_warning(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(elsewhere / "results", *(profile(v, fps=100.0) for v in COUNTS), failed("baseline"))
    assert run(["table", "1"]) == 0
    out, err = capsys.readouterr()
    assert out.count("100.0") == len(COUNTS)
    assert err == "warning: baseline: failed on 2026-01-05: out of memory\n"


def test_mixed_devices_are_refused_and_a_flag_decides(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(elsewhere / "results", profile("baseline", fps=100.0))
    store(elsewhere / "results", profile("baseline-mda", fps=1.0, device=CPU))
    message = fails(capsys, "table", "1")
    assert message.startswith("harness: FPS column: one device and one protocol, got")
    assert message.endswith("decide with --device")
    assert run(["table", "1", "--device", "epyc", "--format", "csv"]) == 0
    out = capsys.readouterr().out
    assert "1.00,measured" in out
    assert "100.0" not in out
    assert run(["table", "1", "--fps", "reported"]) == 0


def test_a_users_own_table(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (elsewhere / "mine.yaml").write_text(
        "title: Mine\nsource: table-4\ninput: 1024x2048\nconvention: paper\n"
        "columns: [method, params, miou]\nrows: [{variant: fassd-net}, {variant: nonesuch}]\n"
    )
    assert run(["table", "mine.yaml"]) == 0
    out, err = capsys.readouterr()
    assert "| FASSD-Net (ours) |           2.85M |  78.8 |" in out
    assert "| nonesuch         |               – |     – |" in out
    assert err == "warning: nonesuch: no record at this input size\n"


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("t.md", "**"),
        ("t.html", "<!doctype html>"),
        ("t.tex", "% needs"),
        ("t.csv", "method,"),
        ("t.json", "{"),
        ("t", "**"),
    ],
)
def test_out_writes_the_format_of_its_suffix(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], name: str, start: str
) -> None:
    assert run(["table", "1", "--out", f"new/{name}"]) == 0
    assert capsys.readouterr() == ("", "")
    assert (elsewhere / "new" / name).read_text(encoding="utf-8").startswith(start)


def test_the_format_flag_goes_before_the_suffix(elsewhere: Path) -> None:
    assert run(["table", "1", "--out", "t.md", "--format", "latex"]) == 0
    assert (elsewhere / "t.md").read_text(encoding="utf-8").startswith("% needs")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["5"], "no table '5' (nor a .yaml file); known: 1"),
        (["nowhere.yaml"], "nowhere.yaml: cannot be read (No such file or directory)"),
        (["1", "--format", "word"], "no format 'word'; known: csv, html, json, latex"),
        (["1", "--json", "--format", "csv"], "table: --json is a format of its own"),
        (["1", "--fps", "fast"], "--fps: no such origin 'fast'"),
        (["1", "--device", "H200"], "no reported figure for --device H200; known: GTX 1080 Ti"),
        (["1", "--out", "file/t.md"], "file/t.md: cannot be written"),
        (["1", "--results", "file"], "--results: must be a folder, got file"),
    ],
)
def test_bad_requests_are_one_line_and_write_nothing(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (elsewhere / "file").write_text("x")
    assert message in fails(capsys, "table", *arguments)
    assert [path.name for path in elsewhere.iterdir()] == ["file"]


def test_a_results_folder_that_is_named_but_missing_is_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["table", "1", "--results", "nowhere"]) == 0
    assert capsys.readouterr().err == "warning: nowhere: there is no such results folder\n"


def test_reports_are_made_without_torch_and_tables_without_matplotlib() -> None:
    code = (
        "import sys; from harness.cli.app import run; assert run(['table', '1']) == 0;"
        "loaded = {'torch', 'matplotlib', 'pandas', 'variants.registry'} & set(sys.modules);"
        "assert not loaded, loaded;"
        "assert run(['plot', '--out', 'f.svg']) == 0;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        timeout=120,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )


def test_the_commands_import_nothing_heavy_before_they_run() -> None:
    code = (
        "import sys, harness.cli.table, harness.cli.plot;"
        "loaded = {'torch', 'matplotlib', 'pandas', 'yaml', 'harness.report'} & set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        timeout=60,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
