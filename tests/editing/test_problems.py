"""The problem finder names what a reviewer would want to see."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, EditError
from napari_cellsets.editing.objects import ObjectIndex
from napari_cellsets.editing.problems import (
    ObjectProblem,
    ProblemKind,
    ProblemSettings,
    find_problems,
)


def field() -> np.ndarray:
    """Return twenty squares of 10 px that nothing is wrong with."""
    labels = np.zeros((100, 130), np.int32)
    for number in range(20):
        y, x = 5 + 24 * (number // 5), 5 + 25 * (number % 5)
        labels[y : y + 10, x : x + 10 + number % 2] = number + 1
    return labels


def found(labels: np.ndarray, **more: object) -> list[ObjectProblem]:
    return find_problems(ObjectIndex(labels), **more)  # type: ignore[arg-type]


def told(labels: np.ndarray) -> set[tuple[int, str]]:
    return {(one.label, one.kind.value) for one in found(labels)}


def test_good_objects_have_no_problems() -> None:
    assert found(field()) == []


def test_each_kind_is_found_where_it_is() -> None:
    labels = field()
    labels[8, 8] = 0  # a hole in object 1
    labels[5:15, 33] = 0  # object 2 in two parts
    labels[90:100, 60:70] = 21  # at the lower edge
    labels[40:42, 70:72] = 22  # 4 px
    labels[60:90, 30:55] = 0
    labels[62:88, 30:56] = 23  # seven times as large
    assert told(labels) == {
        (1, "holes"),
        (2, "parts"),
        (21, "border"),
        (22, "tiny"),
        (23, "outlier"),
    }


def test_the_worst_come_first_by_kind() -> None:
    labels = field()
    labels[8, 8] = 0
    labels[7:12, 57:60] = 0
    labels[90:92, 60:62] = 22
    kinds = [(one.kind, one.label) for one in found(labels)]
    assert kinds == [
        (ProblemKind.TINY, 22),
        (ProblemKind.HOLES, 3),
        (ProblemKind.HOLES, 1),
    ]


def test_sizes_are_compared_within_a_class() -> None:
    labels = field()
    labels[60:88, 30:56] = 0
    labels[62:88, 30:56] = 23
    classes = dict.fromkeys(range(1, 21), "cell") | {23: "cluster"}
    problems = find_problems(ObjectIndex(labels), classes=classes)
    assert not [one for one in problems if one.label == 23]


def test_overlap_of_two_classes_is_told_with_its_size() -> None:
    labels, under = field(), np.zeros((100, 130), np.int32)
    under[5:15, 10:20] = 7
    classes = dict.fromkeys(range(1, 21), "nucleus")
    for theirs, count in (("nucleus", 0), ("cytoplasm", 1)):
        problems = find_problems(
            ObjectIndex(labels),
            classes=classes,
            under=under,
            class_under=lambda _, theirs=theirs: theirs,
        )
        assert len(problems) == count
    assert problems[0].text == "50 px over object 7 (cytoplasm)"


def test_only_what_is_asked_for_is_looked_for() -> None:
    labels = field()
    labels[8, 8] = 0
    settings = ProblemSettings(kinds=frozenset({ProblemKind.BORDER}))
    assert find_problems(ObjectIndex(labels), settings) == []


def test_labels_of_another_size_cannot_lie_under() -> None:
    with pytest.raises(EditError, match="cannot overlap those of"):
        found(field(), under=np.zeros((3, 3), int))


def test_looking_stops_when_told() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        found(field(), token=token)


def test_looking_only_at_some_finds_what_looking_at_all_finds_of_them() -> None:
    labels = field()
    labels[8, 8] = 0
    labels[5:15, 33] = 0
    labels[40:42, 70:72] = 22
    some = {2, 22, 99}
    expected = [one for one in found(labels) if one.label in some]
    assert [one.kind.value for one in expected] == ["tiny", "parts"]
    assert found(labels, only=some) == expected
