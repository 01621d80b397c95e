from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari_cellsets._napari.comparison import (
    EXTRA,
    MISSED,
    find_comparison_layer,
)

if TYPE_CHECKING:
    from count_docks import Desk

pytestmark = pytest.mark.gui


def test_hand_correction_changes_number_table_and_comparison(desk: Desk) -> None:
    desk.count()
    desk.settled(lambda: desk.erase(2))
    assert desk.number == "2"
    assert desk.dock.table.objects.row_of(2) is None
    assert desk.dock.flow.result.evaluation.false_negatives == 1
    assert MISSED in find_comparison_layer(desk.viewer).data


def test_undo_brings_number_and_comparison_back(desk: Desk) -> None:
    desk.count()
    desk.settled(lambda: desk.erase(2))
    desk.settled(desk.cells.undo)
    assert desk.number == "3"
    assert MISSED not in find_comparison_layer(desk.viewer).data


def test_painted_cell_is_extra(desk: Desk) -> None:
    desk.count()
    desk.cells.brush_size = 12
    desk.settled(lambda: desk.cells.paint((90, 120), 9))
    assert desk.number == "4"
    assert EXTRA in find_comparison_layer(desk.viewer).data


def test_recount_asks_before_it_replaces_corrections(desk: Desk) -> None:
    desk.count()
    desk.settled(lambda: desk.erase(2))
    desk.dock.buttons.image.click()
    assert desk.dock.message.asking
    assert "replaces 1 correction made by hand" in desk.message
    assert desk.number == "2"


def test_keep_leaves_corrections_and_their_settings(desk: Desk) -> None:
    desk.count()
    desk.settled(lambda: desk.erase(2))
    slider = desk.dock.settings.threshold.inputs["threshold"].slider
    slider.setValue(700)
    desk.wait(lambda: desk.dock.message.asking)
    desk.dock.message.keep.click()
    desk.qtbot.wait(150)
    assert not desk.dock.message.asking
    assert slider.value() == 500
    assert desk.number == "2"


def test_replace_recounts_and_keeps_the_corrected_cells_in_the_store(
    desk: Desk,
) -> None:
    desk.count()
    desk.settled(lambda: desk.erase(2))
    desk.dock.buttons.image.click()
    kept: list[tuple[str, np.ndarray]] = []
    project = desk.dock.session.project
    save = project.save_labels

    def watch(dataset: str, sample: str, layer: str, labels: np.ndarray, *rest, **more):
        kept.append((sample, labels.copy()))
        return save(dataset, sample, layer, labels, *rest, **more)

    project.save_labels = watch
    desk.settled(desk.dock.message.replace.click)
    assert desk.number == "3"
    name, labels = kept[0]
    assert "corrected, kept" in name
    found = project.load_labels(desk.dock.session.dataset.identity, name, "cells")
    assert np.array_equal(found.labels, labels)
    assert len(np.unique(labels)) == 3


def test_replaced_corrections_come_back_at_one_click(desk: Desk) -> None:
    desk.count()
    desk.settled(lambda: desk.erase(2))
    desk.dock.buttons.image.click()
    desk.settled(desk.dock.message.replace.click)
    assert "kept in the project store" in desk.message
    desk.settled(desk.dock.message.act.click)
    assert desk.number == "2"
    assert desk.dock.flow.corrections == 1
    assert desk.message == ""


def test_corrections_of_an_earlier_day_are_known(desk: Desk) -> None:
    desk.count()
    desk.settled(lambda: desk.erase(2))
    desk.dock.session.show(1)
    desk.settled(lambda: desk.dock.session.show(0))
    desk.wait(lambda: desk.dock.flow.result is not None)
    assert desk.number == "2"
    desk.dock.buttons.image.click()
    assert desk.dock.message.asking
