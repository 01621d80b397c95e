"""What all readers and writers of containers share."""

from __future__ import annotations

import json
import math

import marked as small
import numpy as np
import pytest
from marked import SIZE

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.convert import Lost, to_boxes, to_stack
from napari_cellsets.formats.containers.reading import (
    BadObject,
    find_beside,
    number,
    ring_of,
    size_of,
    whole,
)
from napari_cellsets.formats.containers.writing import Categories, one_file, write_json
from napari_cellsets.formats.files import open_tree


@pytest.mark.parametrize(("value", "wanted"), [(3, 3.0), ("2.5", 2.5), (" -1 ", -1.0)])
def test_numbers_may_be_texts(value, wanted) -> None:
    assert number(value) == wanted


@pytest.mark.parametrize(
    "value", [None, True, [], {}, "x", "", math.nan, math.inf, "1e400", 10**400, 1e8]
)
def test_what_is_no_number_is_told(value) -> None:
    with pytest.raises(BadObject, match="the width is"):
        number(value, "the width")


def test_fractions_are_not_whole() -> None:
    assert whole("4.0") == 4
    with pytest.raises(BadObject, match=r"a number is 4\.5"):
        whole(4.5)


@pytest.mark.parametrize(
    "size", [(0, 5), (5, -1), (1e9, 1e9), ("a", 3), (None, 3), (2.5, 3)]
)
def test_impossible_sizes_are_none(size) -> None:
    assert size_of(*size) is None


def test_sizes_may_be_texts() -> None:
    assert size_of("10", 20.0) == (10, 20)


def test_a_closed_ring_is_opened() -> None:
    assert len(ring_of([0, 0, 4, 0, 4, 4, 0, 0])) == 3


@pytest.mark.parametrize(
    ("xy", "why"),
    [
        ([[1, 2, 3], [4, 5, 6], [7, 8, 9]], "no pairs"),
        ([[1, 2], [3], [4, 5]], "no numbers"),
        ([1, 2, 1, 2, 1, 2], "enclose nothing"),
        ([None, 1, 2, 3, 4, 5], "not finite"),
        ([1, 2, 3, 4, 10**400, 6], "no numbers"),
    ],
)
def test_broken_rings_are_told(xy, why) -> None:
    if xy == [1, 2, 1, 2, 1, 2]:
        xy = xy[:4]
    with pytest.raises(BadObject, match=why):
        ring_of(xy)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("a.png", "images/train/a.png"),
        ("gone/folder/a.png", "images/train/a.png"),
        ("images/val/a.png", "images/val/a.png"),
        ("val\\a.png", "images/val/a.png"),
        ("A.PNG", "images/train/a.png"),
        ("b", "images/val/b.png"),
        ("b.bmp", "images/val/b.png"),
        ("c.png", None),
    ],
)
def test_files_are_found_though_folders_and_endings_are_gone(
    wanted, found, tmp_path
) -> None:
    for name in (
        "images/train/a.png",
        "images/val/a.png",
        "images/val/b.png",
        "l/x.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    tree = open_tree(tmp_path)
    assert find_beside(tree, "l/x.json", wanted, ("images/train",), (".png",)) == found


def test_the_nearest_of_several_files_is_taken(tmp_path) -> None:
    for name in ("a/classes.txt", "b/classes.txt", "classes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    tree = open_tree(tmp_path)
    assert find_beside(tree, "b/1.txt", "classes.txt") == "b/classes.txt"


def test_classes_without_a_name_share_one(tmp_path) -> None:
    table = Categories({1: "a"})
    assert table.id_of(1, "a") == 1
    assert table.id_of(7, "b") == 7
    assert table.id_of(7, "c") == 8
    assert table.id_of(None, "") == table.id_of(-1, "x") == 9
    assert table.names == {1: "a", 7: "b", 8: "c", 9: "object"}


def test_an_output_may_be_a_file_or_a_folder(tmp_path) -> None:
    assert one_file(tmp_path, "a.json") == tmp_path / "a.json"
    assert one_file(tmp_path / "b.JSON", "a.json") == tmp_path / "b.JSON"


def test_json_without_numbers_is_not_written(tmp_path) -> None:
    with pytest.raises(ExportError, match="not a finite number"):
        write_json(tmp_path / "a.json", {"x": math.nan})
    assert list(tmp_path.iterdir()) == []
    assert json.loads(write_json(tmp_path / "a.json", [1]).read_text()) == [1]


def test_points_have_no_masks_and_turned_boxes_no_upright_ones() -> None:
    with pytest.raises(Lost, match="no extent"):
        to_stack(small.points(), SIZE, lossy=True)
    with pytest.raises(Lost, match="upright boxes only"):
        to_boxes(small.turned_boxes(), SIZE, lossy=False)
    edges = to_boxes(small.turned_boxes(), SIZE, lossy=True).yxyx
    assert (edges[:, 2:] > edges[:, :2]).all()


@pytest.mark.parametrize("key", list(FORMS))
def test_every_form_says_what_it_is(key) -> None:
    form = FORMS[key]
    assert form.key == key
    assert form.title
    assert form.kinds
    assert form.sniff("a.bin", b"\0\1\2") is False


@pytest.mark.parametrize("key", list(FORMS))
def test_no_form_takes_random_bytes_for_its_own(key) -> None:
    rng = np.random.default_rng(0)
    for name in ("a.json", "a.xml", "a.txt", "a.csv", "a.zip", "a_mask.png"):
        assert not FORMS[key].sniff(name, rng.bytes(500))
