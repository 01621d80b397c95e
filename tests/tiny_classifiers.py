"""A tiny classifier that names the brightest colour, made on the spot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("ruby", "emerald", "sapphire")
COLOURS = {"ruby": (1, 0, 0), "emerald": (0, 1, 0), "sapphire": (0, 0, 1)}
SAYS: dict[str, Any] = {
    "format": 1,
    "task": "classification",
    "name": "gems",
    "version": "1",
    "input": "cells",
    "output": "logits",
    "distance_output": "distance",
    "distance_limit": 0.7,
    "size": 16,
    "cell_share": 0.5,
    "layout": "nchw",
    "channels": 3,
    "channel_order": "rgb",
    "normalisation": {"kind": "divide", "value": 255},
    "classes": list(CLASSES),
    "class_titles": {"ruby": "red gem"},
    "unknown": "not a gem I know",
    "temperature": 1.0,
}


def gem_classifier(
    path: Path,
    *,
    says: dict[str, Any] | None = SAYS,
    layout: str = "nchw",
    batch: Any = "n",
    size: Any = 16,
    softmax: bool = False,
    sharpness: float = 20.0,
    slow: int = 0,
) -> Path:
    """Write a graph: logits are the mean colour, distance is how dark it is.

    `slow` adds that many convolutions that change nothing but take their time.
    """
    weights = {"sharp": np.array(sharpness, np.float32), "one": np.float32([[1.0]])}
    nodes = []
    place = "cells"
    if layout == "nhwc":
        nodes.append(helper.make_node("Transpose", [place], ["t"], perm=[0, 3, 1, 2]))
        place = "t"
    if slow:
        weights |= {
            "up": np.zeros((64, 3, 1, 1), np.float32),
            "wide": np.zeros((64, 64, 9, 9), np.float32),
            "down": np.zeros((3, 64, 1, 1), np.float32),
        }
        nodes.append(helper.make_node("Conv", [place, "up"], ["w0"]))
        for i in range(slow):
            nodes.append(
                helper.make_node("Conv", [f"w{i}", "wide"], [f"w{i + 1}"], pads=[4] * 4)
            )
        nodes.append(helper.make_node("Conv", [f"w{slow}", "down"], ["zero"]))
        nodes.append(helper.make_node("Add", [place, "zero"], ["same"]))
        place = "same"
    nodes += [
        helper.make_node("GlobalAveragePool", [place], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Mul", ["flat", "sharp"], ["logits" if not softmax else "l"]),
        helper.make_node("ReduceMax", ["flat"], ["bright"], axes=[1], keepdims=0),
        helper.make_node("Squeeze", ["one"], ["unit"]),
        helper.make_node("Sub", ["unit", "bright"], ["distance"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["l"], ["logits"], axis=1))
    shape = [batch, 3, size, size] if layout == "nchw" else [batch, size, size, 3]
    graph = helper.make_graph(
        nodes,
        "gems",
        [helper.make_tensor_value_info("cells", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, 3]),
            helper.make_tensor_value_info("distance", TensorProto.FLOAT, [batch]),
        ],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    if says is not None:
        helper.set_model_props(model, {"napari_cellsets": json.dumps(says)})
    onnx.save(model, str(path))
    return path


def gem(name: str, shape: tuple[int, int] = (20, 24), light: int = 250) -> np.ndarray:
    """Return a picture of one colour, uint8 (y, x, 3)."""
    pixels = np.zeros((*shape, 3), np.uint8)
    pixels[:] = np.array(COLOURS[name]) * light
    return pixels


def write_cell(path: Path, pixels: np.ndarray) -> None:
    """Write an RGB picture as PNG or JPEG, by its suffix."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.ascontiguousarray(pixels[..., ::-1]))


def write_gems(root: Path, counts: dict[str, int], suffix: str = ".png") -> Path:
    """Write folders of classes; names say the class and count from 0."""
    for name, number in counts.items():
        for i in range(number):
            write_cell(root / name / f"{name}_{i}{suffix}", gem(name, light=200 + i))
    return root
