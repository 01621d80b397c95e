"""Masks that may overlap, drawn into as few label planes as possible."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.formats.containers.convert import NO_CLASS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.core.annotation import MaskStack

_BOXES_AT_ONCE = 512
_LARGEST_LABEL = 2**31


@dataclass(frozen=True, slots=True)
class Packed:
    """Label planes in which no object covers another.

    Parameters
    ----------
    labels
        int32, shape (plane, y, x), at least one plane; 0 is background.
    ids
        int, shape (n,): label of each object, in their order; no two are the same.
    planes
        int, shape (n,): plane of each object.
    """

    labels: np.ndarray
    ids: np.ndarray
    planes: np.ndarray


def pack(stack: MaskStack) -> Packed:
    """Draw masks into label planes; objects that do not overlap share a plane.

    Planes are the colours of the graph of overlaps, by the rule of Brélaz (1979,
    doi:10.1145/359094.359101): the object with most planes forbidden comes next and
    takes the first that is free. That is the fewest where two planes suffice, and
    few otherwise.

    Parameters
    ----------
    stack
        Masks cut to their boxes; what lies outside the picture is left out.

    Returns
    -------
    Packed
        Labels are those of the property ``label`` where it has whole numbers above 0
        that differ, else 1, 2, ...
    """
    count = len(stack.masks)
    boxes = _boxes(stack)
    planes = _coloured(_overlaps(stack, boxes), count)
    ids = _ids(stack)
    depth = int(planes.max(initial=0)) + 1
    labels = np.zeros((depth, *stack.shape), np.int32)
    for number, (mask, box) in enumerate(zip(stack.masks, boxes, strict=True)):
        top, left, low, right = (int(edge) for edge in box)
        row, column = (int(first) for first in stack.corners[number])
        seen = mask[top - row : low - row, left - column : right - column]
        labels[planes[number], top:low, left:right][seen] = ids[number]
    return Packed(labels, ids, planes)


def _boxes(stack: MaskStack) -> np.ndarray:
    """Boxes of the masks within the picture: top, left, low, right."""
    corners = np.asarray(stack.corners, np.int64).reshape(-1, 2)
    sizes = np.array([mask.shape for mask in stack.masks], np.int64).reshape(-1, 2)
    ends = np.array(stack.shape, np.int64)
    starts = np.clip(corners, 0, ends)
    return np.concatenate([starts, np.clip(corners + sizes, starts, ends)], axis=1)


def _overlaps(stack: MaskStack, boxes: np.ndarray) -> list[set[int]]:
    """Of each object those that it shares a pixel with."""
    found: list[set[int]] = [set() for _ in stack.masks]
    for start in range(0, len(boxes), _BOXES_AT_ONCE):
        some = boxes[start : start + _BOXES_AT_ONCE, None]
        meet = (some[..., :2] < boxes[None, :, 2:]).all(-1)
        meet &= (boxes[None, :, :2] < some[..., 2:]).all(-1)
        for first, second in zip(*np.nonzero(meet), strict=True):
            one, other = int(first) + start, int(second)
            if one < other and _share(stack, boxes, one, other):
                found[one].add(other)
                found[other].add(one)
    return found


def _share(stack: MaskStack, boxes: np.ndarray, one: int, other: int) -> bool:
    top, left = np.maximum(boxes[one, :2], boxes[other, :2])
    low, right = np.minimum(boxes[one, 2:], boxes[other, 2:])
    first, second = (
        stack.masks[place][
            top - stack.corners[place][0] : low - stack.corners[place][0],
            left - stack.corners[place][1] : right - stack.corners[place][1],
        ]
        for place in (one, other)
    )
    return bool((first & second).any())


def _coloured(neighbours: list[set[int]], count: int) -> np.ndarray:
    """Planes by the rule of Brélaz; objects that overlap nothing lie in plane 0."""
    planes = np.full(count, -1, np.int64)
    forbidden: list[set[int]] = [set() for _ in range(count)]
    # ties go to the most overlaps, then to the order of the objects
    waiting = [(0, -len(others), place) for place, others in enumerate(neighbours)]
    heapq.heapify(waiting)
    while waiting:
        *_, chosen = heapq.heappop(waiting)
        if planes[chosen] >= 0:
            continue  # it came earlier, with more planes forbidden
        taken = forbidden[chosen]
        plane = next(p for p in range(count) if p not in taken)
        planes[chosen] = plane
        for other in neighbours[chosen]:
            if planes[other] < 0 and plane not in forbidden[other]:
                forbidden[other].add(plane)
                crowded = (-len(forbidden[other]), -len(neighbours[other]), other)
                heapq.heappush(waiting, crowded)
    return planes


def _ids(stack: MaskStack) -> np.ndarray:
    count = len(stack.masks)
    own = stack.properties.get("label", ())
    whole = all(
        isinstance(value, int | np.integer) and 0 < value < _LARGEST_LABEL
        for value in own
    )
    if len(own) == len(set(own)) == count and whole:
        return np.array(own, np.int64).reshape(-1)
    return np.arange(1, count + 1)


def unpack(
    stack: MaskStack, labels: np.ndarray, class_of: Mapping[int, int | None]
) -> MaskStack:
    """Return a stack of masks as corrected in label planes.

    Parameters
    ----------
    stack
        As it was packed.
    labels
        int, shape (plane, y, x) or (y, x): the planes as they are now; an object
        that lies in several covers what it covers in any.
    class_of
        Class id of each label that has one; of others that which they had, of new
        ones that which all objects had, if there was one.

    Returns
    -------
    MaskStack
        Objects by label. Those that were there before keep their properties, new
        ones have None.
    """
    from scipy.ndimage import find_objects

    planes = labels.reshape(-1, *labels.shape[-2:])
    numbers = np.unique(planes[planes > 0])
    dense = np.searchsorted(numbers, planes) + 1
    boxes = find_objects(np.where(planes > 0, dense, 0), len(numbers))
    masks = [
        np.asarray((planes[box] == number).any(axis=0))
        for number, box in zip(numbers, boxes, strict=True)
    ]
    corners = [(rows.start, columns.start) for _, rows, columns in boxes]
    before = {number: at for at, number in enumerate(_ids(stack).tolist())}
    rows_of = [before.get(number) for number in numbers.tolist()]
    properties = {
        name: [None if row is None else values[row] for row in rows_of]
        for name, values in stack.properties.items()
    }
    if "label" in properties:
        properties["label"] = numbers.tolist()
    ids = None
    if stack.class_ids is not None or any(v is not None for v in class_of.values()):
        known: dict[int, int | None] = {}
        if stack.class_ids is not None:
            known = {n: int(stack.class_ids[at]) for n, at in before.items()}
        of = [class_of.get(n, known.get(n)) for n in numbers.tolist()]
        other = _shared_class(stack)
        ids = np.array([other if one is None else one for one in of], np.int64)
    return replace(
        stack,
        masks=masks,
        corners=np.array(corners, np.int64).reshape(-1, 2),
        class_ids=ids,
        properties=properties,
    )


def _shared_class(stack: MaskStack) -> int:
    """The class of whatever is marked here; none where there are several."""
    if stack.class_ids is None:
        return NO_CLASS
    known = np.unique(stack.class_ids)
    return int(known[0]) if len(known) == 1 else NO_CLASS
