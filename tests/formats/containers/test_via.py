from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from container_tools import SIZE, around, assert_same, labels_of, of_text, opened, save

from napari_cellsets.core.annotation import Boxes, ImageClass, Points, Polygons
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS, Marked

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container

FORM = FORMS["via"]
RECT = {"name": "rect", "x": 2, "y": 3, "width": 4, "height": 5}


def region(shape: Any = None, /, **attributes: Any) -> dict[str, Any]:
    told = RECT if shape is None else shape
    return {"shape_attributes": told, "region_attributes": attributes}


def bare(*regions: Any, **told: Any) -> dict[str, Any]:
    picture = {"filename": "a.png", "size": 9, "regions": list(regions)}
    return {"a.png9": {**picture, "file_attributes": {}, **told}}


def container(folder: Path, content: Any) -> Container:
    return of_text(FORM, "a.json", json.dumps(content), folder)


def only(folder: Path, *regions: Any) -> Any:
    held = container(folder, bare(*regions))
    (found,) = held.read(0)
    assert not held.problems
    return found


def test_bare_regions_are_read(tmp_path: Path) -> None:
    held = container(tmp_path, bare(region(label="cell")))
    assert [item.name for item in held.items] == ["a.png"]
    (found,) = held.read(0)
    assert isinstance(found, Boxes)
    assert found.yxyx.tolist() == [[2.5, 1.5, 7.5, 5.5]]
    assert labels_of(found) == ["cell"]


def test_a_project_is_read(tmp_path: Path) -> None:
    held = container(tmp_path, {"_via_img_metadata": bare(region(label="cell"))})
    assert len(held.read(0)) == 1


def test_regions_that_are_numbered_are_read(tmp_path: Path) -> None:
    one = bare()
    one["a.png9"]["regions"] = {"0": region(label="a"), "1": region(label="b")}
    (found,) = container(tmp_path, one).read(0)
    assert labels_of(found) == ["a", "b"]


def test_every_shape_is_read(tmp_path: Path) -> None:
    xs, ys = [1, 5, 5], [2, 2, 8]
    shapes = [
        {"name": "polygon", "all_points_x": xs, "all_points_y": ys},
        {"name": "polyline", "all_points_x": xs, "all_points_y": ys},
        {"name": "circle", "cx": 20, "cy": 15, "r": 4},
        {"name": "ellipse", "cx": 20, "cy": 15, "rx": 8, "ry": 4, "theta": np.pi / 6},
    ]
    point = region({"name": "point", "cx": 3, "cy": 4})
    held = container(tmp_path / "in", bare(*map(region, shapes), region(), point))
    outlines, rectangles, positions = held.read(0)
    assert isinstance(outlines, Polygons)
    assert outlines.outlines[0][0][0].tolist() == [[1.5, 0.5], [1.5, 4.5], [7.5, 4.5]]
    assert outlines.open is not None
    assert outlines.open.tolist() == [False, True, False, False]
    ellipses = outlines.properties["ellipse"]
    assert ellipses[2] == (14.5, 19.5, 4, 4, 0)
    assert ellipses[3] == pytest.approx((14.5, 19.5, 4, 8, 30))
    assert isinstance(positions, Points)
    assert positions.yx.tolist() == [[3.5, 2.5]]
    again = save(FORM, [outlines, rectangles, positions], tmp_path / "out")
    (picture,) = json.loads(again.read_text())["_via_img_metadata"].values()
    written = [one["shape_attributes"] for one in picture["regions"]]
    assert written[:3] == shapes[:3]
    assert written[3] == pytest.approx(shapes[3])
    assert written[4:] == [RECT, {"name": "point", "cx": 3, "cy": 4}]


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"Label": "a", "note": "x"}, "a"),
        ({"note": "x", "type": "b"}, "b"),
        ({"species": "c", "class": "d"}, "d"),
        ({"anything": "e"}, "e"),
        ({"note": "x", "more": "y"}, None),
        ({"class": {"a": False, "b": True}}, "b"),
        ({"class": ""}, None),
        ({"class": 7}, "7"),
    ],
)
def test_the_class_is_found_among_the_attributes(
    tmp_path: Path, attributes: dict[str, Any], wanted: str | None
) -> None:
    assert labels_of(only(tmp_path, region(**attributes))) == [wanted]


def test_a_fixed_choice_is_the_class_where_no_name_tells(tmp_path: Path) -> None:
    told = {"region": {"more": {"type": "text"}, "grade": {"type": "dropdown"}}}
    one = region(more="x", grade="high")
    content = {"_via_img_metadata": bare(one), "_via_attributes": told}
    (found,) = container(tmp_path, content).read(0)
    assert labels_of(found) == ["high"]
    assert isinstance(found, Boxes)
    assert found.properties == {"more": ["x"]}


def test_attributes_of_the_file_are_classes_of_the_picture(tmp_path: Path) -> None:
    told = {"class": {"fine": True, "blurred": False}, "caption": "x"}
    found = container(tmp_path / "in", bare(file_attributes=told)).read(0)
    assert found == (ImageClass("fine", "a.json"),)
    (again,) = around(FORM, list(found), tmp_path / "out")
    assert_same(again, found[0])


def test_other_attributes_come_back(tmp_path: Path) -> None:
    one = region(**{"class": "a", "note": "x", "shape": "round", "many": {"p": True}})
    found = only(tmp_path / "in", one)
    assert found.properties == {"note": ["x"], "shape_": ["round"], "many": [["p"]]}
    file = save(FORM, [found], tmp_path / "out")
    (picture,) = json.loads(file.read_text())["_via_img_metadata"].values()
    (told,) = (one["region_attributes"] for one in picture["regions"])
    assert told == {"class": "a", "note": "x", "shape": "round", "many": '["p"]'}


def test_addresses_lose_their_server(tmp_path: Path) -> None:
    one = bare(region(), filename="https://host.org/x/a%20b.png")
    assert container(tmp_path, one).items[0].name == "x/a b.png"


def test_many_pictures_go_into_one_project(tmp_path: Path) -> None:
    marked = [Marked(f"x/{i}.png", SIZE, ()) for i in range(3)]
    (file,) = FORM.write(marked, tmp_path, classes={1: "a"}, with_images=False)
    held = opened(FORM, file)
    assert [item.name for item in held.items] == [one.name for one in marked]
    told = json.loads(file.read_text())
    assert told["_via_attributes"]["region"]["class"]["options"] == {"a": ""}
    assert set(told["_via_image_id_list"]) == set(told["_via_img_metadata"])


BROKEN = [
    ("x", "shape 'None'"),
    (region({}), "shape 'None'"),
    (region({"name": "blob"}), "shape 'blob'"),
    (region({"name": "rect", "x": 1, "y": 2, "width": 3}), "height is NoneType"),
    (region({**RECT, "width": -3}), "negative size"),
    (region({"name": "point", "cx": float("inf"), "cy": 2}), "cx is inf"),
    (region({"name": "circle", "cx": 1, "cy": 2, "r": 0}), "radius"),
    (region({"name": "ellipse", "cx": 1, "cy": 2, "rx": 3}), "ry is NoneType"),
    (region({"name": "polygon", "all_points_x": [1, 2]}), "not of one length"),
    (region({"name": "polygon", "all_points_x": [1], "all_points_y": [2]}), "1 points"),
    (
        region(
            {"name": "polygon", "all_points_x": [1, 2, []], "all_points_y": [1, 2, 3]}
        ),
        "no numbers",
    ),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN)
def test_a_broken_region_is_told_and_the_rest_stays(
    tmp_path: Path, broken: Any, said: str
) -> None:
    held = container(tmp_path, bare(region(), broken, region()))
    (found,) = held.read(0)
    assert isinstance(found, Boxes)
    assert len(found.yxyx) == 2
    (problem,) = held.problems
    assert said in problem.message
    assert "a.png, region 1" in problem.message


@pytest.mark.parametrize("text", ["[]", "{}", "3", '{"a": {"b": 1}}', "{"])
def test_a_file_without_regions_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"no regions of VIA|no whole JSON"):
        of_text(FORM, "a.json", text, tmp_path)


def test_an_empty_project_is_empty(tmp_path: Path) -> None:
    assert len(container(tmp_path, {"_via_img_metadata": {}}).items) == 0


def test_what_it_cannot_hold_is_refused_with_the_reason(tmp_path: Path) -> None:
    ring = np.array([[1.5, 2], [1.5, 9], [8.1, 9]])
    with pytest.raises(ExportError, match="VIA cannot hold holes"):
        save(FORM, [Polygons([((ring, ring),)])], tmp_path)


def test_turned_boxes_become_polygons(tmp_path: Path) -> None:
    wanted = Boxes(np.array([[1.0, 2, 5, 7]]), angles=np.array([90.0]))
    (found,) = around(FORM, [wanted], tmp_path)
    assert isinstance(found, Polygons)
    ring = found.outlines[0][0][0]
    assert np.ptp(ring, axis=0).tolist() == pytest.approx([5, 4])


class TestVersion3:
    def content(self, **metadata: Any) -> dict[str, Any]:
        options = {"0": "cell", "1": "debris"}
        return {
            "project": {"pid": "x", "vid_list": ["1", "2"]},
            "attribute": {
                "1": {"aname": "what", "type": 4, "options": options},
                "2": {"aname": "note", "type": 1, "options": {}},
            },
            "file": {
                "1": {"fid": "1", "fname": "a.png", "type": 2, "src": "x/a.png"},
                "2": {"fid": "2", "fname": "b.mp4", "type": 4, "src": "b.mp4"},
            },
            "view": {"1": {"fid_list": ["1"]}, "2": {"fid_list": ["2"]}},
            "metadata": metadata,
        }

    def metadata(self, xy: Any, vid: str = "1", **av: str) -> dict[str, Any]:
        return {"vid": vid, "flg": 0, "z": [], "xy": xy, "av": av}

    def test_shapes_and_options_are_read(self, tmp_path: Path) -> None:
        told = [
            self.metadata([2, 2, 3, 4, 5], **{"1": "0"}),
            self.metadata([7, 1, 2, 5, 2, 5, 8], **{"1": "1", "2": "odd"}),
            self.metadata([3, 20, 15, 4], **{"1": "0"}),
            self.metadata([1, 3, 4]),
            self.metadata([6, 1, 2, 5, 2]),
        ]
        content = self.content(**{f"1_{i}": one for i, one in enumerate(told)})
        held = container(tmp_path, content)
        assert [item.name for item in held.items] == ["x/a.png"]
        outlines, rectangles, positions = held.read(0)
        assert labels_of(rectangles) == ["cell"]
        assert labels_of(outlines) == ["debris", "cell", None]
        assert isinstance(rectangles, Boxes)
        assert rectangles.yxyx.tolist() == [[2.5, 1.5, 7.5, 5.5]]
        assert isinstance(outlines, Polygons)
        assert outlines.properties["note"] == ["odd", None, None]
        assert isinstance(positions, Points)

    def test_what_is_said_of_the_whole_picture_is_its_class(
        self, tmp_path: Path
    ) -> None:
        content = self.content(a=self.metadata([], **{"1": "1"}))
        assert container(tmp_path, content).read(0) == (ImageClass("debris", "a.json"),)

    def test_shapes_that_are_not_known_and_films_are_told(self, tmp_path: Path) -> None:
        content = self.content(
            a=self.metadata([8, 1, 2, 3, 4]), b=self.metadata([1, 2, 3], vid="2")
        )
        held = container(tmp_path, content)
        assert held.read(0) == ()
        said = " ".join(problem.message for problem in held.problems)
        assert "'number 8' is not known" in said
        assert "metadata b: it belongs to no picture" in said
