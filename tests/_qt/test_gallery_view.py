"""The grid of pictures: where things lie, what is drawn, what keys and mouse do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtCore import QCoreApplication, QPoint, QSize, Qt
from qtpy.QtWidgets import QWidget

from napari_cellsets._napari.gallery_items import Card
from napari_cellsets._qt.gallery_face import GalleryFace
from napari_cellsets._qt.gallery_layout import Layout
from napari_cellsets._qt.gallery_model import GalleryModel
from napari_cellsets._qt.gallery_pictures import GalleryPictures
from napari_cellsets._qt.gallery_view import GalleryView

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui

MANY = 170_000
LEFT = Qt.MouseButton.LeftButton
LAYOUTS = st.builds(
    Layout,
    st.integers(1, 200),
    st.integers(1, 900),
    st.integers(20, 256),
    st.integers(0, 20),
    st.booleans(),
)


@given(LAYOUTS, st.data())
def test_every_item_is_found_where_it_lies(layout: Layout, data: st.DataObject) -> None:
    item = data.draw(st.integers(0, layout.count - 1))
    left, top, width, height = layout.place(item)
    x = data.draw(st.integers(left, left + width - 1))
    y = data.draw(st.integers(top, top + height - 1))
    assert layout.item_at(x, y) == item
    assert item in layout.between(y, y + 1)


@given(LAYOUTS, st.integers(-50, 3000), st.integers(1, 900))
def test_a_span_holds_the_items_that_touch_it(
    layout: Layout, top: int, height: int
) -> None:
    def touches(item: int) -> bool:
        _, at, _, tall = layout.place(item)
        return at < top + height and at + tall > top

    slow = [item for item in range(layout.count) if touches(item)]
    if top + height > 0:
        assert list(layout.between(top, top + height)) == slow


@given(LAYOUTS, st.data(), st.integers(-300, 300))
def test_moving_by_lines_never_leaves_the_items(
    layout: Layout, data: st.DataObject, lines: int
) -> None:
    item = data.draw(st.integers(0, layout.count - 1))
    assert 0 <= layout.moved(item, lines) < layout.count


class Seen:
    """Counts what a gallery asks for."""

    def __init__(self) -> None:
        self.cards: list[int] = []

    def card(self, item: int) -> Card:
        self.cards.append(item)
        return Card(f"item {item}", "class", "#e69f00", "accepted", "details")

    def picture(self, number: int) -> np.ndarray:
        return np.full((20, 30, 3), number % 256, np.uint8)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def view(qtbot: QtBot, seen: Seen) -> Iterator[GalleryView]:
    owner = QWidget()
    qtbot.addWidget(owner)
    owner.resize(640, 480)
    pictures = GalleryPictures(owner)
    view = GalleryView(GalleryModel(pictures), owner)
    view.resize(640, 480)
    pictures.serve(seen.picture)
    view.model().show_items(np.arange(MANY), seen.card)
    owner.show()
    qtbot.waitExposed(owner)
    yield view
    pictures.serve(None)


def rows_in_view(view: GalleryView) -> int:
    return len(view.visible_rows())


def test_only_what_is_in_view_is_asked_for(
    view: GalleryView, seen: Seen, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: bool(seen.cards))
    assert max(seen.cards) < 2 * rows_in_view(view)


def test_a_scroll_step_draws_the_new_lines_alone(
    view: GalleryView, seen: Seen, qtbot: QtBot
) -> None:
    first = view.visible_rows()
    qtbot.waitUntil(lambda: view.model().pictures.get(first[-1]) is not None)
    qtbot.wait(100)
    view.scroll_to_row(view.visible_rows().stop * 4)
    qtbot.wait(150)
    seen.cards.clear()
    bar = view.verticalScrollBar()
    bar.setValue(bar.value() + 4)
    qtbot.wait(10)
    assert len(seen.cards) <= rows_in_view(view)


def test_the_last_of_very_many_can_be_reached(view: GalleryView, qtbot: QtBot) -> None:
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.currentIndex().row() == MANY - 1
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))


def test_arrows_walk_and_tell(view: GalleryView, qtbot: QtBot) -> None:
    view.show_row(0)
    walked: list[int] = []
    view.walked.connect(walked.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up):
        qtbot.keyClick(view, key)
    below = walked[1] - walked[0]
    assert walked == [1, 1 + below, below, 0]
    assert below > 1


def test_shown_row_tells_nobody(view: GalleryView) -> None:
    walked: list[int] = []
    view.walked.connect(walked.append)
    view.show_row(5000)
    assert walked == []
    assert view.currentIndex().row() == 5000
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))


def test_several_are_selected_with_shift_and_control(
    view: GalleryView, qtbot: QtBot
) -> None:
    def click(row: int, keys: Qt.KeyboardModifier) -> None:
        middle = view.visualRect(view.model().index(row)).center()
        qtbot.mouseClick(view.viewport(), LEFT, keys, middle)

    click(2, Qt.KeyboardModifier.NoModifier)
    click(7, Qt.KeyboardModifier.ShiftModifier)
    assert view.chosen_rows() == [2, 3, 4, 5, 6, 7]
    click(4, Qt.KeyboardModifier.ControlModifier)
    assert view.chosen_rows() == [2, 3, 5, 6, 7]
    click(9, Qt.KeyboardModifier.NoModifier)
    assert view.chosen_rows() == [9]


def test_shift_and_arrows_select(view: GalleryView, qtbot: QtBot) -> None:
    view.show_row(3)
    for _ in range(2):
        qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.chosen_rows() == [3, 4, 5]


def test_all_can_be_selected(view: GalleryView) -> None:
    view.selectAll()
    (span,) = view.selectionModel().selection()
    assert (span.top(), span.bottom()) == (0, MANY - 1)


def test_enter_and_double_click_open(view: GalleryView, qtbot: QtBot) -> None:
    opened: list[int] = []
    view.opened.connect(opened.append)
    view.show_row(2)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    middle = view.visualRect(view.model().index(4)).center()
    qtbot.mouseClick(view.viewport(), LEFT, pos=middle)
    qtbot.mouseDClick(view.viewport(), LEFT, pos=middle)
    assert opened == [2, 4]


def test_letters_are_told_and_search_nothing(view: GalleryView, qtbot: QtBot) -> None:
    typed: list[str] = []
    view.key_pressed.connect(typed.append)
    view.show_row(1)
    qtbot.keyClick(view, "a")
    assert typed == ["A"]
    assert view.currentIndex().row() == 1


def test_list_has_one_item_a_line(view: GalleryView) -> None:
    view.show_as(48, listed=True)
    first, second = (view.visualRect(view.model().index(n)) for n in (0, 1))
    assert second.top() == first.bottom() + 1
    assert second.left() == first.left() == 0


def test_another_size_keeps_the_place(view: GalleryView) -> None:
    view.scroll_to_row(40_000)
    top = view.first_row
    view.show_as(200, listed=False)
    assert top in range(view.first_row, view.first_row + 8)


def test_beside_the_items_is_nothing(view: GalleryView, seen: Seen) -> None:
    view.model().show_items(np.arange(1), seen.card)
    assert view.indexAt(QPoint(3, 3)).row() == 0
    assert not view.indexAt(QPoint(300, 300)).isValid()


def test_text_is_there_for_screen_readers(view: GalleryView) -> None:
    index = view.model().index(3)
    assert index.data() == "item 3\nclass\naccepted"
    assert index.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "details"


@pytest.mark.parametrize("height", [50, 70, 90, 130, 300])
@pytest.mark.parametrize("size", [40, 96, 256])
def test_at_least_one_whole_line_is_in_view(
    view: GalleryView, size: int, height: int
) -> None:
    view.show_as(size, listed=False)
    view.resize(640, height)
    rect = view.visualRect(view.model().index(0))
    assert 0 <= rect.top() < rect.bottom() < view.viewport().height()


def test_pictures_get_their_size_back_with_the_room(view: GalleryView) -> None:
    before = view.visualRect(view.model().index(0)).size()
    view.resize(640, 60)
    assert view.visualRect(view.model().index(0)).height() < before.height()
    view.resize(640, 480)
    assert view.visualRect(view.model().index(0)).size() == before


def test_low_dock_keeps_its_place_for_the_pictures(qtbot: QtBot) -> None:
    face = GalleryFace()
    qtbot.addWidget(face)
    face.show_set(is_open=True)
    face.bar.facets.setChecked(True)
    face.resize(1240, 300)
    face.show()
    face.show_facts()
    assert not face.side.isHidden()
    face.resize(1240, 120)
    qtbot.waitUntil(face.side.isHidden)
    assert not face.bar.facets.isEnabled()
    assert "No room" in face.bar.facets.toolTip()
    qtbot.waitUntil(lambda: face.status.y() < face.split.y())
    face.resize(1240, 300)
    qtbot.waitUntil(lambda: not face.side.isHidden())
    qtbot.waitUntil(lambda: face.status.y() > face.split.y())


@pytest.mark.parametrize("height", [120, 300])
def test_nothing_moves_when_a_reason_is_asked_for(qtbot: QtBot, height: int) -> None:
    face = GalleryFace()
    qtbot.addWidget(face)
    face.show_set(is_open=True)
    face.resize(1260, height)
    face.show()
    QCoreApplication.processEvents()
    before = face.split.geometry(), face.bar.geometry(), face.status.keys.geometry()
    face.status.reason.ask("Reason of the flag")
    QCoreApplication.processEvents()
    now = face.split.geometry(), face.bar.geometry(), face.status.keys.geometry()
    assert now == before
    assert face.status.reason.width() > 250
    assert face.status.review.isHidden()
    qtbot.keyClick(face.status.reason, Qt.Key.Key_Escape)
    assert not face.status.review.isHidden()


def test_in_a_low_dock_of_a_small_window_nothing_is_cut(qtbot: QtBot) -> None:
    face = GalleryFace()
    qtbot.addWidget(face)
    face.show_set(is_open=True)
    face.resize(1260, 120)
    face.show()
    face.status.show_counts(17_092, 17_092, 3, "samples")
    face.status.show_progress("1,234 of 17,092 reviewed")
    QCoreApplication.processEvents()
    for label in (face.status.shown, face.status.review):
        assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
    line = face.bar.a_class.lineEdit()
    assert line.fontMetrics().horizontalAdvance("random: off") < line.width()


def test_a_wide_gallery_can_be_as_low_as_its_line_beside_the_bar_lets_it(
    qtbot: QtBot,
) -> None:
    face = GalleryFace()
    qtbot.addWidget(face)
    face.show_set(is_open=True)
    face.resize(1260, 300)
    face.show()
    tall = face.minimumSizeHint().height()
    wide = face.minimumSizeHint().width()
    face.resize(1260, 120)
    qtbot.waitUntil(lambda: face.status.y() < face.split.y())
    assert face.minimumSizeHint() == QSize(wide, tall)


def test_one_sample_is_one_sample(qtbot: QtBot) -> None:
    face = GalleryFace()
    qtbot.addWidget(face)
    face.status.show_counts(1, 1, 1, "samples")
    assert face.status.shown.text() == "1 sample"


def test_a_sentence_too_long_for_the_line_is_in_its_tooltip(qtbot: QtBot) -> None:
    face = GalleryFace()
    qtbot.addWidget(face)
    face.status.tell_keys("A accept", "A  accept\nF  flag")
    face.status.say("The store cannot be written: the disk is full.")
    assert face.status.review.toolTip().startswith("The store cannot be written")
    assert "F  flag" in face.status.review.toolTip()
    face.status.show_progress("1 of 7 reviewed")
    assert "The store" not in face.status.review.toolTip()
