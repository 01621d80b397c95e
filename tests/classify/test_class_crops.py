from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cellsets.classify import crop_objects
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.image import Picture
from napari_cellsets.inference import ClassifierInfo
from tiny_classifiers import SAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray


def info(share: float = 0.5) -> ClassifierInfo:
    return ClassifierInfo.model_validate({**SAYS, "path": "x", "cell_share": share})


def disc(shape: tuple[int, int], y: float, x: float, radius: float) -> NDArray[Any]:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


@given(
    hnp.arrays(np.int32, st.tuples(st.integers(1, 25), st.integers(1, 25)),
               elements=st.sampled_from([0, 0, 1, 2, 70_000])),
    st.floats(0.1, 1.0),
)  # fmt: skip
def test_crops_equal_those_of_a_picture_padded_by_mirrors(
    labels: NDArray[np.int32], share: float
) -> None:
    pixels = np.arange(labels.size, dtype=np.uint16).reshape(labels.shape)
    room = 400
    wide = np.pad(pixels, room, mode="reflect")
    crops = crop_objects(pixels, labels, info(share))
    assert crops.labels.tolist() == sorted(set(labels.ravel().tolist()) - {0})
    for i, label in enumerate(crops.labels):
        mask = labels == label
        y, x = (float(at.mean()) for at in np.nonzero(mask))
        side = max(8, round(2 * (mask.sum() / np.pi) ** 0.5 / share))
        cut = crops.pixels[i]
        assert crops.centres_yx[i] == pytest.approx((y, x))
        assert abs(cut.shape[0] - side) <= 1
        assert cut.shape[0] == cut.shape[1]
        top, left = (round(float(c) - (len(cut) - 1) / 2) for c in (y, x))
        places = [
            wide[room + t : room + t + len(cut), room + s : room + s + len(cut)]
            for t in (top - 1, top, top + 1)
            for s in (left - 1, left, left + 1)
        ]
        assert any((cut == place).all() for place in places)


def test_a_cell_fills_its_share_of_the_crop() -> None:
    mask = disc((200, 200), 90, 110, 20)
    crop = crop_objects(mask.astype(np.uint8), mask.astype(np.int32), info(0.5))
    cut = crop.pixels[0]
    assert abs(len(cut) - 80) <= 1
    assert cut.sum() == mask.sum()
    rows, columns = np.nonzero(cut)
    assert rows.mean() == pytest.approx((len(cut) - 1) / 2, abs=0.51)
    assert columns.mean() == pytest.approx((len(cut) - 1) / 2, abs=0.51)


def test_crops_keep_colour_and_are_a_sequence() -> None:
    pixels = np.random.default_rng(0).integers(0, 9, (50, 60, 3), np.uint8)
    labels = np.zeros((50, 60), np.uint16)
    labels[0:4, 0:4], labels[20:30, 20:30], labels[49, 59] = 3, 1, 2
    crops = crop_objects(Picture(pixels, "yxc"), labels, info())
    assert len(crops) == len(crops.pixels) == len(list(crops.pixels)) == 3
    assert all(cut.shape[2] == 3 for cut in crops.pixels)
    assert (crops.pixels[1:][0] == crops.pixels[1]).all()


def test_a_picture_without_objects_has_no_crops() -> None:
    crops = crop_objects(np.zeros((9, 9)), np.zeros((9, 9), np.int32), info())
    assert (len(crops), list(crops.pixels)) == (0, [])


def test_a_stack_is_refused() -> None:
    stack = Picture(np.zeros((2, 9, 9), np.uint8), "zyx")
    with pytest.raises(CellsetsError, match="one plane was expected, found a stack"):
        crop_objects(stack, np.zeros((9, 9), np.int32), info())


@pytest.mark.parametrize(
    "labels", [np.zeros((8, 9), np.int32), np.zeros((9, 9), np.float32)]
)
def test_labels_of_another_size_or_kind_are_refused(labels: NDArray[Any]) -> None:
    with pytest.raises(CellsetsError, match="labels as large as the picture"):
        crop_objects(np.zeros((9, 9)), labels, info())
