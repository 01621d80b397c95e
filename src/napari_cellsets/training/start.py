"""Weights to begin with, out of an exported ONNX file.

An exported file has most norms folded into convolutions. A network of the same form
without them takes the weights up again, layer by layer in the order in
which both are computed. That they are the same network is proved by running both.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch import nn

from napari_cellsets.core.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

#: Kind of a node of the file, and its weights.
Layer: TypeAlias = "tuple[str, list[NDArray[Any]]]"
LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.Linear)
NODES = ("Conv", "ConvTranspose", "BatchNormalization", "Gemm")
#: Largest difference of probabilities between file and network, in float32.
TOLERANCE = 1e-3


def read_layers(path: Path) -> list[Layer]:
    """Return kind and weights of the layers of a file, in the order of computing.

    Raises
    ------
    TrainingError
        If the file is no ONNX model.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from onnx import numpy_helper

    try:
        graph = onnx.load(str(path)).graph
    except (OSError, DecodeError, ValueError) as error:
        raise TrainingError(
            "the model to begin with cannot be read",
            path=path,
            advice="Name an ONNX file that was trained here, or use --from scratch.",
        ) from error
    known = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            known[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type == "Identity" and node.input[0] in known:
            # equal weights are written once
            known[node.output[0]] = known[node.input[0]]
    return [
        (node.op_type, [known[name] for name in node.input[1:] if name in known])
        for node in graph.node
        if node.op_type in NODES
    ]


def load_layers(
    network: nn.Module,
    layers: Sequence[Layer],
    example: torch.Tensor,
    path: Path,
) -> None:
    """Copy weights of a file into a network, layer by layer.

    Parameters
    ----------
    network
        Its norms that the file has not, being part of other layers there, go.
    layers
        From `read_layers`.
    example
        Any input, to learn the order in which the layers are computed.
    path
        The file, for messages.

    Raises
    ------
    TrainingError
        If the layers differ in number, kind or shape.
    """
    pairs, absent = _matched(network, layers, example, path)
    for module, (kind, weights) in pairs:
        targets = _tensors(module)
        found = [array.shape for array in weights]
        wanted = [tuple(target.shape) for target in targets]
        if found != wanted:
            raise _another(path, f"{kind} has weights {found}, expected {wanted}")
        for target, array in zip(targets, weights, strict=True):
            with torch.no_grad():
                target.copy_(torch.from_numpy(np.array(array)))
    for name in absent:
        parent, _, child = name.rpartition(".")
        setattr(network.get_submodule(parent), child, nn.Identity())


def _matched(
    network: nn.Module, layers: Sequence[Layer], example: torch.Tensor, path: Path
) -> tuple[list[tuple[nn.Module, Layer]], list[str]]:
    """Pair modules with layers; name the norms that the file has not."""
    order = _in_order(network, example)
    names = {module: name for name, module in network.named_modules()}
    waiting = deque(layers)
    pairs: list[tuple[nn.Module, Layer]] = []
    absent: list[str] = []
    for module in order:
        kind = waiting[0][0] if waiting else ""
        if isinstance(module, nn.BatchNorm2d) and kind != "BatchNormalization":
            absent.append(names[module])
        elif waiting:
            pairs.append((module, waiting.popleft()))
        else:
            raise _another(path, f"it has {len(layers)} layers, which are too few")
    if waiting:
        raise _another(path, f"it has {len(waiting)} layers more than expected")
    return pairs, absent


def check_same_answer(
    network: nn.Module, path: Path, image: NDArray[np.float32], output: str | None
) -> None:
    """Compare a network with the file that its weights came from.

    Parameters
    ----------
    network
        Gives what the file gives.
    path
        The ONNX file.
    image
        Its input, (n, 3, y, x) float32.
    output
        Name of the file's output; the first by default.

    Raises
    ------
    TrainingError
        If they answer differently.
    """
    from napari_cellsets.inference.sessions import open_session

    engine = open_session(path).engine
    names = [output] if output else [engine.get_outputs()[0].name]
    (theirs,) = engine.run(names, {engine.get_inputs()[0].name: image})
    with torch.no_grad():
        ours = network(torch.from_numpy(image)).numpy()
    worst = float(np.abs(ours - theirs).max())
    if not worst <= TOLERANCE:
        raise _another(path, f"the same weights answer differently by {worst:.3g}")


def _in_order(network: nn.Module, example: torch.Tensor) -> list[nn.Module]:
    order: list[nn.Module] = []
    hooks = [
        module.register_forward_pre_hook(lambda module, _: order.append(module))
        for module in network.modules()
        if isinstance(module, LAYERS)
    ]
    network.eval()
    with torch.no_grad():
        network(example)
    for hook in hooks:
        hook.remove()
    return order


def _tensors(module: nn.Module) -> list[torch.Tensor]:
    names = ("weight", "bias", "running_mean", "running_var")
    found = [getattr(module, name, None) for name in names]
    return [tensor for tensor in found if tensor is not None]


def _another(path: Path, why: str) -> TrainingError:
    return TrainingError(
        f"this model is not of the form that can be trained on: {why}",
        path=path,
        advice="Begin with the shipped model or with --from scratch.",
    )
