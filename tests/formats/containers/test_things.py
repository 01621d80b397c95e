from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from container_tools import SIZE, save
from PIL import Image

from napari_cellsets.core.annotation import (
    Boxes,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.containers import gather
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.convert import NO_CLASS
from napari_cellsets.formats.containers.ellipses import ellipse_of, turned_box
from napari_cellsets.formats.containers.gather import Gatherer, tight
from napari_cellsets.formats.containers.one_file import OneFile, mask_from_png
from napari_cellsets.formats.containers.reading import BadObject
from napari_cellsets.formats.containers.things import (
    escaped,
    plain,
    things,
    together,
    unescaped,
)

if TYPE_CHECKING:
    from pathlib import Path

RING = np.array([[1.5, 2], [1.5, 9], [8.1, 9]])
HOLED = RING * [1, np.nan]


@pytest.mark.parametrize("key", ["labelme", "cvat", "label-studio", "via", "imagej"])
@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Polygons([((HOLED,),)]), "not a finite number"),
        (Polygons([((RING[:2],),)]), "too few points"),
        (Polygons([()]), "too few points"),
        (Polygons([((RING[:1],),)], open=np.array([True])), "too few points"),
        (Boxes(np.array([[1.0, 2, np.inf, 4]])), "not a finite number"),
        (Points(np.array([[1.0, np.nan]])), "not a finite number"),
    ],
)
def test_what_can_be_written_nowhere_is_refused(
    tmp_path: Path, key: str, wanted: Polygons, said: str
) -> None:
    if (
        key == "label-studio"
        and isinstance(wanted, Polygons)
        and wanted.open is not None
    ):
        said = "open lines"
    with pytest.raises(ExportError, match=said):
        save(FORMS[key], [wanted], tmp_path)


def test_objects_of_the_one_class_are_called_by_it() -> None:
    found = list(things(Points(np.zeros((2, 2)), class_names={4: "cell"}), {}))
    assert [(one.label, one.class_id) for one in found] == [("cell", 4)] * 2


def test_ids_without_name_are_called_by_number() -> None:
    ids = np.array([0, 5, 6, NO_CLASS])
    wanted = Points(np.zeros((4, 2)), class_ids=ids, class_names={5: "a"})
    assert [one.label for one in things(wanted, {6: "b"})] == ["0", "a", "b", ""]


def test_label_images_have_no_things_until_they_are_fitted() -> None:
    assert not list(things(LabelImage(np.zeros((2, 2), np.int32)), {}))


def test_properties_that_are_missing_are_left_out() -> None:
    told = {"a": [None, 1], "b": np.array([np.nan, 2.5]), "c": [(1, 2), {3: None}]}
    found = list(things(Points(np.zeros((2, 2)), properties=told), {}))
    assert found[0].properties == {"c": [1, 2]}
    assert found[1].properties == {"a": 1, "b": 2.5, "c": {"3": None}}


def test_values_become_plain() -> None:
    assert plain(np.float32(1.5)) == 1.5
    assert plain(SIZE) == [40, 50]
    assert plain(Ellipsis) == "Ellipsis"


@pytest.mark.parametrize("key", ["id", "id_", "id__", "other", "other_", ""])
def test_escaped_keys_come_back_and_hit_nothing(key: str) -> None:
    assert escaped(key, {"id"}) != "id"
    assert unescaped(escaped(key, {"id"}), {"id"}) == key


def test_only_points_of_one_set_and_class_are_together() -> None:
    told = {"set": [1, 2, 1, None, 1]}
    ids, names = np.array([1, 1, 1, 1, 2]), {1: "a", 2: "b"}
    wanted = Points(
        np.arange(10.0).reshape(5, 2), class_ids=ids, class_names=names, properties=told
    )
    groups = together(things(wanted, {}))
    rows = [[one.shape[0] for one in group] for group in groups]
    assert rows == [[0, 4], [2], [6], [8]]


def test_masks_are_counted_before_they_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gather, "MASKS_BYTES", 10)
    gathered = Gatherer("", {}, size=SIZE)
    gathered.mask(np.ones((3, 3), bool), (0, 0))
    with pytest.raises(BadObject, match="too much memory"):
        gathered.mask(np.ones((2, 1), bool), (0, 0))
    (found,) = gathered.annotations()
    assert isinstance(found, MaskStack)
    assert len(found.masks) == 1


def test_columns_without_end_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "MOST_VALUES", 10)
    gathered = Gatherer("", {})
    gathered.point((0, 0), properties={str(number): 1 for number in range(1000)})
    (found,) = gathered.annotations()
    assert isinstance(found, Points)
    assert len(found.properties) == gather.MOST_COLUMNS


def test_all_columns_of_a_wide_table_are_kept() -> None:
    gathered = Gatherer("", {})
    gathered.point((0, 0), properties={str(number): 1 for number in range(1000)})
    (found,) = gathered.annotations()
    assert len(found.properties) == 1000


def test_a_column_without_a_value_is_left_out_and_one_of_no_is_kept() -> None:
    gathered = Gatherer("", {})
    gathered.point((0, 0), properties={"seen": False, "said": None})
    (found,) = gathered.annotations()
    assert found.properties == {"seen": [False]}


def test_a_mask_without_pixels_is_kept_in_its_place() -> None:
    gathered = Gatherer("", {}, size=SIZE)
    gathered.mask(np.zeros((0, 0), bool), (0, 0))
    gathered.mask(np.ones((1, 1), bool), (1, 1))
    (found,) = gathered.annotations()
    assert [mask.size for mask in found.masks] == [0, 1]


def test_an_empty_mask_has_no_box() -> None:
    with pytest.raises(BadObject, match="empty"):
        tight(np.zeros((3, 3), bool))


@pytest.mark.parametrize(
    "told",
    [None, 3, [1, 2], [1, 2, 3, 4, "x"], [1, 2, 0, 4, 5], [None] * 5, [1, 1, 2, 2, 0]],
)
def test_what_was_no_ellipse_is_none(told: object) -> None:
    assert ellipse_of(((RING,),), {"ellipse": told}) is None


def test_corners_in_one_place_make_no_rectangle() -> None:
    with pytest.raises(BadObject, match="of no rectangle"):
        turned_box(np.zeros((4, 2)))


def test_a_file_in_memory_knows_its_own_name_only() -> None:
    tree = OneFile("a", b"xyz", "/place")
    assert (list(tree.names()), tree.size("a"), tree.head("a", 2)) == (["a"], 3, b"xy")
    assert tree.local_path("a") is None
    with pytest.raises(UnreadableFileError, match="no such file"):
        tree.read("b")


def test_a_mask_of_several_planes_is_none() -> None:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.ones((5, 6, 7), np.uint8), metadata={"axes": "ZYX"})
    with pytest.raises(BadObject, match="more than one plane"):
        mask_from_png(buffer.getvalue(), "/place")


def test_a_mask_in_colour_is_set_where_any_channel_is() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[0, 1, 2] = 9
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    mask = mask_from_png(buffer.getvalue(), "/place")
    assert np.argwhere(mask).tolist() == [[0, 1]]
