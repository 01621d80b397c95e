"""The Count dock says what runs the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batch_models import bright_model

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

import onnxruntime
from qtpy.QtWidgets import QWidget

from napari_cellsets._napari import preferences
from napari_cellsets._qt.engine_label import EngineLabel
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.model_picker import ModelPicker
from napari_cellsets.inference import engines, sessions
from napari_cellsets.inference.engines import CPU_PROVIDER, engine_choice, use_engine
from napari_cellsets.inference.sessions import open_session

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch):
    """Answers of the preferences; only onnxruntime is installed."""
    answers: dict[str, object] = {}
    monkeypatch.setattr(
        preferences, "preference", lambda key, default: answers.get(key, default)
    )
    monkeypatch.setattr(engines, "_openvino_is_installed", lambda: False)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU_PROVIDER])
    yield answers
    use_engine(None)
    sessions.release_sessions()


@pytest.fixture
def picker(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModelPicker:
    place = bright_model(tmp_path / "shipped.onnx")
    where = "napari_cellsets._qt.model_picker.shipped_models"
    monkeypatch.setattr(where, lambda: [place])
    picker = ModelPicker()
    qtbot.addWidget(picker)
    return picker


@pytest.fixture
def home(qtbot: QtBot) -> QWidget:
    """Own the label and the runner for as long as a test runs."""
    home = QWidget()
    qtbot.addWidget(home)
    return home


def labelled(home: QWidget, picker: ModelPicker) -> tuple[EngineLabel, JobRunner]:
    runner = JobRunner(home)
    return EngineLabel(picker, runner, home), runner


@pytest.mark.usefixtures("asked")
def test_the_engine_shows_once_a_model_is_chosen(home, picker):
    label, _ = labelled(home, picker)
    assert label.text() == ""
    picker.choose_first()
    assert label.text() == "Runs with onnxruntime"


def test_an_engine_that_is_missing_is_told(home, picker, asked):
    asked["model.engine"] = "openvino"
    picker.choose_first()
    label, _ = labelled(home, picker)
    assert label.text() == (
        "Runs with onnxruntime (the engine OpenVINO is not installed)"
    )


@pytest.mark.usefixtures("asked")
def test_what_replaced_an_engine_shows_after_the_run(home, picker):
    label, runner = labelled(home, picker)
    picker.choose_first()
    open_session(picker.info.path, CPU_PROVIDER).note = "instead of a card"
    runner.busy_changed.emit(False)
    assert label.text() == "Runs with onnxruntime (instead of a card)"


def test_the_preferences_hold_for_the_next_run(home, picker, asked):
    _, runner = labelled(home, picker)
    asked.update({"model.engine": "onnxruntime", "model.fast": True})
    runner.busy_changed.emit(True)
    assert engine_choice().provider == CPU_PROVIDER
    assert engine_choice().fast
