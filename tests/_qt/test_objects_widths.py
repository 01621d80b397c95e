"""Columns of the table of objects share its width; nobody scrolls sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from hypothesis import given
from hypothesis import strategies as st
from objects_docks import field, make_objects, objects
from qtpy.QtCore import Qt

from napari_cellsets._qt.docking import dock_of
from napari_cellsets._qt.object_columns import heading, short_heading
from napari_cellsets._qt.object_widths import Need, shared_width

if TYPE_CHECKING:
    from collections.abc import Callable

    from objects_docks import ObjectsDesk
    from pytestqt.qtbot import QtBot

__all__ = ["make_objects", "objects"]

needs = st.builds(
    lambda least, more, firm: Need(least, least + more, firm),
    st.integers(1, 90),
    st.integers(0, 60),
    st.booleans(),
)


@given(st.lists(needs, max_size=12), st.integers(0, 900))
def test_no_more_is_shared_than_there_is_room(some: list[Need], room: int) -> None:
    widths = shared_width(some, room)
    assert sum(widths) <= room
    shown = [(n, width) for n, width in zip(some, widths, strict=True) if width]
    assert all(need.least <= width <= need.wanted for need, width in shown)
    if sum(need.wanted for need in some) <= room:
        assert widths == [need.wanted for need in some]
    if sum(need.least for need in some) <= room:
        assert all(widths)


def test_last_columns_go_first_and_firm_ones_last() -> None:
    some = [Need(40, 60), Need(40, 60, True), Need(40, 60), Need(40, 60, True)]
    assert [bool(width) for width in shared_width(some, 130)] == [True, True, False, 1]
    assert [bool(width) for width in shared_width(some, 90)] == [False, True, False, 1]
    assert [bool(width) for width in shared_width(some, 50)] == [False, True, False, 0]


def make_narrow(desk: ObjectsDesk) -> None:
    """Let the dock take little of a small window."""
    desk.viewer.window.resize(1280, 720)
    dock = dock_of(desk.dock)
    assert dock is not None

    def is_narrow() -> bool:
        dock.window().resizeDocks([dock], [310], Qt.Orientation.Horizontal)
        return desk.dock.width() < 330

    desk.wait(is_narrow)


def choose_all(desk: ObjectsDesk) -> None:
    for line in desk.dock.columns.menu().actions():
        line.setChecked(True)


@pytest.mark.gui
def test_columns_without_room_are_named_and_shown_in_a_wider_dock(
    make_objects: Callable[..., ObjectsDesk],
) -> None:
    desk = make_objects(field())
    grey = np.random.default_rng(0).integers(0, 255, (*field().shape, 3), np.uint8)
    desk.viewer.add_image(grey, rgb=True)
    make_narrow(desk)
    note, table = desk.dock.columns.left_out, desk.dock.table
    desk.wait(lambda: table.objects.column_of("mean_red") is not None)
    choose_all(desk)
    desk.wait(lambda: note.isVisible())
    assert "blue" in note.words.text()
    assert table.isColumnHidden(table.objects.column_of("mean_blue"))
    assert not table.isColumnHidden(table.objects.column_of("label"))
    assert table.horizontalHeader().length() <= table.viewport().width()
    note.wider.click()
    desk.wait(lambda: not note.isVisible())
    assert not table.isColumnHidden(table.objects.column_of("mean_blue"))
    assert table.horizontalHeader().length() <= table.viewport().width()


@pytest.mark.gui
def test_dragged_column_takes_its_width_from_the_others(
    objects: ObjectsDesk, qtbot: QtBot
) -> None:
    table = objects.dock.table
    table.setColumnWidth(1, 90)
    qtbot.wait(20)
    assert table.columnWidth(1) == 90
    table.setColumnWidth(1, 5_000)
    objects.wait(lambda: table.columnWidth(1) < table.viewport().width())
    assert table.horizontalHeader().length() <= table.viewport().width()
    assert not any(map(table.isColumnHidden, range(table.objects.columnCount())))


@pytest.mark.gui
def test_arrow_stays_on_its_column_when_others_come(objects: ObjectsDesk) -> None:
    table, model = objects.dock.table, objects.dock.table.objects
    table.sortByColumn(model.column_of("solidity"), Qt.SortOrder.DescendingOrder)
    before = model.column_of("solidity")
    for line in objects.dock.columns.menu().actions():
        if line.text() == heading("equivalent_diameter_px"):
            line.setChecked(True)
    assert model.column_of("solidity") == before + 1
    header = table.horizontalHeader()
    assert header.sortIndicatorSection() == before + 1
    assert header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder


@pytest.mark.parametrize("name", ["area_px", "solidity", "circularity"])
def test_headings_are_short_where_there_is_little_room(name: str) -> None:
    assert len(short_heading(name)) < len(heading(name))
