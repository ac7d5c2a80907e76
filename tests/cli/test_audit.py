"""`harness audit` from the command line's end."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report.sample import COUNTS, profile

import harness.stages
import harness.static
from harness.cli.app import run
from harness.records import StageCost, StaticCost
from harness.store import append

ROOT = Path(__file__).parents[2]

KEYS = [
    "id", "table", "place", "variant", "label", "quantity", "printed", "ours", "rounded", "how",
    "working", "verdict", "reason", "explanation", "static", "measured",
]  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder: no command may lean on the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def audit(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert run(["audit", *arguments]) == status
    return capsys.readouterr().out


def audit_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    data = json.loads(audit(capsys, "--json", *arguments))
    assert isinstance(data, list)
    return data


def test_by_default_each_table_is_summed_up_and_what_is_not_equal_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start = time.process_time()
    out = audit(capsys)
    assert time.process_time() - start < 20  # of its own: what else the machine does is no matter
    assert "Table I: 34 figures: 16 equal, 4 explained, 14 open\n" in out
    assert "Table II: 33 figures: 33 equal\n" in out
    assert "Table III: 80 figures: 4 equal, 76 open\n" in out
    assert "Table IV: 82 figures: 46 equal, 7 explained, 3 different, 26 open\n" in out
    assert "All: 284 figures: 145 equal, 18 explained, 3 different, 118 open\n" in out
    assert "unit: 12,894,163 * 4 / 2^20 = 49.19" in out
    assert "unit: 49 / 2.85 = 17.193" in out
    assert "+ MDA 42.2, + ASPP + MDA 39.1" in out  # the open ones are told, together
    assert "\n  equal " not in out


def test_all_prints_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    out = audit(capsys, "--table", "1", "--all")
    assert out.count("\n  equal ") == 16
    assert out.count("\n  open ") == 14
    assert "+ DAPF + MDA, GFLOPs: 45.1 printed, 45.112 counted" in out
    assert "45,112,279,040 / 10^9 = 45.112" in out


@pytest.mark.parametrize("arguments", [[], ["--all"]])
def test_fits_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    lines = audit(capsys, *arguments).splitlines()
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("names", "tables"),
    [
        (["3"], {"table-3"}),
        (["text", "1"], {"table-1", "text"}),
        (["across"], {"across"}),
        ([], {"table-1", "table-2", "table-3", "table-4", "across", "text"}),
    ],
)
def test_table_restricts(
    capsys: pytest.CaptureFixture[str], names: list[str], tables: set[str]
) -> None:
    found = audit_json(capsys, *(part for name in names for part in ("--table", name)))
    assert {check["table"] for check in found} == tables


def test_json_is_a_list_of_checks_with_keys_that_stay(capsys: pytest.CaptureFixture[str]) -> None:
    found = audit_json(capsys)
    assert len(found) == 284
    assert all(set(check) == set(KEYS) for check in found)
    assert len({check["id"] for check in found}) == 284
    by_id = {check["id"]: check for check in found}
    bisenet = by_id["table-4/bisenet-rn18/params_m"]
    assert bisenet["place"] == "Table IV, row 16"
    assert (bisenet["printed"], bisenet["ours"], bisenet["rounded"]) == ("49", 12.894163, "13")
    assert bisenet["how"] in ("reference", "counted")  # whether the catalogue has it or not
    assert bisenet["verdict"] == "explained"
    assert bisenet["explanation"] == {
        "kind": "unit",
        "working": "12,894,163 * 4 / 2^20 = 49.19",
    }
    assert bisenet["static"] is False
    assert by_id["table-1/baseline/params_m"]["static"] is True
    assert by_id["table-2/2/output_size"]["ours"] == "512×1024×16"


def test_the_documented_keys_are_those_of_the_json() -> None:
    import harness.report.audit

    documented = harness.report.audit.__doc__ or ""
    assert [key for key in KEYS if f"\n    {key:<12} " not in documented] == []


def grow(monkeypatch: pytest.MonkeyPatch, **fields: int) -> None:
    """Have every network counted with some more of something."""
    total = harness.static.total

    def more(*arguments: Any) -> StaticCost:
        cost = total(*arguments)
        macs = {name: value + fields.get("macs", 0) for name, value in cost.macs.items()}
        return replace(cost, params=cost.params + fields.get("params", 0), macs=macs)

    monkeypatch.setattr(harness.static, "total", more)


@pytest.mark.parametrize("fields", [{"params": 10_000}, {"macs": 10**8}])
def test_exits_1_where_a_count_of_the_papers_networks_does_not_stand(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, fields: dict[str, int]
) -> None:
    grow(monkeypatch, **fields)
    assert run(["audit", "--table", "1"]) == 1
    out, err = capsys.readouterr()
    assert "\n  different " in out
    assert err.startswith("harness: audit: ")
    assert "neither equal nor explained: table-1/" in err
    assert err.count("\n") == 1


def test_exits_1_where_a_stage_is_not_that_of_table_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage_costs = harness.stages.stage_costs

    def wider(*arguments: Any) -> tuple[StageCost, ...]:
        rows = list(stage_costs(*arguments))
        rows[4] = replace(rows[4], output_size=(256, 512, 65))
        return tuple(rows)

    monkeypatch.setattr(harness.stages, "stage_costs", wider)
    assert run(["audit", "--table", "2"]) == 1
    out, err = capsys.readouterr()
    assert "256×512×64 printed, 256×512×65" in out
    assert err == "harness: audit: 1 figure is neither equal nor explained: table-2/6/output_size\n"


def test_a_stage_too_few_is_found(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage_costs = harness.stages.stage_costs
    monkeypatch.setattr(harness.stages, "stage_costs", lambda *a: stage_costs(*a)[:-1])
    assert run(["audit", "--table", "2"]) == 1
    assert "table-2/18/type, table-2/18/output_size" in capsys.readouterr().err


def test_strict_fails_on_any_different_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--table", "4"]) == 0
    capsys.readouterr()
    assert run(["audit", "--table", "4", "--strict"]) == 1
    assert capsys.readouterr().err == (
        "harness: audit: 3 figures are neither equal nor explained: table-4/fasterseg/gflops, "
        "table-4/icnet/gflops, table-4/icnet/params_m\n"
    )
    assert run(["audit", "--table", "1", "--strict"]) == 0


def test_out_writes_the_format_of_its_suffix(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, start in (("a.md", "# The paper's"), ("a.json", "["), ("a.txt", "Table I: ")):
        assert audit(capsys, "--table", "1", "--out", f"new/{name}") == ""
        assert (elsewhere / "new" / name).read_text(encoding="utf-8").startswith(start)
    audit(capsys, "--table", "1", "--out", "b.txt", "--format", "markdown")
    assert (elsewhere / "b.txt").read_text(encoding="utf-8").startswith("# The paper's")


def test_markdown_has_a_row_for_each_figure_that_is_not_equal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = audit(capsys, "--table", "1", "--format", "markdown")
    assert "## Table I\n\n34 figures: 16 equal, 4 explained, 14 open.\n" in out
    rows = [line for line in out.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + 18
    assert all(row.count(" | ") == 4 for row in rows)
    every = audit(capsys, "--table", "1", "--format", "markdown", "--all")
    assert len([line for line in every.splitlines() if line.startswith("| ")]) == 1 + 34


def test_from_records_takes_the_counts_of_the_results(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for variant in COUNTS:
        record = profile(variant)
        # FC-HarDNet-70's 35.4 is explained by its count under fvcore
        macs = {**record.static.macs, "fvcore": 35_627_520_000}
        record = replace(record, static=replace(record.static, macs=macs))
        append(elsewhere / "results" / "p.jsonl", record)
    found = {c["id"]: c for c in audit_json(capsys, "--from-records", "--table", "1")}
    assert found["table-1/baseline/gflops"]["how"] == "record"
    assert found["table-1/baseline/gflops"]["ours"] == 32.909  # as rounded in the record
    newer = profile("baseline", params=2_000_000, created="2026-02-01T00:00:00Z")
    append(elsewhere / "results" / "p.jsonl", newer)
    out = audit(capsys, "--from-records", "--table", "1", status=1)
    assert "Baseline, parameters (M): 1.90 printed, 2 by record" in out


def test_counts_that_the_records_lack_do_not_stand(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--from-records"]) == 1
    out, err = capsys.readouterr()
    assert "Table II: 33 figures: 33 open" in out
    assert "audit: 65 figures are neither equal nor explained" in err  # 32 of Tables I and IV
    assert err.rstrip().endswith("and 60 more")


def test_table_2_stands_on_records_that_hold_stages(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["profile", "--no-timing", "--stages"]
    for variant in ("fassd-net", "fassd-net-l1", "fassd-net-l2"):
        command += ["--variant", variant]
    assert run(command) == 0
    assert run(["profile", "--no-timing", "--variant", "fassd-net"]) == 0  # newer, without stages
    capsys.readouterr()
    assert (elsewhere / "results").is_dir()
    out = audit(capsys, "--from-records", "--table", "2")
    assert out.startswith("Table II: 33 figures: 33 equal\n")


def test_rates_of_the_results_stand_beside_the_printed_ones(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [spec] = {c["spec_sha256"] for c in [json.loads(_profile_line(capsys))[0]]}
    record = profile("baseline", fps=123.4, spec_sha256=spec)
    append(elsewhere / "mine" / "p.jsonl", record)
    assert "123.4" not in audit(capsys, "--table", "1")
    out = audit(capsys, "--table", "1", "--results", "mine")
    assert "measured: 123.4 FPS, NVIDIA H200 under paper@" in out


def _profile_line(capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["profile", "--variant", "baseline", "--no-timing", "--json"]) == 0
    return capsys.readouterr().out


def test_a_results_folder_cannot_change_what_the_paper_printed(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from report.sample import reported

    append(elsewhere / "results" / "p.jsonl", reported("baseline", figures={"gflops": "1.0"}))
    assert "Table I: 34 figures: 16 equal" in audit(capsys, "--table", "1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--table", "5"], "--table: no such table '5'"),
        (["--format", "html"], "no format 'html'; known: json, markdown, text"),
        (["--json", "--format", "text"], "audit: --json is a format of its own"),
        (["--results", "file"], "--results: must be a folder, got file"),
        (["--table", "1", "--out", "file/a.md"], "file/a.md: cannot be written"),
    ],
)
def test_bad_requests_are_one_line_and_write_nothing(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (elsewhere / "file").write_text("x")
    assert run(["audit", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert [path.name for path in elsewhere.iterdir()] == ["file"]


def test_from_records_needs_no_torch() -> None:
    code = (
        "import sys; from harness.cli.app import run; assert run(['audit', '--from-records']) == 1;"
        "assert not {'torch', 'pandas', 'variants.registry'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        timeout=60,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
