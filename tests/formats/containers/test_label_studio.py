from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from container_tools import SIZE, around, assert_same, labels_of, of_text, opened, save
from defusedxml.ElementTree import parse

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS, Marked
from napari_cellsets.formats.containers.convert import corners_of_boxes
from napari_cellsets.formats.containers.label_studio.brush import encode_brush

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container

FORM = FORMS["label-studio"]
DIMENSIONS = {"original_width": 200, "original_height": 100}


def result(kind: str, value: dict[str, Any], **told: Any) -> dict[str, Any]:
    names = {"from_name": "label", "to_name": "image"}
    return {"type": kind, "value": value, **names, **DIMENSIONS, **told}


def rectangle(**told: Any) -> dict[str, Any]:
    value = {"x": 10, "y": 20, "width": 5, "height": 30, "rectanglelabels": ["cell"]}
    return result("rectanglelabels", {**value, **told})


def task(*results: Any, **told: Any) -> dict[str, Any]:
    annotations = [{"id": 1, "was_cancelled": False, "result": list(results)}]
    return {"id": 1, "data": {"image": "a.png"}, "annotations": annotations, **told}


def container(folder: Path, *tasks: Any) -> Container:
    return of_text(FORM, "a.json", json.dumps(list(tasks)), folder)


def only(folder: Path, *results: Any) -> Any:
    held = container(folder, task(*results))
    (found,) = held.read(0)
    assert not held.problems
    return found


def test_percents_become_pixels(tmp_path: Path) -> None:
    held = container(tmp_path, task(rectangle()))
    assert held.items[0].size == (100, 200)
    (found,) = held.read(0)
    assert isinstance(found, Boxes)
    assert found.yxyx.tolist() == [[19.5, 19.5, 49.5, 29.5]]
    assert found.angles is None
    assert labels_of(found) == ["cell"]


@pytest.mark.parametrize("angle", [0, 30, 90, 135.5, 328.3])
def test_a_box_is_turned_about_its_upper_left_corner(
    tmp_path: Path, angle: float
) -> None:
    found = only(tmp_path / "in", rectangle(rotation=angle))
    # the way the maker of the format tells it: clockwise, y down
    turn = np.deg2rad(angle)
    across = np.array([np.sin(turn), np.cos(turn)]) * 10
    down = np.array([np.cos(turn), -np.sin(turn)]) * 30
    corner = np.array([20.0, 20.0]) - 0.5
    wanted = [corner, corner + across, corner + across + down, corner + down]
    np.testing.assert_allclose(corners_of_boxes(found)[0], wanted)
    (again,) = around(FORM, [found], tmp_path / "out", (100, 200))
    assert_same(again, found)


def test_polygons_ellipses_and_key_points_are_read(tmp_path: Path) -> None:
    points = [[10, 10], [20, 10], [20, 50]]
    results = [
        result("polygonlabels", {"points": points, "polygonlabels": ["a"]}),
        result(
            "ellipselabels",
            {
                **{"x": 50, "y": 50, "radiusX": 5, "radiusY": 20, "rotation": 15},
                "ellipselabels": ["b"],
            },
        ),
        result(
            "keypointlabels", {"x": 25, "y": 5, "width": 1, "keypointlabels": ["a"]}
        ),
    ]
    outlines, positions = container(tmp_path / "in", task(*results)).read(0)
    assert isinstance(outlines, Polygons)
    ring = [[9.5, 19.5], [9.5, 39.5], [49.5, 39.5]]
    assert outlines.outlines[0][0][0].tolist() == ring
    assert outlines.properties["ellipse"] == [None, (49.5, 99.5, 20, 10, 15)]
    assert isinstance(positions, Points)
    assert positions.yx.tolist() == [[4.5, 49.5]]
    again = around(FORM, [outlines, positions], tmp_path / "out", (100, 200))
    written = json.loads((tmp_path / "out/label_studio.json").read_text())
    kinds = [one["type"] for one in written[0]["annotations"][0]["result"]]
    assert kinds == ["polygonlabels", "ellipselabels", "keypointlabels"]
    assert isinstance(again[0], Polygons)
    assert again[0].properties["ellipse"][1] == pytest.approx((49.5, 99.5, 20, 10, 15))


def test_an_open_polygon_is_a_line(tmp_path: Path) -> None:
    value = {"points": [[1, 1], [2, 2]], "closed": False, "polygonlabels": ["a"]}
    found = only(tmp_path, result("polygonlabels", value))
    assert found.open.tolist() == [True]


def test_a_brush_mask_is_cut_to_its_object(tmp_path: Path) -> None:
    mask = np.zeros((100, 200), bool)
    mask[30:33, 50:58] = True
    value = {"format": "rle", "rle": encode_brush(mask), "brushlabels": ["a"]}
    found = only(tmp_path / "in", result("brushlabels", value))
    assert isinstance(found, MaskStack)
    assert found.corners.tolist() == [[30, 50]]
    assert found.masks[0].shape == (3, 8)
    (again,) = around(FORM, [found], tmp_path / "out", (100, 200))
    assert_same(again, found)


def test_choices_are_classes_of_the_picture(tmp_path: Path) -> None:
    choice = {"type": "choices", "value": {"choices": ["good", "blurred"]}, "id": "c"}
    found = container(tmp_path, task(choice)).read(0)
    assert [one.name for one in found if isinstance(one, ImageClass)] == [
        "good",
        "blurred",
    ]


def test_shape_and_labels_of_one_id_are_one_object(tmp_path: Path) -> None:
    value = {"x": 10, "y": 20, "width": 5, "height": 30}
    results = [
        result("rectangle", value, id="r"),
        result("labels", {**value, "labels": ["a", "b"]}, id="r"),
        result("choices", {"choices": ["sure"]}, id="r"),
        result("textarea", {"text": ["see this"]}, id="r", from_name="remark"),
    ]
    found = only(tmp_path, *results)
    assert labels_of(found) == ["a"]
    assert found.properties == {
        **{"id": ["r"], "remark": ["see this"]},
        **{"labels": [["a", "b"]], "choices": [["sure"]]},
    }


def test_what_else_is_known_comes_back(tmp_path: Path) -> None:
    one = rectangle()
    one |= {"id": "r1", "score": 0.75, "parentID": "r0"}
    one["meta"] = {"text": ["doubtful"], "id": 7, "area": 2.5}
    found = only(tmp_path / "in", one)
    assert found.properties == {
        **{"id": ["r1"], "score": [0.75], "parent": ["r0"]},
        **{"comment": ["doubtful"], "id_": [7], "area": [2.5]},
    }
    (again,) = around(FORM, [found], tmp_path / "out", (100, 200))
    assert_same(again, found)


def test_cancelled_annotations_are_left_out(tmp_path: Path) -> None:
    one = task(rectangle())
    one["annotations"][0]["was_cancelled"] = True
    held = container(tmp_path, one)
    assert held.read(0) == ()
    assert not held.classes


@pytest.mark.parametrize(
    ("told", "chosen", "said"),
    [
        ([{}, {"updated_at": "2022"}, {"updated_at": "2021"}], 1, "newest"),
        ([{"ground_truth": True}, {"updated_at": "2022"}], 0, "ground truth"),
    ],
)
def test_one_of_several_annotations_is_read_and_that_is_told(
    tmp_path: Path, told: list[dict[str, Any]], chosen: int, said: str
) -> None:
    one = task()
    one["annotations"] = [
        {"result": [rectangle(x=number)], **more} for number, more in enumerate(told)
    ]
    held = container(tmp_path, one)
    (found,) = held.read(0)
    assert isinstance(found, Boxes)
    assert found.yxyx[0, 1] == chosen * 2 - 0.5
    assert f"the {said} is read" in held.problems[0].message


def test_predictions_are_not_taken_for_annotations(tmp_path: Path) -> None:
    one = task(predictions=[{"result": [rectangle()]}])
    one["annotations"] = []
    held = container(tmp_path, one)
    assert held.read(0) == ()
    assert "predictions only" in held.problems[0].message


def test_older_exports_call_annotations_completions(tmp_path: Path) -> None:
    one = task(rectangle())
    one["completions"] = one.pop("annotations")
    assert len(container(tmp_path, one).read(0)) == 1


def test_one_task_alone_opens(tmp_path: Path) -> None:
    held = of_text(FORM, "a.json", json.dumps(task(rectangle())), tmp_path)
    assert len(held.read(0)) == 1


def test_the_short_form_is_read(tmp_path: Path) -> None:
    value = {"x": 10, "y": 20, "width": 5, "height": 30, "rotation": 0}
    one = {
        "id": 3,
        "image": "/data/upload/1/0123abcd-b.png",
        "box": [{**value, "rectanglelabels": ["a"], **DIMENSIONS}],
        "line": [{"points": [[1, 1], [9, 1], [9, 9]], **DIMENSIONS}],
        "spot": [{"x": 50, "y": 50, "keypointlabels": ["b"], **DIMENSIONS}],
        "kind": {"choices": ["good"]},
        "annotator": 1,
        "annotation_id": 4,
    }
    held = container(tmp_path, one)
    assert held.items[0].name == "b.png"
    outlines, rectangles, positions, chosen = held.read(0)
    assert labels_of(outlines) == [None]
    assert labels_of(rectangles) == ["a"]
    assert labels_of(positions) == ["b"]
    assert isinstance(chosen, ImageClass)
    assert chosen.name == "good"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"data": {"image": "/data/upload/12/e97d4735-a%20b.jpg"}}, "a b.jpg"),
        (
            {"data": {"image": "/data/local-files/?d=set/e97d4735-a.jpg"}},
            "set/e97d4735-a.jpg",
        ),
        ({"data": {"image": "s3://bucket/set/a.jpg"}}, "set/a.jpg"),
        ({"data": {"image": "https://host.org/x/a.jpg?token=1"}}, "x/a.jpg"),
        ({"data": {"text": "a cat", "picture": "a.tif"}}, "a.tif"),
        (
            {"data": {"image": "/image2"}, "file_upload": "e97d4735-0025.jpg"},
            "0025.jpg",
        ),
        ({"data": {"image": "data:image/png;base64,AAAA"}}, ""),
        ({"data": {"image": "http://[broken"}}, ""),
        ({"data": {"image": 7}}, ""),
        ({"data": None}, ""),
    ],
)
def test_names_lose_what_a_server_put_before_them(
    tmp_path: Path, told: dict[str, Any], name: str
) -> None:
    assert container(tmp_path, task(**told)).items[0].name == name


def test_a_size_that_the_file_does_not_tell_is_taken_from_the_picture(
    tmp_path: Path,
) -> None:
    one = rectangle()
    del one["original_width"]
    held = container(tmp_path, task(one))
    assert held.items[0].size is None
    (found,) = held.read(0, (10, 20))
    assert isinstance(found, Boxes)
    assert found.yxyx.tolist() == [[1.5, 1.5, 4.5, 2.5]]
    assert held.read(0) == ()
    assert "size that is not known" in held.problems[0].message


SHORT_BRUSH = {"rle": [0, 0, 0, 4, 57, 36, 255, 248], "brushlabels": ["a"]}
BROKEN = [
    (rectangle(x="left"), "x is 'left'"),
    (rectangle(width=None), "width is NoneType"),
    (rectangle(width=-3), "negative size"),
    (rectangle(rotation=float("nan")), "rotation is nan"),
    (result("polygonlabels", {"points": [[1, 1], [2, 2]]}), "2 points"),
    (result("polygonlabels", {}), "no list of points"),
    (result("ellipselabels", {"x": 1, "y": 1, "radiusX": 0, "radiusY": 1}), "radius"),
    (result("brushlabels", SHORT_BRUSH), "has 4 values"),
    (result("brushlabels", {}), "cut off"),
    (result("brushlabels", {"rle": encode_brush(np.zeros((100, 200)))}), "is empty"),
    (result("magic", {"x": 1}), "'magic' is not known"),
    (result("polygonlabels", 3), "no list of points"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("broken", "said"), BROKEN)
def test_a_broken_result_is_told_and_the_rest_stays(
    tmp_path: Path, broken: Any, said: str
) -> None:
    held = container(tmp_path, task(rectangle(), broken, rectangle()))
    (found,) = held.read(0)
    assert isinstance(found, Boxes)
    assert len(found.yxyx) == 2
    (problem,) = held.problems
    assert said in problem.message
    assert "task 0, result 1" in problem.message


def test_a_task_that_is_none_is_told(tmp_path: Path) -> None:
    held = container(tmp_path, 3, task(rectangle()))
    assert [len(held.read(i)) for i in range(2)] == [0, 1]
    assert "task 0: it is no object" in held.problems[0].message


@pytest.mark.parametrize("text", ["{}", '"x"', "3", "{", '{"annotations": 1}'])
def test_a_file_without_tasks_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"no list of Label Studio|no whole"):
        of_text(FORM, "a.json", text, tmp_path)


def test_the_labelling_interface_is_written_beside(tmp_path: Path) -> None:
    ring = np.array([[1.5, 2], [1.5, 9], [8, 9]])
    told = {"class_ids": np.array([1]), "class_names": {1: "a<b", 2: "unused"}}
    wanted = [Polygons([((ring,),)], **told), Points(np.array([[1.0, 2]]))]
    marked = Marked("a.png", SIZE, (*wanted, ImageClass("fine")))
    names = {1: "a<b", 2: "unused"}
    files = FORM.write([marked], tmp_path, classes=names, with_images=False)
    assert [file.name for file in files] == ["label_studio.json", "label_config.xml"]
    root = parse(files[1]).getroot()
    controls = {one.get("name"): one for one in root if one.tag != "Image"}
    results = json.loads(files[0].read_text())[0]["annotations"][0]["result"]
    assert {one["from_name"] for one in results} == set(controls)
    assert [one.get("value") for one in controls["polygon"]] == ["a<b", "unused"]
    assert [one.get("value") for one in controls["class"]] == ["fine"]


def test_what_it_cannot_hold_is_refused_with_the_reason(tmp_path: Path) -> None:
    ring = np.array([[1.5, 2], [1.5, 9], [8.1, 9]])
    with pytest.raises(ExportError, match="Label Studio cannot hold holes"):
        save(FORM, [Polygons([((ring, ring),)])], tmp_path)
    with pytest.raises(ExportError, match="open lines"):
        save(FORM, [Polygons([((ring,),)], open=np.array([True]))], tmp_path)


def test_a_picture_too_large_for_brushes_is_refused(tmp_path: Path) -> None:
    size = (1 << 15, 1 << 15)
    stack = MaskStack([np.ones((2, 2), bool)], np.array([[1, 1]]), size)
    with pytest.raises(ExportError, match="too large for Label Studio"):
        save(FORM, [stack], tmp_path, size)


class TestRealFiles:
    def test_turned_rectangles_are_read(self, real_samples: Path) -> None:
        place = "annotation_containers/label_studio/tests/data/test_export_yolo"
        held = opened(FORM, real_samples / place / "data_obb.json")
        assert [item.size for item in held.items] == [
            (768, 597),
            (768, 433),
            (768, 716),
        ]
        (found,) = held.read(0)
        assert isinstance(found, Boxes)
        assert len(found.yxyx) == 23
        assert found.angles is not None
        # the corner about which it is turned is the one in the file
        corner = corners_of_boxes(found)[0, 0] + 0.5
        wanted = np.array([79.55767690059092 * 7.68, 10.537066764905694 * 5.97])
        np.testing.assert_allclose(corner, wanted)

    def test_names_and_polygons_are_read(self, real_samples: Path) -> None:
        place = "annotation_containers/label_studio/tests/data/test_export_yolo"
        held = opened(FORM, real_samples / place / "data_polygons.json")
        assert [item.name for item in held.items] == ["000000000025.jpg"]
        (found,) = held.read(0)
        assert isinstance(found, Polygons)
        first = np.array([0.1955922865013774 * 426, 0.6 * 640]) - 0.5
        np.testing.assert_allclose(found.outlines[0][0][0][0], first)

    def test_a_second_annotation_is_told(self, real_samples: Path) -> None:
        place = "annotation_containers/label_studio/tests/data/test_export_yolo"
        held = opened(FORM, real_samples / place / "data.json")
        (problem,) = held.problems
        assert "task 0: it has 2 annotations; the newest is read" in problem.message

    def test_real_files_come_back(self, real_samples: Path, tmp_path: Path) -> None:
        place = "annotation_containers/label_studio/tests/data/test_export_yolo"
        files = sorted((real_samples / place).glob("*.json"))
        assert len(files) == 3
        for file in files:
            held = opened(FORM, file)
            for index, item in enumerate(held.items):
                found = list(held.read(index))
                folder = tmp_path / file.stem / str(index)
                again = around(FORM, found, folder, item.size)
                for one, other in zip(again, found, strict=True):
                    assert_same(one, other)
