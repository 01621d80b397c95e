"""Pages of a dock ask for the height of one, and come into sight when chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QCoreApplication, Qt
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_cellsets._qt.docking import fill_with_page
from napari_cellsets._qt.pages import Pages

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui


def high(height: int) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    inner = QWidget()
    inner.setMinimumHeight(height)
    column.addWidget(inner)
    return page


@pytest.fixture
def pages(qtbot: QtBot) -> Pages:
    """A low page and a high one in a dock of 300 px, below other things."""
    dock, page = QWidget(), QWidget()
    qtbot.addWidget(dock)
    column = QVBoxLayout(page)
    above = QWidget()
    above.setMinimumHeight(150)
    made = Pages()
    for name, height in (("Low", 60), ("High", 500)):
        made.addTab(high(height), name)
    column.addWidget(above)
    column.addWidget(made, 1)
    dock.area = fill_with_page(dock, page)
    dock.resize(300, 300)
    dock.show()
    QCoreApplication.processEvents()
    made.dock = dock
    return made


def choose(pages: Pages, at: int, qtbot: QtBot) -> None:
    place = pages.tabBar().tabRect(at).center()
    qtbot.mouseClick(pages.tabBar(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.wait(50)


def test_a_high_page_behind_a_low_one_asks_for_nothing(pages: Pages) -> None:
    assert pages.dock.area.verticalScrollBar().maximum() == 0
    pages.setCurrentIndex(1)
    assert pages.minimumSizeHint().height() > 500
    pages.setCurrentIndex(0)
    assert pages.minimumSizeHint().height() < 200


def test_a_page_that_is_chosen_scrolls_into_sight_below_its_tabs(
    pages: Pages, qtbot: QtBot
) -> None:
    choose(pages, 1, qtbot)
    bar = pages.dock.area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == pages.y() > 0)
    assert bar.maximum() > bar.value()


def test_a_page_in_sight_does_not_scroll(pages: Pages, qtbot: QtBot) -> None:
    choose(pages, 0, qtbot)
    assert pages.dock.area.verticalScrollBar().value() == 0


def test_pages_outside_a_dock_scroll_nothing(qtbot: QtBot) -> None:
    alone = Pages()
    qtbot.addWidget(alone)
    alone.addTab(high(40), "One")
    alone.come_into_sight()
    assert alone.currentIndex() == 0
