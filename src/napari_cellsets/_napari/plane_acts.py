"""Tools of the Edit dock on plain labels: in the plane on screen, or in all planes.

What is drawn over a stack is drawn in one plane. Where acts reach all planes, it parts
and joins whole objects there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets._napari import stack_acts
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import joining, planes, shaping, splitting
from napari_cellsets.editing.lines import labels_along
from napari_cellsets.editing.objects import ObjectIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets.editing.edit import Edit

    Make = Callable[[ObjectIndex], Edit]
    Point = tuple[float, float]

_FLAT = 2


def join(editor: LabelEditor, line: NDArray[np.float64]) -> Make:
    """Return what merges the objects of the plane on screen that a stroke crosses."""
    seen = _seen(editor)
    return lambda objects: joining.merge_along(objects, line, seen)


def cut(editor: LabelEditor, line: NDArray[np.float64]) -> Make:
    """Return what cuts the objects of the plane on screen that a line crosses."""
    crossed = labels_along(_seen(editor), line)

    def make(objects: ObjectIndex) -> Edit:
        if objects.labels.ndim == _FLAT or not crossed:
            return splitting.split_along(editor.objects_of(whole=False), line)
        return planes.through(
            objects, crossed, lambda one: splitting.split_along(one, line)
        )

    return make


def split(editor: LabelEditor, seeds: Sequence[Point]) -> Make:
    """Return what parts the object of the plane on screen in which seeds lie."""
    y, x = (round(part) for part in seeds[0])
    label = int(_seen(editor)[y, x])

    def make(objects: ObjectIndex) -> Edit:
        if objects.labels.ndim == _FLAT:
            return splitting.split_from_seeds(objects, label, seeds)
        return planes.through(
            objects, [label], lambda one: splitting.split_from_seeds(one, label, seeds)
        )

    return make


def copy(
    editor: LabelEditor, other: LabelEditor, label: int, *, over: bool
) -> tuple[Make, bool | None]:
    """Return what copies an object of another layer, and which planes that wants.

    Of a stack like the one that is edited it comes in as many planes as acts reach;
    else as it is seen now, into the plane on screen. See `LabelEditor.do`.
    """
    alike = other.layer.ndim == editor.layer.ndim and not other.stacked
    if other.stacked:
        box, mask = stack_acts.shape_in(other, label)
        above = np.zeros(other.layer.data.shape[-_FLAT:], np.int64)
        above[box][mask] = label
        source = ObjectIndex(above)
    else:
        source = other.objects_of(whole=alike and not editor.in_plane)
    return (
        lambda objects: joining.copy_object(objects, source, label, over=over),
        None if alike else False,
    )


def snap(
    objects: ObjectIndex,
    labels: Sequence[int],
    picture: NDArray[np.generic],
    reach_px: int,
) -> Edit:
    """Return the edit that moves outlines to the edge nearby, plane by plane.

    Parameters
    ----------
    objects, labels, reach_px
        As for `shaping.snap_to_edge`; of a plane or of a stack.
    picture
        Of the same planes.

    Raises
    ------
    EditError
        As for `shaping.snap_to_edge`.
    """
    if objects.labels.ndim == _FLAT:
        return shaping.snap_to_edge(objects, labels, picture, reach_px)
    return planes.plane_by_plane(
        objects,
        labels,
        lambda flat, there, at: shaping.snap_to_edge(
            flat, there, picture[at], reach_px
        ),
    )


def between(labels: Sequence[int], objects: ObjectIndex) -> Edit:
    """Return the edit that draws selected objects as one, in the planes between.

    Raises
    ------
    EditError
        If none is there, or no plane is missing.
    """
    there = [label for label in labels if label in objects]
    if not there:
        raise EditError("no object is selected", advice="Click on one first.")
    return planes.interpolate(objects, there)


def _seen(editor: LabelEditor) -> NDArray[np.integer]:
    """Return the labels on screen, (y, x)."""
    return editor.objects_of(whole=False).labels
