"""Engines side by side on the shipped graph, and shapes of other networks.

All on one core, in turn, counted in processor time: other programs on the machine
then change little. Rows that need torch or OpenVINO are left out without them.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.ratio import Ratio
from napari_cellsets.inference import (
    default_model,
    predict,
    read_model_info,
    release_sessions,
)
from napari_cellsets.inference.engines import CPU_PROVIDER, OPENVINO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHAPE = (608, 800)
ROUNDS = 4


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and every engine opened in it, to one core."""
    release_sessions()
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
        release_sessions()


def run() -> list[Ratio]:
    with one_core(), tempfile.TemporaryDirectory() as folder:
        works = _works(Path(folder))
        seconds = _in_turn(works)
    bare = seconds["bare onnxruntime"]
    aims = {
        "our predict, onnxruntime": "at most 1.05",
        "our predict, OpenVINO float32": "at most 0.9",
    }
    where = f"{SHAPE[1]}x{SHAPE[0]}, one core"
    return [
        Ratio(f"{name}, {where}", spent, "s", "bare onnxruntime, shipped graph",
              bare, aims.get(name, ""))
        for name, spent in seconds.items()
        if name != "bare onnxruntime"
    ]  # fmt: skip


def _in_turn(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Shortest processor time of each work; rounds over all of them."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            start = time.process_time()
            work()
            times[name].append(time.process_time() - start)
    return {name: min(spent) for name, spent in times.items()}


def _works(folder: Path) -> dict[str, Callable[[], object]]:
    model = default_model()
    info = read_model_info(model)
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 90, (*SHAPE, 3), dtype=np.uint8)
    blob = np.ascontiguousarray(picture.transpose(2, 0, 1)[np.newaxis], np.float32)
    blob /= 255
    works: dict[str, Callable[[], object]] = {
        "bare onnxruntime": _bare(model, blob),
        "our predict, onnxruntime": lambda: predict(
            picture, info, provider=CPU_PROVIDER
        ),
    }
    if find_spec("openvino"):
        works["our predict, OpenVINO float32"] = lambda: predict(
            picture, info, provider=OPENVINO, fast=False
        )
        works["our predict, OpenVINO half precision where there is any"] = lambda: (
            predict(picture, info, provider=OPENVINO, fast=True)
        )
    if find_spec("torch"):
        works |= _torch_works(blob, folder)
    return works


def _bare(model: Path, blob: np.ndarray) -> Callable[[], object]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(model), options, providers=[CPU_PROVIDER]
    )
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: blob})


def _torch_works(blob: np.ndarray, folder: Path) -> dict[str, Callable[[], object]]:
    import torch

    from benchmarks.shapes import CellposeShape, StarDistShape
    from napari_cellsets.training.cresunet import CResUnet

    torch.set_num_threads(1)
    network = CResUnet().eval()
    tensor = torch.from_numpy(blob)

    def eager() -> object:
        with torch.no_grad():
            return network(tensor)

    works: dict[str, Callable[[], object]] = {"the same network, torch eager": eager}
    for name, shape, channels in (
        ("StarDist's network, its shape, onnxruntime", StarDistShape(), 1),
        ("Cellpose's network, its shape, onnxruntime", CellposeShape(), 2),
    ):
        path = folder / f"{type(shape).__name__}.onnx"
        part = np.ascontiguousarray(blob[:, :channels])
        _export(shape.eval(), channels, path)
        works[name] = _bare(path, part)
    return works


def _export(network: object, channels: int, path: Path) -> None:
    import torch

    from napari_cellsets.training.onnx_file import Graph, write_described

    example = (torch.zeros(1, channels, 64, 64),)
    free = {"image": {2: "height", 3: "width"}}
    write_described(Graph(network, example, ("image",), ("map",), free), path, {})
