from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from container_tools import SIZE, around, assert_same, labels_of, of_text, opened, save
from shapely.geometry import shape as shapely_shape

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS, Marked, find_form
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container

FORM = FORMS["qupath"]
SHELL = [[0, 0], [20, 0], [20, 20], [0, 20], [0, 0]]
HOLE = [[5, 5], [5, 9], [9, 9], [9, 5], [5, 5]]
POLYGON = {"type": "Polygon", "coordinates": [SHELL]}


def feature(geometry: Any = POLYGON, **told: Any) -> dict[str, Any]:
    outside = {k: told.pop(k) for k in ("id", "nucleusGeometry") if k in told}
    return {"type": "Feature", **outside, "geometry": geometry, "properties": told}


def container(folder: Path, content: Any) -> Container:
    return of_text(FORM, "a.geojson", json.dumps(content), folder)


def only(folder: Path, content: Any) -> Any:
    (found,) = container(folder, content).read(0)
    return found


@pytest.mark.parametrize(
    "content",
    [
        {"type": "FeatureCollection", "features": [feature()]},
        [feature()],
        feature(),
        POLYGON,
        {"type": "GeometryCollection", "geometries": [POLYGON]},
    ],
)
def test_every_kind_of_file_opens(tmp_path: Path, content: Any) -> None:
    found = only(tmp_path, content)
    assert isinstance(found, Polygons)
    wanted = [[-0.5, -0.5], [-0.5, 19.5], [19.5, 19.5], [19.5, -0.5]]
    assert found.outlines[0][0][0].tolist() == wanted


def test_holes_and_parts_are_kept(tmp_path: Path) -> None:
    far = [[x + 40, y] for x, y in SHELL]
    many = {"type": "MultiPolygon", "coordinates": [[SHELL, HOLE], [far]]}
    found = only(tmp_path / "in", many)
    assert [len(part) for part in found.outlines[0]] == [2, 1]
    file = save(FORM, [found], tmp_path / "out")
    written = json.loads(file.read_text())["features"][0]["geometry"]
    assert shapely_shape(written).area == shapely_shape(many).area == 784
    assert shapely_shape(written).is_valid


@pytest.mark.parametrize(
    ("classification", "name", "colour"),
    [
        ({"name": "Tumor", "color": [200, 0, 10]}, "Tumor", (200, 0, 10)),
        ({"names": ["Tumor", "CD3"], "color": [1, 2, 3]}, "Tumor: CD3", (1, 2, 3)),
        ({"name": "Tumor", "colorRGB": -3670016}, "Tumor", (200, 0, 0)),
        ("Tumor", "Tumor", None),
        ({"name": "Tumor"}, "Tumor", None),
    ],
)
def test_every_form_of_classification_is_read(
    tmp_path: Path, classification: Any, name: str, colour: Any
) -> None:
    held = container(tmp_path / "in", [feature(classification=classification)])
    (found,) = held.read(0)
    assert labels_of(found) == [name]
    assert held.colours.get(1) == colour
    again = opened(FORM, save(FORM, [found], tmp_path / "out"))
    assert labels_of(again.read(0)[0]) == [name]
    assert again.colours == held.colours


@pytest.mark.parametrize("classification", [None, {}, {"name": None}, 7])
def test_what_is_not_classified_has_no_class(
    tmp_path: Path, classification: Any
) -> None:
    assert only(tmp_path, feature(classification=classification)).class_ids is None


def test_a_nucleus_is_an_object_linked_to_its_cell(tmp_path: Path) -> None:
    nucleus = {"type": "Polygon", "coordinates": [HOLE]}
    cells = [
        feature(id="c1", objectType="cell", nucleusGeometry=nucleus),
        feature(objectType="cell", nucleusGeometry=nucleus, classification="Tumor"),
    ]
    found = only(tmp_path / "in", cells)
    assert found.properties["part"] == [None, "nucleus", None, "nucleus"]
    assert found.properties["parent"] == [None, "c1", None, "#2"]
    assert labels_of(found) == [None, None, "Tumor", "Tumor"]
    written = json.loads(save(FORM, [found], tmp_path / "out").read_text())
    assert [one["nucleusGeometry"] for one in written["features"]] == [
        {"type": "Polygon", "coordinates": [HOLE]}
    ] * 2
    (again,) = around(FORM, [found], tmp_path / "again")
    assert_same(again, found)


def test_nested_objects_know_what_they_are_in(tmp_path: Path) -> None:
    inner = feature(id="in", objectType="detection")
    outer = feature(id="out", objectType="annotation", childObjects=[inner])
    root = feature(None, objectType="root", childObjects=[outer])
    found = only(tmp_path / "in", root)
    assert found.properties["id"] == ["out", "in"]
    assert found.properties["parent"] == [None, "out"]
    written = json.loads(save(FORM, [found], tmp_path / "out").read_text())
    (top,) = written["features"]
    assert top["properties"]["childObjects"][0]["id"] == "in"
    (again,) = around(FORM, [found], tmp_path / "again")
    assert_same(again, found)


def test_deep_nesting_is_written_flat_at_last(tmp_path: Path) -> None:
    ring = np.array(SHELL[:4], float)
    known = {"id": list(range(3000)), "parent": [None, *range(2999)]}
    wanted = Polygons([((ring,),)] * 3000, properties=known)
    (found,) = around(FORM, [wanted], tmp_path)
    assert isinstance(found, Polygons)
    assert sorted(found.properties["id"]) == known["id"]


def test_measurements_in_both_forms_and_metadata_are_properties(
    tmp_path: Path,
) -> None:
    new = feature(measurements={"Area": 3.5, "Bad": "NaN"}, metadata={"id": "x"})
    old = feature(measurements=[{"name": "Area", "value": 7}, {"name": "Solid"}, 3])
    found = only(tmp_path / "in", [new, old])
    assert found.properties == {"Area": [3.5, 7], "id_": ["x", None]}
    (again,) = around(FORM, [found], tmp_path / "out")
    assert_same(again, found)


def test_names_of_before_0_4_are_understood(tmp_path: Path) -> None:
    old = feature(id="PathAnnotationObject", object_type="annotation", name="n")
    older = feature(id="PathDetectionObject")
    found = only(tmp_path, [old, older])
    assert "id" not in found.properties
    assert found.properties["object_type"] == ["annotation", "detection"]
    assert found.properties["name"] == ["n", None]


def test_the_rest_comes_back(tmp_path: Path) -> None:
    plane = {**POLYGON, "plane": {"c": -1, "z": 3, "t": 1}}
    one = feature(plane, id="u", name="first", color=[9, 8, 7], isLocked=True)
    found = only(tmp_path / "in", one)
    assert found.properties == {
        **{"id": ["u"], "name": ["first"], "colour": [[9, 8, 7]], "locked": [True]},
        **{"z": [3], "t": [1]},
    }
    written = json.loads(save(FORM, [found], tmp_path / "out").read_text())
    told = written["features"][0]
    assert told["geometry"]["plane"] == {"c": -1, "z": 3, "t": 1}
    (again,) = around(FORM, [found], tmp_path / "again")
    assert_same(again, found)


def test_an_ellipse_stays_one(tmp_path: Path) -> None:
    turn = np.linspace(0, 2 * np.pi, 41)
    ring = np.stack([30 + 8 * np.cos(turn), 20 + 4 * np.sin(turn)], 1).round(2)
    told = {"type": "Polygon", "coordinates": [ring.tolist()], "isEllipse": True}
    found = only(tmp_path / "in", told)
    assert found.properties["ellipse"][0] == pytest.approx((19.5, 29.5, 4, 8, 0))
    file = save(FORM, [found], tmp_path / "out")
    written = json.loads(file.read_text())["features"][0]["geometry"]
    assert written["isEllipse"] is True
    assert shapely_shape(written).area == pytest.approx(np.pi * 32, rel=0.01)


def test_points_and_lines_together_come_back_together(tmp_path: Path) -> None:
    several = [
        {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]},
        {"type": "Point", "coordinates": [5, 6]},
        {
            "type": "MultiLineString",
            "coordinates": [[[1, 2], [3, 4]], [[0, 0], [1, 9]]],
        },
        {"type": "LineString", "coordinates": [[1, 2], [3, 4], [9, 9]]},
    ]
    held = container(tmp_path / "in", [feature(one) for one in several])
    lines, positions = held.read(0)
    assert isinstance(lines, Polygons)
    assert lines.open is not None
    assert lines.open.all()
    assert isinstance(positions, Points)
    assert positions.yx.tolist() == [[1.5, 0.5], [3.5, 2.5], [5.5, 4.5]]
    written = json.loads(save(FORM, held.read(0), tmp_path / "out").read_text())
    kinds = [one["geometry"] for one in written["features"]]
    assert sorted(kinds, key=str) == sorted(several, key=str)


def test_a_third_coordinate_is_left_out(tmp_path: Path) -> None:
    flat = {"type": "Polygon", "coordinates": [[[*xy, 7] for xy in SHELL]]}
    assert only(tmp_path, flat).outlines[0][0][0].shape == (4, 2)


BROKEN: list[tuple[Any, str]] = [
    ("x", "it is no object"),
    ({"type": "Topology"}, "'Topology' is unknown"),
    (feature(None), "no geometry"),
    (feature({"type": "Circle", "coordinates": []}), "'Circle' is not known"),
    (feature({"type": ["Polygon"], "coordinates": []}), "is not known"),
    (feature({"type": "Polygon", "coordinates": []}), "no ring"),
    (feature({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}), "2 points"),
    (feature({"type": "Polygon", "coordinates": [[1, 2, 3]]}), "no list"),
    (feature({"type": "Polygon"}), "no list"),
    (feature({"type": "Polygon", "coordinates": [[[1], [2], [3]]]}), "no pairs"),
    (feature({"type": "LineString", "coordinates": [[1, 2]]}), "1 points"),
    (feature({"type": "MultiPoint", "coordinates": []}), "0 points"),
    (feature({"type": "MultiPolygon", "coordinates": []}), "empty"),
    (feature({"type": "Point", "coordinates": [1, float("nan")]}), "not finite"),
    (feature({"type": "Point", "coordinates": [1, 10**400]}), "y is 1"),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN)
def test_a_broken_feature_is_told_and_the_rest_stays(
    tmp_path: Path, broken: Any, said: str
) -> None:
    held = container(tmp_path, [feature(), broken, feature()])
    (found,) = held.read(0)
    assert isinstance(found, Polygons)
    assert len(found.outlines) == 2
    (problem,) = held.problems
    assert said in problem.message
    assert "feature 1" in problem.message


@pytest.mark.parametrize("text", ['{"type": 3}', '"x"', "3", "{", "[1]", "[[[]]]"])
def test_a_file_that_is_no_geojson_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"no GeoJSON|no whole JSON"):
        of_text(FORM, "a.geojson", text, tmp_path)


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="nested too deeply"):
        of_text(FORM, "a.geojson", "[" * 100_000, tmp_path)


def test_a_collection_without_features_is_empty(tmp_path: Path) -> None:
    held = container(tmp_path, {"type": "FeatureCollection", "features": []})
    assert held.read(0) == ()


def test_labels_become_outlines_that_touch_and_do_not_overlap(tmp_path: Path) -> None:
    labels = np.zeros(SIZE, np.int32)
    labels[3:9, 3:9], labels[9:12, 3:30], labels[5:7, 5:7] = 1, 2, 0
    file = save(FORM, [LabelImage(labels)], tmp_path)
    shapes = [
        shapely_shape(one["geometry"])
        for one in json.loads(file.read_text())["features"]
    ]
    assert [shape.area for shape in shapes] == [32, 81]
    assert shapes[0].intersection(shapes[1]).area == 0
    assert shapes[0].bounds == (3, 3, 9, 9)
    (found,) = opened(FORM, file).read(0)
    assert isinstance(found, Polygons)
    assert found.properties["label"] == [1, 2]


def test_boxes_become_outlines(tmp_path: Path) -> None:
    (found,) = around(FORM, [Boxes(np.array([[1.0, 2, 5, 7]]))], tmp_path)
    assert isinstance(found, Polygons)
    assert found.outlines[0][0][0].tolist() == [[1, 2], [1, 7], [5, 7], [5, 2]]


def test_classes_of_pictures_are_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="holds no classes of whole pictures"):
        save(FORM, [ImageClass("fine")], tmp_path)


def test_overlapping_masks_are_kept(tmp_path: Path) -> None:
    stack = MaskStack([np.ones((4, 4), bool)] * 2, np.array([[1, 1], [3, 3]]), SIZE)
    (found,) = around(FORM, [stack], tmp_path)
    assert isinstance(found, Polygons)
    assert len(found.outlines) == 2


def test_each_picture_gets_its_file(tmp_path: Path) -> None:
    marked = [Marked(f"x/{i}.png", SIZE, ()) for i in range(2)]
    files = FORM.write(marked, tmp_path, classes={}, with_images=False)
    assert files == [tmp_path / "x/0.geojson", tmp_path / "x/1.geojson"]


def test_a_real_geometry_with_holes_keeps_its_area(
    real_samples: Path, tmp_path: Path
) -> None:
    folder = real_samples / "annotation_containers/qupath/qupath-core/src/test"
    tree = open_tree(folder / "resources/data")
    assert find_form(tree, "polygon.geojson") is FORM
    held = FORM.open(tree, "polygon.geojson")
    (found,) = held.read(0)
    assert isinstance(found, Polygons)
    wanted = shapely_shape(json.loads(tree.read("polygon.geojson")))
    assert sum(len(part) - 1 for part in found.outlines[0]) == 26
    file = save(FORM, [found], tmp_path, (10_000, 10_000))
    written = json.loads(file.read_text())["features"][0]["geometry"]
    assert shapely_shape(written).equals_exact(wanted, 1e-6)
