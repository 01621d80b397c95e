from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from annotated_sets import write_annotated_set
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.slots import assign
from napari_cellsets._qt import switching
from napari_cellsets._qt.docking import DockContent
from napari_cellsets._qt.switching import Switcher
from napari_cellsets.catalogue.dataset import Dataset
from napari_cellsets.core.errors import UnreadableFileError
from small_sets import SHAPE, labels_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Labels
    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui


@pytest.fixture
def session(viewer: Viewer, set_path: Path) -> Session:
    session = get_session(viewer)
    session.open(set_path)
    return session


@pytest.fixture
def switcher(viewer: Viewer, session: Session) -> Switcher:
    """A window that decodes beside; the first of four samples is shown."""
    dock = DockContent()
    viewer.window.add_dock_widget(dock, name="Beside")
    return Switcher(session, dock)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the samples whose pictures are decoded from now on."""
    names, own = [], Dataset.read_picture

    def read(dataset: Dataset, sample: object) -> object:
        names.append(sample.name)
        return own(dataset, sample)

    monkeypatch.setattr(Dataset, "read_picture", read)
    return names


def go_to(index: int, session: Session, qtbot: QtBot) -> None:
    session.go_to(index)
    qtbot.waitUntil(lambda: session.index == index, timeout=10_000)


def wait_for_ahead(index: int, switcher: Switcher, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: switcher.ahead == index, timeout=10_000)


def test_next_sample_is_decoded_while_one_is_looked_at(
    switcher: Switcher, session: Session, decoded: list[str], qtbot: QtBot
) -> None:
    go_to(1, session, qtbot)
    wait_for_ahead(2, switcher, qtbot)
    decoded.clear()
    go_to(2, session, qtbot)
    assert session.sample.name not in decoded
    np.testing.assert_array_equal(session.truth.labels, labels_of(2))


def test_going_back_decodes_what_lies_that_way(
    switcher: Switcher, session: Session, qtbot: QtBot
) -> None:
    go_to(3, session, qtbot)
    go_to(2, session, qtbot)
    wait_for_ahead(1, switcher, qtbot)


def test_at_the_end_the_way_back_is_decoded(
    switcher: Switcher, session: Session, qtbot: QtBot
) -> None:
    go_to(2, session, qtbot)
    go_to(3, session, qtbot)
    wait_for_ahead(2, switcher, qtbot)


def test_way_is_that_of_the_order_that_is_walked(
    switcher: Switcher, session: Session, qtbot: QtBot
) -> None:
    session.order = [0, 3, 1, 2]
    go_to(3, session, qtbot)
    wait_for_ahead(1, switcher, qtbot)


def test_correction_made_after_decoding_ahead_is_shown(
    switcher: Switcher, session: Session, qtbot: QtBot
) -> None:
    go_to(1, session, qtbot)
    wait_for_ahead(2, switcher, qtbot)
    corrected = np.full(SHAPE, 7, np.int32)
    name = session.dataset.samples[2].name
    place = (session.dataset.identity, name, "cells")
    session.project.save_labels(*place, corrected, {"source": "somebody else"})
    go_to(2, session, qtbot)
    np.testing.assert_array_equal(session.cells, corrected)


def test_other_set_forgets_what_was_decoded_ahead(
    switcher: Switcher, session: Session, set_path: Path, qtbot: QtBot
) -> None:
    go_to(1, session, qtbot)
    wait_for_ahead(2, switcher, qtbot)
    session.open(set_path)
    assert switcher.ahead is None


def test_large_pictures_are_not_decoded_ahead(
    switcher: Switcher,
    session: Session,
    qtbot: QtBot,
    decoded: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(switching, "_MOST_AHEAD_BYTES", session.picture.pixels.nbytes)
    go_to(1, session, qtbot)
    wait_for_ahead(2, switcher, qtbot)
    monkeypatch.setattr(switching, "_MOST_AHEAD_BYTES", 10)
    go_to(0, session, qtbot)
    decoded.clear()
    qtbot.wait(2 * switching._REST_MS)
    assert decoded == []


def slow_down_third(
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[threading.Event, threading.Event]:
    """Hold the third sample up; return that it was begun, and what lets it go on."""
    begun, going_on, own = threading.Event(), threading.Event(), Dataset.read_truth

    def slow(dataset: Dataset, sample: object) -> object:
        if sample.name == dataset.samples[2].name:
            begun.set()
            going_on.wait(20)
        return own(dataset, sample)

    monkeypatch.setattr(Dataset, "read_truth", slow)
    return begun, going_on


def test_sample_asked_for_while_another_is_decoded_ahead_does_not_wait(
    switcher: Switcher,
    session: Session,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, going_on = slow_down_third(monkeypatch)
    go_to(1, session, qtbot)
    qtbot.waitUntil(begun.is_set, timeout=10_000)
    go_to(0, session, qtbot)
    going_on.set()


def test_sample_asked_for_while_it_is_decoded_ahead_is_decoded_once(
    switcher: Switcher,
    session: Session,
    qtbot: QtBot,
    decoded: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, going_on = slow_down_third(monkeypatch)
    go_to(1, session, qtbot)
    qtbot.waitUntil(begun.is_set, timeout=10_000)
    session.go_to(2)
    going_on.set()
    qtbot.waitUntil(lambda: session.index == 2, timeout=10_000)
    assert decoded.count(session.sample.name) == 1


def test_failure_is_told_when_the_sample_is_asked_for(
    switcher: Switcher,
    session: Session,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told, tried, own = [], [], session.loader

    def loader(index: int, *args: object) -> object:
        def fail() -> None:
            tried.append(index)
            raise UnreadableFileError("the disk is gone")

        return fail if index == 2 else own(index, *args)

    switcher.told.connect(told.append)
    monkeypatch.setattr(session, "loader", loader)
    go_to(1, session, qtbot)
    qtbot.waitUntil(lambda: tried == [2], timeout=10_000)
    qtbot.waitUntil(lambda: not switcher._runner.busy)
    assert told == []
    session.go_to(2)
    qtbot.waitUntil(lambda: told != [], timeout=10_000)
    assert "the disk is gone" in told[0]
    assert session.heading == 1


def colours_drawn(viewer: Viewer, layer: Labels) -> object:
    """What napari's canvas makes the colours of a layer from."""
    canvas = viewer.__wrapped__.window._qt_viewer.canvas
    return canvas.layer_to_visual[layer].node.cmap


def test_labels_of_the_next_sample_are_drawn_by_the_program_there_is(
    viewer: Viewer, switcher: Switcher, session: Session
) -> None:
    before = colours_drawn(viewer, session.truth_layer)
    session.show(1)
    assert colours_drawn(viewer, session.truth_layer) is before


def test_labels_of_another_kind_of_number_get_their_colours(viewer: Viewer) -> None:
    layer = viewer.add_labels(np.full((20, 30), 700, np.int32))
    other = np.full((20, 30), 700, np.uint16)
    assign(layer, other)
    drawn = viewer.screenshot(canvas_only=True, flash=False)
    viewer.layers.clear()
    viewer.add_labels(other)
    np.testing.assert_array_equal(
        viewer.screenshot(canvas_only=True, flash=False), drawn
    )


@pytest.fixture
def marked(
    viewer: Viewer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Session, Switcher]:
    """Three samples; boxes of the first and the last are more than a few."""
    monkeypatch.setattr(switching, "_MANY_SHAPES", 0)
    session = get_session(viewer)
    session.open(write_annotated_set(tmp_path / "annotated"))
    session.show(1)
    dock = DockContent()
    viewer.window.add_dock_widget(dock, name="Beside")
    return session, Switcher(session, dock)


def test_many_boxes_are_told_of_before_they_hold_the_window_up(
    marked: tuple[Session, Switcher], qtbot: QtBot
) -> None:
    session, switcher = marked
    with qtbot.waitSignal(switcher.told, timeout=10_000) as word:
        session.go_to(2)
    assert word.args[0].startswith("Drawing ")
    assert session.index == 1
    qtbot.waitUntil(lambda: session.index == 2, timeout=10_000)


def test_boxes_told_of_are_not_drawn_over_a_later_sample(
    marked: tuple[Session, Switcher], qtbot: QtBot
) -> None:
    session, switcher = marked
    switcher._word.setInterval(500)
    with qtbot.waitSignal(switcher.told, timeout=10_000):
        session.go_to(2)
    shown: list[int] = []
    session.sample_changed.connect(shown.append)
    session.go_to(1)
    qtbot.wait(800)
    assert shown == [1]
