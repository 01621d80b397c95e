"""Masks as pictures and points as tables: what they hold, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import marked as small
import numpy as np
import pytest
import tifffile
from marked import SIZE, back
from PIL import Image

from napari_cellsets.core.annotation import ClassMask, LabelImage, MaskStack, Points
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS, Marked
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container


def opened(form: str, folder: Path, name: str) -> Container:
    return FORMS[form].open(open_tree(folder), name)


def coloured(folder: Path, name: str = "a.png") -> np.ndarray:
    pixels = np.zeros((*SIZE, 3), np.uint8)
    pixels[2:5, 2:5], pixels[8:9, 3:9] = (255, 0, 0), (0, 128, 0)
    Image.fromarray(pixels).save(folder / name)
    return pixels


def test_colours_are_classes_by_the_table_beside(tmp_path) -> None:
    coloured(tmp_path)
    rows = "class_id,class,red,green,blue\n7,nucleus,255,0,0\n3,rim,0,128,0\n"
    (tmp_path / "classes.csv").write_text(rows)
    (found,) = opened("class-mask", tmp_path, "a.png").read(0)
    assert found.classes[2, 2] == 7
    assert found.classes[8, 3] == 3
    assert found.class_names == {7: "nucleus", 3: "rim"}
    assert found.class_colours[7] == (255, 0, 0)


def test_without_a_table_each_colour_is_a_class(tmp_path) -> None:
    coloured(tmp_path)
    (found,) = opened("class-mask", tmp_path, "a.png").read(0)
    assert np.unique(found.classes).tolist() == [0, 1, 2]
    assert sorted(found.class_colours.values()) == [(0, 128, 0), (255, 0, 0)]


def test_a_colour_of_no_class_is_refused(tmp_path) -> None:
    coloured(tmp_path)
    (tmp_path / "classes.csv").write_text(
        "class_id,class,red,green,blue\n7,n,255,0,0\n"
    )
    with pytest.raises(UnreadableFileError, match=r"\(0, 128, 0\) belongs to no class"):
        opened("class-mask", tmp_path, "a.png").read(0)


def test_a_photograph_is_no_class_mask(tmp_path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    with pytest.raises(UnreadableFileError, match="a class mask a few"):
        opened("class-mask", tmp_path, "a.png").read(0)


def test_deep_colours_are_no_classes(tmp_path) -> None:
    pixels = np.arange(48, dtype=np.uint16).reshape(4, 4, 3)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    with pytest.raises(UnreadableFileError, match="colours of 8 bits"):
        opened("class-mask", tmp_path, "a.tif").read(0)


def test_broken_lines_of_tables_are_told(tmp_path) -> None:
    coloured(tmp_path)
    head = "class_id,class,red,green,blue\n"
    rows = f"{head}x,a,1,2,3\n4,b,999,0,0\n7,n,255,0,0\n3,,0,128,0\n"
    (tmp_path / "classes.csv").write_text(rows)
    container = opened("class-mask", tmp_path, "a.png")
    assert len(container.problems) == 2
    assert "classes.csv, line 2" in container.problems[0].message
    assert container.classes[3] == "3"


def test_a_broken_table_is_told_and_the_mask_stays(tmp_path) -> None:
    (found,) = back("instances", tmp_path, small.label_image())
    assert found.class_of
    table = tmp_path / "masks" / "train" / "a_objects.csv"
    table.write_text("label,class_id,class\nx,1,a\n2,9,b\n")
    container = opened("instances", tmp_path, "masks/train/a.tif")
    (found,) = container.read(0)
    assert found.class_of == {2: 9}
    assert found.class_names[9] == "b"
    assert "line 2" in container.problems[0].message
    table.write_text("a,b\n1,2\n")
    container = opened("instances", tmp_path, "masks/train/a.tif")
    assert container.read(0)[0].class_of == {}
    assert "left out" in container.problems[0].message


def test_stacks_of_labels_are_held_by_tiff_alone(tmp_path) -> None:
    labels = np.zeros((3, *SIZE), np.int32)
    labels[1, 2:5, 2:5] = 1
    (found,) = back("instances", tmp_path, LabelImage(labels))
    np.testing.assert_array_equal(found.labels, labels)
    for form, why in (("instances-png", "one plane"), ("binary-mask", "one plane")):
        with pytest.raises(ExportError, match=why):
            back(form, tmp_path, LabelImage(labels))
    with pytest.raises(ExportError, match="the mask is a stack"):
        back("class-mask", tmp_path, ClassMask(labels))
    with pytest.raises(ExportError, match="labels are a stack"):
        back("coco-panoptic", tmp_path, LabelImage(labels))


def test_large_labels_are_held_by_tiff_alone(tmp_path) -> None:
    labels = np.zeros(SIZE, np.int32)
    labels[0, 0] = 70_000
    (found,) = back("instances", tmp_path, LabelImage(labels))
    assert found.labels.max() == 70_000
    with pytest.raises(ExportError, match="ends at label 65,535"):
        back("instances-png", tmp_path, LabelImage(labels))
    with pytest.raises(ExportError, match="ends at class 255"):
        back("class-mask", tmp_path, ClassMask(labels))
    labels[0, 0] = 1 << 25
    with pytest.raises(ExportError, match="ids end at 16,777,215"):
        back("coco-panoptic", tmp_path, LabelImage(labels))


def test_a_binary_mask_refuses_what_it_would_join(tmp_path) -> None:
    labels = np.zeros(SIZE, np.int32)
    labels[2:5, 2:5], labels[5, 5] = 1, 2
    with pytest.raises(ExportError, match="objects that touch"):
        back("binary-mask", tmp_path, LabelImage(labels))
    labels[labels == 2] = 0
    labels[10, 10] = 1
    with pytest.raises(ExportError, match="in several parts"):
        back("binary-mask", tmp_path, LabelImage(labels))


def test_a_binary_mask_keeps_its_one_class(tmp_path) -> None:
    labels = np.zeros(SIZE, np.int32)
    labels[2:5, 2:5], labels[8, 8] = 4, 9
    found = LabelImage(labels, "", {2: "nucleus"}, {4: 2, 9: 2})
    (again,) = back("binary-mask", tmp_path, found)
    assert again.class_of == {1: 2, 2: 2}
    assert again.class_names[2] == "nucleus"


def test_planes_of_a_binary_stack_are_looked_at_one_by_one(tmp_path) -> None:
    stack = np.zeros((2, 5, 5), np.uint8)
    stack[:, 1:3, 1:3] = 255
    tifffile.imwrite(tmp_path / "a_mask.tif", stack)
    (found,) = opened("binary-mask", tmp_path, "a_mask.tif").read(0)
    assert found.labels.max() == 2


def test_two_annotations_of_a_kind_cannot_share_a_mask(tmp_path) -> None:
    for form in ("instances", "coco-panoptic"):
        with pytest.raises(ExportError, match="2 annotations cannot share"):
            back(form, tmp_path, small.label_image(), small.label_image())


def test_pages_of_another_size_are_told(tmp_path) -> None:
    with tifffile.TiffWriter(tmp_path / "a_stack.tif") as tiff:
        for shape in ((5, 5), (5, 5), (4, 4)):
            tiff.write(np.ones(shape, np.uint8), metadata=None)
    container = opened("mask-stack", tmp_path, "a_stack.tif")
    (found,) = container.read(0)
    assert len(found.masks) == 2
    assert "page 3" in container.problems[0].message


def test_an_object_without_pixels_stays_in_the_stack(tmp_path) -> None:
    stack = small.mask_stack()
    masks = [*stack.masks[:2], np.zeros((0, 0), bool)]
    empty = MaskStack(
        masks, stack.corners, SIZE, "", stack.class_names, stack.class_ids
    )
    (found,) = back("mask-stack", tmp_path, empty)
    assert [mask.size for mask in found.masks] == [30, 27, 0]
    assert found.class_ids.tolist() == [1, 3, 2]


def test_a_stack_beyond_memory_is_refused(tmp_path, monkeypatch) -> None:
    from napari_cellsets.formats.containers.masks import read

    monkeypatch.setattr(read, "MASKS_BYTES", 10)
    with pytest.raises(UnreadableFileError, match="too much memory"):
        back("mask-stack", tmp_path, small.mask_stack())


def test_a_cut_stack_is_refused(tmp_path) -> None:
    back("mask-stack", tmp_path, small.mask_stack())
    file = tmp_path / "mask_stacks" / "train" / "a.tif"
    container = opened("mask-stack", tmp_path, "mask_stacks/train/a.tif")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(UnreadableFileError, match="TIFF"):
        container.read(0)


def test_tifffile_and_pillow_see_what_was_written(tmp_path) -> None:
    back("mask-stack", tmp_path / "stack", small.mask_stack())
    pages = tifffile.imread(tmp_path / "stack" / "mask_stacks" / "train" / "a.tif")
    assert [int((page > 0).sum()) for page in pages] == [26, 27, 1]
    back("class-mask", tmp_path / "classes", small.class_mask())
    with Image.open(tmp_path / "classes" / "class_masks" / "train" / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(image), small.class_mask().classes)
        assert image.convert("RGB").getpixel((3, 2)) == (10, 20, 30)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a_labels.tif", "instances"),
        ("a_mask.tif", "binary-mask"),
        ("a_classes.tif", "class-mask"),
        ("a_mask_stack.tif", "mask-stack"),
        ("a.tif", None),
    ],
)
def test_masks_are_known_by_their_names_alone(name, form, tmp_path) -> None:
    tifffile.imwrite(tmp_path / name, np.zeros((4, 4), np.uint8))
    assert small.sniffed(tmp_path, name) == form


@pytest.mark.parametrize(
    "form", ["instances", "binary-mask", "class-mask", "mask-stack"]
)
def test_a_mask_file_is_of_one_picture(form, tmp_path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4), np.uint8))
    with pytest.raises(IndexError):
        opened(form, tmp_path, "a.tif").read(1)


def test_a_coordinate_without_end_is_refused_by_json(tmp_path) -> None:
    with pytest.raises(ExportError, match="not a finite number"):
        back("coco", tmp_path, Points(np.array([[np.nan, 1]])))
    assert not list(tmp_path.iterdir())


def test_deep_pictures_go_out_as_they_are(tmp_path) -> None:
    from napari_cellsets.core.image import Picture
    from napari_cellsets.formats.codecs import read_picture

    rng = np.random.default_rng(0)
    kinds = {
        "grey": Picture(rng.integers(0, 65535, (8, 9)).astype(np.uint16), "yx"),
        "one": Picture(rng.integers(0, 255, (8, 9, 1)).astype(np.uint8), "yxc"),
        "stack": Picture(rng.integers(0, 255, (3, 8, 9)).astype(np.uint8), "zyx"),
        "float": Picture(rng.random((8, 9)).astype(np.float32), "yx"),
    }
    marked = [
        Marked(f"{name}.tif", (8, 9), (), lambda p=picture: p)
        for name, picture in kinds.items()
    ]
    FORMS["coco"].write(marked, tmp_path, classes={}, with_images=True)
    tree = open_tree(tmp_path)
    container = FORMS["coco"].open(tree, "annotations.json")
    for item, picture in zip(container.items, kinds.values(), strict=True):
        found = read_picture(tree, f"images/{item.name}")
        np.testing.assert_array_equal(found.pixels.squeeze(), picture.pixels.squeeze())
