"""`harness results` from the command line's end."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from example_records import DEVICE, FAILED, REPORTED
from report.query.made import counted, logged, timed

from harness.cli import results as command
from harness.cli.app import run
from harness.records import Record, to_json
from harness.store import append

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder: no command may lean on the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def store(*records: Record, path: str = "runs/profile.jsonl") -> None:
    for record in records:
        append(Path(path), record)


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, list[str]]:
    """Run the command, which must succeed; return stdout and the lines of stderr."""
    assert run(["results", *arguments]) == 0
    out, err = capsys.readouterr()
    return out, err.splitlines()


def rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    out, err = asked(capsys, *arguments, "--json")
    assert err == []
    found = json.loads(out)
    assert isinstance(found, list)
    return found


def names(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    return [row["variant"] for row in rows(capsys, "runs", *arguments)]


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Run a command that must be refused; return the lines of stderr."""
    assert run(["results", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_the_issues_own_query_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    store(
        timed("slow", 5.0, params=2_000_000, macs={"paper": 30 * 10**9}),
        timed("fast", 9.0, params=2_900_000, macs={"paper": 39 * 10**9}),
        timed("wide", 20.0, params=3_100_000, macs={"paper": 30 * 10**9}),
        timed("dear", 30.0, params=2_000_000, macs={"paper": 41 * 10**9}),
    )
    query = "params < 3e6 and macs.paper < 40e9"
    assert names(capsys, "--where", query, "--sort", "-fps") == ["fast", "slow"]


def test_without_a_folder_results_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    store(counted("x"), path="results/static/profile.jsonl")
    assert [row["variant"] for row in rows(capsys)] == ["x"]


def test_several_folders_are_one_table_and_each_counts_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store(counted("a"))
    store(counted("b"), path="more.jsonl")
    found = rows(capsys, "runs", "more.jsonl", "runs/../runs")
    assert [row["variant"] for row in found] == ["a", "b"]


def test_kinds_are_chosen_and_all_are_there_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    store(counted("x"), FAILED, REPORTED, DEVICE, logged("y", 0.5))
    kinds = [row["kind"] for row in rows(capsys, "runs")]
    assert kinds == ["profile", "failed", "reported", "device", "logged"]
    chosen = rows(capsys, "runs", "--kind", "failed", "--kind", "logged")
    assert [row["kind"] for row in chosen] == ["failed", "logged"]
    assert chosen[0]["reason"] == FAILED.reason


def test_the_newest_is_taken_before_the_query(capsys: pytest.CaptureFixture[str]) -> None:
    store(timed("x", 9.0), timed("x", 5.0, created="2026-05-01T00:00:00+00:00"), timed("y", 7.0))
    assert names(capsys, "--newest") == ["x", "y"]
    assert names(capsys, "--newest", "--where", "fps > 6") == ["y"]
    assert names(capsys, "--where", "fps > 6") == ["x", "y"]


def test_columns_are_chosen_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    store(timed("x", 9.0, params=3))
    flags = ("runs", "--columns", "params,variant")
    assert rows(capsys, *flags) == [{"params": 3, "variant": "x"}]
    assert asked(capsys, *flags, "--format", "csv") == ("params,variant\n3,x\n", [])
    assert asked(capsys, *flags)[0].splitlines()[-1].split() == ["3e-06", "x"]


def test_the_table_shows_what_it_was_sorted_by(capsys: pytest.CaptureFixture[str]) -> None:
    store(timed("x", 5.0))
    assert "latency_s.p99" not in asked(capsys, "runs")[0]
    assert "latency_s.p99" in asked(capsys, "runs", "--sort", "latency_s.p99")[0]


def test_the_limit_comes_last(capsys: pytest.CaptureFixture[str]) -> None:
    store(*(counted(name, params) for name, params in (("a", 3), ("b", 1), ("c", 2))))
    out, err = asked(capsys, "runs", "--sort", "params", "--limit", "2", "--json")
    assert [row["variant"] for row in json.loads(out)] == ["b", "c"]
    assert err == ["2 of 3 rows; --limit 0 for all"]
    assert names(capsys, "--limit", "0") == ["a", "b", "c"]
    assert fails(capsys, "runs", "--limit", "-1") == [
        "harness: --limit: must be 0 for all or more, got -1"
    ]


def test_a_terminal_gets_fifty_rows_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [to_json(counted(f"v{n}")) for n in range(1, 61)]
    Path("all.jsonl").write_text("\n".join(lines))
    out, err = asked(capsys, "all.jsonl")
    assert out.splitlines()[-1].startswith("v50 ")
    assert err == ["50 of 60 rows; --limit 0 for all"]
    out, err = asked(capsys, "all.jsonl", "--limit", "0")
    assert (out.splitlines()[-1].split()[0], err) == ("v60", [])
    assert asked(capsys, "all.jsonl", "--out", "all.txt") == ("", [])
    assert Path("all.txt").read_text().splitlines()[-1].startswith("v60 ")
    assert len(rows(capsys, "all.jsonl")) == 60


def test_the_front_is_told_and_its_columns_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    costs = {"cheap": (10, 0.70), "worse": (20, 0.69), "dear": (30, 0.75)}
    for name, (macs, miou) in costs.items():
        store(counted(name, macs={"fvcore": macs * 10**9}), logged(name, miou))
    out, err = asked(capsys, "runs", "--pareto", "macs.fvcore,miou")
    assert [line.split() for line in out.splitlines()[-2:]] == [
        ["cheap", "2e-06", "10.000", "70.00"],
        ["dear", "2e-06", "30.000", "75.00"],
    ]
    assert err == [
        "2 of 3 rows are on the front of least macs.fvcore, most miou; "
        "3 left out, which lack one of these"
    ]
    out, _ = asked(capsys, "runs", "--pareto", "macs.fvcore,miou", "--sort", "-miou", "--json")
    assert [row["variant"] for row in json.loads(out)] == ["dear", "cheap"]


def test_unlike_validations_on_a_front_are_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    store(counted("a"), counted("b"), logged("a", 0.7), logged("b", 0.6, use="final"))
    _, err = asked(capsys, "runs", "--pareto", "macs.paper,miou")
    assert err[0].startswith("warning: mIoU of unlike validations")


def test_speeds_of_two_devices_are_refused_until_one_is_chosen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store(timed("a", 5.0), timed("b", 60.0, device="A GPU"))
    (line,) = fails(capsys, "runs", "--pareto", "fps,params")
    query = line.partition("--where '")[2].removesuffix("'")
    assert query == 'device == "A CPU"'
    out, _ = asked(capsys, "runs", "--pareto", "fps,params", "--where", query, "--json")
    assert [row["variant"] for row in json.loads(out)] == ["a"]


def test_formats_follow_the_files_name(capsys: pytest.CaptureFixture[str]) -> None:
    store(counted("x"), counted("y"))
    for name in ("a.csv", "a.json", "b.json"):
        extra = ["--format", "csv"] if name == "b.json" else []
        assert asked(capsys, "runs", "--out", name, *extra) == ("", [])
    assert [row["variant"] for row in json.loads(Path("a.json").read_text())] == ["x", "y"]
    for name in ("a.csv", "b.json"):
        lines = list(csv.DictReader(io.StringIO(Path(name).read_text())))
        assert [line["variant"] for line in lines] == ["x", "y"]


def test_parquet_goes_to_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs harness[parquet]")
    store(counted("x", 3))
    assert asked(capsys, "runs", "--out", "a.parquet") == ("", [])
    assert parquet.read_table("a.parquet").column("params").to_pylist() == [3]


def test_without_its_package_parquet_names_the_extra_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    store(counted("x"))
    (line,) = fails(capsys, "runs", "--out", "a.parquet")
    assert line.endswith("needs the package pyarrow (pip install 'harness[parquet]')")
    assert not Path("a.parquet").exists()


def test_no_row_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    store(counted("x"))
    assert asked(capsys, "runs", "--kind", "failed") == ("", ["no row is left"])
    assert rows(capsys, "runs", "--where", "params > 1e9") == []
    out, _ = asked(capsys, "runs", "--kind", "failed", "--format", "csv")
    assert out.startswith("kind,variant,")
    assert len(out.splitlines()) == 1


def test_columns_are_listed_with_meaning_and_unit(capsys: pytest.CaptureFixture[str]) -> None:
    store(timed("x", 5.0), counted("y"))
    out, _ = asked(capsys, "runs", "--list-columns")
    listed = {line.split()[0]: line for line in out.splitlines()}
    assert listed["latency_s.p99"].endswith("time of a pass, p99 (s)")
    assert listed["context.alpha"].endswith("option of the spec")
    described = {row["name"]: row for row in rows(capsys, "runs", "--list-columns")}
    assert described.keys() == listed.keys()
    assert described["fps"] == {
        "name": "fps", "type": "number", "unit": "1/s", "better": "max",
        "about": "frames per second", "values": 1,
    }  # fmt: skip


def broken(path: str) -> list[str]:
    """Write a file of broken lines and records of other schemas; return how each is named."""
    other = json.loads(to_json(counted("old"))) | {"schema": 2}
    lines = ['{"torn', json.dumps(other), '{"schema": 1, "kind": "profile"}', "\xff"]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes("\n".join(lines).encode("latin-1"))
    return [
        f"warning: {path}:1: not a JSON record",
        f"warning: {path}:2: this version reads schema 1, got 2",
        f"warning: {path}:3: ProfileRecord lacks field",
        f"warning: {path}:4: not UTF-8",
    ]


def test_what_cannot_be_read_is_named_and_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    store(counted("x"))
    expected = broken("runs/other.jsonl")
    out, err = asked(capsys, "runs", "--json")
    assert [row["variant"] for row in json.loads(out)] == ["x"]
    assert len(err) == len(expected)
    assert all(line.startswith(start) for line, start in zip(err, expected, strict=True))


def test_if_nothing_can_be_read_the_request_is_bad(capsys: pytest.CaptureFixture[str]) -> None:
    expected = broken("runs/other.jsonl")
    *warnings, last = fails(capsys, "runs", "--json")
    assert len(warnings) == len(expected)
    assert last == (
        "harness: results: a folder must hold records, none of 4 lines could be read in runs"
    )


def test_many_lines_that_cannot_be_read_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    store(counted("x"))
    Path("runs/other.jsonl").write_text('{"torn\n' * 1000)
    _, err = asked(capsys, "runs")
    assert len(err) == command.MOST_WARNINGS + 1
    assert err[-1] == f"warning: {1000 - command.MOST_WARNINGS} more lines could not be read"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "results: must be a results folder or a .jsonl file, got nowhere"),
        ([], "results: must be a results folder or a .jsonl file, got results"),
        (["empty"], "results: a folder must hold records, there is none in empty"),
        (["runs", "--where", "parms < 3"], "--where: no column 'parms'; did you mean params"),
        (["runs", "--where", "@x"], "--where: a query may not contain '@' here, got '@x'"),
        (["runs", "--sort", "fsp"], "--sort: no column 'fsp'; did you mean fps"),
        (["runs", "--columns", "a"], "--columns: no column 'a'"),
        (["runs", "--kind", "logs"], "--kind: no kind 'logs'; did you mean logged?"),
        (["runs", "--pareto", "fps"], "--pareto: a front needs two columns or more, got fps"),
        (["runs", "--format", "cvs"], "--format: no format 'cvs'; did you mean csv?"),
        (["runs", "--format", "csv", "--json"], "--json is a format of its own, got --format csv"),
        (["runs", "--format", "parquet"], "--format parquet: needs --out FILE, got none"),
        (["runs", "--limit", "x"], "'x' is not a valid int"),
        *(
            (
                ["runs", "--list-columns", *flag],
                f"--list-columns: says what columns there are, got {' '.join(flag)} besides",
            )
            for flag in (
                ["--where", "params > 1"],
                ["--sort", "params"],
                ["--columns", "params"],
                ["--newest"],
                ["--limit", "0"],
                ["--pareto", "a,b"],
                ["--out", "a.csv"],
                ["--format", "csv"],
            )
        ),
        (["runs", "--list-columns", "--kind", "failed"], "got --kind ['failed'] besides"),
    ],
)
def test_a_bad_request_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    Path("empty").mkdir()
    store(counted("x"))
    (line,) = fails(capsys, *arguments)
    assert line.startswith("harness: ")
    assert message in line


def test_a_file_that_cannot_be_written_leaves_what_was_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store(counted("x"))
    Path("taken").write_text("a file")
    (line,) = fails(capsys, "runs", "--out", "taken/a.csv")
    assert "taken/a.csv: cannot be written" in line
    assert Path("taken").read_text() == "a file"


def test_a_table_of_the_whole_process_fits_eighty_columns(elsewhere: Path) -> None:
    options = "context.alpha={},context.rates=[12,24,36],fusion.dilations=[{},4,2]"
    for number in range(1, 9):
        name = f"fassd-net[{options.format(number, number)}]"
        store(timed(name, 41.0 + number, params=number * 10**6), logged(name, 0.7))
    failure = replace(FAILED, variant=f"fassd-net[{options.format(9, 9)}]")
    store(failure)
    done = subprocess.run(
        [sys.executable, "-m", "harness", "results", "runs"],
        cwd=elsewhere,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert done.stderr == ""
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("fassd-net[context.rates=[12,24,36]]")
    assert sum("alpha=" in line for line in lines) == 17
