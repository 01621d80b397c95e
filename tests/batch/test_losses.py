from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.batch.losses import foresee_losses
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import LabelImage, MaskStack, Polygons
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError
from small_sets import write_set

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return open_dataset(write_set(tmp_path / "set"))


def overlapping(_sample: object) -> tuple[MaskStack]:
    mask = np.ones((4, 4), bool)
    return (MaskStack([mask, mask], np.array([[0, 0], [2, 2]]), (40, 60)),)


def test_what_fits_loses_nothing(dataset: Dataset) -> None:
    assert foresee_losses(dataset, "coco").text == ""


def test_losses_are_told_with_how_many(dataset: Dataset) -> None:
    losses = foresee_losses(dataset, "voc", annotations_of=overlapping)
    assert sum(losses.reasons.values()) == len(dataset.samples)
    assert "4 of 4 images looked at" in losses.text
    assert losses.advice.startswith("Choose")


def test_large_sets_are_looked_at_here_and_there(dataset: Dataset) -> None:
    losses = foresee_losses(dataset, "voc", annotations_of=overlapping, most=2)
    assert (losses.looked_at, losses.samples) == (2, 4)
    assert "2 of 2 images looked at of 4" in losses.text


def test_unknown_form_is_refused(dataset: Dataset) -> None:
    with pytest.raises(ExportError, match="'xyz' is not known"):
        foresee_losses(dataset, "xyz")


def test_looking_can_be_cancelled(dataset: Dataset) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError, match="Cancelled"):
        foresee_losses(dataset, "coco", token=token)


def test_unreadable_sample_is_passed_over(dataset: Dataset, tmp_path: Path) -> None:
    for file in (tmp_path / "set/masks").iterdir():
        file.write_bytes(b"no mask")
    assert foresee_losses(dataset, "coco").text == ""


def test_nothing_marked_loses_nothing(dataset: Dataset) -> None:
    nothing = foresee_losses(
        dataset, "yolo", annotations_of=lambda sample: (Polygons([]),)
    )
    assert nothing.reasons == {}


def test_annotations_that_have_no_room_together_are_foreseen(dataset: Dataset) -> None:
    def two(_sample: object) -> tuple[LabelImage, ...]:
        return (LabelImage(np.ones((40, 60), np.int32)),) * 2

    losses = foresee_losses(dataset, "instances", annotations_of=two)
    assert "2 annotations cannot share" in losses.text
    assert losses.names == ("objects", "objects 2")
    one = foresee_losses(dataset, "instances", annotations_of=two, annotation="objects")
    assert one.text == ""
