"""BatchNorm is folded where that changes nothing but the cost, and stays everywhere else."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from harness.timing.folding import count_batch_norms, fold_batch_norms
from variants.build import build
from variants.catalog import find_row, load_catalog
from variants.spec import resolve


def lively(network: nn.Module) -> nn.Module:
    """Return the network in eval mode, with BatchNorms that do something."""
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            for tensor in (module.running_mean, module.bias):
                if tensor is not None:
                    tensor.data.normal_(0, 0.1, generator=generator)
            for tensor in (module.running_var, module.weight):
                if tensor is not None:
                    tensor.data.uniform_(0.5, 1.5, generator=generator)
    return network.eval()


def fold(network: nn.Module, *size: int) -> int:
    """Fold `network` in place, check that it computes the same; return how many it lost."""
    batch = torch.randn(*(size or (2, 3, 8, 8)), generator=torch.Generator().manual_seed(1))
    before = count_batch_norms(network)
    with torch.inference_mode():
        wanted = network(batch)
        fold_batch_norms(network, batch)
        got = network(batch)
    for ours, theirs in zip(_tensors(got), _tensors(wanted), strict=True):
        distance = torch.linalg.vector_norm(ours - theirs) / torch.linalg.vector_norm(theirs)
        assert distance < 1e-5
    return before - count_batch_norms(network)


def _tensors(output: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return output if isinstance(output, tuple) else (output,)


class Net(nn.Module):
    """A convolution, a BatchNorm and whatever a forward does with the two."""

    def __init__(
        self, use: Callable[["Net", torch.Tensor], torch.Tensor | tuple[torch.Tensor, ...]]
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.other_norm = nn.BatchNorm2d(3)
        self.use = use

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
        return self.use(self, x)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "conv",
    [
        lambda bias: nn.Conv2d(3, 4, 3, stride=2, bias=bias),
        lambda bias: nn.Conv2d(3, 3, 3, padding=2, dilation=2, groups=3, bias=bias),
        lambda bias: nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect", bias=bias),
        lambda bias: nn.ConvTranspose2d(3, 4, 3, stride=2, bias=bias),
    ],
)
def test_a_batch_norm_behind_a_convolution_is_folded(
    conv: Callable[[bool], nn.Module], bias: bool, affine: bool
) -> None:
    layer = conv(bias)
    norm = nn.BatchNorm2d(layer.out_channels, eps=1e-2, affine=affine)
    network = lively(nn.Sequential(layer, norm, nn.ReLU(inplace=True)))
    assert fold(network) == 1
    assert isinstance(network[1], nn.Identity)
    assert network[0] is layer  # under its own name


def test_other_dimensions_are_folded_too() -> None:
    line = lively(nn.Sequential(nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4)))
    assert fold(line, 2, 3, 9) == 1
    volume = lively(nn.Sequential(nn.Conv3d(3, 4, 3), nn.BatchNorm3d(4)))
    assert fold(volume, 2, 3, 5, 5, 5) == 1


def conv_read_twice(net: Net, x: torch.Tensor) -> torch.Tensor:
    y = net.conv(x)
    return y + net.norm(y)


def conv_returned_too(net: Net, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    y = net.conv(x)
    return net.norm(y), y


def conv_read_through_a_list(net: Net, x: torch.Tensor) -> torch.Tensor:
    y = net.conv(x)
    return torch.cat([y, net.norm(y)], 1)


def conv_read_by_two_norms(net: Net, x: torch.Tensor) -> torch.Tensor:
    y = net.conv(x)
    return net.norm(y) + net.other_norm(y)


def norm_called_twice(net: Net, x: torch.Tensor) -> torch.Tensor:
    return net.norm(net.conv(x)) + net.norm(x)


def conv_called_twice(net: Net, x: torch.Tensor) -> torch.Tensor:
    return net.norm(net.conv(x)) + net.conv(2 * x)


def relu_between(net: Net, x: torch.Tensor) -> torch.Tensor:
    return net.norm(net.conv(x).relu())


def relu_in_place_between(net: Net, x: torch.Tensor) -> torch.Tensor:
    return net.norm(net.conv(x).relu_())


def norm_first(net: Net, x: torch.Tensor) -> torch.Tensor:
    return net.conv(net.norm(x))


def norm_after_an_addition(net: Net, x: torch.Tensor) -> torch.Tensor:
    return net.norm(net.conv(x) + x)


def norm_unused(net: Net, x: torch.Tensor) -> torch.Tensor:
    return net.conv(x)


@pytest.mark.parametrize(
    "use",
    [
        *(conv_read_twice, conv_returned_too, conv_read_through_a_list, norm_called_twice),
        conv_read_by_two_norms,
        *(conv_called_twice, relu_between, relu_in_place_between, norm_first),
        *(norm_after_an_addition, norm_unused),
    ],
)
def test_a_batch_norm_that_another_reader_sees_stays(use: Callable[..., torch.Tensor]) -> None:
    network = lively(Net(use))
    weight = network.conv.weight.clone()
    assert fold(network) == 0
    assert isinstance(network.norm, nn.BatchNorm2d)
    assert torch.equal(network.conv.weight, weight)


def control_flow(net: Net, x: torch.Tensor) -> torch.Tensor:
    height, width = list(x.shape[-2:])  # nothing that only traces symbols gets past these
    return net.norm(net.conv(x)) if height * width > 4 and float(x.sum()) < 1e9 else x


def test_a_forward_may_be_any_python() -> None:
    assert fold(lively(Net(control_flow))) == 1


def test_statistics_of_the_batch_are_not_folded() -> None:
    norm = nn.BatchNorm2d(4, track_running_stats=False)
    assert fold(lively(nn.Sequential(nn.Conv2d(3, 4, 3), norm))) == 0
    training = lively(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
    training[1].train()
    assert fold(training) == 0


def test_grouped_transposed_convolutions_stay() -> None:
    conv = nn.ConvTranspose2d(4, 4, 3, groups=2)
    assert fold(lively(nn.Sequential(conv, nn.BatchNorm2d(4))), 2, 4, 8, 8) == 0


class Scaled(nn.Conv2d):
    """Computes something else than its class's name says."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) * 2


def test_only_torchs_own_convolutions_are_folded() -> None:
    assert fold(lively(nn.Sequential(Scaled(3, 4, 3), nn.BatchNorm2d(4)))) == 0


def test_a_module_with_hooks_stays() -> None:
    network = lively(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
    network[0].register_forward_hook(lambda _module, _args, output: output * 2)
    assert fold(network) == 0


def test_a_batch_norm_with_two_names_goes_under_both() -> None:
    network = lively(Net(lambda net, x: net.alias(net.conv(x))))
    network.alias = network.norm
    assert fold(network) == 1
    assert isinstance(network.norm, nn.Identity)
    assert isinstance(network.alias, nn.Identity)


def test_no_hook_stays_behind() -> None:
    network = lively(Net(relu_between))
    fold(network)
    for module in network.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


# An MDA module normalises its input, which is its residual too, and the sum of its branches:
# 2 of the BatchNorms of each of the 3 levels stay.
@pytest.mark.parametrize(
    ("name", "staying"),
    [("fassd-net", 6), ("fassd-net-l1", 6), ("fassd-net-l2", 6), ("fc-hardnet-70", 0)],
)
def test_the_papers_networks_can_be_folded(name: str, staying: int) -> None:
    network = lively(build(resolve(find_row(load_catalog(()), name).chosen)))
    everything = count_batch_norms(network)
    assert everything > 60
    assert fold(network, 1, 3, 128, 128) == everything - staying
