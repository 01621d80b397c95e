from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import regionprops_table

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.image import Picture
from napari_cellsets.counting.measure import count, measure

SAME_AS_SKIMAGE = {
    "label": "label",
    "area_px": "area",
    "centroid_y": "centroid-0",
    "centroid_x": "centroid-1",
    "equivalent_diameter_px": "equivalent_diameter_area",
    "eccentricity": "eccentricity",
    "bbox_top": "bbox-0",
    "bbox_left": "bbox-1",
    "bbox_bottom": "bbox-2",
    "bbox_right": "bbox-3",
}


@settings(deadline=None, max_examples=60)
@given(
    hnp.arrays(
        np.int32,
        st.tuples(st.integers(1, 25), st.integers(1, 25)),
        elements=st.sampled_from([0, 0, 1, 2, 9]),
    ),
    st.integers(0, 5000),
)
def test_shapes_are_those_of_scikit_image(labels, far):
    table = measure(np.pad(labels, ((far, 0), (0, 0))))
    names = ("label", "area", "centroid", "equivalent_diameter_area", "eccentricity")
    expected = regionprops_table(labels, properties=(*names, "bbox"))
    for ours, theirs in SAME_AS_SKIMAGE.items():
        moved = far if ours in ("centroid_y", "bbox_top", "bbox_bottom") else 0
        np.testing.assert_allclose(
            table.columns[ours] - moved, expected[theirs], atol=1e-6
        )


def ellipse() -> np.ndarray:
    y, x = np.indices((90, 140)) - np.array([44, 70])[:, None, None]
    return ((x / 60) ** 2 + (y / 30) ** 2 <= 1).astype(np.int32)


def test_the_eccentricity_of_an_ellipse_is_that_of_geometry():
    found = measure(ellipse()).columns["eccentricity"]
    assert found == pytest.approx(np.sqrt(1 - 0.25), abs=2e-3)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_mean_intensities_are_those_of_scikit_image(kind):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, (60, 70)).astype(np.int32) * 3
    pixels = rng.integers(0, 250, (60, 70, 3)).astype(kind)
    table = measure(labels, Picture(pixels, "yxc"))
    expected = regionprops_table(labels, pixels, properties=("mean_intensity",))
    for c, name in enumerate(("red", "green", "blue")):
        np.testing.assert_allclose(
            table.columns[f"mean_{name}"], expected[f"mean_intensity-{c}"], rtol=1e-6
        )


@pytest.mark.parametrize(
    ("pixels", "axes", "names", "expected"),
    [
        ((4, 4), "yx", (), ["mean_intensity"]),
        ((4, 4, 2), "yxc", (), ["mean_channel_0", "mean_channel_1"]),
        ((4, 4, 2), "yxc", ("dapi", "ctb"), ["mean_dapi", "mean_ctb"]),
    ],
)
def test_columns_are_named_after_the_channels(pixels, axes, names, expected):
    picture = Picture(np.ones(pixels, np.uint8), axes, names)
    columns = measure(np.ones((4, 4), int), picture).columns
    assert [name for name in columns if name.startswith("mean_")] == expected


def test_a_known_scale_adds_micrometres():
    picture = Picture(np.zeros((4, 4), np.uint8), "yx", pixel_size_um=0.5)
    labels = np.zeros((4, 4), int)
    labels[1:3, 2:4] = 1
    columns = measure(labels, picture).columns
    assert columns["area_um2"] == 1.0
    assert columns["centroid_x_um"] == 1.25
    assert columns["equivalent_diameter_um"] == pytest.approx(np.sqrt(4 / np.pi))


def test_an_unknown_scale_adds_none():
    columns = measure(np.ones((2, 2), int), Picture(np.ones((2, 2)), "yx")).columns
    assert not [name for name in columns if name.endswith(("_um", "_um2"))]


def test_a_stack_is_measured_plane_by_plane():
    stack = np.zeros((3, 6, 6), np.int32)
    stack[0, :2, :2] = 1
    stack[2, 3:, 3:] = 2
    stack[2, 0, 0] = 1
    picture = Picture(np.full((3, 6, 6), 7, np.uint8), "zyx")
    columns = measure(stack, picture).columns
    assert columns["plane"].tolist() == [0, 2, 2]
    assert columns["label"].tolist() == [1, 1, 2]
    assert columns["area_px"].tolist() == [4, 1, 9]
    assert columns["mean_intensity"].tolist() == [7, 7, 7]


@pytest.mark.parametrize("shape", [(5, 5), (0, 5), (2, 5, 5), (0, 5, 5)])
def test_no_object_gives_an_empty_table(shape):
    table = measure(np.zeros(shape, np.int32))
    assert len(table) == 0
    assert {"label", "area_px", "centroid_y"} <= set(table.columns)


def test_count_counts_numbers_and_not_the_highest_one():
    assert count(np.array([[0, 9, 9], [4, 0, 9]], np.uint16)) == 2
    assert count(np.zeros((3, 3), int)) == 0


@pytest.mark.parametrize("bad", [np.zeros((2, 2)), np.zeros(3, int)])
def test_what_is_no_label_image_is_refused(bad):
    with pytest.raises(CellsetsError, match="an integer label image"):
        count(bad)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(CellsetsError, match=r"size of the labels \(2, 2\)"):
        measure(np.ones((2, 2), int), Picture(np.ones((3, 3)), "yx"))
