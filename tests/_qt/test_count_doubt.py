"""Confidence on screen: the automatic model, limits of the count, doubtful cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import bright_model
from napari_cellsets._qt import auto_picker, model_picker
from napari_cellsets._qt.auto_picker import CountModelPicker
from napari_cellsets._qt.doubt_link import CellsPage
from napari_cellsets._qt.object_table import ObjectTableView
from napari_cellsets.core.image import Picture
from napari_cellsets.counting.measure import ObjectTable
from napari_cellsets.inference.choice import Choice

if TYPE_CHECKING:
    from pathlib import Path

    from count_docks import Desk
    from pytestqt.qtbot import QtBot

SMALL = Picture(np.zeros((8, 8), np.uint8), "yx")
TRUST = {
    "log_area": 5.0,
    "bias": -2.0,
    "weights": {"mean": 4.0},
    "interval": {"level": 0.8, "missed": 0.4, "low": 1.0, "high": 1.0},
}


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    models = {
        kind: bright_model(tmp_path / f"{kind}.onnx") for kind in ("neurons", "nuclei")
    }
    monkeypatch.setattr(model_picker, "shipped_models", lambda: [*models.values()])
    return models


def says(monkeypatch: pytest.MonkeyPatch, path: Path, *, sure: bool = True) -> None:
    """Let the choice fall on a model."""
    chosen = Choice(path, "nuclei", "grey, with spots", sure)
    monkeypatch.setattr(auto_picker, "choose_model", lambda *_: chosen)


@pytest.fixture
def picker(qtbot: QtBot, zoo: dict[str, Path]) -> CountModelPicker:
    made = CountModelPicker()
    qtbot.addWidget(made)
    made.choose_first()
    return made


def test_automatic_is_first_and_tells_what_it_chose_and_why(
    picker, zoo, monkeypatch
) -> None:
    assert picker._box.itemText(0) == "Automatic"
    assert picker._box.currentIndex() == 0
    says(monkeypatch, zoo["nuclei"])
    picker.choose_for(SMALL, "rgb")
    assert picker.info.path == zoo["nuclei"]
    assert picker._box.currentText() == "Automatic"
    assert picker.why.endswith(": grey, with spots")


def test_the_choice_of_a_person_wins_and_is_remembered(
    picker, zoo, monkeypatch, qtbot
) -> None:
    says(monkeypatch, zoo["nuclei"])
    picker._box.activated.emit(1)
    assert picker.info.path == zoo["neurons"]
    picker.choose_for(SMALL, "rgb")
    assert picker.info.path == zoo["neurons"]
    assert picker.why == ""
    again = CountModelPicker()
    qtbot.addWidget(again)
    again.choose_first()
    assert (again.automatic, again.info.path) == (False, zoo["neurons"])


def test_a_person_may_go_back_to_automatic(picker, zoo, monkeypatch, qtbot) -> None:
    picker._box.activated.emit(1)
    says(monkeypatch, zoo["nuclei"])
    with qtbot.waitSignal(picker.automatic_wanted):
        picker._box.activated.emit(0)
    picker.choose_for(SMALL, "rgb")
    assert picker.info.path == zoo["nuclei"]


def test_a_picture_without_a_clear_channel_is_told(picker) -> None:
    heard: list[Exception] = []
    picker.failed.connect(heard.append)
    many = Picture(np.zeros((8, 8, 5), np.uint8), "yxc")
    assert not picker.choose_for(many, "rgb")
    assert "5 channels" in str(heard[0])


def table(sure: list[float]) -> ObjectTable:
    n = np.arange(1, len(sure) + 1)
    place = n.astype(float)
    return ObjectTable(
        {
            "label": n,
            "area_px": n * 10,
            "centroid_y": place,
            "centroid_x": place,
            "equivalent_diameter_px": place,
            "confidence": np.array(sure),
        }
    )


@pytest.fixture
def page(qtbot: QtBot) -> CellsPage:
    made = CellsPage(ObjectTableView())
    qtbot.addWidget(made)
    return made


def test_doubtful_cells_come_first_when_asked(page: CellsPage) -> None:
    page.show_table(table([0.9, 0.2, np.nan, 0.4]))
    page.first.click()
    objects = page._table.objects
    assert [objects.label_at(row) for row in range(4)] == [2, 4, 1, 3]
    assert objects.doubtful() == [2, 4]
    assert page.marks.text() == "Mark doubtful cells (2)"


def test_confidence_is_shown_in_percent_and_not_for_drawn_cells(page) -> None:
    page.show_table(table([0.914, np.nan]))
    objects = page._table.objects
    column = objects.column_of("confidence")
    shown = [objects.data(objects.index(row, column)) for row in range(2)]
    assert shown == ["91", "–"]


def test_without_confidence_nothing_is_said_of_doubt(page: CellsPage) -> None:
    whole = table([0.1])
    columns = {k: v for k, v in whole.columns.items() if k != "confidence"}
    page.show_table(ObjectTable(columns))
    assert not page.first.isVisibleTo(page)
    page.first.click()
    assert page._table.objects.doubtful() == []


def measured(desk: Desk, bias: float) -> None:
    info = desk.dock.picker.info.replace(trust={**TRUST, "bias": bias})
    desk.dock.model.choose_model(info)


def test_the_count_is_told_with_its_limits(desk: Desk) -> None:
    measured(desk, 0.0)
    desk.count()
    assert "likely 2 to 5" in desk.dock.result._said.text() or (
        "likely 3 to " in desk.dock.result._said.text()
    )


def test_a_corrected_count_has_no_limits_but_its_cells_keep_their_confidence(
    desk: Desk,
) -> None:
    measured(desk, 0.0)
    desk.count()
    desk.settled(lambda: desk.erase(2))
    desk.wait(lambda: desk.number == "2")
    assert "likely" not in desk.dock.result._said.text()
    assert "confidence" in desk.dock.flow.result.table.columns


def test_doubtful_cells_are_ringed_while_that_is_wanted(desk: Desk) -> None:
    measured(desk, -9.0)
    desk.count()
    assert desk.dock._doubt.layer is None
    desk.dock.cells.marks.setChecked(True)
    layer = desk.dock._doubt.layer
    assert len(layer.data) == 3
    assert layer.visible
    desk.dock.cells.marks.setChecked(False)
    assert not layer.visible


def test_limits_and_confidence_are_there_again_after_another_image(desk: Desk) -> None:
    measured(desk, 0.0)
    desk.count()
    said = desk.dock.result._said.text()
    desk.settled(lambda: desk.dock.session.show(1))
    desk.settled(lambda: desk.dock.session.show(0))
    desk.wait(lambda: desk.number == "3")
    assert desk.dock.result._said.text() == said
    assert "confidence" in desk.dock.flow.result.table.columns
