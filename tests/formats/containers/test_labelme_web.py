"""The XML of the LabelMe web tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from container_tools import labels_of, of_text
from labelme_files import FORM
from PIL import Image

from napari_cellsets.core.annotation import (
    MaskStack,
    Polygons,
)
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.base import find_form
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path


def test_all_kinds_of_objects_are_read(real_samples: Path) -> None:
    place = "annotation_containers/datumaro_assets/tests/assets/labelme_dataset"
    tree = open_tree(real_samples / place)
    name = "Annotations/subset1/img1.xml"
    form = find_form(tree, name)
    assert form is FORM
    held = form.open(tree, name)
    assert held.items[0].name == "subset1/img1.png"
    outlines, masks, rectangles = held.read(0)
    assert labels_of(outlines) == ["window", "o1", "q1", "hg"]
    assert labels_of(masks) == ["license plate", "m1"]
    assert labels_of(rectangles) == ["b1"]
    assert isinstance(outlines, Polygons)
    assert outlines.properties["parent"] == [None, None, "2", "5"]
    assert isinstance(masks, MaskStack)
    assert masks.shape == (77, 102)
    plane = np.array(Image.open(tree.root / "Masks/subset1/img1_mask_5.png"))
    wanted = plane.astype(bool)
    wanted = wanted.any(axis=2) if wanted.ndim == 3 else wanted
    assert masks.masks[1].sum() == wanted.sum()
    assert not held.problems


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("<polygon><pt><x>1</x><y>2</y></pt></polygon>", "1 points"),
        ("<polygon><pt><x>a</x><y>2</y></pt></polygon>", "no numbers"),
        ("<segm><mask>none.png</mask></segm>", "cannot be read"),
        ("<segm><mask>../../x.png</mask></segm>", "no name of a mask"),
        ("", "no polygon and no mask"),
    ],
)
def test_broken_objects_are_told(tmp_path: Path, inner: str, said: str) -> None:
    text = f"<annotation><object><name>a</name>{inner}</object></annotation>"
    held = of_text(FORM, "a.xml", text, tmp_path)
    assert held.read(0) == ()
    assert said in held.problems[0].message


def test_deleted_objects_are_left_out(tmp_path: Path) -> None:
    text = "<annotation><object><deleted>1</deleted></object></annotation>"
    held = of_text(FORM, "a.xml", text, tmp_path)
    assert held.read(0) == ()
    assert not held.problems


def test_other_xml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="begins with <html>"):
        of_text(FORM, "a.xml", "<html/>", tmp_path)


def test_entities_are_refused(tmp_path: Path) -> None:
    text = '<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>'
    with pytest.raises(UnreadableFileError, match="entities"):
        of_text(FORM, "a.xml", text, tmp_path)
