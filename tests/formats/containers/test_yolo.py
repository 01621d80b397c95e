"""YOLO texts: what a line is, where names are found, damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import CLASSES, SIZE, back, label_image

from napari_cellsets.core.annotation import Boxes, LabelImage, Points, Polygons
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS, Marked, find_form
from napari_cellsets.formats.containers.outlines import (
    mask_of_outline,
    polygons_of_mask,
)
from napari_cellsets.formats.containers.yolo.bridges import joined, parted
from napari_cellsets.formats.containers.yolo.names import (
    NotUnderstoodError,
    read_yaml_names,
    write_yaml_names,
)
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container

PLACE = (100, 200)


def opened(folder: Path, text: str, **beside: str) -> Container:
    (folder / "labels").mkdir(exist_ok=True)
    (folder / "labels" / "a.txt").write_text(text)
    for name, content in beside.items():
        (folder / name.replace("_", ".")).write_text(content)
    return FORMS["yolo"].open(open_tree(folder), "labels/a.txt")


def test_a_box_is_shares_of_width_and_height(tmp_path) -> None:
    (found,) = opened(tmp_path, "2 0.5 0.5 0.1 0.2\n").read(0, PLACE)
    assert isinstance(found, Boxes)
    assert found.yxyx.tolist() == [[39.5, 89.5, 59.5, 109.5]]
    assert found.class_ids.tolist() == [2]


def test_six_values_are_a_box_with_its_score(tmp_path) -> None:
    (found,) = opened(tmp_path, "0 0.5 0.5 0.1 0.2 0.75").read(0, PLACE)
    assert found.properties["score"] == [0.75]


def test_nine_values_in_a_rectangle_are_a_turned_box(tmp_path) -> None:
    line = "0 0.5 0.2 0.6 0.4 0.5 0.6 0.4 0.4"
    (found,) = opened(tmp_path, line).read(0, PLACE)
    assert isinstance(found, Boxes)
    np.testing.assert_allclose(found.angles, [45])


def test_nine_values_else_are_a_polygon_of_four_corners(tmp_path) -> None:
    (found,) = opened(tmp_path, "0 0.1 0.1 0.5 0.2 0.6 0.6 0.2 0.9").read(0, PLACE)
    assert isinstance(found, Polygons)
    assert len(found.outlines[0][0][0]) == 4


def test_more_values_are_a_polygon(tmp_path) -> None:
    (found,) = opened(tmp_path, "0 0 0 0.5 0 0.5 0.5").read(0, PLACE)
    expected = [[-0.5, -0.5], [-0.5, 99.5], [49.5, 99.5]]
    assert found.outlines[0][0][0].tolist() == expected


def test_a_polygon_may_end_with_its_score(tmp_path) -> None:
    (found,) = opened(tmp_path, "0 0 0 0.5 0 0.5 0.5 0 0.5 0.1 0.3 0.9").read(0, PLACE)
    assert found.properties["score"] == [0.9]


def test_a_pose_is_a_box_and_points(tmp_path) -> None:
    line = "0 0.5 0.5 0.1 0.2 0.5 0.5 2 0 0 0 0.25 0.5 1"
    boxes, points = opened(tmp_path, line).read(0, PLACE)
    assert isinstance(boxes, Boxes)
    assert isinstance(points, Points)
    assert points.yx.tolist() == [[49.5, 99.5], [49.5, 49.5]]
    assert points.properties["keypoint"] == ["1", "3"]


def test_yaml_says_how_many_keypoints_there_are(tmp_path) -> None:
    line = "0 0.5 0.5 0.1 0.2 0.5 0.5 0.25 0.5 0.1 0.1"
    shape = "kpt_shape: [3, 2]\nnames: [cell]\n"
    _, points = opened(tmp_path, line, data_yaml=shape).read(0, PLACE)
    assert len(points.yx) == 3


def test_an_empty_text_marks_nothing(tmp_path) -> None:
    container = opened(tmp_path, "\n")
    assert container.read(0, PLACE) == ()
    assert list(container.problems) == []


def test_without_a_size_shares_mean_nothing(tmp_path) -> None:
    with pytest.raises(UnreadableFileError, match="the picture must be known"):
        opened(tmp_path, "0 0.5 0.5 0.1 0.1").read(0)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x 0.5 0.5 0.1 0.1", "class 'x' is no number"),
        ("-1 0.5 0.5 0.1 0.1", "class '-1' is no number"),
        ("1.5 0.5 0.5 0.1 0.1", "class '1.5' is no number"),
        ("0 0.5 0.5 0.1", "neither a box nor a polygon"),
        ("0 0.5 0.5 nan 0.1", "not finite"),
        ("0 0.5 0.5 1e9 0.1", "no share"),
        ("0 0.5 0.5 -0.1 0.1", "negative size"),
        ("0 0.5 0.5 a 0.1", "no number"),
        ("7 0.5 0.5 0.1 0.1", "no name in the list"),
        ("0 0 0 0.5 0.5 0 0", "2 points enclose nothing"),
    ],
)
def test_a_broken_line_is_told_and_the_rest_stays(line, why, tmp_path) -> None:
    text = f"0 0.5 0.5 0.1 0.1\n{line}\n"
    container = opened(tmp_path, text, classes_txt="cell\n")
    (found,) = container.read(0, PLACE)
    assert len(found.yxyx) == 1
    (problem,) = container.problems
    assert why in problem.message
    assert "line 2" in problem.message


@pytest.mark.parametrize(
    "yaml",
    [
        "names: [cell, 'dead, cell', \"x\"]",
        "names:\n  - cell\n  - 'dead, cell'  # remark\n  - x",
        "names:\n- cell\n- dead, cell\n- x\nnc: 3",
        "path: .\nnames:\n  0: cell\n  1: 'dead, cell'\n  2: x\n",
        "names: {0: cell, 1: 'dead, cell', 2: x}",
        "names: [cell,\n  'dead, cell',\n  x]\n",
    ],
)
def test_names_are_read_however_yaml_writes_them(yaml) -> None:
    assert read_yaml_names(yaml)[0] == {0: "cell", 1: "dead, cell", 2: "x"}


@pytest.mark.parametrize(
    ("yaml", "why"),
    [
        ("names: *other", "names are written"),
        ("names: [a", "names are written"),
        ("names: {a: 1}", "entry"),
        ("names:\n  a: b", "line"),
        ("names:\n  - [a]", "the name"),
        ("kpt_shape: 17", "kpt_shape"),
    ],
)
def test_yaml_that_is_not_understood_is_told(yaml, why, tmp_path) -> None:
    with pytest.raises(NotUnderstoodError, match=why):
        read_yaml_names(yaml)
    container = opened(tmp_path, "0 0.5 0.5 0.1 0.1", data_yaml=yaml)
    assert "not understood" in container.problems[0].message
    assert len(container.read(0, PLACE)) == 1


@given(st.dictionaries(st.integers(0, 50), st.text(min_size=1), max_size=8))
@settings(deadline=None)
def test_written_names_are_read_again(names) -> None:
    wanted = {key: " ".join(name.split()) for key, name in names.items()}
    assert read_yaml_names(write_yaml_names(names))[0] == wanted


def test_the_nearest_names_hold(tmp_path) -> None:
    container = opened(tmp_path, "1 0.5 0.5 0.1 0.1", obj_names="a\nb\n")
    assert container.classes == {0: "a", 1: "b"}
    (tmp_path / "labels" / "classes.txt").write_text("c\nd\n")
    tree = open_tree(tmp_path)
    assert FORMS["yolo"].open(tree, "labels/a.txt").classes == {0: "c", 1: "d"}


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_bridges_join_rings_and_are_taken_out_again(seed) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((7, 8)) > 0.35
    outline = polygons_of_mask(mask)
    if outline:
        ring = joined(outline)
        np.testing.assert_array_equal(mask_of_outline(((ring,),), mask.shape), mask)
        np.testing.assert_array_equal(mask_of_outline(parted(ring), mask.shape), mask)


def test_holes_and_parts_come_back(tmp_path) -> None:
    (found,) = back("yolo", tmp_path, label_image())
    assert [[len(part) for part in outline] for outline in found.outlines] == [
        [2],
        [1],
        [1, 1],
        [1],
    ]


def test_classes_are_numbered_from_zero(tmp_path) -> None:
    (found,) = back("yolo", tmp_path, label_image())
    assert found.class_names == dict(enumerate(CLASSES.values()))
    assert found.class_ids.tolist() == [0, 1, 0, 2]
    assert "  0: 'nucleus'" in (tmp_path / "data.yaml").read_text()


def test_two_pictures_of_one_name_are_refused(tmp_path) -> None:
    pictures = [Marked("a.png", SIZE), Marked("a.tif", SIZE)]
    with pytest.raises(ExportError, match="written to the same file"):
        FORMS["yolo"].write(pictures, tmp_path, classes={}, with_images=False)


@pytest.mark.parametrize("name", ["", "..", "a\0b"])
def test_a_picture_without_a_name_is_refused(name, tmp_path) -> None:
    with pytest.raises(ExportError, match="no name for a picture"):
        FORMS["yolo"].write(
            [Marked(name, SIZE)], tmp_path, classes={}, with_images=False
        )


def test_names_cannot_climb_out(tmp_path) -> None:
    out = tmp_path / "out"
    marked = Marked("../../up/a.png", SIZE)
    (file, _) = FORMS["yolo"].write([marked], out, classes={}, with_images=False)
    assert file == out / "labels" / "up" / "a.txt"


def test_coordinates_without_end_are_refused(tmp_path) -> None:
    polygons = Polygons([((np.array([[0, 0], [1, np.nan], [2, 2]]),),)])
    with pytest.raises(ExportError, match="not a finite number"):
        back("yolo", tmp_path, polygons)


def test_an_object_without_outline_is_refused(tmp_path) -> None:
    with pytest.raises(ExportError, match="without outline"):
        back("yolo", tmp_path, Polygons([()]))


@pytest.mark.parametrize(
    ("name", "text", "yes"),
    [
        ("labels/a.txt", "0 0.5 0.5 0.1 0.1\n", True),
        ("labels/a.txt", "", True),
        ("a.txt", "", False),
        ("a.txt", "0 12 44 3 1\n", False),
        ("labels/classes.txt", "cell\n", False),
        ("labels/README.txt", "0 0.5 0.5 0.1 0.1\n", False),
        ("train.txt", "data/a.jpg\n", False),
        ("labels/a.csv", "0 0.5 0.5 0.1 0.1\n", False),
    ],
)
def test_label_files_are_told_from_other_texts(name, text, yes) -> None:
    assert FORMS["yolo"].sniff(name, text.encode()) is yes


def test_a_binary_file_is_refused(tmp_path) -> None:
    with pytest.raises(UnreadableFileError, match="no text"):
        opened(tmp_path, "\0\0")


def test_a_giant_text_is_refused(tmp_path, monkeypatch) -> None:
    from napari_cellsets.formats.containers.yolo import read

    monkeypatch.setattr(read, "_MOST_BYTES", 3)
    with pytest.raises(UnreadableFileError, match="at most 3 bytes"):
        opened(tmp_path, "0 0.5 0.5 0.1 0.1")


@pytest.mark.parametrize(
    ("folder", "name", "classes"),
    [
        ("labels", "labels/train/1.txt", 10),
        ("annotations", "Annotations/1.txt", 10),
        ("strict", "obj_train_data/1.txt", 10),
    ],
)
def test_real_folders_of_several_habits_open(
    folder, name, classes, real_samples
) -> None:
    base = real_samples / "annotation_containers" / "datumaro_assets" / "tests"
    tree = open_tree(base / "assets" / "yolo_dataset" / folder)
    assert find_form(tree, name) is FORMS["yolo"]
    container = FORMS["yolo"].open(tree, name)
    assert len(container.classes) == classes
    (found,) = container.read(0, (10, 15))
    expected = [[1.5, -0.5, 3.5, 3.5], [2.5, 2.5, 5.5, 4.5]]
    np.testing.assert_allclose(found.yxyx, expected, atol=1e-4)
    assert list(container.problems) == []


def test_a_label_image_comes_back_from_polygons_exactly(tmp_path) -> None:
    from napari_cellsets.formats.containers.fit import fit

    (found,) = back("yolo", tmp_path, label_image())
    again = fit(found, FORMS["instances"], SIZE)
    assert isinstance(again, LabelImage)
    np.testing.assert_array_equal(again.labels, label_image().labels)
