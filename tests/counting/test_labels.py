from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError
from napari_cellsets.counting import runs
from napari_cellsets.counting.labels import labels_from_probability
from napari_cellsets.counting.settings import CountSettings
from napari_cellsets.inference.metadata import ModelInfo

EIGHT = np.ones((3, 3), bool)
WHOLE = CountSettings(split_touching=False, fill_holes_px=0, min_area_px=0)


def discs(shape: tuple[int, int], *centres: tuple[float, float, float]) -> np.ndarray:
    """Probability 0.9 within discs (y, x, radius), 0.1 elsewhere."""
    y, x = np.indices(shape)
    inside = np.zeros(shape, bool)
    for row, column, radius in centres:
        inside |= (y - row) ** 2 + (x - column) ** 2 <= radius**2
    return np.where(inside, 0.9, 0.1).astype(np.float32)


def slow_labels(mask: np.ndarray, holes: int, least: int) -> np.ndarray:
    """The obvious way: fill every enclosed hole that is small, drop what is small."""
    filled = mask.copy()
    inside, count = ndimage.label(ndimage.binary_fill_holes(mask) & ~mask)
    for hole in range(1, count + 1):
        if (inside == hole).sum() <= holes:
            filled |= inside == hole
    found, count = ndimage.label(filled, EIGHT)
    for k in range(1, count + 1):
        if (found == k).sum() < least:
            filled &= found != k
    return ndimage.label(filled, EIGHT)[0]


@settings(deadline=None, max_examples=150)
@given(
    mask=hnp.arrays(
        np.bool_,
        st.tuples(st.integers(1, 16), st.integers(1, 16)),
        elements=st.sampled_from([True, True, True, False, False]),
    ),
    holes=st.integers(0, 12),
    least=st.integers(0, 12),
)
def test_labels_are_those_of_the_slow_way(mask, holes, least):
    chosen = WHOLE.model_copy(update={"fill_holes_px": holes, "min_area_px": least})
    found = labels_from_probability(mask.astype(np.float32), chosen)
    np.testing.assert_array_equal(found, slow_labels(mask, holes, least))


@settings(deadline=None, max_examples=100)
@given(
    levels=hnp.arrays(np.uint8, (9, 11), elements=st.integers(0, 4)),
    smooth=st.integers(0, 1),
    holes=st.integers(0, 6),
)
def test_an_object_is_dropped_unless_one_pixel_of_it_reaches_the_peak(
    levels, smooth, holes
):
    probability = (levels / 4).astype(np.float32)
    base = WHOLE.model_copy(
        update={"threshold": 0.5, "smooth_px": smooth, "fill_holes_px": holes}
    )
    every = labels_from_probability(probability, base)
    sure = labels_from_probability(
        probability, base.model_copy(update={"least_peak": 1.0})
    )
    kept = [
        k for k in range(1, every.max() + 1) if (probability[every == k] == 1).any()
    ]
    expected = np.zeros_like(every)
    for number, k in enumerate(kept, start=1):
        expected[every == k] = number
    np.testing.assert_array_equal(sure, expected)


def test_a_peak_up_to_the_threshold_asks_for_nothing():
    probability = np.full((4, 4), 0.6, np.float32)
    chosen = WHOLE.model_copy(update={"threshold": 0.5, "least_peak": 0.5})
    assert labels_from_probability(probability, chosen).max() == 1


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.float16])
def test_a_pixel_at_the_threshold_is_a_cell(kind):
    probability = np.array([[0.49, 0.5, 0.51]], kind)
    assert labels_from_probability(probability, WHOLE).tolist() == [[0, 1, 1]]


def test_labels_are_whole_numbers_of_32_bits():
    assert labels_from_probability(np.ones((2, 2)), WHOLE).dtype == np.int32


def test_two_touching_cells_are_parted_at_the_neck():
    field = discs((60, 90), (30, 30, 15), (30, 56, 15))
    found = labels_from_probability(field, CountSettings())
    assert found.max() == 2
    assert (np.unique(found[:, :42]) == [0, 1]).all()
    assert (np.unique(found[:, 45:]) == [0, 2]).all()
    assert ((found > 0) == (field > 0.5)).all()


def test_three_cells_in_a_chain_are_three():
    field = discs((60, 120), (30, 30, 15), (30, 56, 15), (30, 82, 15))
    assert labels_from_probability(field, CountSettings()).max() == 3


@pytest.mark.parametrize("length", [40, 80])
def test_a_rod_is_not_parted(length):
    field = np.zeros((40, 120), np.float32)
    field[12:28, 10 : 10 + length] = 1
    assert labels_from_probability(field, CountSettings()).max() == 1


@given(seed=st.integers(0, 10_000))
@settings(deadline=None, max_examples=25)
def test_a_bent_or_rough_cell_without_a_neck_is_not_parted(seed):
    rng = np.random.default_rng(seed)
    y, x = np.indices((80, 80)) - 40.0
    angle = np.arctan2(y, x)
    phase = rng.uniform(0, 7, 4)
    outline = 22 + sum(np.cos(k * angle + phase[k]) / k for k in range(1, 4))
    field = (np.hypot(y, x) < outline).astype(np.float32)
    assert labels_from_probability(field, CountSettings()).max() == 1


def test_centres_nearer_than_the_distance_stay_one_cell():
    field = discs((60, 90), (30, 30, 15), (30, 56, 15))
    near = CountSettings(split_distance_px=30)
    assert labels_from_probability(field, near).max() == 1


def test_a_wider_neck_is_parted_when_asked():
    field = discs((60, 90), (30, 30, 15), (30, 48, 15))
    assert labels_from_probability(field, CountSettings(split_neck=0.7)).max() == 1
    assert labels_from_probability(field, CountSettings(split_neck=0.95)).max() == 2


def test_no_part_is_smaller_than_an_object_may_be():
    field = discs((60, 90), (30, 30, 15), (30, 50, 7))
    kept = CountSettings(min_area_px=50)
    joined = CountSettings(min_area_px=250)
    assert labels_from_probability(field, kept).max() == 2
    assert labels_from_probability(field, joined).max() == 1


def test_touching_cells_stay_together_when_asked():
    field = discs((60, 90), (30, 30, 15), (30, 56, 15))
    together = CountSettings(split_touching=False)
    assert labels_from_probability(field, together).max() == 1


def crowd(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = np.column_stack([rng.uniform(0, 400, (60, 2)), rng.uniform(8, 22, 60)])
    return discs((400, 400), *centres)


@pytest.mark.parametrize("seed", range(4))
def test_parts_of_a_crowd_cover_it_and_are_connected_and_large(seed):
    field = crowd(seed)
    found = labels_from_probability(field, CountSettings(min_area_px=60))
    whole = labels_from_probability(
        field, CountSettings(min_area_px=60, split_touching=False)
    )
    assert ((found > 0) == (whole > 0)).all()
    assert found.max() > whole.max()
    for k, box in enumerate(ndimage.find_objects(found), 1):
        assert ndimage.label(found[box] == k, EIGHT)[1] == 1
        assert (found[box] == k).sum() >= 60


@pytest.mark.parametrize("seed", range(4))
def test_a_crowd_is_numbered_in_raster_order_and_always_the_same(seed):
    field = crowd(seed)
    found = labels_from_probability(field, CountSettings())
    numbers, first = np.unique(found[found > 0], return_index=True)
    assert (numbers == np.arange(1, found.max() + 1)).all()
    assert (np.diff(first) > 0).all()
    again = labels_from_probability(field.copy(), CountSettings())
    np.testing.assert_array_equal(found, again)


def test_canvases_of_any_size_give_the_same_parts(monkeypatch):
    from napari_cellsets.counting import canvas

    field = crowd(1)
    found = labels_from_probability(field, CountSettings())
    monkeypatch.setattr(canvas, "CANVAS_PIXELS", 1500)
    again = labels_from_probability(field, CountSettings())
    np.testing.assert_array_equal(found, again)


def test_smoothing_takes_dendrites_off_and_keeps_the_soma():
    field = discs((80, 120), (40, 40, 15))
    field[39:42, 40:110] = 0.9
    smooth = CountSettings(smooth_px=4)
    found = labels_from_probability(field, smooth)
    assert found.max() == 1
    assert found[:, 60:].max() == 0
    assert found[40, 40] == 1


def test_smoothing_is_the_same_in_strips(monkeypatch):
    field = crowd(2)
    smooth = CountSettings(smooth_px=5)
    whole = labels_from_probability(field, smooth)
    monkeypatch.setattr(runs, "STRIP_PIXELS", 400 * 7)
    np.testing.assert_array_equal(labels_from_probability(field, smooth), whole)


def test_a_stack_is_taken_plane_by_plane_with_unique_numbers():
    stack = np.stack([crowd(0), np.zeros((400, 400), np.float32), crowd(3)])
    found = labels_from_probability(stack, CountSettings())
    first, last = (labels_from_probability(p, CountSettings()) for p in stack[::2])
    np.testing.assert_array_equal(found[0], first)
    assert found[1].max() == 0
    shifted = np.where(last > 0, last + first.max(), 0)
    np.testing.assert_array_equal(found[2], shifted)


def test_an_empty_map_has_no_object():
    assert labels_from_probability(np.zeros((5, 0)), CountSettings()).size == 0
    assert labels_from_probability(np.zeros((5, 5)), CountSettings()).max() == 0


def test_what_is_no_map_is_refused():
    with pytest.raises(CellsetsError, match=r"a map \(y, x\) or \(z, y, x\)"):
        labels_from_probability(np.zeros(4), CountSettings())


class CancelsAfter(CancelToken):
    """A person who presses Cancel at the nth look."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def raise_if_cancelled(self) -> None:
        self.looks -= 1
        if self.looks < 0:
            self.cancel()
        super().raise_if_cancelled()


@pytest.mark.parametrize("looks", range(8))
def test_cancel_is_looked_at_throughout(looks):
    with pytest.raises(CancelledError):
        labels_from_probability(crowd(0), CountSettings(), CancelsAfter(looks))


def test_settings_come_from_the_model():
    info = ModelInfo(
        path="m",
        input="i",
        output="o",
        threshold=0.7,
        least_peak=0.9,
        min_area=90,
        fill_holes=33,
        split_distance=21,
    )
    chosen = CountSettings.for_model(info)
    assert (chosen.threshold, chosen.min_area_px) == (0.7, 90)
    assert (chosen.fill_holes_px, chosen.split_distance_px) == (33, 21)
    assert chosen.split_touching
    assert chosen.least_peak == 0.9


def test_a_model_without_split_distance_leaves_cells_together():
    info = ModelInfo(path="m", input="i", output="o", split_distance=0)
    assert not CountSettings.for_model(info).split_touching
