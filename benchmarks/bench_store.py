"""Saving a stroke and loading labels, beside writing and reading the whole image."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.ratio import Ratio, best_in_turn
from napari_cellsets.store import LabelDelta, Project

if TYPE_CHECKING:
    from collections.abc import Callable

HEIGHT, WIDTH, CELLS = 1200, 1600, 100
WHERE = ("set", "sample", "cells")
STROKES = 60


def field() -> np.ndarray:
    """Round cells in a 1600x1200 field."""
    rng = np.random.default_rng(0)
    labels = np.zeros((HEIGHT, WIDTH), np.int32)
    ys, xs = np.ogrid[:HEIGHT, :WIDTH]
    for cell in range(1, CELLS + 1):
        y, x, radius = rng.integers(0, HEIGHT), rng.integers(0, WIDTH), 20
        labels[(ys - y) ** 2 + (xs - x) ** 2 < radius**2] = cell
    return labels


def run() -> list[Ratio]:
    """Measure on the disk of the temporary folder, flushed to it on both sides."""
    with tempfile.TemporaryDirectory() as folder:
        with Project.open(Path(folder) / "project.sqlite") as project:
            return _ratios(project, Path(folder) / "labels.png")


def _ratios(project: Project, image: Path) -> list[Ratio]:
    import cv2

    labels = field()
    project.save_labels(*WHERE, labels, {"kind": "prediction"})
    strokes = _Strokes(project, labels)

    def write_png() -> None:
        cv2.imwrite(str(image), strokes.labels.astype(np.uint16))
        with image.open("rb+") as file:
            os.fsync(file.fileno())

    ours, theirs = _medians_in_turn(strokes.paint, write_png)
    size = strokes.bytes / strokes.done
    load, read = best_in_turn(
        lambda: project.load_labels(*WHERE),
        lambda: cv2.imread(str(image), cv2.IMREAD_UNCHANGED).astype(np.int32),
    )
    name = f"{WIDTH}x{HEIGHT}, {CELLS} cells"
    return [
        Ratio(
            f"save one brush stroke on disk, median of {STROKES}, {name}",
            ours * 1e3,
            "ms",
            "write the whole image as PNG, flushed",
            theirs * 1e3,
            "well under 20 ms",
        ),
        Ratio(
            f"load labels with {STROKES} strokes in the journal, {name}",
            load * 1e3,
            "ms",
            "read the whole image from PNG",
            read * 1e3,
            "under 20 ms",
        ),
        Ratio(
            "bytes a brush stroke adds to the journal",
            size,
            "bytes",
            "bytes of the whole image as PNG",
            image.stat().st_size,
        ),
    ]


class _Strokes:
    """A person who paints discs; one call is one stroke, from brush to disk."""

    def __init__(self, project: Project, labels: np.ndarray) -> None:
        self.project, self.labels = project, labels
        self.done = self.bytes = 0
        self._rng = np.random.default_rng(1)

    def paint(self) -> None:
        before = self.labels.copy()
        y, x = self._rng.integers(0, HEIGHT - 30), self._rng.integers(0, WIDTH - 60)
        self.labels[y : y + 12, x : x + 60] = 1000 + self.done
        delta = LabelDelta.between(before, self.labels)
        if delta is None:
            raise RuntimeError("a stroke must change something")
        self.project.record(*WHERE, delta, {"tool": "brush"})
        self.done += 1
        self.bytes += delta.size


def _medians_in_turn(
    ours: Callable[[], None], theirs: Callable[[], None]
) -> tuple[float, float]:
    """Return the median times of two pieces of work, in seconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(STROKES):
        for work, found in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            work()
            found.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])
