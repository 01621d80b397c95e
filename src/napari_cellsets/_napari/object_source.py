"""What a table of objects is made of: labels in one plane, the picture, classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.stack_editor import planes_of
from napari_cellsets.batch.known_classes import class_names, published_classes
from napari_cellsets.core.image import Picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets._napari.session import Session


_FLAT = 2


@dataclass(frozen=True, slots=True)
class ObjectSource:
    """Objects of one plane of a Labels layer; of masks that overlap, of all planes.

    Parameters
    ----------
    layer
        Whose objects.
    plane
        Index of the plane for every axis before (y, x), but for that of planes of
        masks that overlap.
    labels
        The plane, (y, x), or the planes of overlap, (plane, y, x): the pixels of the
        layer, not a copy.
    picture
        Of the same size, or None where none is shown.
    """

    layer: Labels
    plane: tuple[int, ...]
    labels: NDArray[np.integer]
    picture: Picture | None

    @property
    def stacked(self) -> bool:
        """Whether these are masks that overlap, in planes."""
        return self.labels.ndim > _FLAT

    def box(self, box: tuple[slice, ...]) -> tuple[slice, ...]:
        """Return a box of `labels` as one of the layer."""
        before = tuple(slice(at, at + 1) for at in self.plane)
        return (*box[:-_FLAT], *before, *box[-_FLAT:])


def source_of(viewer: ViewerModel, editor: LabelEditor) -> ObjectSource | None:
    """Return the objects on screen of a layer; None where it has several sizes."""
    layer, plane = editor.layer, editor.plane
    if layer.multiscale:
        return None
    picture = picture_under(viewer, layer, plane)
    if editor.stacked:
        return ObjectSource(layer, plane[1:], planes_of(layer), picture)
    labels: NDArray[Any] = np.asarray(layer.data[plane] if plane else layer.data)
    return ObjectSource(layer, plane, labels, picture)


def picture_under(
    viewer: ViewerModel, layer: Labels, plane: tuple[int, ...]
) -> Picture | None:
    """Return the picture that labels lie on, ``yx`` or ``yxc``.

    That of the sample for labels of the sample; else the uppermost image on screen
    of the same size.
    """
    session = get_session(viewer)
    size, shape = _pixel_size(layer), layer.data.shape
    known = session.picture
    if known is not None and layer in (session.cells_layer, session.truth_layer):
        cut = _plane_of(known.pixels, known.axes.endswith("c"), shape, plane)
        if cut is not None:
            axes = "yxc" if known.axes.endswith("c") else "yx"
            return replace(known, pixels=cut, axes=axes)
    for image in reversed(viewer.layers):
        if isinstance(image, Image) and image.visible and not image.multiscale:
            cut = _plane_of(image.data, image.rgb, shape, plane)
            if cut is not None:
                return Picture(cut, "yxc" if image.rgb else "yx", (), size)
    return None


def classes_of(session: Session, layer: Labels) -> Mapping[int, str]:
    """Return the class of each object of a layer, as far as it is known.

    From the data set for its ground truth and its further masks; from the Classify
    dock for cells, or for ground truth where that is all there is.
    """
    truth = session.truth
    if layer is session.truth_layer and truth is not None and truth.class_of:
        return published_classes(truth)
    further = session.annotations.corrections.published_classes(layer)
    if further:
        return further
    named = session.truth_layer if session.cells is None else session.cells_layer
    return object_classes(session).titles if layer is named else {}


def class_names_of(session: Session, layer: Labels) -> Mapping[int, str]:
    """Return the name of each class id of the set, and of the ground truth's own."""
    truth, dataset = session.truth, session.dataset
    names = {} if dataset is None else class_names(dataset)
    if layer is session.truth_layer and truth is not None:
        names = {**truth.class_names, **names}
    return names


def other_layer(session: Session, layer: Labels) -> Labels | None:
    """Return the ground truth for cells and the cells for ground truth."""
    cells, truth = session.cells_layer, session.truth_layer
    if session.truth is None or session.cells is None:
        return None
    other = {cells: truth, truth: cells}.get(layer)
    if other is None or other.data.shape != layer.data.shape:
        return None
    return other


def _plane_of(
    pixels: Any, channels: bool, shape: tuple[int, ...], plane: tuple[int, ...]
) -> NDArray[Any] | None:
    size = pixels.shape[:-1] if channels else pixels.shape
    if tuple(size) == tuple(shape):
        return np.asarray(pixels[plane] if plane else pixels)
    return np.asarray(pixels) if tuple(size) == tuple(shape[-2:]) else None


def _pixel_size(layer: Labels) -> float | None:
    height, width = (float(part) for part in layer.scale[-2:])
    micrometres = all(str(unit) == "micrometer" for unit in layer.units[-2:])
    return height if micrometres and height == width else None
