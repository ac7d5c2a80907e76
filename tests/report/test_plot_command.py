"""`harness plot` from the command line's end."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.app import run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder: no command may lean on the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_by_default_figure_1_goes_to_reports_and_its_path_is_printed(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plot"]) == 0
    assert capsys.readouterr() == ("reports/fig1.pdf\n", "")
    assert (elsewhere / "reports" / "fig1.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(("name", "start"), [("f.png", b"\x89PNG"), ("f.SVG", b"<?xml")])
def test_the_suffix_decides_the_format(elsewhere: Path, name: str, start: bytes) -> None:
    assert run(["plot", "fig1", "--out", name]) == 0
    assert (elsewhere / name).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fig2"], "no figure 'fig2' (nor a .yaml file); did you mean fig1?"),
        (["1"], "no figure '1'"),
        (["--out", "f.jpg"], "plot: --out must end in .pdf, .png, .svg or .html, got f.jpg"),
        (["--out", "file/f.pdf"], "file/f.pdf: cannot be written"),
        (["broken.yaml"], "broken.yaml:2: not plain YAML"),
    ],
)
def test_bad_requests_are_one_line_and_write_nothing(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (elsewhere / "file").write_text("x")
    (elsewhere / "broken.yaml").write_text("title: [\n")
    assert run(["plot", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert sorted(path.name for path in elsewhere.iterdir()) == ["broken.yaml", "file"]
