from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.classify import ClassifyRequest, classify
from napari_cellsets.classify.job import cell_pixels
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError
from napari_cellsets.core.image import Picture
from napari_cellsets.inference import classifier, read_classifier_info
from tiny_classifiers import gem, gem_classifier

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def gems(tmp_path: Path) -> Path:
    return gem_classifier(tmp_path / "gems.onnx")


def field_of_three() -> tuple[np.ndarray, np.ndarray]:
    """A green field with a blue, a red and a dark object."""
    pixels, labels = gem("emerald", (90, 120)), np.zeros((90, 120), np.int32)
    for label, left, colour in ((9, 10, "sapphire"), (2, 50, "ruby"), (4, 90, "ruby")):
        pixels[20:60, left - 5 : left + 25] = gem(colour, (40, 30))
        labels[30:50, left : left + 20] = label
    pixels[20:60, 85:] = 3
    return pixels, labels


def test_a_picture_of_one_cell_is_one_row(gems: Path) -> None:
    picture = Picture(gem("sapphire"), "yxc")
    table = classify(ClassifyRequest(picture, model=gems, name="a.png"))
    assert (table.names, table.shown(0)) == (("a.png",), "sapphire")


def test_each_object_is_one_row_by_its_label(gems: Path) -> None:
    pixels, labels = field_of_three()
    table = classify(ClassifyRequest(Picture(pixels, "yxc"), labels, gems))
    assert table.names == ("2", "4", "9")
    said = [table.shown(i) for i in range(3)]
    assert said == ["red gem", "not a gem I know", "sapphire"]


def test_a_picture_without_objects_gives_an_empty_table(gems: Path) -> None:
    nothing = np.zeros((20, 24), np.int32)
    request = ClassifyRequest(Picture(gem("ruby"), "yxc"), nothing, gems)
    assert len(classify(request)) == 0


def test_progress_ends_with_all_objects(gems: Path) -> None:
    pixels, labels = field_of_three()
    told: list[float] = []
    request = ClassifyRequest(
        Picture(pixels, "yxc"), labels, read_classifier_info(gems)
    )
    classify(request, progress=lambda share, _text: told.append(share))
    assert told[-1] == 1.0


def test_a_cancelled_job_gives_nothing(gems: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError, match="Cancelled"):
        classify(ClassifyRequest(Picture(gem("ruby"), "yxc"), model=gems), token)


def test_the_shipped_classifier_is_used_where_none_is_named(
    gems: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "DEFAULT_CLASSIFIER", gems)
    assert ClassifyRequest(Picture(gem("ruby"), "yxc")).info().name == "gems"


def test_transparency_is_left_out() -> None:
    pixels = np.dstack([gem("ruby"), np.arange(480, dtype=np.uint8).reshape(20, 24)])
    picture = Picture(pixels, "yxc", ("red", "green", "blue", "alpha"))
    assert (cell_pixels(picture) == gem("ruby")).all()


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (Picture(np.zeros((4, 9, 9), np.uint8), "zyx"), "found a stack of 4"),
        (Picture(np.zeros((9, 9, 2), np.uint8), "yxc"), "found 2 channels"),
    ],
)
def test_what_is_no_picture_of_a_cell_is_told(picture: Picture, message: str) -> None:
    with pytest.raises(CellsetsError, match=message):
        cell_pixels(picture)
