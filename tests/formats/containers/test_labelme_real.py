"""Published files of labelme."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from container_tools import around, assert_same, labels_of, opened
from labelme_files import FORM
from PIL import Image
from shapely.geometry import Polygon

from napari_cellsets.core.annotation import (
    ImageClass,
    Polygons,
)
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path


def test_every_shape_of_the_primitives_is_read(real_samples: Path) -> None:
    folder = real_samples / "annotation_containers/labelme/examples/primitives"
    held = opened(FORM, folder / "primitives.json")
    outlines, rectangles, positions = held.read(0)
    assert labels_of(outlines) == ["circle", "polygon", "line", "line_strip"]
    assert labels_of(rectangles) == ["rectangle", "rectangle"]
    assert labels_of(positions) == ["point"]
    assert not held.problems


def test_polygons_have_the_area_that_shapely_finds(real_samples: Path) -> None:
    place = "annotation_containers/labelme/examples/instance_segmentation"
    folder = real_samples / place / "data_annotated"
    for file in sorted(folder.glob("*.json")):
        (found,) = opened(FORM, file).read(0)
        assert isinstance(found, Polygons)
        areas = [
            Polygon(part[0]).area for outline in found.outlines for part in outline
        ]
        told = json.loads(file.read_text())["shapes"]
        wanted = [Polygon(one["points"]).area for one in told]
        assert sorted(areas) == pytest.approx(sorted(wanted))


def test_real_files_come_back(real_samples: Path, tmp_path: Path) -> None:
    folder = real_samples / "annotation_containers/labelme/examples"
    files = sorted(folder.glob("*/data_annotated/*.json"))
    assert len(files) == 8
    for number, file in enumerate(files):
        held = opened(FORM, file)
        found = held.read(0)
        size = held.items[0].size
        again = around(FORM, list(found), tmp_path / str(number), size)
        for one, other in zip(again, found, strict=True):
            assert_same(one, other)


def test_an_image_path_that_names_the_file_itself_is_no_name(
    real_samples: Path,
) -> None:
    folder = real_samples / "annotation_containers/labelme/examples/tutorial"
    held = opened(FORM, folder / "apc2016_obj3.json")
    assert held.items[0].name == ""
    with Image.open(
        io.BytesIO(FORM.inner(open_tree(folder), "apc2016_obj3.json"))
    ) as picture:
        assert picture.size == (1210, 907)
    assert held.items[0].size == (907, 1210)


def test_flags_class_the_pictures(real_samples: Path) -> None:
    place = "annotation_containers/labelme/examples/classification/data_annotated"
    folder = real_samples / place
    found = opened(FORM, folder / "0001.json").read(0)
    assert found == (ImageClass("cat", "0001.json"),)
