"""Classifying the cells of one picture as a pure function of a frozen request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellsets.classify.crops import crop_objects
from napari_cellsets.classify.table import ClassTable
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.inference.classifier import (
    ClassifierInfo,
    default_classifier,
    read_classifier_info,
)
from napari_cellsets.inference.scoring import score_cells

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.image import Picture


@dataclass(frozen=True, slots=True, eq=False)
class ClassifyRequest:
    """What to classify, and with what.

    Parameters
    ----------
    picture
        A picture of one cell, or of many where there are `labels`.
    labels
        Integer, shape (y, x): each object is cut out and classified. None: the
        whole picture is one cell.
    model
        An ONNX file, or what `read_classifier_info` told of it, completed. None
        stands for the shipped classifier.
    name
        Of the one cell, where there are no labels.
    """

    picture: Picture
    labels: np.ndarray | None = None
    model: Path | ClassifierInfo | None = None
    name: str = "cell"

    def info(self) -> ClassifierInfo:
        """Read what is known of the model."""
        if isinstance(self.model, ClassifierInfo):
            return self.model
        return read_classifier_info(self.model or default_classifier())


def classify(
    request: ClassifyRequest,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> ClassTable:
    """Name the cells of one picture.

    Parameters
    ----------
    request
        What to classify, and with what.
    token
        Cancels, also inside one call of the engine.
    progress
        Called with the share that is done (0..1) and a short text.

    Returns
    -------
    ClassTable
        One row an object, named by its label in order of labels; or one row for
        the whole picture.

    Raises
    ------
    ModelError
        If the model cannot be used, or wants another number of channels.
    CellsetsError
        If the picture is a stack, or the labels have another size.
    CancelledError
        If the token was cancelled.
    """
    info = request.info()
    if request.labels is None:
        names: tuple[str, ...] = (request.name,)
        scores = score_cells(
            [cell_pixels(request.picture)],
            info,
            token=token,
            progress=progress,
            total=1,
        )
        return ClassTable.of(names, scores, info)
    seen = request.picture
    crops = crop_objects(cell_pixels(seen), request.labels, info)
    scores = score_cells(
        crops.pixels, info, token=token, progress=progress, total=len(crops)
    )
    return ClassTable.of([str(label) for label in crops.labels], scores, info)


def cell_pixels(picture: Picture) -> np.ndarray:
    """Return the pixels that are fed to a classifier.

    Returns
    -------
    ndarray
        Shape (y, x) or (y, x, c) with one channel or three; transparency is left
        out.

    Raises
    ------
    CellsetsError
        If the picture is a stack, or has other channels.
    """
    if "z" in picture.axes:
        raise CellsetsError(
            f"one plane was expected, found a stack of {picture.pixels.shape[0]}",
            advice="Classify one plane at a time.",
        )
    count = picture.channel_count
    if count == 4 and picture.channel_names[3:] == ("alpha",):
        return picture.pixels[..., :3]
    if count not in (1, 3):
        raise CellsetsError(
            f"a picture in grey or in colour was expected, found {count} channels",
            advice="Save the cell as a grey or RGB picture.",
        )
    return picture.pixels
