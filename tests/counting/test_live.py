from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import bright_model, squares
from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.image import Picture
from napari_cellsets.counting.job import CountRequest
from napari_cellsets.counting.live import (
    LiveRequest,
    count_live,
    describe,
    only_inside,
    put_plane,
)
from napari_cellsets.counting.regions import Region

if TYPE_CHECKING:
    from pathlib import Path

LEFT = Region("left", np.array([[0, 0], [0, 40], [200, 40], [200, 0]], float))


def silent(fraction: float, text: str) -> None:
    pass


def red_picture(labels: np.ndarray) -> Picture:
    pixels = np.zeros((*labels.shape, 3), np.uint8)
    pixels[..., 0] = np.where(labels > 0, 250, 10)
    return Picture(pixels, "zyxc" if labels.ndim == 3 else "yxc")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return bright_model(tmp_path / "bright.onnx")


def test_image_is_counted_and_compared(model: Path) -> None:
    truth = squares(5)
    request = LiveRequest(
        CountRequest(red_picture(truth), model), truth=LabelImage(truth)
    )
    found = count_live(request, None, CancelToken(), silent)
    assert found.result.count == 5
    assert found.result.evaluation is not None
    assert found.result.evaluation.f1 == 1.0


def test_known_map_is_not_computed_again(tmp_path: Path, model: Path) -> None:
    request = LiveRequest(CountRequest(red_picture(squares(5)), model))
    blank = np.zeros((120, 160), np.float32)
    assert count_live(request, blank, CancelToken(), silent).result.count == 0


def test_one_plane_is_counted_and_the_others_stay(model: Path) -> None:
    stack = np.stack([squares(2), squares(3), squares(4)])
    cells = stack.copy()
    cells[1] = 0
    request = LiveRequest(CountRequest(red_picture(stack), model), 1, cells)
    found = count_live(request, None, CancelToken(), silent)
    assert found.probability.shape == (120, 160)
    assert np.bincount(found.result.table.columns["plane"]).tolist() == [2, 3, 4]
    assert (found.result.labels[[0, 2]] == stack[[0, 2]]).all()


def test_replaced_plane_shares_no_number_with_others() -> None:
    cells = np.stack([squares(2), squares(3)])
    whole = put_plane(cells, squares(4), 1, red_picture(cells))
    assert set(np.unique(whole[0])) & set(np.unique(whole[1])) == {0}
    assert len(np.unique(whole[1])) == 5


def test_first_plane_counted_leaves_the_rest_empty() -> None:
    stack = np.zeros((3, 120, 160), np.int32)
    whole = put_plane(None, squares(4), 2, red_picture(stack))
    assert [int(plane.max()) for plane in whole] == [0, 0, 4]


def test_regions_alone_are_counted_and_compared_inside(model: Path) -> None:
    truth = squares(7)
    request = LiveRequest(
        CountRequest(red_picture(truth), model, regions=(LEFT,), only_regions=True),
        truth=LabelImage(truth),
    )
    found = count_live(request, None, CancelToken(), silent).result
    assert found.count == 2
    assert found.region_counts == {"left": 2}
    assert found.evaluation is not None
    assert (found.evaluation.truth_count, found.evaluation.f1) == (2, 1.0)


def test_labels_inside_keep_their_numbers() -> None:
    assert np.unique(only_inside(squares(7), [LEFT])).tolist() == [0, 1, 2]


def test_without_regions_all_labels_stay() -> None:
    labels = squares(7)
    assert only_inside(labels, []) is labels


def test_corrected_labels_are_described_as_they_are(model: Path) -> None:
    labels = squares(4)
    labels[labels == 2] = 0
    found = describe(labels, LiveRequest(CountRequest(red_picture(labels), model)))
    assert found.table.columns["label"].tolist() == [1, 3, 4]
    assert found.evaluation is None
