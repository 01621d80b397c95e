"""Small label images, drawn by hypothesis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

if TYPE_CHECKING:
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
