"""One ONNX file out of a torch network, with a description of itself inside."""

from __future__ import annotations

import io
import json
import logging
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import onnx
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

logger = logging.getLogger(__name__)

#: Key of the description among the metadata of an ONNX file.
METADATA_KEY = "napari_cellsets"
OPSET = 17


@dataclass(frozen=True)
class Graph:
    """A network and what its graph is to be called by.

    Parameters
    ----------
    network
        In eval mode.
    example
        Its arguments, of any size.
    inputs, outputs
        Names.
    free
        Axes of inputs and outputs whose length is free, with their names.
    """

    network: nn.Module
    example: tuple[torch.Tensor, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    free: Mapping[str, Mapping[int, str]]


def write_described(graph: Graph, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write a graph to ``path`` with its description as JSON."""
    proto = onnx.load_from_string(traced(graph))
    entry = proto.metadata_props.add()
    entry.key = METADATA_KEY
    entry.value = json.dumps(dict(metadata), sort_keys=True)
    onnx.checker.check_model(proto)
    onnx.save(proto, str(path))
    logger.info("wrote %s, %d bytes", path.name, path.stat().st_size)


def traced(graph: Graph) -> bytes:
    """Serialised ONNX graph."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # the exporter that needs no further package warns that it is the older one
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            graph.network,
            graph.example,
            buffer,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes={name: dict(axes) for name, axes in graph.free.items()},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()
