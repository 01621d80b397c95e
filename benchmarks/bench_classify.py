"""Cells named: beside bare onnxruntime, and beside a published DenseNet-121."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.ratio import Ratio, best_in_turn, best_of
from napari_cellsets.batch import classify_dataset
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.inference import (
    default_classifier,
    prepare_cell,
    read_classifier_info,
    score_cells,
)
from napari_cellsets.inference.scoring import BATCH
from napari_cellsets.inference.sessions import physical_cores

if TYPE_CHECKING:
    from napari_cellsets.inference import ClassifierInfo

CELLS, SHAPE = 1000, (363, 360)
DENSENET_MS = 30.0
LIMIT_S = 10.0


def run() -> list[Ratio]:
    import onnxruntime

    info = read_classifier_info(default_classifier())
    pictures = [_cell(seed) for seed in range(4 * BATCH)]
    ready = [prepare_cell(pixels, info) for pixels in pictures]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = physical_cores()
    bare = onnxruntime.InferenceSession(
        str(info.path), options, providers=["CPUExecutionProvider"]
    )
    wanted = [name for name in (info.output, info.distance_output) if name]
    feeds = [
        {info.input: _blob([c.pixels for c in ready[i : i + BATCH]])}
        for i in range(0, len(ready), BATCH)
    ]
    ours, reference = best_in_turn(
        lambda: score_cells(ready, info),
        lambda: [bare.run(wanted, feed) for feed in feeds],
        repeats=7,
    )
    with_resize = best_of(lambda: score_cells(pictures, info), 3)
    whole = _whole_set(info)
    return [
        Ratio(f"{len(ready)} cells of the network's size scored", ours, "s",
              "bare onnxruntime, same batches", reference, "at most 1.05"),
        Ratio(f"{len(ready)} cells of 360x363 px resized and scored", with_resize, "s",
              "bare onnxruntime, same batches", reference),
        Ratio("1,000 cells from JPEG files to a table", whole, "s",
              "limit", LIMIT_S, "at most 1"),
        Ratio("a cell from a JPEG file to a table", whole / CELLS * 1e3, "ms",
              "DenseNet-121 alone (published: 224 px, two cores)", DENSENET_MS,
              "at most 0.33"),
    ]  # fmt: skip


def _whole_set(info: ClassifierInfo) -> float:
    """Seconds for a set of files, best of two runs."""
    import cv2

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for i in range(CELLS):
            place = root / "set" / info.classes[i % 2] / f"{i}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(place), _cell(i), [cv2.IMWRITE_JPEG_QUALITY, 95])
        dataset = open_dataset(root / "set")
        return best_of(
            lambda: classify_dataset(
                dataset, root / "classes.csv", model=info, resume=False
            ),
            2,
        )


def _cell(seed: int) -> np.ndarray:
    """A purple disc on a pale ground with the grain of a camera."""
    rng = np.random.default_rng(seed)
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    y, x = rng.normal(180, 8, 2)
    inside = (rows - y) ** 2 + (columns - x) ** 2 < rng.uniform(70, 100) ** 2
    pixels = np.where(inside[..., np.newaxis], (120.0, 60.0, 150.0), (225, 210, 200))
    pixels = pixels + rng.normal(0, 6, pixels.shape)
    return np.asarray(np.clip(pixels, 0, 255), np.uint8)


def _blob(cells: list[np.ndarray]) -> np.ndarray:
    stack = np.stack(cells).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(stack, np.float32) / np.float32(255)
