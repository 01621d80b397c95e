"""Tiny ONNX models and sets for the tests of batch runs and the command line."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from napari_cellsets.formats.labels_io import write_label_png
from tiny_models import OURS

if TYPE_CHECKING:
    from pathlib import Path

SAYS = {
    **OURS,
    "name": "bright",
    "threshold": 0.5,
    "min_area": 20,
    "fill_holes": 0,
    "split_distance": 0,
    "halo": 32,
    "multiple_of": 1,
}


def bright_model(path: Path, *, says: dict[str, object] | None = SAYS) -> Path:
    """A model that takes the red channel for the probability."""
    return _save(path, [], {}, "image", says)


def slow_model(path: Path, *, depth: int = 120) -> Path:
    """The same answer after many seconds of work inside one engine call."""
    weights = {
        "first": np.zeros((32, 3, 3, 3), np.float32),
        "more": np.zeros((32, 32, 3, 3), np.float32),
        "last": np.zeros((3, 32, 3, 3), np.float32),
    }
    steps = ["first", *["more"] * depth, "last"]
    nodes, place = [], "image"
    for number, name in enumerate(steps):
        out = f"at{number}"
        nodes.append(helper.make_node("Conv", [place, name], [out], pads=[1, 1, 1, 1]))
        place = out
    nodes.append(helper.make_node("Add", [place, "image"], ["same"]))
    return _save(path, nodes, weights, "same", SAYS)


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    last: str,
    says: dict[str, object] | None,
) -> Path:
    pick = {"red": np.array([[[[1.0]], [[0.0]], [[0.0]]]], np.float32), **weights}
    graph = helper.make_graph(
        [*nodes, helper.make_node("Conv", [last, "red"], ["map"])],
        "bright",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, [1, 1, "h", "w"])],
        [numpy_helper.from_array(array, name) for name, array in pick.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    if says is not None:
        helper.set_model_props(model, {"napari_cellsets": json.dumps(says)})
    onnx.save(model, str(path))
    return path


def write_picture(path: Path, labels: np.ndarray) -> None:
    """Write a colour picture in which the objects are bright red."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((*labels.shape, 3), np.uint8)
    pixels[..., 2] = np.where(labels > 0, 250, 10)
    cv2.imwrite(str(path), pixels)


def squares(number: int, shape: tuple[int, int] = (120, 160)) -> np.ndarray:
    """Labels of this many squares that do not touch."""
    labels = np.zeros(shape, np.int32)
    for i in range(number):
        y, x = 5 + (i // 7) * 20, 5 + (i % 7) * 20
        labels[y : y + 10, x : x + 10] = i + 1
    return labels


def write_set(
    root: Path, counts: tuple[int, ...] = (3, 0, 5, 1), *, truth: bool = True
) -> Path:
    """Write pictures (and masks) in two plain folders; names count from 0."""
    for i, number in enumerate(counts):
        labels = squares(number)
        write_picture(root / "images" / f"p{i}.png", labels)
        if truth:
            write_label_png(root / "masks" / f"p{i}.png", labels)
    return root


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a reader that is not ours."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
