"""The tools themselves against the conventions that bear their names."""

import logging
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness import conventions
from harness.crosscheck import crosscheck
from harness.errors import RunFailed
from harness.ledger import Row, record
from variants.build import build, skeleton
from variants.catalog import load_catalog
from variants.spec import resolve

SMALL = (1, 3, 96, 160)


def fassd_net(device: str) -> nn.Module:
    spec = resolve(load_catalog()["fassd-net"].chosen)
    return skeleton(spec) if device == "meta" else build(spec, device=device)


def check(make: Callable[[], nn.Module], shape: tuple[int, ...] = SMALL) -> list[Any]:
    return crosscheck(lambda device: make().to(device), record(make(), shape), shape)


def test_both_tools_agree_on_fassd_net() -> None:
    ledger = record(fassd_net("meta"), SMALL)
    macs = conventions.count(ledger.rows)
    results = crosscheck(fassd_net, ledger, SMALL)
    assert [(r.tool, r.theirs, r.ours, r.first) for r in results] == [
        ("fvcore", macs["fvcore"], macs["fvcore"], ""),
        ("thop", macs["thop"], macs["thop"], ""),
    ]
    assert [r.version[:5] for r in results] == ["0.1.5", "0.1.1"]


@pytest.mark.parametrize("tool", ["fvcore", "thop"])
def test_a_wrong_convention_is_told_with_both_numbers_and_the_first_module(
    tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = conventions.CONVENTIONS[tool]

    def wrong(row: Row) -> int:
        return right(row) + (row.op == "conv" and row.path.startswith("decoder."))

    monkeypatch.setitem(conventions.CONVENTIONS, tool, wrong)  # type: ignore[arg-type]
    ledger = record(fassd_net("meta"), SMALL)
    theirs, ours = (sum(map(rule, ledger.rows)) for rule in (right, wrong))
    # the first convolution below `decoder` in the order of the tree
    paths = [name for name, m in fassd_net("meta").named_modules() if isinstance(m, nn.Conv2d)]
    first = next(path for path in paths if path.startswith("decoder."))
    with pytest.raises(RunFailed) as caught:
        crosscheck(fassd_net, ledger, SMALL)
    message = str(caught.value)
    assert f"{theirs:,} MACs and its convention {ours:,}, a difference of -" in message
    assert f"first in module {first} (" in message
    assert message.startswith(tool)


class Dead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Conv2d(3, 4, 3)
        self.unused = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.unused(x)
        return self.used(x)


def test_code_whose_result_nothing_uses_is_told_as_such() -> None:
    with pytest.raises(RunFailed) as caught:
        check(Dead)
    # 94 x 158 positions x 4 x 27
    assert str(caught.value) == (
        "fvcore 0.1.5.post20221221 counts 1,604,016 MACs and its convention 3,208,032, "
        "a difference of -1,604,016, first in module unused "
        "(fvcore leaves out operators whose result nothing uses)"
    )


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        shared = nn.Conv2d(3, 3, 3, padding=1)
        self.a = nn.Sequential(shared)
        self.b = nn.Sequential(shared)

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.a(x))


def test_a_module_in_two_places_is_told_as_such() -> None:
    with pytest.raises(RunFailed) as caught:
        check(Twice)
    message = str(caught.value)
    # two calls of 96 x 160 x 3 x 27; thop hooks the module at each of its two places, and then
    # adds what it finds at each of them
    assert "counts 9,953,280 MACs and its convention 2,488,320" in message
    assert "first in module a.0 (thop counts a module again for each place" in message


def test_a_module_that_is_called_twice_in_one_place_agrees() -> None:
    class Again(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(self.conv(self.conv(x)))

    assert [r.theirs for r in check(Again)] == [2 * 96 * 160 * 3 * 27] * 2


def test_a_difference_in_a_forward_of_its_own_is_placed_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Resizing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, x: Tensor) -> Tensor:
            return F.interpolate(self.conv(x), scale_factor=2)

    monkeypatch.setattr(conventions, "_FVCORE_INTERPOLATE", {})
    with pytest.raises(RunFailed, match=r"fvcore .* first in module 1 \("):
        check(lambda: nn.Sequential(nn.ReLU(), Resizing()))


@pytest.mark.parametrize("tool", ["fvcore", "thop"])
def test_a_tool_that_fails_is_named(tool: str) -> None:
    def fail(device: str) -> nn.Module:
        good = device == ("meta" if tool == "fvcore" else "cpu")
        return nn.Conv2d(3 if good else 5, 4, 3).to(device)

    with pytest.raises(RunFailed, match=f"^{tool}: cannot count this network: "):
        crosscheck(fail, record(nn.Conv2d(3, 4, 3), SMALL), SMALL)


class Talking(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        print("working")
        warnings.warn("soon", stacklevel=1)
        return super().forward(x)


def test_the_tools_leave_the_terminal_and_the_process_alone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    logger = logging.getLogger("fvcore")
    logger.setLevel(logging.INFO)
    ledger = record(nn.Conv2d(3, 4, 3), SMALL)
    with pytest.raises(RunFailed):  # thop does not know the subclass
        crosscheck(
            lambda device: nn.Sequential(Talking(3, 4, 3), nn.GELU()).to(device), ledger, SMALL
        )
    assert capfd.readouterr() == ("", "")
    assert logger.level == logging.INFO
    logger.setLevel(logging.NOTSET)
    assert torch.is_grad_enabled()
