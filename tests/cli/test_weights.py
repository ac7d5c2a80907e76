"""`harness weights`: what it prints, writes and refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from public_names import pairs, public_state, trained
from torch import nn

from harness.cli.app import run
from variants.build import build
from variants.catalog import load_catalog, override
from variants.spec import resolve
from variants.weights.load import load_weights

# ERFNet: 74 convolutions of two tensors, 39 BatchNorms of five; parameters as in its reference
TENSORS = 2 * 74 + 5 * 39
PARAMETERS = 2_064_191


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def network(*settings: str, seed: int = 0) -> nn.Module:
    return build(resolve(override(load_catalog()["erfnet"], settings).chosen), seed=seed)


@pytest.fixture
def erfnet() -> nn.Module:
    """An ERFNet whose weights stand in `file.pth`, under its authors' names."""
    made = trained(network(seed=1), 1)
    torch.save({"epoch": 1, "state_dict": public_state(made, pairs("erfnet"))}, "file.pth")
    return made


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    assert run(["weights", *arguments]) == status
    captured = capsys.readouterr()
    return captured.out, captured.err


@pytest.mark.usefixtures("erfnet")
def test_says_what_the_file_is_and_that_it_fits(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, "erfnet", "file.pth")
    assert err == ""
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["ERFNet", "(erfnet):", "file.pth"]
    assert lines[1][0] == "sha256"
    assert len(lines[1][1]) == 64
    assert lines[2] == ["layout", "erfnet,", "within", "state_dict"]
    assert lines[4] == ["tensors", str(TENSORS), "of", str(TENSORS)]
    assert lines[5] == ["parameters", "2,064,191", "of", "2,064,191"]
    assert len(lines) == 6


@pytest.mark.usefixtures("erfnet")
def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "erfnet", "file.pth", "--json")[0])
    assert found["variant"] == "erfnet"
    assert found["spec_sha256"] == resolve(load_catalog()["erfnet"].chosen).sha256
    assert (found["layout"], found["within"], found["part"]) == ("erfnet", ["state_dict"], None)
    assert found["whole"] is True
    assert found["tensors"] == TENSORS
    assert found["parameters"] == found["parameters_of_network"] == PARAMETERS
    assert (found["left_in_file"], found["left_in_network"]) == ({}, {})
    assert (found["notes"], found["warnings"], found["out"]) == ([], [], None)


def test_lists_on_standard_error_what_does_not_fit(capsys: pytest.CaptureFixture[str]) -> None:
    file = public_state(network("network.classes=20"), pairs("erfnet"))
    torch.save(file, "file.pth")
    out, err = said(capsys, "erfnet", "file.pth", status=2)
    assert out == ""
    *details, summary = err.splitlines()
    assert summary == (
        f"harness: file.pth: as layout erfnet the network takes {TENSORS - 2} of its tensors, "
        "with 2 that differ; the file has 20 classes, the network 19"
    )
    assert details == [
        "different in file and network: 2",
        "  classify.weight: file 16x20x2x2, network 16x19x2x2",
        "  classify.bias: file 20, network 19",
    ]
    out, err = said(capsys, "erfnet", "file.pth", "--set", "network.classes=20")
    assert "erfnet[network.classes=20]" in out


def test_partial_prints_what_was_left(capsys: pytest.CaptureFixture[str]) -> None:
    file = public_state(network("network.classes=20"), pairs("erfnet"))
    torch.save(file | {"extra.weight": torch.ones(1)}, "file.pth")
    out, _ = said(capsys, "erfnet", "file.pth", "--partial")
    assert f"  tensors     {TENSORS - 2} of {TENSORS}\n" in out
    # its last layer has 16 x 19 x 2 x 2 weights and 19 biases
    assert f"  parameters  {PARAMETERS - 1235:,} of {PARAMETERS:,}\n" in out
    assert out.endswith(
        "  left in the file: 3\n"
        "    extra.weight: the network has no such tensor\n"
        "    decoder.output_conv.weight: file 16x20x2x2, network 16x19x2x2\n"
        "    decoder.output_conv.bias: file 20, network 19\n"
        "  left in the network, as built: 2\n"
        "    classify.weight: file 16x20x2x2, network 16x19x2x2\n"
        "    classify.bias: file 20, network 19\n"
    )


def test_an_encoder_says_that_it_is_one_and_what_is_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = build(resolve(load_catalog()["swiftnet-rn18"].chosen))
    file = public_state(source, pairs("torchvision-resnet18"))
    torch.save(file | {"fc.weight": torch.ones(1), "fc.bias": torch.ones(1)}, "resnet18.pth")
    out, _ = said(capsys, "swiftnet-rn18", "resnet18.pth")
    assert "  part        stem and encoder, from ImageNet\n" in out
    # 20 convolutions and 20 BatchNorms of five tensors
    assert f"  tensors     120 of {len(source.state_dict())}\n" in out
    left = len(source.state_dict()) - 120
    assert out.endswith(
        "  left in the file: 2\n"
        "    fc.weight and 1 more: the classifier of ImageNet\n"
        f"  left in the network, as built: {left}\n"
        f"    context.reduce.0.weight and {left - 1} more: no part of this layout\n"
    )


def test_a_long_list_of_what_was_left_is_cut_and_counted(
    capsys: pytest.CaptureFixture[str], erfnet: nn.Module
) -> None:
    # eleven tensors of as many other shapes
    file = public_state(erfnet, pairs("erfnet"))
    biases = [key for key in file if key.endswith("conv3x1_1.bias")][:11]
    file |= {key: torch.ones(200 + n) for n, key in enumerate(biases)}
    torch.save(file, "file.pth")
    lines = said(capsys, "erfnet", "file.pth", "--partial")[0].splitlines()
    at = lines.index("  left in the file: 11")
    assert lines[at + 1] == f"    {biases[0]}: file 200, network 64"
    assert lines[at + 9] == "    ... and 3 more"


@pytest.mark.usefixtures("erfnet")
def test_the_layout_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "layout      erfnet" in said(capsys, "erfnet", "file.pth", "--layout", "erfnet")[0]
    assert "as layout esnet" in said(capsys, "erfnet", "file.pth", "--layout", "esnet", status=2)[1]


@pytest.mark.usefixtures("erfnet")
def test_a_catalogue_of_ones_own_is_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text("mine:\n  extends: erfnet\n  title: Mine\n")
    out, _ = said(capsys, "mine", "file.pth", "--catalog", "mine.yaml")
    assert out.startswith("Mine (mine): file.pth\n")


def test_out_writes_the_same_weights_in_our_own_names(
    capsys: pytest.CaptureFixture[str], erfnet: nn.Module
) -> None:
    safetensors = pytest.importorskip("safetensors")
    out, _ = said(capsys, "erfnet", "file.pth", "--out", "new/own.safetensors")
    assert out.endswith("  written     new/own.safetensors\n")
    other = network(seed=5)
    loaded = load_weights(other, Path("new/own.safetensors"))
    assert loaded.layout.name == "harness"
    theirs, ours = erfnet.state_dict(), other.state_dict()
    assert all(torch.equal(theirs[key], ours[key]) for key in theirs)
    first = json.loads(said(capsys, "erfnet", "file.pth", "--json")[0])
    with safetensors.safe_open("new/own.safetensors", "pt") as file:
        assert file.metadata() == {
            "variant": "erfnet",
            "spec_sha256": first["spec_sha256"],
            "from_sha256": first["sha256"],
            "from_layout": "erfnet",
        }


def test_out_writes_nothing_where_the_file_gives_a_part(
    capsys: pytest.CaptureFixture[str], erfnet: nn.Module
) -> None:
    file = public_state(erfnet, pairs("erfnet"))
    del file["decoder.output_conv.bias"]
    torch.save(file, "part.pth")
    Path("own.safetensors").write_text("before")
    arguments = ("erfnet", "part.pth", "--partial", "--out", "own.safetensors")
    _, err = said(capsys, *arguments, status=2)
    assert err == (
        "harness: --out: writes the weights of a whole network, "
        f"got {TENSORS - 1} tensors of {TENSORS}\n"
    )
    assert Path("own.safetensors").read_text() == "before"


@pytest.mark.usefixtures("erfnet")
def test_out_without_its_package_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    _, err = said(capsys, "erfnet", "file.pth", "--out", "own.safetensors", status=2)
    assert "harness[weights]" in err
    assert not Path("own.safetensors").exists()


def test_lists_every_layout_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = said(capsys, "--list")
    assert "torchvision-resnet18  swiftnet-rn18, bisenet-rn18\n" in out
    assert "github.com/Eromera/erfnet_pytorch d4a46fa" in out
    assert "  icnet: the release is Caffe's" in out
    found = json.loads(said(capsys, "--list", "--json")[0])
    assert found["layouts"][0]["name"] == "harness"
    assert "deeplabv3plus" in found["without"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "weights: needs VARIANT and FILE, or --list"),
        (["erfnet"], "weights: needs VARIANT and FILE, or --list"),
        *(
            (["--list", *more], "weights: --list goes with --json alone, got more")
            for more in (
                ["erfnet"],
                ["erfnet", "x.pth"],
                ["--layout", "erfnet"],
                ["--partial"],
                ["--out", "x.safetensors"],
                ["--set", "network.classes=2"],
                ["--catalog", "x.yaml"],
            )
        ),
        (["erfnett", "x.pth"], "no variant 'erfnett'; did you mean"),
        (["erfnet", "x.pth", "--layout", "?"], "x.pth: cannot be read (No such file"),
        (["erfnet", "x.pth", "--out", "x.pth"], "--out: must end in .safetensors, got x.pth"),
    ],
)
def test_a_bad_request_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = said(capsys, *arguments, status=2)
    assert out == ""
    assert err.startswith(f"harness: {message}")
    assert err.count("\n") == 1


@pytest.mark.usefixtures("erfnet")
def test_an_unknown_layout_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = said(capsys, "erfnet", "file.pth", "--layout", "erfnett", status=2)
    assert err == "harness: no layout 'erfnett'; did you mean erfnet or esnet?\n"


def test_the_list_of_layouts_needs_no_torch() -> None:
    code = "import sys; sys.modules['torch'] = None; from harness.cli.app import run; "
    done = subprocess.run(
        [sys.executable, "-c", code + "sys.exit(run(['weights', '--list']))"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "fasterseg" in done.stdout
