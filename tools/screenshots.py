"""Take the pictures of README and docs from the real program.

`python tools/screenshots.py FOLDER` under a display, real or virtual.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

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

SMALL, LARGE = (1280, 720), (1920, 1080)


def main() -> None:
    """Take every picture."""
    folder = Path(sys.argv[1])
    for home in ("CELLSETS_DATA_HOME", "CELLSETS_CACHE_HOME"):
        os.environ.setdefault(home, tempfile.mkdtemp())
    take(folder, LARGE, "")
    take(folder, SMALL, "_small")


def take(folder: Path, size: tuple[int, int], suffix: str) -> None:
    """Walk through the main job and photograph each step."""
    viewer = open_viewer(*size)
    session = get_session(viewer)
    open_sample_set(viewer)
    photograph(viewer, folder / f"samples{suffix}.png")
    dock = count_on_screen(viewer)
    photograph(viewer, folder / f"count{suffix}.png")

    regions = add_regions_layer(viewer, session.image_layer)
    regions.add_rectangles(np.array([[100, 80], [620, 760]]))
    regions.add_ellipses(np.array([[600, 850], [1100, 1500]]))
    dock.tabs.setCurrentWidget(dock.regions)
    settle(1)
    photograph(viewer, folder / f"regions{suffix}.png")

    viewer.layers.remove(regions)
    dock.tabs.setCurrentWidget(dock.whole_set)
    dock.set_flow.count()
    wait_until(lambda: len(dock.set_flow.rows) == 4, "counting the whole set")
    wait_until(lambda: not dock.runner.busy, "counting the whole set")
    photograph(viewer, folder / f"whole_set{suffix}.png")
    dock.tabs.setCurrentWidget(dock.export)
    open_dock(viewer, "Count")
    photograph(viewer, folder / f"export{suffix}.png")
    session.save()
    viewer.close()


if __name__ == "__main__":
    main()
