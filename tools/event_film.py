"""Make the animated picture of the docs: cells in a channel, a hundredth of the speed.

`python tools/event_film.py FILE.gif`. Nobody filmed these cells: they are simulated.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from napari_cellsets.batch.simulated_channel import write_channel
from napari_cellsets.core.events import Geometry
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.playback.clips import ClipSettings, write_clip
from napari_cellsets.playback.colours import lut_of
from napari_cellsets.playback.frames import FrameMode, FrameSettings
from napari_cellsets.playback.recording import open_recording
from napari_cellsets.simulate import simulate_channel

UM_PER_PX = 0.35
START_US, STOP_US = 20_000, 70_000
SLOWDOWN, FPS, SEED = 100, 20, 8
WINDOW_US = 1_500


def main() -> None:
    """Simulate a recording and write a film of it."""
    channel = simulate_channel(
        STOP_US / 1e6,
        geometry=Geometry(640, 360),
        cells_per_second=90.0,
        speed_px_ms=8.0,
        um_per_px=UM_PER_PX,
        seed=SEED,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "channel.raw"
        write_channel(path, channel)
        recording = open_recording(open_event_file(path), name=path.name, cache=False)
        recording.build_index()
        settings = ClipSettings(
            frames=FrameSettings(mode=FrameMode.SIGNED, window_us=WINDOW_US),
            slowdown=SLOWDOWN,
            fps=FPS,
            pixel_um=UM_PER_PX,
        )
        lut = lut_of(FrameMode.SIGNED)
        write_clip(Path(sys.argv[1]), recording, settings, lut, START_US, STOP_US)


if __name__ == "__main__":
    main()
