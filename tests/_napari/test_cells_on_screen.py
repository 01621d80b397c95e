"""Single cells in napari: one image, its class, nothing to outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from napari.components import ViewerModel

from napari_cellsets._napari.reader import read
from napari_cellsets._napari.session import get_session
from small_cells import PBC_CELLS, write_cells

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("place", ["", "neutrophil", "ig/PMY_1.jpg"])
def test_reader_returns_the_cell_alone(place: str, tmp_path: Path) -> None:
    (layer,) = read(str(write_cells(tmp_path / "set") / place))
    assert layer.rgb
    assert layer.name.rpartition("/")[0] in ("basophil", "neutrophil", "ig")


def test_session_steps_through_cells_of_all_sizes(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", PBC_CELLS[:1], (36, 40))
    write_cells(root, PBC_CELLS[1:], (38, 38))
    viewer = ViewerModel()
    session = get_session(viewer)
    session.open(root)
    while session.step(1):
        assert session.problems == ()
    assert session.index == len(PBC_CELLS) - 1
    assert session.truth is None
    assert [layer.name for layer in viewer.layers] == ["neutrophil/SNE_1"]


def test_cells_of_a_cell_can_still_be_drawn_and_kept(tmp_path: Path) -> None:
    viewer = ViewerModel()
    session = get_session(viewer)
    session.open(write_cells(tmp_path / "set"))
    session.start_cells()
    assert session.cells_layer is not None
    session.cells_layer.paint((20, 20), 1)
    session.save()
    session.step(1)
    session.step(-1)
    assert session.cells is not None
    assert session.cells.any()
