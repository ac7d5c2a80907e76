"""`harness plot` from the command line's end."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.cli.app import run
from harness.store import append, path_for

from .sample import profile, timing
from .test_curve import record
from .test_figure import logged

FIGURE = """\
title: T
source: table-4
fps: reported
x: {figure: fps_norm, label: FPS, range: [3, 200]}
y: {figure: miou, label: mIoU}
groups:
  - {group: 0, label: a, marker: o, colour: "#000000"}
  - {group: 1, label: b, marker: s, colour: "#000000"}
  - {group: 2, label: c, marker: D, colour: "#000000"}
  - {group: 3, label: d, marker: v, colour: "#000000"}
"""


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
        (["crve"], "no figure 'crve' (nor a .yaml file); did you mean curve?"),
        (["--fps", "mesured"], "--fps: no such origin 'mesured'; did you mean measured?"),
        (["--size-by", "prams"], "--size-by: no figure 'prams'; did you mean params?"),
        (["--x", "context.alpha"], "plot: --x is of curves, which fig1 is not, got context.alpha"),
        (["curve", "--front"], "plot: --front is of figures with points, not of a curve"),
        (["curve", "--y", "params"], "plot curve: needs --x OPTION and --y METRIC"),
        (["curve", "--x", "a", "--y", "parms"], "--y: no metric 'parms'; did you mean params?"),
        (["curve", "--x", "a.b", "--y", "params"], "figure curve: no record has params"),
        (["font.yaml"], "figure font: font must be one that matplotlib finds, got 'Nope'"),
        (["zero.yaml", "--log-x"], "--log-x: the range of x must begin above 0, got [0.0, 200.0]"),
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
    (elsewhere / "font.yaml").write_text(FIGURE + "font: Nope\n")
    (elsewhere / "zero.yaml").write_text(FIGURE.replace("[3, 200]", "[0, 200]"))
    (elsewhere / "reports").mkdir()
    for old in ("fig1", "font", "zero", "curve"):  # drawn earlier: must stay as it is
        (elsewhere / "reports" / f"{old}.pdf").write_text("old")
    before = sorted(elsewhere.iterdir())
    assert run(["plot", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert sorted(elsewhere.iterdir()) == before
    assert {path.read_text() for path in (elsewhere / "reports").iterdir()} == {"old"}
    assert len(list((elsewhere / "reports").iterdir())) == 4


def points(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(["plot", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def store(folder: Path, *records: Any) -> None:
    for each in records:
        append(path_for(folder, each), each)


def test_json_prints_the_points_and_writes_only_what_is_named(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = points(capsys)
    assert list(elsewhere.iterdir()) == []
    assert (figure["x"]["figure"], figure["x"]["range"]) == ("fps_norm", [3, 144])
    last = figure["points"][-1]
    assert last == {
        "label": "FASSD-Net (ours)",
        "variant": "fassd-net",
        "group": 3,
        "ours": True,
        "x": 41.1,
        "x_text": "41.1",
        "x_kind": "reported",
        "x_ci95": None,
        "x_exact": True,
        "y": 78.8,
        "y_text": "78.8",
        "y_kind": "reported",
        "y_ci95": None,
        "y_exact": True,
        "size": None,
        "size_text": None,
        "size_kind": None,
        "size_ci95": None,
        "size_exact": None,
        "approximate": False,
        "pinned": [],
        "on_front": True,
        "records": last["records"],
    }
    [record] = last["records"]
    assert (record["table"], record["row"], record["variant"]) == ("table-4", 18, "fassd-net")
    pinned = {p["label"]: (p["x"], p["pinned"]) for p in figure["points"] if p["pinned"]}
    assert pinned["FC-HarDNet-70 (L2)"] == (152.8, ["right"])
    points(capsys, "--out", "f.svg")
    assert [path.name for path in elsewhere.iterdir()] == ["f.svg"]


def test_points_alone_load_nothing_that_draws() -> None:
    code = (
        "import sys; from harness.cli.app import run; status = run(['plot', '--json']);"
        "print([m for m in ('torch', 'matplotlib', 'seaborn', 'pandas', 'numpy') "
        "if m in sys.modules], file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_flags_decide_over_what_the_figure_says(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert points(capsys)["front"] != []
    assert points(capsys, "--no-front")["front"] == []
    assert points(capsys, "--log-x")["x"]["scale"] == "log"
    sized = points(capsys, "--size-by", "params")
    assert (sized["size"], sized["points"][-1]["size"]) == ("params_m", 2.85)
    assert points(capsys, "--size-by", "gflops")["points"][-1]["size"] == 45.1
    (elsewhere / "mine.yaml").write_text(FIGURE + "size: params_m\n")
    assert points(capsys, "mine.yaml", "--size-by", "none")["size"] is None
    assert points(capsys, "mine.yaml", "--front")["front"] != []


def test_own_measurements_are_drawn_where_they_are_asked_for(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = timing(45.0, fps_ci95=(44.0, 46.0))
    store(
        elsewhere / "results",
        profile("fassd-net", timing=own, device="GTX 1080 Ti"),
        profile("fassd-net", fps=90.0, device="Titan X (Pascal)"),
        logged("fassd-net", 0.79),
    )
    last = points(capsys)["points"][-1]
    assert (last["x"], last["x_kind"], last["y"], last["y_kind"]) == (
        41.1,
        "reported",
        79,
        "logged",
    )
    last = points(capsys, "--fps", "auto", "--device", "1080")["points"][-1]
    assert (last["x"], last["x_kind"], last["x_ci95"]) == (45.0, "measured", [44.0, 46.0])
    assert [r["kind"] for r in last["records"]] == ["profile", "logged"]
    only = points(capsys, "--fps", "measured", "--device", "Pascal")["points"]
    assert [(p["variant"], round(p["x"], 2)) for p in only] == [("fassd-net", round(90 / 1.03, 2))]
    assert run(["plot", "--fps", "measured", "--protocol", "nope", "--json"]) == 2
    assert "for --protocol nope; known: paper@" in capsys.readouterr().err


def test_a_curve_is_drawn_from_flags_or_from_a_file(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(
        elsewhere / "mine",
        *(record(alpha=a, dilations=d, params=a * d[0] * 10**6)
          for a in (1, 2) for d in ((8, 4, 2), (1, 1, 1))),
    )  # fmt: skip
    flags = ["curve", "--x", "context.alpha", "--y", "params", "--results", "mine"]
    assert run(["plot", *flags]) == 2
    assert "so do fusion.dilations (1-1-1, 8-4-2)" in capsys.readouterr().err
    assert run(["plot", *flags, "--hue", "fusion.dilations"]) == 0
    assert capsys.readouterr().out == "reports/curve.pdf\n"
    assert (elsewhere / "reports" / "curve.pdf").read_bytes().startswith(b"%PDF-")
    styled = points(capsys, *flags, "--style", "fusion.dilations")
    assert [p["style"] for p in styled["points"]] == ["1-1-1", "8-4-2"] * 2
    found = points(capsys, *flags, "--where", "fusion.dilations=8-4-2")
    assert [(p["x"], p["y"], p["y_kind"]) for p in found["points"]] == [
        (1, 8, "measured"), (2, 16, "measured"),
    ]  # fmt: skip
    assert found["points"][0]["records"][0]["variant"] == "fassd-net"
    averaged = points(capsys, *flags, "--average-over", "fusion.dilations")
    assert len(averaged["points"]) == 4
    (elsewhere / "c.yaml").write_text("kind: curve\ntitle: T\nx: context.alpha\ny: params\n")
    arguments = ["c.yaml", "--results", "mine", "--where", "fusion.dilations=1-1-1", "--log-x"]
    assert [p["y"] for p in points(capsys, *arguments)["points"]] == [1, 2]
    assert run(["plot", *arguments, "--out", "c.png"]) == 0
    assert run(["plot", *arguments, "--y", "fps"]) == 2
    assert "plot: --y is decided by c.yaml, got fps" in capsys.readouterr().err


def test_flags_add_to_what_the_file_of_a_curve_says(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(
        elsewhere / "results",
        *(record(alpha=a, dilations=d, params=10**6) for a in (1, 2) for d in ((8,), (1,))),
    )
    (elsewhere / "c.yaml").write_text("kind: curve\ntitle: T\nx: context.alpha\ny: params\n")
    option = "fusion.dilations"
    hued, styled, averaged = (
        points(capsys, "c.yaml", flag, option) for flag in ("--hue", "--style", "--average-over")
    )
    assert [(p["hue"], p["style"]) for p in hued["points"]] == [("1", None), ("8", None)] * 2
    assert [(p["hue"], p["style"]) for p in styled["points"]] == [(None, "1"), (None, "8")] * 2
    assert averaged["average_over"] == [option]


def test_the_device_and_protocol_of_a_curve_are_chosen_by_flags(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(elsewhere / "results", record(50.0, alpha=1), record(2.0, alpha=1, device="A CPU"))
    flags = ["curve", "--x", "context.alpha", "--y", "fps"]
    assert run(["plot", *flags]) == 2
    assert "decide with --device" in capsys.readouterr().err
    assert [p["y"] for p in points(capsys, *flags, "--device", "cpu")["points"]] == [2.0]
    assert run(["plot", *flags, "--device", "cpu", "--protocol", "latency"]) == 2
    assert "no timing for --protocol latency; known: paper@" in capsys.readouterr().err


def test_what_is_left_out_or_cannot_be_shown_is_a_warning(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "mine.yaml").write_text(
        FIGURE.replace("source: table-4", "input: 8x8\nrows: [{variant: 网, group: 0}, "
                       "{variant: b, group: 0}]")
        .replace("fps: reported", "fps: measured").replace("fps_norm", "fps")
    )  # fmt: skip
    store(
        elsewhere / "results",
        profile("网", fps=50.0, input_shape=(1, 3, 8, 8)),
        logged("网", 0.5),
    )
    assert run(["plot", "mine.yaml"]) == 0
    out, err = capsys.readouterr()
    assert out == "reports/mine.pdf\n"
    lines = err.splitlines()
    assert all(line.startswith("warning: ") for line in lines)
    assert "warning: b is not drawn: fps: no figure" in lines
    assert re.search(r"font DejaVu Sans has no 网 \(U\+7F51\)", err)
