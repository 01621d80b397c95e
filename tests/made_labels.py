"""Small label images, drawn by hypothesis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.editing.edit import Edit
    from napari_cellsets.editing.objects import ObjectIndex

planes = arrays.arrays(
    np.int32,
    st.tuples(st.integers(3, 14), st.integers(3, 14)),
    elements=st.sampled_from((0, 0, 0, 1, 2, 3, 7)),
)
"""Planes of a few objects, whole or in pieces."""


def with_objects(labels: np.ndarray, least: int = 1) -> bool:
    """Whether there are enough objects to do something with."""
    return len(np.unique(labels[labels > 0])) >= least


def boxes_of(labels: np.ndarray) -> dict[int, tuple[slice, ...]]:
    """Return the boxes of all objects, the slow obvious way."""
    found = {}
    for label in np.unique(labels):
        if label:
            places = np.nonzero(labels == label)
            found[int(label)] = tuple(
                slice(int(axis.min()), int(axis.max()) + 1) for axis in places
            )
    return found


def known_boxes(objects: ObjectIndex) -> dict[int, tuple[slice, ...]]:
    """Return the boxes that an index tells."""
    return {label: objects.box(label) for label in objects}


def applied(labels: np.ndarray, edit: Edit) -> np.ndarray:
    """Return an edited copy."""
    after = labels.copy()
    edit.apply(after)
    return after


def squares() -> np.ndarray:
    """Return three squares, two of them touching."""
    labels = np.zeros((40, 50), np.int32)
    labels[5:15, 5:15], labels[5:15, 15:25], labels[20:30, 20:30] = 1, 2, 3
    return labels


def attempt(act: Callable[[], Edit]) -> Edit | None:
    """Return an edit, None where it is refused."""
    try:
        return act()
    except EditError:
        return None


def disc(shape: tuple[int, int], y: float, x: float, radius: float) -> np.ndarray:
    rows, columns = np.indices(shape)
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)
