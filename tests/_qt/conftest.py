"""Fixtures for tests with a window: a viewer, small sets, no widget left behind."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from count_docks import desk, make_desk
from history_docks import project, room, where
from npe2 import PluginManager, PluginManifest
from playback_docks import empty_player, film, playback, player, runs
from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QApplication

from small_sets import write_set
from what_stays import (
    callbacks_are_looked_at_once,
    collections_of_themselves_are_rarer,
    collections_pass_over_what_stays,
    manifests_are_read_once,
    screen_is_measured_once,
    welcome_is_written_when_seen,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.viewer import Viewer

PROJECT_ROOT = Path(__file__).resolve().parents[2]

__all__ = [
    "callbacks_are_looked_at_once",
    "collections_of_themselves_are_rarer",
    "collections_pass_over_what_stays",
    "desk",
    "empty_player",
    "film",
    "make_desk",
    "manifest_known",
    "manifests_are_read_once",
    "no_widget_is_left",
    "playback",
    "player",
    "project",
    "room",
    "runs",
    "screen_is_measured_once",
    "set_path",
    "viewer",
    "welcome_is_written_when_seen",
    "where",
]


@pytest.fixture
def set_path(tmp_path: Path) -> Path:
    """Folder with four pictures, three of them with masks."""
    return write_set(tmp_path / "small_set")


@pytest.fixture
def viewer(make_napari_viewer_proxy: Callable[[], Viewer]) -> Viewer:
    """A viewer with a window, in the public face that plug-ins get."""
    return make_napari_viewer_proxy()


def own_windows() -> set[str]:
    """Top-level widgets of ours, by class and object name."""
    return {
        f"{type(widget).__module__}.{type(widget).__name__}"
        for widget in QApplication.topLevelWidgets()
        if type(widget).__module__.startswith("napari_cellsets")
    }


@pytest.fixture(autouse=True)
def no_widget_is_left(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves one of our widgets as a window of its own.

    The usual cause is a widget without parent that something still refers to: a
    session that kept a bound method, a lambda in a connect.
    """
    before = own_windows()
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    qapp.processEvents()
    left = own_windows() - before
    if left:
        # what only a cycle keeps is no leak; a collection costs seconds, so not before
        gc.collect()
        left = own_windows() - before
    assert not left, f"left behind: {sorted(left)}"


@pytest.fixture
def manifest_known(viewer: Viewer) -> Iterator[PluginManifest]:
    """Our manifest, registered as an installed plug-in's is."""
    manager = PluginManager.instance()
    if "napari-cellsets" in manager:
        # found as an installed plug-in
        yield manager.get_manifest("napari-cellsets")
        return
    manifest = PluginManifest.from_file(PROJECT_ROOT / "napari.yaml")
    manager.register(manifest)
    yield manifest
    manager.unregister(manifest.name)
