from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.annotation import (
    Annotation,
    Boxes,
    ClassMask,
    ImageClass,
    Points,
    Polygons,
)
from napari_cellsets.editing.marked import marked_annotations, numbered_marks
from napari_cellsets.store import Mark, MarkKey, StoredMark

CLASSES = {1: "nucleus", 4: "debris"}
RING = np.array([[0.0, 0.0], [0.0, 5.0], [5.0, 5.0]])
HOLE = np.array([[1.0, 2.0], [2.0, 3.0], [1.0, 3.0]])


def points(**more: Any) -> Points:
    yx = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    return Points(yx, "nuclei", **more)


def said(layer: str, marks: dict[int, Mark]) -> dict[MarkKey, StoredMark]:
    return {
        MarkKey("a", layer, number): StoredMark(mark, "act", {}, "ada", 1.0, at)
        for at, (number, mark) in enumerate(marks.items())
    }


def one(found: tuple[Annotation, ...]) -> Any:
    (annotation,) = found
    return annotation


def test_without_corrections_annotations_are_the_same() -> None:
    before = (points(), ImageClass("odd"))
    assert marked_annotations(before, {}, CLASSES) == before


def test_points_are_moved_deleted_and_added() -> None:
    marks = said(
        "nuclei",
        {
            1: Mark("points", gone=True),
            3: Mark("points", [7.5, 8.0]),
            99: Mark("points", [0.0, 1.0]),
        },
    )
    (found,) = numbered_marks([points()], marks, CLASSES)
    assert found.numbers == (2, 3, 99)
    assert isinstance(found.annotation, Points)
    assert found.annotation.yx.tolist() == [[3.0, 4.0], [7.5, 8.0], [0.0, 1.0]]
    assert found.annotation.class_ids is None


def test_an_added_mark_that_is_gone_again_is_not_there() -> None:
    marks = said("nuclei", {99: Mark("points", gone=True)})
    assert len(one(marked_annotations([points()], marks, CLASSES)).yx) == 3


def test_a_class_keeps_the_id_of_the_data_set() -> None:
    before = points(class_ids=np.array([4, 1, 1]), class_names=CLASSES)
    marks = said("nuclei", {2: Mark("points", [3.0, 4.0], "debris")})
    found = one(marked_annotations([before], marks, CLASSES))
    assert found.class_ids.tolist() == [4, 4, 1]
    assert found.class_names == CLASSES


def test_a_class_of_the_set_that_the_file_does_not_name_is_added() -> None:
    before = points(class_names={1: "nucleus"})
    marks = said("nuclei", {2: Mark("points", [3.0, 4.0], "debris")})
    found = one(marked_annotations([before], marks, CLASSES))
    assert found.class_ids.tolist() == [1, 4, 1]
    assert found.class_names == CLASSES


def test_a_class_that_nobody_knew_gets_a_new_id() -> None:
    before = points(class_ids=np.array([4, 1, 1]), class_names=CLASSES)
    marks = said("nuclei", {2: Mark("points", [3.0, 4.0], "mitosis")})
    found = one(marked_annotations([before], marks, CLASSES))
    assert found.class_ids.tolist() == [4, 5, 1]
    assert found.class_names[5] == "mitosis"


def test_a_class_without_a_name_is_known_by_its_number() -> None:
    before = points(class_ids=np.array([7, 1, 1]), class_names=CLASSES)
    marks = said("nuclei", {2: Mark("points", [3.0, 4.0], "class 7")})
    found = one(marked_annotations([before], marks, CLASSES))
    assert found.class_ids.tolist() == [7, 7, 1]
    assert found.class_names == CLASSES


def test_no_class_stays_none() -> None:
    before = points(class_ids=np.array([4, 1, 1]), class_names=CLASSES)
    marks = said("nuclei", {1: Mark("points", [3.0, 4.0])})
    found = one(marked_annotations([before], marks, CLASSES))
    assert found.class_ids.tolist() == [-1, 1, 1]


def test_boxes_keep_their_angles() -> None:
    before = Boxes(np.array([[0.0, 0, 2, 3], [1, 1, 4, 4]]), "boxes")
    marks = said("boxes", {2: Mark("boxes", [1.0, 1, 5, 5, 30.0])})
    found = one(marked_annotations([before], marks, CLASSES))
    assert found.yxyx.tolist() == [[0, 0, 2, 3], [1, 1, 5, 5]]
    assert found.angles.tolist() == [0, 30]


def test_upright_boxes_have_no_angles() -> None:
    before = Boxes(np.array([[0.0, 0, 2, 3]]), "boxes")
    marks = said("boxes", {7: Mark("boxes", [1.0, 1, 5, 5, 0.0])})
    assert one(marked_annotations([before], marks, CLASSES)).angles is None


def test_outlines_keep_holes_and_parts() -> None:
    before = Polygons([((RING, HOLE),), ((RING,), (HOLE,))], "cells")
    place = [[RING.tolist(), HOLE.tolist()], [RING.tolist()]]
    marks = said("cells", {2: Mark("polygons", place)})
    found = one(marked_annotations([before], marks, CLASSES))
    assert [[len(part) for part in o] for o in found.outlines] == [[2], [2, 1]]
    assert np.array_equal(found.outlines[1][0][1], HOLE)


@pytest.mark.parametrize(("open_", "added"), [([True, True], True), ([0, 1], False)])
def test_who_adds_to_lines_adds_a_line(open_: list[bool], added: bool) -> None:
    before = Polygons([((RING,),)] * 2, "lines", open=np.array(open_, bool))
    marks = said("lines", {9: Mark("polygons", [[RING.tolist()]])})
    found = one(marked_annotations([before], marks, CLASSES))
    assert found.open.tolist() == [*map(bool, open_), added]


def test_properties_follow_their_objects() -> None:
    before = points(properties={"size": [10, 20, 30], "of all": ["x"]})
    marks = said(
        "nuclei", {1: Mark("points", gone=True), 99: Mark("points", [1.0, 1.0])}
    )
    found = one(marked_annotations([before], marks, CLASSES))
    assert found.properties == {"size": [20, 30, None]}


def test_what_nobody_had_marked_begins_with_the_corrections() -> None:
    marks = said("points", {9: Mark("points", [1.0, 2.0], "debris")})
    (found,) = numbered_marks([ClassMask(np.zeros((2, 2), int))], marks, CLASSES)[1:]
    assert (found.name, found.numbers) == ("points", (9,))
    assert isinstance(found.annotation, Points)
    assert found.annotation.class_ids is not None
    assert found.annotation.class_ids.tolist() == [4]


def test_what_was_begun_and_is_gone_leaves_nothing() -> None:
    marks = said("points", {9: Mark("points", gone=True)})
    assert marked_annotations([], marks, CLASSES) == ()


def test_the_class_of_a_picture_is_replaced() -> None:
    marks = said("", {0: Mark("class", None, "debris")})
    found = one(marked_annotations([ImageClass("nucleus", "f")], marks, CLASSES))
    assert (found.name, found.source) == ("debris", "corrected")


def test_a_class_of_a_picture_that_is_taken_back_is_that_of_the_set() -> None:
    marks = said("", {0: Mark("class", None, "debris", gone=True)})
    before = ImageClass("nucleus", "f")
    assert one(marked_annotations([before], marks, CLASSES)) is before


def test_names_may_be_told() -> None:
    marks = said("other", {1: Mark("points", gone=True)})
    found = one(marked_annotations([points()], marks, CLASSES, ["other"]))
    assert len(found.yx) == 2


@given(
    st.integers(0, 6),
    st.dictionaries(
        st.integers(1, 9), st.sampled_from(["", "nucleus", "debris", "new", None])
    ),
)
def test_marks_say_what_counts(
    count: int, given_classes: dict[int, str | None]
) -> None:
    before = Points(
        np.arange(2.0 * count).reshape(-1, 2),
        "nuclei",
        class_names={1: "nucleus"},
        class_ids=np.ones(count, int),
    )
    marks = {
        number: Mark("points", gone=True)
        if name is None
        else Mark("points", [float(number), 0.5], name)
        for number, name in given_classes.items()
    }
    (found,) = numbered_marks([before], said("nuclei", marks), CLASSES)
    slow = {n: ([2.0 * n - 2, 2.0 * n - 1], "nucleus") for n in range(1, count + 1)}
    for number, name in given_classes.items():
        if name is not None:
            slow[number] = ([float(number), 0.5], name)
        else:
            slow.pop(number, None)
    points_ = found.annotation
    assert isinstance(points_, Points)
    assert points_.class_ids is not None
    names = [points_.class_names.get(i, "") for i in points_.class_ids.tolist()]
    seen = zip(points_.yx.tolist(), names, strict=True)
    assert dict(zip(found.numbers, seen, strict=True)) == slow
