"""The table of objects: what comes first, which columns it has, selecting all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from objects_docks import field, make_objects, objects
from qtpy.QtCore import Qt

from napari_cellsets._qt.object_table import ObjectTableView
from napari_cellsets._qt.objects_columns import ColumnMenu
from napari_cellsets.counting.measure import measure

if TYPE_CHECKING:
    from collections.abc import Callable

    from objects_docks import ObjectsDesk

__all__ = ["make_objects", "objects"]

pytestmark = pytest.mark.gui


def assert_areas_true(desk: ObjectsDesk) -> None:
    """Compare the table with measures of the whole image."""
    truth = measure(np.asarray(desk.labels.data), outline=True).columns
    found = desk.dock.flow.table
    assert found is not None
    for name in ("label", "area_px", "eccentricity", "solidity", "circularity"):
        np.testing.assert_allclose(found.columns[name], truth[name])


def test_a_large_image_shows_sizes_first_and_the_rest_as_it_comes(
    make_objects: Callable[..., ObjectsDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_cellsets._qt.objects_flow._AT_ONCE_PX", 1)
    shown: list[bool] = []
    desk = make_objects()
    desk.dock.flow.measured.connect(
        lambda: shown.append("solidity" in desk.dock.flow.table.columns)
    )
    desk.viewer.add_labels(field())
    desk.wait(lambda: desk.dock.table.objects.column_of("solidity") is not None)
    assert shown[-1] is False
    assert_areas_true(desk)


def test_an_edit_while_the_rest_is_measured_is_in_the_table(
    make_objects: Callable[..., ObjectsDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_cellsets._qt.objects_flow._AT_ONCE_PX", 1)
    desk = make_objects()

    def paint() -> None:
        desk.labels.data_setitem((np.array([30, 31]), np.array([10, 10])), 1)

    desk.dock.flow.measured.connect(paint)
    desk.viewer.add_labels(field())
    desk.wait(lambda: desk.dock.table.objects.column_of("solidity") is not None)
    desk.wait(lambda: desk.column("area_px")[0] == "402")
    assert_areas_true(desk)


def test_rows_sorted_by_what_comes_later_are_in_order_when_it_is_there(
    make_objects: Callable[..., ObjectsDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_cellsets._qt.objects_flow._AT_ONCE_PX", 1)
    desk = make_objects(field())
    table, model = desk.dock.table, desk.dock.table.objects
    desk.wait(lambda: model.column_of("circularity") is not None)
    table.sortByColumn(model.column_of("circularity"), Qt.SortOrder.DescendingOrder)
    wanted = desk.column("label")
    assert wanted != sorted(wanted)
    first: list[bool] = []
    desk.dock.flow.measured.connect(
        lambda: first.append(desk.column("label") == sorted(wanted))
    )
    desk.dock.flow.look()
    desk.wait(lambda: bool(first) and model.column_of("circularity") is not None)
    assert first == [True]
    assert desk.column("label") == wanted


def test_object_without_a_circularity_shows_a_dash(
    make_objects: Callable[..., ObjectsDesk],
) -> None:
    labels = field()
    labels[0, 0] = 77
    desk = make_objects(labels)
    desk.measured(6)
    assert desk.column("circularity")[-1] == "–"


def test_all_rows_are_selected_while_no_heading_counts_their_cells(
    objects: ObjectsDesk,
) -> None:
    objects.dock.table.selectAll()
    header = objects.dock.table.horizontalHeader()
    assert set(objects.selected) == {1, 2, 3, 4, 9}
    assert not header.selectionModel().hasSelection()


def tick(desk: ObjectsDesk, title: str) -> None:
    """Tick or untick a line of the menu of columns."""
    (line,) = [a for a in desk.dock.columns.menu().actions() if a.text() == title]
    line.toggle()


def test_columns_are_chosen_in_a_menu_and_kept(objects: ObjectsDesk) -> None:
    model = objects.dock.table.objects
    assert model.column_of("equivalent_diameter_px") is None
    tick(objects, "Diameter (px)")
    tick(objects, "Solidity")
    assert objects.column("equivalent_diameter_px")[0] == "22.6"
    assert model.column_of("solidity") is None
    again = ObjectTableView()
    again.show_table(objects.dock.flow.table)
    ColumnMenu(again)
    again.show_table(objects.dock.flow.table)
    assert again.objects.column_of("equivalent_diameter_px") is not None
    assert again.objects.column_of("solidity") is None


def test_columns_that_are_not_shown_can_be_filtered_by(objects: ObjectsDesk) -> None:
    objects.dock.filter.setText("diameter < 5")
    assert objects.column("label") == ["9"]


def test_of_a_grey_picture_kept_in_colour_one_brightness_is_shown(
    make_objects: Callable[..., ObjectsDesk],
) -> None:
    desk = make_objects(field())
    grey = np.repeat(field()[..., None].astype(np.uint8), 3, axis=2)
    desk.viewer.add_image(grey, rgb=True)
    model = desk.dock.table.objects
    desk.wait(lambda: model.column_of("mean_red") is not None)
    assert model.column_of("mean_green") is model.column_of("mean_blue") is None
