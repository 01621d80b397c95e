"""What the layer of a recording shows, and the same the slow way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from event_files import SIZE

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_cellsets._napari.film import Film
    from napari_cellsets.core.events import Events, Geometry


def layer_of(film: Film) -> Image:
    assert film.layer is not None
    return film.layer


def seen(film: Film) -> np.ndarray:
    """What the layer has on screen."""
    return np.asarray(layer_of(film)._slice.image.raw)


def counted(events: Events, size: Geometry = SIZE) -> np.ndarray:
    """Lighter less darker events of each pixel, the slow way."""
    frame = np.zeros((size.height, size.width), np.float32)
    for x, y, p in zip(events.x, events.y, events.p, strict=True):
        frame[y, x] += 1 if p else -1
    return frame


def within(events: Events, now_us: int, window_us: int) -> Events:
    return events.take((events.t > now_us - window_us) & (events.t <= now_us))
