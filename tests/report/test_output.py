"""Reports reach the disk whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import BadRequest
from harness.report.output import write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_and_bytes_are_written_and_folders_created(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "t.md", "Δ\n")
    assert (tmp_path / "new" / "t.md").read_bytes() == "Δ\n".encode()
    write_whole(tmp_path / "f.png", b"\x89")
    assert (tmp_path / "f.png").read_bytes() == b"\x89"


def test_a_write_that_fails_leaves_the_old_report_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.md"
    path.write_text("old")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(BadRequest, match=r"t.md: cannot be written \(No space left on device\)"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["t.md"]


def test_a_ctrl_c_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "t.md", "new")
    assert names(tmp_path) == []


def test_a_folder_or_a_file_in_the_way_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadRequest, match="folder: cannot be written"):
        write_whole(tmp_path / "folder", "x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadRequest, match="cannot be written"):
        write_whole(tmp_path / "file" / "t.md", "x")
    assert names(tmp_path) == ["file", "folder"]


def test_a_report_is_readable_as_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    write_whole(tmp_path / "t.md", "x")
    assert (tmp_path / "t.md").stat().st_mode == (tmp_path / "plain").stat().st_mode
