from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.layers import Labels

from napari_cellsets._napari.slots import add_aside, put_layer


def test_layer_of_another_rank_takes_place_and_name_of_the_old_one() -> None:
    viewer = ViewerModel()
    flat = Labels(np.zeros((4, 5), np.int32), name="cells")
    viewer.add_layer(flat)
    viewer.add_labels(np.zeros((4, 5), np.int32), name="top")
    deep = Labels(np.zeros((2, 4, 5), np.int32), name="cells")
    put_layer(viewer, deep, flat)
    assert [layer.name for layer in viewer.layers] == ["cells", "top"]
    assert viewer.layers[0] is deep


def test_layer_that_only_shows_something_leaves_the_person_where_they_work() -> None:
    viewer = ViewerModel()
    cells = viewer.add_labels(np.zeros((4, 5), np.int32), name="cells")
    heard: list[object] = []
    viewer.layers.selection.events.active.connect(heard.append)
    add_aside(viewer, Labels(np.zeros((4, 5), np.int32), name="shown"))
    assert viewer.layers[-1].name == "shown"
    assert viewer.layers.selection.active is cells
    assert viewer.layers.selection == {cells}
    assert not heard
