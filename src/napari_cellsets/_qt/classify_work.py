"""What the Classify dock hands to a thread: values in, values out, no widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cellsets._napari.looks import show_form
from napari_cellsets.batch.kept_predictions import Answers, Labelled, labelled_objects
from napari_cellsets.classify.crops import crop_objects
from napari_cellsets.classify.job import ClassifyRequest, classify
from napari_cellsets.classify.kept import still_there

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellsets._napari.edits import Place
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.classify.crops import Crops
    from napari_cellsets.classify.table import ClassTable
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.image import Picture
    from napari_cellsets.inference.classifier import ClassifierInfo
    from napari_cellsets.store import Prediction, Project


class Named(NamedTuple):
    """Objects of an image with their classes.

    Parameters
    ----------
    labels
        int32, shape (y, x), as they were when they were named.
    table, crops
        What was said, and pictures of the objects; row by row the same.
    known
        What people and data set say of them.
    said
        Where the answers were kept; None where they are new.
    """

    labels: np.ndarray
    table: ClassTable
    crops: Crops
    known: Labelled
    said: Prediction | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the answers about the set or the image on screen go.

    Parameters
    ----------
    project
        Opens the store.
    dataset, info
        The set, and the classifier.
    place
        Of the labels in the store; None for pictures of single cells.
    published
        Class of each object as the data set tells it.
    """

    project: Callable[[], Project]
    dataset: Dataset
    info: ClassifierInfo
    place: Place | None = None
    published: Mapping[int, str] = field(default_factory=dict)

    def answers(self) -> Answers:
        """Return what keeps them; opens the store."""
        where = ("", "") if self.place is None else self.place[1:]
        return Answers(self.project(), self.dataset, self.info, *where)

    def labelled(self, labels: Sequence[int]) -> Labelled:
        """Return what is known of objects."""
        if self.place is None:
            return Labelled((None,) * len(labels), frozenset())
        return labelled_objects(
            self.dataset, self.project(), self.place, self.published, labels
        )


@dataclass(frozen=True, slots=True)
class OneCell:
    """The cell on screen, to be classified; the answer is kept."""

    request: ClassifyRequest
    desk: Desk

    def __call__(self, token: CancelToken, _progress: Progress) -> ClassTable:
        table = classify(self.request, token)
        self.desk.answers().keep(table, anew=False)
        return table


@dataclass(frozen=True, slots=True)
class KeptRun:
    """The answers of a run over a set, to be kept."""

    desk: Desk
    table: ClassTable

    def __call__(self, _token: CancelToken, _progress: Progress) -> None:
        self.desk.answers().keep(self.table)


@dataclass(frozen=True, slots=True)
class RecalledSet:
    """What was kept of the cells of a set, oldest first."""

    desk: Desk

    def __call__(
        self, _token: CancelToken, _progress: Progress
    ) -> list[tuple[ClassTable, Prediction]]:
        return [(kept.table, said) for kept, said in self.desk.answers().kept()]


@dataclass(frozen=True, slots=True)
class Objects:
    """The labelled objects of the image on screen, to be classified, and kept."""

    labels: np.ndarray
    request: ClassifyRequest
    desk: Desk

    def __call__(self, token: CancelToken, progress: Progress) -> Named:
        """Return the classes, and pictures of the objects to be shown in a list."""
        table = classify(self.request, token, progress)
        self.desk.answers().keep(table, self.labels)
        crops = _crops(self.request.picture, self.labels, self.desk.info)
        known = self.desk.labelled(crops.labels.tolist())
        return Named(self.labels, table, crops, known)


@dataclass(frozen=True, slots=True)
class RecalledObjects:
    """What was kept of the objects of the image on screen, as far as it holds.

    `labels` may be painted on meanwhile: they are copied once they are needed.
    """

    labels: np.ndarray
    picture: Picture
    desk: Desk

    def __call__(self, _token: CancelToken, _progress: Progress) -> Named | None:
        found = self.desk.answers().kept()
        if not found:
            return None
        (kept, said), labels = found[-1], np.array(self.labels)
        if labels.shape != self.picture.plane_shape:
            return None
        rows = still_there(kept, labels)
        if not rows.size:
            return None
        crops, table = _crops(self.picture, labels, self.desk.info), kept.table
        named = np.array([int(table.names[row]) for row in rows], np.int64)
        crops = crops.chosen(np.searchsorted(crops.labels, named))
        known = self.desk.labelled(named.tolist())
        return Named(labels, table.chosen(rows), crops, known, said)


@dataclass(frozen=True, slots=True)
class KnownObjects:
    """What people and data set say of objects by now."""

    desk: Desk
    labels: tuple[int, ...]

    def __call__(self, _token: CancelToken, _progress: Progress) -> Labelled:
        return self.desk.labelled(self.labels)


def _crops(picture: Picture, labels: np.ndarray, info: ClassifierInfo) -> Crops:
    return crop_objects(as_seen(picture), labels, info)


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
