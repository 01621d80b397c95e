"""Work of a renamed folder is offered in the Samples dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from PIL import Image

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.samples import SamplesWidget
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui

#: The store is asked beside the window; a busy machine takes its time.
PATIENCE_MS = 30_000

SHAPE = (24, 32)


def write_folder(home: Path, seed: int = 0) -> Path:
    """A folder of two pictures of one's own."""
    home.mkdir()
    for number in range(2):
        pixels = np.random.default_rng(seed + number).integers(0, 255, SHAPE, np.uint8)
        Image.fromarray(pixels).save(home / f"cells_{number}.png")
    return home


@pytest.fixture
def folder(viewer: Viewer, tmp_path: Path) -> Path:
    """A folder on which somebody worked."""
    home = write_folder(tmp_path / "mine")
    dataset = open_dataset(home)
    labels = np.ones(SHAPE, np.int32)
    place = (dataset.identity, dataset.samples[0].name, "cells")
    get_session(viewer).project.save_labels(*place, labels, {})
    return home


def look(viewer: Viewer, path: Path, qtbot: QtBot) -> SamplesWidget:
    """Open a folder in a window with the dock."""
    dock = SamplesWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Samples (Cell sets)")
    get_session(viewer).open(path)
    qtbot.waitUntil(lambda: not dock.moved.runner.busy, timeout=PATIENCE_MS)
    return dock


def test_work_of_a_renamed_folder_is_taken_over_by_one_click(
    viewer: Viewer, folder: Path, qtbot: QtBot
) -> None:
    dock = look(viewer, folder.rename(folder.parent / "renamed"), qtbot)
    assert not dock.moved.isHidden()
    assert "same pictures under another folder name" in dock.moved.text.text()
    assert get_session(viewer).cells is None
    dock.moved.take.click()
    qtbot.waitUntil(lambda: not dock.moved.runner.busy, timeout=PATIENCE_MS)
    assert dock.moved.isHidden()
    assert get_session(viewer).cells.all()
    assert "The work on 1 sample belongs here now." in dock.message.text.text()


def test_a_no_is_remembered(viewer: Viewer, folder: Path, qtbot: QtBot) -> None:
    renamed = folder.rename(folder.parent / "renamed")
    dock = look(viewer, renamed, qtbot)
    dock.moved.refuse.click()
    assert dock.moved.isHidden()
    get_session(viewer).open(renamed)
    qtbot.waitUntil(lambda: not dock.moved.runner.busy, timeout=PATIENCE_MS)
    assert dock.moved.isHidden()


def test_other_pictures_in_a_folder_of_the_same_name_are_said(
    viewer: Viewer, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    folder.rename(tmp_path / "away")
    dock = look(viewer, write_folder(tmp_path / "mine", seed=7), qtbot)
    assert "outlines may not fit" in dock.moved.text.text()


def test_nothing_is_offered_where_nothing_fits(
    viewer: Viewer, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    dock = look(viewer, write_folder(tmp_path / "others", seed=5), qtbot)
    assert dock.moved.isHidden()
    get_session(viewer).open(folder)
    qtbot.waitUntil(lambda: not dock.moved.runner.busy, timeout=PATIENCE_MS)
    assert dock.moved.isHidden()


def test_work_that_began_meanwhile_is_not_mixed(
    viewer: Viewer, folder: Path, qtbot: QtBot
) -> None:
    dock = look(viewer, folder.rename(folder.parent / "renamed"), qtbot)
    session = get_session(viewer)
    session.set_cells(np.full(SHAPE, 2, np.int32))
    session.save()
    dock.moved.take.click()
    qtbot.waitUntil(lambda: not dock.moved.runner.busy, timeout=PATIENCE_MS)
    assert "have work of their own" in dock.message.text.text()
    assert (session.cells == 2).all()


def test_a_store_that_cannot_be_read_is_not_told_twice(
    viewer: Viewer, folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(type(get_session(viewer).project), "datasets", fail)
    dock = look(viewer, folder, qtbot)
    assert dock.moved.isHidden()
    assert "disk is gone" not in dock.message.text.text()


def test_work_on_a_renamed_picture_is_taken_over_by_one_click(
    viewer: Viewer, folder: Path, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    session.open(folder)
    session.show(1)
    session.set_cells(np.ones(SHAPE, np.int32), {"source": "drawn by hand"})
    session.save()
    (folder / "cells_1.png").rename(folder / "kept.png")
    dock = look(viewer, folder, qtbot)
    assert dock.moved.text.text() == (
        "Work is stored under other names: cells_1 is called kept now."
    )
    said: list[str] = []
    dock.moved.told.connect(said.append)
    dock.moved.take.click()
    qtbot.waitUntil(lambda: not dock.moved.runner.busy, timeout=PATIENCE_MS)
    assert said == ["The work on 1 sample belongs here now."]
    session.show(1)
    assert session.sample.name == "kept"
    assert session.cells.all()
    assert dock.moved.isHidden()


def test_work_on_a_picture_that_is_gone_is_said_until_a_no(
    viewer: Viewer, folder: Path, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    session.open(folder)
    session.project.set_verdict(session.dataset.identity, "cells_1", "accepted")
    (folder / "cells_1.png").unlink()
    dock = look(viewer, folder, qtbot)
    assert "on pictures that are gone: cells_1." in dock.moved.text.text()
    assert dock.moved.take.isHidden()
    dock.moved.refuse.click()
    session.open(folder)
    qtbot.waitUntil(lambda: not dock.moved.runner.busy, timeout=PATIENCE_MS)
    assert dock.moved.isHidden()
