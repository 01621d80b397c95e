"""Predict, correct, fine-tune, predict, all in one window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from train_docks import gym, make_gym, narrow, small_batches

from napari_cellsets._napari.docks import open_dock
from tiny_classifiers import write_gems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from npe2 import PluginManifest
    from train_docks import Gym

__all__ = ["gym", "make_gym", "narrow", "small_batches"]

pytestmark = pytest.mark.gui


def count_on_screen(gym: Gym) -> object:
    """Press *Count this image*; return the Count dock when it has counted."""
    dock = open_dock(gym.viewer, "Count")
    before = dock.flow.result
    dock.buttons.image.click()
    gym.wait(lambda: dock.flow.result is not before and not dock.runner.busy)
    return dock


@pytest.mark.usefixtures("small_batches")
def test_what_is_corrected_in_the_window_is_learnt_and_counts_the_next_picture(
    gym: Gym, narrow: Path, manifest_known: PluginManifest
) -> None:
    session = gym.dock.session
    open_dock(gym.viewer, "Count").picker.choose(narrow)
    for place in range(3):
        session.show(place)
        gym.wait(lambda at=place: session.index == at and session.truth is not None)
        count_on_screen(gym)
        cells, truth = session.cells_layer, session.truth.labels
        cells.data_setitem(np.nonzero(cells.data != truth), truth[cells.data != truth])
        session.save()
    gym.wait(lambda: gym.dock.model.material.corrected == 3)

    gym.dock.model.labels = "corrected"
    gym.start(narrow, steps=2)
    assert "from corrected cells of 3 pictures" in gym.dock.plan.text()
    gym.wait_for_the_end()
    learnt = gym.dock.model.result
    assert learnt.report["learnt_from"]["labels"] == "corrected by a person"

    gym.dock.outcome.use.click()
    session.show(3)
    gym.wait(lambda: session.index == 3 and session.picture is not None)
    count = count_on_screen(gym)
    assert count.picker.info.path == learnt.model
    session.save()
    provenance = session.project.load_labels(
        session.dataset.identity, session.sample.name, "cells"
    ).provenance
    assert provenance["model"] == count.picker.info.name


def test_a_classifier_is_trained_in_the_window_and_names_cells_at_once(
    make_gym: Callable[..., Gym], tmp_path: Path, manifest_known: PluginManifest
) -> None:
    pytest.importorskip("torch", reason="training is an optional extra")
    gym = make_gym(write_gems(tmp_path / "gems", {"ruby": 20, "emerald": 20}))
    gym.dock.model.start = "scratch"
    gym.start(steps=2)
    gym.wait_for_the_end()
    assert gym.message == ""
    model = gym.dock.model.result.model
    gym.dock.outcome.use.click()
    dock = open_dock(gym.viewer, "Classify")
    assert dock.picker.info.path == model
    assert set(dock.picker.info.classes) == set(gym.dock.session.dataset.classes)
