"""The shapes of published networks, rebuilt with random weights, to be timed only."""

from __future__ import annotations

import itertools

import torch
from torch import nn


def _convs(inputs: int, *outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in outputs:
        layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers)


class StarDistShape(nn.Module):
    """StarDist's 2D_versatile_fluo: grid of two, U-Net of three poolings, 32 rays."""

    def __init__(self) -> None:
        super().__init__()
        self.grid = _convs(1, 32, 32)
        self.down = nn.ModuleList(
            [_convs(32, 32, 32), _convs(32, 64, 64), _convs(64, 128, 128)]
        )
        self.middle = _convs(128, 256, 128)
        self.up = nn.ModuleList(
            [_convs(64, 32, 32), _convs(128, 64, 32), _convs(256, 128, 64)]
        )
        self.features = _convs(32, 128)
        self.head = nn.Conv2d(128, 33, 1)
        self.pool, self.grow = nn.MaxPool2d(2), nn.Upsample(scale_factor=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.grid(x))
        skips = []
        for block in self.down:
            skips.append(block(x))
            x = self.pool(skips[-1])
        x = self.middle(x)
        for block, skip in zip(reversed(self.up), reversed(skips), strict=True):
            x = block(torch.cat([self.grow(x), skip], 1))
        return self.head(self.features(x))


def _pre(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    return nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(), conv)


class _Four(nn.Module):
    """Four convolutions with two shortcuts; a skip may be added in between."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.shortcut = nn.Sequential(
            nn.BatchNorm2d(inputs), nn.Conv2d(inputs, outputs, 1)
        )
        self.convs = nn.ModuleList(
            [_pre(inputs, outputs), *(_pre(outputs, outputs) for _ in range(3))]
        )

    def forward(
        self, x: torch.Tensor, skip: torch.Tensor | None = None
    ) -> torch.Tensor:
        first, second, third, fourth = self.convs
        between = first(x) if skip is None else first(x) + skip
        x = self.shortcut(x) + second(between)
        return x + fourth(third(x))


class CellposeShape(nn.Module):
    """Cellpose's residual U-Net (cyto, nuclei): 32, 64, 128, 256 channels."""

    def __init__(self) -> None:
        super().__init__()
        widths = [2, 32, 64, 128, 256]
        self.down = nn.ModuleList([_Four(a, b) for a, b in itertools.pairwise(widths)])
        self.up = nn.ModuleList(
            [_Four(64, 32), _Four(128, 64), _Four(256, 128), _Four(256, 256)]
        )
        self.head = _pre(32, 3, 1)
        self.pool, self.grow = nn.MaxPool2d(2), nn.Upsample(scale_factor=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips: list[torch.Tensor] = []
        for block in self.down:
            x = block(self.pool(x) if skips else x)
            skips.append(x)
        for level in (3, 2, 1, 0):
            x = self.up[level](x if level == 3 else self.grow(x), skips[level])
        return self.head(x)
