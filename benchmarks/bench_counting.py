"""Probabilities to labels beside the published pipeline; evaluation at scale."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.ratio import Ratio, best_in_turn, best_of
from napari_cellsets.counting import (
    CountSettings,
    evaluate,
    labels_from_probability,
    measure,
)

SETTINGS = CountSettings(
    threshold=0.5, min_area_px=200, fill_holes_px=600, split_distance_px=20
)
FIELD, FIELD_CELLS = (1200, 1600), 100
SIDE = 10_000
SLIDE, SLIDE_CELLS = (SIDE, SIDE), 50_000 * SIDE**2 // 10**8


def run() -> list[Ratio]:
    return [*_one_image(), *_slide(), _evaluation()]


def field(shape: tuple[int, int], cells: int, seed: int = 0) -> np.ndarray:
    """Probabilities of round cells of 12 to 22 px radius, some touching, with holes."""
    rng = np.random.default_rng(seed)
    out = rng.random(shape, dtype=np.float32)
    out *= 0.2
    side = np.arange(-24, 25)
    distance = np.hypot(side[:, None], side)
    # Spots on a jittered grid: as crowded everywhere, some pairs touch.
    pitch = np.sqrt(shape[0] * shape[1] / cells)
    grid = np.stack(
        np.meshgrid(
            np.arange(pitch / 2, shape[0], pitch), np.arange(pitch / 2, shape[1], pitch)
        ),
        axis=-1,
    ).reshape(-1, 2)
    centres = grid + rng.uniform(-pitch / 3, pitch / 3, grid.shape)
    centres = np.clip(centres, 24, np.array(shape) - 25).astype(int)
    for (y, x), radius in zip(centres, rng.uniform(12, 22, len(centres)), strict=True):
        spot = out[y - 24 : y + 25, x - 24 : x + 25]
        spot[distance < radius] = 0.9
        spot[22:25, 22:25] = 0.1
    return out


def published(probability: np.ndarray) -> np.ndarray:
    """The post-processing published with Fluorescent Neuronal Cells v1.

    Holes under 600 px filled, objects under 200 px dropped, exact distance, maximum
    filter 30, maxima in 40 x 40, marker blobs under 25 px dropped, compact watershed
    with lines. Written from its description with scipy and scikit-image.
    """
    from scipy import ndimage
    from skimage.morphology import remove_small_holes, remove_small_objects
    from skimage.segmentation import watershed

    mask = probability >= 0.5
    mask = remove_small_holes(mask, max_size=600)
    mask = remove_small_objects(mask, max_size=199)
    distance = ndimage.distance_transform_edt(mask)
    smooth = ndimage.maximum_filter(distance, 30)
    maxima = (smooth == ndimage.maximum_filter(smooth, 40)) & mask
    markers, _ = ndimage.label(remove_small_objects(maxima, max_size=24))
    return watershed(-distance, markers, mask=mask, compactness=1, watershed_line=True)


def _one_image() -> list[Ratio]:
    probability = field(FIELD, FIELD_CELLS)
    labels = labels_from_probability(probability, SETTINGS)
    ours, theirs = best_in_turn(
        lambda: labels_from_probability(probability, SETTINGS),
        lambda: published(probability),
    )
    measured = best_of(lambda: measure(labels))
    from skimage.measure import regionprops_table

    names = ("label", "area", "centroid", "equivalent_diameter_area", "eccentricity")
    listed = best_of(lambda: regionprops_table(labels, properties=names), 3)
    return [
        Ratio("post-processing 1600x1200, 100 cells", ours * 1e3, "ms",
              "published pipeline, scikit-image", theirs * 1e3, "at most 0.2"),
        Ratio("post-processing 1600x1200, 100 cells", ours * 1e3, "ms",
              "limit", 60.0, "at most 1"),
        Ratio("measuring 100 cells", measured * 1e3, "ms",
              "skimage regionprops_table", listed * 1e3, "at most 1"),
    ]  # fmt: skip


def _slide() -> list[Ratio]:
    probability = field(SLIDE, SLIDE_CELLS)
    quarter = probability[: SLIDE[0] // 2, : SLIDE[1] // 2].copy()
    ours, small = best_in_turn(
        lambda: labels_from_probability(probability, SETTINGS),
        lambda: labels_from_probability(quarter, SETTINGS),
        repeats=3,
    )
    theirs = best_of(lambda: published(probability), 1)
    return [
        Ratio("post-processing 10,000x10,000, 50,000 cells", ours, "s",
              "published pipeline, scikit-image", theirs, "at most 0.2"),
        Ratio("post-processing 10,000x10,000", ours, "s",
              "four times 5,000x5,000", 4 * small, "at most 1.3 (linear)"),
        Ratio("extra memory of post-processing, 10,000x10,000", _extra_memory(),
              "bytes/px", "limit", 12.0, "at most 1"),
    ]  # fmt: skip


def _extra_memory() -> float:
    """Peak resident memory over that before the call, labels included, a pixel."""
    code = (
        "import json;"
        "from benchmarks import bench_counting as b;"
        "b.labels_from_probability(b.field((1500, 1500), 1200), b.SETTINGS);"
        "p = b.field(b.SLIDE, b.SLIDE_CELLS);"
        "before = b.memory('VmRSS');"
        "b.labels_from_probability(p, b.SETTINGS);"
        "print(json.dumps([before, b.memory('VmHWM')]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    before, peak = json.loads(answer.stdout)
    return float(peak - before) / (SLIDE[0] * SLIDE[1])


def memory(what: str) -> int:
    """Resident memory of this process in bytes: VmRSS now, VmHWM at its peak.

    The peak that getrusage tells a child begins with its parent's.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise ValueError(what)


def _evaluation() -> Ratio:
    labels = labels_from_probability(field((5000, 5000), 12_000), SETTINGS)
    shifted = np.roll(labels, 5, axis=1)
    start = time.perf_counter()
    found = evaluate(shifted, labels)
    ours = time.perf_counter() - start
    theirs = best_of(lambda: _dense_overlap(shifted, labels), 1)
    name = f"evaluating {found.truth_count} objects under three rules"
    return Ratio(name, ours, "s", "dense overlap matrix alone", theirs, "at most 1")


def _dense_overlap(predicted: np.ndarray, truth: np.ndarray) -> int:
    """The usual way: the overlap of every pair of labels in one matrix."""
    n, m = int(predicted.max()) + 1, int(truth.max()) + 1
    keys = predicted.ravel().astype(np.int64) * m + truth.ravel()
    overlap = np.bincount(keys, minlength=n * m).reshape(n, m).astype(np.float32)
    union = overlap.sum(axis=1)[:, None] + overlap.sum(axis=0)[None]
    union -= overlap
    overlap /= np.maximum(union, 1, out=union)
    return int((overlap[1:, 1:] > 0.5).sum())
