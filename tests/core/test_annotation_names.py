from __future__ import annotations

import numpy as np

from napari_cellsets.core.annotation import Boxes, ImageClass, LabelImage, Points
from napari_cellsets.core.annotation_names import names_of

LABELS = np.zeros((2, 2), np.int32)


def test_annotations_are_called_by_their_kind_and_counted() -> None:
    found = [LabelImage(LABELS), Boxes(np.zeros((0, 4))), LabelImage(LABELS, "a/b.png")]
    assert names_of(found) == ("objects", "boxes", "objects 2")


def test_the_title_of_a_row_counts_more_and_a_file_says_nothing() -> None:
    found = [Points(np.zeros((0, 2)), "clicks"), Points(np.zeros((0, 2)), "a.csv")]
    assert names_of(found) == ("clicks", "points")


def test_a_name_that_is_taken_already_gets_a_number() -> None:
    found = [Points(np.zeros((0, 2)), name) for name in ("points 2", "", "points")]
    assert names_of(found) == ("points 2", "points", "points 3")


def test_classes_of_the_picture_have_a_name_too() -> None:
    assert names_of([ImageClass("NILM", "table")]) == ("class of the picture",)
