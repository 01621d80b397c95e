"""Pictures of a set with the objects that something has labelled in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellsets.batch.known_classes import kept_objects
from napari_cellsets.batch.places import mask_names
from napari_cellsets.classify.job import cell_pixels
from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.labels_io import read_label_image

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project


@dataclass(frozen=True, slots=True, eq=False)
class MarkedPicture:
    """A picture and its objects.

    Parameters
    ----------
    pixels
        As `cell_pixels` returns.
    truth
        Labels of the same size, with their classes where they have any.
    """

    pixels: np.ndarray
    truth: LabelImage

    @property
    def labels(self) -> np.ndarray:
        """int, shape (y, x)."""
        return self.truth.labels

    def class_of(self, label: int) -> str | None:
        """Published class of an object; None where nothing tells objects apart."""
        number = self.truth.class_of.get(label)
        return None if number is None else self.truth.class_names.get(number)


class ObjectsOf:
    """Where the objects of a set come from.

    Parameters
    ----------
    dataset
        An open data set.
    masks_dir
        A folder of label images named as `count_dataset` names them; None for the
        set's own ground truth.
    project
        Where the ground truth was corrected; None for what the set has.

    Raises
    ------
    CellsetsError
        If the set has no ground truth with objects, and no folder is given.
    """

    def __init__(
        self, dataset: Dataset, masks_dir: Path | None, project: Project | None = None
    ) -> None:
        self._dataset, self._folder = dataset, masks_dir
        self._project = project
        endings = (".png", ".tif")
        self._names = [mask_names(dataset.samples, ending) for ending in endings]
        if masks_dir is None and not any(s.annotations for s in dataset.samples):
            raise CellsetsError(
                "this set has no ground truth with objects",
                path=dataset.path,
                advice="Name a folder of label images (--masks), or classify whole"
                " pictures (without --objects).",
            )
        if masks_dir is not None and not masks_dir.is_dir():
            raise UnreadableFileError(
                "a folder of label images was expected",
                path=masks_dir,
                advice="Name the folder that 'count --masks' has written.",
            )

    @property
    def source(self) -> str:
        """Say where the objects come from."""
        if self._folder is not None:
            return str(self._folder.absolute())
        if self._project is None:
            return "ground truth"
        # who corrects it changes which objects there are
        return f"ground truth as corrected up to change {self._project.last_change()}"

    def read(self, sample: Sample) -> MarkedPicture | Problem:
        """Read a picture and its labels; what is wrong with them becomes a problem."""
        try:
            labels = self._labels(sample)
            picture = self._dataset.read_picture(sample)
            return MarkedPicture(cell_pixels(picture), labels)
        except CellsetsError as error:
            return Problem(sample.name, str(error))

    def _labels(self, sample: Sample) -> LabelImage:
        if self._folder is None:
            truth = self._truth(sample)
            if truth is None:
                raise UnreadableFileError(
                    "there is no ground truth for this image", path=sample.image
                )
            return truth
        places = [self._folder / names[sample.name] for names in self._names]
        for place in places:
            if place.is_file():
                return LabelImage(read_label_image(place), source=str(place))
        raise UnreadableFileError(
            "there is no label image for this image", path=places[0]
        )

    def _truth(self, sample: Sample) -> LabelImage | None:
        if self._project is None:
            return self._dataset.read_truth(sample)
        kept = kept_objects(self._dataset, self._project, sample, "truth")
        return None if kept is None else kept.image
