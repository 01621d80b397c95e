from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import LabelDelta

SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=14)
VALUES = st.one_of(st.integers(0, 3), st.integers(-(2**31), 2**31 - 1))


@st.composite
def histories(draw: st.DrawFn) -> list[np.ndarray]:
    """A label image and what it becomes by strokes of boxes and of single pixels."""
    shape = draw(SHAPES)
    states = [draw(hnp.arrays(np.int32, shape, elements=VALUES))]
    for _ in range(draw(st.integers(1, 6))):
        state = states[-1].copy()
        for _ in range(draw(st.integers(0, 3))):
            first = [draw(st.integers(0, n - 1)) for n in shape]
            box = tuple(
                slice(a, draw(st.integers(a + 1, n)))
                for a, n in zip(first, shape, strict=True)
            )
            state[box] = draw(VALUES)
        states.append(state)
    return states


def deltas_of(states: list[np.ndarray]) -> list[LabelDelta | None]:
    return [LabelDelta.between(a, b) for a, b in pairwise(states)]


@given(histories())
def test_replay_gives_every_state_of_the_history(states: list[np.ndarray]) -> None:
    labels = states[0]
    for delta, expected in zip(deltas_of(states), states[1:], strict=True):
        labels = labels if delta is None else delta.apply(labels)
        assert np.array_equal(labels, expected)


@given(histories())
def test_inverses_in_reverse_order_lead_back(states: list[np.ndarray]) -> None:
    labels = states[-1].copy()
    for delta in reversed(deltas_of(states)):
        if delta is not None:
            delta.inverse().apply_in_place(labels)
    assert np.array_equal(labels, states[0])


@given(histories())
def test_only_changed_pixels_are_written(states: list[np.ndarray]) -> None:
    before, after = states[0], states[-1]
    delta = LabelDelta.between(before, after)
    canvas = np.full(before.shape, 12345, np.int32)
    if delta is not None:
        delta.apply_in_place(canvas)
    naive = np.where(before != after, after, 12345)
    assert np.array_equal(canvas, naive)


@given(histories())
def test_box_is_the_smallest_around_the_change(states: list[np.ndarray]) -> None:
    delta = LabelDelta.between(states[0], states[-1])
    where = np.argwhere(states[0] != states[-1])
    if delta is None:
        assert len(where) == 0
    else:
        assert delta.origin == tuple(where.min(0))
        assert delta.shape == tuple(np.ptp(where, axis=0) + 1)


def test_a_crop_is_placed_by_its_origin() -> None:
    whole = np.zeros((50, 60), np.int32)
    crop = whole[10:20, 30:40]
    edited = crop.copy()
    edited[2:4, 5:7] = 9
    delta = LabelDelta.between(crop, edited, origin=(10, 30))
    assert delta is not None
    assert np.argwhere(delta.apply(whole)).min(0).tolist() == [12, 35]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64])
def test_layers_of_other_integer_types_keep_their_type(dtype: type) -> None:
    before = np.zeros((5, 5), dtype)
    after = before.copy()
    after[1, 1] = 200
    delta = LabelDelta.between(before, after)
    assert delta is not None
    assert delta.apply(before).dtype == dtype
    assert np.array_equal(delta.apply(before), after)


def test_a_stroke_takes_few_bytes_on_a_large_image() -> None:
    before = np.zeros((1200, 1600), np.int32)
    after = before.copy()
    after[500:540, 700:740] = 3
    delta = LabelDelta.between(before, after)
    assert delta is not None
    assert delta.size < 1000


def test_images_of_two_sizes_are_refused() -> None:
    with pytest.raises(StoreError, match=r"found \(2, 2\) before and \(2, 3\) after"):
        LabelDelta.between(np.zeros((2, 2), int), np.zeros((2, 3), int))


@pytest.mark.parametrize("shape", [(3, 3), (9, 9, 9), (9,)])
def test_an_edit_outside_the_image_is_refused(shape: tuple[int, ...]) -> None:
    before = np.zeros((9, 9), np.int32)
    after = before.copy()
    after[5, 5] = 1
    delta = LabelDelta.between(before, after)
    assert delta is not None
    with pytest.raises(StoreError, match="does not fit an image of size"):
        delta.apply(np.zeros(shape, np.int32))
