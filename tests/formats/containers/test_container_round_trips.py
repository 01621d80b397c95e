"""What every form of ours writes comes back equal."""

from __future__ import annotations

import marked as small
import numpy as np
import pytest
from marked import CLASSES, SIZE, assert_same, back, picture, sniffed, written

from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.formats.codecs import read_picture
from napari_cellsets.formats.containers.base import FORMS, Marked
from napari_cellsets.formats.files import open_tree

HELD = [
    ("coco", small.polygons),
    ("coco", small.mask_stack),
    ("coco", small.boxes),
    ("coco", small.points),
    ("coco-panoptic", small.label_image),
    ("yolo", small.polygons),
    ("yolo", small.boxes),
    ("yolo", small.turned_boxes),
    ("voc", small.boxes),
    ("voc", small.label_image),
    ("voc", small.class_mask),
    ("points-csv", small.points),
    ("instances", small.label_image),
    ("instances-png", small.label_image),
    ("class-mask", small.class_mask),
    ("mask-stack", small.mask_stack),
]
OURS = [*dict.fromkeys(key for key, _ in HELD), "binary-mask"]


@pytest.mark.parametrize(("form", "make"), HELD)
def test_what_a_form_holds_comes_back_equal(form, make, tmp_path) -> None:
    (found,) = back(form, tmp_path, make())
    assert_same(found, make())


@pytest.mark.parametrize(("form", "make"), HELD)
def test_with_images_it_comes_back_equal_and_so_does_the_picture(
    form, make, tmp_path
) -> None:
    (found,) = back(form, tmp_path, make(), images=True)
    assert_same(found, make())
    tree = open_tree(tmp_path)
    (name,) = (n for n in tree.names() if n.split("/")[0] in ("images", "JPEGImages"))
    np.testing.assert_array_equal(read_picture(tree, name).pixels, picture().pixels)


@pytest.mark.parametrize("form", OURS)
def test_a_picture_without_marks_comes_back_empty(form, tmp_path) -> None:
    found = back(form, tmp_path)
    assert not any(
        getattr(annotation, "labels", getattr(annotation, "classes", np.zeros(0))).any()
        for annotation in found
    )
    assert not any(getattr(a, "masks", ()) for a in found)


@pytest.mark.parametrize("form", OURS)
def test_problems_are_told_of_no_file_that_we_wrote(form, tmp_path) -> None:
    marked = Marked("a.png", SIZE, (dict(HELD)[form](),) if form in dict(HELD) else ())
    container = written(form, tmp_path, marked)
    container.read(0, SIZE)
    assert list(container.problems) == []


@pytest.mark.parametrize("form", ["coco", "coco-panoptic", "points-csv"])
def test_one_file_speaks_of_many_pictures(form, tmp_path) -> None:
    make = dict(HELD)[form]
    pictures = [Marked(f"{name}.png", SIZE, (make(),)) for name in "abc"]
    container = written(form, tmp_path, *pictures, Marked("d.png", SIZE))
    assert [item.name for item in container.items] == [f"{n}.png" for n in "abcd"]
    for index in range(3):
        (found,) = container.read(index, SIZE)
        assert_same(found, make())
    assert not any(np.any(a.labels) for a in container.read(3) if hasattr(a, "labels"))


@pytest.mark.parametrize("form", ["coco", "coco-panoptic", "points-csv", "yolo", "voc"])
def test_our_own_files_are_recognised(form, tmp_path) -> None:
    files = FORMS[form].write(
        [Marked("a.png", SIZE, (dict(HELD)[form](),))],
        tmp_path,
        classes=CLASSES,
        with_images=False,
    )
    assert sniffed(tmp_path, files[0].relative_to(tmp_path).as_posix()) == form


@pytest.mark.parametrize("form", ["coco", "yolo", "voc", "mask-stack", "coco-panoptic"])
def test_a_label_image_survives_every_form_that_holds_masks(form, tmp_path) -> None:
    from napari_cellsets.formats.containers.fit import fit

    found = fit(back(form, tmp_path, small.label_image())[0], FORMS["instances"], SIZE)
    assert isinstance(found, LabelImage)
    np.testing.assert_array_equal(found.labels, small.label_image().labels)
    assert small.names_of(found) == small.names_of(small.label_image())


def test_a_binary_mask_keeps_objects_that_do_not_touch(tmp_path) -> None:
    labels = np.zeros(SIZE, np.int32)
    labels[2:5, 2:5], labels[8:12, 20:25] = 1, 2
    (found,) = back("binary-mask", tmp_path, LabelImage(labels))
    np.testing.assert_array_equal(found.labels, labels)


def test_a_class_of_number_zero_is_kept(tmp_path) -> None:
    for form in ("coco", "yolo"):
        boxes = small.boxes()
        marked = Marked(
            "a.png",
            SIZE,
            (type(boxes)(boxes.yxyx, "", {0: "zero"}, np.zeros(3, int)),),
        )
        files = FORMS[form].write(
            [marked], tmp_path / form, classes={0: "zero"}, with_images=False
        )
        tree = open_tree(tmp_path / form)
        name = files[0].relative_to(tmp_path / form).as_posix()
        (found,) = FORMS[form].open(tree, name).read(0, SIZE)
        assert found.class_ids.tolist() == [0, 0, 0]
        assert found.class_names == {0: "zero"}
