"""Pictures that changed on disk under stored corrections are told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_cellsets._napari import history_pictures
from napari_cellsets._napari.history_pictures import fingerprint, picture_changed
from napari_cellsets.core.image import Picture
from napari_cellsets.store import StoredLabels
from small_sets import labels_of

if TYPE_CHECKING:
    from pathlib import Path

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


def test_the_same_pixels_packed_otherwise_are_the_same(tmp_path: Path) -> None:
    pixels = picture().pixels
    again = np.asfortranarray(pixels)
    assert fingerprint(Picture(again, "yx")) == fingerprint(Picture(pixels, "yx"))


@pytest.mark.parametrize("shape", [(30, 40), (3, 30, 40)])
def test_other_pixels_sizes_and_depths_differ(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_pictures, "_MOST_BYTES", 500)
    one, other = picture(0, shape), picture(1, shape)
    flipped = Picture(one.pixels[..., ::-1], one.axes)
    deep = Picture(one.pixels.astype(np.uint16), one.axes)
    found = {fingerprint(each) for each in (one, other, flipped, deep)}
    assert len(found) == 4


def test_labels_that_do_not_tell_their_picture_are_trusted() -> None:
    stored = StoredLabels(np.zeros((30, 40), np.int32), {"model": "nuclei"})
    assert picture_changed(picture(), stored, "a") is None
    assert picture_changed(picture(), None, "a") is None
