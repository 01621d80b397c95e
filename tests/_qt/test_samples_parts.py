from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QMimeData, QUrl
from qtpy.QtWidgets import QDockWidget, QFileDialog, QWidget

from napari_cellsets._napari import docks
from napari_cellsets._napari.browsing import Marks
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.thumbnails import ThumbnailCache
from napari_cellsets._qt.commands import draw_cells, open_file, open_folder
from napari_cellsets._qt.docking import tabify_with_ours
from napari_cellsets._qt.opening import OpenButton, dropped_paths
from napari_cellsets._qt.sample_list import SampleListModel, Thumbnails
from napari_cellsets._qt.samples import SamplesWidget
from napari_cellsets.catalogue import open_dataset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.viewer import Viewer
    from npe2 import PluginManifest
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def model(parent: QWidget) -> SampleListModel:
    return SampleListModel(Thumbnails(ThumbnailCache(), parent), parent)


def test_list_model_keeps_qts_rules(
    model: SampleListModel,
    set_path: Path,
    qtmodeltester: object,
) -> None:
    model.set_dataset(open_dataset(set_path))
    model.set_order([0, 2])
    model.set_marks(Marks(frozenset({"a1"}), {"a10": 2}))
    qtmodeltester.check(model)


def test_rows_know_their_samples(model: SampleListModel, set_path: Path) -> None:
    model.set_dataset(open_dataset(set_path))
    model.set_order([1, 3])
    assert [model.sample_index(row) for row in range(model.rowCount())] == [1, 3]
    assert model.row_of(3) == 1
    assert model.row_of(0) is None


def test_unreadable_picture_has_an_empty_frame(
    model: SampleListModel, set_path: Path, qtbot: QtBot
) -> None:
    (set_path / "images" / "a1.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    model.set_dataset(open_dataset(set_path))
    with qtbot.waitSignal(model._thumbnails.ready, timeout=10_000):
        assert not model._thumbnails.icon(0).isNull()
    assert not model._thumbnails.icon(0).isNull()


def test_only_local_files_count_as_drops(tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/a.png"), QUrl.fromLocalFile(str(tmp_path))])
    assert dropped_paths(mime) == [tmp_path]
    assert dropped_paths(QMimeData()) == []
    assert dropped_paths(None) == []


@pytest.mark.parametrize(
    ("entry", "dialog", "answer"),
    [(0, "getExistingDirectory", "{}"), (1, "getOpenFileName", ("{}", ""))],
)
def test_open_button_offers_folders_and_files(
    viewer: Viewer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    entry: int,
    dialog: str,
    answer: object,
) -> None:
    button = OpenButton(get_session(viewer))
    qtbot.addWidget(button)
    place = str(tmp_path)
    given = place if answer == "{}" else (place, "")
    monkeypatch.setattr(QFileDialog, dialog, lambda *_: given)
    with qtbot.waitSignal(button.chosen) as chosen:
        button.menu().actions()[entry].trigger()
    assert chosen.args == [tmp_path]


def test_cancelled_dialog_opens_nothing(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    button = OpenButton(get_session(viewer))
    qtbot.addWidget(button)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    with qtbot.assertNotEmitted(button.chosen):
        button.menu().actions()[0].trigger()


@pytest.mark.parametrize("command", [open_folder, open_file])
def test_commands_open_through_the_samples_dock(
    viewer: Viewer,
    set_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    command: Callable[[Viewer], None],
) -> None:
    dock = SamplesWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Samples (Cell sets)")
    monkeypatch.setattr(sys.modules[command.__module__], "open_dock", lambda *_: dock)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(set_path))
    image = str(set_path / "images" / "a2.png")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (image, ""))
    command(viewer)
    session = get_session(viewer)
    qtbot.waitUntil(lambda: session.dataset is not None, timeout=10_000)
    assert session.index == (1 if command is open_file else 0)


def test_draw_cells_adds_and_selects_a_layer(viewer: Viewer, set_path: Path) -> None:
    session = get_session(viewer)
    session.open(set_path)
    draw_cells(viewer)
    assert viewer.layers.selection.active == session.cells_layer
    assert not session.cells.any()


def test_our_docks_share_one_place_as_tabs(viewer: Viewer, qtbot: QtBot) -> None:
    viewer.window.add_dock_widget(QWidget(), name="Samples (Cell sets)")
    second = QWidget()
    wrapped = viewer.window.add_dock_widget(second, name="Count (Cell sets)")
    tabify_with_ours(second)
    window = wrapped.window()
    docks_of_ours = window.tabifiedDockWidgets(
        window.findChild(QDockWidget, "Count (Cell sets)")
    )
    assert [dock.objectName() for dock in docks_of_ours] == ["Samples (Cell sets)"]


def test_open_dock_finds_the_one_that_menus_open(
    viewer: Viewer, manifest_known: PluginManifest
) -> None:
    made = docks.open_dock(viewer, "Samples")
    assert "Samples (Cell sets)" in viewer.window.dock_widgets
    assert docks.open_dock(viewer, "Samples") == made
    assert docks.open_dock(viewer, "No such dock") is None


def test_open_dock_without_our_plugin_does_nothing(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docks, "PLUGIN", "not-installed")
    assert docks.open_dock(viewer, "Samples") is None


def test_dropping_on_the_window_fills_the_samples_dock(
    viewer: Viewer, manifest_known: PluginManifest, set_path: Path, qtbot: QtBot
) -> None:
    viewer.open(set_path, plugin="napari-cellsets")
    session = get_session(viewer)
    assert session.dataset is not None
    dock = viewer.window.dock_widgets["Samples (Cell sets)"]
    assert dock.header.title.text() == session.dataset.recipe.title
    assert len(viewer.layers) == 2


def test_sample_opens_from_the_menu_as_a_set(
    viewer: Viewer,
    manifest_known: PluginManifest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from napari_cellsets._napari import sample_data

    place = sample_data.write_fields(tmp_path, (128, 160))
    monkeypatch.setattr(sample_data, "write_fields", lambda: place)
    viewer.open_sample("napari-cellsets", "simulated_neurons")
    session = get_session(viewer)
    assert session.dataset.recipe.key == "simulated_neurons"
    assert not session.truth_layer.editable
    assert len(session.dataset.samples) == 4


def test_labels_are_saved_by_naparis_own_menu(
    viewer: Viewer, manifest_known: PluginManifest, set_path: Path, tmp_path: Path
) -> None:
    from napari_cellsets.formats.labels_io import read_label_image

    session = get_session(viewer)
    session.open(set_path)
    session.truth_layer.save(str(tmp_path / "truth.png"), plugin="napari-cellsets")
    written = read_label_image(tmp_path / "truth.png")
    assert (written == session.truth.labels).all()
