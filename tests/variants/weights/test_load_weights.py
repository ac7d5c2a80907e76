"""Weights into a network: all of them, or a list of what does not fit and a network unchanged."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from public_names import pairs, public_state, trained
from torch import Tensor, nn

from variants.build import build, skeleton
from variants.catalog import load_catalog, override
from variants.errors import BadRequest
from variants.reported_only import reported_only
from variants.spec import resolve
from variants.weights.fit import fitted
from variants.weights.layouts import OWN
from variants.weights.load import Misfit, load_weights


def network(variant: str = "erfnet", *settings: str, seed: int = 0) -> nn.Module:
    return build(resolve(override(load_catalog()[variant], settings).chosen), seed=seed)


def erfnet_file() -> dict[str, Tensor]:
    return public_state(trained(network(seed=1), 1), pairs("erfnet"))


def without(file: dict[str, Tensor]) -> dict[str, Tensor]:
    del file["encoder.layers.3.bn1.weight"]
    return file


def with_more(file: dict[str, Tensor]) -> dict[str, Tensor]:
    return file | {"encoder.layers.99.conv.weight": torch.ones(1)}


def with_another_shape(file: dict[str, Tensor]) -> dict[str, Tensor]:
    # as many numbers, but across instead of down
    return file | {"encoder.layers.1.conv3x1_1.weight": torch.ones(64, 64, 1, 3)}


def with_integers(file: dict[str, Tensor]) -> dict[str, Tensor]:
    return file | {"encoder.layers.0.conv.bias": torch.ones(48, dtype=torch.int8)}


@pytest.mark.parametrize(
    ("spoil", "summary", "detail"),
    [
        (without, "with 1 missing", "  encoder.2.2.layers.3.weight"),
        (with_more, "with 1 unexpected", "  encoder.layers.99.conv.weight"),
        (
            with_another_shape,
            "with 1 that differ",
            "  encoder.2.0.layers.0.weight: file 64x64x1x3, network 64x64x3x1",
        ),
        (
            with_integers,
            "with 1 that differ",
            "  encoder.1.0.conv.bias: file int8, network float32",
        ),
    ],
)
def test_what_does_not_fit_is_listed_and_the_network_is_as_it_was(
    spoil: Callable[[dict[str, Tensor]], dict[str, Tensor]],
    summary: str,
    detail: str,
    tmp_path: Path,
) -> None:
    torch.save(spoil(erfnet_file()), tmp_path / "file.pth")
    mine = network()
    before = {key: value.clone() for key, value in mine.state_dict().items()}
    with pytest.raises(Misfit) as caught:
        load_weights(mine, tmp_path / "file.pth")
    assert caught.value.summary.startswith(f"{tmp_path / 'file.pth'}: as layout erfnet")
    assert "\n" not in caught.value.summary
    assert caught.value.summary.endswith(summary)
    assert detail in caught.value.details
    assert str(caught.value) == "\n".join([caught.value.summary, *caught.value.details])
    assert all(torch.equal(before[key], value) for key, value in mine.state_dict().items())


@pytest.mark.parametrize(
    ("spoil", "in_file", "in_network"),
    [
        (without, {}, {"encoder.2.2.layers.3.weight": "the file has no such tensor"}),
        (
            with_more,
            {"encoder.layers.99.conv.weight": "the network has no such tensor"},
            {},
        ),
        (
            with_another_shape,
            {"encoder.layers.1.conv3x1_1.weight": "file 64x64x1x3, network 64x64x3x1"},
            {"encoder.2.0.layers.0.weight": "file 64x64x1x3, network 64x64x3x1"},
        ),
    ],
)
def test_partial_takes_what_fits_and_says_what_was_left_on_both_sides(
    spoil: Callable[[dict[str, Tensor]], dict[str, Tensor]],
    in_file: dict[str, str],
    in_network: dict[str, str],
    tmp_path: Path,
) -> None:
    file = spoil(erfnet_file())
    torch.save(file, tmp_path / "file.pth")
    mine = network()
    before = {key: value.clone() for key, value in mine.state_dict().items()}
    loaded = load_weights(mine, tmp_path / "file.pth", partial=True)
    assert loaded.left_in_file == in_file
    assert loaded.left_in_network == in_network
    assert loaded.whole == (not in_network)
    after = mine.state_dict()
    assert torch.equal(after["classify.weight"], file["decoder.output_conv.weight"])
    assert all(torch.equal(after[key], before[key]) for key in in_network)
    # 113 modules of ERFNet: 74 convolutions (weight, bias), 39 BatchNorms (five tensors)
    assert len(loaded.taken) + len(loaded.left_in_network) == 2 * 74 + 5 * 39


def test_partial_with_nothing_that_fits_is_refused(tmp_path: Path) -> None:
    torch.save({"encoder.0.1.bias": torch.ones(1)}, tmp_path / "file.pth")
    with pytest.raises(Misfit, match="nothing of it can be loaded: as layout harness"):
        load_weights(network(), tmp_path / "file.pth", partial=True)


@pytest.mark.parametrize(
    ("variant", "key"),
    [
        ("erfnet", "decoder.output_conv"),  # transposed: classes are the second axis of its weight
        ("dabnet", "classifier.0.conv"),  # no bias
        ("espnetv2", "project_l1.1.conv"),  # widths of other layers follow the classes
        ("lednet", "decoder.apn.mid.0.conv.0"),
    ],
)
def test_another_number_of_classes_is_called_that(variant: str, key: str, tmp_path: Path) -> None:
    file = public_state(network(variant, "network.classes=20"), pairs(variant))
    assert f"{key}.weight" in file
    torch.save(file, tmp_path / "file.pth")
    with pytest.raises(Misfit) as caught:
        load_weights(network(variant), tmp_path / "file.pth")
    assert caught.value.summary.endswith("; the file has 20 classes, the network 19")
    assert load_weights(network(variant, "network.classes=20"), tmp_path / "file.pth").whole


@pytest.mark.parametrize("variant", sorted(set(load_catalog()) - set(reported_only())))
def test_another_number_of_classes_is_told_of_every_network(variant: str) -> None:
    row = load_catalog()[variant]
    option = "head.classes" if "head" in resolve(row.chosen).to_dict() else "network.classes"
    other = skeleton(resolve(override(row, [f"{option}=7"]).chosen)).state_dict()
    fit = fitted(skeleton(resolve(row.chosen)).state_dict(), other, OWN)
    assert fit.classes == (7, 19)


def test_classes_of_the_own_layout_and_of_a_head_are_seen_too(tmp_path: Path) -> None:
    torch.save(network("fassd-net", "head.classes=11").state_dict(), tmp_path / "file.pth")
    with pytest.raises(Misfit) as caught:
        load_weights(network("fassd-net"), tmp_path / "file.pth")
    assert caught.value.summary.endswith("the file has 11 classes, the network 19")
    # FASSD-Net's last convolution reads 48 channels
    assert "  head.classify.weight: file 11x48x1x1, network 19x48x1x1" in caught.value.details


@pytest.mark.parametrize("variant", ["icnet", "df1-seg-d8", "deeplabv3plus", "fassd-net"])
def test_every_network_loads_what_it_saved_itself(variant: str, tmp_path: Path) -> None:
    source = trained(network(variant, seed=1), 1)
    torch.save(source.state_dict(), tmp_path / "file.pth")
    target = network(variant)
    loaded = load_weights(target, tmp_path / "file.pth")
    assert loaded.layout.name == "harness"
    assert loaded.whole
    theirs, ours = source.state_dict(), target.state_dict()
    assert all(torch.equal(theirs[key], ours[key]) for key in theirs)
    assert loaded.parameters == sum(p.numel() for p in source.parameters())


def test_the_own_layout_is_strict_about_a_deeper_encoder(tmp_path: Path) -> None:
    torch.save(network("fc-hardnet-70").state_dict(), tmp_path / "file.pth")
    with pytest.raises(Misfit, match=r"\n  encoder.blocks.4.layers.0.0.weight"):
        load_weights(network("baseline"), tmp_path / "file.pth")


def test_a_layout_that_is_asked_for_is_the_one_that_is_used(tmp_path: Path) -> None:
    torch.save(erfnet_file(), tmp_path / "file.pth")
    with pytest.raises(BadRequest, match=r"named as in layout harness, got .*; .* erfnet$"):
        load_weights(network(), tmp_path / "file.pth", layout="harness")
    with pytest.raises(Misfit, match="as layout esnet"):
        load_weights(network(), tmp_path / "file.pth", layout="esnet")
    assert load_weights(network(), tmp_path / "file.pth", layout="erfnet").whole


def test_a_file_of_another_network_is_named(tmp_path: Path) -> None:
    # DABNet shares one name with ERFNet, ESNet many, Fast-SCNN none
    for variant, layout in (
        ("dabnet", "dabnet"),
        ("esnet", "esnet"),
        ("fast-scnn", "fast-scnn-tramac"),
    ):
        torch.save(public_state(network(variant), pairs(layout)), tmp_path / "file.pth")
        with pytest.raises(BadRequest) as caught:
            load_weights(network("erfnet"), tmp_path / "file.pth")
        said = str(caught.value).splitlines()[0]
        assert said.endswith(f"; these names are those of layout {layout}")
        assert "classes" not in said  # 19 in all of them


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    file = erfnet_file()
    torch.save({key: file[key] for key in [*file][:10]}, tmp_path / "file.pth")
    with pytest.raises(Misfit) as caught:
        load_weights(network(), tmp_path / "file.pth")
    total = 2 * 74 + 5 * 39
    assert caught.value.details[0] == f"missing in the file: {total - 10}"
    assert len(caught.value.details) == 1 + 10 + 1
    assert caught.value.details[-1] == f"  ... and {total - 20} more"


def test_a_file_older_than_batch_counters_loads_and_says_so(tmp_path: Path) -> None:
    file = {k: v for k, v in erfnet_file().items() if not k.endswith("num_batches_tracked")}
    torch.save(file, tmp_path / "file.pth")
    mine = network()
    loaded = load_weights(mine, tmp_path / "file.pth")
    assert loaded.whole
    assert len(loaded.left_in_network) == 39
    assert "num_batches_tracked" in loaded.notes[0]
    assert mine.state_dict()["encoder.0.1.num_batches_tracked"] == 0


def test_one_batch_counter_that_is_missing_is_a_missing_tensor(tmp_path: Path) -> None:
    file = erfnet_file()
    del file["encoder.layers.3.bn1.num_batches_tracked"]
    torch.save(file, tmp_path / "file.pth")
    with pytest.raises(Misfit, match=r"\n  encoder.2.2.layers.3.num_batches_tracked"):
        load_weights(network(), tmp_path / "file.pth")


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float64"])
def test_another_precision_is_converted_and_said(kind: str, tmp_path: Path) -> None:
    dtype = getattr(torch, kind)
    file = {k: v.to(dtype) if v.is_floating_point() else v for k, v in erfnet_file().items()}
    torch.save(file, tmp_path / "file.pth")
    mine = network()
    loaded = load_weights(mine, tmp_path / "file.pth")
    assert all(p.dtype == torch.float32 for p in mine.parameters())
    # all but the 39 counters
    assert loaded.notes == (f"{2 * 74 + 4 * 39} tensors converted from {kind} to float32",)
    expected = file["encoder.layers.0.conv.weight"].float()
    assert torch.equal(mine.state_dict()["encoder.1.0.conv.weight"], expected)


def test_a_type_that_does_not_convert_is_refused_and_the_network_is_as_it_was(
    tmp_path: Path,
) -> None:
    file = erfnet_file()
    # two numbers of four bits in a byte: floating point, and of no arithmetic
    packed = torch.zeros(48, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)
    file["encoder.layers.0.conv.bias"] = packed
    torch.save(file, tmp_path / "file.pth")
    mine = network()
    before = {key: value.clone() for key, value in mine.state_dict().items()}
    with pytest.raises(BadRequest) as caught:
        load_weights(mine, tmp_path / "file.pth")
    assert str(caught.value) == (
        f"{tmp_path / 'file.pth'}: encoder.layers.0.conv.bias must be of a type that converts to "
        "float32, got float4_e2m1fn_x2"
    )
    assert all(torch.equal(before[key], value) for key, value in mine.state_dict().items())


def test_other_weights_in_the_file_are_a_note(tmp_path: Path) -> None:
    file = erfnet_file()
    averaged = {key: tensor + 1 for key, tensor in file.items()}
    torch.save({"state_dict": file, "state_dict_ema": averaged}, tmp_path / "file.pth")
    mine = network()
    assert load_weights(mine, tmp_path / "file.pth").notes == (
        "not read: what the file holds as state_dict_ema",
    )
    assert torch.equal(mine.state_dict()["classify.bias"], file["decoder.output_conv.bias"])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_a_warning(value: float, tmp_path: Path) -> None:
    file = erfnet_file()
    file["encoder.layers.0.conv.bias"][3] = value
    torch.save(file, tmp_path / "file.pth")
    [warning] = load_weights(network(), tmp_path / "file.pth").warnings
    assert warning == (
        "NaN or infinite numbers in 1 of its tensors, the first encoder.layers.0.conv.bias"
    )


def test_a_clean_file_has_no_notes_and_no_warnings(tmp_path: Path) -> None:
    torch.save(erfnet_file(), tmp_path / "file.pth")
    loaded = load_weights(network(), tmp_path / "file.pth")
    assert (loaded.notes, loaded.warnings, loaded.left_in_file) == ((), (), {})
