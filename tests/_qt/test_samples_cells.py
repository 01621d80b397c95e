"""The Samples dock with a set of single cells: classes, no masks, no fuss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.samples import SamplesWidget
from small_cells import PBC_CELLS, write_cells

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui

TABLE = """image_name,cell_type,patient_id,split
a1.jpg,band_neutrophil,7,train
a2.jpg,lymphocyte,9,test
"""


@pytest.fixture
def session(viewer: Viewer) -> Session:
    return get_session(viewer)


@pytest.fixture
def dock(viewer: Viewer) -> SamplesWidget:
    widget = SamplesWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Samples (Cell sets)")
    return widget


@pytest.fixture
def full(
    dock: SamplesWidget, session: Session, tmp_path: Path, qtbot: QtBot
) -> SamplesWidget:
    """The dock with seven blood cells of five classes."""
    open_and_wait(dock, session, write_cells(tmp_path / "set"), qtbot)
    return dock


def open_and_wait(
    dock: SamplesWidget, session: Session, path: Path, qtbot: QtBot
) -> None:
    dock.open_path(path)
    qtbot.waitUntil(lambda: session.dataset is not None, timeout=10_000)
    qtbot.waitUntil(lambda: not dock._runner.busy)
    qtbot.waitUntil(lambda: not dock._marks_timer.isActive())


def rows(dock: SamplesWidget) -> list[str]:
    model = dock.view.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_cells_are_listed_with_their_class(full: SamplesWidget) -> None:
    assert rows(full)[3] == "ig/PMY_1\nig, promyelocyte"
    assert "no ground truth" not in "".join(rows(full))


def test_class_of_the_cell_on_screen_is_said(
    full: SamplesWidget, session: Session
) -> None:
    assert full.cell.text() == "Class: basophil"
    session.show(1)
    assert full.cell.text().startswith("Class: eosinophil\nNote: the same picture")


def test_cell_is_shown_without_masks_and_without_complaint(
    full: SamplesWidget, session: Session
) -> None:
    session.show(len(PBC_CELLS) - 1)
    assert session.picture is not None
    assert session.truth_layer is None
    assert session.cells_layer is None
    assert session.problems == ()
    assert not full.message.text.text()
    assert full.problems.isHidden()


def test_cells_are_offered_for_classifying_not_for_outlining(
    full: SamplesWidget,
) -> None:
    assert full.correct_truth.isHidden()
    assert full.steps.count.isHidden()
    assert not full.steps.classify.isHidden()
    assert full.filters.progress.isHidden()


def test_classes_are_listed_and_filter(full: SamplesWidget, session: Session) -> None:
    assert full.header.classes.toggle.text() == "Classes (8)"
    assert "ig 2 of 2,895" in full.header.classes.text.toPlainText()
    box = full.filters.cell_class
    box.setCurrentIndex(box.findText("ig, immature granulocyte (2)"))
    assert [row.split("\n")[0] for row in rows(full)] == ["ig/MMY_2", "ig/PMY_1"]
    assert list(session.order or ()) == [2, 3]


def test_both_splits_of_a_set_can_be_chosen(
    dock: SamplesWidget, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    names = ["train/Band Neutrophil/a1.jpg", "train/Lymphocyte/a2.jpg"]
    root = write_cells(tmp_path / "set", names)
    (root / "metadata_with_patient_level_splits.csv").write_text(TABLE)
    open_and_wait(dock, session, root, qtbot)
    box = dock.filters.split
    words = [box.itemText(n) for n in range(box.count())]
    assert words == [
        "all splits",
        "train by patient (1)",
        "test by patient (1)",
        "train by folder (2)",
    ]
    box.setCurrentIndex(2)
    assert [row.split("\n")[0] for row in rows(dock)] == ["train/Lymphocyte/a2"]
    box.setCurrentIndex(3)
    assert len(rows(dock)) == 2


def test_fields_after_cells_offer_masks_again(
    full: SamplesWidget, session: Session, set_path: Path, qtbot: QtBot
) -> None:
    cells = session.dataset
    full.open_path(set_path)
    qtbot.waitUntil(lambda: session.dataset is not cells, timeout=10_000)
    assert not full.correct_truth.isHidden()
    assert not full.steps.count.isHidden()
    assert full.cell.isHidden()
    assert full.header.classes.isHidden()
    assert full.filters.cell_class.isHidden()


def test_thumbnails_of_cells_arrive(full: SamplesWidget, qtbot: QtBot) -> None:
    from qtpy.QtCore import Qt

    model = full.view.model()

    def shown() -> bool:
        icon = model.index(0, 0).data(Qt.ItemDataRole.DecorationRole)
        image = icon.pixmap(72, 54).toImage()
        return image.pixelColor(36, 27).alpha() > 0

    qtbot.waitUntil(shown, timeout=10_000)
