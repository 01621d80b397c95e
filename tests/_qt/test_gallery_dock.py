"""The Gallery dock with a set open: filter, order, state, and the Samples dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_cellsets._napari.gallery_filter import GalleryFilter
from napari_cellsets._napari.gallery_review import GalleryReview
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.gallery import GalleryWidget
from napari_cellsets._qt.samples import SamplesWidget
from napari_cellsets.core.errors import StoreError
from small_cells import PBC_CELLS, write_cells

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui


@pytest.fixture
def session(viewer: Viewer) -> Session:
    return get_session(viewer)


def opened(viewer: Viewer, path: Path, qtbot: QtBot) -> GalleryWidget:
    dock = GalleryWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Gallery (Cell sets)", area="bottom")
    get_session(viewer).open(path)
    qtbot.waitUntil(lambda: bool(dock.items) and len(dock.items.table) > 0)
    return dock


@pytest.fixture
def gallery(viewer: Viewer, tmp_path: Path, qtbot: QtBot) -> GalleryWidget:
    """The dock with seven blood cells of five classes."""
    return opened(viewer, write_cells(tmp_path / "set"), qtbot)


def shown(gallery: GalleryWidget) -> list[str]:
    model = gallery.model
    return [model.card(row).title for row in range(model.rowCount())]


def names() -> list[str]:
    return [name.removesuffix(".jpg") for name in PBC_CELLS]


def test_without_a_set_it_says_what_to_do(viewer: Viewer) -> None:
    dock = GalleryWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Gallery (Cell sets)")
    assert "Drop one" in dock.welcome.text()
    assert not dock.welcome.isHidden()
    assert dock.split.isHidden()


def test_all_samples_are_shown_with_their_numbers(gallery: GalleryWidget) -> None:
    assert shown(gallery) == names()
    assert gallery.status.shown.text() == "7 samples"


def test_pictures_arrive(gallery: GalleryWidget, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: gallery.model.picture(0) is not None)
    assert not gallery.model.picture(0).isNull()


def test_ticked_classes_and_words_narrow(gallery: GalleryWidget, qtbot: QtBot) -> None:
    branch = gallery.tree.topLevelItem(0)
    leaves = {branch.child(n).text(0): branch.child(n) for n in range(5)}
    leaves["ig"].setCheckState(0, Qt.CheckState.Checked)
    leaves["monocyte"].setCheckState(0, Qt.CheckState.Checked)
    qtbot.waitUntil(lambda: len(shown(gallery)) == 3)
    assert gallery.status.shown.text() == "3 of 7"
    gallery.bar.text.setText("mmy")
    qtbot.waitUntil(lambda: shown(gallery) == ["ig/MMY_2"])
    assert leaves["neutrophil"].text(1) == "0"
    assert leaves["ig"].text(1) == "1"


def test_order_by_class_turned_round(gallery: GalleryWidget, qtbot: QtBot) -> None:
    bar = gallery.bar
    bar.sort.setCurrentIndex(bar.sort.findData("class"))
    bar.descending.setChecked(True)
    qtbot.waitUntil(lambda: shown(gallery)[0].startswith("neutrophil"))
    assert shown(gallery)[-1].startswith("basophil")


def test_random_choice_by_class(gallery: GalleryWidget, qtbot: QtBot) -> None:
    assert not gallery.bar.again.isEnabled()
    gallery.bar.a_class.setValue(1)
    assert gallery.bar.again.isEnabled()
    qtbot.waitUntil(lambda: len(shown(gallery)) == 5)
    assert len({name.split("/")[0] for name in shown(gallery)}) == 5


def test_click_on_a_bar_shows_that_class_and_again_all(gallery: GalleryWidget) -> None:
    gallery.plot.class_chosen.emit("ig")
    assert shown(gallery) == ["ig/MMY_2", "ig/PMY_1"]
    gallery.plot.class_chosen.emit("ig")
    assert len(shown(gallery)) == 7


def test_double_click_opens_and_page_keys_follow_the_gallery(
    gallery: GalleryWidget, session: Session
) -> None:
    gallery.set_filter(GalleryFilter(chosen={"class": ("neutrophil", "eosinophil")}))
    gallery.view.opened.emit(0)
    assert session.sample is None or session.heading == 1
    assert list(session.order or ()) == [1, 5, 6]


def test_arrow_keys_take_the_viewer_along(
    gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    qtbot.keyClick(gallery.view, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: session.index == 1)


def test_sample_on_screen_is_the_current_one_in_both_docks(
    viewer: Viewer, gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    samples = SamplesWidget(viewer)
    viewer.window.add_dock_widget(samples, name="Samples (Cell sets)")
    gallery.view.opened.emit(3)
    qtbot.waitUntil(lambda: session.index == 3)
    assert samples.view.currentIndex().row() == 3
    samples.view.setCurrentIndex(samples.view.model().index(5, 0))
    qtbot.waitUntil(lambda: session.index == 5)
    assert gallery.view.currentIndex().row() == 5


def test_order_of_the_gallery_outlives_what_is_counted(
    viewer: Viewer, gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    samples = SamplesWidget(viewer)
    viewer.window.add_dock_widget(samples, name="Samples (Cell sets)")
    qtbot.waitUntil(lambda: not samples._marks_timer.isActive())
    gallery.set_filter(GalleryFilter(chosen={"class": ("ig",)}))
    gallery.view.opened.emit(0)
    session.cells_changed.emit()
    qtbot.waitUntil(lambda: not samples._marks_timer.isActive())
    assert list(session.order or ()) == [2, 3]


def test_filter_size_and_selection_are_there_again(
    viewer: Viewer, gallery: GalleryWidget, tmp_path: Path, qtbot: QtBot
) -> None:
    gallery.set_filter(GalleryFilter("o", {"class": ("ig", "monocyte")}, "class", True))
    gallery.bar.size.setValue(180)
    gallery.bar.listed.setChecked(True)
    gallery.view.show_row(1)
    before = shown(gallery)
    viewer.window.remove_dock_widget(gallery)
    gallery.deleteLater()
    again = opened(viewer, tmp_path / "set", qtbot)
    assert shown(again) == before
    assert again.bar.size.value() == 180
    assert again.bar.listed.isChecked()
    assert again.view.chosen_rows() == [1]


def test_large_floats_and_comes_back(gallery: GalleryWidget) -> None:
    gallery.bar.large.setChecked(True)
    assert gallery.parentWidget().isFloating()
    gallery.bar.large.setChecked(False)
    assert not gallery.parentWidget().isFloating()


def test_field_set_is_sorted_by_error(
    viewer: Viewer, set_path: Path, session: Session, qtbot: QtBot
) -> None:
    dock = opened(viewer, set_path, qtbot)
    first, second = (sample.name for sample in session.dataset.samples[:2])
    identity = session.dataset.identity
    for name, count in ((first, 7), (second, 20)):
        facts = {"count": count, "truth": 6}
        session.project.save_count(identity, name, "hash", "{}", facts)
    session.cells_changed.emit()
    qtbot.waitUntil(lambda: "error" in dock.items.table.columns)
    dock.set_filter(GalleryFilter(sort="error", descending=True))
    assert shown(dock)[:2] == [second, first]
    assert "error" in [dock.bar.sort.itemData(n) for n in range(dock.bar.sort.count())]


def said(gallery: GalleryWidget) -> list[str]:
    model = gallery.model
    return [model.card(row).verdict for row in range(model.rowCount())]


def press(gallery: GalleryWidget, qtbot: QtBot, keys: str) -> None:
    for key in keys:
        qtbot.keyClick(gallery.view, key)


def test_verdicts_by_key_go_on_to_the_next_and_are_on_disk(
    gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    press(gallery, qtbot, "ara")
    assert said(gallery)[:4] == ["accepted", "rejected", "accepted", ""]
    assert gallery.view.currentIndex().row() == 3
    kept = session.project.verdicts(session.dataset.identity)
    assert kept["eosinophil/EO_225902"].verdict == "rejected"
    assert gallery.status.review.text().startswith("3 of 7 reviewed")


def test_flag_asks_for_a_reason_in_the_window(
    gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    press(gallery, qtbot, "f")
    line = gallery.status.reason
    assert not line.isHidden()
    line.setText("blurred")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert line.isHidden()
    assert said(gallery)[0] == "flagged"
    assert gallery.model.card(0).line.startswith("blurred")


def test_escape_flags_nothing(gallery: GalleryWidget, qtbot: QtBot) -> None:
    press(gallery, qtbot, "f")
    qtbot.keyClick(gallery.status.reason, Qt.Key.Key_Escape)
    assert gallery.status.reason.isHidden()
    assert said(gallery) == [""] * 7


def test_comment_is_no_verdict(gallery: GalleryWidget, qtbot: QtBot) -> None:
    press(gallery, qtbot, "c")
    gallery.status.reason.setText("two cells")
    qtbot.keyClick(gallery.status.reason, Qt.Key.Key_Return)
    assert said(gallery)[0] == "commented"
    assert gallery.status.review.text().startswith("0 of 7 reviewed")


def test_undo_takes_the_last_verdict_back(gallery: GalleryWidget, qtbot: QtBot) -> None:
    press(gallery, qtbot, "aru")
    assert said(gallery)[:2] == ["accepted", ""]
    assert gallery.view.currentIndex().row() == 1


def test_several_are_judged_at_once(gallery: GalleryWidget, qtbot: QtBot) -> None:
    gallery.view.selectAll()
    press(gallery, qtbot, "a")
    assert said(gallery) == ["accepted"] * 7
    press(gallery, qtbot, "u")
    assert said(gallery) == [""] * 7


def test_next_unreviewed_goes_round_in_the_order_shown(
    gallery: GalleryWidget, qtbot: QtBot
) -> None:
    gallery.set_filter(GalleryFilter(chosen={"class": ("ig", "neutrophil")}))
    gallery.view.show_row(0)
    press(gallery, qtbot, "aa")
    press(gallery, qtbot, "n")
    assert gallery.view.currentIndex().row() == 3
    press(gallery, qtbot, "n")
    assert gallery.view.currentIndex().row() == 2
    press(gallery, qtbot, "aan")
    assert gallery.status.review.text() == "All others have a verdict."


def test_filter_by_verdict(gallery: GalleryWidget, qtbot: QtBot) -> None:
    press(gallery, qtbot, "ar")
    gallery.set_filter(GalleryFilter(chosen={"verdict": ("rejected",)}))
    assert shown(gallery) == ["eosinophil/EO_225902"]
    gallery.set_filter(GalleryFilter(chosen={"verdict": ("not reviewed",)}))
    assert len(shown(gallery)) == 5


def test_verdicts_of_another_window_are_seen(
    gallery: GalleryWidget, session: Session, qtbot: QtBot
) -> None:
    name = session.dataset.samples[4].name
    session.project.set_verdict(session.dataset.identity, name, "accepted")
    session.cells_changed.emit()
    qtbot.waitUntil(lambda: said(gallery)[4] == "accepted")


def test_verdict_that_cannot_be_written_is_told(
    gallery: GalleryWidget, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(GalleryReview, "judge", refuse)
    press(gallery, qtbot, "a")
    assert gallery.status.review.text() == "the disk is full."
    assert gallery.view.currentIndex().row() == 0


def with_scope(gallery: GalleryWidget, scope: str, qtbot: QtBot) -> GalleryWidget:
    gallery.bar.scope.setCurrentIndex(gallery.bar.scope.findData(scope))
    qtbot.waitUntil(lambda: bool(gallery.items) and gallery.items.noun == "objects")
    qtbot.waitUntil(lambda: gallery.model.rowCount() > 0)
    return gallery


def test_objects_of_the_set_are_shown_and_found_in_the_viewer(
    viewer: Viewer, set_path: Path, session: Session, qtbot: QtBot
) -> None:
    dock = with_scope(opened(viewer, set_path, qtbot), "set", qtbot)
    assert dock.model.rowCount() == 6
    assert dock.status.shown.text() == "6 objects"
    dock.view.show_row(5)
    dock.view.opened.emit(5)
    qtbot.waitUntil(lambda: session.index == 2)
    assert tuple(viewer.scene.camera.center)[-2:] == (29.5, 36.5)


def test_objects_of_the_image_follow_the_sample_on_screen(
    viewer: Viewer, set_path: Path, session: Session, qtbot: QtBot
) -> None:
    dock = with_scope(opened(viewer, set_path, qtbot), "image", qtbot)
    assert {title.split(" #")[0] for title in shown(dock)} == {session.sample.name}
    session.show(1)
    qtbot.waitUntil(
        lambda: shown(dock) == [f"{session.sample.name} #{n}" for n in (1, 2)]
    )


def test_objects_are_judged_as_samples_are(
    viewer: Viewer, set_path: Path, session: Session, qtbot: QtBot
) -> None:
    dock = with_scope(opened(viewer, set_path, qtbot), "set", qtbot)
    dock.view.show_row(1)
    press(dock, qtbot, "r")
    kept = session.project.object_verdicts(session.dataset.identity)
    assert {(one.object, verdict.verdict) for one, verdict in kept.items()} == {
        (2, "rejected")
    }
    assert said(dock) == ["", "rejected", "", "", "", ""]


def test_objects_corrected_meanwhile_are_shown_when_asked_for(
    viewer: Viewer, set_path: Path, session: Session, qtbot: QtBot
) -> None:
    dock = with_scope(opened(viewer, set_path, qtbot), "set", qtbot)
    assert dock.fresh.isHidden()
    before = shown(dock)
    dock.view.show_row(2)
    session.correcting_truth = True
    layer = session.truth_layer
    layer.data_setitem(np.nonzero(layer.data == 1), 0)
    assert not dock.fresh.isHidden()
    dock.fresh.click()
    qtbot.waitUntil(lambda: len(shown(dock)) == len(before) - 1, timeout=10_000)
    assert dock.fresh.isHidden()
    assert shown(dock) == before[1:]
    qtbot.waitUntil(lambda: shown(dock)[dock.view.currentIndex().row()] == before[2])


def test_set_without_objects_says_so(gallery: GalleryWidget, qtbot: QtBot) -> None:
    gallery.bar.scope.setCurrentIndex(gallery.bar.scope.findData("set"))
    qtbot.waitUntil(lambda: "No object is marked" in gallery.status.shown.text())
