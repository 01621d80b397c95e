"""The index of objects stays true, whoever changes the labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from made_labels import attempt, boxes_of, known_boxes, planes
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import shaping
from napari_cellsets.editing.objects import ObjectIndex


@given(labels=planes, data=st.data())
def test_index_follows_what_somebody_else_painted(
    labels: np.ndarray, data: st.DataObject
) -> None:
    objects = ObjectIndex(labels)
    rows = sorted(data.draw(st.tuples(*[st.integers(0, labels.shape[0])] * 2)))
    columns = sorted(data.draw(st.tuples(*[st.integers(0, labels.shape[1])] * 2)))
    assume(rows[0] < rows[1] and columns[0] < columns[1])
    box = slice(*rows), slice(*columns)
    labels[box] = data.draw(st.sampled_from((0, 1, 9)))
    objects.changed(box)
    wanted = boxes_of(labels)
    assert set(wanted) <= set(objects)
    for label in tuple(objects):
        if label in wanted:
            assert objects.box(label) == wanted[label]
        else:
            with pytest.raises(EditError, match=f"there is no object {label}"):
                objects.box(label)


@given(labels=planes, data=st.data())
def test_areas_are_counted_right_after_edits_and_strokes(
    labels: np.ndarray, data: st.DataObject
) -> None:
    objects = ObjectIndex(labels)
    for _ in range(3):
        if data.draw(st.booleans()):
            y = data.draw(st.integers(0, labels.shape[0] - 1))
            labels[y:, 0] = data.draw(st.sampled_from((0, 2, 11)))
            objects.changed((slice(y, labels.shape[0]), slice(0, 1)))
        elif len(objects):
            label = data.draw(st.sampled_from(sorted(objects)))
            edit = attempt(lambda label=label: shaping.grow(objects, [label], 1))
            if edit is not None:
                edit.apply(labels)
                objects.update(edit)
        numbers, sizes = np.unique(labels[labels > 0], return_counts=True)
        wanted = dict(zip(numbers.tolist(), sizes.tolist(), strict=True))
        assert objects.areas() == wanted
        assert {label: objects.area(label) for label in objects} == wanted


def test_labels_far_above_the_number_of_objects_are_found() -> None:
    labels = np.zeros((30, 30), np.int32)
    labels[2:5, 3:9], labels[20:, 20:] = 2_000_000_000, 7
    objects = ObjectIndex(labels)
    assert known_boxes(objects) == boxes_of(labels)
    assert objects.areas() == {7: 100, 2_000_000_000: 18}


def test_many_objects_gone_at_once_are_forgotten() -> None:
    labels = np.arange(1, 901, dtype=np.int32).reshape(30, 30)
    objects = ObjectIndex(labels)
    labels[:15] = 0
    objects.changed((slice(0, 15), slice(0, 30)))
    assert len(objects) == 450
    assert known_boxes(objects) == boxes_of(labels)


def test_labels_in_use_elsewhere_are_not_given_again() -> None:
    objects = ObjectIndex(np.ones((3, 3), np.int32), taken=40)
    assert objects.next_label() == 41
    objects.take(50)
    assert objects.next_label() == 51


def test_labels_that_are_used_up_ask_for_renumbering() -> None:
    labels = np.zeros((4, 4), np.uint8)
    labels[0, 0] = 255
    with pytest.raises(EditError, match="labels go up to 255"):
        ObjectIndex(labels).next_label()
