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

from .sample import COUNTS, CPU, failed, logged, profile, timing

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


def test_every_table_of_the_paper_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for name, line in {
        "2": "| Encoder | Stem Conv   | Conv 3×3 (s=2)                      | 512×1024×16  |",
        "3": "| FASSD-Net     | **98.3** | **86.0** | **92.9** |   59.6   |",
        "4": "| DABNet              | 1024×2048  | GTX 1080 Ti |    41.8 |       **0.76M** |",
    }.items():
        assert run(["table", name]) == 0
        out, err = capsys.readouterr()
        assert line in out
        assert err == ""


def test_a_record_of_another_schema_is_left_out_with_file_and_line(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(elsewhere / "results", profile("baseline"), profile("baseline-mda"))
    path = elsewhere / "results" / "profile.jsonl"
    first, second = path.read_text(encoding="utf-8").splitlines()
    newer = second.replace('"schema": 1', '"schema": 2', 1)
    assert newer != second
    path.write_text(f"{first}\n{newer}\n", encoding="utf-8")
    assert run(["table", "1", "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert "Baseline,32.9,measured" in out
    assert "+ MDA,44.2,reported" in out
    assert err == ("warning: results/profile.jsonl:2: this version reads schema 1, got 2\n")


def test_miou_of_logs_is_that_of_the_flag(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for i, miou in enumerate((0.70, 0.72)):
        log = logged("baseline", miou, file_sha256=str(i), created=f"2026-01-0{i + 1}T00:00:00Z")
        store(elsewhere / "results", log)
    shown = {}
    for choice in ("newest", "mean", "reported"):
        assert run(["table", "1", "--miou", choice, "--format", "csv"]) == 0
        (line,) = (each for each in capsys.readouterr().out.splitlines() if "Baseline" in each)
        shown[choice] = line.split(",")[-2:]
    assert shown["newest"] == ["72.0", "logged"]
    # 70 and 72: mean 71, standard deviation sqrt(2).
    assert shown["mean"] == ["1.4142135623730951", "logged"]
    assert shown["reported"] == ["75.2", "reported"]
    assert run(["table", "1", "--format", "csv"]) == 0
    assert "72.0,logged" in capsys.readouterr().out


def test_digits_follow_the_spread_where_asked_for(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(elsewhere / "results", profile("baseline", timing=timing(41.12, fps_ci95=(40.8, 41.4))))
    assert run(["table", "1", "--digits", "spread"]) == 0
    assert "| 41.1 ± 0.3 |" in capsys.readouterr().out
    assert run(["table", "1"]) == 0
    assert " 41.1 |" in capsys.readouterr().out


def test_published_figures_come_beside_ours_where_asked_for(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(elsewhere / "results", profile("baseline", fps=40.0))
    assert run(["table", "1", "--with-reported", "--format", "csv"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert "fps,fps_kind,fps.reported,fps.reported_kind" in header
    assert "40.0,measured,56.3,reported" in lines[1]
    assert run(["table", "1", "--format", "csv"]) == 0
    assert ".reported" not in capsys.readouterr().out


def test_a_method_that_is_called_like_markup_is_printed_as_it_is_called(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "m.yaml").write_text(
        "title: T\nsource: table-1\ninput: 1024x2048\nconvention: paper\ncolumns: [method, miou]\n"
        "rows:\n  - {variant: baseline, label: '<script>alert(1)</script> & \\input{x} $a_b$'}\n"
    )
    assert run(["table", "m.yaml"]) == 0
    out = capsys.readouterr().out
    assert r"\<script\>alert(1)\</script\> \& \\input{x} $a\_b$" in out
    assert run(["table", "m.yaml", "--format", "latex"]) == 0
    out = capsys.readouterr().out
    assert r"\textless{}script\textgreater{}alert(1)" in out
    assert r"\& \textbackslash{}input\{x\} \$a\_b\$" in out


def test_whatever_goes_wrong_the_report_that_is_there_stays(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = elsewhere / "t.md"
    report.write_text("the report of yesterday")
    (elsewhere / "m.yaml").write_text("title: T\nrows: []\n")
    store(elsewhere / "results", profile("baseline", fps=100.0))
    store(elsewhere / "results", profile("baseline-mda", fps=1.0, device=CPU))
    for arguments in (["1"], ["m.yaml"], ["1", "--miou", "x"], ["1", "--format", "x"]):
        fails(capsys, "table", *arguments, "--out", "t.md")
        assert report.read_text() == "the report of yesterday"
    assert sorted(path.name for path in elsewhere.iterdir()) == ["m.yaml", "results", "t.md"]


def test_a_mistake_in_a_definition_names_file_and_line(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "m.yaml").write_text(
        "title: T\nsource: table-1\ninput: 1024x2048\nconvention: paper\n"
        "columns: [method, miou]\nemphasis: {columns: [method]}\nrows: [{variant: a}]\n"
    )
    assert fails(capsys, "table", "m.yaml") == (
        "harness: m.yaml:6: columns entry 1 must be a column of this table whose figures compare, "
        "got 'method'"
    )


def test_help_shows_the_options_with_examples_in_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for command, words in {
        "table": (
            "--miou",
            "--digits",
            "--with-reported",
            "harness table 4",
            "latex-siunitx",
            "--reference",
            "--where",
            "--metrics",
            "--options",
            "harness table effects",
        ),
        "profile": ("--stages", "harness profile --table 4", "NAME|FILE"),
    }.items():
        assert run([command, "--help"]) == 0
        out = capsys.readouterr().out
        assert max(map(len, out.splitlines())) <= 80
        for word in words:
            assert word in out, word


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
        *(
            (["2", *flags], "table 2: an architecture table has no FPS or mIoU")
            for flags in (
                ["--fps", "measured"],
                ["--device", "x"],
                ["--protocol", "paper"],
                ["--miou", "mean"],
                ["--digits", "spread"],
                ["--with-reported"],
            )
        ),
        (["1", "--fps", "fast"], "--fps: no such origin 'fast'"),
        (["1", "--miou", "newst"], "--miou: no such choice 'newst'; did you mean newest?"),
        (["1", "--digits", "all"], "--digits: no such choice 'all'; known: paper, spread"),
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
