from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from classify_docks import field, make_bench
from qtpy.QtCore import Qt

from napari_cellsets._napari.class_colours import class_colours
from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._qt.layer_links import MARK_NAME
from tiny_classifiers import gem, write_cell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from classify_docks import Bench

__all__ = ["field", "make_bench"]

pytestmark = pytest.mark.gui


def test_objects_of_an_image_are_named_and_coloured(field: Bench) -> None:
    field.classify()
    table = field.dock.model.table
    assert [table.shown(i) for i in range(3)] == [
        "red gem",
        "emerald",
        "not a gem I know",
    ]
    layer = field.dock.session.cells_layer
    ruby = class_colours(3)[0]
    expected = np.array([int(ruby[n : n + 2], 16) for n in (1, 3, 5)]) / 255
    assert np.allclose(layer.get_color(1)[:3], expected, atol=0.01)
    assert object_classes(field.dock.session).titles == {
        1: "red gem",
        2: "emerald",
        3: "not a gem I know",
    }
    assert field.dock.summary.text().startswith("3 cells: ")


def test_an_object_in_the_list_is_marked_in_the_image(field: Bench) -> None:
    field.classify()
    rows = [field.dock.cells.cells.cell_at(row) for row in range(3)]
    field.dock.cells.setCurrentIndex(field.dock.cells.model().index(rows.index(1), 0))
    assert field.dock.session.cells_layer.selected_label == 2
    assert field.dock.top.headline == "emerald"
    mark = field.viewer.layers[MARK_NAME]
    assert np.allclose(mark.data, [[19.5, 69.5]])


def test_an_object_selected_in_the_image_is_selected_in_the_list(field: Bench) -> None:
    field.classify()
    field.dock.session.cells_layer.selected_label = 2
    assert field.dock.top.headline == "emerald"
    row = field.dock.cells.currentIndex().row()
    assert field.dock.cells.cells.cell_at(row) == 1


def test_an_object_that_is_changed_loses_its_class(field: Bench) -> None:
    field.classify()
    field.dock.session.cells_layer.fill((20, 70), 0)
    field.wait(lambda: len(field.dock.model.table) == 2)
    assert object_classes(field.dock.session).titles == {
        1: "red gem",
        3: "not a gem I know",
    }


def test_another_image_takes_classes_and_colours_away(field: Bench) -> None:
    field.classify()
    layer = field.dock.session.cells_layer
    field.dock.session.show(1)
    assert field.dock.model.table is None
    assert object_classes(field.dock.session).titles == {}
    assert type(layer.colormap).__name__ == "CyclicLabelColormap"


def test_without_labels_a_large_image_asks_to_count_first(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    write_cell(tmp_path / "wide" / "a.png", gem("ruby", (600, 700)))
    bench = make_bench(tmp_path / "wide")
    bench.dock.buttons.shown.click()
    assert "There are no cells to classify" in bench.message
    labels = np.zeros((600, 700), np.int32)
    labels[5:20, 5:20] = 1
    bench.dock.session.set_cells(labels, {"source": "test"})
    assert bench.message == ""


def test_a_small_image_of_no_set_is_one_cell(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    write_cell(tmp_path / "alone" / "a.png", gem("ruby", (60, 70)))
    bench = make_bench(tmp_path / "alone")
    bench.classify()
    assert bench.dock.top.headline == "red gem"


def test_the_table_of_counted_cells_tells_their_class(field: Bench) -> None:
    from napari_cellsets._qt.counting import CountWidget

    count = CountWidget(field.viewer)
    field.viewer.window.add_dock_widget(count, name="Count", area="right")
    field.classify()
    objects = count.table.objects
    field.wait(lambda: objects.column_of("class") is not None)
    column = objects.column_of("class")
    said = [objects.index(row, column).data() for row in range(3)]
    assert said == ["red gem", "emerald", "not a gem I know"]
    count.table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    assert objects.index(0, column).data() == "red gem"
    field.dock.session.show(1)
    field.wait(lambda: objects.column_of("class") is None)


def test_without_labels_cells_are_listed_by_doubt(field: Bench) -> None:
    field.classify()
    assert field.dock.order.box.currentData() == "doubt"
    cells = field.dock.cells.cells
    assert cells.index(0).data() == "not a gem I know\ncell 3"
