"""Drops of sets of which a part is broken or oddly named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets._napari.reader import read
from napari_cellsets.core.errors import CellsetsError
from small_sets import NAMES, labels_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel

    from napari_cellsets._napari.session import Session


def test_unreadable_first_picture_keeps_no_other_from_opening(
    set_path: Path, session: Session, viewer: ViewerModel
) -> None:
    first = set_path / "images" / "a1.png"
    first.write_bytes(b"")
    image, truth = read(str(set_path))
    assert image.name == NAMES[1]
    np.testing.assert_array_equal(truth.data, labels_of(1))
    viewer.add_layer(image)
    assert session.index == 1
    assert "this is no picture but an empty file" in str(session.problems[0])
    with pytest.raises(CellsetsError, match=r"a1\.png: this is no picture but an"):
        read(str(first))


def test_set_of_unreadable_pictures_is_told(set_path: Path) -> None:
    for file in (set_path / "images").iterdir():
        file.write_bytes(b"")
    with pytest.raises(CellsetsError, match=r"a1\.png: this is no picture but an"):
        read(str(set_path))


def test_folder_named_in_unknown_letters_opens_with_a_store(
    set_path: Path, session: Session
) -> None:
    place = os.fsdecode(os.fsencode(set_path.parent) + b"/Z\xe4hlung")
    os.rename(set_path, place)
    session.open(place)
    session.set_cells(labels_of(0), {})
    session.cells_layer.paint((20, 20), 7)
    session.save()
    session.open(place)
    assert session.cells[20, 20] == 7
    assert session.problems == ()


def test_picture_named_in_unknown_letters_is_corrected_and_kept(
    set_path: Path, session: Session
) -> None:
    for folder in (b"/images", b"/masks"):
        place = os.fsencode(set_path) + folder
        os.rename(place + b"/a2.png", place + b"/caf\xe9.png")
    session.open(str(set_path))
    session.go_to(3)
    assert session.sample.name == "caf%E9"
    session.set_cells(labels_of(0), {})
    session.cells_layer.paint((20, 20), 7)
    session.save()
    session.open(str(set_path))
    session.go_to(3)
    assert session.cells[20, 20] == 7
    assert session.problems == ()
