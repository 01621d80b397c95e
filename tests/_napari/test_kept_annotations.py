"""Annotations of labels as they are shown after corrections."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets._napari.drawn import NO_CLASS, Drawn, drawn_of
from napari_cellsets._napari.kept_annotations import as_corrected
from napari_cellsets._napari.stack_axes import flat, flat_box, laid
from napari_cellsets.core.annotation import ClassMask, LabelImage
from napari_cellsets.store import LayerFacts, ObjectFacts

SIZE = (6, 8)
NAMES = {1: "cytoplasm", 2: "nucleus"}


def drawn(class_of: dict[int, int]) -> Drawn:
    labels = np.zeros(SIZE, np.int32)
    labels[1:3, 1:3], labels[4:6, 5:8] = 1, 2
    found = LabelImage(labels, class_names=NAMES, class_of=class_of)
    return drawn_of([found], SIZE)[0][0]


def test_a_new_object_has_the_class_that_all_others_share() -> None:
    one = drawn({1: 1, 2: 1})
    labels = one.data.copy()
    labels[0, 0] = 9
    after = as_corrected(one, labels, None, {})
    assert after.ids == (1, 2, 9)
    assert after.classes == ("cytoplasm",) * 3


def test_a_new_object_has_no_class_where_there_are_several() -> None:
    one = drawn({1: 1, 2: 2})
    labels = one.data.copy()
    labels[0, 0] = 9
    after = as_corrected(one, labels, None, {})
    assert after.classes == ("cytoplasm", "nucleus", NO_CLASS)


def test_what_people_said_of_an_object_is_its_class() -> None:
    one = drawn({1: 1, 2: 2})
    facts = LayerFacts({}, {2: ObjectFacts(3)}, {1: 1, 2: 2})
    after = as_corrected(one, one.data, facts, {3: "debris"})
    assert after.classes == ("cytoplasm", "debris")


def test_the_first_object_of_an_empty_annotation_has_a_class_of_the_set() -> None:
    one = drawn({})
    nothing = np.zeros(SIZE, np.int32)
    empty = as_corrected(one, nothing, None, {})
    assert empty.classes == ()
    nothing[0, 0] = 1
    assert len(as_corrected(empty, nothing, None, {}).classes) == 1


@pytest.mark.parametrize("most", [7, 5_000_000])
def test_shares_of_a_class_mask_are_those_of_its_pixels(most: int) -> None:
    classes = np.zeros(SIZE, np.int32)
    classes[:3] = 1
    (one,) = drawn_of([ClassMask(classes, class_names=NAMES)], SIZE)[0]
    painted = classes.copy()
    painted[0] = most
    after = as_corrected(one, painted, None, {})
    assert after.shares == {"cytoplasm": 16 / 48, f"class {most}": 8 / 48}
    assert after.ids == (1, most)


def test_planes_are_seen_and_written_through_the_axes_of_pictures() -> None:
    planes = np.zeros((2, 6, 8), np.int32)
    seen = laid(planes, (4, 3))
    assert seen.shape == (2, 4, 3, 6, 8)
    seen[1, 2, 0, 5, 7] = 9
    assert planes[1, 5, 7] == 9
    assert (seen[1, :, :, 5, 7] == 9).all()
    assert np.shares_memory(flat(seen, 3), planes)
    assert flat(planes, 3).shape == planes.shape


def test_a_box_of_a_layer_becomes_one_of_its_planes() -> None:
    box = (slice(0, 1), slice(2, 3), slice(4, 5), slice(6, 7))
    assert flat_box(box, 3) == (box[0], box[2], box[3])
    assert flat_box(box, 4) == box
