"""Fast-SCNN, SwiftNetRN-18, ERFNet, DABNet, BiSeNet and ICNet are what their public code is."""

import pytest
from peer_reference import assert_equals_reference


def test_fast_scnn_is_the_reimplementation() -> None:
    # the reference saw no pyramid pools: four of a 128x32x64 map
    assert_equals_reference("fast-scnn", "1024x2048", unseen={"pool": 4 * 128 * 32 * 64})


@pytest.mark.parametrize(("size", "rows", "cols"), [("512x1024", 16, 32), ("1024x2048", 32, 64)])
def test_swiftnet_is_the_official_network(size: str, rows: int, cols: int) -> None:
    # the reference saw no pyramid pools: three of a 128-channel map at 1/32
    assert_equals_reference("swiftnet-rn18", size, unseen={"pool": 3 * 128 * rows * cols})


def test_erfnet_is_the_official_network() -> None:
    # the reference saw no ReLU: one a down- or upsampler, four a residual block
    half, quarter, eighth = 16 * 256 * 512, 64 * 128 * 256, 128 * 64 * 128
    down = half + quarter + 5 * 4 * quarter + eighth + 8 * 4 * eighth
    up = quarter + 2 * 4 * quarter + half + 2 * 4 * half
    assert_equals_reference("erfnet", "512x1024", unseen={"act": down + up})


def test_dabnet_is_the_official_network() -> None:
    assert_equals_reference("dabnet", "1024x2048")


def test_bisenet_is_the_official_network() -> None:
    assert_equals_reference("bisenet-rn18", "768x1536", "network.upsampling=none")


def test_bisenet_with_its_upsampling_differs_by_that_alone() -> None:
    # fvcore: 4 an element of the resize
    assert_equals_reference(
        "bisenet-rn18",
        "768x1536",
        fvcore_unseen=4 * 19 * 768 * 1536,
        output=(1, 19, 768, 1536),
    )


def test_icnet_is_the_official_network() -> None:
    assert_equals_reference("icnet", "1024x2048")
