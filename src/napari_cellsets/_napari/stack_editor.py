"""What an editor needs of a layer whose planes hold overlapping objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.stack_axes import flat, is_stack
from napari_cellsets._napari.undo_mirror import growing
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing.stacks import (
    empty_plane,
    labels_under,
    next_under,
    plane_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets.editing.objects import ObjectIndex

    Box = tuple[slice, ...]

AXES = 3


def planes_of(layer: Labels) -> NDArray[np.integer]:
    """Return the labels of a layer; of a stack (plane, y, x), without more axes."""
    labels: NDArray[Any] = np.asarray(layer.data)
    return flat(labels, AXES) if is_stack(layer) else labels


def lifted(
    layer: Labels, coordinates: tuple[NDArray[np.intp], ...], at: Sequence[int]
) -> tuple[NDArray[np.intp], ...]:
    """Return where pixels of `planes_of` lie in the layer, at a plane of the picture.

    `at` is the plane on screen: napari draws anew what it shows of it.
    """
    first, *last = coordinates
    between = at[1 : layer.ndim - AXES + 1] if is_stack(layer) else ()
    return (first, *(np.full(len(first), one) for one in between), *last)


def lifted_box(layer: Labels, box: Box, at: Sequence[int]) -> Box | None:
    """Return a box of `planes_of`, or of the layer, as one of the layer.

    `at` is the plane on screen. None where the box is of labels of another kind.
    """
    if len(box) == layer.ndim:
        return box
    if len(box) != AXES or not is_stack(layer):
        return None
    between = at[1 : layer.ndim - AXES + 1]
    return (box[0], *(slice(one, one + 1) for one in between), *box[1:])


def under(layer: Labels, plane: int, y: int, x: int, selected: Sequence[int]) -> int:
    """Return which of the overlapping objects at a place a click means.

    The one in the plane on screen; where that is selected, the next one there, so
    that clicks at one place go through all of them. 0 for none.
    """
    stack = planes_of(layer)
    found = labels_under(stack, y, x)
    first = max(int(stack[plane, y, x]), 0) if found else 0
    alone = selected[0] if len(selected) == 1 else 0
    return next_under(found, first, alone)


def go_to_plane(viewer: ViewerModel, layer: Labels, plane: int) -> None:
    """Show a plane of a stack."""
    world = layer.data_to_world((plane, *(0,) * (layer.ndim - 1)))
    axis = viewer.dims.ndim - layer.ndim
    if viewer.dims.point[axis] != world[0]:
        viewer.dims.set_point(axis, world[0])


def show_plane_of(
    viewer: ViewerModel | None,
    layer: Labels,
    objects: ObjectIndex,
    labels: Sequence[int],
) -> None:
    """Show the plane of an object of a stack that is the only one of some."""
    if viewer is not None and len(labels) == 1 and labels[0] in objects:
        go_to_plane(viewer, layer, plane_of(objects, labels[0]))


def add_plane(viewer: ViewerModel, layer: Labels) -> bool:
    """Give a stack one more plane; return whether that was possible.

    All that can be undone stays so. A stack of the data set gets it in the store too.
    """
    overlay = get_session(viewer).annotations.corrections.overlay_of(layer)
    if overlay is not None:
        return overlay.add_plane()
    if layer.ndim != AXES:
        return False
    with growing(layer):
        layer.data = np.concatenate([layer.data, np.zeros_like(layer.data[:1])])
    return True


def begin_object(viewer: ViewerModel, editor: LabelEditor) -> int:
    """Make an empty plane and the brush ready for an object that lies over others.

    Returns
    -------
    int
        Label of the new object.

    Raises
    ------
    EditError
        If the layer cannot be edited, or its objects cannot overlap.
    """
    editor.check()
    if not editor.stacked:
        raise EditError(
            "the objects of this layer cannot overlap",
            advice="Draw it with napari's brush.",
        )
    layer = editor.layer
    plane = empty_plane(planes_of(layer))
    if plane is None:
        if not add_plane(viewer, layer):
            raise EditError("the stack can have no further plane")
        plane = len(planes_of(layer)) - 1
    label = editor.objects.next_label()
    editor.select(())
    go_to_plane(viewer, layer, plane)
    layer.selected_label = label
    layer.mode = "paint"
    return label
