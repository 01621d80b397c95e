"""Pictures that changed on disk under stored corrections are told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from annotated_sets import write_annotated_set
from mark_hands import drag
from napari_cellsets.batch import drawn_on as pictures
from napari_cellsets.batch.drawn_on import (
    fingerprint,
    picture_changed,
    picture_of_marks_changed,
)
from napari_cellsets.core.image import Picture
from napari_cellsets.store import Mark, StoredLabels, StoredMark
from napari_cellsets.store.object_words import PICTURE
from small_sets import labels_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel

    from napari_cellsets._napari.session import Session

WORDS = "another one than when its cells were drawn"


def picture(seed: int = 0, shape: tuple[int, ...] = (30, 40)) -> Picture:
    pixels = np.random.default_rng(seed).integers(0, 255, shape, np.uint8)
    return Picture(pixels, "zyx"[-len(shape) :])


def file_of(session: Session, index: int) -> Path:
    sample = session.dataset.samples[index]
    return session.dataset.path / sample.image


def told(session: Session, index: int) -> bool:
    session.show(index)
    return any(WORDS in str(problem) for problem in session.problems)


def test_another_picture_under_drawn_cells_is_told(opened: Session) -> None:
    opened.show(1)
    opened.set_cells(labels_of(1), {"model": "nuclei"})
    assert not told(opened, 1)
    file = file_of(opened, 1)
    pixels = np.array(Image.open(file))
    Image.fromarray(255 - pixels).save(file)
    assert told(opened, 1)
    assert not told(opened, 2)


def test_another_picture_under_corrected_truth_is_told(opened: Session) -> None:
    opened.show(1)
    opened.correcting_truth = True
    opened.truth_layer.paint((20, 20), 9)
    file = file_of(opened, 1)
    Image.fromarray(255 - np.array(Image.open(file))).save(file)
    assert told(opened, 1)


@pytest.mark.parametrize("size", [(50, 40), (30, 20)])
def test_another_picture_under_a_corrected_annotation_is_told(
    session: Session, viewer: ViewerModel, tmp_path: Path, size: tuple[int, int]
) -> None:
    session.open(write_annotated_set(tmp_path / "annotated"))
    layer = viewer.layers["class mask"]
    assert session.annotations.corrections.set_locked(layer, False)
    layer.data_setitem(np.nonzero(layer.data == 2), 0)
    session.save()
    assert not told(session, 2)
    assert not told(session, 0)
    session.show(2)
    pixels = 255 - np.array(Image.open(file_of(session, 0)))
    Image.fromarray(pixels).resize(size).save(file_of(session, 0))
    # whoever changes the size of a picture does so with its masks
    file = tmp_path / "annotated/classes/a.png"
    classes = Image.fromarray(np.array(Image.open(file)))
    classes.resize(size, Image.Resampling.NEAREST).save(file)
    session.open(tmp_path / "annotated")
    assert told(session, 0)
    assert sum(WORDS in str(problem) for problem in session.problems) == 1


def test_the_same_pixels_packed_otherwise_are_the_same(tmp_path: Path) -> None:
    pixels = picture().pixels
    again = np.asfortranarray(pixels)
    assert fingerprint(Picture(again, "yx")) == fingerprint(Picture(pixels, "yx"))


@pytest.mark.parametrize("shape", [(30, 40), (3, 30, 40)])
def test_other_pixels_sizes_and_depths_differ(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_MOST_BYTES", 500)
    one, other = picture(0, shape), picture(1, shape)
    flipped = Picture(one.pixels[..., ::-1], one.axes)
    deep = Picture(one.pixels.astype(np.uint16), one.axes)
    found = {fingerprint(each) for each in (one, other, flipped, deep)}
    assert len(found) == 4


def test_labels_that_do_not_tell_their_picture_are_trusted() -> None:
    stored = StoredLabels(np.zeros((30, 40), np.int32), {"model": "nuclei"})
    assert picture_changed(picture(), stored, "a") is None
    assert picture_changed(picture(), None, "a") is None


def told_of_marks(session: Session, index: int) -> bool:
    session.show(index)
    words = "another one than when its points, boxes or outlines were corrected"
    return any(words in str(problem) for problem in session.problems)


def test_another_picture_under_corrected_boxes_is_told_until_they_are_corrected_again(
    session: Session, tmp_path: Path
) -> None:
    session.open(write_annotated_set(tmp_path / "annotated"))
    boxes, desk = session.annotations.marks["boxes"][0], session.annotations.desk
    desk.unlock(boxes)
    boxes.mode = "select"
    drag(boxes, (11, 11), (12, 12), (13, 14))
    session.show(1)
    assert not told_of_marks(session, 0)
    assert not told(session, 0)
    session.show(2)
    pixels = 255 - np.array(Image.open(file_of(session, 0)))
    Image.fromarray(pixels).save(file_of(session, 0))
    session.open(tmp_path / "annotated")
    assert told_of_marks(session, 0)
    boxes = session.annotations.marks["boxes"][0]
    drag(boxes, (13, 14), (12, 12), (11, 11))
    session.show(1)
    assert not told_of_marks(session, 0)
    assert not told_of_marks(session, 1)


def test_a_box_that_was_deleted_fits_any_picture() -> None:
    gone = StoredMark(Mark("boxes", None, "", True), "", {PICTURE: "0"}, "ada", 0, 1)
    unknown = StoredMark(Mark("points", [1, 2]), "", {}, "ada", 0, 2)
    assert picture_of_marks_changed(picture(), [gone, unknown], "a") is None
