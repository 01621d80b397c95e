"""Points, boxes and outlines are corrected by the hand of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mark_hands import click, double_click, drag, press
from napari_cellsets._napari.annotation_slots import Looks, new_layer
from napari_cellsets._napari.drawn import drawn_of
from napari_cellsets._napari.marks import MarkEditor
from napari_cellsets.core.annotation import Boxes, Points, Polygons

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_cellsets.core.annotation import Annotation

NAMES = {1: "a", 2: "b"}
SQUARE = np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 9.0], [9.0, 0.0]])


class Hand:
    """A layer, who follows it, and what that has told."""

    def __init__(self, viewer: ViewerModel, annotation: Annotation) -> None:
        size = (100, 100)
        (drawn,), _, _ = drawn_of([annotation], size)
        colours = {"a": (1.0, 0.0, 0.0, 1.0), "b": (0.0, 1.0, 0.0, 1.0)}
        self.layer: Any = new_layer(drawn, Looks(colours, set(), size, None))
        viewer.add_layer(self.layer)
        self.layer.editable = True
        self.editor = MarkEditor(self.layer, drawn, "b")
        self.acts: list[tuple[str, int]] = []
        self.told: list[str] = []
        self.editor.acted.connect(lambda s: self.acts.append((s.verb, len(s.after))))
        self.editor.told.connect(self.told.append)

    @property
    def numbers(self) -> list[int]:
        return [row.number for row in self.editor.rows]

    @property
    def seen(self) -> dict[int, tuple[Any, str]]:
        """What the layer shows, by the number of each mark."""
        shown = [np.asarray(place).tolist() for place in self.layer.data]
        classes = list(self.layer.features["class"])
        return dict(zip(self.numbers, zip(shown, classes, strict=True), strict=True))


@pytest.fixture
def points(viewer: ViewerModel) -> Hand:
    yx = np.array([[10.0, 10.0], [20.0, 20.0], [30.0, 30.0]])
    ids = np.array([1, 2, 1])
    known = {"size": [5, 6, 7]}
    return Hand(viewer, Points(yx, "p", NAMES, class_ids=ids, properties=known))


@pytest.fixture
def boxes(viewer: ViewerModel) -> Hand:
    edges = np.array([[10.0, 10, 20, 20], [40, 40, 60, 60]])
    return Hand(viewer, Boxes(edges, "b", NAMES, class_ids=np.array([1, 2])))


@pytest.fixture
def outlines(viewer: ViewerModel) -> Hand:
    found = [((SQUARE + 10,),), ((SQUARE * 2 + 40, SQUARE + 44),)]
    return Hand(viewer, Polygons(found, "o", NAMES, class_ids=np.array([1, 2])))


def test_a_click_adds_a_point_with_a_number_of_its_own(points: Hand) -> None:
    points.layer.mode = "add"
    click(points.layer, (50, 50))
    click(points.layer, (60, 60))
    assert points.acts == [("add", 1), ("add", 1)]
    assert points.numbers[:3] == [1, 2, 3]
    assert points.numbers[4] > points.numbers[3] > 10**12
    assert [row.class_name for row in points.editor.rows[3:]] == ["b", "b"]


def test_dragging_a_point_is_one_act(points: Hand) -> None:
    points.layer.mode = "select"
    drag(points.layer, (10, 10), (12, 13), (14, 15), (15, 15))
    assert points.acts == [("move", 1)]
    assert points.editor.rows[0].form.vertices.tolist() == [[15, 15]]


def test_selecting_is_no_act(points: Hand) -> None:
    points.layer.mode = "select"
    click(points.layer, (20, 20))
    points.layer.selected_data = {0, 1}
    points.layer.refresh()
    assert points.acts == []


def test_a_paste_of_points_is_one_act(points: Hand) -> None:
    points.layer.selected_data = {0, 1}
    points.layer._copy_data()
    points.layer._paste_data()
    assert points.acts == [("add", 2)]
    assert len(set(points.numbers)) == 5
    assert [row.class_name for row in points.editor.rows[3:]] == ["a", "b"]


def test_a_paste_of_boxes_is_one_act(boxes: Hand) -> None:
    boxes.layer.selected_data = {0, 1}
    boxes.layer._copy_data()
    boxes.layer._paste_data()
    assert boxes.acts == [("add", 2)]
    assert [row.class_name for row in boxes.editor.rows[2:]] == ["a", "b"]


def test_what_is_deleted_comes_back_with_all_that_was_known(points: Hand) -> None:
    before = points.seen
    points.layer.selected_data = {0, 1}
    points.layer.remove_selected()
    assert points.acts == [("delete", 2)]
    assert points.numbers == [3]
    press(points.layer, "Control-Z")
    assert points.seen == before
    assert sorted(points.layer.features["size"]) == [5, 6, 7]
    press(points.layer, "Control-Shift-Z")
    assert points.numbers == [3]


def test_selected_marks_take_a_class_in_one_act(points: Hand) -> None:
    points.layer.selected_data = {0, 1, 2}
    assert points.editor.set_class("b")
    assert points.acts == [("class", 2)]
    assert list(points.layer.features["class"]) == ["b", "b", "b"]
    assert not points.editor.set_class("b")
    press(points.layer, "Control-Z")
    assert list(points.layer.features["class"]) == ["a", "b", "a"]


def test_a_class_may_be_changed_in_the_table_of_features(points: Hand) -> None:
    table = points.layer.features.copy()
    table.loc[0, "class"] = "b"
    points.layer.features = table
    assert points.acts == [("class", 1)]


def test_a_program_may_empty_the_layer_and_that_is_undone(points: Hand) -> None:
    before = points.seen
    points.layer.data = np.empty((0, 2))
    assert points.acts == [("delete", 3)]
    press(points.layer, "Control-Z")
    assert points.seen == before


def test_a_program_may_put_fewer_points_elsewhere(points: Hand) -> None:
    before = points.seen
    points.layer.data = np.array([[1.0, 1.0], [2.0, 2.0]])
    assert points.numbers == [1, 2]
    assert points.editor.rows[1].form.vertices.tolist() == [[2, 2]]
    press(points.layer, "Control-Z")
    assert points.seen == before


def test_nothing_is_undone_while_an_outline_is_half_drawn(outlines: Hand) -> None:
    outlines.layer.remove([0])
    outlines.layer.mode = "add_polygon"
    click(outlines.layer, (70, 70))
    press(outlines.layer, "Control-Z")
    assert outlines.numbers == [2]
    assert outlines.editor.undoable == (1, 0)


def test_a_box_that_is_made_flat_stays_as_it_was(boxes: Hand) -> None:
    before = boxes.seen
    flat = boxes.layer.data[0].copy()
    flat[:, 0] = 10
    boxes.layer.data = [flat, boxes.layer.data[1]]
    assert boxes.told == ["That would enclose nothing."]
    assert boxes.seen == before


def test_what_a_paused_program_does_is_no_act(points: Hand) -> None:
    with points.editor.paused():
        points.layer.refresh()
        points.layer.selected_data = {1}
    assert points.acts == []


def test_boxes_are_drawn_moved_and_resized(boxes: Hand) -> None:
    boxes.layer.mode = "add_rectangle"
    drag(boxes.layer, (70, 70), (72, 75), (80, 90))
    boxes.layer.mode = "select"
    drag(boxes.layer, (50, 50), (52, 52), (55, 55))
    boxes.layer.selected_data = {1}
    drag(boxes.layer, (65, 65), (66, 66), (70, 70))
    assert boxes.acts == [("add", 1), ("move", 1), ("reshape", 1)]
    assert boxes.editor.rows[1].form.vertices.max() == 70


def test_every_act_on_boxes_is_undone_in_order_and_done_again(boxes: Hand) -> None:
    states = [boxes.seen]
    boxes.layer.mode = "add_rectangle"
    drag(boxes.layer, (70, 70), (72, 75), (80, 90))
    states.append(boxes.seen)
    boxes.layer.mode = "select"
    drag(boxes.layer, (50, 50), (52, 52), (55, 55))
    states.append(boxes.seen)
    boxes.layer.selected_data = {0}
    boxes.editor.set_class("b")
    states.append(boxes.seen)
    boxes.layer.selected_data = {0, 1}
    boxes.layer.remove_selected()
    states.append(boxes.seen)
    for state in reversed(states[:-1]):
        press(boxes.layer, "Control-Z")
        assert boxes.seen == state
    press(boxes.layer, "Control-Z")
    assert boxes.seen == states[0]
    for state in states[1:]:
        press(boxes.layer, "Control-Shift-Z")
        assert boxes.seen == state


def test_a_new_act_ends_what_could_be_done_again(boxes: Hand) -> None:
    boxes.layer.remove([0])
    press(boxes.layer, "Control-Z")
    boxes.layer.remove([1])
    assert boxes.editor.undoable == (1, 0)


def test_many_boxes_are_moved_back_at_once(viewer: ViewerModel) -> None:
    edges = np.array([[n, n, n + 5.0, n + 5.0] for n in range(12)])
    hand = Hand(viewer, Boxes(edges, "b", NAMES, class_ids=np.ones(12, int)))
    before = hand.seen
    hand.layer.mode = "select"
    hand.layer.selected_data = set(range(12))
    drag(hand.layer, (8, 8), (20, 20), (30, 30))
    assert hand.acts == [("move", 12)]
    press(hand.layer, "Control-Z")
    assert {n: place for n, (place, _) in hand.seen.items()} == {
        n: place for n, (place, _) in before.items()
    }


def test_a_corner_that_is_dragged_leaves_a_box_a_box(boxes: Hand) -> None:
    boxes.layer.mode = "direct"
    boxes.layer.selected_data = {0}
    drag(boxes.layer, (10, 10), (8, 8), (5, 5))
    assert boxes.acts == [("reshape", 1)]
    assert boxes.layer.shape_type == ["rectangle", "rectangle"]
    assert boxes.layer.data[0].tolist() == [[5, 5], [5, 20], [20, 20], [20, 5]]


def test_a_line_is_not_taken_among_outlines(outlines: Hand) -> None:
    outlines.layer.mode = "add_line"
    drag(outlines.layer, (70, 70), (75, 80), (70, 90))
    assert outlines.acts == []
    assert outlines.told == ["What was drawn encloses nothing; it was not kept."]
    assert len(outlines.layer.data) == len(outlines.layer.features) == 2


@pytest.mark.parametrize("mode", ["add_ellipse", "add_rectangle", "add_path"])
def test_all_that_is_drawn_among_outlines_is_a_polygon(
    outlines: Hand, mode: str
) -> None:
    outlines.layer.mode = mode
    drag(outlines.layer, (70, 10), (70, 30), (80, 30), (95, 10), (96, 20))
    assert outlines.acts == [("add", 1)]
    assert outlines.layer.shape_type[-1] == "polygon"


def test_outlines_are_drawn_point_by_point(outlines: Hand) -> None:
    outlines.layer.mode = "add_polygon"
    for place in ((70, 70), (70, 80), (80, 80), (80, 70)):
        click(outlines.layer, place)
    double_click(outlines.layer, (80, 70))
    assert outlines.acts == [("add", 1)]


def test_points_of_an_outline_are_moved_added_and_taken_away(outlines: Hand) -> None:
    layer = outlines.layer
    layer.selected_data = {0}
    layer.mode = "direct"
    drag(layer, (10, 10), (8, 8), (5, 5))
    layer.mode = "vertex_insert"
    click(layer, (10, 14))
    layer.mode = "vertex_remove"
    click(layer, (19, 19))
    assert outlines.acts == [("reshape", 1)] * 3
    after = [[5, 5], [10, 14], [10, 19], [19, 10]]
    assert outlines.editor.rows[0].form.vertices.tolist() == after


def test_an_outline_that_loses_its_last_points_is_deleted(viewer: ViewerModel) -> None:
    found = [((SQUARE[:3] + 10,),), ((SQUARE + 50,),)]
    hand = Hand(viewer, Polygons(found, "o", NAMES, class_ids=np.array([1, 2])))
    before = hand.seen
    hand.layer.mode = "vertex_remove"
    hand.layer.selected_data = {0}
    click(hand.layer, (10, 10))
    assert hand.acts == [("delete", 1)]
    assert list(hand.layer.features["class"]) == ["b"]
    press(hand.layer, "Control-Z")
    assert hand.seen == before


def test_an_outline_with_a_hole_keeps_it_when_it_is_moved(outlines: Hand) -> None:
    outlines.layer.mode = "select"
    drag(outlines.layer, (42, 42), (45, 45), (47, 47))
    assert outlines.acts == [("move", 1)]
    assert outlines.editor.rows[1].form.rings == ((4, 4),)


def test_a_hole_loses_no_point_without_a_word(viewer: ViewerModel) -> None:
    found = [((SQUARE * 2 + 40, SQUARE[:3] + 44),)]
    hand = Hand(viewer, Polygons(found, "o", NAMES, class_ids=np.array([1])))
    before = hand.layer.data[0].tolist()
    hand.layer.mode = "vertex_remove"
    hand.layer.selected_data = {0}
    click(hand.layer, (53, 53))
    assert hand.acts == []
    assert hand.told == ["An outline with holes or parts keeps its points."]
    assert hand.layer.data[0].tolist() == before


def test_many_polygons_are_drawn_as_lines_and_give_back_polygons(
    viewer: ViewerModel,
) -> None:
    found = [((SQUARE + n,),) for n in range(70)]
    hand = Hand(viewer, Polygons(found, "o", NAMES, class_ids=np.ones(70, int)))
    hand.layer.selected_data = {69}
    hand.layer.mode = "direct"
    drag(hand.layer, (78, 78), (80, 80), (90, 90))
    form = hand.editor.rows[69].form
    assert hand.acts == [("reshape", 1)]
    assert (form.shape, len(form.vertices)) == ("polygon", 4)


def test_nobody_hears_of_the_layer_after_the_end(points: Hand) -> None:
    points.editor.stop()
    points.layer.remove([0])
    assert points.acts == []
    assert "Control-Z" not in {str(key) for key in points.layer.keymap}
