from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_cellsets.counting.labels import labels_from_probability
from napari_cellsets.counting.settings import CountSettings
from napari_cellsets.counting.split import STEPS, steps_of
from napari_cellsets.inference.metadata import ModelInfo

EIGHT = np.ones((3, 3), bool)
BY_MAP = CountSettings(
    threshold=0.5,
    fill_holes_px=0,
    min_area_px=0,
    split_distance_px=1,
    split_by="map",
    split_depth=0.2,
)


def summits(heights: np.ndarray, deep: int, level: int) -> list[tuple[int, int]]:
    """The obvious way: a pixel stands that no higher one is reached from.

    A pixel is higher than another of the same height if it comes later. Going there
    may not lead down by `deep`, nor below the level.
    """
    place = np.arange(heights.size).reshape(heights.shape)
    stand = []
    for y, x in zip(*np.nonzero(heights), strict=True):
        here = heights[y, x]
        lowest = here - deep + 1
        if level > 1:
            lowest = min(lowest, level) if here >= level else 1
        reach, _ = ndimage.label((heights >= max(1, lowest)), EIGHT)
        near = reach == reach[y, x]
        higher = heights[near] > here
        higher |= (heights[near] == here) & (place[near] > place[y, x])
        if not higher.any():
            stand.append((int(y), int(x)))
    return stand


def maps() -> st.SearchStrategy[np.ndarray]:
    levels = st.sampled_from([0.0, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0])
    shape = st.tuples(st.integers(1, 12), st.integers(1, 12))
    return hnp.arrays(np.float32, shape, elements=levels)


@settings(deadline=None, max_examples=200)
@given(maps(), st.sampled_from([0.05, 0.15, 0.3]), st.sampled_from([0.0, 0.65, 0.85]))
def test_each_part_holds_one_summit_of_the_slow_way(field, depth, level):
    chosen = BY_MAP.model_copy(update={"split_depth": depth, "split_level": level})
    found = labels_from_probability(field, chosen)
    heights = np.where(field >= 0.5, steps_of(field), 0)
    deep = max(1, round(depth * STEPS))
    stand = summits(heights, deep, int(steps_of(np.array([level]))[0]))
    assert sorted(found[place] for place in stand) == list(range(1, found.max() + 1))
    assert ((found > 0) == (heights > 0)).all()


@settings(deadline=None, max_examples=60)
@given(maps())
def test_every_pixel_belongs_where_the_steepest_way_leads(field):
    found = labels_from_probability(
        field, BY_MAP.model_copy(update={"split_depth": 0.001})
    )
    heights = np.pad(np.where(field >= 0.5, steps_of(field), 0), 1)
    for y, x in zip(*np.nonzero(heights), strict=True):
        window = heights[y - 1 : y + 2, x - 1 : x + 2]
        # The last of the highest: later pixels stand above equal ones.
        dy, dx = divmod(int(np.flatnonzero(window == window.max())[-1]), 3)
        assert found[y - 1, x - 1] == found[y + dy - 2, x + dx - 2]


def two_hills(valley: float) -> np.ndarray:
    """Two touching squares without a neck, answers of 0.95 and a seam between."""
    field = np.zeros((40, 60), np.float32)
    field[10:30, 10:50] = 0.95
    field[10:30, 29:31] = valley
    return field


def test_a_valley_parts_cells_that_have_no_neck():
    found = labels_from_probability(two_hills(0.7), BY_MAP)
    assert found.max() == 2
    assert (found[10:30, 10:29] == 1).all()
    assert (found[10:30, 31:50] == 2).all()
    by_shape = BY_MAP.model_copy(update={"split_by": "shape"})
    assert labels_from_probability(two_hills(0.7), by_shape).max() == 1


def test_a_valley_that_is_not_deep_enough_parts_nothing():
    assert labels_from_probability(two_hills(0.8), BY_MAP).max() == 1


def test_a_valley_above_the_level_parts_nothing():
    above = BY_MAP.model_copy(update={"split_level": 0.6})
    assert labels_from_probability(two_hills(0.7), above).max() == 1
    assert labels_from_probability(two_hills(0.55), above).max() == 2


def test_a_hill_below_the_level_is_no_centre():
    field = two_hills(0.5)
    field[field > 0.9] = 0.75
    field[15, 15] = 0.95
    high = BY_MAP.model_copy(update={"split_level": 0.8})
    assert labels_from_probability(field, BY_MAP).max() == 2
    assert labels_from_probability(field, high).max() == 1


def test_parts_are_no_smaller_and_no_nearer_than_asked():
    field = two_hills(0.6)
    small = BY_MAP.model_copy(update={"min_area_px": 500})
    near = BY_MAP.model_copy(update={"split_distance_px": 30.0})
    assert labels_from_probability(field, small).max() == 1
    assert labels_from_probability(field, near).max() == 1


def test_a_crowd_is_parted_the_same_on_canvases_of_any_size(monkeypatch):
    from napari_cellsets.counting import canvas

    noise = np.random.default_rng(3).normal(size=(300, 300))
    field = ndimage.gaussian_filter(noise, 4)
    field = ((field - field.min()) / np.ptp(field)).astype(np.float32)
    found = labels_from_probability(field, BY_MAP)
    assert found.max() > ndimage.label(field >= 0.5, EIGHT)[1]
    monkeypatch.setattr(canvas, "CANVAS_PIXELS", 1500)
    np.testing.assert_array_equal(labels_from_probability(field, BY_MAP), found)


@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_maps_of_any_floating_type_are_parted(kind):
    field = two_hills(0.6).astype(kind)
    assert labels_from_probability(field, BY_MAP).max() == 2


def test_a_model_says_by_what_its_cells_are_parted():
    info = ModelInfo(
        path="m",
        input="i",
        output="o",
        split_by="map",
        split_depth=0.3,
        split_level=0.7,
    )
    chosen = CountSettings.for_model(info)
    assert chosen.split_by == "map"
    assert (chosen.split_depth, chosen.split_level) == (0.3, 0.7)
    bare = ModelInfo(path="m", input="i", output="o")
    assert CountSettings.for_model(bare).split_by == "shape"
