"""What an Image layer takes for the array of a recording's frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_warning

from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.playback.event_frames import EventFrames

MOST_STEPS = 64
"""More are asked for only by what cannot be shown: a volume, time as an edge."""


class Screened:
    """Frames as napari may ask for them.

    napari's own listeners come before ours, so that `FlatView` hears of the 3-D
    toggle only after napari asked for a volume: it gets a single voxel. A frame that
    cannot be read is empty, and told once.

    Parameters
    ----------
    frames
        Of the recording.
    """

    def __init__(self, frames: EventFrames) -> None:
        self.frames = frames
        self.shape = frames.shape
        self.dtype = frames.dtype
        self.ndim = frames.ndim
        self.size = int(np.prod(frames.shape))
        self._told = False

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        keys = key if isinstance(key, tuple) else (key,)
        first = keys[0] if keys else slice(None)
        if isinstance(first, slice):
            steps = len(range(*first.indices(self.shape[0])))
            if steps > MOST_STEPS:
                edges = sum(isinstance(one, slice) for one in keys)
                return np.zeros((1,) * (edges + self.ndim - len(keys)), self.dtype)
        try:
            return self.frames[key]
        except CellsetsError as error:
            self._tell(error)
            return np.asarray(np.broadcast_to(np.float32(0), self.shape)[key])

    def __array__(
        self, dtype: Any = None, copy: bool | None = None
    ) -> NDArray[np.float32]:
        return np.asarray(self.frames, dtype=dtype)

    def _tell(self, error: CellsetsError) -> None:
        if not self._told:
            self._told = True
            show_warning(str(error))
