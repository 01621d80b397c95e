"""Classes that pictures of a set do not have, added and given in the gallery."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.gallery import GalleryWidget
from napari_cellsets.store import Project
from small_sets import write_set

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui


@pytest.fixture
def gallery(viewer: Viewer, tmp_path: Path, qtbot: QtBot) -> GalleryWidget:
    """The dock with four fields that have no class."""
    dock = GalleryWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Gallery (Cell sets)", area="bottom")
    get_session(viewer).open(write_set(tmp_path / "set"))
    qtbot.waitUntil(lambda: bool(dock.items) and len(dock.items.table) > 0)
    return dock


def press(gallery: GalleryWidget, qtbot: QtBot, keys: str) -> None:
    for key in keys:
        qtbot.keyClick(gallery.view, key)


def add(gallery: GalleryWidget, qtbot: QtBot, name: str) -> None:
    press(gallery, qtbot, "j")
    line = gallery.status.reason
    assert not line.isHidden()
    line.setText(name)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def classes(gallery: GalleryWidget) -> list[str]:
    return [gallery.table.value("class", n) for n in range(len(gallery.table))]


def test_where_there_is_no_class_a_key_tells_how_to_add_one(
    gallery: GalleryWidget, qtbot: QtBot
) -> None:
    assert "J new class…" in gallery.status.keys.text()
    assert gallery.bar.export.isHidden()
    for key in "1k":
        gallery.status.review.setText("")
        press(gallery, qtbot, key)
        assert "no class yet; J adds one" in gallery.status.review.text()
    assert classes(gallery) == [""] * 4


def test_a_new_class_has_a_key_and_is_given_by_it(
    gallery: GalleryWidget, qtbot: QtBot, viewer: Viewer
) -> None:
    gallery.bar.facets.setChecked(True)
    add(gallery, qtbot, "out of focus")
    assert gallery.status.review.text() == "New class “out of focus”: 1 gives it."
    add(gallery, qtbot, "use for training")
    press(gallery, qtbot, "121")
    assert classes(gallery) == ["out of focus", "use for training", "out of focus", ""]
    facets = gallery.wanted().facets(gallery.table)
    assert dict(facets["class"])["out of focus"] == 2
    card = gallery.model.card(1)
    assert card.colour == gallery.items.colours["use for training"]
    assert "given the class use for training" in card.details
    assert "0 of 4 reviewed" in gallery.status.review.text()
    assert not gallery.bar.export.isHidden()


def test_acts_are_taken_back_until_the_class_is_gone(
    gallery: GalleryWidget, qtbot: QtBot
) -> None:
    add(gallery, qtbot, "out of focus")
    press(gallery, qtbot, "1uu")
    assert classes(gallery) == [""] * 4
    assert "class: out of focus" not in gallery.verdicts.keys.keys
    gallery.verdicts.redo()
    gallery.verdicts.redo()
    assert classes(gallery)[0] == "out of focus"


@pytest.mark.parametrize("name", ["", "Out of focus"])
def test_what_is_refused_is_asked_for_again(
    gallery: GalleryWidget, qtbot: QtBot, name: str
) -> None:
    add(gallery, qtbot, "out of focus")
    add(gallery, qtbot, name)
    line = gallery.status.reason
    assert not line.isHidden()
    assert line.text() == name
    said = gallery.status.review.text()
    assert ("needs a name" if not name else "“out of focus” already") in said
    line.setText("blurred")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert line.isHidden()
    assert gallery.verdicts.keys.keys["class: blurred"] == "2"


def test_classes_are_there_when_the_set_is_opened_again(
    gallery: GalleryWidget, qtbot: QtBot, viewer: Viewer
) -> None:
    add(gallery, qtbot, "out of focus")
    press(gallery, qtbot, "1")
    session = get_session(viewer)
    session.open(session.dataset.path)
    gallery.bar.facets.setChecked(True)
    qtbot.waitUntil(lambda: bool(gallery.table) and classes(gallery)[0] != "")
    assert classes(gallery)[0] == "out of focus"
    assert gallery.verdicts.keys.keys["class: out of focus"] == "1"


def test_a_class_that_another_window_adds_has_a_key_here(
    gallery: GalleryWidget, qtbot: QtBot, viewer: Viewer
) -> None:
    identity = get_session(viewer).dataset.identity
    with Project.open(author="B") as other:
        other.add_class(identity, "out of focus", "pictures")
    gallery.watch.ask()
    qtbot.waitUntil(lambda: "class: out of focus" in gallery.verdicts.keys.keys)


def test_classes_go_out_as_table_and_as_folders(
    gallery: GalleryWidget, qtbot: QtBot, tmp_path: Path
) -> None:
    add(gallery, qtbot, "out of focus")
    press(gallery, qtbot, "1")
    gallery.exports.write_table(tmp_path / "classes.csv")
    qtbot.waitUntil(lambda: (tmp_path / "classes.csv").exists())
    with (tmp_path / "classes.csv").open(encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    assert (first["class"], first["class as published"]) == ("out of focus", "")
    assert first["verdict"] == ""
    root = tmp_path / "folders"
    gallery.exports.write_folders(root)
    qtbot.waitUntil(lambda: len(list(root.rglob("*.png"))) == 4)
    assert len(list((root / "out of focus").iterdir())) == 1
