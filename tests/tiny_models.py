"""Tiny ONNX models, made on the spot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OURS = {
    "format": 1,
    "name": "tiny",
    "version": "1",
    "task": "segmentation",
    "input": "image",
    "output": "map",
    "layout": "nchw",
    "channels": 3,
    "channel_order": "rgb",
    "normalisation": {"kind": "divide", "value": 255},
    "output_kind": "probability",
    "output_channel": 0,
    "multiple_of": 8,
    "halo": 96,
    "threshold": 0.6,
    "min_area": 40,
    "fill_holes": 30,
    "split_distance": 12,
}


def save(
    path: Path,
    nodes: list[Any],
    weights: dict[str, np.ndarray],
    input_shape: list[Any],
    output_shape: list[Any],
    metadata: dict[str, Any] | str | None,
    element: int = TensorProto.FLOAT,
    extra_inputs: list[Any] | None = None,
) -> Path:
    """Write a graph from ``image`` to ``map``."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("image", element, input_shape),
            *(extra_inputs or []),
        ],
        [helper.make_tensor_value_info("map", element, output_shape)],
        [numpy_helper.from_array(v, k) for k, v in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    if metadata is not None:
        text = metadata if isinstance(metadata, str) else json.dumps(metadata)
        helper.set_model_props(model, {"napari_cellsets": text})
    onnx.save(model, str(path))
    return path


@pytest.fixture
def make_pointwise(tmp_path: Path) -> Callable[..., Path]:
    """Make a model that weighs the channels of each pixel, on its own."""

    def make(
        weights: np.ndarray | None = None,
        *,
        metadata: dict[str, Any] | str | None = OURS,
        size: tuple[Any, Any] = ("h", "w"),
        layout: str = "nchw",
        batch: Any = 1,
        element: int = TensorProto.FLOAT,
        name: str = "pointwise.onnx",
    ) -> Path:
        mix = np.eye(1, 3, dtype=np.float32) if weights is None else weights
        kind = helper.tensor_dtype_to_np_dtype(element)
        kernel = mix.astype(kind)[:, :, np.newaxis, np.newaxis]
        out, channels = mix.shape
        if layout == "nchw":
            nodes = [helper.make_node("Conv", ["image", "k"], ["map"])]
            shapes = [batch, channels, *size], [batch, out, *size]
        else:
            nodes = [
                helper.make_node("Transpose", ["image"], ["a"], perm=[0, 3, 1, 2]),
                helper.make_node("Conv", ["a", "k"], ["b"]),
                helper.make_node("Transpose", ["b"], ["map"], perm=[0, 2, 3, 1]),
            ]
            shapes = [batch, *size, channels], [batch, *size, out]
        return save(tmp_path / name, nodes, {"k": kernel}, *shapes, metadata, element)

    return make


@pytest.fixture(scope="session")
def far_seeing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a network that sees 52 px far and pools by eight, like the real one."""
    rng = np.random.default_rng(7)

    def kernel(out: int, channels: int, side: int) -> np.ndarray:
        spread = 1 / np.sqrt(channels * side * side)
        return rng.normal(0, spread, (out, channels, side, side)).astype(np.float32)

    weights = {
        "k0": kernel(4, 3, 5),
        "k1": kernel(4, 4, 5),
        "k2": kernel(4, 4, 5),
        "k3": kernel(1, 8, 3),
        "scale": np.array([1, 1, 8, 8], np.float32),
    }

    def conv(image: str, k: str, out: str, pad: int) -> Any:
        return helper.make_node("Conv", [image, k], [out], pads=[pad] * 4)

    nodes = [
        conv("image", "k0", "a", 2),
        helper.make_node("MaxPool", ["a"], ["b"], kernel_shape=[8, 8], strides=[8, 8]),
        conv("b", "k1", "c", 2),
        helper.make_node("Tanh", ["c"], ["d"]),
        conv("d", "k2", "e", 2),
        helper.make_node("Resize", ["e", "", "scale"], ["f"], mode="nearest"),
        helper.make_node("Concat", ["a", "f"], ["g"], axis=1),
        conv("g", "k3", "i", 1),
        helper.make_node("Sigmoid", ["i"], ["map"]),
    ]
    return save(
        tmp_path_factory.mktemp("models") / "far.onnx",
        nodes,
        weights,
        [1, 3, "h", "w"],
        [1, 1, "h", "w"],
        {**OURS, "halo": 64},
    )


@pytest.fixture(scope="session")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a network that works for hours."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["more"], ["again"]),
            helper.make_node("Sigmoid", ["before"], ["after"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("more", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("again", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, None),
        ],
    )
    nodes = [helper.make_node("Loop", ["n", "yes", "image"], ["map"], body=body)]
    weights = {"n": np.array(10**9, np.int64), "yes": np.array(True)}
    shape = [1, 1, "h", "w"]
    metadata = {**OURS, "channels": 1}
    place = tmp_path_factory.mktemp("models") / "endless.onnx"
    return save(place, nodes, weights, shape, shape, metadata)
