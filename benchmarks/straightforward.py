"""FASSD-Net written the straightforward way: one file of plain PyTorch, nothing configurable.

What a researcher would write from the paper (Table II, Figs. 2 to 4), and what the harness's own
network, put together from components, is compared with in `speed.py implementation`. It imports
nothing of this project.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Size = int | tuple[int, int]


def conv_bn_relu(
    cin: int, cout: int, kernel: Size, stride: int = 1, padding: Size = 0, dilation: Size = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
    )


def bn_prelu(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels, eps=1e-3), nn.PReLU(channels))


def resize(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=True)


class HarDBlock(nn.Module):
    """Layer l reads the layers l - 1, l - 2, l - 4, ... for each power of two that divides l."""

    def __init__(self, channels: int, growth: int, layers: int) -> None:
        super().__init__()
        widths = [channels]
        self.links = []
        convs = []
        for layer in range(1, layers + 1):
            link = [layer - 2**n for n in range(layers) if layer % 2**n == 0]
            width = int(int(growth * 1.7 ** (len(link) - 1) + 1) / 2) * 2
            convs.append(conv_bn_relu(sum(widths[i] for i in link), width, 3, padding=1))
            widths.append(width)
            self.links.append(link)
        self.convs = nn.ModuleList(convs)
        self.out = [i for i in range(1, layers + 1) if i % 2 == 1 or i == layers]
        self.out_channels = sum(widths[i] for i in self.out)

    def forward(self, x: Tensor) -> Tensor:
        outputs = [x]
        for link, conv in zip(self.links, self.convs):  # noqa: B905 - as it is written
            if len(link) == 1:
                inputs = outputs[link[0]]
            else:
                inputs = torch.cat([outputs[i] for i in link], 1)
            outputs.append(conv(inputs))
        return torch.cat([outputs[i] for i in self.out], 1)


class DAPF(nn.Module):
    """Four branches, 1x1 and three dilated 3x1-1x3 pairs, concatenated and projected back."""

    def __init__(self, channels: int, alpha: int = 2) -> None:
        super().__init__()
        width = channels // alpha
        self.branch1 = conv_bn_relu(channels, width, 1)
        self.branch2 = self.asymmetric(channels, width, 12)
        self.branch3 = self.asymmetric(channels, width, 24)
        self.branch4 = self.asymmetric(channels, width, 36)
        self.project = conv_bn_relu(4 * width, channels, 1)

    def asymmetric(self, channels: int, width: int, rate: int) -> nn.Sequential:
        return nn.Sequential(
            conv_bn_relu(channels, width, (3, 1), padding=(rate, 0), dilation=(rate, 1)),
            conv_bn_relu(width, width, (1, 3), padding=(0, rate), dilation=(1, rate)),
        )

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)]
        out: Tensor = self.project(torch.cat(branches, 1))
        return out


class MDA(nn.Module):
    """Two branches, 3x3 and dilated 3x1-1x3, added; 1x1; plus the input."""

    def __init__(self, channels: int, rate: int) -> None:
        super().__init__()
        width = channels // 2
        self.bp1 = bn_prelu(channels)
        self.conv3x3 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bp2 = bn_prelu(width)
        self.parallel3x3 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bp3 = bn_prelu(width)
        self.dilated3x1 = nn.Conv2d(
            width, width, (3, 1), padding=(rate, 0), dilation=(rate, 1), bias=False
        )
        self.bp4 = bn_prelu(width)
        self.dilated1x3 = nn.Conv2d(
            width, width, (1, 3), padding=(0, rate), dilation=(1, rate), bias=False
        )
        self.bp5 = bn_prelu(width)
        self.bp6 = bn_prelu(width)
        self.conv1x1 = nn.Conv2d(width, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bp2(self.conv3x3(self.bp1(x)))
        plain = self.bp3(self.parallel3x3(y))
        dilated = self.bp5(self.dilated1x3(self.bp4(self.dilated3x1(y))))
        out: Tensor = x + self.conv1x1(self.bp6(plain + dilated))
        return out


class FASSDNet(nn.Module):
    """Image `(N, 3, H, W)` in, class scores `(N, 19, H, W)` out."""

    def __init__(self, classes: int = 19) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            conv_bn_relu(3, 16, 3, stride=2, padding=1),
            conv_bn_relu(16, 24, 3, padding=1),
            conv_bn_relu(24, 32, 3, stride=2, padding=1),
            conv_bn_relu(32, 48, 3, padding=1),
        )
        self.encoder1 = HarDBlock(48, 10, 4)
        self.out1 = conv_bn_relu(self.encoder1.out_channels, 64, 1)
        self.encoder2 = HarDBlock(64, 16, 4)
        self.out2 = conv_bn_relu(self.encoder2.out_channels, 96, 1)
        self.encoder3 = HarDBlock(96, 18, 8)
        self.out3 = conv_bn_relu(self.encoder3.out_channels, 160, 1)
        self.encoder4 = HarDBlock(160, 24, 8)
        self.out4 = conv_bn_relu(self.encoder4.out_channels, 224, 1)
        self.pool = nn.AvgPool2d(2)
        self.dapf = DAPF(224)
        self.up1 = conv_bn_relu(224 + 160, 192, 1)
        self.mda1 = MDA(192, 8)
        self.decoder1 = HarDBlock(192, 18, 8)
        self.up2 = conv_bn_relu(160 + 78, 119, 1)
        self.mda2 = MDA(119, 4)
        self.decoder2 = HarDBlock(119, 16, 4)
        self.up3 = conv_bn_relu(78 + 48, 63, 1)
        self.mda3 = MDA(63, 2)
        self.decoder3 = HarDBlock(63, 10, 4)
        self.classify = nn.Conv2d(48, classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        skip1 = self.encoder1(self.stem(image))
        skip2 = self.encoder2(self.pool(self.out1(skip1)))
        skip3 = self.encoder3(self.pool(self.out2(skip2)))
        x = self.out4(self.encoder4(self.pool(self.out3(skip3))))
        x = self.dapf(x)
        x = self.up1(torch.cat([resize(x, skip3), skip3], 1))
        x = self.decoder1(self.mda1(x))
        x = self.up2(torch.cat([resize(x, skip2), skip2], 1))
        x = self.decoder2(self.mda2(x))
        x = self.up3(torch.cat([resize(x, skip1), skip1], 1))
        x = self.decoder3(self.mda3(x))
        return resize(self.classify(x), image)
