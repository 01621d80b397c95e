"""An index of objects that somebody has measured is as good as one that looked."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.counting.measure import measure
from napari_cellsets.editing import joining
from napari_cellsets.editing.objects import KnownObjects, ObjectIndex


def known(labels: np.ndarray) -> KnownObjects:
    columns = measure(labels).columns
    first = np.stack([columns["bbox_top"], columns["bbox_left"]], axis=1)
    last = np.stack([columns["bbox_bottom"], columns["bbox_right"]], axis=1)
    corners = np.stack([first, last], axis=1).astype(np.intp)
    return KnownObjects(columns["label"], corners, columns["area_px"])


@given(seed=st.integers(0, 2**16), gone=st.integers(0, 5))
def test_known_objects_are_those_that_are_found(seed: int, gone: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 12, (9, 11)).astype(np.int32)
    index = ObjectIndex(labels, 40, known(labels))
    there = sorted(index)[:gone]
    if there:
        edit = joining.delete(index, there)
        edit.apply(labels)
        index.update(edit)
    fresh = ObjectIndex(labels, 40)
    assert sorted(index) == sorted(fresh)
    assert index.areas() == fresh.areas()
    assert [index.box(one) for one in fresh] == [fresh.box(one) for one in fresh]
    assert index.next_label() == fresh.next_label() == 41
