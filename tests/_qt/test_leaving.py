from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from annotated_sets import write_annotated_set
from napari_cellsets._napari.session import get_session
from small_sets import write_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.viewer import Viewer

pytestmark = pytest.mark.gui

WAYS: dict[str, Callable[[Viewer, Path], object]] = {
    "session": lambda viewer, path: get_session(viewer).open(path),
    "reader": lambda viewer, path: viewer.open(str(path), plugin="napari-cellsets"),
}


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, ...]:
    """Colour with all kinds of marks, colour with masks, grey without marks."""
    grey = tmp_path / "grey"
    grey.mkdir()
    Image.fromarray(np.eye(60, dtype=np.uint8) * 200).save(grey / "one.png")
    marked = write_annotated_set(tmp_path / "annotated")
    return marked, grey, write_set(tmp_path / "small_set")


@pytest.fixture
def draw(viewer: Viewer) -> Callable[[], None]:
    """Draw the canvas as the window does."""
    canvas = viewer.__wrapped__.window._qt_viewer.canvas
    return canvas.native.grabFramebuffer


@pytest.mark.usefixtures("manifest_known")
@pytest.mark.parametrize("way", WAYS)
def test_sets_of_different_kinds_follow_each_other_in_one_window(
    viewer: Viewer, sets: tuple[Path, ...], draw: Callable[[], None], way: str
) -> None:
    alone = {}
    for path in (*sets, *sets):
        WAYS[way](viewer, path)
        draw()
        draw()
        names = sorted(layer.name for layer in viewer.layers if layer.visible)
        assert alone.setdefault(path, names) == names


@pytest.mark.usefixtures("manifest_known")
@pytest.mark.parametrize("way", WAYS)
def test_layers_leave_once_what_replaces_them_is_drawn(
    viewer: Viewer, sets: tuple[Path, ...], draw: Callable[[], None], way: str
) -> None:
    marked, grey, _ = sets
    WAYS[way](viewer, marked)
    draw()
    pictures: list[int] = []
    removed: list[int] = []
    canvas = viewer.__wrapped__.window._qt_viewer.canvas._scene_canvas

    def on_draw(event: object) -> None:
        there = {layer.name for layer in viewer.layers}
        pictures.append(len(there & {"pictures/a", "a", "one"}))

    canvas.events.draw.connect(on_draw)
    viewer.layers.events.removed.connect(lambda event: removed.append(len(pictures)))
    WAYS[way](viewer, grey)
    assert removed
    assert pictures[: removed[0]][-1:] == [2]


def test_a_step_within_a_set_does_not_wait_for_a_drawing(
    viewer: Viewer, sets: tuple[Path, ...], draw: Callable[[], None]
) -> None:
    session = get_session(viewer)
    session.open(sets[0])
    session.show(1)
    draw()
    told: list[str] = []
    canvas = viewer.__wrapped__.window._qt_viewer.canvas._scene_canvas
    canvas.events.draw.connect(lambda event: told.append("drawn"))
    session.show(0)
    assert told == []
