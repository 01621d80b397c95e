from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from objects_docks import Click

from batch_models import write_set

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari_cellsets._napari.comparison import (
    find_comparison_layer,
)
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._qt.layer_links import MAP_NAME, MARK_NAME
from napari_cellsets.store import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from count_docks import Desk

pytestmark = pytest.mark.gui


def test_count_shows_number_cells_and_comparison(desk: Desk) -> None:
    desk.count()
    assert desk.number == "3"
    assert int(desk.cells.data.max()) == 3
    assert desk.dock.table.objects.rowCount() == 3
    compared = desk.dock.flow.result.evaluation
    assert (compared.precision, compared.recall) == (1.0, 1.0)
    assert find_comparison_layer(desk.viewer).visible


def test_without_an_image_the_dock_says_what_to_do(desk: Desk) -> None:
    desk.dock.session.picture = None
    desk.dock.buttons.image.click()
    assert "There is no image to count in" in desk.message
    assert not desk.dock.runner.busy


def test_count_is_kept_in_the_store_with_its_origin(desk: Desk) -> None:
    desk.count()
    session = desk.dock.session
    session.save()
    stored = session.project.load_labels(
        session.dataset.identity, session.sample.name, "cells"
    )
    assert int(stored.labels.max()) == 3
    assert stored.provenance["source"] == "predicted"
    assert stored.provenance["settings"]["threshold"] == 0.5


def kept_counts(desk: Desk) -> dict[str, tuple[int, bool]]:
    project = Project.open()
    rows = project.counts(desk.dock.session.dataset.identity)
    project.close()
    return {row["sample"]: (row["count"], row["corrected"]) for row in rows}


def test_count_of_one_image_is_in_the_store_when_the_next_is_shown(desk: Desk) -> None:
    desk.count()
    name = desk.dock.session.sample.name
    desk.dock.session.show(1)
    assert kept_counts(desk) == {name: (3, False)}
    desk.settled(lambda: desk.dock.session.show(0))
    desk.settled(lambda: desk.erase(2))
    desk.viewer.window.remove_dock_widget(desk.dock)
    assert kept_counts(desk) == {name: (2, True)}
    desk.dock.deleteLater()


def test_count_that_was_only_looked_at_is_not_written_again(desk: Desk) -> None:
    desk.count()
    desk.dock.session.show(1)
    desk.settled(lambda: desk.dock.session.show(0))
    desk.wait(lambda: desk.number == "3")
    assert not desk.dock.keeper._waiting


def test_threshold_recounts_without_another_run_of_the_model(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.count()

    def refuse(*_: object) -> None:
        pytest.fail("the network ran again")

    monkeypatch.setattr("napari_cellsets.counting.live.predict_probability", refuse)
    slider = desk.dock.settings.threshold.inputs["threshold"].slider
    desk.settled(lambda: slider.setValue(990))
    assert desk.number == "0"
    desk.settled(lambda: slider.setValue(500))
    assert desk.number == "3"


def test_smallest_cell_recounts_too(desk: Desk) -> None:
    desk.count()
    number = desk.dock.settings.more.inputs["min_area_px"].number
    desk.settled(lambda: number.setValue(101))
    assert desk.number == "0"


def test_reset_takes_the_settings_of_the_model(desk: Desk) -> None:
    desk.count()
    slider = desk.dock.settings.threshold.inputs["threshold"].slider
    desk.settled(lambda: slider.setValue(990))
    desk.settled(desk.dock.settings.reset.click)
    assert slider.value() == 500
    assert desk.number == "3"


def test_image_that_napari_opened_becomes_a_data_set_at_one_click(
    desk: Desk, tmp_path: Path
) -> None:
    other = write_set(tmp_path / "other", (2,)) / "images" / "p0.png"
    (layer,) = desk.viewer.open(str(other), plugin="napari")
    desk.dock.buttons.image.click()
    assert "belongs to no data set yet" in desk.message
    desk.dock.message.act.click()
    desk.wait(lambda: desk.dock.session.dataset.find(other) is not None)
    assert not layer.visible
    assert desk.viewer.layers.selection.active is desk.dock.session.image_layer
    desk.count()
    assert desk.number == "2"


def test_image_without_a_file_is_told_how_to_be_counted(desk: Desk) -> None:
    desk.viewer.add_image(np.zeros((20, 20)), name="made")
    desk.dock.buttons.image.click()
    assert "Save it to a file" in desk.message
    assert desk.dock.message.act.isHidden()


def test_next_image_clears_the_number(desk: Desk) -> None:
    desk.count()
    desk.dock.session.show(1)
    desk.wait(lambda: desk.number == "–")
    assert desk.dock.table.objects.rowCount() == 0
    assert not find_comparison_layer(desk.viewer).visible


def test_map_is_kept_when_one_comes_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.count()
    desk.dock.session.show(1)
    desk.dock.session.show(0)
    monkeypatch.delattr("napari_cellsets.counting.live.predict_probability")
    slider = desk.dock.settings.threshold.inputs["threshold"].slider
    desk.wait(lambda: desk.dock.flow.result is not None)
    desk.settled(lambda: slider.setValue(990))
    assert desk.number == "0"


def test_row_selects_the_cell_and_rings_it(desk: Desk) -> None:
    desk.count()
    desk.dock.table.selectRow(1)
    assert desk.cells.selected_label == 2
    (ring,) = desk.viewer.layers[MARK_NAME].data
    assert tuple(ring) == desk.dock.table.objects.centre_of(2)


def test_row_rings_its_cell_and_leaves_the_tool_in_hand(desk: Desk) -> None:
    desk.count()
    tools = edit_desk(getattr(desk.viewer, "__wrapped__", desk.viewer)).tools
    tools.use("select")
    desk.dock.table.selectRow(1)
    assert MARK_NAME in desk.viewer.layers
    assert tools.tool == "select"


def test_a_click_rings_a_cell_unless_a_tool_is_in_hand(desk: Desk) -> None:
    desk.count()
    viewer = getattr(desk.viewer, "__wrapped__", desk.viewer)
    there = Click(desk.dock.table.objects.centre_of(2))
    tools = edit_desk(viewer).tools
    tools.use("select")
    there.send(viewer)
    assert MARK_NAME not in viewer.layers
    assert tools.tool == "select"
    tools.use(None)
    there.send(viewer)
    assert len(viewer.layers[MARK_NAME].data) == 1


def test_row_of_an_unseen_cell_moves_the_camera(desk: Desk) -> None:
    desk.count()
    desk.viewer.scene.camera.center = (0, 5000, 5000)
    desk.dock.table.selectRow(2)
    centre = desk.dock.table.objects.centre_of(3)
    assert tuple(desk.viewer.scene.camera.center)[-2:] == centre


def test_row_of_a_seen_cell_leaves_the_camera(desk: Desk) -> None:
    desk.count()
    desk.viewer.reset_view()
    before = tuple(desk.viewer.scene.camera.center)
    desk.dock.table.selectRow(0)
    assert tuple(desk.viewer.scene.camera.center) == before


def test_label_selected_in_the_layer_selects_its_row(desk: Desk) -> None:
    desk.count()
    desk.cells.selected_label = 3
    assert desk.dock.table.currentIndex().row() == 2


def test_regions_are_named_and_counted_as_they_are_drawn(desk: Desk) -> None:
    desk.count()
    desk.dock.regions.draw_button.click()
    layer = desk.viewer.layers["Regions"]
    assert desk.viewer.layers.selection.active is layer
    layer.add_rectangles(np.array([[0, 0], [30, 40]]))
    assert desk.dock.flow.result.region_counts == {"Region 1": 2}
    index = desk.dock.regions.regions.index(0, 0)
    desk.dock.regions.regions.setData(index, "cortex")
    assert desk.dock.flow.result.region_counts == {"cortex": 2}


def test_drawn_regions_alone_are_counted(desk: Desk) -> None:
    desk.dock.regions.draw_button.click()
    desk.viewer.layers["Regions"].add_rectangles(np.array([[0, 0], [30, 40]]))
    desk.settled(desk.dock.buttons.regions.click)
    desk.wait(lambda: desk.number == "2")
    assert desk.dock.flow.result.evaluation.truth_count == 2


def test_counting_regions_without_any_says_how_to_draw(desk: Desk) -> None:
    desk.dock.buttons.regions.click()
    assert "No region is drawn yet" in desk.message


def test_map_is_shown_on_demand(desk: Desk) -> None:
    desk.count()
    assert MAP_NAME not in desk.viewer.layers
    desk.dock.settings.map.setChecked(True)
    assert desk.viewer.layers[MAP_NAME].visible
    desk.dock.settings.map.setChecked(False)
    assert not desk.viewer.layers[MAP_NAME].visible


def test_comparison_can_be_hidden(desk: Desk) -> None:
    desk.count()
    desk.dock.result.comparison_toggled.emit(False)
    assert not find_comparison_layer(desk.viewer).visible
    assert desk.dock.session.truth_layer.visible


def test_closed_dock_hears_no_more(desk: Desk) -> None:
    desk.count()
    desk.viewer.window.remove_dock_widget(desk.dock)
    before = desk.dock.flow.result
    desk.dock.session.show(2)
    desk.qtbot.wait(200)
    assert desk.dock.flow.result is before
    assert desk.dock.flow._looker.busy is False
    desk.dock.deleteLater()


def test_dock_needs_no_sideways_scrolling(desk: Desk) -> None:
    desk.count()
    desk.dock.resize(340, 600)
    page = desk.dock.layout().itemAt(0).widget().widget()
    assert page.minimumSizeHint().width() <= 330


def test_image_without_truth_shows_no_comparison(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk = make_desk(root=write_set(tmp_path / "plain", truth=False))
    desk.count()
    assert desk.number == "3"
    assert desk.dock.flow.result.evaluation is None
    assert find_comparison_layer(desk.viewer) is None


def test_export_tells_where_it_has_written(desk: Desk, tmp_path: Path) -> None:
    desk.count()
    desk.dock.export.folder.setText(str(tmp_path / "out"))
    desk.dock.export.export_button.click()
    desk.wait(lambda: "Written to" in desk.dock.export.message.text())
    assert str(tmp_path / "out") in desk.dock.export.message.text()
    assert "masks of 1 image, " in desk.dock.export.message.text()
    assert (tmp_path / "out" / "counts.csv").is_file()


def test_export_to_an_impossible_folder_says_why(desk: Desk, tmp_path: Path) -> None:
    desk.count()
    (tmp_path / "file").write_text("")
    desk.dock.export.folder.setText(str(tmp_path / "file" / "out"))
    desk.dock.export.export_button.click()
    desk.wait(lambda: "⚠" in desk.dock.export.message.text())
    assert str(tmp_path / "file") in desk.dock.export.message.text()
    assert desk.dock.export.open_button.isHidden()
