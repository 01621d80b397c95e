"""Compact residual network that names a single cell from its picture."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

#: Channels of the stem and of the four scales; two residual blocks a scale.
CHANNELS = (24, 32, 64, 128, 176)
#: Share of the picture's side that is looked at: cells lie in the middle.
MIDDLE = 0.8


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
    )


class CellBlock(nn.Module):  # type: ignore[misc]
    """Two convolutions and a shortcut (He et al., CVPR 2016, form of ResNet-18)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.one = _conv(inputs, outputs, stride)
        self.two = _conv(outputs, outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, y, x) to (n, outputs, y / stride, x / stride)."""
        inner = self.two(functional.relu(self.one(x)))
        out: torch.Tensor = functional.relu(inner + self.shortcut(x))
        return out


class CellNet(nn.Module):  # type: ignore[misc]
    """Compact classifier of single cells.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : tuple of int
        Channels of the stem and of each scale.
    """

    def __init__(self, classes: int, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(3, channels[0], 2), nn.ReLU())
        blocks: list[nn.Module] = []
        for inputs, outputs in pairwise(channels):
            blocks += [CellBlock(inputs, outputs, 2), CellBlock(outputs, outputs, 1)]
        self.blocks = nn.Sequential(*blocks)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(2 * channels[-1], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        for module in self.modules():
            # a block begins as its shortcut: deep nets start faster so
            if isinstance(module, CellBlock):
                nn.init.zeros_(module.two[1].weight)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Mean and maximum of the last maps, (n, 2 * channels), of RGB 0..1."""
        maps = self.blocks(self.stem((x - 0.5) * 4.0))
        return torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes) of the middles of cells, RGB (n, 3, y, x) 0..1."""
        logits: torch.Tensor = self.head(self.drop(self.features(x)))
        return logits


def middle_of(cells: torch.Tensor, side: int) -> torch.Tensor:
    """Cut the middle ``side`` x ``side`` out of (n, c, y, x)."""
    top, left = (cells.shape[2] - side) // 2, (cells.shape[3] - side) // 2
    return cells[:, :, top : top + side, left : left + side]
