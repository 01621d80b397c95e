from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari_cellsets._qt import engine_rest
from napari_cellsets.inference import sessions

if TYPE_CHECKING:
    from count_docks import Desk
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rest of a tenth of a second, and no model open before."""
    sessions.release_sessions()
    monkeypatch.setattr(engine_rest, "_REST_MS", 100)


def test_model_is_let_go_some_time_after_counting(desk: Desk) -> None:
    desk.count()
    desk.wait(lambda: not sessions.models_that_ran())


def test_model_is_kept_while_counting_goes_on(desk: Desk, qtbot: QtBot) -> None:
    runner = desk.dock.runner

    def go_on(busy: bool) -> None:
        if not busy:
            runner.busy_changed.disconnect(go_on)
            runner.busy_changed.emit(True)

    # the next work begins the moment in which the first ends
    runner.busy_changed.connect(go_on)
    desk.count()
    qtbot.wait(300)
    assert sessions.models_that_ran() == 1
    runner.busy_changed.emit(False)
    desk.wait(lambda: not sessions.models_that_ran())


def test_counting_after_a_rest_opens_the_model_again(desk: Desk) -> None:
    desk.count()
    desk.wait(lambda: not sessions.models_that_ran())
    desk.dock.session.show(2)
    desk.count()
    assert desk.number == "5"
