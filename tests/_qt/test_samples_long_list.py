"""A list of very many samples is shown and scrolls to any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QStringListModel

from napari_cellsets._qt.samples_parts import SampleView

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

MANY = 24_000


def test_very_many_samples_are_all_laid_out(qtbot: QtBot) -> None:
    model = QStringListModel([f"sample {n}" for n in range(MANY)])
    view = SampleView(model)
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show()
    qtbot.waitExposed(view)
    view.show_row(0)
    assert view.indexAt(QPoint(20, 10)).row() == 0
    view.show_row(MANY - 1)
    assert view.visualRect(model.index(MANY - 1, 0)).intersects(view.viewport().rect())
