"""The *Comparison* layer: what was found, missed and found in excess, in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from napari.utils.colormaps.standardize_color import transform_color

from napari_cellsets._napari.mark_colours import mark_colours
from napari_cellsets._napari.outlines import OutlinedLabels
from napari_cellsets._napari.over_picture import lies_over_picture
from napari_cellsets._napari.slots import add_aside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.components import ViewerModel
    from numpy.typing import NDArray

COMPARISON_NAME = "Comparison"
MATCHED, MISSED, EXTRA = 1, 2, 3
#: What each means in `mark_colours`.
MEANINGS: Final = {MATCHED: "matched", MISSED: "missed", EXTRA: "extra"}
_CONTOUR_PX = 4


def paint_comparison(
    predicted: NDArray[np.int32],
    truth: NDArray[np.int32],
    *,
    matched: Iterable[int],
    missed: Iterable[int],
    extra: Iterable[int],
) -> NDArray[np.uint8]:
    """Return a label image that says of each object how it compares.

    Parameters
    ----------
    predicted, truth
        int32, shape (y, x) or (z, y, x), equal shapes.
    matched, extra
        Labels of `predicted`.
    missed
        Labels of `truth`.

    Returns
    -------
    ndarray
        uint8 in the same shape: `MATCHED`, `MISSED`, `EXTRA` or 0. Found objects
        lie over missed ones.
    """
    seen = _marks(predicted, {MATCHED: matched, EXTRA: extra})[predicted]
    lost = _marks(truth, {MISSED: missed})[truth]
    return np.where(seen > 0, seen, lost)


def _marks(
    labels: NDArray[np.int32], meant: dict[int, Iterable[int]]
) -> NDArray[np.uint8]:
    table = np.zeros(int(labels.max(initial=0)) + 1, np.uint8)
    for mark, ids in meant.items():
        table[np.fromiter(ids, np.intp)] = mark
    return table


def find_comparison_layer(viewer: ViewerModel) -> Labels | None:
    """Return the Comparison layer of a viewer, None where there is none."""
    for layer in viewer.layers:
        if isinstance(layer, Labels) and layer.name == COMPARISON_NAME:
            return layer
    return None


def show_comparison(
    viewer: ViewerModel, painted: NDArray[np.uint8], like: Labels
) -> Labels:
    """Put the comparison over the image; the layer is made once and reused.

    Parameters
    ----------
    viewer
        Where to show it. Which layer is active stays as it is.
    painted
        From `paint_comparison`.
    like
        The layer of cells: gives scale, units and names of axes.
    """
    layer = find_comparison_layer(viewer)
    colours = _colours(viewer)
    if layer is not None and layer.ndim == painted.ndim:
        if layer.colormap.color_dict[MATCHED].tolist() != colours[MATCHED].tolist():
            layer.colormap = DirectLabelColormap(color_dict=colours)
        layer.data = painted
        if tuple(layer.scale) != tuple(like.scale):
            layer.scale = like.scale
        layer.units = like.units
        return layer
    if layer is not None:
        viewer.layers.remove(layer)
    layer = OutlinedLabels(
        painted,
        name=COMPARISON_NAME,
        colormap=DirectLabelColormap(color_dict=colours),
        opacity=1.0,
        scale=like.scale,
        units=like.units,
        axis_labels=like.axis_labels,
    )
    layer.contour = _CONTOUR_PX
    layer.editable = False
    lies_over_picture(layer)
    add_aside(viewer, layer)
    return layer


def _colours(viewer: ViewerModel) -> dict[int | None, NDArray[np.float32]]:
    seen, nothing = mark_colours(viewer), transform_color("transparent")[0]
    colours: dict[int | None, NDArray[np.float32]] = {None: nothing, 0: nothing}
    for kind, meaning in MEANINGS.items():
        colours[kind] = transform_color(seen[meaning])[0]
    return colours
