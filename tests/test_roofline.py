"""Least times: by hand for a small network, and consistent for a large one."""

import math

import pytest
from torch import Tensor, nn

from harness.ledger import Ledger, Row, record
from harness.roofline import BYTES_PER_ELEMENT, limits_of, work_by_path
from harness.timing.protocol import SUPPORTED
from variants.build import skeleton
from variants.catalog import load_catalog
from variants.spec import resolve


class Small(nn.Module):
    """A convolution, a ReLU in place, and a sum in the network's own forward."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1, bias=False)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.conv(x)) + x


# On an input of 1x2x4x4 (32 elements):
#   conv  16 positions x 2 x 2 x 9 = 576 MACs; 32 + 36 weights + 32 elements = 100, 400 bytes
#   act   32 read and 32 written, 256 bytes
#   sum   two maps read, one written, 384 bytes
SMALL = record(Small(), (1, 2, 4, 4)).rows


def fassd_net(size: tuple[int, int]) -> Ledger:
    return record(skeleton(resolve(load_catalog()["fassd-net"].chosen)), (1, 3, *size))


def test_each_operator_takes_the_longer_of_its_two() -> None:
    # at 100 MACs and 200 bytes a second: conv max(5.76, 2), act 1.28, sum 1.92
    limits = limits_of(SMALL, 100.0, 200.0, 4, 17.92)
    assert limits.arithmetic_s == pytest.approx(5.76)
    assert limits.memory_s == pytest.approx((400 + 256 + 384) / 200)
    assert limits.roofline_s == pytest.approx(5.76 + 1.28 + 1.92)
    assert limits.share == pytest.approx(0.5)
    assert (limits.macs_per_s, limits.bytes_per_s) == (100.0, 200.0)


def test_a_convolution_too_may_be_bound_by_memory() -> None:
    # 576 MACs at 1000/s: 0.576 s; 400 bytes at 200/s: 2 s
    assert limits_of(SMALL, 1000.0, 200.0, 4, 1.0).roofline_s == pytest.approx(2 + 1.28 + 1.92)


def test_elements_of_half_the_size_take_half_the_memory_time() -> None:
    whole, half = (limits_of(SMALL, 100.0, 200.0, size, 1.0) for size in (4, 2))
    assert half.memory_s == pytest.approx(whole.memory_s / 2)
    assert half.arithmetic_s == whole.arithmetic_s


def test_work_goes_to_the_module_that_ran_it() -> None:
    work = work_by_path(SMALL, 100.0, 200.0, 4)
    assert {path: (own.macs, own.bytes) for path, own in work.items()} == {
        "conv": (576, 400),
        "act": (0, 256),
        "": (0, 384),
    }
    assert work["conv"].limit_s == pytest.approx(5.76)
    assert work[""].limit_s == pytest.approx(1.92)


def test_the_modules_add_up_to_the_network() -> None:
    rows = fassd_net((1024, 2048)).rows
    limits = limits_of(rows, 2e11, 5e10, 4, 1.0)
    by_path = work_by_path(rows, 2e11, 5e10, 4)
    assert set(by_path) == {row.path for row in rows}
    work = by_path.values()
    # the paper's network at full size, to the unit
    assert sum(own.macs for own in work) == 44_683_993_088
    assert limits.arithmetic_s == 44_683_993_088 / 2e11
    assert sum(own.bytes for own in work) / 5e10 == pytest.approx(limits.memory_s, rel=1e-12)
    assert math.fsum(own.limit_s for own in work) == pytest.approx(limits.roofline_s, rel=1e-12)
    least = max(limits.arithmetic_s, limits.memory_s)
    assert least < limits.roofline_s < limits.arithmetic_s + limits.memory_s


def test_a_batch_of_two_moves_its_weights_once() -> None:
    one, two = (sum(w.bytes for w in work_by_path(rows(n), 1.0, 1.0, 4).values()) for n in (1, 2))
    weights = 36 * 4
    assert two - weights == 2 * (one - weights)


def rows(batch: int) -> tuple[Row, ...]:
    return record(Small(), (batch, 2, 4, 4)).rows


def test_every_precision_has_a_size() -> None:
    assert set(BYTES_PER_ELEMENT) == set(SUPPORTED["precision"])
    assert BYTES_PER_ELEMENT["tf32"] == 4  # rounded in the processor, whole in memory
