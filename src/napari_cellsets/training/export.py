"""Write a trained c-ResUnet as one ONNX file that describes itself.

The file takes float32 RGB (n, 3, y, x), any n, y and x being multiples of 8, and
returns the probability of a cell (n, 1, y, x).
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.utils import fusion

from napari_cellsets.training.cresunet import CResUnet, ResidualBlock, UpBlock
from napari_cellsets.training.onnx_file import Graph, write_described

if TYPE_CHECKING:
    from collections.abc import Mapping

INPUT, OUTPUT = "image", "probability"


class _Probability(nn.Module):  # type: ignore[misc]
    """The network with its sigmoid, as it is shipped."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Probability of RGB already normalised."""
        return torch.sigmoid(self.model(x))


def fold(model: CResUnet) -> CResUnet:
    """Return a copy in which every batch norm that follows a convolution is gone.

    A norm right after a convolution is a change of its weights. The norms that
    come first in a block cannot be folded and stay.
    """
    folded: CResUnet = copy.deepcopy(model).eval()
    chains = [folded.colour, folded.first]
    chains += [
        module.body
        for module in folded.modules()
        if isinstance(module, (ResidualBlock, UpBlock))
    ]
    for chain in chains:
        for index in range(len(chain) - 1):
            conv, norm = chain[index], chain[index + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                chain[index] = fusion.fuse_conv_bn_eval(conv, norm)
                chain[index + 1] = nn.Identity()
    return folded


def export_onnx(model: CResUnet, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write ``model`` to ``path`` with its description.

    Parameters
    ----------
    model : CResUnet
        Trained network; it is not changed.
    path : pathlib.Path
        File to write.
    metadata : Mapping
        Description of the model; ``input`` and ``output`` are filled in.
    """
    axes = {0: "batch", 2: "height", 3: "width"}
    graph = Graph(
        _Probability(fold(model)).eval(),
        (torch.zeros(1, 3, 64, 64),),
        (INPUT,),
        (OUTPUT,),
        {INPUT: axes, OUTPUT: axes},
    )
    write_described(graph, path, {**metadata, "input": INPUT, "output": OUTPUT})


def load_checkpoint(path: Path) -> CResUnet:
    """Network of a ``best.pt`` or the running average of a ``last.pt``."""
    state = torch.load(path, weights_only=True)
    model = CResUnet(int(state.get("identity", {}).get("width", 16)))
    model.load_state_dict(state.get("average", state["model"]))
    model.eval()
    return model


def main(arguments: list[str] | None = None) -> None:
    """Run as ``python -m napari_cellsets.training.export``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--metadata", type=Path, required=True, help="a JSON file")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    metadata = json.loads(options.metadata.read_text(encoding="utf-8"))
    export_onnx(load_checkpoint(options.checkpoint), options.out, metadata)


if __name__ == "__main__":
    main()
