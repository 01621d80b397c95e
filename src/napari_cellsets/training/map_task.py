"""What all networks that draw a map of cells have in common when they learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from napari_cellsets.training.loop import learn_in_halves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from napari_cellsets.training.data import Batch
    from napari_cellsets.training.request import Example


class MapTask:
    """Loss on batches of pictures, targets and weights; a `loop.Task` but for them."""

    score_name = ""

    def prepare(self, network: nn.Module) -> None:
        """Leave all norms to learn."""

    def loss(
        self, network: nn.Module, batch: Batch, device: torch.device
    ) -> torch.Tensor:
        """Weighted cross-entropy plus Dice of a batch."""
        image, target, weight = (
            torch.from_numpy(array).to(device)
            for array in (batch.image, batch.target, batch.weight)
        )
        image = image.to(memory_format=torch.channels_last)
        return loss_of(learn_in_halves(device, lambda: network(image)), target, weight)

    def check(self, network: nn.Module) -> tuple[float | None, Sequence[Example]]:
        """Hold nothing out: the length of a run is fixed beforehand."""
        return None, ()


def loss_of(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Weighted cross-entropy plus Dice over the whole batch, of float32 logits."""
    entropy = functional.binary_cross_entropy_with_logits(logits, target, weight)
    probability = torch.sigmoid(logits)
    overlap = (probability * target).sum()
    dice = 1 - (2 * overlap + 100) / (probability.sum() + target.sum() + 100)
    return entropy + 0.5 * dice
