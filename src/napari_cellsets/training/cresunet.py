"""The c-ResUnet of Morelli et al. (Sci Rep 11, 22920, 2021) in torch."""

from __future__ import annotations

import torch
from torch import nn

#: Trainable parameters of the published network (Keras summary of its authors).
PUBLISHED_PARAMETERS = 1_707_287


def _norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with the epsilon and momentum of the published Keras model."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def _conv(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


class ResidualBlock(nn.Module):  # type: ignore[misc]
    """Twice BN, ELU and convolution, plus a shortcut (1x1 where channels change)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _norm(inputs),
            nn.ELU(),
            _conv(inputs, outputs, kernel),
            _norm(outputs),
            nn.ELU(),
            _conv(outputs, outputs, kernel),
        )
        self.shortcut = (
            nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, y, x) to (n, outputs, y, x)."""
        out: torch.Tensor = self.body(x) + self.shortcut(x)
        return out


class UpBlock(nn.Module):  # type: ignore[misc]
    """Transposed convolution, join with the skip, two convolutions, add the first."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(inputs, outputs, 2, stride=2)
        self.body = nn.Sequential(
            _norm(2 * outputs),
            nn.ELU(),
            _conv(2 * outputs, outputs, 3),
            _norm(outputs),
            nn.ELU(),
            _conv(outputs, outputs, 3),
        )

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, y, x) and its skip to (n, outputs, 2y, 2x)."""
        up = self.up(x)
        out: torch.Tensor = self.body(torch.cat([up, skip], dim=1)) + up
        return out


class CResUnet(nn.Module):  # type: ignore[misc]
    """c-ResUnet: a learnt colour space, then a residual U-Net of three scales.

    Parameters
    ----------
    width : int
        Channels of the first block, 16 in the published network.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        one, two, four, eight = (width * factor for factor in (1, 2, 4, 8))
        self.colour = nn.Sequential(nn.Conv2d(3, 1, 1), _norm(1), nn.ELU())
        self.first = nn.Sequential(
            _conv(1, one, 3), _norm(one), nn.ELU(), _conv(one, one, 3)
        )
        self.second = ResidualBlock(one, two)
        self.third = ResidualBlock(two, four)
        self.bridge = nn.Sequential(
            ResidualBlock(four, eight, 5), ResidualBlock(eight, eight, 5)
        )
        self.up3 = UpBlock(eight, four)
        self.up2 = UpBlock(four, two)
        self.up1 = UpBlock(two, one)
        self.head = nn.Conv2d(one, 1, 1)
        self.pool = nn.MaxPool2d(2)
        self.apply(_initialise)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, 1, y, x) of RGB (n, 3, y, x); y and x multiples of 8."""
        skip1 = self.first(self.colour(x))
        skip2 = self.second(self.pool(skip1))
        skip3 = self.third(self.pool(skip2))
        deep = self.bridge(self.pool(skip3))
        up: torch.Tensor = self.up1(self.up2(self.up3(deep, skip3), skip2), skip1)
        logits: torch.Tensor = self.head(up)
        return logits


def _initialise(module: nn.Module) -> None:
    """He-normal weights and zero biases, as published."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def parameter_count(model: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
