"""The column FPS (norm.): unlike devices side by side, unlike protocols not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BadRequest
from harness.records import ProfileRecord, Record
from harness.report.build import Choices, build_table
from harness.report.definition import load_definition
from harness.report.formats import FORMATS, render
from harness.report.model import Cell, Table
from harness.report.speed import FpsChoice

from .sample import CPU, GPU, profile, protocol, reported, timing, trained

XP = "NVIDIA TITAN Xp"  # 1.12
TI = "NVIDIA GeForce GTX 1080 Ti"  # 1

DEFINITION = """\
title: Mine
source: table-1
input: 1024x2048
convention: paper
columns: [method, fps_norm]
rows: [{variant: a}, {variant: b}, {variant: c}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(DEFINITION, encoding="utf-8")
    return tmp_path


def table(folder: Path, *records: Record, **choice: Any) -> Table:
    return build_table(
        load_definition(folder / "mine.yaml"), records, Choices(fps=FpsChoice(**choice))
    )


def cells(built: Table) -> list[Cell]:
    return [row.cells[1] for row in built.rows]


def texts(built: Table) -> list[str]:
    return [cell.text for cell in cells(built)]


def timed(variant: str, fps: float, device: str, **keys: Any) -> ProfileRecord:
    record: ProfileRecord = profile(
        variant, device=device, timing=timing(fps, protocol=protocol(**keys))
    )
    return record


def printed(variant: str, fps_norm: str, **changes: Any) -> Record:
    return reported(variant, figures={"fps": "1.0", "fps_norm": fps_norm}, **changes)


def refusal(folder: Path, *records: Record, **choice: Any) -> str:
    with pytest.raises(BadRequest) as caught:
        table(folder, *records, **choice)
    return str(caught.value)


def test_trained_weights_and_weights_as_built_do_not_share_the_column(folder: Path) -> None:
    plain, with_file = timed("a", 112.0, XP), timed("b", 50.0, TI)
    with_file = replace(with_file, weights=trained())
    message = refusal(folder, plain, with_file)
    assert 'protocols differ in weights (as built, "trained")' in message
    built = table(folder, with_file)
    assert "FPS (norm.): with the weights of b c.pth@cccccccc." in built.footnotes


def test_unlike_devices_share_the_column_with_their_scales_in_a_note(folder: Path) -> None:
    built = table(folder, timed("a", 112.0, XP), timed("b", 50.0, TI), printed("c", "41.1"))
    assert texts(built) == ["100.0", "50.0", "41.1"]
    assert [cell.kind for cell in cells(built)] == ["measured", "measured", "reported"]
    assert cells(built)[0].value == pytest.approx(100.0)
    assert [row[1] for row in built.marks()] == ["", "", "†"]
    notes = "\n".join(built.footnotes)
    assert "an estimate of the FPS on GTX 1080 Ti" in notes
    assert f"{XP} by 1.12, {TI} by 1." in notes
    assert "Table IV): " in notes  # whose scales they are
    assert "FPS (norm.): protocol paper@" in notes
    assert "FPS (norm.): as reported, normalised there, of GTX 1080 Ti." in notes
    assert "–" not in notes


def test_a_device_without_a_scale_is_a_dash_and_the_note_names_the_way_out(folder: Path) -> None:
    built = table(folder, timed("a", 112.0, XP), timed("b", 50.0, GPU), printed("b", "41.1"))
    assert texts(built) == ["100.0", "–", "–"]
    notes = "\n".join(built.footnotes)
    assert f"– in FPS (norm.): the paper's table has no scale of {GPU}; give one in" in notes
    assert "by the key `scales` of this table's definition" in notes
    assert "`harness compare A B --across device` measures it" in notes
    assert "– in FPS (norm.): not timed, or nowhere reported." in notes


def test_a_table_of_scales_lies_beside_the_definition(folder: Path) -> None:
    (folder / "mine.yaml").write_text(DEFINITION + "scales: own.yaml\n")
    (folder / "own.yaml").write_text(
        f"extends: paper\nsource: ours\ndevices: [{{name: {GPU}, scale: 10}}]\n"
    )
    built = table(folder, timed("a", 50.0, GPU))
    assert texts(built)[0] == "5.00"
    assert any("(ours): NVIDIA H200 by 10." in note for note in built.footnotes)
    (folder / "own.yaml").unlink()
    assert "own.yaml: cannot be read" in refusal(folder)


def test_tensorrt_is_divided_out_and_said_so(folder: Path) -> None:
    keys = {"backend": "onnxruntime", "provider": "tensorrt"}
    built = table(folder, timed("a", 165.0, TI, **keys))
    assert texts(built)[0] == "100.0"
    assert any(f"{TI} by 1 and by 1.65 for TensorRT." in note for note in built.footnotes)


def test_unlike_protocols_are_refused_on_one_device_and_on_two(folder: Path) -> None:
    for device in (XP, TI):
        message = refusal(folder, timed("a", 1, XP), timed("b", 1, device, tf32=True))
        assert message.startswith("FPS (norm.) column: one protocol, got NVIDIA TITAN Xp under")
        assert message.endswith("protocols differ in tf32 (false, true); decide with --protocol")


def test_what_a_device_brings_with_it_may_differ_between_devices_only(folder: Path) -> None:
    a = timed("a", 112, XP, threads=2, warmup=50)
    assert texts(table(folder, a, timed("b", 50, TI, threads=8, warmup=2)))[:2] == ["100.0", "50.0"]
    assert "protocols differ in threads (2, 8)" in refusal(
        folder, a, timed("b", 50, XP, threads=8, warmup=50)
    )


def test_a_choice_narrows_the_measured_figures_and_leaves_the_reported_ones(folder: Path) -> None:
    records = (timed("a", 112, XP), timed("b", 50, TI), printed("c", "41.1"))
    assert texts(table(folder, *records, device="xp")) == ["100.0", "–", "41.1"]
    assert texts(table(folder, *records, origin="reported")) == ["–", "–", "41.1"]
    assert texts(table(folder, *records, origin="measured")) == ["100.0", "50.0", "–"]
    assert "FPS (norm.) column: no figure for --device tpu; known: NVIDIA TITAN Xp" in refusal(
        folder, *records, device="tpu"
    )
    theirs = (printed("a", "3.0", device="Titan XP"), printed("c", "41.1"))
    assert texts(table(folder, *theirs, device="titan")) == ["3.0", "–", "–"]


def test_of_two_measurements_the_newest_with_a_scale_counts(folder: Path) -> None:
    old = timed("a", 112, XP)
    new = profile("a", fps=60.0, device=TI, created="2026-02-01T00:00:00Z")
    newest = profile("a", fps=999.0, device=GPU, created="2026-03-01T00:00:00Z")
    assert texts(table(folder, old, new, newest))[0] == "60.0"


def test_doubts_about_a_figure_are_warnings_without_a_column_fps_too(folder: Path) -> None:
    noisy = timing(50.0, warnings=("spread over 10%",))
    built = table(folder, profile("a", device=TI, timing=noisy), printed("b", "1"))
    assert "a: spread over 10%" in built.warnings


def test_the_column_needs_no_single_device_but_the_column_fps_beside_it_does(folder: Path) -> None:
    (folder / "mine.yaml").write_text(DEFINITION.replace("fps_norm]", "fps_norm, fps]"))
    mixed = (timed("a", 112, XP), timed("b", 50, TI))
    assert "FPS column: one device and one protocol" in refusal(folder, *mixed)
    assert texts(table(folder, *mixed, device="xp"))[0] == "100.0"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_prints_the_column(folder: Path, name: str) -> None:
    assert "100.0" in render(table(folder, timed("a", 112.0, XP)), name)


def test_a_cpu_is_a_device_like_any_other(folder: Path) -> None:
    built = table(folder, timed("a", 1.0, CPU))
    assert texts(built) == ["–", "–", "–"]
    assert any(f"has no scale of {CPU};" in note for note in built.footnotes)
