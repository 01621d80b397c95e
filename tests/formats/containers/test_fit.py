"""Annotations brought into what a form holds; what would be lost is refused."""

from __future__ import annotations

from dataclasses import replace

import marked as small
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from marked import CLASSES, SIZE, assert_same

from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.containers.base import FORMS, Form, Marked
from napari_cellsets.formats.containers.convert import corners_of_boxes
from napari_cellsets.formats.containers.fit import best_form, fit, fit_all

label_images = hnp.arrays(
    np.int32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements={"min_value": 0, "max_value": 4},
)


def form_of(*kinds: type) -> Form:
    return replace(FORMS["instances"], key="test", title="test", kinds=kinds)


@settings(deadline=None)
@given(label_images)
def test_labels_survive_masks_and_polygons(labels) -> None:
    known = {int(v): int(v) % 3 for v in np.unique(labels) if v}
    found = LabelImage(labels, "", {0: "a", 1: "b", 2: "c"}, known)
    size = labels.shape
    stack = fit(found, form_of(MaskStack), size)
    polygons = fit(stack, form_of(Polygons), size)
    assert isinstance(polygons, Polygons)
    for step in (stack, polygons):
        again = fit(step, form_of(LabelImage), size)
        np.testing.assert_array_equal(again.labels, labels)
        assert again.class_of == known


@settings(deadline=None)
@given(label_images)
def test_a_class_mask_can_be_drawn_again_from_its_objects(classes) -> None:
    found = fit(ClassMask(classes), form_of(LabelImage), classes.shape)
    drawn = np.array([0, *found.class_of.values()])[found.labels]
    np.testing.assert_array_equal(drawn, classes)


def test_what_is_held_is_returned_as_it_is() -> None:
    boxes = small.boxes()
    assert fit(boxes, FORMS["coco"], SIZE) is boxes


def test_overlap_is_refused_with_the_forms_that_hold_it() -> None:
    with pytest.raises(
        ExportError,
        match=r"cannot hold overlapping objects\. Choose COCO JSON or mask stack",
    ):
        fit(small.mask_stack(), FORMS["instances"], SIZE)


def test_overlap_is_drawn_over_where_losses_are_allowed() -> None:
    found = fit(small.mask_stack(), FORMS["instances"], SIZE, lossy=True)
    assert found.labels[4, 3] == 2
    assert np.unique(found.labels).tolist() == [0, 1, 2, 3]


def test_an_object_without_pixels_is_refused() -> None:
    stack = replace(small.mask_stack(), masks=[np.zeros((1, 1), bool)] * 3)
    with pytest.raises(ExportError, match="object without pixels"):
        fit(stack, FORMS["instances"], SIZE)


@pytest.mark.parametrize(
    ("make", "form", "why"),
    [
        (small.polygons, "instances", "runs through pixels"),
        (small.boxes, "instances", "says nothing of the outline"),
        (small.points, "instances", "holds no points"),
        (small.label_image, "points-csv", "nothing of an object but its middle"),
        (small.label_image, "class-mask", "does not tell objects of a class apart"),
        (small.label_image, "binary-mask", "knows one class"),
        (small.points, "yolo", "holds no points"),
        (lambda: ImageClass("x"), "coco", "holds no classes of whole pictures"),
    ],
)
def test_losses_are_refused_with_the_reason(make, form, why) -> None:
    with pytest.raises(ExportError, match=why):
        fit(make(), FORMS[form], SIZE)


def test_outlines_that_leave_the_picture_are_refused_or_clipped() -> None:
    ring = np.array([[-4.5, -4.5], [-4.5, 2.5], [2.5, 2.5], [2.5, -4.5]])
    polygons = Polygons([((ring,),)])
    with pytest.raises(ExportError, match="an outline leaves it"):
        fit(polygons, FORMS["instances"], SIZE)
    assert fit(polygons, FORMS["instances"], SIZE, lossy=True).labels.sum() == 9


def test_open_lines_are_refused_and_left_out_where_losses_are_allowed() -> None:
    polygons = replace(small.polygons(), open=np.array([True, False]))
    with pytest.raises(ExportError, match="open line"):
        fit(polygons, FORMS["coco"], SIZE)
    found = fit(polygons, FORMS["coco"], SIZE, lossy=True)
    assert len(found.outlines) == 1
    assert found.class_ids.tolist() == [1]


def test_holes_become_masks_where_polygons_have_none() -> None:
    traced = fit(small.label_image(), form_of(Polygons), SIZE)
    found = fit(traced, FORMS["coco"], SIZE)
    assert isinstance(found, MaskStack)


def test_slanted_holes_are_refused_or_rounded() -> None:
    outer = np.array([[1.0, 1.0], [1.0, 20.0], [20.0, 11.0]])
    hole = np.array([[4.0, 9.0], [4.0, 13.0], [8.0, 11.0]])
    polygons = Polygons([((outer, hole),)])
    with pytest.raises(ExportError, match=r"polygons have no holes.*QuPath"):
        fit(polygons, FORMS["coco"], SIZE)
    assert isinstance(fit(polygons, FORMS["coco"], SIZE, lossy=True), MaskStack)


def test_turned_boxes_become_polygons_exactly() -> None:
    found = fit(small.turned_boxes(), FORMS["coco"], SIZE)
    assert isinstance(found, Polygons)
    ring = found.outlines[0][0][0]
    sides = np.hypot(*(np.roll(ring, -1, axis=0) - ring).T)
    np.testing.assert_allclose(sides, [16, 7, 16, 7])


def test_angles_turn_clockwise_on_the_screen() -> None:
    box = Boxes(np.array([[0.0, 0.0, 2.0, 10.0]]), angles=np.array([90.0]))
    (corners,) = corners_of_boxes(box)
    np.testing.assert_allclose(corners, [[-4, 6], [6, 6], [6, 4], [-4, 4]], atol=1e-9)


def test_a_stack_of_labels_has_no_polygons() -> None:
    labels = np.zeros((2, *SIZE), np.int32)
    with pytest.raises(ExportError, match="stack of planes"):
        fit(LabelImage(labels), FORMS["coco"], SIZE)


@pytest.mark.parametrize(
    ("make", "count"),
    [(small.label_image, 4), (small.mask_stack, 3), (small.polygons, 2)],
)
def test_boxes_and_points_are_made_where_losses_are_allowed(make, count) -> None:
    boxes = fit(make(), form_of(Boxes), SIZE, lossy=True)
    points = fit(make(), form_of(Points), SIZE, lossy=True)
    assert len(boxes.yxyx) == len(points.yx) == count
    assert (boxes.yxyx[:, :2] <= points.yx).all()
    assert (points.yx <= boxes.yxyx[:, 2:]).all()
    assert len(boxes.class_ids) == count


def test_the_middle_of_a_box_is_its_point() -> None:
    found = fit(small.boxes(), FORMS["points-csv"], SIZE, lossy=True)
    assert found.yx[0].tolist() == [0, 0]


def test_classes_of_pixels_are_kept_where_losses_are_allowed() -> None:
    found = fit(small.label_image(), FORMS["class-mask"], SIZE, lossy=True)
    assert found.classes[10, 0] == 2
    assert found.class_names == CLASSES


def test_labels_with_gaps_keep_their_numbers() -> None:
    labels = np.zeros(SIZE, np.int32)
    labels[0, 0], labels[5, 5] = 7, 1000
    stack = fit(LabelImage(labels), form_of(MaskStack), SIZE)
    assert_same(fit(stack, FORMS["instances"], SIZE), LabelImage(labels))


def test_a_picture_names_what_does_not_fit() -> None:
    marked = Marked("train/a.png", SIZE, (small.points(), small.label_image()))
    with pytest.raises(ExportError, match=r"train/a.png: .*holds no points"):
        fit_all(marked, FORMS["instances"])
    assert len(fit_all(marked, FORMS["instances"], lossy=True)) == 1


def test_what_has_no_room_together_is_told_with_the_names() -> None:
    marked = Marked("a.png", SIZE, (small.label_image(), small.label_image()))
    with pytest.raises(ExportError, match="2 annotations cannot share") as caught:
        fit_all(marked, FORMS["instances"])
    assert "'objects' or 'objects 2'" in str(caught.value)
    assert "--annotation" in str(caught.value)


@pytest.mark.parametrize(
    ("kinds", "best"),
    [
        ({MaskStack}, "coco"),
        ({MaskStack, LabelImage}, "coco"),
        ({Polygons, Boxes}, "coco"),
        ({LabelImage}, "coco-panoptic"),
        ({LabelImage, ClassMask}, "voc"),
        ({ClassMask}, "class-mask"),
        ({ImageClass}, "labelme"),
    ],
)
def test_the_form_that_holds_most_kinds_is_the_best(
    kinds: set[type], best: str
) -> None:
    assert best_form(kinds) == best
