"""DenseNet-121 of Huang et al. (CVPR 2017), written after the paper."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

#: Layers of the four dense blocks, new maps a layer, width of the bottleneck.
BLOCKS, GROWTH, BOTTLENECK = (6, 12, 24, 16), 32, 4
STEM = 64
#: Side of the pictures that it was published for, px.
SIZE = 224
#: Trainable parameters of the published network with its 1,000 classes.
PUBLISHED_PARAMETERS = 7_978_856


def _dense_layer(inputs: int) -> nn.Sequential:
    """Norm, ReLU, 1x1; norm, ReLU, 3x3 (the paper's DenseNet-B)."""
    inner = BOTTLENECK * GROWTH
    return nn.Sequential(
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, inner, 1, bias=False),
        nn.BatchNorm2d(inner),
        nn.ReLU(),
        nn.Conv2d(inner, GROWTH, 3, padding=1, bias=False),
    )


class DenseBlock(nn.Module):  # type: ignore[misc]
    """Layers that each see the maps of all before them."""

    def __init__(self, inputs: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            _dense_layer(inputs + index * GROWTH) for index in range(layers)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, y, x) to (n, inputs + layers * growth, y, x)."""
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x


def _transition(inputs: int) -> nn.Sequential:
    """Halve the number of maps, then their sides (compression 0.5)."""
    return nn.Sequential(
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, inputs // 2, 1, bias=False),
        nn.AvgPool2d(2),
    )


class DenseNet121(nn.Module):  # type: ignore[misc]
    """Classifier of single cells; 6.97 million parameters with 13 classes.

    Parameters
    ----------
    classes : int
        Number of classes.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, STEM, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(STEM),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1),
        )
        stages: list[nn.Module] = []
        maps = STEM
        for index, layers in enumerate(BLOCKS):
            stages.append(DenseBlock(maps, layers))
            maps += layers * GROWTH
            if index < len(BLOCKS) - 1:
                stages.append(_transition(maps))
                maps //= 2
        self.stages = nn.Sequential(*stages)
        self.last = nn.BatchNorm2d(maps)
        self.head = nn.Linear(maps, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(self.head.bias)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Means of the last maps, (n, 1024), of RGB 0..1."""
        maps = functional.relu(self.last(self.stages(self.stem((x - 0.5) * 4.0))))
        return maps.mean((2, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes) of cells, RGB (n, 3, y, x) 0..1."""
        logits: torch.Tensor = self.head(self.features(x))
        return logits
