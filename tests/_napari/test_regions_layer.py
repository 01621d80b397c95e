from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.layers import Image, Shapes

from napari_cellsets._napari.regions import (
    KeptRegions,
    add_regions_layer,
    find_regions_layer,
    name_new_shapes,
    read_regions,
    set_names,
)

SQUARE = np.array([[0, 0], [0, 10], [10, 10], [10, 0]], float)


@pytest.fixture
def layer() -> Shapes:
    viewer = ViewerModel()
    image = viewer.add_layer(Image(np.zeros((50, 60)), scale=(0.5, 0.5)))
    return add_regions_layer(viewer, image)


def names(layer: Shapes) -> list[str]:
    return [region.name for region in read_regions(layer)]


def test_layer_lies_on_the_image_and_is_found_again() -> None:
    viewer = ViewerModel()
    image = viewer.add_layer(Image(np.zeros((3, 50, 60)), scale=(1, 0.5, 0.5)))
    assert find_regions_layer(viewer) is None
    layer = add_regions_layer(viewer, image)
    assert find_regions_layer(viewer) is layer
    assert tuple(layer.scale) == (0.5, 0.5)


def test_shapes_get_names_in_turn(layer: Shapes) -> None:
    layer.add_rectangles(SQUARE)
    name_new_shapes(layer)
    layer.add_polygons(SQUARE + 20)
    name_new_shapes(layer)
    assert names(layer) == ["Region 1", "Region 2"]


def test_name_given_by_the_person_stays(layer: Shapes) -> None:
    layer.add_rectangles(SQUARE)
    set_names(layer, ["cortex"])
    layer.add_rectangles(SQUARE + 20)
    name_new_shapes(layer)
    assert names(layer) == ["cortex", "Region 2"]


def test_named_layer_is_left_alone(layer: Shapes) -> None:
    layer.add_rectangles(SQUARE)
    assert name_new_shapes(layer)
    assert not name_new_shapes(layer)


def test_two_regions_never_share_a_name(layer: Shapes) -> None:
    layer.add_rectangles([SQUARE, SQUARE + 20])
    set_names(layer, ["cortex", "cortex"])
    name_new_shapes(layer)
    assert names(layer) == ["cortex", "Region 2"]


def test_rectangle_is_read_in_pixels(layer: Shapes) -> None:
    layer.add_rectangles(SQUARE)
    (region,) = read_regions(layer)
    assert sorted(map(tuple, region.polygon_yx)) == sorted(map(tuple, SQUARE))


def test_ellipse_is_read_as_a_round_polygon(layer: Shapes) -> None:
    layer.add_ellipses(SQUARE * 2)
    (region,) = read_regions(layer)
    away = np.linalg.norm(region.polygon_yx - 10, axis=1)
    assert np.allclose(away, 10)
    assert not region.contains([[1, 1]])[0]
    assert region.contains([[10, 1]])[0]


def test_lines_enclose_nothing(layer: Shapes) -> None:
    layer.add_lines(SQUARE[:2])
    assert read_regions(layer) == []
    assert read_regions(None) == []


def test_regions_belong_to_their_image(layer: Shapes) -> None:
    kept = KeptRegions()
    kept.turn_to(layer, "a")
    layer.add_rectangles(SQUARE)
    set_names(layer, ["cortex"])
    kept.turn_to(layer, "b")
    assert names(layer) == []
    layer.add_ellipses(SQUARE)
    name_new_shapes(layer)
    kept.turn_to(layer, "a")
    assert names(layer) == ["cortex"]
    kept.turn_to(layer, "b")
    assert list(layer.shape_type) == ["ellipse"]


def test_staying_on_an_image_keeps_its_shapes(layer: Shapes) -> None:
    kept = KeptRegions()
    kept.turn_to(layer, "a")
    layer.add_rectangles(SQUARE)
    kept.turn_to(layer, "a")
    assert len(layer.data) == 1
