"""The Export page ticks what there is to write, and its words can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtWidgets import QApplication, QStyle, QStyleOptionComboBox

from annotated_sets import write_annotated_set
from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.export import ExportView
from napari_cellsets.core.annotation import MaskStack
from small_sets import write_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from count_docks import Desk
    from napari.viewer import Viewer
    from npe2 import PluginManifest
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui


@pytest.fixture
def page(qtbot: QtBot) -> ExportView:
    page = ExportView()
    qtbot.addWidget(page)
    return page


def ticked(page: ExportView) -> list[bool]:
    boxes = (page.masks, page.counts, page.objects, page.annotations.wanted)
    return [box.isChecked() for box in boxes]


CELLS, ANNOTATIONS = [True, True, True, False], [False, False, False, True]


@pytest.mark.parametrize(
    ("counted", "annotated", "expected"),
    [
        (True, True, CELLS),
        (True, False, CELLS),
        (False, True, ANNOTATIONS),
        (False, False, CELLS),
    ],
)
def test_what_there_is_to_write_is_ticked(
    page: ExportView, counted: bool, annotated: bool, expected: list[bool]
) -> None:
    page.suggest("a set", counted=counted, annotated=annotated)
    assert ticked(page) == expected


def test_what_a_person_chose_stays_within_the_set(page: ExportView) -> None:
    page.suggest("a set", counted=False, annotated=True)
    page.counts.click()
    page.suggest("a set", counted=False, annotated=True)
    assert ticked(page) == [False, True, False, True]
    page.suggest("another set", counted=False, annotated=True)
    assert ticked(page) == ANNOTATIONS


def test_a_form_that_holds_masks_that_overlap_is_offered_first_for_them(
    viewer: Viewer, manifest_known: PluginManifest, tmp_path: Path
) -> None:
    form = open_dock(viewer, "Count").export.annotations.form
    session = get_session(viewer)
    session.open(write_annotated_set(tmp_path / "set"))
    assert form.currentText() == "COCO JSON"
    session.open(write_set(tmp_path / "labels only"))
    assert form.currentText() == "COCO panoptic"


def test_the_form_that_a_person_chose_stays_within_the_set(page: ExportView) -> None:
    form = page.annotations.form
    page.suggest("a set", counted=False, annotated=True, kinds={MaskStack})
    form.setCurrentIndex(form.findData("labelme"))
    page.suggest("a set", counted=False, annotated=True, kinds={MaskStack})
    assert form.currentData() == "labelme"
    page.suggest("another set", counted=False, annotated=True, kinds={MaskStack})
    assert form.currentData() == "coco"


def test_annotations_are_ticked_where_nothing_was_counted(
    viewer: Viewer, manifest_known: PluginManifest, tmp_path: Path
) -> None:
    dock = open_dock(viewer, "Count")
    get_session(viewer).open(write_annotated_set(tmp_path / "set"))
    dock.show_export()
    assert ticked(dock.export) == ANNOTATIONS


def test_counted_cells_are_ticked(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.dock.tabs.setCurrentWidget(desk.dock.export)
    assert ticked(desk.dock.export) == ANNOTATIONS
    desk.count()
    assert ticked(desk.dock.export) == CELLS


def test_words_of_the_page_are_not_cut_off_in_a_small_window(
    viewer: Viewer, manifest_known: PluginManifest, set_path: Path
) -> None:
    get_session(viewer).open(set_path)
    viewer.window.resize(1280, 720)
    viewer.show()
    dock: Any = open_dock(viewer, "Count")
    dock.show_export()
    QApplication.processEvents()
    row = dock.export.annotations
    for box in (row.form, row.source, dock.export.form):
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        whole = QStyle.ComplexControl.CC_ComboBox
        room = box.style().subControlRect(whole, option, part, box).width()
        words = [box.itemText(at) for at in range(box.count())]
        wide = {word: box.fontMetrics().horizontalAdvance(word) for word in words}
        assert max(wide.values()) <= room, wide


def test_what_came_of_it_is_in_sight_in_a_small_window(
    viewer: Viewer, manifest_known: PluginManifest, set_path: Path, qtbot: QtBot
) -> None:
    get_session(viewer).open(set_path)
    viewer.window.resize(1280, 720)
    viewer.show()
    dock: Any = open_dock(viewer, "Count")
    dock.show_export()
    QApplication.processEvents()
    page = dock.export
    page.tell("Written to a folder with a name: 123 files.", written=True)
    for part in (page.open_button, page.export_button):
        qtbot.waitUntil(
            lambda part=part: part.visibleRegion().boundingRect() == part.rect()
        )
