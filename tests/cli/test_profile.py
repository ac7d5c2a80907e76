import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.cli.app import run

SMALL = ["--input", "64x128"]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def profile(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert run(["profile", "--json", *arguments]) == 0
    captured = capsys.readouterr()
    records = json.loads(captured.out)
    assert isinstance(records, list)
    return records


def test_fassd_net_at_full_size_to_the_unit(capsys: pytest.CaptureFixture[str]) -> None:
    [record] = profile(capsys, "--variant", "fassd-net", "--no-timing")
    assert record["input_shape"] == [1, 3, 1024, 2048]
    static = record["static"]
    assert isinstance(static, dict)
    assert static["params"] == 2_845_351
    # design: what fvcore 0.1.5, thop 0.1.1 and ptflops 0.7.5 print; paper: 45.112 G
    assert static["macs"]["conv"] == 44_683_993_088
    assert static["macs"]["fvcore"] == 45_187_883_008
    assert static["macs"]["thop"] == 45_285_449_728
    assert static["macs"]["ptflops"] == 45_319_921_664
    assert round(static["macs"]["paper"] / 1e9, 3) == 45.112
    assert static["uncounted"] == {}
    assert record["timing"] is None


def test_has_the_keys_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    [record] = profile(capsys, "--variant", "fassd-net-l2", *SMALL, "--iterations", "3")
    assert set(record) == {
        "schema", "kind", "variant", "spec", "spec_sha256", "input_shape", "static", "timing",
        "environment", "created",
    }  # fmt: skip
    assert record["schema"] == 1
    timing = record["timing"]
    assert isinstance(timing, dict)
    assert timing["iterations"] == 3
    assert timing["stopped_by"] == "iterations"
    assert timing["fps"] > 0
    assert timing["fps_ci95"][0] <= timing["fps"] <= timing["fps_ci95"][1]
    assert timing["protocol"]["input"] == [1, 3, 64, 128]
    assert {"mean", "p50", "p99"} <= set(timing["latency_s"])


def test_what_is_printed_is_what_is_stored(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    [record] = profile(capsys, "--variant", "fassd-net", "--no-timing", *SMALL)
    [path] = (tmp_path / "results").rglob("*.jsonl")
    assert json.loads(path.read_text()) == record


def test_no_save_stores_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    profile(capsys, "--variant", "fassd-net", "--no-timing", "--no-save", *SMALL)
    assert not list(tmp_path.iterdir())


def test_a_setting_makes_another_variant(capsys: pytest.CaptureFixture[str]) -> None:
    [plain] = profile(capsys, "--variant", "fassd-net", "--no-timing", *SMALL)
    [changed] = profile(
        capsys, "--variant", "fassd-net", "--no-timing", "--set", "context.alpha=4", *SMALL
    )
    assert changed["variant"] == "fassd-net[context.alpha=4]"
    assert changed["spec_sha256"] != plain["spec_sha256"]
    assert changed["static"]["params"] < plain["static"]["params"]  # type: ignore[index]


def test_a_table_names_its_variants(capsys: pytest.CaptureFixture[str]) -> None:
    records = profile(capsys, "--table", "1", "--no-timing", *SMALL)
    assert [record["variant"] for record in records] == [
        "fc-hardnet-70", "baseline", "baseline-aspp", "baseline-dapf", "baseline-mda",
        "baseline-aspp-mda", "baseline-dapf-mda",
    ]  # fmt: skip


def test_a_catalogue_of_ones_own_is_measured(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text("mine: {extends: fassd-net, context: {alpha: 8}}\n")
    [record] = profile(capsys, "--catalog", "mine.yaml", "--variant", "mine", "--no-timing", *SMALL)
    assert record["spec"]["context"]["alpha"] == 8  # type: ignore[index]


def test_check_runs_the_tools_and_says_that_they_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["profile", "--variant", "fassd-net", "--no-timing", "--check", *SMALL]) == 0
    out = capsys.readouterr().out
    assert out.count("agrees") == 2
    assert "fvcore 0.1.5" in out
    assert "thop 0.1.1" in out


def test_check_fails_with_both_numbers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "harness.crosscheck.CONVENTIONS",
        {"fvcore": lambda row: row.macs, "thop": lambda row: row.macs},
    )
    assert run(["profile", "--variant", "fassd-net", "--no-timing", "--check", *SMALL]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("harness: fvcore 0.1.5")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--variant", "fasd-net"], "no variant 'fasd-net'; did you mean fassd-net"),
        ([], "needs at least one --variant"),
        (["--variant", "fassd-net", "--input", "1024"], "an input is HEIGHTxWIDTH"),
        (
            ["--variant", "fassd-net", "--iterations", "0"],
            "--iterations: must be at least 1, got 0",
        ),
        (["--variant", "fassd-net", "--iterations", "-5"], "must be at least 1, got -5"),
        (["--variant", "fassd-net", "--iterations", "many"], "many"),
        (["--variant", "fassd-net", "--budget", "0"], "--budget: must be above 0 seconds, got 0"),
        (["--variant", "fassd-net", "--budget", "nan"], "--budget: must be above 0"),
        (["--variant", "fassd-net", "--device", "cuda:7"], "cuda:7 is not there"),
        (["--variant", "fassd-net", "--device", "tpu"], "must be auto, cpu, cuda or cuda:N"),
        (["--variant", "fassd-net", "--results", "file"], "results folder file: must be writable"),
        (["--variant", "fassd-net", "--set", "context.alpha=3"], "alpha must divide the 224"),
        (
            ["--variant", "fassd-net", "--set", "fusion.dilations=[8,4]"],
            "one entry for each of the 3",
        ),
        (["--variant", "fassd-net", "--set", "fusion.dilation=[8]"], "did you mean dilations?"),
        (["--variant", "fassd-net", "--set", "context.name=asp"], "did you mean aspp?"),
        (["--variant", "fassd-net", "--catalog", "broken.yaml"], "broken.yaml:3: "),
        (["--variant", "fassd-net", "--catalog", "unsafe.yaml"], "unsafe.yaml:1: "),
        (["--table", "9"], "no table '9'"),
        (["--wat"], "No such option"),
    ],
)
def test_a_bad_request_is_one_line_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "broken.yaml").write_text("a:\n  b: [1\nc: 2\n")
    (tmp_path / "unsafe.yaml").write_text("a: !!python/object/apply:os.mkdir [trap]\n")
    before = sorted(tmp_path.rglob("*"))
    assert run(["profile", "--json", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.startswith("harness: ")
    assert captured.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_bad_variant_among_good_ones_measures_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["--variant", "fassd-net", "--variant", "nope", "--no-timing"]
    assert run(["profile", *arguments]) == 2
    assert capsys.readouterr().out == ""
    assert not list(tmp_path.iterdir())


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    command = ["profile", "--variant", "fassd-net", "--variant", "baseline", "--budget", "600",
               "--input", "64x128", "--json"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *command],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    time.sleep(6)  # past imports, counting and warm-up
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    [record] = json.loads(out)
    assert record["variant"] == "fassd-net"
    assert record["timing"]["stopped_by"] == "interrupt"
    assert record["timing"]["iterations"] >= 1
    [path] = (tmp_path / "results").rglob("*.jsonl")
    assert json.loads(path.read_text()) == record
    assert err == "harness: interrupted\n"
