"""Why a row has no figures of our own: said once, in the catalogue, and shown under tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.cli.reasons import report_with_reasons, with_reasons
from harness.report.bundle.definition import load_report
from harness.report.definition import load_definition
from tests.report.sample import profile
from variants.reported_only import reported_only

GUN = (
    "GUN cannot be built, so no figure of it is our own: no layer sizes beyond its DRN-D-22 "
    "encoder are public, and there is no public code."
)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_table_4_says_of_two_rows_why_they_stand_as_reported() -> None:
    notes = with_reasons(load_definition("4"), ()).footnotes
    assert notes[1] == GUN
    assert notes[0].startswith("CAS cannot be built")
    assert notes[2:] == load_definition("4").footnotes  # which says nothing of them itself
    assert not any("CAS" in note or "GUN" in note for note in notes[2:])


def test_a_network_that_somebody_measured_needs_no_reason() -> None:
    notes = with_reasons(load_definition("4"), [profile("gun")]).footnotes
    assert GUN not in notes
    assert notes[0].startswith("CAS")


@pytest.mark.parametrize("name", ["1", "2", "3"])
def test_tables_of_networks_that_can_be_built_stay_as_they_are(name: str) -> None:
    assert with_reasons(load_definition(name), ()) == load_definition(name)


def test_a_report_says_it_as_its_table_does() -> None:
    definition = load_report("paper")
    told = report_with_reasons(definition, ())
    assert GUN in told.tables[3].footnotes
    assert told.tables[:3] == definition.tables[:3]


def test_the_printed_table_and_report_have_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["table", "4", "--json"]) == 0
    assert GUN in json.loads(capsys.readouterr().out)["footnotes"]
    assert run(["report", "paper", "--out", "r"]) == 0
    assert GUN in json.loads(Path("r/table-4.json").read_text(encoding="utf-8"))["footnotes"]


def test_profile_of_a_table_leaves_them_out_and_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "m.yaml").write_text(
        "title: T\nsource: table-4\ninput: 64x128\nconvention: paper\ncolumns: [method]\n"
        "rows: [{variant: gun}, {variant: fassd-net}, {variant: nonesuch}, {variant: cas}]\n"
    )
    assert run(["profile", "--table", "m.yaml", "--no-timing", "--no-save", "--json"]) == 0
    out, err = capsys.readouterr()
    assert [record["variant"] for record in json.loads(out)] == ["fassd-net"]
    assert "reported only, left out: gun, cas\n" in err
    assert "not in the catalogue, left out: nonesuch\n" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["profile", "--variant", "gun", "--no-timing"],
        ["profile", "--variant", "fassd-net", "--variant", "gun", "--no-timing"],
        ["sweep", "--variant", "gun", "--grid", "context.alpha=1,2"],
        ["show", "gun", "--tree"],
        ["show", "gun", "--input", "64x128"],
        ["show", "gun", "--set", "context.alpha=2"],
        ["log", "add", "--variant", "gun", "a.log"],
    ],
)
def test_measuring_one_is_refused_in_one_line_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.endswith(f"reported only: {reported_only()['gun'].reason}\n")
    assert not list(tmp_path.iterdir())


def test_list_marks_them_and_keeps_the_keys_of_the_others(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["list"]) == 0
    marked = [line for line in capsys.readouterr().out.splitlines() if "(reported only)" in line]
    assert [line.split()[0] for line in marked] == ["cas", "gun"]
    assert run(["list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    keys = ["name", "title", "description", "input", "fidelity", "source", "image"]
    assert list(rows["fassd-net"]) == keys
    assert list(rows["gun"]) == [*keys, "reason"]
    assert (rows["gun"]["fidelity"], rows["gun"]["input"]) == ("reported", [512, 1024])
    # One that a catalogue of one's own builds is a row like any other.
    (tmp_path / "mine.yaml").write_text("gun: {extends: fassd-net}")
    assert run(["list", "--catalog", "mine.yaml", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows["gun"]) == keys


def test_show_says_what_is_known_and_why_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "gun"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[:2] == ["GUN (gun)", "reported only, input 1x3x512x1024"]
    assert "reason   it cannot be built: no layer sizes" in out
    # Table IV of the paper: 33.3 FPS on a Titan XP, 69.6% mIoU.
    assert lines[-1] == "reported Table IV, row 15: fps 33.3, fps_norm 29.7, miou 69.6, on Titan XP"
    assert max(map(len, lines)) <= 80
    assert run(["show", "gun", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["reason"] == reported_only()["gun"].reason
    assert (shown["input_shape"], shown["reported"][0]["device"]) == ([1, 3, 512, 1024], "Titan XP")


def test_show_takes_a_catalogue_of_ones_own_first(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text("gun: {extends: fassd-net, title: Mine}")
    assert run(["show", "gun", "--catalog", "mine.yaml"]) == 0
    assert capsys.readouterr().out.startswith("Mine (gun)\nspec ")
