from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

from napari_cellsets._napari.annotation_slots import Looks, new_layer
from napari_cellsets._napari.drawn import NO_CLASS, drawn_of, one_path
from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    ImageClass,
    LabelImage,
    Points,
    Polygons,
)

SIZE = (60, 80)


def square(top: float, left: float, edge: float) -> np.ndarray:
    corners = [(0, 0), (0, edge), (edge, edge), (edge, 0)]
    return np.array(corners, float) + np.array([top, left])


def area_of(outline: tuple) -> int:
    """Pixels that napari fills of an outline."""
    drawn, _, _ = drawn_of([Polygons([outline])], SIZE)
    looks = Looks({"object": (1, 0, 0, 1)}, set(), SIZE, None)
    layer = new_layer(drawn[0], looks)
    return int(layer.to_masks(mask_shape=SIZE).sum())


def test_hole_is_left_out_of_its_polygon() -> None:
    outer, hole = square(5.5, 5.5, 30), square(15.5, 15.5, 10)
    assert area_of(((outer,),)) - area_of(((outer, hole),)) == area_of(((hole,),))


def test_parts_of_an_object_are_one_shape() -> None:
    first, second = square(5.5, 5.5, 10), square(35.5, 45.5, 10)
    assert area_of(((first,), (second,))) == 2 * area_of(((first,),))


def test_path_returns_to_its_beginning() -> None:
    path = one_path(((square(0, 0, 9), square(2, 2, 2)), (square(20, 20, 4),)))
    np.testing.assert_array_equal(path[0], path[-1])
    assert one_path(()).shape == (0, 2)


def test_objects_are_named_by_class() -> None:
    points = Points(np.zeros((3, 2)), "", {1: "a", 2: "b"}, np.array([2, 1, -1]))
    (drawn,), _, _ = drawn_of([points], SIZE)
    assert drawn.classes == ("b", "a", NO_CLASS)
    assert drawn.counts == {"a": 1, "b": 1, NO_CLASS: 1}


def test_open_lines_stay_open() -> None:
    lines = Polygons([((square(1, 1, 4),),)], open=np.array([True]))
    (drawn,), _, _ = drawn_of([lines], SIZE)
    assert drawn.shape_types == ("path",)
    assert len(drawn.data[0]) == 4


def test_annotation_of_another_size_is_told_and_left_out() -> None:
    bad = LabelImage(np.ones((5, 5), np.int32), "x.png")
    good = Boxes(np.array([[0, 0, 4, 4.0]]))
    drawn, _, problems = drawn_of([bad, good], SIZE)
    assert [one.name for one in drawn] == ["boxes"]
    assert "5×5 pixels, the image has 80×60" in str(problems[0])


def test_two_of_a_kind_get_names_of_their_own() -> None:
    boxes = Boxes(np.array([[0, 0, 4, 4.0]]))
    drawn, _, _ = drawn_of([boxes, boxes, Boxes(boxes.yxyx, "by hand")], SIZE)
    assert [one.name for one in drawn] == ["boxes", "boxes 2", "by hand"]


def test_class_of_the_picture_is_said_with_its_path() -> None:
    whole = [ImageClass("ASC-US", path=("cell", "ASC-US")), ImageClass("x")]
    assert drawn_of(whole, SIZE)[1] == ("cell / ASC-US", "x")


def test_class_mask_tells_shares_and_no_counts() -> None:
    classes = np.zeros(SIZE, np.uint8)
    classes[:30] = 2
    (drawn,), _, _ = drawn_of([ClassMask(classes, class_names={2: "b"})], SIZE)
    assert drawn.shares == {"b": 0.5}
    assert not drawn.counts


def test_properties_become_features() -> None:
    boxes = Boxes(np.zeros((2, 4)), properties={"id": [7, 8], "odd": [1]})
    (drawn,), _, _ = drawn_of([boxes], SIZE)
    layer = new_layer(drawn, Looks({"object": (1, 0, 0, 1)}, set(), SIZE, None))
    viewer = ViewerModel()
    viewer.add_layer(layer)
    assert layer.features["id"].tolist() == [7, 8]
    assert "odd" not in layer.features
