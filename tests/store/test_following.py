from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cellsets.store import LabelDelta
from napari_cellsets.store.following import NO_SHAPE, Outcome, outcome_of
from napari_cellsets.store.pixels import count_labels, encode_labels


def areas(labels: np.ndarray) -> dict[int, int]:
    return {int(n): int((labels == n).sum()) for n in np.unique(labels) if n}


def outcome(before: np.ndarray, after: np.ndarray) -> Outcome:
    delta = LabelDelta.between(before, after)
    assert delta is not None
    return outcome_of(delta, areas(before), before.shape)


@pytest.fixture
def field() -> np.ndarray:
    """Object 1 left, object 2 right, a gap between."""
    labels = np.zeros((6, 9), np.int32)
    labels[1:5, 1:4] = 1
    labels[1:5, 5:8] = 2
    return labels


def test_a_stroke_reshapes_and_a_new_number_is_drawn(field: np.ndarray) -> None:
    after = field.copy()
    after[0, 1:3] = 1
    after[5, 5:7] = 9
    found = outcome(field, after)
    assert (found.reshaped, found.drawn) == ([1], [9])


def test_a_merge_keeps_the_first_and_loses_the_other(field: np.ndarray) -> None:
    found = outcome(field, np.where(field == 2, 1, field))
    assert (found.reshaped, found.gone) == ([1], [2])


def test_a_split_copies(field: np.ndarray) -> None:
    after = field.copy()
    after[3:5, 1:4] = 3
    found = outcome(field, after)
    assert (found.reshaped, found.copied) == ([1], {3: 1})


def test_renumbering_moves_every_object(field: np.ndarray) -> None:
    after = np.choose(field, [0, 2, 1]).astype(np.int32)
    assert outcome(field, after).moved == {1: 2, 2: 1}


def test_what_comes_back_has_the_shape_of_what_went(field: np.ndarray) -> None:
    without = np.where(field == 2, 0, field)
    went = outcome(field, without)
    came = outcome(without, field)
    other = without.copy()
    other[0:4, 5:8] = 2
    assert went.gone == came.drawn == [2]
    assert went.shapes == came.shapes
    assert outcome(without, other).shapes != came.shapes


def test_an_object_rubbed_out_in_two_strokes_has_another_shape(
    field: np.ndarray,
) -> None:
    half = field.copy()
    half[1:3][half[1:3] == 2] = 0
    delta = LabelDelta.between(half, np.where(half == 2, 0, half))
    assert delta is not None
    more = areas(half) | {2: 7}
    assert outcome_of(delta, more, half.shape).gone == []
    assert outcome(half, np.where(half == 2, 0, half)).shapes[2] not in (
        NO_SHAPE,
        outcome(field, np.where(field == 2, 0, field)).shapes[2],
    )


_IMAGES = hnp.arrays(np.int32, (4, 5), elements=st.integers(-1, 3))


@settings(max_examples=200, deadline=None)
@given(before=_IMAGES, after=_IMAGES)
def test_every_object_is_where_a_slow_look_finds_it(
    before: np.ndarray, after: np.ndarray
) -> None:
    delta = LabelDelta.between(before, after)
    if delta is None:
        return
    found = outcome_of(delta, areas(before), before.shape)
    then, now = areas(before), areas(after)
    assert now == {
        n: then.get(n, 0) + found.areas.get(n, 0)
        for n in then | found.areas
        if then.get(n, 0) + found.areas.get(n, 0)
    }
    changed = before != after
    for label in then | now:
        kept = ((before == label) & (after == label)).any()
        touched = (changed & ((before == label) | (after == label))).any()
        assert (label in found.reshaped) == (kept and touched)
        assert (label in found.gone) == (label in then and label not in now)
        fresh = label in now and not kept
        assert (label in found.new) == fresh
        if label in found.copied or label in found.moved:
            source = (found.copied | found.moved)[label]
            taken = (before == source) & (after == label)
            assert 2 * taken.sum() > now[label]
        if label in found.moved:
            source = found.moved[label]
            assert np.array_equal(before == source, after == label)


@settings(max_examples=100, deadline=None)
@given(
    labels=hnp.arrays(
        np.int32, hnp.array_shapes(max_dims=3), elements=st.integers(-2, 4)
    )
)
def test_pixels_are_counted_without_unpacking(labels: np.ndarray) -> None:
    assert count_labels(encode_labels(labels)) == areas(labels)


def test_pixels_of_round_objects_are_counted_from_runs() -> None:
    labels = np.zeros((300, 300), np.int32)
    labels[20:40, 30:70] = 5
    labels[100:200, 100:101] = -7
    assert count_labels(encode_labels(labels)) == {5: 800, -7: 100}
