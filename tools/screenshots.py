"""Take the pictures of README and docs from the real program.

`python tools/screenshots.py FOLDER [WIDTHxHEIGHT [classify]]` under a display, real or
virtual. With `classify`, those of the Classify dock, of drawn cells.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from window import (
    count_on_screen,
    open_sample_set,
    open_viewer,
    photograph,
    settle,
    wait_until,
)

from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.regions import add_regions_layer
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.docking import raise_dock
from napari_cellsets.batch.simulated import write_simulated_cells

if TYPE_CHECKING:
    import napari

SIZE = "1280x720"
#: With this seed the crowded field is held out.
TRAINING_STEPS, TRAINING_SEED = 40, 2
CELLS_OF_A_CLASS = 12


def main() -> None:
    """Take every picture."""
    folder = Path(sys.argv[1])
    width, height = map(int, (sys.argv[2] if len(sys.argv) > 2 else SIZE).split("x"))
    for home in ("CELLSETS_DATA_HOME", "CELLSETS_CACHE_HOME"):
        os.environ.setdefault(home, tempfile.mkdtemp())
    if len(sys.argv) > 3:
        take_classes(folder, width, height)
    else:
        take(folder, width, height)


def take(folder: Path, width: int, height: int) -> None:
    """Walk through the main job and photograph each step."""
    viewer = open_viewer(width, height)
    session = get_session(viewer)
    open_sample_set(viewer)
    photograph(viewer, folder / "samples.png")
    dock = count_on_screen(viewer)
    photograph(viewer, folder / "count.png")

    regions = add_regions_layer(viewer, session.image_layer)
    regions.add_rectangles(np.array([[100, 80], [620, 760]]))
    oval = [[600, 850], [600, 1500], [1100, 1500], [1100, 850]]
    regions.add_ellipses(np.array(oval))
    dock.tabs.setCurrentWidget(dock.regions)
    settle(1)
    photograph(viewer, folder / "regions.png")

    viewer.layers.remove(regions)
    dock.tabs.setCurrentWidget(dock.whole_set)
    dock.set_flow.count()
    wait_until(lambda: len(dock.set_flow.rows) == 4, "counting the whole set")
    wait_until(lambda: not dock.runner.busy, "counting the whole set")
    photograph(viewer, folder / "whole_set.png")
    dock.tabs.setCurrentWidget(dock.export)
    open_dock(viewer, "Count")
    photograph(viewer, folder / "export.png")
    take_training(viewer, folder)
    session.save()
    viewer.close()


def take_training(viewer: napari.Viewer, folder: Path) -> None:
    """Train for a few steps on what is open, and photograph what came of it."""
    dock = open_dock(viewer, "Train")
    dock.model.steps, dock.model.seed = TRAINING_STEPS, TRAINING_SEED
    dock.buttons.start.click()
    wait_until(lambda: dock.model.phase == "idle", "training", patience_s=3600)
    raise_dock(dock)
    photograph(viewer, folder / "train.png")


def take_classes(folder: Path, width: int, height: int) -> None:
    """Name drawn blood cells with the shipped classifier; photograph that."""
    place = Path(tempfile.mkdtemp()) / "drawn_blood_cells"
    write_simulated_cells(place, CELLS_OF_A_CLASS)
    viewer = open_viewer(width, height)
    session = get_session(viewer)
    open_dock(viewer, "Samples").open_path(place)
    wait_until(lambda: session.picture is not None, "opening the set")
    dock = open_dock(viewer, "Classify")
    settle(1)
    dock.flow.classify_set()
    wait_until(lambda: not dock.runner.busy, "classifying the set")
    dock.cells.setCurrentIndex(dock.cells.model().index(0, 0))
    settle(2)
    photograph(viewer, folder / "classify.png")
    dock.tabs.setCurrentWidget(dock.confusion)
    photograph(viewer, folder / "classify_confusion.png")
    viewer.close()


if __name__ == "__main__":
    main()
