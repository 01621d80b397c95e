from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError
from napari_cellsets.counting import runs as module
from napari_cellsets.counting.runs import Runs, joint_runs, label_runs, paint, runs_of

examples = settings(deadline=None, max_examples=80)
masks = hnp.arrays(np.bool_, st.tuples(st.integers(1, 14), st.integers(1, 14)))
label_images = hnp.arrays(
    np.int32,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.integers(0, 3),
)


def runs_of_mask(mask: np.ndarray) -> Runs:
    return runs_of(iter([mask[:3], mask[3:]]), *mask.shape)


def painted(runs: Runs, values: np.ndarray | int = 1) -> np.ndarray:
    out = np.zeros((runs.height, runs.width), np.int32)
    paint(out, runs, np.broadcast_to(np.int32(values), runs.start.shape))
    return out


@examples
@given(masks)
def test_runs_paint_the_mask_they_came_from(mask):
    np.testing.assert_array_equal(painted(runs_of_mask(mask)) > 0, mask)


@examples
@given(masks)
def test_the_outside_is_the_rest(mask):
    np.testing.assert_array_equal(painted(runs_of_mask(mask).outside()) > 0, ~mask)


@examples
@given(masks, masks)
def test_united_runs_paint_both_and_never_touch(one, other):
    height, width = np.minimum(one.shape, other.shape)
    one, other = one[:height, :width], other[:height, :width]
    both = runs_of_mask(one).united(runs_of_mask(other & ~one))
    np.testing.assert_array_equal(painted(both) > 0, one | other)
    assert (both.start[1:] > both.stop[:-1]).all()


@examples
@given(masks, st.booleans())
def test_components_are_those_of_scipy_in_its_order(mask, diagonal):
    runs = runs_of_mask(mask)
    group, count = runs.components(diagonal=diagonal)
    shape = ndimage.generate_binary_structure(2, 2 if diagonal else 1)
    expected, number = ndimage.label(mask, shape)
    assert count == number
    np.testing.assert_array_equal(painted(runs, group + 1), expected)


@examples
@given(label_images)
def test_runs_of_labels_paint_them_again(labels):
    runs, values = label_runs(labels)
    np.testing.assert_array_equal(painted(runs, values), labels)


@examples
@given(label_images, label_images)
def test_joint_runs_lie_where_both_are_set(one, other):
    height, width = np.minimum(one.shape, other.shape)
    one, other = one[:height, :width], other[:height, :width]
    runs, (a, b) = joint_runs((one, other))
    both = (one > 0) & (other > 0)
    np.testing.assert_array_equal(painted(runs, a), np.where(both, one, 0))
    np.testing.assert_array_equal(painted(runs, b), np.where(both, other, 0))


def test_strips_join_what_they_cut(monkeypatch):
    labels = np.random.default_rng(0).integers(0, 3, (50, 7)).astype(np.int32)
    whole, values = label_runs(labels)
    monkeypatch.setattr(module, "STRIP_PIXELS", 20)
    monkeypatch.setattr(module, "PAINT_PIXELS", 11)
    parts, again = label_runs(labels)
    np.testing.assert_array_equal(parts.start, whole.start)
    np.testing.assert_array_equal(parts.stop, whole.stop)
    np.testing.assert_array_equal(again, values)
    np.testing.assert_array_equal(painted(parts, again), labels)


def test_cancel_stops_the_search_between_strips():
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        label_runs(np.ones((4, 4), np.int32), token)


def test_cancel_stops_painting_between_strips():
    labels = np.ones((4, 4), np.int32)
    runs, values = label_runs(labels)
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        paint(labels, runs, values, token)
