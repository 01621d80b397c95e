"""Edits do what the slow obvious way does, and each can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import ndimage

from made_labels import (
    applied,
    attempt,
    boxes_of,
    disc,
    known_boxes,
    planes,
    with_objects,
)
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import growing, joining, shaping, splitting
from napari_cellsets.editing import planes as stacks
from napari_cellsets.editing.lines import labels_along, line_pixels
from napari_cellsets.editing.objects import ObjectIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.editing.edit import Edit


ACTS: dict[str, Callable[[ObjectIndex, list[int]], Edit]] = {
    "merge": joining.merge,
    "delete": joining.delete,
    "renumber": lambda objects, _: joining.renumber(objects),
    "fill": shaping.fill_holes,
    "largest": shaping.keep_largest,
    "grow": lambda objects, labels: shaping.grow(objects, labels, 2),
    "shrink": lambda objects, labels: shaping.shrink(objects, labels, 1),
    "smooth": lambda objects, labels: shaping.smooth(objects, labels, 1),
    "split": lambda objects, _: splitting.split_along(
        objects, np.array([[0.0, 0.0], [9.0, 9.0]])
    ),
}


@pytest.mark.parametrize("name", ACTS)
@given(labels=planes, data=st.data())
def test_every_edit_is_undone_by_its_inverse_and_the_index_stays_true(
    name: str, labels: np.ndarray, data: st.DataObject
) -> None:
    assume(with_objects(labels))
    objects = ObjectIndex(labels)
    chosen = data.draw(
        st.lists(st.sampled_from(sorted(objects)), min_size=1, max_size=3, unique=True)
    )
    before = labels.copy()
    edit = attempt(lambda: ACTS[name](objects, chosen))
    assert np.array_equal(labels, before), "computing an edit changes nothing"
    if edit is None:
        return
    for step in (edit, edit.inverse()):
        step.apply(labels)
        objects.update(step)
        assert known_boxes(objects) == boxes_of(labels)
    assert np.array_equal(labels, before)


@given(labels=planes)
def test_other_objects_are_never_hurt(labels: np.ndarray) -> None:
    assume(with_objects(labels))
    objects = ObjectIndex(labels)
    label = min(objects)
    for name in ("fill", "largest", "grow", "shrink", "smooth", "delete"):
        edit = attempt(lambda name=name: ACTS[name](objects, [label]))
        if edit is not None:
            after = applied(labels, edit)
            others = (labels != 0) & (labels != label)
            assert np.array_equal(after[others], labels[others])


@given(labels=planes)
def test_growing_is_the_dilation_by_a_disc_into_background(labels: np.ndarray) -> None:
    assume(with_objects(labels))
    objects = ObjectIndex(labels)
    label = max(objects)
    edit = attempt(lambda: shaping.grow(objects, [label], 2))
    near = ndimage.distance_transform_edt(labels != label) <= 2
    wanted = np.where(near & (labels == 0), label, labels)
    after = labels if edit is None else applied(labels, edit)
    assert np.array_equal(after, wanted)


@given(labels=planes)
def test_filling_is_filling_of_the_whole_plane(labels: np.ndarray) -> None:
    assume(with_objects(labels))
    objects = ObjectIndex(labels)
    label = max(objects)
    edit = attempt(lambda: shaping.fill_holes(objects, [label]))
    filled = ndimage.binary_fill_holes(labels == label)
    wanted = np.where(filled & (labels == 0), label, labels)
    after = labels if edit is None else applied(labels, edit)
    assert np.array_equal(after, wanted)


def test_a_line_across_cuts_in_two_and_loses_no_pixel() -> None:
    labels = disc((40, 40), 20, 20, 12).astype(np.int32) * 5
    edit = splitting.split_along(ObjectIndex(labels), np.array([[0, 20], [39, 20.0]]))
    after = applied(labels, edit)
    assert np.array_equal(after > 0, labels > 0)
    assert np.unique(after).tolist() == [0, 5, 6]
    assert abs((after == 5).sum() - (after == 6).sum()) < 30


@given(
    a=st.tuples(st.integers(0, 39), st.integers(0, 39)),
    b=st.tuples(st.integers(0, 39), st.integers(0, 39)),
)
def test_no_line_loses_or_adds_a_pixel(a: tuple[int, int], b: tuple[int, int]) -> None:
    labels = disc((40, 40), 18, 18, 12).astype(np.int32)
    objects = ObjectIndex(labels)
    line = np.array([a, b], float)
    edit = attempt(lambda: splitting.split_along(objects, line))
    if edit is not None:
        after = applied(labels, edit)
        assert np.array_equal(after > 0, labels > 0)
        for part in np.unique(after[after > 0]):
            _, pieces = ndimage.label(after == part, np.ones((3, 3)))
            assert pieces == 1


def test_a_line_that_ends_inside_cuts_nothing() -> None:
    labels = disc((40, 40), 20, 20, 12).astype(np.int32)
    with pytest.raises(EditError, match="cuts no object in two"):
        splitting.split_along(ObjectIndex(labels), np.array([[0, 20], [20, 20.0]]))


def test_seeds_part_touching_cells_where_they_are_narrow() -> None:
    left, right = disc((40, 60), 20, 20, 11), disc((40, 60), 20, 39, 11)
    labels = (left | right).astype(np.int32) * 3
    edit = splitting.split_from_seeds(ObjectIndex(labels), 3, [(20, 20), (20, 39)])
    after = applied(labels, edit)
    assert after[20, 12] != after[20, 47]
    border = np.flatnonzero(np.diff(after[20, 10:50]))
    assert len(border) == 1
    assert abs(10 + border[0] - 29.5) <= 2


def test_one_seed_is_not_enough() -> None:
    labels = disc((30, 30), 15, 15, 9).astype(np.int32)
    with pytest.raises(EditError, match="1 seeds lie in object 1"):
        splitting.split_from_seeds(ObjectIndex(labels), 1, [(15, 15), (0, 0)])


def test_a_stroke_merges_what_it_crosses() -> None:
    labels = np.zeros((10, 30), np.int32)
    labels[2:8, 2:8], labels[2:8, 10:18], labels[2:8, 20:28] = 4, 5, 6
    edit = joining.merge_along(ObjectIndex(labels), np.array([[5, 5], [5, 15.0]]))
    after = applied(labels, edit)
    assert np.unique(after).tolist() == [0, 4, 6]
    assert edit.title == "merge 2 objects"
    with pytest.raises(EditError, match="crosses 1 objects"):
        joining.merge_along(ObjectIndex(labels), np.array([[5, 3], [5, 5.0]]))


def test_small_large_and_cut_off_objects_are_found() -> None:
    labels = np.zeros((20, 20), np.int32)
    labels[0:3, 5:8], labels[10:12, 10:12], labels[5:9, 12:19] = 1, 2, 1_000_000
    objects = ObjectIndex(labels)
    assert joining.by_size(objects, least_px=5) == [2]
    assert joining.by_size(objects, most_px=20) == [1_000_000]
    assert joining.touching_border(objects) == [1]


def test_a_copy_takes_background_only_unless_told_otherwise() -> None:
    labels, source = np.zeros((8, 8), np.int32), np.zeros((8, 8), np.int32)
    labels[2:4, 2:4], source[3:6, 3:6] = 1, 9
    objects = ObjectIndex(labels)
    other = ObjectIndex(source)
    polite = applied(labels, joining.copy_object(objects, other, 9))
    assert polite[3, 3] == 1
    assert (polite == 2).sum() == 8
    greedy = applied(labels, joining.copy_object(objects, other, 9, over=True))
    assert (greedy == 2).sum() == 9
    assert (greedy == 1).sum() == 3


def test_a_copy_over_others_replaces_the_same_cell_whole() -> None:
    labels, source = np.zeros((20, 20), np.int32), np.zeros((20, 20), np.int32)
    labels[2:12, 2:12], labels[2:12, 12:18] = 1, 2
    source[3:13, 3:13] = 9
    objects, other = ObjectIndex(labels), ObjectIndex(source)
    after = applied(labels, joining.copy_object(objects, other, 9, over=True))
    assert np.array_equal(after == 3, source == 9)
    assert not (after == 1).any()
    assert (after == 2).sum() == (labels == 2).sum() - 9
    with pytest.raises(EditError, match="most of its place is taken by object 1"):
        joining.copy_object(objects, other, 9)


def test_what_is_cut_from_above_is_cut_in_all_planes() -> None:
    labels = np.zeros((3, 20, 30), np.int32)
    labels[0, 5:15, 5:25], labels[2, 7:13, 8:22], labels[1, 0:3, 0:3] = 4, 4, 7
    line = np.array([[0, 15], [19, 15.0]])
    edit = stacks.through(
        ObjectIndex(labels), [4], lambda one: splitting.split_along(one, line)
    )
    after = applied(labels, edit)
    assert edit.title == "split"
    for plane in (0, 2):
        assert np.array_equal(after[plane] > 0, labels[plane] > 0)
        left, right = (np.unique(side[side > 0]) for side in _halves(after[plane]))
        assert len(left) == len(right) == 1
    assert set(np.unique(after[0])) == set(np.unique(after[2])) == {0, 4, 8}
    assert np.array_equal(after[1], labels[1])


def _halves(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return plane[:, :14], plane[:, 17:]


def test_objects_that_a_line_does_not_part_stay_while_others_are_cut() -> None:
    labels = np.zeros((2, 20, 40), np.int32)
    labels[:, 5:15, 2:12], labels[:, 5:15, 20:30] = 1, 2
    objects = ObjectIndex(labels)
    line = np.array([[10, 6], [10, 38.0]])
    edit = stacks.through(objects, [1, 2], lambda one: splitting.split_along(one, line))
    after = applied(labels, edit)
    assert np.array_equal(after[:, :, :15], labels[:, :, :15])
    assert len(np.unique(after[0, :, 20:30])) == 3
    with pytest.raises(EditError, match="cuts no object in two"):
        stacks.through(objects, [1], lambda one: splitting.split_along(one, line))


def test_several_drawn_objects_become_one_in_the_planes_between() -> None:
    labels = np.zeros((4, 20, 20), np.int32)
    labels[0, 5:10, 5:10], labels[3, 6:11, 6:11] = 3, 8
    edit = stacks.interpolate(ObjectIndex(labels), [3, 8])
    after = applied(labels, edit)
    assert np.unique(after).tolist() == [0, 3]
    assert all((plane == 3).any() for plane in after)


def test_what_is_done_in_each_plane_is_one_edit() -> None:
    labels = np.zeros((3, 20, 20), np.int32)
    labels[:, 5:10, 5:10] = 3
    labels[1] = 0
    edit = stacks.plane_by_plane(
        ObjectIndex(labels), [3], lambda flat, there, _: shaping.grow(flat, there, 1)
    )
    slow = np.stack(
        [
            applied(one, shaping.grow(ObjectIndex(one), [3], 1)) if one.any() else one
            for one in labels
        ]
    )
    assert np.array_equal(applied(labels, edit), slow)
    with pytest.raises(EditError, match="too narrow"):
        stacks.plane_by_plane(
            ObjectIndex(labels), [3], lambda flat, _, __: shaping.shrink(flat, [3], 9)
        )


def test_planes_between_two_drawn_ones_are_filled_smoothly() -> None:
    labels = np.zeros((5, 40, 40), np.int32)
    labels[0][disc((40, 40), 20, 20, 4)] = 2
    labels[4][disc((40, 40), 20, 20, 12)] = 2
    after = applied(labels, stacks.interpolate(ObjectIndex(labels), [2]))
    areas = [(plane == 2).sum() for plane in after]
    assert areas == sorted(areas)
    assert areas[2] == pytest.approx(np.pi * 8**2, rel=0.1)
    with pytest.raises(EditError, match="no plane missing"):
        stacks.interpolate(ObjectIndex(after), [2])


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda objects: joining.merge(objects, [1]), "merging takes two"),
        (lambda objects: joining.merge(objects, [1, 99]), "there is no object 99"),
        (lambda objects: joining.delete(objects, [99]), "there is no object 99"),
        (lambda objects: joining.delete(objects, []), "nothing would change"),
        (lambda objects: joining.renumber(objects), "nothing would change"),
        (lambda objects: joining.give_label(objects, [1], 0), "between 1 and"),
        (lambda objects: shaping.grow(objects, [1], 0), "0 px is not between"),
        (lambda objects: shaping.shrink(objects, [1], 9), "too narrow to lose 9 px"),
        (lambda objects: stacks.interpolate(objects, [1]), "takes a stack of planes"),
        (
            lambda objects: shaping.snap_to_edge(objects, [1], np.zeros((2, 2)), 3),
            "the picture is",
        ),
        (
            lambda objects: joining.copy_object(
                objects, ObjectIndex(np.zeros((2, 2), int)), 1
            ),
            "does not fit one of size",
        ),
        (
            lambda objects: joining.copy_object(objects, objects, 99),
            "there is no object 99",
        ),
        (
            lambda objects: growing.add_from_click(objects, np.zeros((2, 2)), (0, 0)),
            "the picture is",
        ),
        (
            lambda objects: growing.add_from_click(
                objects, np.zeros((20, 20)), (10, 10)
            ),
            "there is an object already",
        ),
        (
            lambda objects: growing.add_from_click(
                objects, np.zeros((20, 20)), (-5, 3)
            ),
            "outside of the picture",
        ),
        (
            lambda objects: splitting.split_along(objects, np.array([[1.0, 2.0]])),
            "two ends at least",
        ),
        (
            lambda objects: splitting.split_along(
                objects, np.array([[np.nan, 2.0], [3, 4]])
            ),
            "is no number",
        ),
    ],
)
def test_what_cannot_be_done_says_why(
    act: Callable[[ObjectIndex], Edit], why: str
) -> None:
    labels = np.zeros((20, 20), np.int32)
    labels[8:13, 8:13] = 1
    with pytest.raises(EditError, match=why):
        act(ObjectIndex(labels))


@given(labels=planes)
def test_renumbering_closes_gaps_and_moves_as_few_as_it_can(labels: np.ndarray) -> None:
    before = ObjectIndex(labels)
    edit = attempt(lambda: joining.renumber(before))
    after = labels if edit is None else applied(labels, edit)
    numbers = np.unique(after[after > 0]).tolist()
    assert numbers == list(range(1, len(before) + 1))
    assert ObjectIndex(after).next_label() == len(numbers) + 1
    for label in before:
        if label <= len(before):
            assert np.array_equal(after == label, labels == label)


def test_another_label_is_another_class_for_the_whole_object() -> None:
    labels = np.zeros((6, 6), np.uint8)
    labels[:2, :2], labels[4:, 4:] = 3, 5
    after = applied(labels, joining.give_label(ObjectIndex(labels), [3], 5))
    assert np.unique(after).tolist() == [0, 5]


def test_an_edit_of_a_plane_is_one_of_its_stack() -> None:
    stack = np.zeros((2, 3, 8, 8), np.int32)
    stack[1, 2, 2:4, 2:4] = 6
    edit = joining.delete(ObjectIndex(stack[1, 2]), [6])
    assert not applied(stack, edit.lifted((1, 2), stack.shape)).any()


def test_an_edit_fits_only_images_of_its_size() -> None:
    labels = np.ones((4, 4), np.int32)
    edit = joining.delete(ObjectIndex(labels), [1])
    with pytest.raises(EditError, match="does not fit"):
        edit.apply(np.ones((5, 5), np.int32))


def test_lines_far_outside_cost_nothing_and_cross_nothing() -> None:
    y, x = line_pixels(np.array([[-1e12, -1e12], [-1e12, 1e12]]), (10, 10))
    assert len(y) == len(x) == 0
    assert labels_along(np.ones((4, 4), int), np.array([[0, 0], [3, 3.0]])) == [1]


@pytest.mark.parametrize("other", [(14, 25), (10, 35), (35, 61)])
def test_a_seed_near_the_rim_gets_the_side_it_lies_on(other: tuple[int, int]) -> None:
    cell = disc((70, 70), 35, 35, 28)
    seeds = [(35, 35), other]
    edit = splitting.split_from_seeds(ObjectIndex(cell.astype(np.int32)), 1, seeds)
    after = applied(cell.astype(np.int32), edit)
    away = [np.hypot(*(np.indices(cell.shape).T - seed).T) for seed in seeds]
    nearest = np.where(away[1] < away[0], after[other], after[35, 35])
    assert after[other] != after[35, 35]
    assert (after[cell] == nearest[cell]).mean() > 0.97
