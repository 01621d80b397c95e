"""Docks for labels, in an image that has marks only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari.layers import Labels

from annotated_sets import write_annotated_set
from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt import marks_offer

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer

pytestmark = pytest.mark.gui


@pytest.fixture(params=["Edit", "Objects"])
def dock(request: pytest.FixtureRequest, viewer: Viewer, tmp_path: Path) -> Any:
    """A dock at a picture with boxes and outlines, its labels taken away."""
    made = open_dock(viewer, request.param)
    get_session(viewer).open(write_annotated_set(tmp_path / "set"))
    for layer in [one for one in viewer.layers if isinstance(one, Labels)]:
        viewer.layers.remove(layer)
    return made


def test_every_layer_of_marks_is_offered(dock: Any) -> None:
    assert not dock.welcome.isHidden()
    assert not dock.welcome.about_marks.isHidden()
    words = [button.text() for button in dock.welcome.buttons.values()]
    assert words == ["Correct outlines", "Correct boxes"]


def test_one_click_leads_to_correcting_them(
    dock: Any, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_front: list[object] = []
    monkeypatch.setattr(marks_offer, "raise_dock", in_front.append)
    dock.welcome.buttons["boxes"].click()
    active = viewer.layers.selection.active
    assert active.name == "boxes"
    assert active.editable
    assert active.mode == "select"
    edit = open_dock(viewer, "Edit")
    assert in_front == [edit]
    assert edit.marks.correct.isChecked()
    assert not edit.marks.isHidden()


def test_the_next_image_has_offers_of_its_own(dock: Any, viewer: Viewer) -> None:
    get_session(viewer).show(2)
    words = [button.text() for button in dock.welcome.buttons.values()]
    assert words == ["Correct outlines"]


def test_an_image_without_marks_has_no_offers(dock: Any, viewer: Viewer) -> None:
    button = dock.welcome.buttons["boxes"]
    get_session(viewer).show(1)
    assert button.isHidden()
    assert dock.welcome.about_marks.isHidden()
    assert dock.welcome.buttons == {}
