"""The Objects dock on masks that overlap: objects of all planes in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from annotated_sets import write_annotated_set
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.objects import ObjectsWidget
from napari_cellsets.editing.edit import Edit, writes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets.editing.objects import ObjectIndex

pytestmark = pytest.mark.gui


@pytest.fixture
def dock(viewer: Viewer, tmp_path: Path, qtbot: QtBot) -> ObjectsWidget:
    """The dock on the masks of the annotated set: three in two planes."""
    get_session(viewer).open(write_annotated_set(tmp_path / "annotated"))
    viewer.layers.selection.active = viewer.layers["masks"]
    made = ObjectsWidget(viewer)
    viewer.window.add_dock_widget(made, name="Objects (Cell sets)")
    made.flow.wake(True)  # nobody sees the window
    qtbot.waitUntil(lambda: made.table.objects.total == 3, timeout=10_000)
    return made


def planes(dock: ObjectsWidget) -> dict[int, int | None]:
    """Return the plane of each label in the table."""
    objects = dock.table.objects
    labels = [objects.label_at(row) for row in range(objects.rowCount())]
    return {label: objects.plane_of(label) for label in labels}


@pytest.fixture
def wait(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    return lambda until: qtbot.waitUntil(until, timeout=10_000)


def test_objects_of_all_planes_are_listed_with_their_plane(
    dock: ObjectsWidget, viewer: Viewer
) -> None:
    data = np.asarray(viewer.layers["masks"].data)
    there = np.unique(data[data > 0]).tolist()
    truth = {label: int(np.argwhere(data == label)[0][0]) for label in there}
    assert planes(dock) == truth
    assert len(set(truth.values())) == 2
    assert dock.table.objects.column_of("plane") is not None
    assert any("mean" in name for name in dock.table.objects.known_columns)


def test_a_selected_row_shows_the_plane_of_its_object(
    dock: ObjectsWidget, viewer: Viewer
) -> None:
    for label, plane in planes(dock).items():
        dock.table.selectRow(dock.table.objects.row_of(label))
        assert dock.desk.editor.selected == (label,)
        assert dock.desk.editor.plane[0] == plane
        assert dock.table.objects.total == 3


def test_an_edit_in_any_plane_is_in_the_table(
    dock: ObjectsWidget, wait: Callable[[Callable[[], bool]], None]
) -> None:
    dock.desk.unlock()
    editor = dock.desk.editor
    other = next(n for n, plane in planes(dock).items() if plane != editor.plane[0])
    editor.select([other])
    dock.desk.perform("delete")
    wait(lambda: other not in planes(dock))
    dock.desk.target.undo()
    wait(lambda: dock.table.objects.total == 3)
    editor.select([1])
    dock.desk.perform("apart")
    wait(lambda: planes(dock)[1] == 2)


def pierce(editor: LabelEditor, label: int) -> None:
    """Give an object a hole of one pixel."""

    def make(objects: ObjectIndex) -> Edit:
        box, mask = objects.box(label), objects.mask(label)
        inside = np.zeros_like(mask)
        middle = tuple(side // 2 for side in mask.shape)
        inside[middle] = mask[middle]
        return Edit.of(
            "pierce", objects.labels, [writes(objects.labels.shape, box, inside, 0)]
        )

    editor.do(make)


def test_problems_of_all_planes_are_walked_plane_by_plane(
    dock: ObjectsWidget, wait: Callable[[Callable[[], bool]], None]
) -> None:
    dock.desk.unlock()
    where = planes(dock)
    for label in where:
        pierce(dock.desk.editor, label)
    dock.search.wake(True)

    def holes() -> set[int]:
        return {o.label for o in dock.problems.found or () if o.kind == "holes"}

    # what was edited just now is looked at a moment later
    wait(lambda: holes() == set(where))
    walked = {}
    for row, one in enumerate(dock.problems.model.problems):
        dock.problems.list.setCurrentIndex(dock.problems.model.index(row))
        assert dock.desk.editor.selected == (one.label,)
        walked[one.label] = dock.desk.editor.plane[0]
    assert walked == where


def test_a_problem_solved_in_another_plane_leaves_the_list(
    dock: ObjectsWidget, wait: Callable[[Callable[[], bool]], None]
) -> None:
    dock.desk.unlock()
    dock.search.wake(True)
    wait(lambda: dock.problems.found is not None)
    editor = dock.desk.editor
    other = next(n for n, plane in planes(dock).items() if plane != editor.plane[0])

    def told() -> bool:
        return any(
            (one.label, one.kind) == (other, "holes") for one in dock.problems.found
        )

    pierce(editor, other)
    wait(told)
    editor.select([other])
    dock.desk.perform("fill")
    wait(lambda: not told())
