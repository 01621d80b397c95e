from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import SAYS, bright_model, squares, write_set

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from pydantic.fields import FieldInfo
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_cellsets._napari.remembered import remember_model
from napari_cellsets._qt.evaluation import SetPlots
from napari_cellsets._qt.forms import Asked, SettingsForm, input_for
from napari_cellsets._qt.model_picker import ModelPicker, card_text
from napari_cellsets._qt.object_model import ObjectTableModel
from napari_cellsets._qt.object_table import ObjectTableView
from napari_cellsets.batch.kept_export import COUNTS_NAME, OBJECTS_NAME, Export
from napari_cellsets.batch.rows import CountRow
from napari_cellsets.batch.whole_set import SetRow
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import ExportError
from napari_cellsets.core.image import Picture
from napari_cellsets.core.places import data_home
from napari_cellsets.counting.measure import ObjectTable, measure
from napari_cellsets.counting.settings import CountSettings
from napari_cellsets.formats.labels_io import read_label_image
from napari_cellsets.inference.metadata import read_model_info
from napari_cellsets.store import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_cellsets.core.errors import CellsetsError
    from napari_cellsets.inference.metadata import ModelInfo

pytestmark = pytest.mark.gui

ROLE = Qt.ItemDataRole.DisplayRole


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = bright_model(tmp_path / "shipped.onnx")
    where = "napari_cellsets._qt.model_picker.shipped_models"
    monkeypatch.setattr(where, lambda: [place])
    return place


def picked(qtbot: QtBot) -> ModelPicker:
    picker = ModelPicker()
    qtbot.addWidget(picker)
    picker.choose_first()
    return picker


def test_model_file_is_remembered_until_the_shipped_one_is_picked(
    qtbot: QtBot, shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = bright_model(tmp_path / "own.onnx")
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *_: (str(own), "ONNX models")
    )
    picker = picked(qtbot)
    picker._box.activated.emit(1)
    again = picked(qtbot)
    assert again.info.path == own
    again._box.activated.emit(0)
    assert picked(qtbot).info.path == shipped


def test_remembered_model_that_is_gone_gives_way_to_the_shipped_one(
    qtbot: QtBot, shipped: Path, tmp_path: Path
) -> None:
    remember_model(tmp_path / "gone.onnx")
    picker = ModelPicker()
    qtbot.addWidget(picker)
    heard: list[CellsetsError] = []
    picker.failed.connect(heard.append)
    picker.choose_first()
    assert "gone.onnx" in str(heard[0])
    assert picker.info.path == shipped


def test_unreadable_memory_of_the_model_is_no_memory(
    qtbot: QtBot, shipped: Path
) -> None:
    remember_model(shipped)
    (data_home() / "desk.json").write_text("[")
    assert picked(qtbot).info.path == shipped


def table(pixel_size_um: float | None = None) -> ObjectTable:
    labels = squares(3)
    labels[5:10, 5:15] = 0
    pixels = np.where(labels > 0, 200, 10).astype(np.uint8)
    return measure(labels, Picture(pixels, "yx", (), pixel_size_um))


def headings(model: ObjectTableModel) -> list[str]:
    return [
        model.headerData(column, Qt.Orientation.Horizontal, ROLE)
        for column in range(model.columnCount())
    ]


def column(model: ObjectTableModel, number: int) -> list[str]:
    return [
        model.data(model.index(row, number), ROLE) for row in range(model.rowCount())
    ]


def test_objects_are_shown_in_pixels_without_a_scale(qtbot: QtBot) -> None:
    model = ObjectTableModel()
    model.set_table(table())
    assert headings(model)[:3] == ["Cell", "Area px", "Ø px"]
    assert headings(model)[-1] == "intensity"
    assert column(model, 1) == ["50", "100", "100"]


def test_objects_are_shown_in_micrometres_where_the_scale_is_known(
    qtbot: QtBot,
) -> None:
    model = ObjectTableModel()
    model.set_table(table(0.5))
    assert headings(model)[1:3] == ["Area µm²", "Ø µm"]
    assert column(model, 1) == ["12.5", "25.0", "25.0"]


def test_sorting_keeps_the_selected_cell(qtbot: QtBot) -> None:
    view = ObjectTableView()
    qtbot.addWidget(view)
    view.show_table(table())
    view.selectRow(0)
    view.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert column(view.objects, 0) == ["2", "3", "1"]
    assert view.currentIndex().row() == 2


def test_selecting_a_label_tells_nobody(qtbot: QtBot) -> None:
    view = ObjectTableView()
    qtbot.addWidget(view)
    view.show_table(table())
    heard: list[int] = []
    view.label_chosen.connect(heard.append)
    view.select_label(3)
    assert view.currentIndex().row() == 2
    view.selectRow(1)
    assert heard == [2]


def test_thousands_of_rows_are_numbers_not_widgets(qtbot: QtBot) -> None:
    many = 20_000
    columns = {
        "label": np.arange(1, many + 1),
        "area_px": np.arange(many),
        "equivalent_diameter_px": np.ones(many),
    }
    view = ObjectTableView()
    qtbot.addWidget(view)
    view.show_table(ObjectTable(columns))
    view.select_label(many)
    assert view.objects.rowCount() == many
    assert len(view.findChildren(type(view))) == 0
    assert view.currentIndex().row() == many - 1


def test_empty_table_has_no_rows(qtbot: QtBot) -> None:
    model = ObjectTableModel()
    model.set_table(None)
    assert (model.rowCount(), model.columnCount(), model.row_of(1)) == (0, 0, None)


ASKED = {
    "threshold": Asked("Threshold", "How sure"),
    "min_area_px": Asked("Smallest cell", "Smaller is dropped", 2),
    "split_touching": Asked("Split", "Cut"),
    "split_distance_px": Asked("Distance", "Between centres", 1),
}


@pytest.fixture
def form(qtbot: QtBot) -> SettingsForm:
    made = SettingsForm(CountSettings, ASKED)
    qtbot.addWidget(made)
    made.synchronize(CountSettings(), 0.5)
    return made


def test_form_tells_what_the_person_changed(form: SettingsForm) -> None:
    heard: list[tuple[str, object]] = []
    form.edited.connect(lambda name, value: heard.append((name, value)))
    form.inputs["threshold"].slider.setValue(250)
    form.inputs["min_area_px"].number.setValue(70)
    form.inputs["split_touching"].box.click()
    assert heard == [
        ("threshold", 0.25),
        ("min_area_px", 70),
        ("split_touching", False),
    ]


def test_form_shows_values_and_tells_nobody(form: SettingsForm) -> None:
    heard: list[str] = []
    form.edited.connect(heard.append)
    form.synchronize(CountSettings(threshold=0.9, split_touching=False))
    assert form.inputs["threshold"].number.value() == 0.9
    assert not form.inputs["split_touching"].box.isChecked()
    assert heard == []


def test_form_says_lengths_and_areas_in_micrometres(form: SettingsForm) -> None:
    assert form.inputs["min_area_px"].physical.text() == "= 12.5 µm²"
    assert form.inputs["split_distance_px"].physical.text() == "= 7.5 µm"
    form.synchronize(CountSettings(), None)
    assert form.inputs["min_area_px"].physical.text() == ""


def test_form_keeps_to_the_limits_of_the_field(form: SettingsForm) -> None:
    assert form.inputs["split_distance_px"].number.minimum() == 1.0


def test_field_without_an_input_is_refused(qtbot: QtBot) -> None:
    with pytest.raises(TypeError, match="no input for a field of type"):
        input_for(_odd_field(), Asked("Odd", ""))


def _odd_field() -> FieldInfo:

    return FieldInfo(annotation=dict)


@pytest.fixture
def picker(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> ModelPicker:
    monkeypatch.setattr("napari_cellsets._qt.model_picker.shipped_models", lambda: [])
    made = ModelPicker()
    qtbot.addWidget(made)
    return made


def test_model_with_metadata_is_chosen_at_once(
    picker: ModelPicker, tmp_path: Path
) -> None:
    chosen: list[ModelInfo | None] = []
    picker.chosen.connect(chosen.append)
    picker.choose(bright_model(tmp_path / "m.onnx"))
    assert [info.name for info in chosen] == ["bright"]


def test_bare_model_is_chosen_after_the_answers(
    picker: ModelPicker, tmp_path: Path
) -> None:
    chosen: list[ModelInfo | None] = []
    picker.chosen.connect(chosen.append)
    picker.choose(bright_model(tmp_path / "m.onnx", says=None))
    assert chosen == [None]
    assert picker.info is None
    picker._answers["normalisation"].setCurrentIndex(1)
    picker._on_use_clicked()
    assert picker.info.normalisation.value == 1
    assert picker.info.output_kind == "probability"


def test_bad_file_leaves_the_chosen_model(picker: ModelPicker, tmp_path: Path) -> None:
    picker.choose(bright_model(tmp_path / "m.onnx"))
    failed: list[CellsetsError] = []
    picker.failed.connect(failed.append)
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    picker.choose(tmp_path / "bad.onnx")
    assert len(failed) == 1
    assert picker.info.name == "bright"


def test_card_tells_licence_data_and_quality(tmp_path: Path) -> None:
    says = {
        **SAYS,
        "licence": "BSD-3-Clause",
        "training_data": ["simulated", "FNC"],
        "metrics": {"f1_by_centres": 0.8123},
    }
    text = card_text(read_model_info(bright_model(tmp_path / "m.onnx", says=says)))
    assert "Licence: BSD-3-Clause" in text
    assert "Trained on: simulated; FNC" in text
    assert "f1 by centres: 0.812" in text


def test_plots_show_one_dot_an_image_with_truth(qtbot: QtBot) -> None:
    plots = SetPlots()
    qtbot.addWidget(plots)
    rows = [
        SetRow("a", CountRow("a.png", 5, 4)),
        SetRow("b", CountRow("b.png", 7, 9)),
        SetRow("c", CountRow("c.png", 2)),
    ]
    plots.show_rows(rows)
    x, y = plots.scatter._dots.getData()
    assert (x.tolist(), y.tolist()) == ([4, 9], [5, 7])
    assert plots.difference._dots.getData()[1].tolist() == [1, -2]
    assert next(label.format for label in plots.difference._labels) == "bias -0.5"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "store.sqlite") as opened:
        yield opened


def silent(fraction: float, text: str) -> None:
    pass


def export(tmp_path: Path, project: Project, folder: Path, **more: object) -> Export:
    dataset = open_dataset(write_set(tmp_path / "set"))
    for number, sample in enumerate(dataset.samples[:2]):
        project.save_labels(
            dataset.identity, sample.name, "cells", squares(number + 2), {}
        )
    asked = {"masks": "png", "counts": True, "objects": True, **more}
    return Export(dataset, project, dataset.samples, folder, **asked)


def test_export_writes_masks_counts_and_objects(
    tmp_path: Path, project: Project
) -> None:
    folder = tmp_path / "out"
    said = export(tmp_path, project, folder)(CancelToken(), silent)
    assert said == (
        "masks of 2 images, counts.csv with 2 images, objects.csv with 5 cells"
    )
    masks = sorted((folder / "masks").rglob("*.png"))
    assert [int(read_label_image(mask).max()) for mask in masks] == [2, 3]
    lines = (folder / COUNTS_NAME).read_text().splitlines()
    assert lines[0].startswith("image,count,truth,precision,recall,f1")
    assert len((folder / OBJECTS_NAME).read_text().splitlines()) == 6


def test_export_writes_only_what_was_asked(tmp_path: Path, project: Project) -> None:
    folder = tmp_path / "out"
    export(tmp_path, project, folder, masks=None, objects=False)(CancelToken(), silent)
    assert [path.name for path in folder.iterdir()] == [COUNTS_NAME]


def test_export_before_any_count_says_so(tmp_path: Path, project: Project) -> None:
    dataset = open_dataset(write_set(tmp_path / "set"))
    work = Export(dataset, project, dataset.samples, tmp_path, "png", True, True)
    with pytest.raises(ExportError, match="nothing was counted yet"):
        work(CancelToken(), silent)


def test_export_to_a_place_that_is_no_folder_says_which(
    tmp_path: Path, project: Project
) -> None:
    (tmp_path / "file").write_text("")
    work = export(tmp_path, project, tmp_path / "file" / "out")
    with pytest.raises(ExportError, match="file"):
        work(CancelToken(), silent)
