"""Classes given in the Objects dock are counted in the Count dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from objects_docks import make_objects

from napari_cellsets._qt.class_counts import ClassCountsView, class_table
from napari_cellsets._qt.counting import CountWidget
from napari_cellsets.counting.classes import ClassCount
from small_sets import labels_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from objects_docks import ObjectsDesk
    from pytestqt.qtbot import QtBot

__all__ = ["make_objects"]

pytestmark = pytest.mark.gui


@pytest.fixture
def kept(make_objects: Callable[..., ObjectsDesk], set_path: Path) -> ObjectsDesk:
    """An Objects dock on the cells of a set with two classes."""
    desk = make_objects()
    dataset = desk.dock.session.open(set_path)
    for name in ("alive", "dead"):
        dataset.class_table.id_for(name)
    desk.dock.session.set_cells(labels_of(0), {"source": "predicted"})
    desk.dock.session.save()
    desk.viewer.layers.selection.active = desk.dock.session.cells_layer
    desk.measured(2)
    desk.wait(lambda: desk.dock.table.objects.column_of("comment") is not None)
    return desk


def test_a_class_given_by_hand_is_counted_and_kept(kept: ObjectsDesk) -> None:
    count = CountWidget(kept.viewer)
    kept.viewer.window.add_dock_widget(count, name="Count (Cell sets)")
    kept.wait(lambda: count.flow.result is not None)
    assert not count.result.classes.isVisible()
    kept.dock.facts.say((1, 2), "class", "dead")
    kept.wait(lambda: "dead" in count.result.classes.text())
    assert "<td>2&nbsp;" in count.result.classes.text()
    kept.labels.undo()
    kept.wait(lambda: count.result.classes.text() == "")
    kept.labels.redo()
    kept.wait(lambda: "dead" in count.result.classes.text())
    count.keeper.write()
    session = kept.dock.session
    (row,) = session.project.counts(session.dataset.identity)
    assert [one["name"] for one in row["classes"]] == ["dead"]


def test_a_recount_asks_before_it_replaces_classes(kept: ObjectsDesk) -> None:
    count = CountWidget(kept.viewer)
    kept.viewer.window.add_dock_widget(count, name="Count (Cell sets)")
    kept.wait(lambda: count.flow.result is not None)
    assert count.flow.corrections == 0
    kept.dock.facts.say((1,), "class", "dead")
    kept.wait(lambda: count.flow.corrections == 1)


def test_classes_are_listed_with_what_the_truth_says(qtbot: QtBot) -> None:
    view = ClassCountsView()
    qtbot.addWidget(view)
    view.show_counts((ClassCount("a<b", 1, 2, 1), ClassCount("", 5, 0, 0)))
    assert "a&lt;b" in view.text()
    assert "0.67" in view.text()
    assert view.text().index("no class") < view.text().index("a&lt;b")


def test_many_classes_stand_in_the_tooltip(qtbot: QtBot) -> None:
    view = ClassCountsView()
    qtbot.addWidget(view)
    view.show_counts([ClassCount(f"kind {n}", 50 - n) for n in range(9)])
    assert "and 3 more classes" in view.text()
    assert "kind 8" not in view.text()
    assert "kind 8" in view.toolTip()


def test_without_a_truth_there_is_no_column_for_it() -> None:
    assert "F1" not in class_table([ClassCount("a", 1)])
