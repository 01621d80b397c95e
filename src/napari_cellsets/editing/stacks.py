"""Overlapping objects in label planes: each edited as if it were alone.

A stack has the objects of one picture laid apart, (plane, y, x): in a plane no object
covers another. What an act makes of an object goes where nothing lies in its way: in
its own plane, else in the first that is free there. So no act takes a pixel from
another object, and none is kept from growing over one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cellsets.core.errors import EditError
from napari_cellsets.editing.edit import Edit, writes
from napari_cellsets.editing.objects import KnownObjects, ObjectIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from napari_cellsets.editing.edit import Writes

    Mask = NDArray[np.bool_]
    FlatBox = tuple[slice, slice]
    Act = Callable[[ObjectIndex, list[int]], Edit]


class NoPlaneError(EditError):
    """An object fits into none of the planes: the stack needs one more."""


class Shape(NamedTuple):
    """Pixels of one object, wherever it lies.

    Parameters
    ----------
    box
        Rows and columns around it.
    mask
        bool, its pixels in the box.
    """

    box: FlatBox
    mask: Mask


def shape_of(objects: ObjectIndex, label: int) -> Shape:
    """Return an object of a stack as seen from above.

    Raises
    ------
    EditError
        If there is no such object.
    """
    box = objects.box(label)
    mask = np.asarray((objects.labels[box] == label).any(axis=0))
    return Shape((box[-2], box[-1]), mask)


def plane_of(objects: ObjectIndex, label: int) -> int:
    """Return the plane in which an object lies; of several the first.

    Raises
    ------
    EditError
        If there is no such object.
    """
    return int(objects.box(label)[0].start)


def labels_under(stack: NDArray[np.integer], y: int, x: int) -> list[int]:
    """Return the objects over a pixel, one for each plane that has one there."""
    height, width = stack.shape[-2:]
    if not (0 <= y < height and 0 <= x < width):
        return []
    column = stack[:, y, x]
    return list(dict.fromkeys(int(label) for label in column[column > 0]))


def next_under(found: Sequence[int], first: int, selected: int) -> int:
    """Return which of the objects under the mouse a click means.

    Parameters
    ----------
    found
        The objects there, in the order of their planes.
    first
        The one of them in the plane on screen, 0 where that has none.
    selected
        The one that is selected alone, 0 for none: then its successor is meant.

    Returns
    -------
    int
        Its label, 0 where there is no object.
    """
    if selected in found:
        return found[(list(found).index(selected) + 1) % len(found)]
    return first or next(iter(found), 0)


def each_alone(objects: ObjectIndex, labels: Iterable[int], act: Act) -> Edit:
    """Return the edit that does something to objects, each as if it were alone.

    Parameters
    ----------
    objects
        Of the stack, (plane, y, x).
    labels
        Which.
    act
        Returns the edit of a flat image that holds nothing but one object.

    Raises
    ------
    NoPlaneError
        If what becomes of an object overlaps others in every plane.
    EditError
        If an object is not there, or the act refuses all of them.
    """
    room = _Room(objects)
    parts: list[Writes] = []
    title, refused = "", None
    highest = objects.highest
    for label in dict.fromkeys(labels):
        alone = _alone(objects, label, highest)
        try:
            edit = act(alone, [label])
        except EditError as error:
            refused = refused or error
            continue
        title = title or edit.title
        edit.apply(alone.labels)
        made = np.unique(edit.after[edit.after > 0]).tolist()
        highest = max([highest, *made])
        alone.update(edit)
        home = plane_of(objects, label)
        for one in [label, *(new for new in made if new != label)]:
            if one in alone:
                box = alone.box(one)
                shape = Shape((box[0], box[1]), alone.mask(one))
                parts += room.put(one, shape, home, (label,))
        parts += _cleared(objects, label)
    if not parts and refused is not None:
        raise refused
    return Edit.of(title, objects.labels, parts)


def merge(objects: ObjectIndex, labels: Iterable[int]) -> Edit:
    """Return the edit that makes one object of several, whichever planes they lie in.

    Raises
    ------
    NoPlaneError
        If all of them together overlap others in every plane.
    EditError
        If there are fewer than two, or one is not there.
    """
    chosen = list(dict.fromkeys(labels))
    if len(chosen) < 2:
        raise EditError("merging takes two objects", advice="Select two or more.")
    shapes = [shape_of(objects, label) for label in chosen]
    parts = _Room(objects).put(
        chosen[0], _union(shapes), plane_of(objects, chosen[0]), tuple(chosen)
    )
    for label in chosen:
        parts += _cleared(objects, label)
    return Edit.of(f"merge {len(chosen)} objects", objects.labels, parts)


def add(objects: ObjectIndex, shape: Shape, plane: int, title: str) -> Edit:
    """Return the edit that adds an object, over others where it lies so.

    Parameters
    ----------
    objects
        Of the stack.
    shape
        The object.
    plane
        Where it goes if nothing is in its way there.
    title
        For the history.

    Raises
    ------
    NoPlaneError
        If it overlaps others in every plane.
    EditError
        If it has no pixel, or no label is free.
    """
    new = objects.next_label()
    return Edit.of(title, objects.labels, _Room(objects).put(new, shape, plane, ()))


def set_apart(objects: ObjectIndex, label: int) -> Edit:
    """Return the edit that gives an object a plane of its own.

    A brush can then take it over its neighbours.

    Raises
    ------
    NoPlaneError
        If no plane is empty.
    EditError
        If there is no such object, or it is alone already.
    """
    stack, box = objects.labels, objects.box(label)
    if all(not (plane[plane > 0] != label).any() for plane in stack[box[0]]):
        raise EditError(
            f"object {label} has its plane to itself",
            advice="Paint it: nothing is in its way.",
        )
    plane = empty_plane(stack)
    if plane is None:
        raise NoPlaneError("every plane has objects")
    parts = _Room(objects).put(label, shape_of(objects, label), plane, ())
    return Edit.of("set apart", stack, [*parts, *_cleared(objects, label)])


def empty_plane(stack: NDArray[np.integer]) -> int | None:
    """Return the first plane without an object, None where there is none."""
    return next((at for at, plane in enumerate(stack) if not plane.any()), None)


class _Room:
    """Where objects can be put in a stack, with what was put there already."""

    def __init__(self, objects: ObjectIndex) -> None:
        self._stack = objects.labels
        self._put: list[tuple[int, Shape]] = []

    def put(
        self, label: int, shape: Shape, home: int, own: tuple[int, ...]
    ) -> list[Writes]:
        """Put an object into its plane, or into the first that is free there.

        `own` are labels that do not stand in its way.
        """
        others = [plane for plane in range(len(self._stack)) if plane != home]
        for plane in (home, *others):
            if self._is_free(plane, shape, own if plane == home else (label,)):
                self._put.append((plane, shape))
                box = (slice(plane, plane + 1), *shape.box)
                return [writes(self._stack.shape, box, shape.mask[None], label)]
        raise NoPlaneError(f"object {label} overlaps others in every plane")

    def _is_free(self, plane: int, shape: Shape, own: tuple[int, ...]) -> bool:
        there = self._stack[plane][shape.box][shape.mask]
        if not np.isin(there, (0, *own)).all():
            return False
        return not any(at == plane and _meet(shape, other) for at, other in self._put)


def _alone(objects: ObjectIndex, label: int, taken: int) -> ObjectIndex:
    """Return a flat image that holds one object and nothing else."""
    shape = shape_of(objects, label)
    image = np.zeros(objects.labels.shape[-2:], objects.labels.dtype)
    image[shape.box][shape.mask] = label
    corners = np.array([[(side.start, side.stop) for side in shape.box]], np.intp)
    known = KnownObjects(
        np.array([label], np.int64),
        np.ascontiguousarray(corners.transpose(0, 2, 1)),
        np.array([np.count_nonzero(shape.mask)], np.int64),
    )
    return ObjectIndex(image, taken, known)


def _cleared(objects: ObjectIndex, label: int) -> list[Writes]:
    """Make background of an object; what is put there before stays."""
    box, mask = objects.box(label), objects.mask(label)
    return [writes(objects.labels.shape, box, mask, 0)]


def _union(shapes: Sequence[Shape]) -> Shape:
    top, left = (min(s.box[axis].start for s in shapes) for axis in (0, 1))
    low, right = (max(s.box[axis].stop for s in shapes) for axis in (0, 1))
    mask = np.zeros((low - top, right - left), bool)
    for one in shapes:
        rows, columns = one.box
        inside = mask[
            rows.start - top : rows.stop - top,
            columns.start - left : columns.stop - left,
        ]
        inside |= one.mask
    return Shape((slice(top, low), slice(left, right)), mask)


def _meet(one: Shape, other: Shape) -> bool:
    """Whether two objects share a pixel."""
    sides = [
        slice(max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(one.box, other.box, strict=True)
    ]
    if any(side.start >= side.stop for side in sides):
        return False
    first, second = (
        shape.mask[
            tuple(
                slice(side.start - own.start, side.stop - own.start)
                for side, own in zip(sides, shape.box, strict=True)
            )
        ]
        for shape in (one, other)
    )
    return bool((first & second).any())
