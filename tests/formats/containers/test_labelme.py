"""labelme's JSON: every shape, and back."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from container_tools import SIZE, around, assert_same, labels_of, save
from labelme_files import FORM, SQUARE, container, png, shape
from PIL import Image
from shapely.geometry import Polygon

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.containers.base import Marked
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path


def test_polygons_are_shifted_to_pixel_centres(tmp_path: Path) -> None:
    (found,) = container(tmp_path, shape()).read(0)
    wanted = [[0.5, 1.5], [0.5, 6.5], [5.5, 6.5], [5.5, 1.5]]
    assert isinstance(found, Polygons)
    assert found.outlines[0][0][0].tolist() == wanted
    assert labels_of(found) == ["cell"]


def test_a_shape_without_kind_is_a_polygon(tmp_path: Path) -> None:
    one = shape()
    del one["shape_type"]
    (found,) = container(tmp_path, one).read(0)
    assert isinstance(found, Polygons)


def test_corners_of_a_rectangle_come_in_any_order(tmp_path: Path) -> None:
    one = shape(shape_type="rectangle", points=[[7, 1], [2, 6]])
    (found,) = container(tmp_path, one).read(0)
    assert isinstance(found, Boxes)
    assert found.yxyx.tolist() == [[0.5, 1.5, 5.5, 6.5]]


def test_a_turned_rectangle_keeps_its_angle(tmp_path: Path) -> None:
    points = [[10, 0], [20, 10], [15, 15], [5, 5]]
    one = shape(shape_type="oriented_rectangle", points=points)
    (found,) = container(tmp_path, one).read(0)
    assert isinstance(found, Boxes)
    assert found.angles is not None
    assert found.angles.tolist() == pytest.approx([45])
    height = found.yxyx[0, 2] - found.yxyx[0, 0]
    assert height == pytest.approx(np.hypot(5, 5))


def test_a_circle_is_an_outline_of_its_area_and_is_written_as_circle(
    tmp_path: Path,
) -> None:
    one = shape(shape_type="circle", points=[[20, 15], [23, 19]])
    (found,) = container(tmp_path / "in", one).read(0)
    assert isinstance(found, Polygons)
    ring = found.outlines[0][0][0]
    assert Polygon(ring).area == pytest.approx(np.pi * 25, rel=0.01)
    assert Polygon(ring).centroid.coords[0] == pytest.approx((14.5, 19.5))
    written = json.loads(save(FORM, [found], tmp_path / "out").read_text())
    assert written["shapes"][0]["shape_type"] == "circle"
    assert written["shapes"][0]["points"] == [[20, 15], [25, 15]]


def test_an_edited_circle_is_written_as_polygon(tmp_path: Path) -> None:
    one = shape(shape_type="circle", points=[[20, 15], [23, 19]])
    (found,) = container(tmp_path / "in", one).read(0)
    assert isinstance(found, Polygons)
    found.outlines[0][0][0][0] += 2
    written = json.loads(save(FORM, [found], tmp_path / "out").read_text())
    assert written["shapes"][0]["shape_type"] == "polygon"


@pytest.mark.parametrize("kind", ["line", "linestrip"])
def test_lines_stay_lines_of_their_kind(tmp_path: Path, kind: str) -> None:
    one = shape(shape_type=kind, points=[[1, 2], [3, 5]])
    (found,) = container(tmp_path / "in", one).read(0)
    assert isinstance(found, Polygons)
    assert found.open is not None
    assert found.open.tolist() == [True]
    written = json.loads(save(FORM, [found], tmp_path / "out").read_text())
    assert written["shapes"][0]["shape_type"] == kind


def test_a_point_is_shifted_too(tmp_path: Path) -> None:
    one = shape(shape_type="point", points=[[4.0, 9.0]])
    (found,) = container(tmp_path, one).read(0)
    assert isinstance(found, Points)
    assert found.yx.tolist() == [[8.5, 3.5]]


def test_the_corners_of_a_mask_are_pixels(tmp_path: Path) -> None:
    mask = [[0, 1, 1], [1, 0, 1]]
    one = shape(shape_type="mask", points=[[4, 9], [6, 10]], mask=png(mask))
    (found,) = container(tmp_path, one).read(0)
    assert isinstance(found, MaskStack)
    assert found.corners.tolist() == [[9, 4]]
    assert found.masks[0].astype(int).tolist() == mask
    assert found.shape == SIZE


def test_a_mask_is_cut_at_the_border(tmp_path: Path) -> None:
    one = shape(
        shape_type="mask", points=[[-1, 38], [1, 41]], mask=png(np.ones((4, 3)))
    )
    (found,) = container(tmp_path, one).read(0)
    assert isinstance(found, MaskStack)
    assert found.corners.tolist() == [[38, 0]]
    assert found.masks[0].shape == (2, 2)


def test_masks_are_written_as_labelme_reads_them(tmp_path: Path) -> None:
    mask = np.array([[1, 0], [1, 1], [0, 1]], bool)
    stack = MaskStack([mask], np.array([[5, 8]]), SIZE)
    (one,) = json.loads(save(FORM, [stack], tmp_path).read_text())["shapes"]
    (left, top), (right, low) = one["points"]
    canvas = np.zeros(SIZE, bool)
    image = Image.open(io.BytesIO(base64.b64decode(one["mask"])))
    canvas[top : low + 1, left : right + 1] = np.array(image).astype(bool)
    wanted = np.zeros(SIZE, bool)
    wanted[5:8, 8:10] = mask
    np.testing.assert_array_equal(canvas, wanted)


def test_one_label_and_group_are_one_object_in_parts(tmp_path: Path) -> None:
    far = [[x + 20, y] for x, y in SQUARE]
    shapes = [
        shape(group_id=4),
        shape(label="other", group_id=4),
        shape(group_id=4, points=far),
        shape(points=far),
    ]
    (found,) = container(tmp_path, *shapes).read(0)
    assert isinstance(found, Polygons)
    assert [len(outline) for outline in found.outlines] == [2, 1, 1]
    assert labels_of(found) == ["cell", "other", "cell"]
    assert found.properties["group"] == [4, 4, None]


def test_masks_of_a_group_are_united(tmp_path: Path) -> None:
    shapes = [
        shape(shape_type="mask", points=[[x, 3], [x, 3]], mask=png([[1]]), group_id=1)
        for x in (2, 5)
    ]
    (found,) = container(tmp_path, *shapes).read(0)
    assert isinstance(found, MaskStack)
    assert found.masks[0].astype(int).tolist() == [[1, 0, 0, 1]]
    assert found.corners.tolist() == [[3, 2]]


def test_boxes_of_a_group_stay_apart(tmp_path: Path) -> None:
    one = shape(shape_type="rectangle", points=[[7, 1], [2, 6]], group_id=1)
    (found,) = container(tmp_path, one, one).read(0)
    assert isinstance(found, Boxes)
    assert found.properties["group"] == [1, 1]


def test_objects_that_share_a_group_by_chance_are_not_joined(tmp_path: Path) -> None:
    rings = [np.array(SQUARE), np.array(SQUARE) + 9]
    wanted = Polygons([((ring,),) for ring in rings], properties={"group": [1, 1]})
    (found,) = around(FORM, [wanted], tmp_path)
    assert isinstance(found, Polygons)
    assert len(found.outlines) == 2
    assert found.properties["group"] == [1, None]


def test_set_flags_are_classes_of_the_picture(tmp_path: Path) -> None:
    found = container(tmp_path, flags={"good": True, "bad": False, "new": True}).read(0)
    assert [one.name for one in found if isinstance(one, ImageClass)] == ["good", "new"]


def test_what_else_is_known_comes_back(tmp_path: Path) -> None:
    one = shape(description="doubtful", flags={"cut": True}, difficult=False, score=0.5)
    (found,) = container(tmp_path / "in", one).read(0)
    assert isinstance(found, Polygons)
    assert found.properties == {
        "difficult": [False],
        "score": [0.5],
        "comment": ["doubtful"],
        "flags": [{"cut": True}],
    }
    (again,) = around(FORM, [found], tmp_path / "out")
    assert_same(again, found)


def test_properties_named_as_keys_of_the_format_come_back(tmp_path: Path) -> None:
    told = {"label": [7], "points": [3], "label_": ["x"]}
    wanted = Polygons([((np.array(SQUARE),),)], properties=told)
    (found,) = around(FORM, [wanted], tmp_path)
    assert isinstance(found, Polygons)
    assert found.properties == told


def test_paths_of_windows_are_understood(tmp_path: Path) -> None:
    assert (
        container(tmp_path, imagePath="..\\png\\a.png").items[0].name == "../png/a.png"
    )


def test_the_size_of_the_picture_counts_more_than_the_one_in_the_file(
    tmp_path: Path,
) -> None:
    one = shape(shape_type="mask", points=[[4, 9], [4, 9]], mask=png([[1]]))
    (found,) = container(tmp_path, one).read(0, (99, 98))
    assert isinstance(found, MaskStack)
    assert found.shape == (99, 98)


def test_without_any_size_masks_get_a_picture_that_holds_them(tmp_path: Path) -> None:
    one = shape(shape_type="mask", points=[[4, 9], [6, 9]], mask=png([[1, 1, 1]]))
    (found,) = container(tmp_path, one, imageHeight=None).read(0)
    assert isinstance(found, MaskStack)
    assert found.shape == (10, 7)


def test_the_picture_inside_the_file_is_read(tmp_path: Path) -> None:
    pixels = np.arange(SIZE[0] * SIZE[1], dtype=np.uint8).reshape(SIZE)
    container(tmp_path, imageData=png(pixels))
    held = FORM.inner(open_tree(tmp_path), "a.json")
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(held))), pixels)


def test_a_file_without_picture_has_none(tmp_path: Path) -> None:
    container(tmp_path)
    assert FORM.inner(open_tree(tmp_path), "a.json") == b""


def test_a_damaged_inner_picture_is_told(tmp_path: Path) -> None:
    container(tmp_path, imageData="?")
    with pytest.raises(UnreadableFileError, match="inside this file cannot be read"):
        FORM.inner(open_tree(tmp_path), "a.json")


def test_holes_are_refused_with_the_reason(tmp_path: Path) -> None:
    ring = np.array(SQUARE) + 0.25
    with pytest.raises(ExportError, match="labelme cannot hold holes"):
        save(FORM, [Polygons([((ring, ring / 2),)])], tmp_path)


def test_holes_along_pixels_become_masks(tmp_path: Path) -> None:
    labels = np.zeros(SIZE, np.int32)
    labels[3:9, 3:9] = 5
    labels[5:7, 5:7] = 0
    (found,) = around(FORM, [LabelImage(labels)], tmp_path)
    assert isinstance(found, MaskStack)
    np.testing.assert_array_equal(found.masks[0], labels[3:9, 3:9] == 5)
    assert found.properties["label"] == [5]


def test_an_object_without_pixels_is_refused(tmp_path: Path) -> None:
    empty = MaskStack([np.zeros((2, 2), bool)], np.array([[1, 1]]), SIZE)
    with pytest.raises(ExportError, match="has no pixels"):
        save(FORM, [empty], tmp_path)


def test_pictures_are_written_beside(tmp_path: Path) -> None:
    from napari_cellsets.core.image import Picture

    pixels = np.arange(SIZE[0] * SIZE[1] * 3, dtype=np.uint8).reshape(*SIZE, 3)
    marked = Marked("in/a.tif", SIZE, (), lambda: Picture(pixels, "yxc"))
    (file,) = FORM.write([marked], tmp_path, classes={}, with_images=True)
    assert file == tmp_path / "in" / "a.json"
    told = json.loads(file.read_text())
    assert told["imagePath"] == "a.png"
    np.testing.assert_array_equal(np.array(Image.open(file.parent / "a.png")), pixels)
