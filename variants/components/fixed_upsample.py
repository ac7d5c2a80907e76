"""Upsampling by a transposed convolution whose weights are bilinear and stay so.

Source: the `bilinear` filler of Caffe. Away from the border it is a bilinear resize without aligned
corners; at the border the image fades to zero, where a resize would repeat its edge.
"""

import torch
from torch import nn


def fixed_upsample(channels: int, factor: int) -> nn.ConvTranspose2d:
    """Return a depthwise transposed convolution that multiplies the size by an even `factor`.

    Its weights are parameters that are not trained, as in the networks that have it.
    """
    kernel = 2 * factor
    layer = nn.ConvTranspose2d(
        channels,
        channels,
        kernel,
        stride=factor,
        padding=factor // 2,
        groups=channels,
        bias=False,
    )
    # a tent over the kernel: the distance of each tap from the middle, in input pixels
    slope = 1 - (torch.arange(kernel) - (kernel - 1) / 2).abs() / factor
    with torch.no_grad():
        layer.weight.copy_(torch.outer(slope, slope).expand_as(layer.weight))
    return layer.requires_grad_(False)
