"""What the Classify dock hands to a thread: values in, values out, no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets._napari.looks import show_form
from napari_cellsets.classify.crops import crop_objects
from napari_cellsets.classify.job import ClassifyRequest, classify

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.classify.crops import Crops
    from napari_cellsets.classify.table import ClassTable
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.image import Picture
    from napari_cellsets.inference.classifier import ClassifierInfo


@dataclass(frozen=True, slots=True)
class OneCell:
    """The cell on screen, to be classified."""

    request: ClassifyRequest

    def __call__(self, token: CancelToken, _progress: Progress) -> ClassTable:
        return classify(self.request, token)


@dataclass(frozen=True, slots=True)
class Objects:
    """The labelled objects of the image on screen, to be classified."""

    labels: np.ndarray
    request: ClassifyRequest
    info: ClassifierInfo

    def __call__(
        self, token: CancelToken, progress: Progress
    ) -> tuple[ClassTable, Crops]:
        """Return the classes, and pictures of the objects to be shown in a list."""
        table = classify(self.request, token, progress)
        seen = as_seen(self.request.picture)
        return table, crop_objects(seen, self.labels, self.info)


def as_seen(picture: Picture) -> NDArray[np.uint8]:
    """Return a picture as the image layer shows it: uint8, (y, x, 3).

    Parameters
    ----------
    picture
        Grey or colour, no stack.
    """
    shown = show_form(picture)
    if shown.rgb and shown.data.dtype == np.uint8:
        return np.asarray(shown.data)
    low, high = (0.0, 1.0) if shown.rgb else shown.contrast_limits
    share = (shown.data.astype(np.float32) - low) * (255.0 / (high - low))
    grey = np.clip(share, 0, 255).astype(np.uint8)
    return grey if shown.rgb else np.repeat(grey[..., np.newaxis], 3, axis=-1)
