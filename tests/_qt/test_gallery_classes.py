"""Classes of pictures by key: shown, kept, taken back, exported; changeable keys."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QToolTip

from napari_cellsets._napari.gallery_filter import GalleryFilter
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.gallery import GalleryWidget
from napari_cellsets._qt.samples import SamplesWidget
from napari_cellsets.store import Mark, MarkKey, Project
from small_cells import write_cells

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def session(viewer: Viewer) -> Session:
    return get_session(viewer)


@pytest.fixture
def gallery(viewer: Viewer, tmp_path: Path, qtbot: QtBot) -> GalleryWidget:
    """The dock with seven blood cells of five classes."""
    dock = GalleryWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Gallery (Cell sets)", area="bottom")
    get_session(viewer).open(write_cells(tmp_path / "set"))
    qtbot.waitUntil(lambda: bool(dock.items) and len(dock.items.table) > 0)
    return dock


def key_of(gallery: GalleryWidget, name: str) -> str:
    return gallery.verdicts.keys.keys[f"class: {name}"]


def press(gallery: GalleryWidget, qtbot: QtBot, keys: str) -> None:
    for key in keys:
        qtbot.keyClick(gallery.view, key)


def classes(gallery: GalleryWidget) -> list[str]:
    return [gallery.table.value("class", n) for n in range(len(gallery.table))]


def words(gallery: GalleryWidget) -> list[str]:
    return [gallery.table.value("verdict", n) for n in range(len(gallery.table))]


def kept(session: Session) -> dict[str, tuple[str, bool]]:
    rows = session.project.marks(session.dataset.identity, layer="")
    return {key.sample: row.mark[2:] for key, row in rows.items()}


def test_key_gives_the_class_and_goes_on(
    gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    before = classes(gallery)
    gallery.bar.facets.setChecked(True)
    press(gallery, qtbot, key_of(gallery, "monocyte"))
    assert classes(gallery) == ["monocyte", *before[1:]]
    assert gallery.view.currentIndex().row() == 1
    card = gallery.model.card(0)
    assert card.verdict == "relabelled"
    assert card.colour == gallery.items.colours["monocyte"]
    assert "relabelled monocyte (published: basophil)" in card.details
    name = session.dataset.samples[0].name
    assert kept(session) == {name: ("monocyte", False)}
    assert "1 of 7 reviewed" in gallery.status.review.text()


def test_facets_and_class_plot_follow_at_once(
    gallery: GalleryWidget, qtbot: QtBot
) -> None:
    told = gallery.plot.accessibleDescription()
    press(gallery, qtbot, key_of(gallery, "monocyte"))
    assert gallery.plot.accessibleDescription() != told
    facets = gallery.wanted().facets(gallery.table)
    assert dict(facets["class changed"]) == {"by me": 1, "no": 6}
    assert dict(facets["verdict"])["relabelled"] == 1
    gallery.set_filter(GalleryFilter(chosen={"class changed": ("by me",)}))
    assert gallery.model.rowCount() == 1


def test_several_are_given_a_class_at_once(
    gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    gallery.view.selectAll()
    press(gallery, qtbot, key_of(gallery, "ig"))
    assert classes(gallery) == ["ig"] * 7
    assert words(gallery).count("accepted") == 2
    assert len({m.act for m in stored(session)}) == 1


def stored(session: Session) -> list:
    return list(session.project.marks(session.dataset.identity).values())


def test_acts_of_both_kinds_are_undone_and_redone_in_order(
    gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    start = classes(gallery)
    press(gallery, qtbot, "a" + key_of(gallery, "monocyte"))
    press(gallery, qtbot, "r")
    after = words(gallery)
    assert after[:3] == ["accepted", "relabelled", "rejected"]
    for expected in (
        ["accepted", "relabelled", "not reviewed"],
        ["accepted", "not reviewed", "not reviewed"],
        ["not reviewed"] * 3,
    ):
        qtbot.keyClick(gallery.view, Qt.Key.Key_Z, CTRL)
        assert words(gallery)[:3] == expected
    assert classes(gallery) == start
    for _ in range(3):
        qtbot.keyClick(
            gallery.view, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier
        )
    assert words(gallery) == after
    assert classes(gallery)[1] == "monocyte"
    assert gallery.view.chosen_rows() == [2]


def test_class_given_twice_is_undone_step_by_step(
    gallery: GalleryWidget, qtbot: QtBot
) -> None:
    view = gallery.view
    for name in ("monocyte", "ig", "basophil"):
        view.show_row(0)
        press(gallery, qtbot, key_of(gallery, name))
    assert words(gallery)[0] == "accepted"
    seen = []
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Z, CTRL)
        seen.append((classes(gallery)[0], words(gallery)[0]))
    assert seen == [
        ("ig", "relabelled"),
        ("monocyte", "relabelled"),
        ("basophil", "not reviewed"),
    ]


def test_clear_takes_verdict_and_class_back_in_one_act(
    gallery: GalleryWidget, qtbot: QtBot
) -> None:
    press(gallery, qtbot, key_of(gallery, "monocyte"))
    gallery.view.show_row(0)
    press(gallery, qtbot, "x")
    assert (classes(gallery)[0], words(gallery)[0]) == ("basophil", "not reviewed")
    qtbot.keyClick(gallery.view, Qt.Key.Key_Z, CTRL)
    assert (classes(gallery)[0], words(gallery)[0]) == ("monocyte", "relabelled")


def test_new_class_takes_the_place_of_an_older_verdict(
    gallery: GalleryWidget, qtbot: QtBot
) -> None:
    press(gallery, qtbot, "r")
    gallery.view.show_row(0)
    press(gallery, qtbot, key_of(gallery, "ig"))
    assert words(gallery)[0] == "relabelled"
    qtbot.keyClick(gallery.view, Qt.Key.Key_Z, CTRL)
    assert words(gallery)[0] == "rejected"


def test_what_another_person_gave_since_is_not_undone(
    gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    press(gallery, qtbot, key_of(gallery, "monocyte"))
    name, identity = session.dataset.samples[0].name, session.dataset.identity
    with Project.open(author="B") as other:
        other.record_marks(identity, {MarkKey(name): Mark(class_name="ig")}, {})
    qtbot.keyClick(gallery.view, Qt.Key.Key_Z, CTRL)
    assert "Somebody else" in gallery.status.review.text()
    assert classes(gallery)[0] == "ig"
    assert "by B" in gallery.model.card(0).details


def test_class_of_another_window_appears(
    gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    gallery.show()
    name, identity = session.dataset.samples[3].name, session.dataset.identity
    with Project.open(author="B") as other:
        other.record_marks(identity, {MarkKey(name): Mark(class_name="monocyte")}, {})
    gallery.watch.ask()
    qtbot.waitUntil(lambda: classes(gallery)[3] == "monocyte")
    facets = gallery.wanted().facets(gallery.table)
    assert dict(facets["class changed"]) == {"by B": 1, "no": 6}


def test_type_ahead_finds_a_class(gallery: GalleryWidget, qtbot: QtBot) -> None:
    press(gallery, qtbot, "k")
    line = gallery.status.reason
    assert not line.isHidden()
    line.setText("MONO")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert line.isHidden()
    assert classes(gallery)[0] == "monocyte"


def test_type_ahead_of_no_class_changes_nothing(
    gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    press(gallery, qtbot, "k")
    gallery.status.reason.setText("zebra")
    qtbot.keyClick(gallery.status.reason, Qt.Key.Key_Return)
    assert gallery.status.review.text() == "There is no class 'zebra'; J adds one."
    assert kept(session) == {}


def test_keys_are_changed_and_there_again(
    gallery: GalleryWidget, qtbot: QtBot, viewer: Viewer
) -> None:
    keys = gallery.verdicts.keys
    keys.choose("accept", "q")
    keys.choose("class: monocyte", "m")
    press(gallery, qtbot, "am")
    assert words(gallery)[0] == "relabelled"
    assert "Q accept" in gallery.status.keys.text()
    again = GalleryWidget(viewer)
    viewer.window.add_dock_widget(again, name="Gallery 2")
    assert again.verdicts.keys.keys["accept"] == "Q"
    assert key_of(again, "monocyte") == "M"
    again.verdicts.keys.reset()
    assert again.verdicts.keys.keys["accept"] == "A"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("R", "the key of “reject” already"),
        ("V", "napari uses V itself"),
        ("Shift+K", "one letter or digit"),
    ],
)
def test_key_that_is_taken_is_refused(
    gallery: GalleryWidget, key: str, said: str
) -> None:
    page = gallery.side.keys.widget()
    page.model.setData(page.model.index(0, 1), key)
    assert said in gallery.status.review.text()
    assert gallery.verdicts.keys.keys["accept"] == "A"


def test_one_key_shows_the_keys_and_hides_them(
    gallery: GalleryWidget, qtbot: QtBot
) -> None:
    gallery.resize(1000, 400)
    press(gallery, qtbot, "h")
    assert gallery.side.currentWidget() is gallery.side.keys
    assert gallery.bar.facets.isChecked()


def test_in_a_low_dock_the_keys_are_shown_over_the_pictures(
    gallery: GalleryWidget, qtbot: QtBot
) -> None:
    gallery.resize(1000, 150)
    press(gallery, qtbot, "h")
    qtbot.waitUntil(lambda: "monocyte" in QToolTip.text())
    assert not gallery.bar.facets.isChecked()
    QToolTip.hideText()


def test_objects_have_no_class_keys(gallery: GalleryWidget, qtbot: QtBot) -> None:
    gallery.bar.scope.setCurrentIndex(gallery.bar.scope.findData("image"))
    qtbot.waitUntil(lambda: not any(":" in name for name in gallery.verdicts.keys.keys))


def test_table_of_classes_tells_both(
    gallery: GalleryWidget, qtbot: QtBot, tmp_path: Path
) -> None:
    press(gallery, qtbot, key_of(gallery, "monocyte"))
    gallery.exports.write_table(tmp_path / "classes.csv")
    qtbot.waitUntil((tmp_path / "classes.csv").exists)
    with (tmp_path / "classes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7
    assert rows[0]["class as published"] == "basophil"
    assert (rows[0]["class"], rows[0]["verdict"]) == ("monocyte", "relabelled")
    assert rows[1]["class given by"] == ""


def test_folders_by_class_hold_what_is_shown(
    gallery: GalleryWidget, qtbot: QtBot, tmp_path: Path
) -> None:
    press(gallery, qtbot, key_of(gallery, "monocyte"))
    gallery.set_filter(GalleryFilter(chosen={"class": ("monocyte",)}))
    shown = gallery.model.rowCount()
    gallery.exports.write_folders(tmp_path / "out")
    qtbot.waitUntil(lambda: "copied" in gallery.status.review.text())
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == {"monocyte"}
    assert len(files) == shown


def test_samples_dock_tells_the_class_that_was_given(
    viewer: Viewer, gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    samples = SamplesWidget(viewer)
    viewer.window.add_dock_widget(samples, name="Samples (Cell sets)")
    assert samples.cell.text() == "Class: basophil"
    press(gallery, qtbot, key_of(gallery, "monocyte"))
    session.show(0)
    assert samples.cell.text().startswith("Class: monocyte\n(relabelled monocyte")
    row = samples.view.model().index(0, 0)
    qtbot.waitUntil(lambda: row.data().endswith("\nmonocyte · relabelled"))
