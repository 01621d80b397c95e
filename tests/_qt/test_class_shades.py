"""Colours of classes follow the picture: in layers, legend, table and choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from classify_docks import field, make_bench
from napari.utils.colormaps.standardize_color import transform_color
from qtpy.QtGui import QColor

from annotated_sets import write_annotated_set
from napari_cellsets._napari.ground import Ground
from napari_cellsets._napari.palette import seen_shade
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.objects import ObjectsWidget
from napari_cellsets._qt.swatches import swatch

if TYPE_CHECKING:
    from pathlib import Path

    from classify_docks import Bench
    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

__all__ = ["field", "make_bench"]

pytestmark = pytest.mark.gui


@pytest.fixture
def session(viewer: Viewer, tmp_path: Path) -> Session:
    """The annotated set at its first picture, which is dark."""
    session = get_session(viewer)
    session.open(write_annotated_set(tmp_path / "annotated"))
    return session


def brighten(viewer: Viewer) -> None:
    """Lay a bright picture under what is marked."""
    bright = np.full((48, 64), 250, np.uint8)
    viewer.add_image(bright, contrast_limits=(0, 255), name="bright")


def test_classes_have_other_shades_where_the_picture_becomes_bright(
    session: Session, viewer: Viewer
) -> None:
    shown = session.annotations
    before = {entry.name: entry.colour for entry in shown.entries}
    brighten(viewer)
    after = {entry.name: entry.colour for entry in shown.entries}
    assert set(after) == set(before)
    assert after != before
    (layer,) = [one for one in shown.layers if shown.classes_in(one)]
    names = {name: n for n, (name, _) in shown.classes_in(layer).items()}
    for name, number in names.items():
        wanted = transform_color(after[name])[0][:3]
        np.testing.assert_allclose(layer.get_color(number)[:3], wanted, atol=0.01)
    viewer.layers["bright"].visible = False
    assert {entry.name: entry.colour for entry in shown.entries} == before


def test_the_ground_is_heard_when_contrast_or_layers_change(viewer: Viewer) -> None:
    ground, heard = Ground(viewer.__wrapped__), []
    ground.changed.connect(heard.append)
    layer = viewer.add_image(np.full((8, 8), 100, np.uint8), contrast_limits=(0, 255))
    assert heard == []
    layer.contrast_limits = (0, 100)
    layer.blending = "additive"
    layer.blending = "translucent"
    viewer.layers.remove(layer)
    assert heard == [True, False, True, False]


def test_the_table_shows_the_shades_of_the_picture(
    session: Session, viewer: Viewer, qtbot: QtBot
) -> None:
    session.start_cells()
    viewer.layers.selection.active = session.cells_layer
    dock = ObjectsWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Objects (Cell sets)")
    dock.flow.wake(True)
    dock.facts.wake(True)
    qtbot.waitUntil(lambda: bool(dock.class_box._colours), timeout=10_000)
    dark = dict(dock.class_box._colours)
    brighten(viewer)
    assert dock.class_box._colours != dark
    assert dock.class_box._colours == {
        name: session.annotations.colour_of(name) for name in dark
    }


def test_classified_cells_have_the_shade_of_the_picture(field: Bench) -> None:
    field.classify()
    layer = field.dock.session.cells_layer
    own = layer.get_color(1)[:3]
    field.dock.session.annotations.turn_shades(True)
    assert not np.allclose(layer.get_color(1)[:3], own, atol=0.01)
    field.dock.session.annotations.turn_shades(False)
    np.testing.assert_allclose(layer.get_color(1)[:3], own, atol=0.01)


def test_a_dark_shade_is_framed_beside_its_name(viewer: Viewer) -> None:
    dark = seen_shade("#e69f00", bright=True)
    image = swatch(dark).toImage()
    assert image.pixelColor(6, 6) == QColor(dark)
    assert image.pixelColor(0, 0) != image.pixelColor(6, 6)
