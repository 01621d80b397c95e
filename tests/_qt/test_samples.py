from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent, QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QScrollArea

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.samples import SamplesWidget
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import Project
from small_sets import NAMES, labels_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui


@pytest.fixture
def session(viewer: Viewer) -> Session:
    return get_session(viewer)


@pytest.fixture
def dock(viewer: Viewer, qtbot: QtBot) -> SamplesWidget:
    """The dock in a window, nothing open."""
    widget = SamplesWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Samples (Cell sets)")
    return widget


@pytest.fixture
def full(
    dock: SamplesWidget, session: Session, set_path: Path, qtbot: QtBot
) -> SamplesWidget:
    """The dock with the small set open, thumbnails and marks there."""
    open_and_wait(dock, session, set_path, qtbot)
    return dock


def open_and_wait(
    dock: SamplesWidget, session: Session, path: Path, qtbot: QtBot
) -> None:
    dock.open_path(path)
    qtbot.waitUntil(lambda: session.dataset is not None, timeout=10_000)
    qtbot.waitUntil(lambda: not dock._runner.busy)


def rows(dock: SamplesWidget) -> list[str]:
    model = dock.view.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def wait_for_sample(qtbot: QtBot, session: Session, index: int) -> None:
    qtbot.waitUntil(lambda: session.index == index, timeout=10_000)


def test_empty_dock_says_what_to_do(dock: SamplesWidget) -> None:
    assert not dock.welcome.isHidden()
    assert "Drop a folder" in dock.welcome.text()
    assert dock.view.isHidden()


def test_open_set_says_what_it_is(full: SamplesWidget) -> None:
    assert full.welcome.isHidden()
    assert full.header.title.text() == "Folder of pictures and folder of masks"
    assert "4" in full.header.completeness.text()
    assert full.steps.position.text() == "1 of 4"
    assert [row.splitlines()[0] for row in rows(full)] == list(NAMES)


def test_dock_opened_later_shows_the_open_set(
    viewer: Viewer, session: Session, set_path: Path, qtbot: QtBot
) -> None:
    session.open(set_path)
    widget = SamplesWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Samples (Cell sets)")
    assert len(rows(widget)) == 4


def test_licence_and_citation_are_copied_with_one_click(
    dock: SamplesWidget, session: Session, real_samples: Path, qtbot: QtBot
) -> None:
    path = real_samples / "fluorescent_neuronal_cells_v1"
    open_and_wait(dock, session, path, qtbot)
    assert dock.header.completeness.text() == "2 of 283 images"
    dock.header.citation.button.click()
    assert "doi:10.1038" in QGuiApplication.clipboard().text()
    dock.header.licence.button.click()
    assert QGuiApplication.clipboard().text().startswith("CC BY-SA 4.0 https://")
    assert dock.header.notes.toggle.text() == "Notes (5)"


def test_notes_unfold(full: SamplesWidget) -> None:
    notes = full.header.notes
    notes.toggle.click()
    assert not notes.text.isHidden()
    notes.toggle.click()
    assert notes.text.isHidden()


def test_next_and_previous_buttons_step(
    full: SamplesWidget, session: Session, qtbot: QtBot
) -> None:
    assert not full.steps.back.isEnabled()
    full.steps.on.click()
    wait_for_sample(qtbot, session, 1)
    assert full.steps.position.text() == "2 of 4"
    full.steps.back.click()
    wait_for_sample(qtbot, session, 0)


def test_keys_are_named_in_tooltips(full: SamplesWidget) -> None:
    assert "(PageDown)" in full.steps.on.toolTip()
    assert "(PageUp)" in full.steps.back.toolTip()


def test_page_keys_step_in_the_list(
    full: SamplesWidget, viewer: Viewer, session: Session, qtbot: QtBot
) -> None:
    viewer.show()
    full.window().activateWindow()
    full.view.setFocus()
    qtbot.waitUntil(full.view.hasFocus)
    QTest.keyClick(full.view, Qt.Key.Key_PageDown)
    wait_for_sample(qtbot, session, 1)
    QTest.keyClick(full.view, Qt.Key.Key_PageUp)
    wait_for_sample(qtbot, session, 0)


def test_page_keys_step_on_the_canvas_over_a_labels_layer(
    full: SamplesWidget, viewer: Viewer, session: Session, qtbot: QtBot
) -> None:
    session.set_cells(labels_of(0), {})
    viewer.layers.selection.active = session.cells_layer
    canvas = viewer.__wrapped__.window._qt_viewer.canvas.native
    QTest.keyClick(canvas, Qt.Key.Key_PageDown)
    wait_for_sample(qtbot, session, 1)


def test_many_steps_at_once_end_where_they_lead(
    full: SamplesWidget, session: Session, qtbot: QtBot
) -> None:
    for _ in range(3):
        full.steps.stepped.emit(1)
    wait_for_sample(qtbot, session, 3)
    assert full.steps.position.text() == "4 of 4"


def test_clicked_row_is_shown(
    full: SamplesWidget, session: Session, qtbot: QtBot
) -> None:
    place = full.view.visualRect(full.view.model().index(2, 0)).center()
    QTest.mouseClick(
        full.view.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        place,
    )
    wait_for_sample(qtbot, session, 2)


def test_arrow_keys_show_rows(
    full: SamplesWidget, session: Session, qtbot: QtBot
) -> None:
    QTest.keyClick(full.view, Qt.Key.Key_Down)
    wait_for_sample(qtbot, session, 1)


def test_step_asked_for_while_another_set_was_loading_is_made(
    full: SamplesWidget, session: Session, set_path: Path, qtbot: QtBot
) -> None:
    full.steps.stepped.emit(1)
    session.open(set_path)
    session.go_to(2)
    wait_for_sample(qtbot, session, 2)


def test_filter_narrows_list_and_steps(
    full: SamplesWidget, session: Session, qtbot: QtBot
) -> None:
    full.filters.text.setText("b1")
    assert [row.splitlines()[0] for row in rows(full)] == ["b1"]
    full.steps.on.click()
    wait_for_sample(qtbot, session, 3)
    assert full.steps.position.text() == "1 of 1 listed"
    full.filters.text.clear()
    assert len(rows(full)) == 4
    assert session.order is None


def test_corrected_and_counted_samples_are_marked(
    full: SamplesWidget, session: Session, qtbot: QtBot
) -> None:
    session.set_cells(labels_of(0), {})
    session.cells_layer.paint((20, 20), 7)
    session.project.save_count(
        session.dataset.identity, NAMES[0], "m", "{}", {"count": 3}
    )
    qtbot.waitUntil(lambda: "3 cells · corrected" in rows(full)[0], timeout=5000)
    full.filters.progress.setCurrentIndex(full.filters.progress.findData("corrected"))
    assert len(rows(full)) == 1


def test_thumbnails_arrive(full: SamplesWidget, qtbot: QtBot) -> None:
    index = full.view.model().index(0, 0)

    def has_colour() -> bool:
        icon = index.data(Qt.ItemDataRole.DecorationRole)
        image = icon.pixmap(72, 54).toImage()
        return image.pixelColor(36, 27).alpha() == 255

    qtbot.waitUntil(has_colour, timeout=10_000)


def test_correcting_truth_unlocks_and_selects_it(
    full: SamplesWidget, viewer: Viewer, session: Session
) -> None:
    full.correct_truth.click()
    assert session.truth_layer.editable
    assert viewer.layers.selection.active == session.truth_layer
    full.correct_truth.click()
    assert not session.truth_layer.editable


def test_no_truth_no_correcting(
    full: SamplesWidget, session: Session, qtbot: QtBot
) -> None:
    session.show(3)
    assert not full.correct_truth.isEnabled()


def test_dropping_opens_without_asking(
    dock: SamplesWidget, session: Session, set_path: Path, qtbot: QtBot
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(set_path / "images" / "a2.png"))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    dock.dropEvent(event)
    wait_for_sample(qtbot, session, 1)


def test_what_cannot_be_opened_is_said_in_place(
    full: SamplesWidget, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "nothing").mkdir()
    before = session.dataset
    full.open_path(tmp_path / "nothing")
    qtbot.waitUntil(
        lambda: "nothing" in full.message.text.text() and not full._runner.busy
    )
    qtbot.waitUntil(lambda: not full.message.text.text().startswith("Opening"))
    assert session.dataset is before


def test_problems_are_listed_calmly(
    dock: SamplesWidget, session: Session, set_path: Path, qtbot: QtBot
) -> None:
    (set_path / "masks" / "a1.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    open_and_wait(dock, session, set_path, qtbot)
    assert not dock.problems.isHidden()
    assert dock.problems.toggle.text() == "Problems (1)"
    assert "a1.png" in dock.problems.text.toPlainText()


def test_failure_to_save_is_shown_and_retried(
    full: SamplesWidget, session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    session.set_cells(labels_of(0), {})
    session.save()

    def refuse(*_: object, **__: object) -> int:
        raise StoreError("the disk is full")

    full._timers._retry.setInterval(50)
    with monkeypatch.context() as broken:
        broken.setattr(Project, "record", refuse)
        session.cells_layer.paint((20, 20), 7)
        assert "the disk is full" in full.status.text()
    qtbot.waitUntil(lambda: full.status.text() == "All corrections are saved")


def test_set_cells_reaches_the_disk_by_itself(
    full: SamplesWidget, session: Session, qtbot: QtBot
) -> None:
    session.set_cells(labels_of(0), {})

    def is_stored() -> bool:
        kept = session.project.load_labels(session.dataset.identity, NAMES[0], "cells")
        return kept is not None and np.array_equal(kept.labels, labels_of(0))

    qtbot.waitUntil(is_stored, timeout=2000)


def test_dock_that_is_closed_leaves_a_working_session(
    full: SamplesWidget, viewer: Viewer, session: Session, qtbot: QtBot
) -> None:
    gone = []
    full.destroyed.connect(partial(gone.append, True))
    viewer.window.remove_dock_widget(full)
    full.deleteLater()
    qtbot.waitUntil(lambda: bool(gone))
    assert session.navigator is None
    assert session.deferrer is None
    session.walk(1)
    assert session.index == 1


def test_dock_fits_a_small_window(full: SamplesWidget) -> None:
    assert full.minimumSizeHint().width() <= 320
    assert full.minimumSizeHint().height() <= 600


def test_parts_have_names_for_screen_readers(full: SamplesWidget) -> None:
    for part in (
        full.view,
        full.filters.text,
        full.filters.split,
        full.filters.progress,
        full.status,
        full.message.text,
        full.header.citation.button,
    ):
        assert part.accessibleName()


def test_a_low_dock_scrolls_and_keeps_the_way_in_sight(full: SamplesWidget) -> None:
    assert full.minimumSizeHint().height() < 250
    page = full.findChild(QScrollArea)
    for part in (full.steps, full.correct_truth, full.status):
        assert not page.isAncestorOf(part)
    assert page.isAncestorOf(full.view)
