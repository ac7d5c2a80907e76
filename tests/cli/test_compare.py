"""`harness compare` from the command line's end."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from example_records import PROFILE, REPORTED, TIMING

from harness.cli.app import run
from harness.cli.compare import shortened
from harness.records import FailedRecord, ProfileRecord, Record
from harness.store import append

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder: no command may lean on the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def timed(
    variant: str, fps: float, *, half: float | None = 0.01, device: str = "A CPU", **keys: Any
) -> ProfileRecord:
    """Return a record without warnings, with an interval of +-`half`."""
    interval = None if half is None else (fps * (1 - half), fps * (1 + half))
    timing = replace(
        TIMING, fps=fps, fps_ci95=interval, warnings=(), protocol={"name": "paper"} | keys
    )
    return replace(
        PROFILE,
        variant=variant,
        spec_sha256=(variant * 64)[:64],
        timing=timing,
        environment={"device": {"name": device}},
    )


def store(path: str, *records: Record) -> None:
    for record in records:
        append(Path(path), record)


def fails(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 2) -> str:
    assert run(["compare", *arguments]) == status
    out, err = capsys.readouterr()
    assert (out == "") is (status == 2)
    return err.splitlines()[-1]


def test_folders_and_files_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    store("a/cpu/profile.jsonl", timed("x", 10.0), timed("y", 50.0))
    store("b.jsonl", timed("x", 20.0), timed("y", 50.2))
    assert run(["compare", "a", "b.jsonl"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("A and B: A CPU under paper@")
    # sqrt(2) * 1% = 1.414%: 2 / e^0.01414 = 1.972, 2 * e^0.01414 = 2.028; 1.004 / e^0.01414 =
    # 0.990, 1.004 * e^0.01414 = 1.018.
    assert "x  2.00x faster  (1.97x to 2.03x)  10.0 -> 20.0 FPS" in lines
    assert "y  no difference beyond the noise (0.99x to 1.02x)" in lines
    # sqrt(2 * 1.004) = 1.417, -+ 1%
    assert "geometric mean of 2 variants: 1.42x faster (1.40x to 1.43x)" in lines
    assert err == ""


def test_json_is_all_that_stdout_gets(capsys: pytest.CaptureFixture[str]) -> None:
    store("a.jsonl", timed("x", 10.0), REPORTED)
    noisy = timed("x", 20.0)
    assert noisy.timing
    store("b.jsonl", replace(noisy, timing=replace(noisy.timing, warnings=("too hot",))))
    with Path("b.jsonl").open("a") as file:
        file.write("{torn\n")
    assert run(["compare", "a.jsonl", "b.jsonl", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["variants"][0]["ratio"] == 2.0
    lines = err.splitlines()
    assert lines[0].startswith("warning: b.jsonl:2: not a JSON record")
    assert lines[1:] == ["warning: B: x: too hot"]


def test_the_json_keys_are_those_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    store("a.jsonl", timed("x", 10.0))
    assert run(["compare", "a.jsonl", "a.jsonl", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(data) == [
        "a", "b", "across", "variants", "geometric_mean", "changed", "only_a", "only_b", "notes",
        "measured_scale",
    ]  # fmt: skip
    assert list(data["variants"][0]) == [
        "variant", "variant_b", "spec_sha256", "input_shape", "input_shape_b", "ratio",
        "ratio_ci95", "verdict", "a", "b", "static",
    ]  # fmt: skip


def test_a_failure_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    store("a.jsonl", timed("x", 10.0))
    failure = FailedRecord(
        variant="x",
        spec={},
        spec_sha256="x" * 64,
        input_shape=PROFILE.input_shape,
        protocol={},
        reason="out of memory",
        peak_memory_bytes=None,
        environment={"device": {"name": "A CPU"}},
        created="2026-02-01T00:00:00Z",
    )
    store("b.jsonl", timed("x", 10.0), failure)
    assert run(["compare", "a.jsonl", "b.jsonl"]) == 0
    err = capsys.readouterr().err
    assert err == "warning: B: x: failed on 2026-02-01: out of memory\n"


@pytest.mark.parametrize(
    ("fps", "percent", "status"),
    [(94.0, "5%", 1), (96.0, "5%", 0), (96.0, "2.5%", 1), (120.0, "0%", 0), (97.0, "0%", 1)],
)
def test_a_loss_beyond_the_limit_and_the_noise_fails(
    capsys: pytest.CaptureFixture[str], fps: float, percent: str, status: int
) -> None:
    store("a.jsonl", timed("x", 100.0), timed("y", 100.0))
    store("b.jsonl", timed("x", fps), timed("y", 100.0))
    assert run(["compare", "a.jsonl", "b.jsonl", "--fail-slower", percent]) == status
    out, err = capsys.readouterr()
    assert "x  " in out  # the comparison is printed either way
    if status:
        assert err.startswith(f"harness: compare: slower by more than {percent}, beyond the noise:")
        assert "x" in err.rpartition(":")[2]
        assert err.count("\n") == 1
    else:
        assert err == ""


def test_a_loss_within_the_noise_passes(capsys: pytest.CaptureFixture[str]) -> None:
    store("a.jsonl", timed("x", 100.0, half=0.1))
    store("b.jsonl", timed("x", 90.0, half=0.1))
    assert run(["compare", "a.jsonl", "b.jsonl", "--fail-slower", "5%"]) == 0
    assert "no difference beyond the noise" in capsys.readouterr().out


def test_a_gate_that_can_judge_nothing_fails(capsys: pytest.CaptureFixture[str]) -> None:
    store("a.jsonl", timed("x", 100.0, half=None), timed("y", 100.0))
    store("b.jsonl", timed("x", 10.0))
    message = fails(capsys, "a.jsonl", "b.jsonl", "--fail-slower", "5%", status=1)
    assert "--fail-slower needs an interval of one variant at least, got none of x" in message
    store("b.jsonl", timed("y", 100.0))
    assert run(["compare", "a.jsonl", "b.jsonl", "--fail-slower", "5%"]) == 0
    assert capsys.readouterr().err == "warning: --fail-slower cannot judge x\n"


def test_devices_are_refused_until_named_and_then_give_a_scale(
    capsys: pytest.CaptureFixture[str],
) -> None:
    store("a.jsonl", timed("x", 10.0, device="NVIDIA GeForce GTX 1080 Ti"))
    store("b.jsonl", timed("x", 12.0, device="NVIDIA TITAN Xp"))
    assert "--across device" in fails(capsys, "a.jsonl", "b.jsonl")
    assert run(["compare", "a.jsonl", "b.jsonl", "--across", "device"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert (
        "measured scale of NVIDIA TITAN Xp to NVIDIA GeForce GTX 1080 Ti: 1.20 (1.18 to 1.22), "
        "from 1 variant; the paper's table says 1.12"
    ) in text
    Path("s.yaml").write_text(
        "source: me\nreference: GTX 1080 Ti\n"
        "devices: [{name: GTX 1080 Ti, scale: 1}, {name: Titan Xp, scale: 1.25}]\n"
    )
    arguments = ["compare", "a.jsonl", "b.jsonl", "--across", "device", "--scales", "s.yaml"]
    assert run([*arguments, "--json"]) == 0
    scale = json.loads(capsys.readouterr().out)["measured_scale"]
    assert (scale["scale"], scale["table"], scale["table_scale"]) == (1.2, "s.yaml", 1.25)
    assert scale["variants"] == 1


def test_one_folder_can_be_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    store("r/x.jsonl", timed("x", 10.0, backend="eager"))
    store("r/x.jsonl", timed("x", 30.0, name="mine", backend="compile"))
    assert "decide with --protocol (given twice" in fails(capsys, "r", "r")
    arguments = ["r", "r", "--protocol", "paper", "--protocol", "mine"]
    assert fails(capsys, *arguments).endswith("name: --across backend")
    assert run(["compare", *arguments, "--across", "backend"]) == 0
    assert "3.00x faster" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "b.jsonl"], "A must be a results folder or a .jsonl file, got nowhere"),
        (["b.jsonl", "nowhere"], "B must be a results folder or a .jsonl file, got nowhere"),
        (["empty", "b.jsonl"], "compare: A must hold a timed record, got no record"),
        (["b.jsonl", "c.jsonl"], "B must hold a timed record, got 1 without a timing (reported)"),
        (["b.jsonl", "b.jsonl", "--fail-slower", "5"], "between 0 and 100%, got '5'"),
        (["b.jsonl", "b.jsonl", "--fail-slower", "x%"], "between 0 and 100%, got 'x%'"),
        (["b.jsonl", "b.jsonl", "--fail-slower=-5%"], "between 0 and 100%, got '-5%'"),
        (["b.jsonl", "b.jsonl", "--fail-slower", "100%"], "between 0 and 100%, got '100%'"),
        (["b.jsonl", "b.jsonl", "--across", "x"], "--across: no such condition 'x'"),
        (["b.jsonl", "b.jsonl", "--device", "x"], "A has no timed record for --device x; known"),
        (
            ["b.jsonl", "b.jsonl", *(["--device", "CPU"] * 3)],
            "--device: at most two, A's and B's, got 3",
        ),
        (["b.jsonl", "b.jsonl", "--scales", "no.yaml"], "no.yaml: cannot be read"),
    ],
)
def test_bad_requests_are_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    Path("empty").mkdir()
    store("b.jsonl", timed("x", 10.0))
    store("c.jsonl", REPORTED)
    assert message in fails(capsys, *arguments)


def test_comparing_needs_no_torch_and_imports_nothing_heavy_before_it_runs() -> None:
    store("a.jsonl", timed("x", 10.0))
    code = (
        "import sys, harness.cli.compare;"
        "loaded = {'torch', 'yaml', 'harness.report', 'harness.records'} & set(sys.modules);"
        "assert not loaded, loaded;"
        "from harness.cli.app import run; assert run(['compare', 'a.jsonl', 'a.jsonl']) == 0;"
        "heavy = {'torch', 'numpy', 'pandas', 'matplotlib', 'variants.catalog'};"
        "loaded = heavy & set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        timeout=60,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )


def test_many_warnings_do_not_bury_the_answer() -> None:
    few = [f"x: reason {number}" for number in range(5)]
    assert shortened(few) == few
    assert shortened([*few, "y: another"]) == [
        "6 warnings stand in its records, such as: x: reason 0"
    ]
