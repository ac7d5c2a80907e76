import pytest

from variants.catalog import load_catalog, override
from variants.errors import BadRequest
from variants.spec import Spec, resolve


def fassd(*settings: str) -> Spec:
    return resolve(override(load_catalog()["fassd-net"], settings).chosen)


def test_is_complete_down_to_every_default() -> None:
    assert resolve({"stem": {"name": "conv"}, "encoder": {"name": "hardnet"},
                    "decoder": {"name": "conv"}, "head": {"name": "conv"}}).to_dict() == {
        "network": {"name": "encoder-decoder", "in_channels": 3},
        "stem": {"name": "conv", "strides": [2, 1, 2, 1], "channels": [16, 24, 32, 48]},
        "encoder": {
            "name": "hardnet",
            "widths": [64, 96, 160, 224],
            "growth": [10, 16, 18, 24],
            "layers": [4, 4, 8, 8],
            "multiplier": 1.7,
        },
        "context": {"name": "none"},
        "fusion": {"name": "none"},
        "decoder": {"name": "conv", "channels": 64},
        "head": {"name": "conv", "classes": 19},
    }  # fmt: skip


def test_the_hash_is_that_of_the_canonical_json() -> None:
    spec = Spec({"a": {"x": [1], "name": "b"}})
    assert spec.sha256 == Spec({"a": {"name": "b", "x": [1]}}).sha256
    # sha256sum of the text {"a":{"name":"b","x":[1]}}
    assert spec.sha256 == "c102e207e1c95913bc7d166041abc51d58ae92bc255583d8bdeeb357239bbe32"


def test_a_default_that_is_written_out_hashes_like_one_that_is_not() -> None:
    assert fassd("context.alpha=2").sha256 == fassd().sha256


@pytest.mark.parametrize(
    "setting",
    [
        "context.alpha=4", "context.rates=[12,24,30]", "fusion.dilations=[2,4,8]",
        "fusion.merge=concat", "stem.strides=[3,1,2,1]", "decoder.name=conv", "context.name=aspp",
        "head.classes=11", "encoder.multiplier=1.6", "network.in_channels=1",
    ],
)  # fmt: skip
def test_any_change_of_meaning_changes_the_hash(setting: str) -> None:
    assert fassd(setting).sha256 != fassd().sha256


def test_a_slot_that_the_network_has_not_is_refused() -> None:
    with pytest.raises(BadRequest, match="network encoder-decoder: no slot 'neck'"):
        resolve({"neck": {"name": "fpn"}})


def test_a_slot_without_a_none_must_be_filled() -> None:
    with pytest.raises(BadRequest, match="no stem component 'none'; known: conv"):
        resolve({})


def test_wrong_types_are_refused_with_who_rule_and_value() -> None:
    with pytest.raises(BadRequest) as error:
        fassd("context.alpha=2.5")
    assert str(error.value) == "context dapf: alpha must be int, got 2.5"
