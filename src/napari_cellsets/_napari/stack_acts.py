"""Acts and tools of the Edit dock on overlapping objects, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from napari_cellsets._napari.stack_editor import planes_of
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import joining, shaping, splitting, stacks
from napari_cellsets.editing.lines import labels_along

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_cellsets._napari.edit_acts import EditOptions
    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets.editing.edit import Edit
    from napari_cellsets.editing.objects import ObjectIndex
    from napari_cellsets.editing.stacks import Shape

    Picture = Callable[..., NDArray[np.generic]]
    Point = tuple[float, float]

_ALONE: Final[dict[str, Callable[[ObjectIndex, list[int], EditOptions], Edit]]] = {
    "fill": lambda objects, labels, _: shaping.fill_holes(objects, labels),
    "largest": lambda objects, labels, _: shaping.keep_largest(objects, labels),
    "smooth": lambda objects, labels, o: shaping.smooth(objects, labels, o.by_px),
    "grow": lambda objects, labels, o: shaping.grow(objects, labels, o.by_px),
    "shrink": lambda objects, labels, o: shaping.shrink(objects, labels, o.by_px),
}


def act_of(
    name: str, labels: list[int], options: EditOptions, picture: Picture
) -> Callable[[ObjectIndex], Edit]:
    """Return what makes the edit of an act on selected objects of a stack.

    Parameters
    ----------
    name
        In `COMMANDS`, of the group ``selected``.
    labels
        The objects.
    options, picture
        As for `perform`.

    Raises
    ------
    EditError
        If the act is none for overlapping objects.
    """
    if name in _ALONE:
        act = _ALONE[name]
        return lambda objects: stacks.each_alone(
            objects, labels, lambda alone, one: act(alone, one, options)
        )
    if name == "snap":
        seen = picture()
        return lambda objects: stacks.each_alone(
            objects,
            labels,
            lambda alone, one: shaping.snap_to_edge(alone, one, seen, options.by_px),
        )
    if name == "merge":
        return lambda objects: stacks.merge(objects, labels)
    if name == "delete":
        return lambda objects: joining.delete(objects, labels)
    if name == "apart":
        return lambda objects: stacks.set_apart(objects, _one(labels))
    if name == "label":
        return lambda objects: _renamed(objects, _one(labels), options.label)
    raise EditError(
        "planes of overlapping objects have nothing between them",
        advice="Draw the object in its own plane.",
    )


def join(editor: LabelEditor, line: NDArray[np.float64]) -> Callable[..., Edit]:
    """Return what merges the objects of the plane on screen that a stroke crosses."""
    plane = editor.plane[0]

    def make(objects: ObjectIndex) -> Edit:
        return stacks.merge(objects, labels_along(objects.labels[plane], line))

    return make


def cut(editor: LabelEditor, line: NDArray[np.float64]) -> Callable[..., Edit]:
    """Return what cuts the selected objects along a line, or those on screen."""
    plane, selected = editor.plane[0], editor.selected

    def make(objects: ObjectIndex) -> Edit:
        chosen = [label for label in selected if label in objects]
        crossed = chosen or labels_along(objects.labels[plane], line)
        if not crossed:
            raise EditError(
                "the line crosses no object of this plane",
                advice="Click on the object first, then cut it.",
            )
        return stacks.each_alone(
            objects, crossed, lambda alone, _: splitting.split_along(alone, line)
        )

    return make


def meant(editor: LabelEditor, y: int, x: int) -> int:
    """Return the selected object where it covers a pixel, else that on screen.

    Raises
    ------
    EditError
        If there is none.
    """
    found = stacks.labels_under(planes_of(editor.layer), y, x)
    shown = int(planes_of(editor.layer)[editor.plane[0], y, x]) if found else 0
    for label in (*editor.selected, shown, *found):
        if label in found:
            return label
    raise EditError("there is no object", advice="Click inside one.")


def split(label: int, seeds: Sequence[Point]) -> Callable[[ObjectIndex], Edit]:
    """Return what parts an object by flooding it from seeds."""
    return lambda objects: stacks.each_alone(
        objects,
        [label],
        lambda alone, one: splitting.split_from_seeds(alone, one[0], seeds),
    )


def add(editor: LabelEditor, shape: Shape, title: str) -> Callable[[ObjectIndex], Edit]:
    """Return what adds an object, in the plane on screen if it fits there."""
    plane = editor.plane[0]
    return lambda objects: stacks.add(objects, shape, plane, title)


def shape_in(other: LabelEditor, label: int) -> Shape:
    """Return an object of any layer as seen from above."""
    objects = other.objects
    box, mask = objects.box(label), objects.mask(label)
    seen = mask.reshape(-1, *mask.shape[-2:]).any(axis=0)
    return stacks.Shape((box[-2], box[-1]), np.asarray(seen))


def _one(labels: list[int]) -> int:
    if len(labels) > 1:
        raise EditError(
            f"{len(labels)} objects are selected", advice="Select one object only."
        )
    return labels[0]


def _renamed(objects: ObjectIndex, label: int, new: int) -> Edit:
    if new != label and new in objects:
        raise EditError(
            f"there is an object {new} already", advice="Select both and merge them."
        )
    return joining.give_label(objects, [label], new)
