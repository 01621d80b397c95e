from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.counting.classes import ClassCount, add_classes, count_classes
from napari_cellsets.counting.evaluate import evaluate


def field(*labels: int) -> np.ndarray:
    """Squares far apart, one a label; 0 leaves a gap."""
    image = np.zeros((40, 120 * len(labels)), np.int32)
    for at, label in enumerate(labels):
        image[10:20, 120 * at + 10 : 120 * at + 20] = label
    return image


def test_a_cell_of_the_wrong_class_is_extra_in_one_and_missed_in_the_other() -> None:
    compared = evaluate(field(1, 2, 3), field(7, 8, 9))
    found = count_classes(
        [1, 2, 3],
        {1: "a", 2: "a", 3: "b"},
        true_classes={7: "a", 8: "b", 9: "b"},
        evaluation=compared,
    )
    assert found == (ClassCount("a", 2, 1, 1), ClassCount("b", 1, 2, 1))
    assert found[0].ratios == (0.5, 1.0, pytest.approx(2 / 3))


def test_missed_and_extra_cells_count_in_their_class() -> None:
    compared = evaluate(field(1, 0, 3), field(7, 8, 0))
    found = count_classes(
        [1, 3], {1: "a"}, true_classes={7: "a", 8: "a"}, evaluation=compared
    )
    assert found == (ClassCount("a", 1, 2, 1), ClassCount("", 1, 0, 0))


def test_classes_of_objects_that_are_gone_do_not_count() -> None:
    assert count_classes([2], {1: "a", 2: "b"}) == (ClassCount("b", 1),)


def test_nothing_is_said_where_nobody_told_a_class() -> None:
    compared = evaluate(field(1), field(1))
    assert count_classes([1], {}, true_classes={}, evaluation=compared) == ()


def test_without_classes_in_the_truth_nothing_is_compared() -> None:
    compared = evaluate(field(1), field(1))
    (found,) = count_classes([1], {1: "a"}, evaluation=compared)
    assert found == ClassCount("a", 1)
    assert found.ratios is None


def test_images_add_up_class_by_class() -> None:
    first = (ClassCount("a", 1, 2, 1), ClassCount("", 3, 0, 0))
    second = (ClassCount("a", 4, 4, 3), ClassCount("b", 1, 1, 1))
    assert add_classes([first, second]) == (
        ClassCount("a", 5, 6, 4),
        ClassCount("b", 1, 1, 1),
        ClassCount("", 3, 0, 0),
    )


def test_an_image_without_true_classes_takes_the_comparison_away() -> None:
    assert add_classes([(ClassCount("a", 1, 2, 1),), (ClassCount("a", 4),)]) == (
        ClassCount("a", 5),
    )
