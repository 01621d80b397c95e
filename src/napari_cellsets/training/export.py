"""Write a trained c-ResUnet as one ONNX file that describes itself.

The file takes float32 RGB (n, 3, y, x), any n, y and x being multiples of 8, and
returns the probability of a cell (n, 1, y, x).
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import torch
from torch import nn
from torch.nn.utils import fusion

from napari_cellsets.training.cresunet import CResUnet, ResidualBlock, UpBlock

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

#: Key of the description among the metadata of an ONNX file.
METADATA_KEY = "napari_cellsets"
INPUT, OUTPUT = "image", "probability"
OPSET = 17


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
    proto = onnx.load_from_string(_trace(_Probability(fold(model)).eval()))
    entry = proto.metadata_props.add()
    entry.key = METADATA_KEY
    described = {**metadata, "input": INPUT, "output": OUTPUT}
    entry.value = json.dumps(described, sort_keys=True)
    onnx.checker.check_model(proto)
    onnx.save(proto, str(path))
    logger.info("wrote %s, %d bytes", path.name, path.stat().st_size)


def _trace(model: nn.Module) -> bytes:
    """Serialised ONNX graph with free batch, height and width."""
    buffer = io.BytesIO()
    axes = {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings():
        # the exporter that needs no further package warns that it is the older one
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            model,
            (torch.zeros(1, 3, 64, 64),),
            buffer,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: axes, OUTPUT: axes},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()


def load_checkpoint(path: Path) -> CResUnet:
    """Network of a ``best.pt`` or the running average of a ``last.pt``."""
    state = torch.load(path, weights_only=True)
    model = CResUnet(int(state.get("recipe", {}).get("width", 16)))
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
