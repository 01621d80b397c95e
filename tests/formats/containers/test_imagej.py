from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from container_tools import SIZE, around, assert_same, labels_of, of_text, save
from hypothesis import HealthCheck, given, settings
from hypothesis.extra import numpy as hnp
from imagej_rois import FORM, TRIANGLE, bounds, container, only, roi, written, zipped
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.containers.base import Marked, find_form
from napari_cellsets.formats.containers.convert import corners_of_boxes
from napari_cellsets.formats.containers.outlines import mask_of_outline
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["POLYGON", "FREEHAND", "TRACED"])
def test_areas_count_from_pixel_corners(tmp_path: Path, kind: str) -> None:
    found = only(tmp_path / "in", roi(kind=kind))
    assert found.outlines[0][0][0].tolist() == [[0.5, 1.5], [0.5, 6.5], [5.5, 6.5]]
    (again,) = written(found, tmp_path / "out")
    assert again.roitype.name == kind
    assert again.coordinates().tolist() == TRIANGLE
    assert again.subpixel_coordinates is None


@pytest.mark.parametrize("kind", ["POLYLINE", "FREELINE", "ANGLE"])
def test_lines_count_from_pixel_centres(tmp_path: Path, kind: str) -> None:
    found = only(tmp_path / "in", roi(kind=kind))
    assert found.open.tolist() == [True]
    assert found.outlines[0][0][0].tolist() == [[1, 2], [1, 7], [6, 7]]
    (again,) = written(found, tmp_path / "out")
    assert again.roitype.name == kind
    assert again.coordinates().tolist() == TRIANGLE


def test_a_straight_line_is_kept(tmp_path: Path) -> None:
    line = ImagejRoi(roitype=ROI_TYPE.LINE, x1=1.5, y1=2, x2=8, y2=9.25)
    found = only(tmp_path / "in", line)
    assert found.outlines[0][0][0].tolist() == [[2, 1.5], [9.25, 8]]
    (again,) = written(found, tmp_path / "out")
    assert again.roitype is ROI_TYPE.LINE
    assert again.coordinates().tolist() == [[1.5, 2], [8, 9.25]]


def test_coordinates_between_pixels_are_kept(tmp_path: Path) -> None:
    points = np.array([[2.25, 1.5], [7.125, 1], [7, 6.75]])
    found = only(tmp_path / "in", roi(points))
    (again,) = written(found, tmp_path / "out")
    assert again.coordinates().tolist() == points.tolist()


def test_a_rectangle_is_a_box(tmp_path: Path) -> None:
    found = only(tmp_path / "in", bounds("RECT", 3, 2, 8, 6))
    assert isinstance(found, Boxes)
    assert found.yxyx.tolist() == [[2.5, 1.5, 7.5, 5.5]]
    (again,) = written(found, tmp_path / "out")
    assert (again.top, again.left, again.bottom, again.right) == (3, 2, 8, 6)
    assert not again.options & ROI_OPTIONS.SUB_PIXEL_RESOLUTION


def test_a_rectangle_between_pixels_is_kept(tmp_path: Path) -> None:
    wanted = Boxes(np.array([[1.25, 2.5, 7.75, 9.0]]))
    (again,) = written(wanted, tmp_path / "a")
    assert (again.xd, again.yd, again.widthd, again.heightd) == (3, 1.75, 6.5, 6.5)
    (found,) = around(FORM, [wanted], tmp_path / "b")
    assert_same(found, wanted)


def test_an_oval_is_an_ellipse_and_stays_one(tmp_path: Path) -> None:
    found = only(tmp_path / "in", bounds("OVAL", 3, 2, 9, 12))
    assert found.properties["ellipse"] == [(5.5, 6.5, 3, 5, 0)]
    (again,) = written(found, tmp_path / "out")
    assert again.roitype is ROI_TYPE.OVAL
    assert (again.top, again.left, again.bottom, again.right) == (3, 2, 9, 12)


@pytest.mark.parametrize("axes", [(3.0, 8.0, 30.0), (8.0, 3.0, -20.0)])
def test_a_turned_ellipse_stays_one(tmp_path: Path, axes: tuple[float, ...]) -> None:
    from napari_cellsets.formats.containers.ellipses import ellipse_ring

    ellipse = (14.5, 19.5, axes[0], axes[1], axes[2])
    ring = ellipse_ring(ellipse)
    wanted = Polygons([((ring,),)], properties={"ellipse": [ellipse]})
    (again,) = written(wanted, tmp_path / "a")
    assert again.subtype is ROI_SUBTYPE.ELLIPSE
    ends = np.array([[again.x1, again.y1], [again.x2, again.y2]])
    assert np.hypot(*(ends[1] - ends[0])) == pytest.approx(16, abs=1e-4)
    # its outline, which programs without ellipses draw, is the same shape
    outline = again.coordinates() - 0.5
    far = np.abs(outline - (19.5, 14.5)).max(axis=0)
    assert far == pytest.approx(np.abs(ring[:, ::-1] - (19.5, 14.5)).max(0), abs=0.05)
    (found,) = around(FORM, [wanted], tmp_path / "b")
    assert isinstance(found, Polygons)
    row, column, down, right, _ = found.properties["ellipse"][0]
    assert (row, column) == pytest.approx((14.5, 19.5), abs=1e-4)
    assert (down, right) == pytest.approx((3, 8), abs=1e-4)


def test_a_turned_rectangle_is_written_as_imagej_does(tmp_path: Path) -> None:
    wanted = Boxes(np.array([[10.0, 12, 16, 30]]), angles=np.array([25.0]))
    (again,) = written(wanted, tmp_path / "a")
    assert again.subtype is ROI_SUBTYPE.ROTATED_RECT
    corners = again.coordinates()[:, ::-1] - 0.5
    near = corners_of_boxes(wanted)[0]
    gap = np.abs(corners[:, None] - near[None]).sum(axis=2).min(axis=1)
    assert gap.max() < 1e-4
    (found,) = around(FORM, [wanted], tmp_path / "b")
    assert_same(found, wanted, 1e-4)


def test_points_count_from_pixel_centres_and_stay_together(tmp_path: Path) -> None:
    several = roi([[3, 4], [5, 6]], "POINT")
    single = roi([[7.5, 8.25]], "POINT")
    found = only(tmp_path / "in", several, single)
    assert isinstance(found, Points)
    assert found.yx.tolist() == [[4, 3], [6, 5], [8.25, 7.5]]
    assert found.properties["set"] == [0, 0, None]
    again = written(found, tmp_path / "out")
    wanted = [[[3, 4], [5, 6]], [[7.5, 8.25]]]
    assert [one.coordinates().tolist() for one in again] == wanted


def test_counters_and_planes_of_points_are_kept(tmp_path: Path) -> None:
    counters = np.array([0, 2], np.uint8)
    planes = np.array([0, 5], np.uint32)
    one = roi([[3, 4], [5, 6]], "POINT", counters=counters, counter_positions=planes)
    found = only(tmp_path / "in", one)
    assert found.properties["counter"] == [0, 2]
    assert found.properties["position"] == [None, 4]
    (again,) = written(found, tmp_path / "out")
    assert again.counters is not None
    assert again.counters.tolist() == [0, 2]


def test_a_composite_keeps_holes_and_parts(tmp_path: Path) -> None:
    mask = np.zeros(SIZE, bool)
    mask[3:13, 3:13], mask[5:11, 5:11], mask[7:9, 7:9] = True, False, True
    mask[30:33, 20:29] = True
    stack = MaskStack([mask], np.array([[0, 0]]), SIZE)
    (again,) = written(stack, tmp_path / "a")
    assert again.composite
    assert len(again.coordinates(multi=True)) == 4
    (found,) = around(FORM, [stack], tmp_path / "b")
    assert isinstance(found, Polygons)
    assert sorted(len(part) for part in found.outlines[0]) == [1, 1, 2]
    np.testing.assert_array_equal(mask_of_outline(found.outlines[0], SIZE), mask)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(labels=hnp.arrays(np.int32, (7, 9), elements={"min_value": 0, "max_value": 3}))
def test_any_label_image_comes_back(
    labels: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rois")
    found = around(FORM, [LabelImage(labels)], folder, labels.shape)
    again = np.zeros_like(labels)
    for one in found:
        assert isinstance(one, Polygons)
        named = zip(one.outlines, one.properties["label"], strict=True)
        for outline, label in named:
            again[mask_of_outline(outline, labels.shape)] = int(label)
    np.testing.assert_array_equal(again, labels)


def test_curves_of_a_path_become_lines(tmp_path: Path) -> None:
    path = [0, 0, 0, 1, 10, 0, 2, 20, 0, 20, 10, 3, 20, 20, 10, 20, 0, 10, 4]
    one = bounds("RECT", 0, 0, 20, 20)
    one.multi_coordinates = np.array(path, np.float32)
    one.shape_roi_size = len(path)
    ring = only(tmp_path, one).outlines[0][0][0]
    assert len(ring) == 2 + 16 + 16
    assert (ring.min(axis=0) >= -0.5).all()
    assert ring.max() < 20


def test_groups_are_classes_and_names_of_classes_are_kept(tmp_path: Path) -> None:
    rois = [
        roi(group=7),
        roi(group=3, props="class: nucleus\n"),
        roi(props="class: debris\n"),
        roi(),
    ]
    held = container(tmp_path / "in", *rois)
    assert held.classes == {3: "nucleus", 7: "group 7", 8: "debris"}
    (found,) = held.read(0)
    assert labels_of(found) == ["group 7", "nucleus", "debris", None]
    again = written(found, tmp_path / "out")
    assert [one.group for one in again] == [7, 3, 8, 0]
    assert again[1].properties == {"class": "nucleus"}


def test_ids_above_255_are_kept_by_name(tmp_path: Path) -> None:
    names = {300: "rare"}
    ring = np.array([[1.5, 2], [1.5, 9], [8, 9]])
    wanted = Polygons([((ring,),)], class_ids=np.array([300]), class_names=names)
    (found,) = around(FORM, [wanted], tmp_path)
    assert labels_of(found) == ["rare"]


def test_what_else_is_known_comes_back(tmp_path: Path) -> None:
    one = roi(name="Zelle 1/ä", position=3, c_position=1, z_position=2, t_position=9)
    one.stroke_color = bytes([255, 10, 20, 30])
    one.stroke_width = 2
    one.props = "note: so: so\nname: x\n"
    found = only(tmp_path / "in", one)
    assert found.properties == {
        **{"name": ["Zelle 1/ä"], "position": [2], "c": [0], "z": [1], "t": [8]},
        **{"colour": [[10, 20, 30]], "width": [2], "shape": ["polygon"]},
        **{"note": ["so: so"], "name_": ["x"]},
    }
    (again,) = around(FORM, [found], tmp_path / "out")
    assert_same(again, found)


def test_names_of_members_are_unique_and_safe(tmp_path: Path) -> None:
    ring = np.array([[1.5, 2], [1.5, 9], [8, 9]])
    names = ["../x", "../x", "..\\x", "", "con:"]
    wanted = Polygons([((ring,),)] * 5, properties={"name": names})
    with zipfile.ZipFile(save(FORM, [wanted], tmp_path)) as archive:
        found = archive.namelist()
    assert len({name.lower() for name in found}) == 5
    assert not any(set(name) & set('/\\:"') for name in found)
    assert all(name.endswith(".roi") for name in found)


def test_the_same_objects_give_the_same_file(tmp_path: Path) -> None:
    wanted = Boxes(np.array([[1.0, 2, 5, 7]]))
    files = [save(FORM, [wanted], tmp_path / name) for name in "ab"]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_single_roi_opens(tmp_path: Path) -> None:
    held = of_text(FORM, "a.roi", roi().tobytes(), tmp_path)
    assert len(held.read(0)) == 1


def test_a_zip_into_which_the_tree_looks_opens_too(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(roi(), roi()))
    tree = open_tree(tmp_path)
    assert "a.zip/0.roi" in tree.names()
    (found,) = FORM.open(tree, "a.zip").read(0)
    assert isinstance(found, Polygons)
    assert len(found.outlines) == 2
    assert find_form(tree, "a.zip/0.roi") is FORM


def test_all_rois_of_a_tree_open_together(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(roi(), roi()))
    (found,) = FORM.open(open_tree(tmp_path / "a.zip"), "").read(0)
    assert isinstance(found, Polygons)
    assert len(found.outlines) == 2


def test_a_picture_without_objects_is_an_empty_zip(tmp_path: Path) -> None:
    assert around(FORM, [], tmp_path) == ()


def test_classes_of_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="holds no classes of whole pictures"):
        save(FORM, [ImageClass("fine")], tmp_path)


def test_each_picture_gets_its_zip(tmp_path: Path) -> None:
    marked = [Marked(f"x/{i}.png", SIZE, ()) for i in range(2)]
    files = FORM.write(marked, tmp_path, classes={}, with_images=False)
    assert files == [tmp_path / "x/0.zip", tmp_path / "x/1.zip"]
