from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.layers import Labels

from napari_cellsets._napari.comparison import (
    EXTRA,
    MATCHED,
    MISSED,
    find_comparison_layer,
    paint_comparison,
    show_comparison,
)

PREDICTED = np.array([[1, 1, 0, 2, 0, 0]], np.int32)
TRUTH = np.array([[0, 5, 0, 0, 0, 9]], np.int32)


def painted() -> np.ndarray:
    return paint_comparison(PREDICTED, TRUTH, matched=[1], missed=[9], extra=[2])


def test_objects_are_marked_as_they_compare() -> None:
    expected = [[MATCHED, MATCHED, 0, EXTRA, 0, MISSED]]
    assert painted().tolist() == expected


def test_found_object_lies_over_a_missed_one() -> None:
    both = paint_comparison(PREDICTED, PREDICTED, matched=[], missed=[1], extra=[1])
    assert both.tolist() == [[EXTRA, EXTRA, 0, 0, 0, 0]]


def test_nothing_predicted_leaves_the_missed_ones() -> None:
    none = np.zeros_like(TRUTH)
    only = paint_comparison(none, TRUTH, matched=[], missed=[5, 9], extra=[])
    assert only.tolist() == [[0, MISSED, 0, 0, 0, MISSED]]


def test_layer_is_made_once_and_active_layer_stays() -> None:
    viewer = ViewerModel()
    cells = viewer.add_layer(Labels(PREDICTED, scale=(0.5, 0.5)))
    viewer.layers.selection.active = cells
    first = show_comparison(viewer, painted(), cells)
    second = show_comparison(viewer, painted() * 0, cells)
    assert first is second is find_comparison_layer(viewer)
    assert not second.data.any()
    assert viewer.layers.selection.active is cells
    assert tuple(first.scale) == (0.5, 0.5)


def test_stack_gets_a_layer_of_its_rank() -> None:
    viewer = ViewerModel()
    cells = viewer.add_layer(Labels(PREDICTED))
    flat = show_comparison(viewer, painted(), cells)
    stack = viewer.add_layer(Labels(np.stack([PREDICTED, PREDICTED])))
    deep = show_comparison(viewer, np.stack([painted(), painted()]), stack)
    assert deep.ndim == 3
    assert flat not in viewer.layers


def test_colours_follow_the_ground_of_the_next_picture() -> None:
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((8, 8), np.uint8), contrast_limits=(0, 255))
    cells = viewer.add_layer(Labels(PREDICTED))
    dark = show_comparison(viewer, painted(), cells).colormap
    image.data = np.full((8, 8), 240, np.uint8)
    layer = show_comparison(viewer, painted(), cells)
    assert layer.colormap.color_dict[MATCHED][:3].max() < 0.7
    assert dark.color_dict[MATCHED][:3].min() > 0.5
