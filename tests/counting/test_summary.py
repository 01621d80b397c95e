from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting import evaluate, summarise


def image(cells: int) -> np.ndarray:
    labels = np.zeros((100, 1000), np.int32)
    for k in range(cells):
        labels[40:52, 20 + 100 * k : 32 + 100 * k] = k + 1
    return labels


def test_scores_are_pooled_over_the_objects_of_all_images():
    found = summarise([evaluate(image(8), image(9)), evaluate(image(2), image(1))])
    assert (found.predicted, found.truth) == (10, 10)
    assert found.precision == found.recall == found.f1 == 0.9
    assert found.f1_by_iou == found.published_f1 == 0.9


def test_errors_of_counts_are_those_of_their_definitions():
    found = summarise([(12, 10), (5, 10), (3, 0), (4, 4)])
    assert found.mae == 2.5
    assert found.medae == 2.5
    assert found.bias == 0
    assert found.images == 4


def test_relative_errors_leave_out_empty_images_and_say_so():
    found = summarise([(12, 10), (5, 10), (3, 0)])
    assert found.mpe == pytest.approx(-0.15)
    assert (found.mpe_images, found.empty_images) == (2, 1)


def test_without_a_true_object_there_is_no_relative_error():
    assert summarise([(1, 0), (0, 0)]).mpe is None


def test_limits_of_agreement_are_bias_and_two_deviations():
    found = summarise([(10, 8), (9, 9), (12, 8)])
    spread = 1.96 * np.std([2, 0, 4], ddof=1)
    assert found.limit_low == pytest.approx(2 - spread)
    assert found.limit_high == pytest.approx(2 + spread)


def test_one_image_has_no_limits():
    found = summarise([(3, 2)])
    assert (found.limit_low, found.limit_high) == (None, None)


def test_concordance_is_one_for_equal_counts_and_less_for_a_shift():
    assert summarise([(3, 3), (9, 9)]).correlation == 1
    # Lin (1989): twice the covariance over both variances and the squared shift.
    assert summarise([(4, 3), (10, 9)]).correlation == pytest.approx(18 / 19)


def test_concordance_of_one_constant_is_not_defined():
    assert summarise([(3, 3), (3, 3)]).correlation is None


def test_counts_alone_give_no_scores():
    found = summarise([(3, 3), (9, 9)])
    assert (found.precision, found.f1, found.published_f1) == (None, None, None)


def test_a_set_of_empty_images_that_stayed_empty_scores_one():
    empty = image(0)
    assert summarise([evaluate(empty, empty)]).f1 == 1


def test_no_image_at_all_is_refused():
    with pytest.raises(CellsetsError, match="one image with truth or more"):
        summarise([])
