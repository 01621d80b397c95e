"""Files of Cx22: masks that overlap, opaque names, cuts of pictures."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from miniatures_cx22 import (
    MULTI_NAMES,
    MULTI_WH,
    MULTI_XY,
    PAIR_NAMES,
    PAIR_WH,
    PAIR_XY,
    box_of,
    pair_cells,
    source_picture,
    write_multi,
    write_pair,
    write_sources,
)

from napari_cellsets.core.annotation import Boxes, MaskStack
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.reading import Notes
from napari_cellsets.formats.files import open_tree
from napari_cellsets.formats.words.cx22 import annotations_of
from napari_cellsets.formats.words.cx22_canvas import Sources, canvas_of, missing
from napari_cellsets.formats.words.cx22_files import (
    Crop,
    count_images,
    read_crops,
    read_names,
    read_table,
    strings_of,
)

if TYPE_CHECKING:
    from pathlib import Path


NAMES = "generator/ImageDataNames.mat"
XY, WH = "generator/ROIs_x_y.mat", "generator/ROIs_W_H.mat"


def full(stack: MaskStack, number: int) -> np.ndarray:
    whole = np.zeros(stack.shape, bool)
    (top, left), mask = stack.corners[number], stack.masks[number]
    whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return whole


def marked(root: Path, image: int) -> tuple[MaskStack, Boxes]:
    tree = open_tree(root)
    notes = Notes("", "")
    stack, boxes = annotations_of(tree, tree.names(), image, notes)
    assert isinstance(stack, MaskStack)
    assert isinstance(boxes, Boxes)
    assert notes.problems == []
    return stack, boxes


# Decoding


def test_overlapping_masks_are_kept_apart_and_upright(tmp_path: Path) -> None:
    root = write_pair(tmp_path)
    for image, (cytoplasms, nuclei) in enumerate(pair_cells()):
        stack, _ = marked(root, image)
        for number, mask in enumerate([*cytoplasms, *nuclei]):
            np.testing.assert_array_equal(full(stack, number), mask)
        assert list(stack.class_ids) == [1, 1, 2, 2]
    overlap = full(marked(root, 0)[0], 0) & full(marked(root, 0)[0], 1)
    assert overlap.any()


def test_nuclei_are_found_in_their_cytoplasms_by_place(tmp_path: Path) -> None:
    root = write_pair(tmp_path)
    assert marked(root, 0)[0].properties["cell"] == ["1", "2", "2", "1"]
    root = write_multi(tmp_path)
    cells = marked(root, 0)[0].properties["cell"]
    assert cells[:4] == ["1", "2", "3", "4"]
    assert [cell.split(" or ")[0] for cell in cells[4:]] != ["1", "2", "3", "4"]


def test_nucleus_in_an_overlap_has_two_cells(tmp_path: Path) -> None:
    cells = pair_cells()
    cells[0][1][0] = cells[0][0][0] & cells[0][0][1]
    from miniatures_cx22 import write_part

    root = write_part(tmp_path / "Cx22-Pair", cells, PAIR_NAMES, PAIR_XY, PAIR_WH)
    assert marked(root, 0)[0].properties["cell"][2] == "1 or 2"


def test_boxes_are_rows_and_columns_with_exclusive_ends(tmp_path: Path) -> None:
    root = write_pair(tmp_path)
    for image, (cytoplasms, nuclei) in enumerate(pair_cells()):
        _, boxes = marked(root, image)
        expected = [box_of(mask) for mask in (*cytoplasms, *nuclei)]
        np.testing.assert_array_equal(boxes.yxyx, np.asarray(expected) - 0.5)
        assert list(boxes.class_ids) == [1, 1, 2, 2]


def test_names_are_found_in_an_opaque_string(tmp_path: Path) -> None:
    tree = open_tree(write_pair(tmp_path))
    assert read_names(tree, NAMES) == list(PAIR_NAMES)


def test_names_are_found_under_another_name(tmp_path: Path) -> None:
    root = write_pair(tmp_path)
    with h5py.File(root / NAMES, "r+") as file:
        file["#refs#"].move("c", "zz")
        file["#refs#"]["aa"] = np.arange(9, dtype=np.uint64)
    assert read_names(open_tree(root), NAMES) == list(PAIR_NAMES)


@given(st.lists(st.text(st.characters(codec="utf-16-le"), max_size=9), min_size=1))
def test_any_strings_are_read_back(texts: list[str]) -> None:
    packed = "".join(texts).encode("utf-16-le")
    words = np.frombuffer(packed + bytes(-len(packed) % 8), np.uint64)
    lengths = [len(text.encode("utf-16-le")) // 2 for text in texts]
    head = np.asarray([1, 2, len(texts), 1, *lengths], np.uint64)
    assert strings_of(np.concatenate([head, words])) == texts


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12))
def test_any_other_numbers_are_no_strings_or_few(numbers: list[int]) -> None:
    found = strings_of(np.asarray(numbers, np.uint64))
    assert found is None or len(found) <= len(numbers)


def test_crops_are_x_y_width_and_height(tmp_path: Path) -> None:
    crops = read_crops(open_tree(write_pair(tmp_path)), NAMES, XY, WH)
    expected = zip(PAIR_NAMES, PAIR_XY, PAIR_WH, strict=True)
    assert crops == [Crop(name, *xy, *wh) for name, xy, wh in expected]
    (large,) = read_crops(open_tree(write_multi(tmp_path)), NAMES, XY, WH)
    assert large.scale == 512 / 800
    assert crops[0].scale == 1


def test_tables_of_different_lengths_are_refused(tmp_path: Path) -> None:
    root = write_pair(tmp_path)
    other = write_multi(tmp_path)
    (root / XY).write_bytes((other / XY).read_bytes())
    with pytest.raises(UnreadableFileError, match="3 names, 1 places and 3 sizes"):
        read_crops(open_tree(root), NAMES, XY, WH)


def test_masks_of_another_size_and_empty_ones_are_told(tmp_path: Path) -> None:
    root = write_pair(tmp_path)
    with h5py.File(root / "cyto/cyto_ins.mat", "r+") as file:
        file["#refs#/m0_0"][...] = 0
        del file["#refs#/m0_1"]
        inner = file["#refs#/c0"]
        small = file["#refs#"].create_dataset("s", data=np.ones((9, 9), np.uint8))
        inner[0, 1] = small.ref
    tree, notes = open_tree(root), Notes("cyto_ins.mat", "cyto_ins.mat")
    stack, _ = annotations_of(tree, tree.names(), 0, notes)
    assert list(stack.class_ids) == [2, 2]
    told = [problem.message for problem in notes.problems]
    assert "cyto_ins{1}{1}: its mask is empty" in told[0]
    assert "cyto_ins{1}{2}: a mask of 512 x 512 pixels was expected" in told[1]


@pytest.mark.parametrize("length", [0, 100, 600, 3000])
def test_truncated_files_are_refused(length: int, tmp_path: Path) -> None:
    root = write_pair(tmp_path)
    for name in (NAMES, "cyto/cyto_ins.mat"):
        (root / name).write_bytes((root / name).read_bytes()[:length])
    tree = open_tree(root)
    with pytest.raises(UnreadableFileError, match=r"no whole MATLAB 7\.3 file"):
        read_names(tree, NAMES)
    with pytest.raises(UnreadableFileError, match=r"no whole MATLAB 7\.3 file"):
        annotations_of(tree, tree.names(), 0, Notes("", ""))


@pytest.mark.parametrize("image", [-1, 3, 10**9])
def test_image_that_is_not_there_is_refused(image: int, tmp_path: Path) -> None:
    tree = open_tree(write_pair(tmp_path))
    with pytest.raises(UnreadableFileError, match="there is no element"):
        annotations_of(tree, tree.names(), image, Notes("", ""))


def test_file_without_strings_or_tables_is_refused(tmp_path: Path) -> None:
    tree = open_tree(write_pair(tmp_path))
    with pytest.raises(UnreadableFileError, match="there is no string in it"):
        read_names(tree, "nuc/nuc_ins_bbox.mat")
    with pytest.raises(UnreadableFileError, match=r"no whole MATLAB 7\.3 file"):
        read_table(tree, XY, "ROIs_W_H")


def test_table_of_other_columns_holds_no_boxes(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "cyto_ins_bbox.mat", "w") as file:
        held = file.create_dataset("#refs#/b", data=np.zeros((3, 2)))
        file.create_dataset("cyto_ins_bbox", data=[[held.ref]], dtype=h5py.ref_dtype)
    tree = open_tree(tmp_path)
    with pytest.raises(UnreadableFileError, match="holds no boxes"):
        annotations_of(tree, ["cyto_ins_bbox.mat"], 0, Notes("", ""))


# Pictures


def test_image_is_cut_from_its_picture() -> None:
    crop = Crop("00001", 94, 100, 232, 168)
    picture = source_picture("00001")
    canvas = canvas_of(crop, picture)
    np.testing.assert_array_equal(canvas[:168, :232], picture[100:268, 94:326])
    assert (canvas[168:] == 255).all()
    assert (canvas[:, 232:] == 255).all()


def test_large_cut_is_made_smaller() -> None:
    crop = Crop(MULTI_NAMES[0], *MULTI_XY[0], *MULTI_WH[0])
    canvas = canvas_of(crop, source_picture("00477"))
    inked = (canvas != 255).any(axis=2)
    assert inked.any(axis=0).nonzero()[0][-1] == 511
    assert inked.any(axis=1).nonzero()[0][-1] == 383


@pytest.mark.parametrize("xy", [(2040, 1530), (2100, 0), (-50, -50)])
def test_cut_that_leaves_its_picture_is_clipped(xy: tuple[int, int]) -> None:
    canvas = canvas_of(Crop("00001", *xy, 100, 100), source_picture("00001"))
    assert canvas.shape == (512, 512, 3)


def test_without_its_picture_an_image_is_white() -> None:
    assert (canvas_of(Crop("00001", 0, 0, 9, 9), None) == 255).all()


@pytest.mark.parametrize("place", ["CCEDD/label_correct/png", "ccedd/png", "png"])
def test_pictures_of_ccedd_are_found_beside(place: str, tmp_path: Path) -> None:
    root = write_pair(tmp_path / "sets")
    write_sources(tmp_path / "sets" / place)
    sources, tree = Sources(), open_tree(root)
    assert sources.known(tree)
    found = sources.picture(tree, "00001")
    np.testing.assert_array_equal(found, source_picture("00001"))
    assert sources.picture(tree, "00099") is None


def test_without_ccedd_there_are_no_pictures(tmp_path: Path) -> None:
    root = write_pair(tmp_path / "sets")
    write_sources(tmp_path / "sets" / "Cx22-Pair" / "numbers")
    assert not Sources().known(open_tree(root))


def test_files_that_nobody_uses_any_more_are_let_go(tmp_path: Path) -> None:
    root = write_pair(tmp_path / "sets")
    write_sources(root / "png")
    tree = open_tree(root)
    assert missing(tree) == ""
    gone = weakref.ref(tree)
    del tree
    gc.collect()
    assert gone() is None


# Real files


def test_real_names_boxes_and_cuts_are_read(real_samples: Path) -> None:
    tree = open_tree(real_samples / "cx22" / "Cx22-Pair")
    crops = read_crops(tree, NAMES, XY, WH)
    assert len(crops) == count_images(tree, "cyto/cyto_ins_bbox.mat", "cyto_ins_bbox")
    assert len(crops) == 820
    assert len({crop.name for crop in crops}) == 413
    assert all(crop.scale == 1 for crop in crops)
    assert all(len(crop.name) == 5 and crop.name.isdigit() for crop in crops)
    numbers = read_table(tree, "CellNum.mat", "CellNum")
    assert numbers.shape == (820, 1)
    assert numbers.sum() == 1640


def test_real_boxes_lie_in_their_cuts(real_samples: Path) -> None:
    tree = open_tree(real_samples / "cx22" / "Cx22-Pair")
    crops = read_crops(tree, NAMES, XY, WH)
    for image in range(0, 820, 41):
        (boxes,) = annotations_of(tree, tree.names(), image, Notes("", ""))
        upper, left, lower, right = boxes.yxyx.T
        assert (upper < lower).all()
        assert (left < right).all()
        assert lower.max() <= crops[image].height + 0.5
        assert right.max() <= crops[image].width + 0.5
        assert list(boxes.class_ids) == [1, 1, 2, 2]
