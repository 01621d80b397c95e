"""The Objects dock: rows and objects go together, and stay true after edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from objects_docks import FIELD, Click, field, make_objects, objects
from qtpy.QtCore import QItemSelectionModel, Qt

from napari_cellsets._napari.edit_marks import SELECTED_NAME
from napari_cellsets._qt.objects_problems import Search
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.counting.measure import measure
from napari_cellsets.editing.problems import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from objects_docks import ObjectsDesk

__all__ = ["make_objects", "objects"]

pytestmark = pytest.mark.gui


def select_rows(desk: ObjectsDesk, *labels: int) -> None:
    """Select rows one after the other, with the control key from the second on."""
    table = desk.dock.table
    flag = QItemSelectionModel.SelectionFlag
    for number, label in enumerate(labels):
        index = table.objects.index(desk.row(label), 0)
        how = flag.Select if number else flag.ClearAndSelect
        table.selectionModel().select(index, how | flag.Rows)


def assert_measures_true(desk: ObjectsDesk) -> None:
    """Compare the table with measures of the whole image."""
    truth = measure(np.asarray(desk.labels.data)).columns
    found = desk.dock.flow.table
    assert found is not None
    for name in ("label", "area_px", "centroid_y", "eccentricity"):
        np.testing.assert_allclose(found.columns[name], truth[name])


def test_every_object_has_a_row(objects: ObjectsDesk) -> None:
    assert objects.column("label") == ["1", "2", "3", "4", "9"]
    assert objects.column("area_px") == ["400", "400", "384", "400", "6"]
    assert objects.dock.said.text() == "5 objects"


def test_without_labels_the_dock_says_what_to_do(
    make_objects: Callable[..., ObjectsDesk],
) -> None:
    desk = make_objects()
    assert desk.dock.welcome.isVisible()
    assert "Open an image" in desk.dock.welcome.words.text()
    desk.viewer.add_labels(field())
    desk.measured(5)
    assert not desk.dock.welcome.isVisible()


def test_brightness_is_that_of_the_image_under_the_labels(
    make_objects: Callable[..., ObjectsDesk],
) -> None:
    desk = make_objects(field())
    desk.viewer.add_image(np.where(field() == 2, 200.0, 10.0).astype(np.float32))
    desk.wait(lambda: desk.dock.table.objects.column_of("mean_intensity") is not None)
    assert desk.column("mean_intensity") == ["10.0", "200.0", "10.0", "10.0", "10.0"]


def test_a_row_selects_its_object_and_brings_it_into_view(objects: ObjectsDesk) -> None:
    objects.viewer.scene.camera.center = (0, 5_000, 5_000)
    select_rows(objects, 4)
    assert objects.selected == (4,)
    assert len(objects.viewer.layers[SELECTED_NAME].data) > 0
    np.testing.assert_allclose(objects.viewer.scene.camera.center[-2:], (89.5, 69.5))


def test_objects_that_were_measured_are_not_looked_for_again(
    objects: ObjectsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("napari_cellsets.editing.objects._found")
    select_rows(objects, 4)
    assert objects.selected == (4,)
    assert len(objects.viewer.layers[SELECTED_NAME].data) > 0


def test_several_rows_select_several_objects(objects: ObjectsDesk) -> None:
    select_rows(objects, 1, 3)
    assert set(objects.selected) == {1, 3}
    assert objects.dock.said.text() == "5 objects, 2 selected"


def test_a_click_in_the_image_selects_the_row(objects: ObjectsDesk) -> None:
    Click((55, 15)).send(objects.viewer)
    assert objects.dock.table.selected == (3,)
    assert objects.dock.table.currentIndex().row() == objects.row(3)
    Click((20, 40), shift=True).send(objects.viewer)
    assert set(objects.dock.table.selected) == {2, 3}
    Click((5, 5)).send(objects.viewer)
    assert objects.dock.table.selected == ()


def test_a_drag_selects_nothing(objects: ObjectsDesk) -> None:
    Click((55, 15), drag=True).send(objects.viewer)
    assert objects.dock.table.selected == ()


def test_selected_rows_are_deleted_in_one_step_that_napari_undoes(
    objects: ObjectsDesk,
) -> None:
    select_rows(objects, 1, 4)
    objects.dock.delete.click()
    assert objects.column("label") == ["2", "3", "9"]
    objects.labels.undo()
    objects.measured(5)
    assert_measures_true(objects)


def test_selected_rows_are_merged(objects: ObjectsDesk) -> None:
    assert not objects.dock.merge.isEnabled()
    select_rows(objects, 1, 2)
    objects.dock.merge.click()
    assert objects.column("label") == ["1", "3", "4", "9"]
    assert objects.column("area_px")[0] == "800"


def test_after_a_stroke_only_what_it_touched_is_measured_again(
    objects: ObjectsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched: list[list[int]] = []
    objects.dock.flow.touched.connect(lambda some: touched.append(some.tolist()))
    objects.labels.data_setitem((np.arange(12, 20), np.full(8, 15)), 0)
    assert touched == [[1]]
    assert objects.column("area_px")[0] == "392"
    assert_measures_true(objects)


def test_what_is_painted_while_all_is_measured_is_not_lost(
    objects: ObjectsDesk,
) -> None:
    painted: list[bool] = []

    def paint(busy: bool) -> None:
        if busy:
            painted.append(objects.dock.runner.busy)
            objects.labels.data_setitem((np.arange(12, 20), np.full(8, 15)), 0)

    objects.dock.runner.busy_changed.connect(paint)
    objects.dock.flow.look()
    objects.wait(lambda: bool(painted) and not objects.dock.runner.busy)
    assert painted == [True]
    assert objects.column("area_px")[0] == "392"


def test_a_filter_shows_only_what_is_asked_for(objects: ObjectsDesk) -> None:
    objects.dock.filter.setText("area < 399")
    assert objects.column("label") == ["3", "9"]
    assert objects.dock.said.text() == "5 objects, 2 shown"
    objects.dock.filter.setText("area < 399, 9")
    assert objects.column("label") == ["9"]
    objects.dock.filter.setText("")
    assert len(objects.column("label")) == 5


def test_sorting_keeps_what_is_selected(objects: ObjectsDesk) -> None:
    select_rows(objects, 1, 9)
    table = objects.dock.table
    area = table.objects.column_of("area_px")
    table.sortByColumn(area, Qt.SortOrder.AscendingOrder)
    assert objects.column("label")[0] == "9"
    rows = {index.row() for index in table.selectionModel().selectedRows()}
    assert rows == {objects.row(1), objects.row(9)}
    assert set(objects.selected) == {1, 9}


def test_in_a_stack_the_plane_on_screen_is_listed(
    make_objects: Callable[..., ObjectsDesk],
) -> None:
    stack = np.stack([field(), np.zeros(FIELD, np.int32)])
    stack[1, 40:50, 40:50] = 12
    desk = make_objects(stack)
    desk.viewer.dims.set_current_step(0, 1)
    desk.measured(1)
    assert desk.column("label") == ["12"]
    desk.viewer.dims.set_current_step(0, 0)
    desk.measured(5)


def test_the_table_follows_from_sample_to_sample(
    make_objects: Callable[..., ObjectsDesk], set_path: Path
) -> None:
    desk = make_objects()
    desk.dock.session.open(set_path)
    desk.measured(2)
    assert desk.column("area_px") == ["80", "168"]
    assert desk.dock.table.objects.column_of("mean_red") is not None
    desk.dock.session.step(1)
    assert desk.dock.session.truth_layer is not None
    desk.wait(lambda: desk.dock.flow.table is not None and not desk.dock.runner.busy)
    desk.measured(2)


def test_locked_ground_truth_is_unlocked_where_the_person_wants_it(
    make_objects: Callable[..., ObjectsDesk], set_path: Path
) -> None:
    desk = make_objects()
    desk.dock.session.open(set_path)
    desk.measured(2)
    select_rows(desk, 2)
    desk.dock.delete.click()
    assert "is locked" in desk.dock.message.text.text()
    desk.dock.message.act.click()
    assert desk.dock.session.correcting_truth


def test_the_dock_hears_nothing_once_it_is_closed(objects: ObjectsDesk) -> None:
    select_rows(objects, 1)
    objects.viewer.window.remove_dock_widget(objects.dock)
    assert objects.selected == ()
    Click((55, 15)).send(objects.viewer)
    assert objects.selected == ()
    objects.dock.deleteLater()


def test_labels_of_several_sizes_are_said_not_to_be_measured(
    make_objects: Callable[..., ObjectsDesk],
) -> None:
    desk = make_objects()
    desk.viewer.add_labels([field(), field()[::2, ::2]], multiscale=True)
    desk.wait(lambda: not desk.dock.runner.busy)
    assert desk.dock.said.text() == "No objects measured"


# Problems


@pytest.fixture
def searched(objects: ObjectsDesk) -> ObjectsDesk:
    """The dock with its page of problems in front."""
    objects.dock.tabs.setCurrentWidget(objects.dock.problems)
    objects.wait(lambda: objects.dock.problems.found is not None)
    return objects


def listed(desk: ObjectsDesk) -> list[tuple[str, int]]:
    return [(one.kind.value, one.label) for one in desk.dock.problems.model.problems]


def test_problems_are_listed_with_their_numbers(searched: ObjectsDesk) -> None:
    assert listed(searched) == [("tiny", 9), ("holes", 3), ("border", 4)]
    boxes = searched.dock.problems.boxes
    assert boxes[ProblemKind.HOLES].text() == "Holes (1)"
    assert boxes[ProblemKind.PARTS].text() == "In parts (0)"


def test_kinds_that_are_not_ticked_are_not_listed(searched: ObjectsDesk) -> None:
    searched.dock.problems.boxes[ProblemKind.TINY].setChecked(False)
    assert listed(searched) == [("holes", 3), ("border", 4)]


def test_the_way_through_problems_selects_each_object(searched: ObjectsDesk) -> None:
    page = searched.dock.problems
    seen = []
    for button in (page.after, page.after, page.after, page.after, page.before):
        button.click()
        seen.append(searched.selected)
    assert seen == [(9,), (3,), (4,), (4,), (3,)]


def test_a_solved_problem_goes_and_the_next_one_takes_its_place(
    searched: ObjectsDesk,
) -> None:
    page = searched.dock.problems
    page.after.click()
    page.after.click()
    searched.dock.desk.perform("fill")
    assert listed(searched) == [("tiny", 9), ("border", 4)]
    page.after.click()
    assert searched.selected == (4,)


def test_a_problem_that_an_edit_makes_is_listed(searched: ObjectsDesk) -> None:
    searched.labels.data_setitem((np.arange(10, 30), np.full(20, 20)), 0)
    assert ("parts", 1) in listed(searched)


def test_nothing_is_looked_for_while_the_page_is_behind(objects: ObjectsDesk) -> None:
    objects.labels.data_setitem((np.arange(10, 30), np.full(20, 20)), 0)
    assert objects.dock.problems.found is None


def test_rows_have_short_headings_with_their_meaning_in_a_tooltip(
    objects: ObjectsDesk,
) -> None:
    model = objects.dock.table.objects
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    column = model.column_of("solidity")
    short, whole = (
        model.headerData(column, Qt.Orientation.Horizontal, role) for role in roles
    )
    assert short == "Solid."
    assert whole.startswith("Solidity: Share of its convex hull")
    assert whole.endswith("Right click: choose columns")


def test_a_problem_says_what_is_wrong_with_which_object(searched: ObjectsDesk) -> None:
    model = searched.dock.problems.model
    words = [model.data(model.index(row, 0)) for row in range(model.rowCount())]
    assert words == [
        "Object 9 – tiny: 6 px, the median is 400 px",
        "Object 3 – holes of 16 px",
        "Object 4 – cut off by the edge of the image",
    ]


def test_keys_typed_into_the_filter_are_no_acts(objects: ObjectsDesk) -> None:
    select_rows(objects, 1, 2)
    objects.dock.window().activateWindow()
    objects.dock.filter.setFocus()
    objects.wait(objects.dock.filter.hasFocus)
    objects.qtbot.keyClicks(objects.dock.filter, "sm1")
    objects.qtbot.keyClick(objects.dock.filter, Qt.Key.Key_Delete)
    assert objects.dock.filter.text() == "sm1"
    assert int(np.count_nonzero(objects.labels.data == 2)) == 400


def test_keys_act_on_selected_rows(objects: ObjectsDesk) -> None:
    select_rows(objects, 1, 2)
    objects.dock.window().activateWindow()
    objects.dock.table.setFocus()
    objects.wait(objects.dock.table.hasFocus)
    objects.qtbot.keyClick(objects.dock.table, Qt.Key.Key_M)
    assert objects.column("label") == ["1", "3", "4", "9"]
    objects.qtbot.keyClick(objects.dock.table, Qt.Key.Key_Delete)
    assert objects.column("label") == ["3", "4", "9"]


def test_looking_for_problems_is_cancelled_and_begun_again(
    searched: ObjectsDesk,
) -> None:
    dock = searched.dock
    cancelled: list[bool] = []

    def cancel(busy: bool) -> None:
        if busy and not cancelled:
            cancelled.append(True)
            dock.search_runner.cancel()

    dock.search_runner.busy_changed.connect(cancel)
    dock.search.look()
    searched.wait(lambda: "cancelled" in dock.problems.said.text())
    assert listed(searched) == []
    dock.tabs.setCurrentIndex(0)
    dock.tabs.setCurrentWidget(dock.problems)
    searched.wait(lambda: len(listed(searched)) == 3)


def test_what_was_painted_while_the_dock_was_behind_is_shown(
    objects: ObjectsDesk,
) -> None:
    objects.dock.hide()
    objects.labels.data_setitem((np.arange(12, 20), np.full(8, 15)), 0)
    objects.dock.show()
    objects.wait(lambda: objects.column("area_px")[0] == "392")


def test_cells_over_an_object_of_another_class_are_a_problem() -> None:
    labels = field()
    alive = dict.fromkeys((1, 2, 3, 4, 9), "alive")
    search = Search(labels, alive, labels, {**alive, 2: "dead"})
    found = search(CancelToken(), lambda _part, _text: None)
    overlaps = [one for one in found if one.kind is ProblemKind.OVERLAP]
    assert [(one.label, one.text) for one in overlaps] == [
        (2, "400 px over object 2 (dead)")
    ]
