"""`harness log`: what is printed, what is stored, and what is refused with nothing written."""

import gzip
import hashlib
import json
import os
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
TABLES = str(FIXTURES / "mmseg0_test_tables.txt")
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
    assert run(["log", "add", "--variant", "fassd-net", LOG, TABLES]) == 0
    assert [record.miou for record in stored(folder)] == [0.83, 0.95]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["log", "show", "none.log"], 2, "none.log: cannot be read (No such file or directory)"),
        (["log", "show", ".", LOG], 2, ".: a folder must be the only argument, got 2 arguments"),
        (["log", "show", LOG, "none.log"], 2, "none.log: cannot be read (No such file"),
        (["log", "show", "."], 1, ".: 0 of 0 files hold mIoU"),
        (["log", "add", "--variant", "fassd-net", "."], 2,
         ".: must be a log file, got a folder; harness log show . says which of its files hold"),
        (["log", "add", "--variant", "fassd-net", "none.log"], 2, "none.log: cannot be read"),
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


ADD = ["log", "add", "--variant", "fassd-net"]


def test_a_log_that_is_stored_already_is_passed_over_unless_told(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run([*ADD, LOG]) == 0
    capsys.readouterr()
    copy = folder / "renamed.log"
    copy.write_bytes(Path(LOG).read_bytes())
    assert run([*ADD, str(copy)]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("warning: renamed.log: stored already (2")
    assert printed.err.endswith("passed over; --again stores it\n")
    assert run([*ADD, LOG, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert len(stored(folder)) == 1
    assert run([*ADD, "--again", LOG]) == 0
    assert len(stored(folder)) == 2


def test_within_one_call_a_log_is_stored_once_too(folder: Path) -> None:
    assert run([*ADD, LOG, LOG]) == 0
    assert len(stored(folder)) == 1


@pytest.mark.parametrize(
    "other",
    # The last is another name of the same network.
    [["--use", "best"], ["--set", "context.alpha=4"], ["--variant", "baseline-dapf-mda"]],
    ids=["use", "spec", "variant"],
)
def test_another_variant_or_use_of_the_same_log_is_another_record(
    folder: Path, other: list[str]
) -> None:
    assert run([*ADD, LOG]) == 0
    assert run([*ADD, *other, LOG]) == 0
    assert len(stored(folder)) == 2


def test_another_figure_of_the_same_log_is_another_record(folder: Path) -> None:
    log = str(FIXTURES / "fasterseg_train.txt")
    assert run([*ADD, log]) == 0
    assert run([*ADD, "--metric", "teacher", log]) == 0
    assert [record.miou for record in stored(folder)] == [0.39, 0.51]


def test_two_files_of_one_run_are_warned_about_and_two_seeds_are_not(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run([*ADD, "--unfinished", str(FIXTURES / "columns.csv")]) == 0
    capsys.readouterr()
    seed = folder / "seed2.csv"
    seed.write_text("epoch;mIoU\n1;60.5\n2;59.5\n")
    assert run([*ADD, str(seed)]) == 0
    assert "the same run" not in capsys.readouterr().err
    same = folder / "same_run.csv"
    same.write_text("epoch;mIoU\n1;60.5\n2;59.0\n")
    assert run([*ADD, str(same)]) == 0
    err = capsys.readouterr().err
    assert "same_run.csv: the same mIoU at the same steps as columns.csv: is it the same" in err
    # Mean and spread over seeds need: one variant, one use, one split, a file each.
    records = stored(folder)
    assert {(r.variant, r.spec_sha256, r.use, r.reading.split) for r in records} == {
        ("fassd-net", records[0].spec_sha256, "final", None)
    }
    assert len({record.file_sha256 for record in records}) == 3


def test_the_run_and_the_flags_that_decided_are_in_the_record(folder: Path) -> None:
    log = folder / "two.csv"
    log.write_text("epoch,mIoU\n1,0.4\n2,0.7\n1,0.5\n2,0.6\n")
    flags = ["--run", "2", "--unit", "fraction", "--split", "test"]
    assert run([*ADD, *flags, str(log)]) == 0
    [record] = stored(folder)
    assert (record.miou, record.reading.split) == (0.6, "test")
    notes = " ".join(record.reading.notes)
    for said in ("run 2 of the 2", "read as fraction (--unit)", "said to be test (--split)"):
        assert said in notes


def test_several_files_are_shown_each_below_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["log", "show", LOG, TABLES]) == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == [LOG, TABLES]
    assert [block.splitlines()[2] for block in blocks] == [
        "  final  mIoU 83.00% at iteration 200", "  final  mIoU 95.00%",
    ]  # fmt: skip
    assert run(["log", "show", LOG, TABLES, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [(p["file"], p["final"]["miou"]) for p in printed] == [(LOG, 0.83), (TABLES, 0.95)]


def test_of_several_files_those_that_can_be_read_are_shown(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "none.txt").write_text("epoch 1 loss 0.5\n")
    for flags in ([], ["--json"]):
        assert run(["log", "show", "none.txt", LOG, *flags]) == 1
        printed = capsys.readouterr()
        assert "0.83" in printed.out or "83.00%" in printed.out
        assert (
            printed.err
            == "harness: none.txt: no mIoU in it, 0 validations up to epoch 1 (read as console)\n"
        )


def test_of_a_folder_the_files_with_miou_are_listed(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    work = folder / "work"
    (work / "20260331").mkdir(parents=True)
    (work / "20260331" / "20260331.log").write_bytes(Path(LOG).read_bytes())
    (work / "20260331" / "scalars.json").write_bytes(
        (FIXTURES / "mmseg1.scalars.json").read_bytes()
    )
    (work / "config.py").write_text("save_best = 'mIoU'\n")
    (work / "iter_200.pth").write_bytes(b"PK\x03\x04" + b"\0" * 99)
    (work / ".hidden.csv").write_text("mIoU\n0.5\n")
    (work / "empty.log").write_text("")
    assert run(["log", "show", "work"]) == 0
    printed = capsys.readouterr()
    assert printed.out == (
        "work: 2 of 5 files hold mIoU\n"
        "  20260331/20260331.log\n"
        "    final 83.00%, best 84.00%; mmseg1-text: mIoU on val, 2 validations,\n"
        "      finished, printed as percent\n"
        "  20260331/scalars.json\n"
        "    final 76.65%, best 76.74%; mmseg1-scalars: mIoU on val, 2 validations,\n"
        "      finished, printed as percent\n"
    )
    assert printed.err == ""
    (work / "both.csv").write_text("epoch,a_miou,b_miou\n1,0.5,0.6\n")
    assert run(["log", "show", "work", "--json"]) == 0
    printed = capsys.readouterr()
    assert [p["file"] for p in json.loads(printed.out)] == [
        "work/20260331/20260331.log", "work/20260331/scalars.json",
    ]  # fmt: skip
    assert printed.err.startswith("harness: work/both.csv: holds several mIoU, --metric decides")
    assert run(["log", "show", "work", "--metric", "b_miou", "--json"]) == 0
    [both] = json.loads(capsys.readouterr().out)
    assert both["final"]["miou"] == 0.6


def test_a_folder_without_a_log_says_so(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "notes.txt").write_text("nothing\n")
    assert run(["log", "show", "."]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "harness: .: 0 of 1 files hold mIoU\n")


TEXT = Path(LOG).read_text()
PARTS = {  # bad input -> the line that is printed
    "binary": (b"\x7fELF\0\0\1\2" * 99, "must be a log, got a binary file"),
    "checkpoint": (b"PK\x03\x04" + b"\0" * 99, "must be text or gzip, got zip; unpack it first"),
    "empty": (b"", "must be a log with mIoU, got an empty file"),
    "blank": (b"\n \r\n" * 3000, "must be a log with mIoU, got blank lines"),
    "truncated gzip": (gzip.compress(TEXT.encode())[:-20], "gzip is damaged or cut off"),
    "empty gzip": (gzip.compress(b""), "must be a log with mIoU, got an empty file"),
    "truncated JSON": (b'{\n"val": {"mIoU": 0.5,\n', "must be whole JSON, got a part of it"),
    "0 validations": (
        TEXT[: TEXT.index("2026/03/31 08:36:23 - mmengine - INFO - Iter(val)")].encode(),
        "no mIoU in it, 0 validations up to iteration 100 of 200 (read as mmseg1-text)",
    ),
    "NaN": (b"epoch,mIoU\n1,0.5\n2,nan\n", "the last mIoU must be a number, got nan"),
    "all NaN": (b'{"val_miou": NaN}', "the last mIoU must be a number, got nan"),
    "1.3": (b"Mean IoU : \t 1.3\n", "mIoU as fraction must be 0 to 1, got 1.3"),
    "1.3 of no unit": (b"mIoU\n1.3\n", "may be a fraction or percent; --unit decides"),
    "130": (b"mIoU\n130\n", "mIoU as percent must be 0 to 100, got 130"),
    "-0.1": (b"mIoU\n-0.1\n", "mIoU as fraction must be 0 to 1, got -0.1"),
    "HTML in a name": (
        b"epoch,<b>mIoU</b>,$\\mathrm{mIoU}_2$\n1,0.5,0.6\n",
        "--metric decides: '<b>mIoU</b>', '$\\\\mathrm{mIoU}_2$'",
    ),
    "deep JSON": (b"[" * 100_000, "must be whole JSON, got a part of it"),
    "a long line": (b"x" * (9 << 20), "must be lines of text, got a line of more than 8 MiB"),
    "utf-16 without mIoU": ("epoch 1 loss 0.5\n".encode("utf-16"), "no mIoU in it"),
    "a huge cell": (b"epoch,mIoU\n1," + b"5" * 200_000 + b"\n", "no CSV (field larger"),
}


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("command", [["log", "show"], [*ADD, "--unfinished"]], ids=["show", "add"])
def test_bad_input_is_one_line_and_stores_nothing(
    kind: str, command: list[str], capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    content, message = PARTS[kind]
    (folder / "bad.log").write_bytes(content)
    assert run([*command, "bad.log"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("harness: bad.log: ")
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["bad.log"]


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT.encode()),
        TEXT.encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode(),
        gzip.compress(TEXT.replace("\n", "\r\n").encode("utf-16")),
    ],
    ids=["gzip", "utf-16", "windows", "all of it"],
)
def test_gzip_utf16_and_windows_line_ends_are_stored_like_the_plain_log(
    content: bytes, folder: Path
) -> None:
    (folder / "log").write_bytes(content)
    assert run([*ADD, "log"]) == 0
    [record] = stored(folder)
    assert record.reading == read_log(Path(LOG), Choice()).reading
    assert record.file_sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "method", ["<script>alert(1)</script>", r"Ours ($\alpha$=2) & 5\%", 'a""b']
)
def test_html_and_latex_in_the_name_of_a_submission_do_no_harm(
    method: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    text = (FIXTURES / "cityscapes_server.csv").read_text()
    (folder / "server.csv").write_text(text.replace("Ours", f'"{method}"'))
    assert run([*ADD, "server.csv"]) == 0
    assert method not in capsys.readouterr().out
    [record] = stored(folder)
    assert (record.miou, record.reading.split) == (0.805, "test")
    assert method not in (folder / "results/logged/logged.jsonl").read_text()


def test_html_and_latex_in_the_name_of_a_class_are_stored_as_they_are(folder: Path) -> None:
    names = ("<b>road</b>", r"$\mathrm{car}$")
    values = ", ".join(f'"IoU.{json.dumps(name)[1:-1]}": 0.5' for name in names)
    (folder / "log.json").write_text(f'{{"val/mIoU": 0.5, {values}}}')
    assert run([*ADD, "log.json"]) == 0
    [record] = stored(folder)
    assert record.reading.final.per_class_iou == dict.fromkeys(names, 0.5)


def test_control_characters_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "log.json").write_text(r'{"mIoU": 0.5, "IoU.\u001b[31mroad\u0007": 0.5}')
    assert run(["log", "show", "log.json"]) == 0
    assert "classes \N{REPLACEMENT CHARACTER}[31mroad" in capsys.readouterr().out


def test_a_name_of_a_file_that_is_no_text_is_stored_as_text(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    path = folder / os.fsdecode(b"caf\xe9.log")
    path.write_bytes(Path(LOG).read_bytes())
    assert run([*ADD, str(path)]) == 0
    assert "the final of caf\N{REPLACEMENT CHARACTER}.log" in capsys.readouterr().out
    assert stored(folder)[0].file == "caf\N{REPLACEMENT CHARACTER}.log"
    assert run(["log", "show", str(path), LOG]) == 0


def test_records_of_another_schema_are_warned_about_and_left_alone(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run([*ADD, LOG]) == 0
    path = folder / "results/logged/logged.jsonl"
    newer = path.read_text().replace('"schema": 1', '"schema": 2')
    path.write_text(newer)
    capsys.readouterr()
    assert run([*ADD, LOG]) == 0
    err = capsys.readouterr().err
    assert err.startswith("warning: results/logged/logged.jsonl:1: ")
    assert "schema" in err
    assert err.count("\n") == 1
    old, added = path.read_text().splitlines(keepends=True)
    assert old == newer
    assert json.loads(added)["schema"] == SCHEMA


@pytest.mark.parametrize("command", [[], ["show"], ["add"]])
def test_help_names_every_flag_and_has_examples_in_80_columns(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["log", *command, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"harness log {' '.join(command)}" in text
    assert "Examples:\n" in text
    assert max(map(len, text.splitlines())) <= 80
    reads = ["--metric", "--split", "--unit", "--run", "--json"]
    stores = ["--variant", "--use", "--unfinished", "--again", "--set", "--catalog", "--results"]
    for flag in {"show": reads, "add": reads + stores}.get("".join(command), []):
        [line] = [line for line in text.splitlines() if line.startswith(f"  {flag} ")]
        assert len(line.split("  ", 2)[2].split()) > 1, line  # what it is for


def test_every_example_of_the_help_is_a_command_that_runs(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    for name in ("train.log", "seed1.log", "work_dirs/ddrnet_23-slim/a.log"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(TEXT)
    (folder / "seed2.log").write_text(TEXT.replace("83.0000", "83.5000"))
    (folder / "metrics.csv").write_text("epoch,val_miou,val_miou_ema\n1,0.6,0.61\n")
    for command in ([], ["show"], ["add"]):
        assert run(["log", *command, "--help"]) == 0
        examples = capsys.readouterr().out.partition("Examples:")[2].partition("\n\n")[0]
        for line in examples.splitlines()[1:]:
            arguments = line.split()[1:]
            status = run(arguments)
            printed = capsys.readouterr()
            assert status == 0, (line, printed.err)


def test_a_variant_that_has_changed_under_its_name_is_another_record(folder: Path) -> None:
    for alpha in (4, 8):
        (folder / "mine.yaml").write_text(
            f"a: {{extends: fassd-net, context: {{alpha: {alpha}}}}}\n"
        )
        flags = ["--catalog", "mine.yaml", "--variant", "a"]
        assert run(["log", "add", *flags, LOG]) == 0
    first, second = stored(folder)
    assert first.variant == second.variant
    assert first.spec_sha256 != second.spec_sha256
