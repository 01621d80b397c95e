from __future__ import annotations

from napari_cellsets.formats.containers.base import Item
from napari_cellsets.formats.words.joining import Items, nearest


def files(items: Items, image: str) -> list[tuple[str, int]]:
    return [(place.file, place.position) for place in items.of(image)]


def test_item_without_suffix_or_folder_is_found() -> None:
    items = Items([("a.json", [Item("B_1"), Item("A_2")])])
    assert files(items, "images/A/A_2.jpg") == [("a.json", 1)]


def test_path_decides_between_equal_names() -> None:
    items = Items([("a.json", [Item("train/1.jpg"), Item("val\\1.jpg")])])
    assert files(items, "images/val/1.jpg") == [("a.json", 1)]
    assert files(items, "images/train/1.jpg") == [("a.json", 0)]


def test_name_of_the_file_decides_where_items_have_no_folder() -> None:
    both = [Item("1.jpg")]
    items = Items([("ann/inst_train.json", both), ("ann/inst_val.json", both)])
    assert files(items, "images/val/1.jpg") == [("ann/inst_val.json", 0)]


def test_file_in_the_folder_of_the_picture_decides() -> None:
    both = [Item("1.jpg")]
    items = Items([("tr/_ann.json", both), ("va/_ann.json", both)])
    assert files(items, "va/1.jpg") == [("va/_ann.json", 0)]


def test_two_files_that_know_a_picture_equally_well_both_count() -> None:
    both = [Item("1.jpg")]
    items = Items([("boxes.json", both), ("points.json", both)])
    assert files(items, "1.jpg") == [("boxes.json", 0), ("points.json", 0)]


def test_names_must_be_equal_where_the_row_says_so() -> None:
    items = Items([("a.json", [Item("1.png")])], "name")
    assert files(items, "1.jpg") == []
    assert files(items, "1.PNG") == [("a.json", 0)]


def test_item_without_a_name_is_that_of_its_file() -> None:
    items = Items([("ann/slide 3.tif.geojson", [Item("")])])
    assert files(items, "pictures/slide 3.tif") == [("ann/slide 3.tif.geojson", 0)]


def test_nearest_file_lies_in_the_most_similar_folders() -> None:
    found = ("labels/train/1.txt", "labels/val/1.txt")
    assert nearest("images/val/1.jpg", found) == ("labels/val/1.txt",)
    assert nearest("x/1.jpg", found) == found
