"""Measures brought up to date are those of the whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.core.image import Picture
from napari_cellsets.counting.measure import ObjectTable, measure
from napari_cellsets.counting.remeasure import remeasure, remeasure_planes


def field(seed: int, shape: tuple[int, int] = (30, 40)) -> np.ndarray:
    """Squares of all sizes over each other, their numbers with gaps."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int32)
    for _ in range(12):
        y, x = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        high, wide = rng.integers(1, 8, 2)
        labels[y : y + high, x : x + wide] = rng.integers(1, 60)
    return labels


def colour(shape: tuple[int, int], size_um: float | None = 0.5) -> Picture:
    pixels = np.random.default_rng(3).integers(0, 255, (*shape, 2)).astype(np.uint8)
    return Picture(pixels, "yxc", ("nuclei", "actin"), size_um)


def assert_same(one: ObjectTable, other: ObjectTable) -> None:
    assert set(one.columns) == set(other.columns)
    for name, values in other.columns.items():
        np.testing.assert_allclose(one.columns[name], values, atol=1e-6, err_msg=name)


@given(
    seed=st.integers(0, 2**16),
    top=st.integers(0, 29),
    left=st.integers(0, 39),
    high=st.integers(1, 12),
    wide=st.integers(1, 12),
    new=st.integers(0, 70),
    scaled=st.booleans(),
)
def test_after_any_change_measures_are_those_of_the_whole(
    seed: int, top: int, left: int, high: int, wide: int, new: int, scaled: bool
) -> None:
    labels = field(seed)
    picture = colour(labels.shape, 0.5 if scaled else None)
    before = measure(labels, picture)
    box = (slice(top, min(top + high, 30)), slice(left, min(left + wide, 40)))
    labels[box] = new
    found = remeasure(before, labels, box, picture)
    assert found is not None
    assert_same(found[0], measure(labels, picture))


@given(
    seed=st.integers(0, 2**16),
    first=st.integers(0, 2),
    planes=st.integers(1, 3),
    top=st.integers(0, 29),
    left=st.integers(0, 39),
    new=st.integers(0, 70),
)
@settings(deadline=None, max_examples=40)
def test_after_any_change_measures_of_planes_are_those_of_the_whole(
    seed: int, first: int, planes: int, top: int, left: int, new: int
) -> None:
    labels = np.stack([field(seed + plane) for plane in range(3)])
    picture = colour(labels.shape[1:])
    whole = Picture(np.stack([picture.pixels] * 3), "zyxc", picture.channel_names, 0.5)
    before = measure(labels, whole, outline=True)
    last = min(first + planes, 3)
    box = (slice(first, last), slice(top, top + 5), slice(left, left + 6))
    labels[box] = new
    found = remeasure_planes(before, labels, box, picture)
    assert found is not None
    columns = found[0].columns
    order = np.lexsort((columns["label"], columns["plane"]))
    after = ObjectTable({name: values[order] for name, values in columns.items()})
    assert_same(after, measure(labels, whole, outline=True))


def test_planes_that_are_too_large_are_left_alone() -> None:
    labels = np.stack([field(5), field(6)])
    box = (slice(0, 2), slice(0, 30), slice(0, 40))
    assert remeasure_planes(measure(labels), labels, box, most_px=100) is None


def test_without_a_picture_shapes_are_kept_up_to_date() -> None:
    labels = field(5)
    before = measure(labels)
    labels[3:9, 4:11] = 99
    found = remeasure(before, labels, (slice(3, 9), slice(4, 11)))
    assert found is not None
    assert_same(found[0], measure(labels))


def test_an_object_that_takes_another_name_far_away_is_measured_whole() -> None:
    labels = np.zeros((20, 60), np.int32)
    labels[2:5, 2:5], labels[10:14, 50:55] = 1, 2
    before = measure(labels)
    labels[10:14, 50:55] = 1
    found = remeasure(before, labels, (slice(10, 14), slice(50, 55)))
    assert found is not None
    assert_same(found[0], measure(labels))
    assert found[1].tolist() == [1, 2]


def test_objects_out_of_reach_are_not_named() -> None:
    labels = np.zeros((20, 60), np.int32)
    labels[2:5, 2:5], labels[10:14, 50:55] = 1, 2
    before = measure(labels)
    labels[3, 3] = 0
    found = remeasure(before, labels, (slice(3, 4), slice(3, 4)))
    assert found is not None
    assert found[1].tolist() == [1]


def test_more_pixels_than_asked_for_are_not_looked_at() -> None:
    labels = field(1)
    box = (slice(0, 30), slice(0, 40))
    assert remeasure(measure(labels), labels, box, most_px=1199) is None
    assert remeasure(measure(labels), labels, box, most_px=1200) is not None
