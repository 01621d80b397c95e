"""Step through a set in a real window: time and memory against napari's floor.

The floor is what any plug-in must pay: ``layer.data = ...`` for the same three
arrays in layers of the same kind, and nothing else. Decoding is left out of both.

From the key to the drawn picture everything counts, decoding too: of images whose
cells were corrected, shown for half a second before the next key, as when somebody
looks at them. Beside it the same arrays in plain layers, from assigning to drawn. Much
of both is the drawing of the window, in software on a machine without a graphics card:
what that takes where nothing is new is told beside it.
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
    from qtpy.QtWidgets import QWidget

    from benchmarks.hands import Drawn
    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets._napari.session import Session

SHAPE = (1200, 1600)
ROUNDS = 24
SWITCHES = 200
LIMIT_MS = 60.0
KEYS, LOOKED_AT_S = 30, 0.5
ALL_LIMIT_MS = 80.0
DOCKS = ("Samples", "Edit", "Objects", "Gallery")


def run() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CELLSETS_DATA_HOME"] = folder
        os.environ["CELLSETS_CACHE_HOME"] = folder
        rows = _measure(Path(folder))
        for docks in (("Samples",), DOCKS):
            rows += _key_ratios(Path(folder), docks)
        return rows


def _key_ratios(folder: Path, docks: tuple[str, ...]) -> list[Ratio]:
    """Measure from the key to the drawn picture, with docks open."""
    import napari

    from benchmarks.hands import Drawn, canvas_of, press_key, settle
    from napari_cellsets._napari.docks import open_dock
    from napari_cellsets._napari.sample_data import write_fields
    from napari_cellsets._napari.session import get_session

    viewer = napari.Viewer()
    viewer.window.resize(1920, 1080)
    session = get_session(viewer)
    for name in docks:
        open_dock(viewer, name)
    session.open(write_fields(folder, SHAPE))
    _correct(session)
    drawn, canvas = Drawn(), canvas_of()
    session.sample_changed.connect(drawn.expect)
    wall, busy = [], []
    for turn in range(KEYS):
        settle(LOOKED_AT_S)
        # to the last of four images and back
        key = "PageDown" if turn % 6 < 3 else "PageUp"
        times = drawn.time(lambda key=key: press_key(key, canvas))
        wall.append(times[0] * 1e3)
        busy.append(times[1] * 1e3)
    same = _same_again(drawn, canvas)
    floor = _plain_times(viewer, session, drawn)
    viewer.close()
    name = f"key to drawn picture, {' '.join(docks)} open"
    return [
        Ratio(f"{name}, median", float(np.median(wall)), "ms",
              "the same in plain layers", float(np.median(floor)), "at most 1.1"),
        Ratio(f"{name}, median", float(np.median(wall)), "ms",
              "drawing what is there again", float(np.median(same)), ""),
        Ratio(f"{name}, p95", float(np.percentile(wall, 95)), "ms",
              "the same in plain layers", float(np.percentile(floor, 95)), ""),
        Ratio(f"{name}, shortest", min(wall), "ms", "limit", ALL_LIMIT_MS, "at most 1"),
        Ratio(f"{name}, processor time of the window's thread, median",
              float(np.median(busy)), "ms", "limit", ALL_LIMIT_MS, "at most 1"),
    ]  # fmt: skip


def _correct(session: Session) -> None:
    """Put cells on all images and paint on them, a stroke at a time."""
    for index in range(len(session.dataset.samples)):
        session.show(index)
        session.set_cells(session.truth.labels, {"source": "benchmark"})
        for row in range(100, 1100, 50):
            session.cells_layer.paint((row, 200 + index), 5)
        session.save()
    session.show(0)


def _same_again(drawn: Drawn, canvas: QWidget) -> list[float]:
    """Return what drawing takes where nothing is new, in ms."""
    from benchmarks.hands import settle

    def draw() -> None:
        canvas.update()
        drawn.expect()

    times = []
    for _ in range(KEYS):
        settle(LOOKED_AT_S)
        times.append(drawn.time(draw)[0] * 1e3)
    return times


def _plain_times(viewer: Viewer, session: Session, drawn: Drawn) -> list[float]:
    """Return what assigning and drawing the same arrays takes, in ms."""
    from benchmarks.hands import settle

    arrays = []
    for index in range(2):
        session.show(index)
        layers = (session.image_layer, session.truth_layer, session.cells_layer)
        arrays.append([np.array(layer.data) for layer in layers])
    viewer.layers.clear()
    picture, truth, cells = arrays[0]
    viewer.add_image(picture, rgb=True)
    viewer.add_labels(truth)
    viewer.add_labels(cells)

    def assign(turn: int) -> None:
        for layer, array in zip(viewer.layers, arrays[turn % 2], strict=True):
            layer.data = array
        drawn.expect()

    times = []
    for turn in range(KEYS):
        settle(LOOKED_AT_S)
        times.append(drawn.time(lambda turn=turn: assign(turn))[0] * 1e3)
    return times


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
