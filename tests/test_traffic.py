"""What every operator moves: by hand, and by what torch itself passes to its kernels."""

import ast
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

import harness
from harness import aten
from harness.ledger import record
from harness.traffic import FREE, TRAFFIC, traffic
from variants.build import build
from variants.catalog import load_catalog
from variants.spec import resolve

PACKAGE = Path(harness.__file__).parent
SOURCES = [*sorted(PACKAGE.glob("operators/*.py")), PACKAGE / "aten.py", PACKAGE / "recorder.py"]


class Calls(nn.Module):
    def __init__(self, call: Callable[..., Any], **modules: nn.Module) -> None:
        super().__init__()
        self.call = call
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x: Tensor) -> Any:
        return self.call(self, x)


def moved(network: nn.Module, shape: tuple[int, ...]) -> int:
    return sum(map(traffic, record(network, shape).rows))


def moved_by(call: Callable[..., Any], shape: tuple[int, ...], **modules: nn.Module) -> int:
    return moved(Calls(call, **modules), shape)


# --- every operator is treated --------------------------------------------------------------------


def texts(node: ast.AST | None) -> Iterator[str]:
    """Yield the texts that an expression may be: itself, or either branch of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def operators_in(tree: ast.AST) -> set[str]:
    """Return what is given to `Made`, and to parameters and variables called `op`."""
    positions = {"Made": 0}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args]
            if "op" in names:
                positions[node.name] = names.index("op")
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            position = positions.get(node.func.id) if isinstance(node.func, ast.Name) else None
            if position is not None and len(node.args) > position:
                found.update(texts(node.args[position]))
            for keyword in node.keywords:
                if keyword.arg == "op":
                    found.update(texts(keyword.value))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "op":
            found.update(texts(node.value))
    return found


def test_every_operator_of_the_ledger_is_treated_and_no_other() -> None:
    found = {*aten._NAMED.values(), *aten._NORMS.values()}
    for path in SOURCES:
        found |= operators_in(ast.parse(path.read_text(encoding="utf-8")))
    # one that is named in each way there is: directly, by a registering function, by a choice, ...
    assert {"conv", "relu", "hardtanh_relu6", "adaptive_max_pool", "recurrent", "free"} <= found
    assert found == set(TRAFFIC)


def test_no_free_function_is_treated_that_the_ledger_does_not_know() -> None:
    assert set(FREE) <= aten._FREE


# --- by torch's own account -----------------------------------------------------------------------


class Traffic(TorchDispatchMode):
    """Adds up the elements of all tensors that kernels are given and give back."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            for leaf in tree_iter((args, kwargs, out)):
                if isinstance(leaf, Tensor):
                    self.elements += leaf.numel()
        return out


def by_torch(network: nn.Module, shape: tuple[int, ...]) -> int:
    network.eval()
    image = torch.randn(shape)
    with torch.no_grad(), Traffic() as counted:
        network(image)
    return counted.elements


@pytest.mark.parametrize("name", ["fassd-net", "fassd-net-l2", "fc-hardnet-70"])
def test_a_network_moves_what_torch_passes_around(name: str) -> None:
    network = build(resolve(load_catalog()[name].chosen))
    slopes = sum(m.weight.numel() for m in network.modules() if isinstance(m, nn.PReLU))
    expected = by_torch(network, (1, 3, 64, 128)) - slopes  # one or one a channel: rows do not say
    assert slopes < expected / 1000
    assert moved(network, (1, 3, 64, 128)) == expected


SHAPE = (2, 6, 8, 8)
OPERATORS: dict[str, Callable[..., Any]] = {
    "conv with bias, in groups": lambda n, x: n.grouped(x),
    "transposed convolution": lambda n, x: n.transposed(x),
    "batch norm": lambda n, x: n.norm(x),
    "linear": lambda n, x: n.linear(x[0, 0]),
    "relu in place": lambda _, x: F.relu_(x),
    "max of pools": lambda _, x: F.avg_pool2d(x, 2),
    "upsampling": lambda _, x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "concatenation of three": lambda _, x: torch.cat([x, x, x[:, :2]], 1),
    "sum of two maps": lambda _, x: x + x,
    "sum of two maps in place": lambda _, x: x.add_(x),
    "product with a number": lambda _, x: x * 2.0,
    "sum with a broadcast map": lambda _, x: x[:, :, :1, :1].sub(x),
    "softmax": lambda _, x: F.softmax(x, dim=1),
    "product of matrices": lambda _, x: x[0, 0] @ x[0, 1, :, :3],
    "product in batches": lambda _, x: torch.bmm(x[0], x[1, :, :, :5]),
    "product with a sum": lambda _, x: torch.addmm(x[0, 0], x[0, 1, :, :3], x[0, 2, :3]),
    "product and sum in batches": lambda _, x: torch.baddbmm(x[0], x[0, :, :, :3], x[1, :, :3]),
    "product with a vector": lambda _, x: torch.mv(x[0, 0], x[0, 1, 0]),
    "product of vectors": lambda _, x: torch.dot(x[0, 0, 0], x[0, 1, 0]),
    "sum over a map": lambda _, x: x.sum((2, 3)),
    "a copy": lambda _, x: x.clone(),
    "zeros like it": lambda _, x: torch.zeros_like(x) is x or x.sum(),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_moves_what_torch_passes_around(name: str) -> None:
    network = Calls(
        OPERATORS[name],
        grouped=nn.Conv2d(6, 4, 3, padding=1, groups=2),
        transposed=nn.ConvTranspose2d(6, 4, 3, stride=2),
        norm=nn.BatchNorm2d(6),
        linear=nn.Linear(8, 5),
    )
    expected = by_torch(network, SHAPE)
    if name == "zeros like it":
        expected -= math.prod(SHAPE)  # torch passes the model of a shape, which nobody reads
    assert moved(network, SHAPE) == expected


# --- by hand --------------------------------------------------------------------------------------


def test_a_stride_beyond_the_kernel_passes_input_by() -> None:
    # 4 x 4 outputs of 5 channels read one pixel of 3 channels each: 48 of the 192; weight 15
    assert moved(nn.Conv2d(3, 5, 1, stride=2, bias=False), (1, 3, 8, 8)) == 48 + 15 + 80


def test_a_kernel_as_wide_as_its_stride_reads_every_pixel() -> None:
    # 192 in, weight 5 x 3 x 2 x 2, bias 5, 4 x 4 x 5 out
    assert moved(nn.Conv2d(3, 5, 2, stride=2), (1, 3, 8, 8)) == 192 + 60 + 5 + 80


def test_a_batch_norm_in_training_has_no_statistics_to_read() -> None:
    # 3 x 64 read and written, scale and shift; kept mean and variance only otherwise
    network = nn.BatchNorm2d(3, track_running_stats=False)
    assert moved(network, (2, 3, 8, 8)) == 2 * 384 + 6
    assert moved(nn.BatchNorm2d(3), (2, 3, 8, 8)) == 2 * 384 + 12
    assert moved(nn.BatchNorm2d(3, affine=False), (2, 3, 8, 8)) == 2 * 384 + 6


def test_layer_and_group_norm_read_scale_and_shift() -> None:
    assert moved(nn.LayerNorm(8), (1, 3, 8, 8)) == 2 * 192 + 16
    assert moved(nn.GroupNorm(3, 6), (1, 6, 8, 8)) == 2 * 384 + 12
    assert moved(nn.GroupNorm(3, 6, affine=False), (1, 6, 8, 8)) == 2 * 384


@pytest.mark.parametrize(("mode", "read"), [("nearest", 16), ("bilinear", 64), ("area", 4096)])
def test_shrinking_reads_no_more_than_it_needs(mode: str, read: int) -> None:
    # 64 x 64 to 4 x 4: one or four points to an output, or all of them
    network = Calls(lambda _, x: F.interpolate(x, size=(4, 4), mode=mode))
    assert moved(network, (1, 1, 64, 64)) == read + 16


def test_enlarging_reads_the_input_once() -> None:
    network = Calls(lambda _, x: F.interpolate(x, size=(8, 8), mode="bicubic"))
    assert moved(network, (1, 1, 4, 4)) == 16 + 64


def test_attention_reads_queries_keys_and_values() -> None:
    def attend(_: nn.Module, x: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(x[:, :, :3], x, x[..., :6])

    # 2 heads of 3 queries and 5 keys, width 8, values of 6: 48 + 80 + 60 read, 36 written
    assert moved_by(attend, (1, 2, 5, 8)) == 48 + 80 + 60 + 36


def test_a_second_operand_counts_once_where_it_may_be_shared() -> None:
    # (4, 2, 8) @ (8, 3): 64 + 24 read, 24 written
    assert moved_by(lambda _, x: x @ x.new_empty(8, 3), (4, 2, 8)) == 64 + 24 + 24
    # (2, 8) @ (4, 8, 3): the batch is the second's alone, 16 + 96 read, 24 written
    assert moved_by(lambda _, x: x.new_empty(2, 8) @ x, (4, 8, 3)) == 16 + 96 + 24


def test_what_moves_nothing() -> None:
    def nothing(n: Any, x: Tensor) -> Tensor:
        return n.drop(x).view(-1)[3:].unsqueeze(0)

    assert moved_by(nothing, (1, 3, 8, 8), drop=nn.Dropout()) == 0


def test_a_gather_reads_as_much_as_it_writes() -> None:
    index = torch.tensor([0, 2])
    assert moved_by(lambda _, x: torch.index_select(x, 1, index), (1, 3, 8, 8)) == 2 * 128
