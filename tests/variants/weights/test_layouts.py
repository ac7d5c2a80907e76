"""Every layout pairs the right modules: those that do the same, not only those of one shape."""

import json
from pathlib import Path

import pytest
import torch
from public_names import PUBLIC, modules_in_order, pairs, public_state, trained

from variants.build import build, skeleton
from variants.catalog import load_catalog, override
from variants.errors import BadRequest
from variants.spec import resolve
from variants.weights.layout import Layout, each, under
from variants.weights.layouts import OWN, WITHOUT, find_layout, layouts
from variants.weights.load import load_weights

GOLDEN = Path(__file__).parents[2] / "golden"
RELEASED = json.loads((GOLDEN / "released-checkpoints.json").read_text())
CONVOLUTIONS = json.loads((GOLDEN / "public-convolutions.json").read_text())
PARTS = [name for name in PUBLIC if PUBLIC[name][2]]
BY_VARIANT = {PUBLIC[name][0]: name for name in PUBLIC if name not in PARTS}
# what else an ImageNet file holds, by its project's own classifier
CLASSIFIERS = {
    "torchvision-resnet18": "fc", "pspnet-imagenet": "fc", "erfnet-imagenet": "classifier.linear",
    "espnetv2-imagenet": "classifier",
}  # fmt: skip
# what heads=train builds: public module, ours
TRAINING = {
    "bisenet-torchseg": {
        f"heads.{n}.{public}": f"auxiliary.{n}.{ours}"
        for n in (0, 1)
        for public, ours in (("conv_3x3.conv", "0.0"), ("conv_3x3.bn", "0.1"), ("conv_1x1", "1"))
    },
    "pspnet-semseg": {"aux.0": "auxiliary.0.0", "aux.1": "auxiliary.0.1", "aux.4": "auxiliary.2"},
    "erfnet": {"encoder.output_conv": "encoder_head"},
    "esnet": {"encoder_output_conv": "encoder_head"},
    "lednet": {"encoder.output_conv": "encoder_head"},
    "fast-scnn-tramac": {
        "auxlayer.0": "auxiliary.0.0", "auxlayer.1": "auxiliary.0.1", "auxlayer.4": "auxiliary.2",
    },
    "contextnet": {
        "auxlayer.0": "auxiliary.0.0", "auxlayer.1": "auxiliary.0.1", "auxlayer.4": "auxiliary.2",
    },
    "espnetv2": {f"net.level{n + 2}_0.eesp.module_act": f"never_run.{n}" for n in range(3)},
    "fasterseg": {
        "heads32.conv_3x3.conv": "auxiliary.0.0.0", "heads32.conv_3x3.bn": "auxiliary.0.0.1",
        "heads32.conv_1x1": "auxiliary.0.1",
        "heads16.conv_3x3.conv": "auxiliary.1.0.0", "heads16.conv_3x3.bn": "auxiliary.1.0.1",
        "heads16.conv_1x1": "auxiliary.1.1",
        "ffm.channel_attention.1.conv": "attention.0",
        "ffm.channel_attention.2.conv": "attention.1",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_the_nth_module_that_runs_there_is_the_nth_that_runs_here(name: str) -> None:
    layout = find_layout(name)
    for public, ours in pairs(name).items():
        assert layout.our_key(f"{public}.weight") == f"{ours}.weight"


@pytest.mark.parametrize("variant", sorted(CONVOLUTIONS))
def test_the_convolutions_are_those_that_the_public_code_ran(variant: str) -> None:
    # names by the public code itself; ours by the shapes of a network that is held against it
    network = skeleton(resolve(load_catalog()[variant].chosen))
    ours = [
        path for path in modules_in_order(variant)
        if "Conv" in type(network.get_submodule(path)).__name__
    ]  # fmt: skip
    layout = find_layout(BY_VARIANT[variant])
    found = [layout.our_key(f"{public}.weight") for public in CONVOLUTIONS[variant]]
    assert found == [f"{path}.weight" for path in ours]


@pytest.mark.parametrize("name", sorted(set(PUBLIC) - set(PARTS)))
def test_gives_every_tensor_of_the_network_exactly_once(name: str) -> None:
    variant = PUBLIC[name][0]
    heads = TRAINING.get(name, {})
    row = override(load_catalog()[variant], ["network.heads=train"] if heads else [])
    network = skeleton(resolve(row.chosen))
    public = public_state(network, pairs(name) | heads)
    mapped = [find_layout(name).our_key(key) for key in public]
    assert sorted(map(str, mapped)) == sorted(network.state_dict())
    for key, ours in zip(public, mapped, strict=True):
        assert public[key].shape == network.state_dict()[str(ours)].shape


@pytest.mark.parametrize("name", PARTS)
def test_gives_every_tensor_of_its_part_exactly_once_and_names_the_classifier(name: str) -> None:
    variant, _, parts = PUBLIC[name]
    network, layout = skeleton(resolve(load_catalog()[variant].chosen)), find_layout(name)
    public = public_state(network, pairs(name))
    mapped = [layout.our_key(key) for key in public]
    ours = [key for key in network.state_dict() if key.split(".")[0] in parts]
    assert sorted(map(str, mapped)) == sorted(ours)
    assert [key for key in network.state_dict() if layout.holds(key)] == ours
    for leaf in ("weight", "bias"):
        assert layout.no_place_for(f"{CLASSIFIERS[name]}.{leaf}") == "the classifier of ImageNet"


@pytest.mark.parametrize("released", sorted(RELEASED))
def test_gives_every_tensor_of_the_released_networks_exactly_once(released: str) -> None:
    reference = RELEASED[released]
    name = "fassd-net" if "fassd" in released else "fc-hardnet"
    network = skeleton(resolve(load_catalog()[reference["network"]].chosen)).state_dict()
    mapped = {find_layout(name).our_key(key): shape for key, shape in reference["state_dict"]}
    assert mapped == {key: list(tensor.shape) for key, tensor in network.items()}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_outputs_come_through_a_file_of_the_layout(name: str, tmp_path: Path) -> None:
    spec = resolve(load_catalog()[PUBLIC[name][0]].chosen)
    network, other = trained(build(spec, seed=1), 1), build(spec, seed=2)
    parts = PUBLIC[name][2]
    if parts:  # the rest is not in such a file: the same on both sides
        mine = {
            key: tensor for key, tensor in network.state_dict().items()
            if key.split(".")[0] not in parts
        }  # fmt: skip
        other.load_state_dict(mine, strict=False)
    held = {f"module.{key}": value for key, value in public_state(network, pairs(name)).items()}
    torch.save({"epoch": 3, "state_dict": held}, tmp_path / "file.pth")
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert not torch.equal(network(image), other(image))
        loaded = load_weights(other, tmp_path / "file.pth")
        assert loaded.layout.name == name
        assert torch.equal(network(image), other(image))


def test_training_heads_are_taken_where_they_are_built_and_named_where_not(tmp_path: Path) -> None:
    for name, heads in TRAINING.items():
        row = load_catalog()[PUBLIC[name][0]]
        spec = resolve(override(row, ["network.heads=train"]).chosen)
        if PUBLIC[name][0] == "pspnet":
            continue  # a quarter of a gigabyte; the bijection above has its head
        network = trained(build(spec, seed=1), 1)
        torch.save(public_state(network, pairs(name) | heads), tmp_path / "file.pth")
        whole = build(spec, seed=2)
        assert not load_weights(whole, tmp_path / "file.pth").left_in_file
        for ours in heads.values():
            key = f"{ours}.weight"
            assert torch.equal(whole.state_dict()[key], network.state_dict()[key])
        without = load_weights(build(resolve(row.chosen)), tmp_path / "file.pth")
        assert {key.rpartition(".")[0] for key in without.left_in_file} == set(heads)
        assert without.whole


def test_the_imagenet_base_of_hardnet_is_stem_and_encoder(tmp_path: Path) -> None:
    reference = RELEASED["fc-hardnet-70@128x256"]["state_dict"]
    file = {
        key.removeprefix("base."): torch.rand(shape) if shape else torch.tensor(7)
        for key, shape in reference
        if key.startswith("base.")
    }
    torch.save(file, tmp_path / "hardnet_petite_base.pth")
    # FASSD-Net is without the fifth stage: 16 (its block) and 17 (its 1x1)
    for variant, deeper in (("fc-hardnet-70", set()), ("fassd-net", {"16", "17"})):
        network = build(resolve(load_catalog()[variant].chosen))
        loaded = load_weights(network, tmp_path / "hardnet_petite_base.pth")
        assert loaded.layout.name == "hardnet-petite"
        assert not loaded.whole
        assert {key.split(".")[0] for key in loaded.taken} == {"stem", "encoder"}
        assert {key.split(".")[0] for key in loaded.left_in_network}.isdisjoint({"stem", "encoder"})
        assert {key.split(".")[0] for key in loaded.left_in_file} == deeper
        first = network.state_dict()["encoder.blocks.0.layers.1.0.weight"]
        assert torch.equal(first, file["4.layers.1.conv.weight"])


@pytest.mark.parametrize("variant", ["swiftnet-rn18", "bisenet-rn18", "fassd-net"])
def test_an_imagenet_resnet_goes_into_every_encoder_that_is_one(
    variant: str, tmp_path: Path
) -> None:
    settings = ["stem.name=resnet", "encoder.name=resnet18", "decoder.name=conv"]
    row = override(load_catalog()[variant], settings if variant == "fassd-net" else [])
    source = build(resolve(load_catalog()["swiftnet-rn18"].chosen), seed=3)
    file = public_state(source, pairs("torchvision-resnet18"))
    file |= {"fc.weight": torch.rand(1000, 512), "fc.bias": torch.rand(1000)}
    torch.save(file, tmp_path / "resnet18.pth")
    network = build(resolve(row.chosen))
    loaded = load_weights(network, tmp_path / "resnet18.pth")
    assert loaded.layout.name == "torchvision-resnet18"
    assert loaded.left_in_file == {
        "fc.weight": "the classifier of ImageNet", "fc.bias": "the classifier of ImageNet",
    }  # fmt: skip
    # ResNet-18 without its classifier has 11,176,512 parameters
    assert loaded.parameters == 11_176_512
    key = "encoder.blocks.3.0.shortcut.0.weight"
    assert torch.equal(network.state_dict()[key], file["layer4.0.downsample.0.weight"])


def test_a_layout_of_a_part_may_lack_nothing_of_that_part(tmp_path: Path) -> None:
    source = build(resolve(load_catalog()["swiftnet-rn18"].chosen), seed=3)
    file = public_state(source, pairs("torchvision-resnet18"))
    del file["layer2.0.conv1.weight"]
    torch.save(file, tmp_path / "resnet18.pth")
    with pytest.raises(BadRequest, match=r"with 1 missing\n.*\n  encoder.blocks.1.0.layers.0.0"):
        load_weights(
            build(resolve(load_catalog()["swiftnet-rn18"].chosen)), tmp_path / "resnet18.pth"
        )


def test_cells_of_fasterseg_that_two_branches_share_must_be_equal(tmp_path: Path) -> None:
    spec = resolve(load_catalog()["fasterseg"].chosen)
    file = public_state(build(spec, seed=1), pairs("fasterseg"))
    shared = {k.replace("-0.", "-1."): v.clone() for k, v in file.items() if k[:8] in
              ("cells.0-", "cells.1-", "cells.2-")}  # fmt: skip
    torch.save(file | shared, tmp_path / "file.pth")
    assert load_weights(build(spec), tmp_path / "file.pth").whole
    shared["cells.1-1._op._op.conv2.weight"] += 1
    torch.save(file | shared, tmp_path / "file.pth")
    with pytest.raises(BadRequest, match=r"1 that differ.*\n.*\n.*shared.1.1.0.weight: cells.1-0"):
        load_weights(build(spec), tmp_path / "file.pth")
    # in part, neither of the two is taken, whichever comes first in the file
    good, other = file.pop("cells.1-0._op._op.conv2.weight"), torch.ones(1)
    del shared["cells.1-1._op._op.conv2.weight"]
    for first, second in ((good, other), (other, good)):
        both = {f"cells.1-{n}._op._op.conv2.weight": t for n, t in enumerate((first, second))}
        torch.save(file | shared | both, tmp_path / "file.pth")
        loaded = load_weights(build(spec), tmp_path / "file.pth", partial=True)
        assert "shared.1.1.0.weight" not in loaded.taken
        assert "shared.1.1.0.weight" in loaded.left_in_network


def test_the_normalisation_in_files_of_swiftnet_has_no_place_and_says_so(tmp_path: Path) -> None:
    spec = resolve(load_catalog()["swiftnet-rn18"].chosen)
    file = public_state(build(spec, seed=1), pairs("swiftnet"))
    file |= {f"backbone.img_{name}": torch.ones(1, 3, 1, 1) for name in ("mean", "std", "scale")}
    torch.save(file, tmp_path / "file.pth")
    loaded = load_weights(build(spec), tmp_path / "file.pth")
    assert sorted(loaded.left_in_file) == [f"backbone.img_{n}" for n in ("mean", "scale", "std")]
    assert all("normalisation" in why for why in loaded.left_in_file.values())


def test_every_public_layout_is_tested_here() -> None:
    of_hardnet = {"fc-hardnet", "fassd-net", "hardnet-petite"}
    assert set(layouts()) == {"harness", *PUBLIC, *of_hardnet}


def test_every_variant_has_a_layout_or_a_reason_why_not() -> None:
    spoken_of = {name for layout in layouts().values() for name in layout.variants}
    spoken_of |= {name for names in WITHOUT for name in names.split(", ")}
    ablations = {name for name in load_catalog() if name.startswith("baseline-")}
    assert set(load_catalog()) - ablations <= spoken_of


def test_the_sources_are_those_of_the_catalogue() -> None:
    catalog = load_catalog()
    for layout in layouts().values():
        if layout is OWN or layout.name in ("torchvision-resnet18", "fc-hardnet", "hardnet-petite"):
            continue
        source = catalog[layout.variants[0]].source
        assert source is not None
        assert layout.source.startswith(source.repo)
        if source.commit and layout.name != "swiftnet":
            assert f" {source.commit[:7]}," in layout.source


def test_a_layout_counts_through_its_numbers() -> None:
    layout = Layout(
        name="x", variants=(), source="",
        modules={**under("a.*.b", "c.*", {"d.*": "*", "": "e"}), "a.7.b.d.0": "special"},
    )  # fmt: skip
    assert layout.our_key("a.3.b.d.5.weight") == "c.3.5.weight"
    assert layout.our_key("a.3.b.bias") == "c.3.e.bias"
    assert layout.our_key("a.7.b.d.0.weight") == "special.weight"  # the exact path wins
    assert layout.our_key("a.x.b.d.5.weight") is None
    assert layout.our_key("weight") is None


def test_each_puts_modules_inside_of_several() -> None:
    assert each([("a", "x"), ("b", "y")], {"conv": "0"}) == {"a.conv": "x.0", "b.conv": "y.0"}


def test_our_own_names_are_a_layout_too() -> None:
    assert OWN.our_key("head.classify.weight") == "head.classify.weight"


def test_an_unknown_layout_is_refused_with_what_is_near() -> None:
    with pytest.raises(BadRequest, match="no layout 'erfnett'; did you mean erfnet"):
        find_layout("erfnett")
