"""`harness log`: what is printed, what is stored, and what is refused with nothing written."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli.app import run
from harness.cli.log_text import reading_lines
from harness.logged_record import LoggedRecord
from harness.logs import Choice, read_log
from harness.records import SCHEMA
from harness.store import load, path_for

FIXTURES = Path(__file__).parent / "fixtures"
LOG = str(FIXTURES / "mmseg1_text.log")
UNFINISHED = str(FIXTURES / "mmseg1_epochs.log")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stored(folder: Path) -> list[Any]:
    loaded = load(folder / "results")
    assert loaded.problems == []
    return loaded.records


def test_show_prints_the_contract_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["log", "show", LOG, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {k: printed[k] for k in list(printed)[:8]} == {
        "format": "mmseg1-text",
        "final": {"miou": 0.83, "step": 200},
        "best": {"miou": 0.84, "step": 100},
        "per_class_iou": {"road": 0.97, "car": 0.69},
        "validations": 2,
        "finished": True,
        "split": "val",
        "notes": [],
    }
    assert {k: printed[k] for k in list(printed)[8:]} == {
        "best_per_class_iou": {"road": 0.98, "car": 0.7},
        "unit": "percent",
        "step_unit": "iteration",
        "metric": "mIoU",
    }


def test_show_prints_a_few_lines_of_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["log", "show", LOG]) == 0
    assert capsys.readouterr().out == (
        "mmseg1-text: mIoU on val, 2 validations, finished, printed as percent\n"
        "  final  mIoU 83.00% at iteration 200\n"
        "  best   mIoU 84.00% at iteration 100\n"
        "  classes road 97.00%, car 69.00%\n"
    )
    for path in FIXTURES.iterdir():
        lines = reading_lines(read_log(path, Choice()).reading)
        assert max(map(len, lines)) <= 80


def test_show_passes_each_flag_on(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    log = folder / "a.csv"
    log.write_text("epoch,a_miou,b_test_miou\n1,0.5,1.2\n2,0.6,1.3\n1,0.7,1.4\n")
    flags = ["--metric", "b_test_miou", "--split", "test", "--unit", "percent", "--run", "1"]
    assert run(["log", "show", str(log), *flags, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["final"] == {"miou": 0.013, "step": 2}


def test_add_stores_the_final_validation_with_the_hash_of_the_log(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run(["log", "add", "--variant", "fassd-net", LOG]) == 0
    assert "mIoU 83.00%, the final of mmseg1_text.log" in capsys.readouterr().out
    [record] = stored(folder)
    assert isinstance(record, LoggedRecord)
    assert (record.variant, record.miou, record.use) == ("fassd-net", 0.83, "final")
    content = Path(LOG).read_bytes()
    assert record.file == "mmseg1_text.log"
    assert record.file_sha256 == hashlib.sha256(content).hexdigest()
    assert record.file_bytes == len(content)
    assert record.reading == read_log(Path(LOG), Choice()).reading
    assert len(record.spec_sha256) == 64
    assert record.environment is None
    assert path_for(Path("results"), record) == Path("results/logged/logged.jsonl")
    assert record.schema == SCHEMA


def test_add_takes_the_best_where_asked_and_prints_the_record(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run(["log", "add", "--variant", "fassd-net", "--use", "best", LOG, "--json"]) == 0
    [printed] = json.loads(capsys.readouterr().out)
    assert (printed["kind"], printed["use"], printed["miou"]) == ("logged", "best", 0.84)
    assert json.loads((folder / "results/logged/logged.jsonl").read_text()) == printed


def test_settings_change_the_spec_that_is_stored(folder: Path) -> None:
    assert run(["log", "add", "--variant", "fassd-net", LOG]) == 0
    wider = ["--set", "context.alpha=4"]
    assert run(["log", "add", "--variant", "fassd-net", *wider, LOG]) == 0
    first, second = stored(folder)
    assert first.spec_sha256 != second.spec_sha256
    assert second.spec["context"]["alpha"] == 4


def test_an_unfinished_run_is_stored_only_when_told(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run(["log", "add", "--variant", "fassd-net", UNFINISHED]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "unfinished: it ends at epoch 2 of 3; --unfinished stores it" in printed.err
    assert not (folder / "results").exists()
    assert run(["log", "add", "--variant", "fassd-net", "--unfinished", UNFINISHED]) == 0
    [record] = stored(folder)
    assert record.reading.finished is False


def test_a_log_that_does_not_say_whether_it_finished_is_warned_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = str(FIXTURES / "lightning_metrics.csv")
    assert run(["log", "add", "--variant", "fassd-net", log]) == 0
    assert "does not tell whether its run had finished" in capsys.readouterr().err


def test_of_several_files_all_are_stored_or_none(folder: Path) -> None:
    assert run(["log", "add", "--variant", "fassd-net", LOG, UNFINISHED]) == 1
    assert not (folder / "results").exists()
    assert run(["log", "add", "--variant", "fassd-net", LOG, LOG]) == 0
    assert len(stored(folder)) == 2


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["log", "show", "none.log"], 2, "none.log: cannot be read (No such file or directory)"),
        (["log", "show", "."], 2, ".: must be a log file, got a folder"),
        (["log", "show", LOG, "--split", "dev"], 2, "--split: must be val or test, got 'dev'"),
        (["log", "show", LOG, "--unit", "%"], 2, "--unit: must be fraction or percent, got '%'"),
        (["log", "show", LOG, "--run", "0"], 2, "--run: must be at least 1, got 0"),
        (["log", "show", LOG, "--metric", "x"], 1, f"{LOG}: has no metric 'x'; known: 'mIoU'"),
        (["log", "add", LOG], 2, "Missing option '--variant'."),
        (["log", "add", "--variant", "fasd-net", LOG], 2, "did you mean fassd-net or"),
        (["log", "add", "--variant", "fassd-net", "--use", "last", LOG], 2,
         "--use: must be best or final, got 'last'"),
        (["log", "add", "--variant", "fassd-net", "--results", LOG, LOG], 2, "must be writable"),
        (["log"], 2, "Missing command."),
    ],
)  # fmt: skip
def test_a_wrong_request_is_one_line_and_writes_nothing(
    arguments: list[str],
    status: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    folder: Path,
) -> None:
    assert run(arguments) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert list(folder.iterdir()) == []
