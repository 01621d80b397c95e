"""Pascal VOC: where boxes count from, masks with palettes, damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import marked as small
import numpy as np
import pytest
from marked import SIZE, assert_same, back, written
from PIL import Image

from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    LabelImage,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS, Marked, find_form
from napari_cellsets.formats.containers.fit import fit_all
from napari_cellsets.formats.containers.palette import voc_palette
from napari_cellsets.formats.containers.writing import write_palette_png
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container


def box(*edges: object, name: str = "cell", more: str = "") -> str:
    pairs = zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True)
    inner = "".join(f"<{key}>{value}</{key}>" for key, value in pairs)
    return f"<object><name>{name}</name>{more}<bndbox>{inner}</bndbox></object>"


def xml(*objects: str, size: str = "<width>20</width><height>10</height>") -> str:
    return (
        f"<annotation><filename>a.png</filename><size>{size}</size>"
        f"{''.join(objects)}</annotation>"
    )


def opened(folder: Path, text: str, name: str = "a.xml") -> Container:
    place = folder / "Annotations" / name
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    return FORMS["voc"].open(open_tree(folder), f"Annotations/{name}")


def test_boxes_count_from_one_where_nothing_says_otherwise(tmp_path) -> None:
    container = opened(tmp_path, xml(box(1, 2, 3, 4)))
    (found,) = container.read(0)
    assert isinstance(found, Boxes)
    assert found.yxyx.tolist() == [[0.5, -0.5, 3.5, 2.5]]
    assert "counted from 1: the official rule" in found.source
    assert container.items[0].size == (10, 20)
    assert container.items[0].name == "a.png"


@pytest.mark.parametrize(
    ("other", "why"),
    [(box(0, 5, 6, 7), "starts at 0"), (box(1.5, 5, 6, 7), "lies between pixels")],
)
def test_one_box_of_the_file_or_the_folder_tells_that_they_count_from_zero(
    other, why, tmp_path
) -> None:
    own = opened(tmp_path, xml(box(1, 2, 3, 4), other))
    (found,) = own.read(0)
    assert found.yxyx[0].tolist() == [1.5, 0.5, 3.5, 2.5]
    assert f"counted from 0: a box {why}" in found.source
    beside = opened(tmp_path, xml(box(1, 2, 3, 4)), "b.xml")
    (found,) = beside.read(0)
    assert found.yxyx[0].tolist() == [1.5, 0.5, 3.5, 2.5]
    assert "in a.xml" in found.source


def test_flags_are_kept_and_empty_fields_are_not(tmp_path) -> None:
    more = "<pose/><truncated>1</truncated><difficult>0</difficult>"
    rows = [box(1, 2, 3, 4, more=more), box(1, 2, 3, 4, more="<pose>Left</pose>")]
    (found,) = opened(tmp_path, xml(*rows)).read(0)
    assert found.properties == {"truncated": [True, None], "pose": [None, "Left"]}


def test_classes_of_the_challenge_keep_their_numbers(tmp_path) -> None:
    rows = [box(1, 2, 3, 4, name="person"), box(1, 2, 3, 4, name="cat")]
    container = opened(tmp_path, xml(*rows))
    assert container.classes == {15: "person", 8: "cat"}


def test_other_classes_are_numbered_as_they_come(tmp_path) -> None:
    rows = [box(1, 2, 3, 4, name="nucleus"), box(1, 2, 3, 4, name="cat")]
    assert opened(tmp_path, xml(*rows)).classes == {1: "nucleus", 2: "cat"}


def test_a_list_of_classes_beside_gives_the_numbers(tmp_path) -> None:
    (tmp_path / "class_names.txt").write_text("__ignore__\n_background_\na\nb\n")
    container = opened(tmp_path, xml(box(1, 2, 3, 4, name="b")))
    assert container.classes == {1: "a", 2: "b"}
    (tmp_path / "labelmap.txt").write_text("# x\nbackground:0,0,0::\nb:9,8,7::\n")
    container = opened(tmp_path, xml(box(1, 2, 3, 4, name="b")))
    assert container.classes == {1: "b"}
    assert container.colours == {1: (9, 8, 7)}


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("<object><name>cell</name></object>", "no box"),
        (box(1, 2, "x", 4), "xmax is 'x'"),
        (box(1, 2, "nan", 4), "xmax is 'nan'"),
        (box(1, 2, "", 4), "xmax is ''"),
        (box(9, 2, 3, 4), "ends before it starts"),
        ("<object><polygon><x1>1</x1><y1>1</y1></polygon></object>", "enclose nothing"),
    ],
)
def test_a_broken_object_is_told_and_the_rest_stays(broken, why, tmp_path) -> None:
    container = opened(tmp_path, xml(broken, box(1, 2, 3, 4)))
    found = container.read(0)
    assert [len(a.yxyx) for a in found] == [1]
    (problem,) = container.problems
    assert why in problem.message
    assert "object 1" in problem.message


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no whole XML"),
        ("<annotation><object>", "no whole XML"),
        ("<other/>", "begins with <other>"),
        ('<!DOCTYPE a [<!ENTITY e "x">]><annotation>&e;</annotation>', "declares"),
    ],
)
def test_a_damaged_file_is_refused(text, why, tmp_path) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        opened(tmp_path, text)


def test_an_impossible_size_is_no_size(tmp_path) -> None:
    size = "<width>-3</width><height>1e99</height>"
    assert opened(tmp_path, xml(size=size)).items[0].size is None


def test_polygons_beside_boxes_are_read(tmp_path) -> None:
    ring = "".join(
        f"<x{at}>{x}</x{at}><y{at}>{y}</y{at}>"
        for at, (x, y) in enumerate([(1, 1), (5, 1), (5, 4)], 1)
    )
    row = box(1, 1, 5, 4, more=f"<polygon>{ring}</polygon>")
    (found,) = opened(tmp_path, xml(row)).read(0)
    assert isinstance(found, Polygons)
    assert found.outlines[0][0][0].tolist() == [[0.5, 0.5], [0.5, 4.5], [3.5, 4.5]]


def test_pixels_of_the_fluorescent_neurons_stay_where_they_are(tmp_path) -> None:
    points = "".join(
        f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in [(1, 1), (5, 1), (5, 4)]
    )
    rows = [
        f"<object><marker>Orx</marker><polygon>{points}</polygon></object>",
        box(1, 1, 6, 5, name=""),
        "<object><dot><x>3</x><y>2</y></dot></object>",
    ]
    polygons, boxes, dots = opened(tmp_path, xml(*rows)).read(0)
    assert polygons.outlines[0][0][0].tolist() == [[1, 1], [1, 5], [4, 5]]
    assert polygons.class_names[int(polygons.class_ids[0])] == "Orx"
    assert boxes.yxyx.tolist() == [[0.5, 0.5, 4.5, 5.5]]
    assert isinstance(dots, Points)
    assert dots.yx.tolist() == [[2, 3]]


def test_masks_have_palettes_and_void_borders(tmp_path) -> None:
    container = opened(tmp_path, xml(box(1, 2, 3, 4, name="person")))
    objects = np.zeros((10, 20), np.uint8)
    objects[2:5, 2:5], objects[2, 2], objects[7, 7] = 1, 255, 2
    classes = np.where(objects == 1, 15, objects)
    for folder, plane in (
        ("SegmentationObject", objects),
        ("SegmentationClass", classes),
    ):
        (tmp_path / folder).mkdir()
        write_palette_png(tmp_path / folder / "a.png", plane, voc_palette())
    tree = open_tree(tmp_path)
    container = FORMS["voc"].open(tree, "Annotations/a.xml")
    labels, boxes = container.read(0)
    assert isinstance(labels, LabelImage)
    assert np.unique(labels.labels).tolist() == [0, 1, 2]
    assert labels.class_of == {1: 15, 2: 2}
    assert isinstance(boxes, Boxes)
    assert find_form(tree, "SegmentationClass/a.png") is FORMS["voc"]
    (tmp_path / "SegmentationObject" / "a.png").unlink()
    tree = open_tree(tmp_path)
    (mask,) = FORMS["voc"].open(tree, "SegmentationClass/a.png").read(0)
    assert isinstance(mask, ClassMask)
    assert mask.class_names[255] == "void"


def test_a_broken_mask_leaves_the_boxes(tmp_path) -> None:
    (tmp_path / "SegmentationObject").mkdir()
    (tmp_path / "SegmentationObject" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    container = opened(tmp_path, xml(box(1, 2, 3, 4)))
    assert [type(a) for a in container.read(0)] == [Boxes]
    assert "its mask is left out" in container.problems[0].message


@pytest.mark.parametrize(
    ("shape", "why"),
    [((5, 5), "have the sizes"), ((10, 20, 3), "palette picture was expected")],
)
def test_masks_that_do_not_fit_are_refused(shape, why, tmp_path) -> None:
    rng = np.random.default_rng(0)
    for folder, size in (
        ("SegmentationObject", (10, 20)),
        ("SegmentationClass", shape),
    ):
        (tmp_path / folder).mkdir()
        pixels = rng.integers(0, 3, size).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / folder / "a.png")
    container = FORMS["voc"].open(open_tree(tmp_path), "SegmentationObject/a.png")
    with pytest.raises(UnreadableFileError, match=why):
        container.read(0)


def test_pillow_sees_the_numbers_and_the_colours(tmp_path) -> None:
    (found,) = back("voc", tmp_path, small.class_mask())
    with Image.open(tmp_path / "SegmentationClass" / "train" / "a.png") as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), small.class_mask().classes)
        assert image.getpalette()[3:9] == [10, 20, 30, 200, 0, 7]
    assert found.class_colours[1] == (10, 20, 30)


def test_boxes_and_masks_of_one_picture_stay_apart(tmp_path) -> None:
    labels, boxes = back("voc", tmp_path, small.label_image(), small.boxes())
    assert_same(labels, small.label_image())
    assert_same(boxes, small.boxes())


def test_a_label_image_gets_a_box_an_object(tmp_path) -> None:
    back("voc", tmp_path, small.label_image())
    text = (tmp_path / "Annotations" / "train" / "a.xml").read_text()
    assert text.count("<object>") == 4
    assert "<segmented>1</segmented>" in text


def test_class_ids_that_no_palette_holds_are_numbered_anew(tmp_path) -> None:
    labels = LabelImage(small.label_image().labels, "", {900: "a"}, {1: 900})
    marked = Marked("a.png", SIZE, (labels,))
    FORMS["voc"].write(
        [marked], tmp_path, classes={900: "a", 0: "b"}, with_images=False
    )
    tree = open_tree(tmp_path)
    (found,) = FORMS["voc"].open(tree, "Annotations/a.xml").read(0)
    assert found.class_names[found.class_of[1]] == "a"


@pytest.mark.parametrize(
    ("values", "why"),
    [(np.full(SIZE, 300), "end at 254"), (np.ones((2, *SIZE), int), "one plane")],
)
def test_labels_that_no_palette_holds_are_refused(values, why, tmp_path) -> None:
    with pytest.raises(ExportError, match=why):
        back("voc", tmp_path, LabelImage(values.astype(np.int32)))


def test_class_ids_beyond_the_palette_are_refused(tmp_path) -> None:
    labels = LabelImage(small.label_image().labels, "", {900: "a"}, {1: 900})
    with pytest.raises(ExportError, match="class 900 does not fit"):
        written("voc", tmp_path, Marked("a.png", SIZE, (labels,)))


def test_two_masks_of_one_picture_are_refused(tmp_path) -> None:
    with pytest.raises(ExportError, match="two masks"):
        back("voc", tmp_path, small.label_image(), small.class_mask())


def test_a_class_mask_that_says_what_the_objects_say_is_no_second_mask(
    tmp_path,
) -> None:
    labels = small.label_image()
    of = np.array([labels.class_of.get(at, 0) for at in range(labels.labels.max() + 1)])
    names = {**labels.class_names}
    same = ClassMask(of[labels.labels].astype(np.int32), "", names)
    (again, *_) = back("voc", tmp_path, labels, same)
    np.testing.assert_array_equal(again.labels, labels.labels)
    other = ClassMask(same.classes, "", {key: f"other {key}" for key in names})
    with pytest.raises(ExportError, match="two masks"):
        back("voc", tmp_path / "other", labels, other)


def test_three_masks_of_one_picture_are_counted(tmp_path) -> None:
    with pytest.raises(ExportError, match="3 masks cannot share"):
        back("voc", tmp_path, *[small.label_image()] * 3)


def test_lossy_keeps_the_first_mask_and_the_boxes() -> None:
    found = (small.class_mask(), small.label_image(), small.boxes())
    kept = fit_all(Marked("a.png", SIZE, found), FORMS["voc"], lossy=True)
    assert [type(one) for one in kept] == [ClassMask, Boxes]


def test_edges_without_end_are_refused(tmp_path) -> None:
    with pytest.raises(ExportError, match="not a finite number"):
        back("voc", tmp_path, Boxes(np.array([[0, 0, np.inf, 1]])))


def test_real_files_of_the_challenge_open(real_samples) -> None:
    base = real_samples / "annotation_containers" / "datumaro_assets" / "tests"
    tree = open_tree(base / "assets" / "voc_dataset" / "voc_dataset1")
    assert find_form(tree, "Annotations/2007_000001.xml") is FORMS["voc"]
    container = FORMS["voc"].open(tree, "Annotations/2007_000001.xml")
    labels, boxes = container.read(0)
    assert labels.labels.shape == (10, 20)
    assert boxes.yxyx.tolist() == [[0.5, -0.5, 3.5, 2.5], [3.5, 2.5, 6.5, 5.5]]
    assert list(container.problems) == []


def test_real_files_of_labelme_open_with_their_palettes(real_samples) -> None:
    base = real_samples / "annotation_containers" / "labelme" / "examples"
    tree = open_tree(base / "instance_segmentation" / "data_dataset_voc")
    name = "SegmentationObject/2011_000003.png"
    (labels,) = FORMS["voc"].open(tree, name).read(0)
    assert labels.labels.shape == (338, 500)
    assert {labels.class_names[key] for key in labels.class_of.values()} <= set(
        tree.read("class_names.txt").decode().split()
    )
    tree = open_tree(base / "bbox_detection" / "data_dataset_voc")
    (boxes,) = FORMS["voc"].open(tree, "Annotations/2011_000003.xml").read(0)
    assert boxes.yxyx[0, 1] == 190.5
    assert "counted from 0" in boxes.source
