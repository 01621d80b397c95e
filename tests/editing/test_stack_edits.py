"""Editing one of several overlapping objects never changes a pixel of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from made_labels import applied
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import joining, shaping, splitting, stacks
from napari_cellsets.editing.objects import ObjectIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.editing.edit import Edit

ALONE: dict[str, Callable[[ObjectIndex, list[int]], Edit]] = {
    "fill": shaping.fill_holes,
    "largest": shaping.keep_largest,
    "grow": lambda objects, labels: shaping.grow(objects, labels, 2),
    "shrink": lambda objects, labels: shaping.shrink(objects, labels, 1),
    "smooth": lambda objects, labels: shaping.smooth(objects, labels, 1),
    "split": lambda objects, _: splitting.split_along(
        objects, np.array([[0.0, 0.0], [9.0, 9.0]])
    ),
    "snap": lambda objects, labels: shaping.snap_to_edge(
        objects, labels, np.add.outer(*(np.arange(n) for n in objects.labels.shape)), 2
    ),
}

single = arrays.arrays(np.bool_, (9, 11))


@st.composite
def stacks_of_objects(draw: st.DrawFn) -> np.ndarray:
    """Up to five objects of any form, each in the first plane where it fits."""
    masks = draw(st.lists(single, min_size=2, max_size=5))
    labels = np.zeros((len(masks), 9, 11), np.int32)
    for number, mask in enumerate(masks, start=1):
        free = next(plane for plane in labels if not plane[mask].any())
        free[mask] = number
    return labels[: max(int(labels.any(axis=(1, 2)).sum()), 1)]


def masks_of(labels: np.ndarray) -> dict[int, np.ndarray]:
    """Return what each object covers, whichever planes it lies in."""
    numbers = np.unique(labels[labels > 0]).tolist()
    return {label: (labels == label).any(axis=0) for label in numbers}


def with_room(labels: np.ndarray, act: Callable[[ObjectIndex], Edit]) -> np.ndarray:
    """Return the edited stack, with as many planes more as it takes."""
    while True:
        try:
            return applied(labels, act(ObjectIndex(labels)))
        except stacks.NoPlaneError:
            labels = np.concatenate([labels, np.zeros_like(labels[:1])])


def one_plane_each(labels: np.ndarray) -> bool:
    return all(
        np.any(labels == label, axis=(1, 2)).sum() == 1
        for label in np.unique(labels[labels > 0])
    )


@pytest.mark.parametrize("name", ALONE)
@given(labels=stacks_of_objects(), data=st.data())
def test_no_act_on_objects_changes_a_pixel_of_another(
    name: str, labels: np.ndarray, data: st.DataObject
) -> None:
    before = masks_of(labels)
    if not before:
        return
    chosen = data.draw(
        st.lists(st.sampled_from(sorted(before)), min_size=1, max_size=2, unique=True)
    )
    try:
        after = with_room(
            labels, lambda objects: stacks.each_alone(objects, chosen, ALONE[name])
        )
    except EditError:
        return
    found = masks_of(after)
    for label in set(before) - set(chosen):
        np.testing.assert_array_equal(found[label], before[label])
    assert one_plane_each(after)


@pytest.mark.parametrize("name", ["fill", "largest", "grow", "shrink", "smooth"])
@given(labels=stacks_of_objects(), data=st.data())
def test_an_object_becomes_what_it_would_become_alone(
    name: str, labels: np.ndarray, data: st.DataObject
) -> None:
    before = masks_of(labels)
    if not before:
        return
    label = data.draw(st.sampled_from(sorted(before)))
    flat = np.where(before[label], label, 0).astype(np.int32)
    try:
        wanted = applied(flat, ALONE[name](ObjectIndex(flat), [label]))
    except EditError:
        with pytest.raises(EditError):
            stacks.each_alone(ObjectIndex(labels), [label], ALONE[name])
        return
    after = with_room(
        labels, lambda objects: stacks.each_alone(objects, [label], ALONE[name])
    )
    np.testing.assert_array_equal((after == label).any(axis=0), wanted == label)


@given(labels=stacks_of_objects(), data=st.data())
def test_merged_objects_cover_what_they_covered_and_others_stay(
    labels: np.ndarray, data: st.DataObject
) -> None:
    before = masks_of(labels)
    if len(before) < 2:
        return
    chosen = data.draw(
        st.lists(st.sampled_from(sorted(before)), min_size=2, max_size=3, unique=True)
    )
    found = masks_of(with_room(labels, lambda o: stacks.merge(o, chosen)))
    together = np.logical_or.reduce([before[label] for label in chosen])
    np.testing.assert_array_equal(found.pop(chosen[0]), together)
    assert set(found) == set(before) - set(chosen)
    for label, mask in found.items():
        np.testing.assert_array_equal(mask, before[label])


@given(labels=stacks_of_objects(), mask=single, plane=st.integers(0, 4))
def test_an_added_object_lies_over_the_others_and_hurts_none(
    labels: np.ndarray, mask: np.ndarray, plane: int
) -> None:
    before = masks_of(labels)
    if not mask.any():
        return
    shape = stacks.Shape((slice(0, 9), slice(0, 11)), mask)
    after = with_room(
        labels,
        lambda objects: stacks.add(objects, shape, plane % len(objects.labels), "add"),
    )
    found = masks_of(after)
    new = max(before, default=0) + 1
    np.testing.assert_array_equal(found.pop(new), mask)
    for label, one in before.items():
        np.testing.assert_array_equal(found[label], one)
    assert one_plane_each(after)


@given(labels=stacks_of_objects(), data=st.data())
def test_an_object_set_apart_is_alone_in_its_plane(
    labels: np.ndarray, data: st.DataObject
) -> None:
    before = masks_of(labels)
    if not before:
        return
    label = data.draw(st.sampled_from(sorted(before)))
    try:
        after = with_room(labels, lambda objects: stacks.set_apart(objects, label))
    except EditError:
        after = labels
    plane = after[stacks.plane_of(ObjectIndex(after), label)]
    assert set(np.unique(plane[plane > 0])) == {label}
    found = masks_of(after)
    assert set(found) == set(before)
    assert all(np.array_equal(found[one], before[one]) for one in before)


@given(labels=stacks_of_objects(), data=st.data())
def test_deleting_one_object_leaves_those_over_and_under_it(
    labels: np.ndarray, data: st.DataObject
) -> None:
    before = masks_of(labels)
    if not before:
        return
    label = data.draw(st.sampled_from(sorted(before)))
    found = masks_of(applied(labels, joining.delete(ObjectIndex(labels), [label])))
    assert set(found) == set(before) - {label}
    assert all(np.array_equal(found[one], before[one]) for one in found)


@pytest.fixture
def pair() -> np.ndarray:
    """Object 1 in plane 0, object 2 beside it; object 3 over both in plane 1."""
    labels = np.zeros((2, 12, 20), np.int32)
    labels[0, 2:10, 2:8] = 1
    labels[0, 2:10, 8:14] = 2
    labels[1, 4:8, 5:11] = 3
    return labels


def test_an_object_that_outgrows_its_plane_goes_to_one_where_it_fits(
    pair: np.ndarray,
) -> None:
    pair[1, 4:8, 5:11] = 0
    edit = stacks.each_alone(ObjectIndex(pair), [1], ALONE["grow"])
    after = applied(pair, edit)
    assert stacks.plane_of(ObjectIndex(after), 1) == 1
    assert edit.title == "grow by 2 px"


def test_where_no_plane_is_free_another_is_asked_for(pair: np.ndarray) -> None:
    with pytest.raises(stacks.NoPlaneError, match="overlaps others in every plane"):
        stacks.each_alone(ObjectIndex(pair), [1], ALONE["grow"])
    with pytest.raises(stacks.NoPlaneError, match="every plane has objects"):
        stacks.set_apart(ObjectIndex(pair), 1)


def test_an_object_that_is_alone_cannot_be_set_apart(pair: np.ndarray) -> None:
    with pytest.raises(EditError, match="has its plane to itself"):
        stacks.set_apart(ObjectIndex(pair), 3)


def test_merging_takes_two_objects_of_a_stack(pair: np.ndarray) -> None:
    with pytest.raises(EditError, match="merging takes two"):
        stacks.merge(ObjectIndex(pair), [1, 1])


def test_clicks_at_one_place_go_through_all_objects_there(pair: np.ndarray) -> None:
    under = stacks.labels_under(pair, 5, 6)
    assert under == [1, 3]
    assert stacks.next_under(under, 3, 0) == 3
    assert stacks.next_under(under, 3, 3) == 1
    assert stacks.next_under(under, 3, 1) == 3
    assert stacks.next_under(under, 0, 2) == 1
    assert stacks.next_under([], 0, 2) == 0


def test_beside_the_picture_there_is_no_object(pair: np.ndarray) -> None:
    assert stacks.labels_under(pair, -1, 3) == []
    assert stacks.labels_under(pair, 3, 20) == []


def test_parts_of_a_split_object_get_labels_that_no_plane_has(
    pair: np.ndarray,
) -> None:
    line = np.array([[6.0, 0.0], [6.0, 19.0]])
    edit = stacks.each_alone(
        ObjectIndex(pair),
        [1, 2],
        lambda objects, _: splitting.split_along(objects, line),
    )
    found = masks_of(applied(pair, edit))
    assert sorted(found) == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(found[3], pair[1] == 3)
