"""Pictures made beside the window: the newest first, none twice, none lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtWidgets import QWidget

from napari_cellsets._qt import thumbnail_queue
from napari_cellsets._qt.thumbnail_queue import WORKERS, ThumbnailQueue
from napari_cellsets.core.errors import UnreadableFileError

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui


class Maker:
    """Makes grey pictures, one at a time, and remembers the order of each worker."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self.by_worker: dict[int, list[int]] = {}
        self.lock = threading.Lock()

    def __call__(self, number: int) -> np.ndarray:
        with self.lock:
            self.order.append(number)
            self.by_worker.setdefault(threading.get_ident(), []).append(number)
        if number == 13:
            raise UnreadableFileError("no picture")
        return np.full((4, 4, 3), number % 256, np.uint8)


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def collected(queue: ThumbnailQueue) -> dict[int, object]:
    made: dict[int, object] = {}
    queue.made.connect(made.update)
    return made


def test_all_that_was_asked_for_is_made_once(owner: QWidget, qtbot: QtBot) -> None:
    queue, maker = ThumbnailQueue(owner), Maker()
    made = collected(queue)
    queue.serve(maker)
    for number in (*range(40), *range(40)):
        queue.ask(number)
    qtbot.waitUntil(lambda: len(made) == 40, timeout=10_000)
    assert sorted(maker.order) == list(range(40))


def test_newest_request_comes_first(owner: QWidget, qtbot: QtBot) -> None:
    queue, maker = ThumbnailQueue(owner), Maker()
    made = collected(queue)
    queue.serve(maker)
    for number in range(50):
        queue.ask(number)
    qtbot.waitUntil(lambda: len(made) == 50, timeout=10_000)
    # which of the workers is the first to begin, nobody knows
    first = {numbers[0]: numbers for numbers in maker.by_worker.values()}
    assert 49 in first
    assert first[49][1:3] == [48, 47]
    assert 0 in {numbers[-1] for numbers in maker.by_worker.values()}


def test_what_was_scrolled_away_is_not_made(owner: QWidget, qtbot: QtBot) -> None:
    queue, maker = ThumbnailQueue(owner), Maker()
    made = collected(queue)
    queue.serve(maker)
    queue.want(range(100, 200))
    queue.want([7, 8, 9])
    qtbot.waitUntil(lambda: len(made) == 3, timeout=10_000)
    assert 7 in {numbers[0] for numbers in maker.by_worker.values()}
    assert set(made) == {7, 8, 9}


def test_picture_that_cannot_be_read_is_told_as_none(
    owner: QWidget, qtbot: QtBot
) -> None:
    queue = ThumbnailQueue(owner)
    made = collected(queue)
    queue.serve(Maker())
    queue.want([12, 13])
    qtbot.waitUntil(lambda: len(made) == 2, timeout=10_000)
    assert made[13] is None
    assert made[12] is not None


def test_another_set_answers_nothing_of_the_one_before(
    owner: QWidget, qtbot: QtBot
) -> None:
    queue, second = ThumbnailQueue(owner), Maker()
    made = collected(queue)
    queue.serve(Maker())
    queue.want(range(100))
    queue.serve(second)
    queue.want([500])
    qtbot.waitUntil(lambda: 500 in made, timeout=10_000)
    assert set(made) == {500}
    assert second.order == [500]


def test_slow_pictures_come_one_by_one_and_each_once(
    owner: QWidget, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnail_queue, "_SPAN_S", 0.0)
    queue, maker = ThumbnailQueue(owner), Maker()
    sizes: list[int] = []
    queue.made.connect(lambda made: sizes.append(len(made)))
    queue.serve(maker)
    queue.want(range(30))
    qtbot.waitUntil(lambda: sum(sizes) == 30, timeout=10_000)
    assert sorted(maker.order) == list(range(30))
    assert len(sizes) > 30 / thumbnail_queue._BATCH


def test_slow_pictures_that_were_scrolled_away_are_given_up(
    owner: QWidget, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnail_queue, "_SPAN_S", 0.0)
    queue, maker = ThumbnailQueue(owner), Maker()
    made = collected(queue)
    queue.serve(maker)
    with maker.lock:
        queue.want(range(100, 148))
        qtbot.waitUntil(lambda: len(queue._under_way) > WORKERS)
        queue.want([7])
    qtbot.waitUntil(lambda: 7 in made, timeout=10_000)
    assert len(maker.order) <= 1 + WORKERS
