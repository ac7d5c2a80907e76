import csv
import io
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
QUICK = ["--iterations", "2", "--rounds", "1"]


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


def test_stages_are_recorded_where_asked_for_and_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    [record] = profile(capsys, "--variant", "fassd-net", "--stages", "--no-timing")
    stages, static = record["stages"], record["static"]
    assert isinstance(stages, list)
    assert isinstance(static, dict)
    assert sum(stage["params"] for stage in stages) == static["params"]
    assert sum(stage["macs"] for stage in stages) == static["macs"]["conv"]
    # Table II: the four convolutions of the stem share a name, each with an output of its own.
    first = stages[0]
    assert first == {
        "stage": "Encoder",
        "name": "Stem Conv",
        "type": ["Conv 3×3 (s=2)"],
        "output_size": [512, 1024, 16],
        # 3 x 16 x 9 weights, 2 x 16 of BatchNorm; 512 x 1024 outputs of 27 MACs in 16 channels.
        "params": 464,
        "macs": 226_492_416,
    }
    [plain] = profile(capsys, "--variant", "fassd-net", "--no-timing", *SMALL)
    assert "stages" not in plain


def test_table_2_is_made_of_recorded_stages(capsys: pytest.CaptureFixture[str]) -> None:
    profile(capsys, "--variant", "fassd-net", "--stages", "--no-timing")
    assert run(["table", "2"]) == 0
    out = capsys.readouterr().out
    assert "| Encoder | Stem Conv   | Conv 3×3 (s=2)" in out
    # 464 parameters and 226,492,416 MACs.
    assert "| 512×1024×16  |       0.5k |  0.23 |" in out


def test_a_table_is_profiled_at_the_input_of_each_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.yaml").write_text(
        "title: T\nsource: table-4\ninput: 64x128\nconvention: paper\n"
        "columns: [method, input_size, gflops]\n"
        "rows:\n  - {variant: fassd-net}\n  - {variant: fassd-net, input: 32x64}\n"
        "  - {variant: nonesuch}\n  - {variant: fassd-net, label: once more}\n"
    )
    arguments = ["profile", "--table", "m.yaml", "--no-timing", "--no-save", "--json"]
    assert run(arguments) == 0
    out, err = capsys.readouterr()
    shapes = [record["input_shape"] for record in json.loads(out)]
    assert shapes == [[1, 3, 64, 128], [1, 3, 32, 64]]
    assert "not in the catalogue, left out: nonesuch" in err
    # --input is for all rows, and two that differ in their input alone are then one.
    assert run([*arguments, "--input", "128x64"]) == 0
    shapes = [record["input_shape"] for record in json.loads(capsys.readouterr().out)]
    assert shapes == [[1, 3, 128, 64]]


def test_a_table_of_which_the_catalogue_has_nothing_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.yaml").write_text(
        "title: T\nsource: table-4\ninput: 64x128\nconvention: paper\ncolumns: [method]\n"
        "rows: [{variant: nonesuch}]\n"
    )
    assert run(["profile", "--table", "m.yaml", "--no-timing"]) == 2
    message = "--table m.yaml: must have a variant of the catalogue, got none"
    assert message in capsys.readouterr().err


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


def test_every_flag_of_the_protocol_reaches_the_record(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = {
        "precision": ("--precision", "bf16", "bf16"),
        "memory_format": ("--memory-format", "channels_last", "channels_last"),
        "threads": ("--threads", "1", 1),
        "warmup": ("--warmup", "0", 0),
        "iterations": ("--iterations", "4", 4),
        "until": ("--until", "50%", 0.5),
        "budget_s": ("--budget", "7", 7.0),
        "rounds": ("--rounds", "1", 1),
    }
    arguments = [text for flag, value, _ in flags.values() for text in (flag, value)]
    [record] = profile(
        capsys, "--variant", "fassd-net-l2", *SMALL, "--batch", "2", "--fold-bn", *arguments
    )
    stored = record["timing"]["protocol"]  # type: ignore[index]
    assert {name: stored[name] for name in flags} == {n: v for n, (_, _, v) in flags.items()}
    assert stored["fold_bn"] is True
    assert stored["input"] == record["input_shape"] == [2, 3, 64, 128]
    assert record["timing"]["output_error"]["relative_l2"] > 0  # type: ignore[index]


def test_passes_are_shared_among_fresh_processes(capsys: pytest.CaptureFixture[str]) -> None:
    [record] = profile(
        capsys, "--variant", "fassd-net-l2", *SMALL, "--iterations", "5", "--rounds", "2"
    )
    timing = record["timing"]
    assert isinstance(timing, dict)
    assert [each["iterations"] for each in timing["rounds"]] == [3, 2]
    assert timing["iterations"] == 5


def test_the_limits_of_the_device_stand_beside_the_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    [record] = profile(capsys, "--variant", "fassd-net-l2", *SMALL, *QUICK)
    limits = record["timing"]["limits"]  # type: ignore[index]
    macs = record["static"]["macs"]["conv"]  # type: ignore[index]
    assert limits["arithmetic_s"] == pytest.approx(macs / limits["macs_per_s"])
    mean_s = record["timing"]["latency_s"]["mean"]  # type: ignore[index]
    assert limits["share"] == pytest.approx(limits["roofline_s"] / mean_s)


def test_a_protocol_of_ones_own_is_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text("extends: latency\niterations: 3\nrounds: 1\nsize: 64x64\n")
    [record] = profile(capsys, "--variant", "fassd-net-l2", "--protocol", "mine.yaml")
    stored = record["timing"]["protocol"]  # type: ignore[index]
    assert stored["name"] == "mine"
    assert stored["synchronisation"] == "before and after each pass"
    assert record["input_shape"] == [1, 3, 64, 64]
    arguments = ["--variant", "fassd-net-l2", "--protocol", "mine.yaml", *SMALL]
    assert run(["profile", "--json", "--no-save", *arguments]) == 0
    [asked] = json.loads(capsys.readouterr().out)
    assert asked["input_shape"] == [1, 3, 64, 128]


def test_layers_say_where_the_time_goes(capsys: pytest.CaptureFixture[str]) -> None:
    [record] = profile(capsys, "--variant", "fassd-net-l2", *SMALL, *QUICK, "--layers")
    layers = record["layers"]
    assert isinstance(layers, list)
    assert sum(layer["macs"] for layer in layers) == record["static"]["macs"]["conv"]  # type: ignore[index]
    assert layers == sorted(layers, key=lambda layer: -layer["time_s"])
    assert "head.classify" in {layer["path"] for layer in layers}


def test_csv_is_a_line_a_variant(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--variant", "fassd-net-l2", "--variant", "fassd-net-l1", *SMALL, *QUICK]
    assert run(["profile", "--csv", *arguments]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["variant"] for row in rows} == {"fassd-net-l2", "fassd-net-l1"}
    for row in rows:
        assert float(row["fps_low"]) <= float(row["fps"]) <= float(row["fps_high"])
        assert (row["input"], row["iterations"], row["backend"]) == ("1x3x64x128", "2", "eager")
    assert {row["params"] for row in rows} == {"2845351", "2289454"}


def test_what_cannot_run_leaves_a_record_and_the_others_go_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(
        "huge: {extends: fassd-net, title: x, input: 1048576x1048576}\n"
    )
    arguments = ["--catalog", "mine.yaml", "--variant", "huge", "--variant", "fassd-net-l2", *QUICK]
    assert run(["profile", "--json", *arguments]) == 1
    captured = capsys.readouterr()
    [record] = json.loads(captured.out)
    assert record["variant"] == "fassd-net-l2"
    [line] = captured.err.splitlines()
    assert line.startswith(
        "harness: huge: input 1x3x1048576x1048576 does not fit the memory of cpu"
    )
    assert line.endswith("try a smaller --input")
    [path] = (tmp_path / "results").rglob("failed.jsonl")
    failure = json.loads(path.read_text())
    assert failure["kind"] == "failed"
    assert failure["variant"] == "huge"
    assert failure["protocol"]["name"] == "paper"
    assert failure["reason"] in line
    assert failure["environment"]["device"]["type"] == "cpu"


def test_an_input_that_a_network_cannot_take_is_a_failure_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["--variant", "fassd-net", "--input", "4x4", *QUICK]
    assert run(["profile", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("harness: fassd-net: ")
    assert captured.err.count("\n") == 1
    [path] = (tmp_path / "results").rglob("*.jsonl")
    assert json.loads(path.read_text())["kind"] == "failed"


@pytest.mark.slow
def test_another_backend_is_compared_with_eager(capsys: pytest.CaptureFixture[str]) -> None:
    [record] = profile(capsys, "--variant", "fassd-net-l2", *SMALL, *QUICK, "--backend", "openvino")
    timing = record["timing"]
    assert isinstance(timing, dict)
    assert timing["protocol"]["backend"] == "openvino"
    assert 0 < timing["output_error"]["relative_l2"] < timing["output_error"]["tolerance"]
    assert timing["setup_s"] > 0
    assert "openvino" in timing["backend"]


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
        (["--variant", "fassd-net", "--set", "context.name=dap"], "did you mean dapf?"),
        (["--variant", "fassd-net", "--catalog", "broken.yaml"], "broken.yaml:3: "),
        (["--variant", "fassd-net", "--catalog", "unsafe.yaml"], "unsafe.yaml:1: "),
        (["--table", "9"], "no table '9'"),
        (["--wat"], "No such option"),
        (["--variant", "fassd-net", "--protocol", "papr"], "no protocol 'papr'"),
        (["--variant", "fassd-net", "--protocol", "none.yaml"], "none.yaml: cannot be read"),
        (["--variant", "fassd-net", "--backend", "openvion"], "backend must be"),
        (["--variant", "fassd-net", "--backend", "cudagraph"], "cudagraph runs on cuda"),
        (["--variant", "fassd-net", "--precision", "tf32"], "precision tf32 runs on cuda"),
        (["--variant", "fassd-net", "--provider", "cuda"], "provider must be null with backend"),
        (["--variant", "fassd-net", "--until", "much"], "--until: must be a share such as 5%"),
        (["--variant", "fassd-net", "--until", "150%"], "--until: must be a share such as 5%"),
        (["--variant", "fassd-net", "--rounds", "0"], "--rounds: must be at least 1, got 0"),
        (["--variant", "fassd-net", "--batch", "0"], "--batch: must be at least 1, got 0"),
        (["--variant", "fassd-net", "--threads", "0"], "--threads: must be at least 1, got 0"),
        (["--variant", "fassd-net", "--layers", "--no-timing"], "--layers times"),
        (
            ["--variant", "fassd-net", "--layers", "--backend", "openvino"],
            "--layers: takes an eager, unfolded network apart, got backend openvino",
        ),
        (
            ["--variant", "fassd-net", "--layers", "--fold-bn"],
            "network apart, got backend eager, --fold-bn",
        ),
        (["--variant", "fassd-net", "--csv"], "prints --json or --csv, got both"),
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


COUNTED = """
import time
from torch import nn

class Counted(nn.Conv2d):
    def __init__(self) -> None:
        super().__init__(3, 4, 3)

    def forward(self, x):
        if not x.is_meta:
            with open("passes", "a") as file:
                file.write(".")
            time.sleep(0.05)
        return super().forward(x)
"""


def install_counted(folder: Path) -> None:
    """Install a network that adds a byte to the file `passes` in every pass but a count's."""
    about = folder / "counted-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "counted_network.py").write_text(COUNTED)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: counted\nVersion: 1.0\n")
    entry = "[harness.components]\nnetwork.counted = counted_network:Counted\n"
    (about / "entry_points.txt").write_text(entry)


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    site, passes = tmp_path / "site", tmp_path / "passes"
    install_counted(site)
    (tmp_path / "counted.yaml").write_text("counted: {network: counted}\n")
    command = ["profile", "--variant", "counted", "--variant", "baseline", "--budget", "600",
               "--catalog", "counted.yaml", "--input", "64x128", "--json"]  # fmt: skip
    places = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *command],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(places)},
    )
    # A pass ends the set-up, another one warms up; all others are timed.
    while not passes.exists() or passes.stat().st_size < 5:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 130, err
    [record] = json.loads(out)
    assert record["variant"] == "counted"
    assert record["timing"]["stopped_by"] == "interrupt"
    assert record["timing"]["iterations"] >= 1
    [path] = (tmp_path / "results").rglob("*.jsonl")
    assert json.loads(path.read_text()) == record
    assert err == "harness: interrupted\n"
