"""The Objects dock on masks that overlap: objects of all planes in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from annotated_sets import write_annotated_set
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.stack_editor import planes_of
from napari_cellsets._qt.objects import ObjectsWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

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


def test_problems_are_those_of_the_plane_on_screen(
    dock: ObjectsWidget, viewer: Viewer, wait: Callable[[Callable[[], bool]], None]
) -> None:
    seen: list[np.ndarray] = []
    dock.search.wake(True)
    wait(lambda: dock.problems.found is not None)
    for plane in (1, 0):
        viewer.dims.set_point(0, plane)
        wait(lambda: dock.search._search() is not None)
        seen.append(dock.search._search().labels)
    data = planes_of(viewer.layers["masks"])
    np.testing.assert_array_equal(seen[0], data[1])
    np.testing.assert_array_equal(seen[1], data[0])
