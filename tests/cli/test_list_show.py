import json

import pytest

from harness.cli.app import run

# Table II of the paper: stage, name, type, output size (height x width x channels)
TABLE_II = [
    ("Encoder", "Stem Conv", ["Conv 3×3 (s=2)"], [512, 1024, 16]),
    ("Encoder", "Stem Conv", ["Conv 3×3"], [512, 1024, 24]),
    ("Encoder", "Stem Conv", ["Conv 3×3 (s=2)"], [256, 512, 32]),
    ("Encoder", "Stem Conv", ["Conv 3×3"], [256, 512, 48]),
    ("Encoder", "Encoder B1", ["HarDBlock (L=4)"], [256, 512, 64]),
    ("Encoder", "Encoder B2", ["2D Average Pooling", "HarDBlock (L=4)"], [128, 256, 96]),
    ("Encoder", "Encoder B3", ["2D Average Pooling", "HarDBlock (L=8)"], [64, 128, 160]),
    ("Encoder", "Encoder B4", ["2D Average Pooling", "HarDBlock (L=8)"], [32, 64, 224]),
    ("Decoder", "DAPF", ["-"], [32, 64, 224]),
    ("Decoder", "MDA", ["-"], [64, 128, 192]),
    ("Decoder", "Decoder B1", ["HarDBlock (L=8)"], [64, 128, 160]),
    ("Decoder", "MDA", ["-"], [128, 256, 119]),
    ("Decoder", "Decoder B2", ["HarDBlock (L=4)"], [128, 256, 78]),
    ("Decoder", "MDA", ["-"], [256, 512, 63]),
    ("Decoder", "Decoder B3", ["HarDBlock (L=4)"], [256, 512, 48]),
    ("Decoder", "Output Conv", ["Conv 1×1"], [256, 512, 19]),
    ("Decoder", "Output Conv", ["Upsampling ×4"], [1024, 2048, 19]),
]


def show(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert run(["show", "--json", *arguments]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert isinstance(shown, dict)
    return shown


def test_shows_table_ii_of_the_paper(capsys: pytest.CaptureFixture[str]) -> None:
    stages = show(capsys, "fassd-net")["stages"]
    assert [(s["stage"], s["name"], s["type"], s["output_size"]) for s in stages] == TABLE_II  # type: ignore[attr-defined]


@pytest.mark.parametrize("variant", ["fassd-net", "baseline-aspp", "fc-hardnet-70-l2"])
def test_the_stages_add_up_to_the_network(capsys: pytest.CaptureFixture[str], variant: str) -> None:
    stages = show(capsys, variant)["stages"]
    [network] = show(capsys, variant, "--tree", "--depth", "0")["modules"]  # type: ignore[misc]
    assert sum(s["params"] for s in stages) == network["params"]  # type: ignore[index, attr-defined]
    assert sum(s["macs"] for s in stages) == network["macs"]["conv"]  # type: ignore[index, attr-defined]


def test_a_tree_is_cut_at_its_depth(capsys: pytest.CaptureFixture[str]) -> None:
    modules = show(capsys, "fassd-net", "--tree", "--depth", "1")["modules"]
    paths = [m["path"] for m in modules]  # type: ignore[attr-defined]
    assert paths == ["", "stem", "encoder", "context", "decoder", "fusion", "head"]


def test_settings_and_input_change_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    shown = show(capsys, "fassd-net", "--set", "context.name=none", "--input", "512x1024")
    names = [s["name"] for s in shown["stages"]]  # type: ignore[attr-defined]
    assert "DAPF" not in names
    assert shown["stages"][-1]["output_size"] == [512, 1024, 19]  # type: ignore[index]


def test_a_table_fits_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["show", "fassd-net-l1"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    assert "1024×2048×19" in out
    assert "Upsampling ×6" in out  # strides 3, 1, 2, 1


def test_shows_where_a_network_is_from_and_what_it_is_fed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = show(capsys, "fassd-net")
    assert shown["fidelity"] == "official"
    assert shown["source"]["repo"] == "github.com/GibranBenitez/FASSD-Net"  # type: ignore[index]
    assert shown["image"]["colour"] == "bgr"  # type: ignore[index]
    assert run(["show", "fassd-net"]) == 0
    out = capsys.readouterr().out
    assert "\nfidelity official\nsource   github.com/GibranBenitez/FASSD-Net, " in out
    assert "\nimage    BGR in 0..255, minus [103.53, 116.28, 123.675], over [57.375, " in out


def test_lists_input_origin_and_image_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    row = rows["baseline-aspp"]
    assert (row["input"], row["fidelity"]) == ([1024, 2048], "paper")
    assert row["image"]["scale"] == 255
    assert row["source"]["commit"] == ""


def test_lists_every_variant_and_component(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list"]) == 0
    assert "fassd-net-l1" in capsys.readouterr().out
    assert run(["list", "components"]) == 0
    out = capsys.readouterr().out
    assert "context.dapf" in out
    assert "alpha: int = 2" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "fasd-net"], "did you mean fassd-net"),
        (["show"], "variant"),
        (["list", "networks"], "networks"),
        (["shwo", "fassd-net"], "shwo"),
    ],
)
def test_a_bad_request_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_every_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("list", "show", "profile", "table", "plot", "audit"):
        assert run([command, "--help"]) == 0
        assert f"harness {command}" in capsys.readouterr().out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("harness 0.")


def test_without_a_command_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "\n  profile" in capsys.readouterr().out
