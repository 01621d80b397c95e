"""Write a classifier of single cells as one ONNX file that describes itself.

The file takes float32 RGB (n, 3, size, size) divided by white, any n. It returns
logits divided by the temperature, so that their softmax is calibrated (Guo et al.,
ICML 2017), and the distance of each cell from everything learnt: Mahalanobis, to the
nearest class, in the space of the last features (Lee et al., NeurIPS 2018).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import fusion

from napari_cellsets.training.cellnet import CellNet, middle_of
from napari_cellsets.training.onnx_file import Graph, write_described

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

INPUT, LOGITS, DISTANCE = "cells", "logits", "distance"
#: Share of the common variance that is added in every direction, against noise.
SHRINKAGE = 0.05


@dataclass(frozen=True)
class Familiar:
    """Where learnt cells lie: ``whiten`` (d, d) and means (k, d), both whitened."""

    whiten: NDArray[np.float32]
    means: NDArray[np.float32]

    @classmethod
    def learnt(
        cls, features: NDArray[np.float32], labels: NDArray[np.int64], classes: int
    ) -> Familiar:
        """Measure means and the common covariance of features (n, d)."""
        means = np.stack([features[labels == k].mean(axis=0) for k in range(classes)])
        spread = (features - means[labels]).astype(np.float64)
        covariance = spread.T @ spread / max(1, len(features) - classes)
        size = len(covariance)
        level = float(np.trace(covariance)) / size
        covariance += SHRINKAGE * level * np.eye(size)
        values, vectors = np.linalg.eigh(covariance)
        # divided by the size, so that a distance of about 1 is an ordinary one
        whiten = (vectors / np.sqrt(values * size)).astype(np.float32)
        return cls(whiten, (means @ whiten).astype(np.float32))


def calibrated_temperature(
    logits: NDArray[np.float32], labels: NDArray[np.int64]
) -> float:
    """Return the divisor of logits with the least cross-entropy on unseen cells."""
    values, truth = torch.from_numpy(logits), torch.from_numpy(labels)
    tried = np.exp(np.linspace(np.log(0.1), np.log(10), 401))
    losses = [float(functional.cross_entropy(values / float(t), truth)) for t in tried]
    return float(tried[int(np.argmin(losses))])


def mean_features(network: CellNet, middles: torch.Tensor) -> torch.Tensor:
    """Features (n, d) averaged over a cell and its mirror images.

    A cell has no up and no left. Four views cost four times as much and mended every
    sixth mistake of the shipped network's first stage.
    """
    views = [middles, middles.flip(2), middles.flip(3), middles.flip(2, 3)]
    features = network.features(torch.cat(views))
    return features.reshape(len(views), -1, features.shape[1]).mean(dim=0)


class NamedCells(nn.Module):  # type: ignore[misc]
    """The network as it is shipped: middle, logits by temperature, distance."""

    def __init__(
        self, network: CellNet, side: int, temperature: float, familiar: Familiar
    ) -> None:
        super().__init__()
        self.network, self.side, self.temperature = network, side, temperature
        self.register_buffer("whiten", torch.from_numpy(familiar.whiten))
        self.register_buffer("means", torch.from_numpy(familiar.means))

    def forward(self, cells: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (n, classes) and distance (n,) of RGB (n, 3, size, size) 0..1."""
        features = mean_features(self.network, middle_of(cells, self.side))
        logits = self.network.head(features) / self.temperature
        place = features @ self.whiten
        squared = ((place[:, None] - self.means[None]) ** 2).sum(dim=2)
        return logits, squared.amin(dim=1).sqrt()


def folded(network: CellNet) -> CellNet:
    """Return a copy whose norms are part of the convolutions before them."""
    copied: CellNet = copy.deepcopy(network).eval()
    for chain in copied.modules():
        if not isinstance(chain, nn.Sequential):
            continue
        for index in range(len(chain) - 1):
            conv, norm = chain[index], chain[index + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                chain[index] = fusion.fuse_conv_bn_eval(conv, norm)
                chain[index + 1] = nn.Identity()
    return copied


def export_classifier(
    named: NamedCells, size: int, path: Path, metadata: Mapping[str, Any]
) -> None:
    """Write a classifier with its description.

    Parameters
    ----------
    named : NamedCells
        With norms folded, see `folded`.
    size : int
        Side of the pictures in px.
    path : pathlib.Path
        File to write.
    metadata : Mapping
        Description; what follows from the network itself is filled in.
    """
    graph = Graph(
        named.eval(), (torch.zeros(2, 3, size, size),), (INPUT,), (LOGITS, DISTANCE),
        {name: {0: "cells"} for name in (INPUT, LOGITS, DISTANCE)},
    )  # fmt: skip
    described = {
        "format": 1, "task": "classification", "input": INPUT, "output": LOGITS,
        "distance_output": DISTANCE, "size": size, "layout": "nchw", "channels": 3,
        "channel_order": "rgb", "normalisation": {"kind": "divide", "value": 255},
        "output_kind": "logit", "temperature": round(named.temperature, 4),
    }  # fmt: skip
    write_described(graph, path, {**described, **metadata})
