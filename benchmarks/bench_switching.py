"""Step through a set in a real window: time and memory against napari's floor.

The floor is what any plug-in must pay: ``layer.data = ...`` for the same three
arrays in layers of the same kind, and nothing else. Decoding is left out of both.
"""

from __future__ import annotations

import gc
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.ratio import Ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets._napari.session import Session

SHAPE = (1200, 1600)
ROUNDS = 24
SWITCHES = 200
LIMIT_MS = 60.0


def run() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CELLSETS_DATA_HOME"] = folder
        os.environ["CELLSETS_CACHE_HOME"] = folder
        return _measure(Path(folder))


def _measure(folder: Path) -> list[Ratio]:
    import napari

    from napari_cellsets._napari.sample_data import write_fields
    from napari_cellsets._napari.session import get_session

    viewer = napari.Viewer()
    session = get_session(viewer)
    session.open(write_fields(folder, SHAPE))
    samples = []
    for index in range(2):
        session.show(index)
        session.set_cells(session.truth.labels, {"source": "benchmark"})
        samples.append(session.loader(index)())
    ours, floor = _switch_times(viewer, session, samples, time.perf_counter)
    busy, _ = _switch_times(viewer, session, samples, time.thread_time)
    grown, floor_grown = _memory(viewer, session)
    viewer.close()
    size = f"{SHAPE[1]}x{SHAPE[0]}"
    return [
        Ratio(
            f"switch to the next image, {size}, image + truth + cells",
            ours * 1e3,
            "ms",
            "bare layer.data = for the same three layers",
            floor * 1e3,
            "at most 1.3",
        ),
        Ratio(
            "the same, processor time of the window's thread",
            busy * 1e3,
            "ms",
            "limit for a switch",
            LIMIT_MS,
            "at most 1",
        ),
        Ratio(
            f"resident memory after {SWITCHES} switches",
            grown,
            "MB",
            "after the first 20 switches",
            floor_grown,
            "at most 1.05",
        ),
    ]


def _switch_times(
    viewer: Viewer,
    session: Session,
    samples: list[LoadedSample],
    clock: Callable[[], float],
) -> tuple[float, float]:
    from napari_cellsets._napari.slots import new_image_layer, new_label_layer

    bare = [
        new_image_layer(samples[0].shown, "bare"),
        new_label_layer("truth", samples[0].truth.labels, None),
        new_label_layer("cells", samples[0].cells.labels, None),
    ]
    for layer in bare:
        viewer.add_layer(layer)
    ours, floor = [], []
    for turn in range(ROUNDS):
        sample = samples[turn % 2]
        ours.append(_timed(clock, lambda sample=sample: session.display(sample)))
        arrays = (sample.shown.data, sample.truth.labels, np.array(sample.cells.labels))
        floor.append(_timed(clock, lambda arrays=arrays: _assign(bare, arrays)))
    for layer in bare:
        viewer.layers.remove(layer)
    return min(ours), min(floor)


def _assign(layers: list, arrays: tuple) -> None:
    for layer, array in zip(layers, arrays, strict=True):
        layer.data = array


def _timed(clock: Callable[[], float], act: Callable[[], None]) -> float:
    start = clock()
    act()
    taken = clock() - start
    _draw()
    return taken


def _draw() -> None:
    from qtpy.QtWidgets import QApplication

    QApplication.processEvents()


def _memory(viewer: Viewer, session: Session) -> tuple[float, float]:
    """Resident MB after all switches, and after the first 20."""
    early = 0.0
    for turn in range(SWITCHES):
        session.show(turn % len(session.dataset.samples))
        if turn % 10 == 5:
            session.cells_layer.paint((600, 800), 9)
        _draw()
        if turn == 19:
            gc.collect()
            early = _resident_mb()
    gc.collect()
    return _resident_mb(), early


def _resident_mb() -> float:
    import psutil

    return psutil.Process().memory_info().rss / 2**20
