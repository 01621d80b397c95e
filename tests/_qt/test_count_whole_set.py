from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batch_models import slow_model

pytest.importorskip("napari")
pytest.importorskip("pytestqt")


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from count_docks import Desk

pytestmark = pytest.mark.gui


def test_cancel_stops_inside_one_call_of_the_engine(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk = make_desk(slow_model(tmp_path / "slow.onnx", depth=400))
    desk.dock.buttons.image.click()
    desk.qtbot.wait(300)
    assert desk.dock.runner.busy
    assert not desk.dock.buttons.image.isEnabled()
    desk.dock.progress.cancel.click()
    desk.wait(lambda: not desk.dock.runner.busy)
    assert desk.message == "Cancelled. Nothing was changed."
    assert desk.number == "–"


def test_next_image_cancels_the_count_of_the_last(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk = make_desk(slow_model(tmp_path / "slow.onnx", depth=400))
    desk.dock.buttons.image.click()
    desk.dock.session.show(1)
    desk.wait(lambda: not desk.dock.runner.busy)
    assert desk.dock.session.cells is None


def test_whole_set_is_counted_and_plotted(desk: Desk) -> None:
    desk.dock.buttons.whole_set.click()
    desk.wait(lambda: len(desk.dock.set_flow.rows) == 4)
    assert "4 of 4 images, 9 cells" in desk.dock.whole_set.text
    assert "F1 1.000 by centres" in desk.dock.whole_set.text
    # the image on screen has its cells too
    desk.wait(lambda: desk.number == "3")


def test_click_on_a_dot_opens_its_image(desk: Desk) -> None:
    desk.dock.buttons.whole_set.click()
    desk.wait(lambda: len(desk.dock.set_flow.rows) == 4)
    dots = desk.dock.whole_set.plots.scatter._dots
    dots.sigClicked.emit(dots, [dots.points()[2]], None)
    assert desk.dock.session.index == 2


def test_whole_set_keeps_corrected_images(desk: Desk) -> None:
    desk.count()
    desk.settled(lambda: desk.erase(2))
    desk.dock.buttons.whole_set.click()
    desk.wait(lambda: len(desk.dock.set_flow.rows) == 4)
    assert desk.number == "2"
    assert "(1 counted as corrected by hand)" in desk.dock.whole_set.text


def test_cancelled_set_keeps_what_is_finished(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk = make_desk(slow_model(tmp_path / "slow.onnx", depth=20))
    flow = desk.dock.set_flow
    desk.dock.buttons.whole_set.click()
    desk.wait(lambda: bool(flow._run.rows))
    desk.dock.progress.cancel.click()
    desk.wait(lambda: not desk.dock.runner.busy)
    assert "Cancelled. " in desk.message
    assert 1 <= len(flow.rows) <= 4


def test_image_shown_during_a_run_shows_what_the_store_has(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk = make_desk(slow_model(tmp_path / "slow.onnx", depth=20))
    flow, session = desk.dock.set_flow, desk.dock.session
    desk.dock.buttons.whole_set.click()
    desk.wait(lambda: len(flow._run.rows) >= 2)
    session.show(2)
    desk.wait(lambda: len(flow.rows) == 4)
    desk.wait(lambda: desk.number == "5")
    desk.settled(lambda: desk.cells.paint((90, 120), 9))
    assert not session.unsaved


def test_closing_the_dock_stops_its_work(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk = make_desk(slow_model(tmp_path / "slow.onnx", depth=400))
    desk.dock.buttons.image.click()
    desk.viewer.window.remove_dock_widget(desk.dock)
    assert not desk.dock.runner.busy
    desk.dock.deleteLater()
