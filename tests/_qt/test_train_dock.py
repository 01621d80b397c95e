"""The Train dock: what it offers, one run from press to use, stopping, leaving."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QApplication, QFileDialog
from train_docks import gym, make_gym, narrow, small_batches

from batch_models import bright_model
from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.remembered import remembered_model
from napari_cellsets._qt.training import TrainWidget
from napari_cellsets._qt.training_examples import pictures_of
from napari_cellsets._qt.training_parts import CardDialog
from napari_cellsets.inference import own_models, own_models_folder, read_model_info
from napari_cellsets.training.request import Example, TrainingPoint, TrainingResult
from tiny_classifiers import write_gems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.viewer import Viewer
    from npe2 import PluginManifest
    from train_docks import Gym

__all__ = ["gym", "make_gym", "narrow", "small_batches"]

pytestmark = pytest.mark.gui


def training_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("Training on")]


def choose(box: object, value: object) -> None:
    """Pick a value as a person does."""
    place = box.values.index(value)
    box.setCurrentIndex(place)
    box.activated.emit(place)


# What is offered


def test_the_dock_needs_no_torch_to_be_imported() -> None:
    code = (
        "import sys; import napari_cellsets._qt.training;"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_fields_are_for_a_segmenter_on_their_ground_truth(gym: Gym) -> None:
    form = gym.dock.form
    assert form.kind.currentText() == "Segmenter: finds cells"
    assert form.labels.currentText() == "Ground truth: 4 pictures"
    assert form.start.currentText() == "Shipped model"
    assert form.minutes.value() == 10
    assert gym.dock.buttons.start.isEnabled()
    assert not gym.dock.curves.isVisibleTo(gym.dock)


def test_single_cells_are_for_a_classifier(
    make_gym: Callable[..., Gym], tmp_path: Path
) -> None:
    gym = make_gym(write_gems(tmp_path / "gems", {"ruby": 3, "emerald": 2}))
    form = gym.dock.form
    assert form.kind.currentText() == "Classifier: names single cells"
    assert form.labels.currentText() == "Classes of the set: 5 cells"
    assert not form.channel.isVisibleTo(form)
    choose(form.start, "scratch densenet121")
    assert gym.dock.model.request().architecture == "densenet121"


def test_without_a_set_nothing_can_be_started(make_gym: Callable[..., Gym]) -> None:
    gym = make_gym()
    assert not gym.dock.buttons.start.isEnabled()
    gym.dock.flow.start()
    assert gym.message.startswith("⚠ There is no data set to train on")


def test_corrected_cells_are_what_is_learnt_from(gym: Gym) -> None:
    session = gym.dock.session
    labels = np.zeros((64, 80), np.int32)
    labels[5:20, 5:20] = 1
    session.set_cells(labels, {"source": "model"})
    assert gym.dock.model.labels == "truth"
    session.cells_layer.fill((10, 10), 2)
    session.save()
    gym.wait(lambda: gym.dock.model.material.corrected == 1)
    assert gym.dock.form.labels.itemText(1) == "Corrected cells: 1 picture"
    choose(gym.dock.form.labels, "corrected")
    assert gym.dock.model.request().corrected


def test_choices_become_the_request(
    gym: Gym, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, chosen = gym.dock.form, tmp_path / "runs"
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", staticmethod(lambda *_: str(chosen))
    )
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", staticmethod(lambda *_: ("mine.onnx", ""))
    )
    choose(form.place, "other")
    choose(form.start, "other")
    form.minutes.setValue(3)
    form.name.setText("Mine")
    form.name.textEdited.emit("Mine")
    request = gym.dock.model.request()
    assert (request.out, request.minutes, request.name) == (chosen, 3.0, "Mine")
    assert str(request.start) == "mine.onnx"
    assert form.place.currentText() == "runs"
    assert request.row == gym.dock.session.dataset.recipe.key


def test_a_dialog_that_was_closed_changes_nothing(
    gym: Gym, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", staticmethod(lambda *_: "")
    )
    choose(gym.dock.form.place, "other")
    assert gym.dock.model.out is None
    assert gym.dock.form.place.currentText() == "My models"


def test_models_of_ones_own_can_be_gone_on_with(gym: Gym) -> None:
    folder = own_models_folder() / "mine"
    folder.mkdir(parents=True)
    (folder / "mine.onnx").write_bytes(b"")
    gym.dock.form.synchronize()
    choose(gym.dock.form.start, folder / "mine.onnx")
    assert gym.dock.model.request().start == folder / "mine.onnx"


def test_without_torch_the_dock_says_how_to_install_it(
    make_gym: Callable[..., Gym], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train_docks import write_discs

    monkeypatch.setattr(
        "napari_cellsets._qt.training.missing_packages", lambda: ("torch",)
    )
    gym = make_gym(write_discs(tmp_path / "discs"))
    assert gym.dock.absent.isVisibleTo(gym.dock)
    assert "pip install 'napari-cellsets[train]'" in gym.dock.absent.text()
    assert not gym.dock.buttons.start.isEnabled()
    assert not gym.dock.form.isEnabled()


# A run


@pytest.mark.usefixtures("small_batches")
def test_a_run_ends_with_a_model_that_the_count_dock_uses(
    gym: Gym, narrow: Path, manifest_known: PluginManifest
) -> None:
    gym.start(narrow)
    assert not gym.dock.form.isVisibleTo(gym.dock)
    assert "learns from 4 pictures of" in gym.dock.plan.text()
    gym.wait_for_the_end()
    assert gym.message == ""
    assert gym.dock.outcome.text.text().startswith("On 1 held-out picture: F1 ")
    assert "before" in gym.dock.outcome.text.text()
    assert gym.dock.examples.shown == [gym.dock.model.seen.examples[0].name]
    assert len(gym.dock.curves.score.points[0]) > 1
    assert len(gym.dock.curves.loss.points[0]) > 0
    model = gym.dock.model.result.model
    assert own_models() == [model]
    gym.dock.outcome.use.click()
    count = open_dock(gym.viewer, "Count")
    assert count.picker.info.path == model
    assert count.picker.info.name == read_model_info(model).name
    assert remembered_model() == model


@pytest.mark.usefixtures("small_batches")
def test_stop_keeps_the_best_so_far(gym: Gym, narrow: Path) -> None:
    gym.start(narrow, steps=100_000)
    gym.wait_for_a_step()
    gym.dock.buttons.stop.click()
    assert gym.dock.buttons.stop.text() == "Stopping…"
    gym.wait_for_the_end()
    assert gym.dock.model.result.stopped
    assert gym.dock.model.result.model.is_file()
    assert gym.message == "Stopped with the best so far. Start goes on."


@pytest.mark.usefixtures("small_batches")
def test_a_dock_that_goes_leaves_no_thread_and_the_run_can_go_on(
    gym: Gym, narrow: Path
) -> None:
    gym.start(narrow, steps=100_000)
    gym.wait_for_a_step()
    assert training_threads()
    gym.viewer.window.remove_dock_widget(gym.dock)
    assert not training_threads()
    (saved,) = own_models_folder().glob("*/last.pt")
    assert (saved.parent / "best.pt").is_file()
    assert own_models() == []
    gym.dock.deleteLater()


@pytest.mark.usefixtures("small_batches")
def test_cancel_in_the_activity_dock_leaves_at_once(gym: Gym, narrow: Path) -> None:
    gym.start(narrow, steps=100_000)
    gym.wait_for_a_step()
    gym.dock.runner.cancel()
    gym.wait_for_the_end()
    assert gym.message == "Cancelled. Start goes on where it was."
    gym.wait(lambda: not training_threads())


def test_a_model_that_cannot_be_trained_is_told_calmly(
    gym: Gym, tmp_path: Path
) -> None:
    pytest.importorskip("torch", reason="training is an optional extra")
    gym.start(bright_model(tmp_path / "foreign.onnx"))
    gym.wait_for_the_end()
    assert "not of the form that can be trained on" in gym.message
    assert gym.dock.buttons.start.isEnabled()


# What is shown


def point(step: int, score: float | None, best: float | None) -> TrainingPoint:
    return TrainingPoint(step, 100, 6.0 * step, 1 / (step + 1), "F1", score, best, 0.1)


def test_the_score_says_the_best_so_far(gym: Gym) -> None:
    points = [point(0, 0.5, 0.5), point(10, None, 0.5), point(20, 0.75, 0.75)]
    gym.dock.model.seen = gym.dock.model.seen.with_more(points)
    curves = gym.dock.curves
    assert curves.score.points == ([0.0, 2.0], [0.5, 0.75])
    assert curves.loss.points[0] == [0.0, 1.0, 2.0]
    assert curves.score.title == "F1, best 0.750"


def test_examples_are_drawn_beside_their_truth(gym: Gym) -> None:
    truth = np.zeros((32, 48), np.int32)
    truth[4:10, 4:10], truth[20:28, 20:30] = 1, 2
    picture = np.full((32, 48, 3), 90, np.uint8)
    example = Example("a", picture, truth, np.where(truth == 1, 1, 0))
    gym.dock.examples.show_examples([example])
    assert gym.dock.examples.accessibleDescription() == "a: 2 cells, 1 found"
    plain, true, found = pictures_of(example)
    assert (plain == picture).all()
    assert (true[24, 25] != 90).any()
    assert (found[24, 25] == 90).all()
    assert not gym.dock.examples.grab().isNull()


def test_examples_of_single_cells_name_the_classes(gym: Gym) -> None:
    picture = np.full((24, 24, 3), 200, np.uint8)
    gym.dock.examples.show_examples([Example("b", picture, "ruby", "emerald")])
    assert gym.dock.examples.accessibleDescription() == "b: ruby, found emerald"
    assert not gym.dock.examples.grab().isNull()


def test_the_card_can_be_read(gym: Gym, tmp_path: Path) -> None:
    card = tmp_path / "mine.md"
    card.write_text("# Mine\n\nLearnt from four pictures.", encoding="utf-8")
    gym.dock.model.end(TrainingResult(tmp_path / "mine.onnx", card, {}, False))
    assert "Nothing was held out" in gym.dock.outcome.text.text()
    gym.dock.outcome.card.click()
    (dialog,) = [w for w in QApplication.topLevelWidgets() if type(w) is CardDialog]
    assert "Learnt from four pictures." in dialog.text.toPlainText()
    dialog.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_a_model_that_does_no_better_is_said_to(gym: Gym, tmp_path: Path) -> None:
    metrics = {"images": 1, "f1": 0.5, "count_mae": 2.0}
    before = {"images": 1, "f1": 0.6, "count_mae": 1.0}
    report = {"metrics": {"before": before, "after": metrics}}
    files = tmp_path / "a.onnx", tmp_path / "a.md"
    gym.dock.model.end(TrainingResult(*files, metrics, False, report))
    assert gym.dock.outcome.text.text() == (
        "On 1 held-out picture: F1 0.60 before, 0.50 now; counts off by 1.0 before,"
        " 2.0 now. It does no better than the model it began with."
    )


def test_the_palette_and_the_menu_know_the_dock(
    viewer: Viewer, manifest_known: PluginManifest
) -> None:
    dock = open_dock(viewer, "Train")
    assert isinstance(dock, TrainWidget)
    open_dock(viewer, "Train")
    assert list(viewer.window.dock_widgets) == ["Train (Cell sets)"]
