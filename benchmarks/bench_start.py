"""What the plugin adds to napari's start, and to importing numpy."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.ratio import Ratio

# The settings of a fresh person; the plugin switched off or on by napari's own list.
START = """
import sys, time
start = time.perf_counter()
import napari
from napari.settings import get_settings
get_settings().plugins.disabled_plugins = {disabled}
viewer = napari.Viewer()
from qtpy.QtWidgets import QApplication
QApplication.processEvents()
print(time.perf_counter() - start)
print(sorted(name for name in sys.modules if name.startswith("napari_cellsets.")))
viewer.close()
"""
IMPORT = """
import time
import numpy
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


def run() -> list[Ratio]:
    runs = 3
    alone = min(
        float(_first(START.format(disabled="{'napari-cellsets'}"))) for _ in range(runs)
    )
    both = min(float(_first(START.format(disabled="set()"))) for _ in range(runs))
    package = min(
        float(_first(IMPORT.format(module="napari_cellsets"))) for _ in range(runs)
    )
    return [
        Ratio(
            "napari's start until the window stands, plugin installed",
            both,
            "s",
            "the same, plugin switched off",
            alone,
            "at most 1.05",
        ),
        Ratio(
            "import napari_cellsets over numpy",
            package,
            "s",
            "aim of 0.15 s",
            0.15,
            "at most 1",
        ),
    ]


def _first(code: str) -> str:
    """Run code in a fresh interpreter and return the first line it prints."""
    environment = {**os.environ, "NAPARI_CONFIG": ""}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return run.stdout.splitlines()[0]


if __name__ == "__main__":
    for ratio in run():
        print(ratio)
